//! The file before anything is decoded: its size, its messages, and no graph inside another.
//!
//! Two bytes of a file can encode a message that takes half a kilobyte decoded, and a graph nested in an
//! attribute or a type nested in a type costs a frame of the decoder's stack, so both are bounded here. The walk
//! follows only the messages that the decoder decodes, at most seven deep.

use rten_onnx::onnx::{GraphProto, ModelProto};

/// Largest file: eight million weights.
pub(super) const MOST_BYTES: u64 = 32 << 20;

/// Fields of all messages together: 2000 operators with their names take 40 000.
const MOST_FIELDS: usize = 1 << 20;

/// Messages whose fields hold messages.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    Shape,
    Leaf,
}

/// A field that holds a message: that, or why there may be none. `None`: a plain value.
fn inner(kind: Kind, field: u64) -> Option<Result<Kind, &'static str>> {
    Some(Ok(match (kind, field) {
        (Kind::Model, 7) => Kind::Graph,
        (Kind::Model, 8 | 14) | (Kind::Tensor, 13) | (Kind::Shape, 1) => Kind::Leaf,
        (Kind::Graph, 1) => Kind::Node,
        (Kind::Graph, 5) | (Kind::Attribute, 5) => Kind::Tensor,
        (Kind::Graph, 11..=13) => Kind::Value,
        (Kind::Node, 5) => Kind::Attribute,
        (Kind::Value, 2) => Kind::Type,
        (Kind::Type, 1) => Kind::TensorType,
        (Kind::TensorType, 2) => Kind::Shape,
        (Kind::Attribute, 6 | 11) => {
            return Some(Err("an operator holds a graph of its own (If, Loop, Scan)"))
        }
        (Kind::Type, 4) => return Some(Err("a value is a sequence")),
        _ => return None,
    }))
}

/// The graph in `bytes`.
///
/// # Errors
/// Fault of a file: not an ONNX model, too many fields, nested graphs.
pub(super) fn decode(bytes: &[u8]) -> Result<GraphProto, String> {
    let mut fields = 0;
    walk(bytes, Kind::Model, &mut fields)?;
    let model = ModelProto::parse_buf(bytes).map_err(|_| NO_MODEL.to_string())?;
    model.graph.ok_or_else(|| "it holds no graph".into())
}

const NO_MODEL: &str = "its bytes are not an ONNX model";

fn walk(mut bytes: &[u8], kind: Kind, fields: &mut usize) -> Result<(), String> {
    let broken = || NO_MODEL.to_string();
    while !bytes.is_empty() {
        *fields += 1;
        if *fields > MOST_FIELDS {
            return Err(format!("it has more than {MOST_FIELDS} fields"));
        }
        let tag = varint(&mut bytes).ok_or_else(broken)?;
        let length = match tag & 7 {
            0 => {
                varint(&mut bytes).ok_or_else(broken)?;
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes).ok_or_else(broken)?,
            5 => 4,
            _ => return Err(broken()),
        };
        let length =
            usize::try_from(length).ok().filter(|&l| l <= bytes.len()).ok_or_else(broken)?;
        let (content, rest) = bytes.split_at(length);
        bytes = rest;
        if tag & 7 == 2 {
            match inner(kind, tag >> 3) {
                Some(Ok(kind)) => walk(content, kind, fields)?,
                Some(Err(problem)) => return Err(problem.into()),
                None => {}
            }
        }
    }
    Ok(())
}

/// A variable-length integer at the front of `bytes`, which is moved behind it.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let length = bytes.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)))
}
