//! Shapes of every value of a graph, computed before the runtime allocates memory for them.
//!
//! Only operators whose output size follows from shapes and constants are admitted, so that the bounds of one
//! batch hold for all: memory and time of a row do not depend on the voltages.

use super::shapes::infer;
use super::value::{bounded, constant, elements, Value};
use rten_onnx::onnx::{DataType, GraphProto, NodeProto, ValueInfoProto};
use std::collections::HashMap;

/// Most operators. The runtime plans by recursion: 5000 in a chain take less than the 2 MiB that the stack of a
/// thread has.
pub(super) const MOST_OPERATORS: usize = 2000;

/// Most multiply-adds of one evaluation of [`super::TILE_ROWS`] rows, an element of another operator counting as
/// [`ELEMENT_COST`]: about 0.1 s on one core, so that the 70 evaluations at loading end within 10 s or so, and
/// 64 MiB for all values together.
const MOST_OPERATIONS: usize = 1 << 28;

/// Multiply-adds in the time of one element of, say, a hyperbolic tangent.
const ELEMENT_COST: usize = 16;

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

/// The outputs of one operator and its cost.
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

/// A name out of the file, cut, without control characters.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", hge_system::text::quoted(name, 40))
}
