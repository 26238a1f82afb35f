//! Writes minimal ONNX files for tests, by hand in protobuf: a network of `Gemm` and `Relu` layers.

/// A dimension of a declared shape: a size, or a symbol.
pub(super) enum Dim {
    Size(usize),
    Symbol(&'static str),
}

/// One declared input or output.
pub(super) struct Port {
    pub name: &'static str,
    pub element_type: u64,
    pub shape: Vec<Dim>,
}

/// ONNX element type of f32.
pub(super) const FLOAT: u64 = 1;

/// One layer: `weights` is `[outputs][inputs]`, `bias` one for each output.
pub(super) struct Layer {
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

pub(super) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

pub(super) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

pub(super) fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

pub(super) fn port(field: u64, port: &Port) -> Vec<u8> {
    let dims: Vec<u8> = port
        .shape
        .iter()
        .flat_map(|dim| {
            let content = match dim {
                Dim::Size(size) => number(1, *size as u64),
                Dim::Symbol(symbol) => bytes(2, symbol.as_bytes()),
            };
            bytes(1, &content)
        })
        .collect();
    let tensor = [number(1, port.element_type), bytes(2, &dims)].concat();
    bytes(field, &[bytes(1, port.name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat())
}

/// A constant of any declared shape, whatever it holds.
pub(super) fn constant(name: &str, dims: &[u64], element_type: u64, raw: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = dims.iter().flat_map(|&d| number(1, d)).collect();
    content.extend(number(2, element_type));
    content.extend(bytes(8, name.as_bytes()));
    content.extend(bytes(9, raw));
    content
}

pub(super) fn tensor(name: &str, dims: &[usize], values: &[f32]) -> Vec<u8> {
    let dims: Vec<u64> = dims.iter().map(|&d| d as u64).collect();
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    bytes(5, &constant(name, &dims, FLOAT, &raw))
}

/// An integer attribute.
pub(super) fn flag(name: &str, value: u64) -> Vec<u8> {
    bytes(5, &[bytes(1, name.as_bytes()), number(3, value), number(20, 2)].concat())
}

pub(super) fn node(operator: &str, inputs: &[String], output: &str, attributes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = inputs.iter().flat_map(|i| bytes(1, i.as_bytes())).collect();
    content.extend(bytes(2, output.as_bytes()));
    content.extend(bytes(4, operator.as_bytes()));
    content.extend_from_slice(attributes);
    bytes(1, &content)
}

/// An ONNX model of opset 17: `input -> (Gemm, Relu)* -> Gemm -> output`, other ports unconnected.
/// With `mix_rows` a softmax over the rows follows, which no device has.
pub(super) fn network(
    inputs: &[Port],
    outputs: &[Port],
    layers: &[Layer],
    mix_rows: bool,
) -> Vec<u8> {
    // transB = 1: weights are [outputs, inputs].
    let trans_b = flag("transB", 1);
    let mut graph = bytes(2, b"surrogate");
    let mut from = inputs[0].name.to_string();
    for (n, layer) in layers.iter().enumerate() {
        let (weights, bias) = (format!("w{n}"), format!("b{n}"));
        let dims = [layer.weights.len(), layer.weights[0].len()];
        graph.extend(tensor(&weights, &dims, &layer.weights.concat()));
        graph.extend(tensor(&bias, &dims[..1], &layer.bias));
        let last = n + 1 == layers.len();
        let to = if last && !mix_rows { outputs[0].name.to_string() } else { format!("sum{n}") };
        graph.extend(node("Gemm", &[from, weights, bias], &to, &trans_b));
        from = to;
        if !last {
            let to = format!("relu{n}");
            graph.extend(node("Relu", &[from], &to, &[]));
            from = to;
        }
    }
    if mix_rows {
        graph.extend(node("Softmax", &[from], outputs[0].name, &flag("axis", 0)));
    }
    graph.extend(inputs.iter().flat_map(|p| port(11, p)));
    graph.extend(outputs.iter().flat_map(|p| port(12, p)));
    [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 17))].concat()
}
