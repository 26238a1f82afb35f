//! Shapes of every value of a graph, found before the runtime takes memory for any of them.
//!
//! Only operators whose output size follows from shapes and constants are admitted, so that what holds for one
//! batch holds for all: nothing that is computed from the voltages decides how much memory or time a row takes.

use super::shapes::{infer, Value};
use rten_onnx::onnx::{
    AttributeProto, DataLocation, DataType, GraphProto, NodeProto, TensorProto, ValueInfoProto,
};
use std::collections::HashMap;

/// Most operators. The runtime plans by recursion: 5000 in a chain take less than the 2 MiB that the stack of a
/// thread has.
pub(super) const MOST_OPERATORS: usize = 2000;

/// Most elements of one value, 16 MiB.
const MOST_ELEMENTS: usize = 1 << 22;

/// Most multiply-adds of one evaluation of [`super::TILE_ROWS`] rows, an element of another operator counting as
/// [`ELEMENT_COST`]: about 0.1 s on one core, so that the 70 evaluations at loading end within 10 s or so, and
/// 64 MiB for all values together.
const MOST_OPERATIONS: usize = 1 << 28;

/// Multiply-adds in the time of one element of, say, a hyperbolic tangent.
const ELEMENT_COST: usize = 16;

/// Most dimensions of a value.
const MOST_DIMENSIONS: usize = 8;

/// Checks every value of `graph` with `rows` rows at its input, where a dimension is open.
///
/// # Errors
/// The first operator or constant that cannot be bounded or is too large.
pub(super) fn check(graph: &GraphProto, rows: usize) -> Result<(), String> {
    if graph.node.len() > MOST_OPERATORS {
        return Err(format!("it has {} operators, of at most {MOST_OPERATORS}", graph.node.len()));
    }
    let mut values = HashMap::new();
    for tensor in &graph.initializer {
        let name = tensor.name.as_deref().unwrap_or_default();
        let value = constant(tensor)
            .map_err(|problem| format!("the constant {} {problem}", quoted(name)))?;
        values.insert(name, value);
    }
    for input in &graph.input {
        let name = input.name.as_deref().unwrap_or_default();
        if !values.contains_key(name) {
            let value = port(input, rows)
                .map_err(|problem| format!("the input {} {problem}", quoted(name)))?;
            values.insert(name, value);
        }
    }
    let mut operations = 0usize;
    for node in &graph.node {
        let kind = node.op_type.as_deref().unwrap_or_default();
        let of = |problem: String| match node.output.iter().find(|name| !name.is_empty()) {
            Some(output) => {
                format!("the operator {} that makes {} {problem}", quoted(kind), quoted(output))
            }
            None => format!("an operator {} {problem}", quoted(kind)),
        };
        let (outputs, cost) = operator(node, kind, &values).map_err(of)?;
        operations = operations.saturating_add(cost);
        if operations > MOST_OPERATIONS {
            return Err(of(format!(
                "brings the model to more than {MOST_OPERATIONS} operations for {rows} rows"
            )));
        }
        for (name, value) in node.output.iter().zip(outputs) {
            if !name.is_empty() && values.insert(name, value).is_some() {
                return Err(of("makes a value that is there already".into()));
            }
        }
    }
    Ok(())
}

/// The outputs of one operator and what it costs.
fn operator(
    node: &NodeProto,
    kind: &str,
    values: &HashMap<&str, Value>,
) -> Result<(Vec<Value>, usize), String> {
    if !matches!(node.domain.as_deref(), None | Some("" | "ai.onnx")) {
        return Err("is not one of the standard's".into());
    }
    let mut inputs = Vec::with_capacity(node.input.len());
    for name in &node.input {
        inputs.push(match values.get(name.as_str()) {
            _ if name.is_empty() => None,
            None => return Err(format!("takes {}, which nothing before it makes", quoted(name))),
            value => value,
        });
    }
    let (outputs, products) = infer(kind, &inputs, node)?;
    if outputs.len() < node.output.len() {
        return Err(format!("has {} outputs, of at most {}", node.output.len(), outputs.len()));
    }
    let mut cost = products;
    for output in &outputs {
        cost = cost.saturating_add(bounded(&output.shape)?.saturating_mul(ELEMENT_COST));
    }
    // What is read costs as well: a sum over all elements has one output.
    for input in inputs.iter().flatten() {
        cost = cost.saturating_add(elements(&input.shape).unwrap_or(usize::MAX));
    }
    Ok((outputs, cost))
}

/// Elements of a shape; `None` beyond a machine word.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size))
}

/// Elements of a shape that is small enough.
fn bounded(shape: &[usize]) -> Result<usize, String> {
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
    let shape: Vec<usize> = tensor
        .dims
        .iter()
        .map(|&size| usize::try_from(size).map_err(|_| format!("has a dimension of {size}")))
        .collect::<Result<_, _>>()?;
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

/// An input of the graph.
fn port(input: &ValueInfoProto, rows: usize) -> Result<Value, String> {
    let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    let dims = tensor.and_then(|tensor| tensor.shape.as_ref()).map(|shape| shape.dim.as_slice());
    let shape: Vec<usize> = dims
        .unwrap_or_default()
        .iter()
        .map(|dim| match dim.dim_value {
            None => Ok(rows),
            Some(size) => usize::try_from(size).map_err(|_| format!("has a dimension of {size}")),
        })
        .collect::<Result<_, _>>()?;
    bounded(&shape)?;
    let float =
        tensor.and_then(|tensor| tensor.elem_type).is_none_or(|kind| kind == DataType::FLOAT);
    Ok(Value { shape, float, ints: None })
}

/// The attribute called `name`.
pub(super) fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name))
}

/// A name out of the file, cut, without control characters.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", hge_system::text::quoted(name, 40))
}
