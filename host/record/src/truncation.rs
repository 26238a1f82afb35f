//! Distinguishes a log file that was cut off from one that is damaged.
//!
//! A killed program leaves the beginning of its output: complete records, then a part of one, or blocks of zeros where the file system had
//! reserved space. Anything else is damage. The header of a record contains its lengths more than once, so a wrong length is not taken for a cut.

use mcap::records::op;
use mcap::MAGIC;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of a record's opcode and length.
const HEAD_BYTES: usize = 9;

/// Bytes of a chunk before its records: two times, size, checksum, length of the compression's name (none), size.
const CHUNK_HEAD_BYTES: usize = 40;

/// Bytes of a message index before its entries: channel and their length.
const INDEX_HEAD_BYTES: usize = 6;

/// Longest other record: a schema, a channel, statistics of all channels.
const MOST_OTHER_BYTES: u64 = 1 << 16;

/// Begin of the incomplete record of a cut file, or its length if its last record is complete; `None`: it was not cut but damaged.
///
/// # Errors
/// The file cannot be read.
pub(super) fn torn_at(file: &mut File) -> io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    let magic = read_at(file, 0, MAGIC.len())?;
    if magic.len() < MAGIC.len() {
        let begins = MAGIC.starts_with(&magic) || magic.iter().all(|&byte| byte == 0);
        return Ok(begins.then_some(0));
    }
    if magic[..] != MAGIC[..] {
        return Ok(zeros_from(file, length)?.filter(|&zeros| zeros == 0));
    }
    let (mut at, mut last) = (MAGIC.len() as u64, 0);
    while at < length {
        let head = read_at(file, at, HEAD_BYTES + CHUNK_HEAD_BYTES)?;
        if last == op::FOOTER {
            return Ok(MAGIC.starts_with(&head[..]).then_some(at));
        }
        let Some((opcode, bytes)) = split(&head) else {
            let known = is_known(head[0]) || head.iter().all(|&byte| byte == 0);
            return Ok(known.then_some(at));
        };
        if opcode == 0 {
            return Ok(zeros_from(file, length)?.is_some_and(|zeros| zeros <= at).then_some(at));
        }
        let next = at.saturating_add(HEAD_BYTES as u64).saturating_add(bytes);
        if !is_plausible(opcode, bytes, &head[HEAD_BYTES..]) {
            return Ok(None);
        }
        if next > length {
            return Ok(Some(at));
        }
        (at, last) = (next, opcode);
    }
    Ok(Some(length))
}

/// Begin of the zeros at the end of the file, if they reach into the bytes read so far.
///
/// # Errors
/// The file cannot be read.
pub(super) fn zeros_before(file: &mut File, position: u64) -> io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    Ok(zeros_from(file, length)?.filter(|&zeros| zeros < position))
}

/// Where the zeros at the end of a file begin; `None`: fewer than a record's opcode and length.
fn zeros_from(file: &mut File, length: u64) -> io::Result<Option<u64>> {
    const BLOCK: u64 = 1 << 16;
    let mut end = length;
    while end > 0 {
        let begin = end.saturating_sub(BLOCK);
        let block = read_at(file, begin, (end - begin) as usize)?;
        if let Some(last) = block.iter().rposition(|&byte| byte != 0) {
            let zeros = begin + last as u64 + 1;
            return Ok((length - zeros >= HEAD_BYTES as u64).then_some(zeros));
        }
        end = begin;
    }
    Ok((length >= HEAD_BYTES as u64).then_some(0))
}

/// Whether a record of this program can have this length, as far as its first bytes show.
fn is_plausible(opcode: u8, bytes: u64, body: &[u8]) -> bool {
    let word = |at: usize, size: usize| {
        let mut value = [0; 8];
        value[..size].copy_from_slice(&body[at..at + size]);
        u64::from_le_bytes(value)
    };
    match opcode {
        op::CHUNK if body.len() < CHUNK_HEAD_BYTES => bytes >= CHUNK_HEAD_BYTES as u64,
        op::CHUNK => {
            let (size, compression, compressed) = (word(16, 8), word(28, 4), word(32, 8));
            compression == 0
                && size == compressed
                && compressed.checked_add(CHUNK_HEAD_BYTES as u64) == Some(bytes)
        }
        op::MESSAGE_INDEX if body.len() < INDEX_HEAD_BYTES => bytes >= INDEX_HEAD_BYTES as u64,
        op::MESSAGE_INDEX => word(2, 4) + INDEX_HEAD_BYTES as u64 == bytes,
        opcode => is_known(opcode) && bytes <= MOST_OTHER_BYTES,
    }
}

fn is_known(opcode: u8) -> bool {
    matches!(opcode, op::HEADER | op::CHUNK | op::MESSAGE_INDEX | op::DATA_END)
        || matches!(opcode, op::SCHEMA | op::CHANNEL | op::STATISTICS | op::CHUNK_INDEX)
        || matches!(opcode, op::SUMMARY_OFFSET | op::FOOTER)
}

/// Opcode and length of a record.
fn split(head: &[u8]) -> Option<(u8, u64)> {
    let (opcode, rest) = head.split_first()?;
    Some((*opcode, u64::from_le_bytes(*rest.first_chunk()?)))
}

/// Bytes from `at` on, fewer where the file ends.
fn read_at(file: &mut File, at: u64, count: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::with_capacity(count);
    Read::take(file, count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
