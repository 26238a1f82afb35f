//! A host's script, line by line.

use hge_protocol::frame::{Operation, Request, MOST_REGISTERS};
use hge_protocol::registers::{self as map};
use hge_protocol::wire::seal;

/// Lines of a host that begins a session and keeps to it.
#[derive(Clone, Debug)]
pub struct Script {
    /// Bytes that are sent at once, in order.
    pub lines: Vec<Vec<u8>>,
    nonce: u32,
    sequence: u16,
}

impl Script {
    /// Begins with a hello.
    pub fn new(nonce: u32) -> Self {
        let mut script = Script { lines: Vec::new(), nonce, sequence: 0xfff0 };
        script.request(Operation::Hello, 0, 0, Vec::new());
        script
    }

    /// Reads `count` registers from `address` on.
    pub fn read(&mut self, address: u16, count: u8) {
        self.request(Operation::Read, address, count, Vec::new());
    }

    /// Writes one register.
    pub fn write(&mut self, address: u16, value: u32) {
        self.request(Operation::Write, address, 1, vec![value]);
    }

    /// Writes registers, those in a row in one request.
    pub fn write_all(&mut self, writes: &[(u16, u32)]) {
        for row in writes.chunk_by(|one, next| one.0 + 1 == next.0) {
            for burst in row.chunks(MOST_REGISTERS) {
                let values: Vec<u32> = burst.iter().map(|&(_, value)| value).collect();
                self.request(Operation::Write, burst[0].0, burst.len() as u8, values);
            }
        }
    }

    /// A command.
    pub fn command(&mut self, command: u32) {
        self.write(map::COMMAND, command);
    }

    /// The line before, once more.
    pub fn again(&mut self) {
        let line = self.lines.last().cloned().unwrap_or_default();
        self.lines.push(line);
    }

    /// Bytes that are no sound frame, or one that is out of turn.
    pub fn raw(&mut self, bytes: Vec<u8>) {
        self.lines.push(bytes);
    }

    fn request(&mut self, operation: Operation, address: u16, count: u8, values: Vec<u32>) {
        let Script { nonce, sequence, .. } = *self;
        let request = Request { operation, nonce, sequence, address, count, values };
        let mut line = Vec::new();
        seal(&request.to_words(), &mut line);
        self.sequence = sequence.wrapping_add(1);
        self.lines.push(line);
    }
}
