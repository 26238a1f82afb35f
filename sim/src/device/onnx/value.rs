//! A value of a graph, as far as it is known before evaluation, and its access by operators.

use rten_onnx::onnx::{AttributeProto, DataLocation, DataType, NodeProto, TensorProto};

/// Most dimensions of a value.
const MOST_DIMENSIONS: usize = 8;

/// Most elements of one value, 16 MiB.
const MOST_ELEMENTS: usize = 1 << 22;

/// Elements of a constant that may be a shape or a list of axes.
pub(super) const MOST_INTS: usize = 64;

/// Knowledge of a value.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub shape: Vec<usize>,
    /// Float, not integer or boolean.
    pub float: bool,
    /// Integers of the tensor, if they follow from shapes and constants.
    pub ints: Option<Vec<i64>>,
}

impl Value {
    pub(super) fn float(shape: Vec<usize>) -> Self {
        Value { shape, float: true, ints: None }
    }
}

pub(super) type Inputs<'a, 'b> = &'a [Option<&'b Value>];

/// Elements of a shape; `None` beyond a machine word.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size))
}

/// Elements of a shape that is small enough.
pub(super) fn bounded(shape: &[usize]) -> Result<usize, String> {
    if shape.len() > MOST_DIMENSIONS {
        return Err(format!("has {} dimensions, of at most {MOST_DIMENSIONS}", shape.len()));
    }
    // A dimension of zero must not hide the others.
    let nonzero: Vec<usize> = shape.iter().map(|&size| size.max(1)).collect();
    match elements(&nonzero) {
        Some(count) if count <= MOST_ELEMENTS => Ok(count),
        _ => Err(format!("has the shape {shape:?}, of at most {MOST_ELEMENTS} elements")),
    }
}

/// A constant, whose data must be in the file and fill its shape.
pub(super) fn constant(tensor: &TensorProto) -> Result<Value, String> {
    if tensor.data_location.is_some_and(|place| place != DataLocation::DEFAULT)
        || !tensor.external_data.is_empty()
    {
        return Err("has its data in another file: keep it inside".into());
    }
    let shape = sizes(&tensor.dims)?;
    let count = bounded(&shape)?;
    let count = if shape.contains(&0) { 0 } else { count };
    let raw = tensor.raw_data.as_ref().map(std::cell::RefCell::borrow);
    let bytes = raw.as_ref().map_or(0, |raw| raw.len());
    let kind = tensor.data_type.unwrap_or(DataType(0));
    let (width, listed) = match kind {
        DataType::FLOAT => (4, tensor.float_data.len()),
        DataType::DOUBLE => (8, tensor.double_data.len()),
        DataType::INT64 => (8, tensor.int64_data.len()),
        DataType::INT32 => (4, tensor.int32_data.len()),
        DataType::BOOL => (1, tensor.int32_data.len()),
        _ => return Err(format!("is of type {kind}, of FLOAT, DOUBLE, INT32, INT64 or BOOL")),
    };
    let held = if raw.is_some() && bytes.is_multiple_of(width) { bytes / width } else { listed };
    if held != count {
        return Err(format!("has the shape {shape:?}, but {held} elements"));
    }
    let ints = match (kind, &raw) {
        (DataType::INT64, Some(raw)) => {
            Some(raw.as_chunks::<8>().0.iter().map(|&b| i64::from_le_bytes(b)).collect())
        }
        (DataType::INT64, None) => Some(tensor.int64_data.clone()),
        (DataType::INT32, Some(raw)) => {
            Some(raw.as_chunks::<4>().0.iter().map(|&b| i64::from(i32::from_le_bytes(b))).collect())
        }
        (DataType::INT32, None) => Some(tensor.int32_data.iter().map(|&i| i.into()).collect()),
        _ => None,
    };
    let float = matches!(kind, DataType::FLOAT | DataType::DOUBLE);
    Ok(Value { shape, float, ints })
}

/// The attribute called `name`.
pub(super) fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name))
}

pub(super) fn required<'b>(inputs: Inputs<'_, 'b>, n: usize) -> Result<&'b Value, String> {
    inputs.get(n).copied().flatten().ok_or_else(|| format!("lacks input {}", n + 1))
}

pub(super) fn floats<'b>(inputs: Inputs<'_, 'b>, n: usize) -> Result<&'b Value, String> {
    let value = required(inputs, n)?;
    if value.float {
        Ok(value)
    } else {
        Err(format!("takes integers as input {}", n + 1))
    }
}

/// Integers that follow from shapes and constants.
pub(super) fn ints<'b>(inputs: Inputs<'_, 'b>, n: usize) -> Result<&'b [i64], String> {
    match required(inputs, n)?.ints.as_deref() {
        Some(list) if list.len() <= MOST_INTS => Ok(list),
        _ => Err(format!("takes input {} from what is computed, not from a constant", n + 1)),
    }
}

pub(super) fn sizes(list: &[i64]) -> Result<Vec<usize>, String> {
    let size = |&size| usize::try_from(size).map_err(|_| format!("has a dimension of {size}"));
    list.iter().map(size).collect()
}

pub(super) fn integer(node: &NodeProto, name: &str, otherwise: i64) -> i64 {
    attribute(node, name).and_then(|a| a.i).unwrap_or(otherwise)
}

/// An axis of a value with `rank` dimensions, counted from the end where negative.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    let place = place.and_then(|place| usize::try_from(place).ok()).filter(|&place| place < rank);
    place.ok_or_else(|| format!("has the axis {axis} of a value with {rank} dimensions"))
}

/// Axes as the second input or an attribute gives them; `None`: not given.
pub(super) fn axes(inputs: Inputs, node: &NodeProto) -> Result<Option<Vec<i64>>, String> {
    match inputs.get(1).copied().flatten() {
        Some(_) => ints(inputs, 1).map(|list| Some(list.to_vec())),
        None => Ok(attribute(node, "axes").map(|a| a.ints.clone())),
    }
}
