//! Writes ONNX files of any operators, for tests.

use super::encode::{bytes, constant, node, number, port, tensor, Dim, Port, FLOAT};

/// A constant list of integers, as shapes and axes are given.
pub(super) fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    bytes(5, &constant(name, &[values.len() as u64], 7, &raw))
}

/// A constant of floats.
pub(super) fn floats(name: &str, dims: &[usize], values: &[f32]) -> Vec<u8> {
    tensor(name, dims, values)
}

/// An operator, `inputs` parted by blanks.
pub(super) fn operator(kind: &str, inputs: &str, output: &str, attributes: &[u8]) -> Vec<u8> {
    let inputs: Vec<String> = inputs.split_whitespace().map(String::from).collect();
    node(kind, &inputs, output, attributes)
}

/// A model of the given operators and constants between an input `v` [rows, 2] and an output `i` [rows, 1].
pub(super) fn graph(rows: fn() -> Dim, parts: &[Vec<u8>]) -> Vec<u8> {
    graph_of(rows, 1, parts)
}

/// [`graph`] with an output `i` [rows, outputs].
pub(super) fn graph_of(rows: fn() -> Dim, outputs: usize, parts: &[Vec<u8>]) -> Vec<u8> {
    let declared =
        |name, columns| Port { name, element_type: FLOAT, shape: vec![rows(), Dim::Size(columns)] };
    let ports = [port(11, &declared("v", 2)), port(12, &declared("i", outputs))].concat();
    let graph = [parts.concat(), ports].concat();
    [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 17))].concat()
}
