//! A reader of MCAP files of this test's own: <https://mcap.dev/spec>.

use std::collections::HashMap;

const MAGIC_BYTES: usize = 8;
const HEAD_BYTES: usize = 9;
const FOOTER: u8 = 0x02;
const CHANNEL: u8 = 0x04;
const MESSAGE: u8 = 0x05;
pub const CHUNK: u8 = 0x06;

/// Start, end, size, checksum, an empty name of the compression, size again.
const CHUNK_HEAD_BYTES: usize = 40;

/// Channel, sequence, two times.
const MESSAGE_HEAD_BYTES: usize = 22;

/// A record of a file.
#[derive(Clone, Copy)]
pub struct Span {
    pub opcode: u8,
    /// Its first byte.
    pub begin: usize,
    /// The byte behind its last one.
    pub end: usize,
}

/// The whole records of the beginning of a file.
pub fn records(file: &[u8]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut begin = MAGIC_BYTES;
    while begin + HEAD_BYTES <= file.len() && spans.last().is_none_or(|last| last.opcode != FOOTER)
    {
        let length = u64::from_le_bytes(file[begin + 1..][..8].try_into().expect("8 bytes"));
        let Some(end) = (begin + HEAD_BYTES).checked_add(length as usize) else { break };
        if end > file.len() {
            break;
        }
        spans.push(Span { opcode: file[begin], begin, end });
        begin = end;
    }
    spans
}

/// Where the last whole record of the beginning of a file ends.
pub fn whole_bytes(file: &[u8]) -> usize {
    let whole = if file.len() < MAGIC_BYTES { 0 } else { MAGIC_BYTES };
    records(file).last().map_or(whole, |last| last.end)
}

/// A message: its topic and its content.
pub type Message = (String, Vec<u8>);

/// Every message in whole chunks.
pub fn messages(file: &[u8]) -> Vec<Message> {
    chunks(file).into_iter().flat_map(|(_, messages)| messages).collect()
}

/// Where the chunks end that hold a message of this topic.
pub fn ends_with(file: &[u8], topic: &str) -> Vec<usize> {
    let mut chunks = chunks(file);
    chunks.retain(|(_, messages)| messages.iter().any(|(of, _)| of == topic));
    chunks.into_iter().map(|(end, _)| end).collect()
}

/// The end and the messages of every whole chunk.
fn chunks(file: &[u8]) -> Vec<(usize, Vec<Message>)> {
    let topics = channels(file);
    let chunks = records(file).into_iter().filter(|span| span.opcode == CHUNK);
    let of_chunk = |chunk: Span| {
        let inner = inner(file, chunk);
        let spans = records(inner).into_iter().filter(|span| span.opcode == MESSAGE);
        let message = |span: Span| {
            let body = &inner[span.begin + HEAD_BYTES..span.end];
            (topics[&[body[0], body[1]]].clone(), body[MESSAGE_HEAD_BYTES..].to_vec())
        };
        (chunk.end, spans.map(message).collect())
    };
    chunks.map(of_chunk).collect()
}

/// The records of a chunk, behind as many bytes as the magic has that [`records`] passes over.
fn inner(file: &[u8], chunk: Span) -> &[u8] {
    &file[chunk.begin + HEAD_BYTES + CHUNK_HEAD_BYTES - MAGIC_BYTES..chunk.end]
}

/// The file with another content of the same length in one message of a topic, and the right checksum of its chunk.
pub fn rewritten(
    file: &[u8],
    topic: &str,
    number: usize,
    change: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let topics = channels(file);
    let mut before = 0;
    for chunk in records(file).into_iter().filter(|span| span.opcode == CHUNK) {
        let inner = inner(file, chunk);
        let mut spans = records(inner);
        spans.retain(|span| {
            let body = &inner[span.begin + HEAD_BYTES..span.end];
            span.opcode == MESSAGE && topics[&[body[0], body[1]]] == topic
        });
        let Some(span) = spans.get(number - before) else {
            before += spans.len();
            continue;
        };
        let changed = change(&inner[span.begin + HEAD_BYTES + MESSAGE_HEAD_BYTES..span.end]);
        let head = chunk.begin + HEAD_BYTES;
        let records = head + CHUNK_HEAD_BYTES;
        let end = records - MAGIC_BYTES + span.end;
        let mut file = file.to_vec();
        file[end - changed.len()..end].copy_from_slice(&changed);
        let checksum = crc32(&file[records..chunk.end]).to_le_bytes();
        file[head + 24..head + 28].copy_from_slice(&checksum);
        return file;
    }
    panic!("no message {number} of {topic}")
}

/// CRC-32 of ISO 3309, as MCAP has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// Channels of the whole records of a file, those in chunks as well.
fn channels(file: &[u8]) -> HashMap<[u8; 2], String> {
    let mut topics = HashMap::new();
    for span in records(file) {
        let body = &file[span.begin + HEAD_BYTES..span.end];
        match span.opcode {
            CHANNEL => topics.extend([channel(body)]),
            CHUNK => topics.extend(channels(inner(file, span))),
            _ => {}
        }
    }
    topics
}

fn channel(body: &[u8]) -> ([u8; 2], String) {
    let length = u32::from_le_bytes(body[4..8].try_into().expect("4 bytes")) as usize;
    let topic = String::from_utf8(body[8..8 + length].to_vec()).expect("text");
    ([body[0], body[1]], topic)
}
