//! Reference model of the telemetry ring buffer: frames are sent once and kept until newer ones overwrite them.

use hge_protocol::frame::Record;
use hge_protocol::wire::seal;

/// The ring. Counters of words never wrap here; the place in memory is their remainder.
#[derive(Clone, Debug)]
pub struct Telemetry {
    memory: Vec<u32>,
    written: u64,
    read: u64,
    /// Where the last epoch's first window is.
    mark: Option<u64>,
    /// Frames made, lost ones included.
    pub frames: u32,
    /// Frames lost for want of room.
    pub lost: u32,
}

impl Telemetry {
    /// A ring of `words` words.
    pub fn new(words: u32) -> Self {
        Telemetry {
            memory: vec![0; words as usize],
            written: 0,
            read: 0,
            mark: None,
            frames: 0,
            lost: 0,
        }
    }

    /// Stores a frame, if there is room.
    pub fn push(&mut self, record: &Record, mark: bool) {
        let words = record.to_words(self.frames);
        self.frames = self.frames.wrapping_add(1);
        if mark {
            self.mark = Some(self.written);
        }
        let size = self.memory.len() as u64;
        if words.len() as u64 > size - (self.written - self.read) {
            self.lost = self.lost.wrapping_add(1);
            return;
        }
        for word in words {
            self.memory[(self.written % size) as usize] = word;
            self.written += 1;
        }
        self.mark = self.mark.filter(|&mark| self.written - mark <= size);
    }

    /// Repeats from the last epoch's beginning; `false`: it was overwritten.
    pub fn repeat(&mut self) -> bool {
        // What has not been sent yet comes anyway.
        self.read = self.mark.map_or(self.read, |mark| mark.min(self.read));
        self.mark.is_some()
    }

    /// Writes complete frames to the line until it holds `room` bytes or the ring is empty.
    pub fn send(&mut self, line: &mut Vec<u8>, room: usize) {
        let size = self.memory.len() as u64;
        while self.read < self.written && line.len() < room {
            let at = |place: u64| self.memory[(place % size) as usize];
            let length = 1 + u64::from((at(self.read) >> 8) & 0xffff);
            let body: Vec<u32> = (self.read..self.read + length).map(at).collect();
            seal(&body, line);
            self.read += length;
        }
    }

    /// Nothing waits to be sent.
    pub fn is_empty(&self) -> bool {
        self.read == self.written
    }
}
