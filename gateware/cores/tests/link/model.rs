//! The rules of a session in plain Rust, written from docs/protocol.md alone.

use super::bench::Registers;

#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Nonce, sequence number and reply of the session's last request.
    last: Option<(u32, u16, Vec<u32>)>,
    pub registers: Registers,
    pub heard: u64,
}

impl Model {
    /// What is answered to a sound frame.
    pub fn answer(&mut self, body: &[u32]) -> Option<Vec<u32>> {
        let (nonce, address, sequence) = (body[1], body[2] as u16, (body[2] >> 16) as u16);
        let operation = body[0] & 0xff;
        let count = (body[0] >> 24) as usize;
        let values = &body[3..];
        let lengths = (body[0] >> 8) & 0xffff == body.len() as u32 - 1;
        let sane = lengths
            && match operation {
                0x48 => count == 0 && values.is_empty(),
                0x52 => (1..=64).contains(&count) && values.is_empty(),
                0x57 => (1..=64).contains(&count) && values.len() == count,
                _ => false,
            };
        let reply = |status: u32, words: &[u32]| {
            let header = 0x80 | ((words.len() as u32 + 2) << 8) | (status << 24);
            [&[header, nonce, body[2]][..], words].concat()
        };
        match &self.last {
            Some((known, last, kept)) if *known == nonce => {
                self.heard += 1;
                if sequence == *last {
                    return Some(kept.clone());
                }
                if sequence != last.wrapping_add(1) {
                    return None;
                }
            }
            _ if operation == 0x48 && sane => {}
            _ => return Some(reply(5, &[])),
        }
        let answer = match operation {
            _ if !sane => reply(3, &[]),
            0x48 => reply(0, &[]),
            _ => self.carry_out(operation == 0x57, address, count, values, reply),
        };
        self.last = Some((nonce, sequence, answer.clone()));
        Some(answer)
    }

    fn carry_out(
        &mut self,
        writes: bool,
        address: u16,
        count: usize,
        values: &[u32],
        reply: impl Fn(u32, &[u32]) -> Vec<u32>,
    ) -> Vec<u32> {
        let mut read = Vec::new();
        let mut status = 0;
        let mut done = 0;
        for index in 0..count as u16 {
            let place = address.wrapping_add(index);
            self.registers.requests += 1;
            status = u32::from(self.registers.refusal(place));
            if status != 0 {
                break;
            }
            match values.get(usize::from(index)) {
                Some(value) if writes => self.registers.write(place, *value),
                _ => read.push(self.registers.read(place)),
            }
            done += 1;
        }
        match writes {
            true => reply(status, &[done]),
            false => reply(status, &read),
        }
    }
}

/// A request's body, with lengths that agree.
pub fn request(
    operation: u32,
    nonce: u32,
    sequence: u16,
    address: u16,
    count: u32,
    values: &[u32],
) -> Vec<u32> {
    let header = operation | ((2 + values.len() as u32) << 8) | (count << 24);
    let place = u32::from(address) | (u32::from(sequence) << 16);
    [&[header, nonce, place][..], values].concat()
}

pub fn hello(nonce: u32, sequence: u16) -> Vec<u32> {
    request(0x48, nonce, sequence, 0, 0, &[])
}

pub fn read(nonce: u32, sequence: u16, address: u16, count: u32) -> Vec<u32> {
    request(0x52, nonce, sequence, address, count, &[])
}

pub fn write(nonce: u32, sequence: u16, address: u16, values: &[u32]) -> Vec<u32> {
    request(0x57, nonce, sequence, address, values.len() as u32, values)
}
