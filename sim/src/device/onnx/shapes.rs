//! Shapes of operators' outputs, operator by operator; the list of supported operators.

use super::moves::{concat, flatten, gather, reshape, slice, split, squeeze, transpose, unsqueeze};
use super::value::{
    attribute, axes, axis, constant, elements, floats, integer, ints, required, sizes, Inputs,
    Value,
};
use rten_onnx::onnx::{DataType, NodeProto};

/// Operators on each element, or along one axis, whose output has the shape of the first input.
const SAME_SHAPE: &[&str] = &[
    "Abs", "Acos", "Asin", "Atan", "BatchNormalization", "Ceil", "Celu", "Clip", "Cos", "Elu",
    "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LayerNormalization", "LeakyRelu",
    "Log", "LogSoftmax", "Neg", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Softmax",
    "Softplus", "Sqrt", "Tan", "Tanh",
];

/// Operators on float elements of inputs that are broadcast.
const ARITHMETIC: &[&str] =
    &["Add", "Div", "Max", "Mean", "Min", "Mul", "PRelu", "Pow", "Sub", "Sum"];

/// Comparisons and logic on inputs that are broadcast.
const LOGIC: &[&str] =
    &["And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or", "Xor"];

const REDUCTIONS: &[&str] =
    &["ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare"];

/// Outputs of an operator, and the multiply-adds that its elements do not count.
///
/// # Errors
/// The operator has no bound, or its inputs do not fit.
pub(super) fn infer(
    kind: &str,
    inputs: Inputs,
    node: &NodeProto,
) -> Result<(Vec<Value>, usize), String> {
    let one = |value: Value| Ok((vec![value], 0));
    match kind {
        _ if SAME_SHAPE.contains(&kind) => one(Value::float(floats(inputs, 0)?.shape.clone())),
        _ if ARITHMETIC.contains(&kind) => one(arithmetic(kind, inputs)?),
        _ if LOGIC.contains(&kind) => {
            one(Value { shape: broadcast(inputs)?, float: false, ints: None })
        }
        _ if REDUCTIONS.contains(&kind) => one(Value::float(reduced(inputs, node)?)),
        "Not" | "Identity" => one(required(inputs, 0)?.clone()),
        "Where" => {
            let float = required(inputs, 1)?.float;
            one(Value { shape: broadcast(inputs)?, float, ints: None })
        }
        "Cast" => one(cast(required(inputs, 0)?, node)),
        "MatMul" => matmul(floats(inputs, 0)?, floats(inputs, 1)?),
        "Gemm" => gemm(inputs, node),
        "Constant" => one(literal(node)?),
        "ConstantOfShape" => {
            let value = attribute(node, "value").and_then(|a| a.t.as_ref());
            let float = value.map(constant).transpose()?.is_none_or(|value| value.float);
            one(Value { shape: sizes(ints(inputs, 0)?)?, float, ints: None })
        }
        "Shape" if node.attribute.is_empty() => {
            let shape = &required(inputs, 0)?.shape;
            let list = shape.iter().map(|&size| size as i64).collect::<Vec<_>>();
            one(Value { shape: vec![list.len()], float: false, ints: Some(list) })
        }
        "Shape" => Err("takes a part of a shape, which is not known here".into()),
        "Expand" => {
            let value = required(inputs, 0)?;
            let shape = pair(&value.shape, &sizes(ints(inputs, 1)?)?)?;
            one(Value { shape, float: value.float, ints: None })
        }
        "Concat" => one(concat(inputs, node)?),
        "Gather" => one(gather(inputs, node)?),
        "Slice" => one(slice(inputs)?),
        "Split" => Ok((split(inputs, node)?, 0)),
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Transpose" => {
            let value = required(inputs, 0)?;
            let shape = match kind {
                "Reshape" => reshape(&value.shape, ints(inputs, 1)?, node)?,
                "Flatten" => flatten(&value.shape, node)?,
                "Squeeze" => squeeze(&value.shape, axes(inputs, node)?)?,
                "Unsqueeze" => unsqueeze(&value.shape, axes(inputs, node)?.unwrap_or_default())?,
                _ => transpose(&value.shape, node)?,
            };
            let ints = value.ints.clone().filter(|_| kind != "Transpose");
            one(Value { shape, float: value.float, ints })
        }
        _ => Err("is not one that a surrogate may have (docs/devices.md lists them)".into()),
    }
}

fn pair(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], n: usize| {
        (n + shape.len()).checked_sub(rank).map_or(1, |place| shape[place])
    };
    (0..rank)
        .map(|n| match (size(a, n), size(b, n)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            _ => Err(format!("has inputs {a:?} and {b:?}, which do not fit")),
        })
        .collect()
}

fn broadcast(inputs: Inputs) -> Result<Vec<usize>, String> {
    required(inputs, 0)?;
    let shapes = inputs.iter().flatten().map(|value| value.shape.as_slice());
    shapes.into_iter().try_fold(Vec::new(), |sum, shape| pair(&sum, shape))
}

/// Integers are computed here where they are known, and not admitted otherwise: dividing by what comes from the
/// voltages has no answer at zero.
fn arithmetic(kind: &str, inputs: Inputs) -> Result<Value, String> {
    let shape = broadcast(inputs)?;
    if inputs.iter().flatten().all(|value| value.float) {
        return Ok(Value::float(shape));
    }
    let (a, b) = (ints(inputs, 0)?, ints(inputs, 1)?);
    let operation: fn(i64, i64) -> Option<i64> = match kind {
        "Add" => i64::checked_add,
        "Sub" => i64::checked_sub,
        "Mul" => i64::checked_mul,
        "Div" => i64::checked_div,
        _ => return Err("takes integers".into()),
    };
    if a.is_empty() || b.is_empty() || shape.len() > 1 {
        return Err("takes integers of more than one dimension".into());
    }
    let count = a.len().max(b.len());
    let list = (0..count).map(|n| operation(a[n % a.len()], b[n % b.len()])).map(|value| {
        // The runtime has 32 bits.
        value.filter(|value| i32::try_from(*value).is_ok()).ok_or("leaves the integers")
    });
    Ok(Value { shape, float: false, ints: Some(list.collect::<Result<_, _>>()?) })
}

fn cast(value: &Value, node: &NodeProto) -> Value {
    let to = attribute(node, "to").and_then(|a| a.i).unwrap_or_default();
    let is = |kind: DataType| to == i64::from(kind.0);
    let float = is(DataType::FLOAT) || is(DataType::DOUBLE);
    Value { float, ints: value.ints.clone().filter(|_| !float), ..value.clone() }
}

fn reduced(inputs: Inputs, node: &NodeProto) -> Result<Vec<usize>, String> {
    let shape = &floats(inputs, 0)?.shape;
    let given = axes(inputs, node)?.filter(|list| !list.is_empty());
    let all = integer(node, "noop_with_empty_axes", 0) == 0;
    let gone = match given {
        Some(list) => {
            list.into_iter().map(|a| axis(a, shape.len())).collect::<Result<Vec<_>, _>>()?
        }
        None if all => (0..shape.len()).collect(),
        None => Vec::new(),
    };
    let keep = integer(node, "keepdims", 1) != 0;
    let sizes = shape.iter().enumerate();
    Ok(sizes
        .filter_map(|(n, &size)| match gone.contains(&n) {
            true => keep.then_some(1),
            false => Some(size),
        })
        .collect())
}

fn matmul(a: &Value, b: &Value) -> Result<(Vec<Value>, usize), String> {
    let (mut left, mut right) = (a.shape.clone(), b.shape.clone());
    let (row, column) = (left.len() == 1, right.len() == 1);
    if row {
        left.insert(0, 1);
    }
    if column {
        right.push(1);
    }
    let misfit = || format!("has inputs {:?} and {:?}, which do not fit", a.shape, b.shape);
    let (Some((&[m, k], outer)), Some((&[l, n], others))) = (
        left.split_last_chunk::<2>().map(|(o, l)| (l, o)),
        right.split_last_chunk::<2>().map(|(o, l)| (l, o)),
    ) else {
        return Err(misfit());
    };
    if k != l {
        return Err(misfit());
    }
    let mut shape = pair(outer, others)?;
    shape.extend([m, n]);
    let products = elements(&shape).and_then(|count| count.checked_mul(k)).unwrap_or(usize::MAX);
    if column {
        shape.pop();
    }
    if row {
        shape.remove(shape.len().saturating_sub(if column { 1 } else { 2 }));
    }
    Ok((vec![Value::float(shape)], products))
}

fn gemm(inputs: Inputs, node: &NodeProto) -> Result<(Vec<Value>, usize), String> {
    let side = |n: usize, transposed: &str| match floats(inputs, n)?.shape.as_slice() {
        &[rows, columns] if integer(node, transposed, 0) == 0 => Ok([rows, columns]),
        &[rows, columns] => Ok([columns, rows]),
        shape => Err(format!("has {shape:?} as input {}, not a matrix", n + 1)),
    };
    let ([m, k], [l, n]) = (side(0, "transA")?, side(1, "transB")?);
    if k != l {
        return Err(format!("multiplies [{m}, {k}] by [{l}, {n}], which do not fit"));
    }
    if let Some(sum) = inputs.get(2).copied().flatten() {
        if !sum.float || pair(&[m, n], &sum.shape)? != [m, n] {
            return Err(format!("adds {:?} to [{m}, {n}], which do not fit", sum.shape));
        }
    }
    let products = elements(&[m, n, k]).unwrap_or(usize::MAX);
    Ok((vec![Value::float(vec![m, n])], products))
}

/// The value of a `Constant`.
fn literal(node: &NodeProto) -> Result<Value, String> {
    let [attribute] = node.attribute.as_slice() else {
        return Err("has no value, or several".into());
    };
    Ok(match (attribute.name.as_deref(), &attribute.t) {
        (Some("value"), Some(tensor)) => constant(tensor)?,
        (Some("value_float"), _) => Value::float(vec![]),
        (Some("value_floats"), _) => Value::float(vec![attribute.floats.len()]),
        (Some("value_int"), _) => {
            Value { shape: vec![], float: false, ints: attribute.i.map(|value| vec![value]) }
        }
        (Some("value_ints"), _) => Value {
            shape: vec![attribute.ints.len()],
            float: false,
            ints: Some(attribute.ints.clone()),
        },
        _ => return Err("has a value of an unknown kind".into()),
    })
}
