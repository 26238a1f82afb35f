//! The link stepped in rust-hdl, with registers behind it and a line before it.

use hge_gateware::link::Link;
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;
use rust_hdl::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// A small xorshift, so that the stimulus is the same on every run.
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    pub fn below(&mut self, n: u32) -> u32 {
        self.word() % n
    }

    pub fn once_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }
}

/// Registers that refuse by address: from 0x8000 on, in the upper half of a page, with bits 10..8 as the status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registers {
    pub values: BTreeMap<u16, u32>,
    /// Every write, in order.
    pub writes: Vec<(u16, u32)>,
    /// Registers that were read or asked for a write.
    pub requests: u64,
}

impl Registers {
    pub fn refusal(&self, address: u16) -> u8 {
        if address & 0x8080 == 0x8080 {
            (address >> 8) as u8 & 7
        } else {
            0
        }
    }

    pub fn read(&self, address: u16) -> u32 {
        let unwritten = u32::from(address).wrapping_mul(0x9e37_79b9);
        self.values.get(&address).copied().unwrap_or(unwritten)
    }

    pub fn write(&mut self, address: u16, value: u32) {
        self.values.insert(address, value);
        self.writes.push((address, value));
    }
}

/// How the line's bytes reach the link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line {
    /// Each waits until it is taken.
    Waits,
    /// One in every N clocks, for one clock, taken or not: a UART.
    Every(u32),
}

/// What the telemetry's ports are given in one clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorder {
    pub words: u32,
    pub begin: bool,
    pub word: Option<u32>,
    pub commit: bool,
    pub mark: bool,
    pub repeat: bool,
}

pub struct Bench {
    pub link: Link,
    pub registers: Registers,
    pub line: Line,
    pub incoming: VecDeque<u8>,
    /// Raises `rx_fault` in the next clock.
    pub fault: bool,
    pub outgoing: Vec<u8>,
    /// `tx_ready` is high in one of N clocks.
    pub ready_one_in: u32,
    /// Clocks until a register answers.
    pub latency: u32,
    pub recorder: Recorder,
    pub heard: u64,
    pub sound: u64,
    pub damaged: u64,
    /// Bytes that came while the link was not ready.
    pub lost: u64,
    pub clocks: u64,
    looked: u32,
    /// Refusal of the answer given last, until the next `bus_request`.
    answer: Option<u8>,
    until_byte: u32,
}

impl Bench {
    pub fn new(parameters: &Parameters) -> Self {
        let mut link = Link::new(parameters);
        link.connect_all();
        let mut bench = Bench {
            link,
            registers: Registers::default(),
            line: Line::Waits,
            incoming: VecDeque::new(),
            fault: false,
            outgoing: Vec::new(),
            ready_one_in: 1,
            latency: 2,
            recorder: Recorder::default(),
            heard: 0,
            sound: 0,
            damaged: 0,
            lost: 0,
            clocks: 0,
            looked: 0,
            answer: None,
            until_byte: 0,
        };
        bench.link.reset.next = true;
        bench.step();
        bench.step();
        bench.link.reset.next = false;
        bench
    }

    fn settle(&mut self) {
        assert!(simulate(&mut self.link, 100), "the link does not settle");
    }

    /// One clock.
    pub fn step(&mut self) {
        let due = match self.line {
            Line::Waits => true,
            Line::Every(_) => self.until_byte == 0,
        };
        let byte = if due { self.incoming.front().copied() } else { None };
        self.link.rx_valid.next = byte.is_some();
        self.link.rx_byte.next = Bits::from(u64::from(byte.unwrap_or(0xa5)));
        self.link.rx_fault.next = std::mem::take(&mut self.fault);
        self.link.tx_ready.next = self.clocks.is_multiple_of(u64::from(self.ready_one_in));
        let answers = self.looked > self.latency;
        let address = self.link.address.val().index() as u16;
        let refusal = self.registers.refusal(address);
        self.link.answered.next = answers;
        // Nonsense where nothing is to be seen.
        let value = if answers { self.registers.read(address) } else { 0xdead_0bad };
        self.link.value.next = Bits::from(u64::from(value));
        self.link.refusal.next = Bits::from(if answers { u64::from(refusal) } else { 7 });
        let recorder = std::mem::take(&mut self.recorder);
        self.link.words.next = Bits::from(u64::from(recorder.words));
        self.link.begin.next = recorder.begin;
        self.link.word.next = Bits::from(u64::from(recorder.word.unwrap_or(0xbad0_beef)));
        self.link.word_write.next = recorder.word.is_some();
        self.link.commit.next = recorder.commit;
        self.link.mark.next = recorder.mark;
        self.link.repeat.next = recorder.repeat;
        self.settle();
        if byte.is_some() {
            let taken = self.link.rx_ready.val();
            if taken || self.line != Line::Waits {
                self.incoming.pop_front();
            }
            self.lost += u64::from(!taken && self.line != Line::Waits);
        }
        if let Line::Every(clocks) = self.line {
            self.until_byte =
                if byte.is_some() { clocks - 1 } else { self.until_byte.saturating_sub(1) };
        }
        if self.link.tx_valid.val() && self.link.tx_ready.val() {
            self.outgoing.push(self.link.tx_byte.val().index() as u8);
        }
        self.heard += u64::from(self.link.heard.val());
        self.sound += u64::from(self.link.sound.val());
        self.damaged += u64::from(self.link.damaged.val());
        if self.link.write.val() {
            assert!(self.link.is_write.val() && !self.link.bus_request.val());
            assert_eq!(self.answer.take(), Some(0), "a write without leave");
            self.registers.write(address, self.link.data.val().index() as u32);
        }
        if self.link.bus_request.val() {
            self.looked += 1;
            if self.looked == 1 {
                self.registers.requests += 1;
                self.answer = None;
            }
            if answers {
                self.answer = Some(refusal);
            }
        } else {
            assert!(!answers, "`bus_request` fell before the answer");
        }
        if answers {
            self.looked = 0;
        }
        self.link.clock.next = true.into();
        self.settle();
        self.link.clock.next = false.into();
        self.settle();
        self.clocks += 1;
        if answers {
            assert!(!self.link.bus_request.val(), "`bus_request` did not fall after the answer");
        }
    }

    pub fn run(&mut self, clocks: u32) {
        for _ in 0..clocks {
            self.step();
        }
    }

    /// Until the line has been read and nothing has come out for a while.
    pub fn settle_line(&mut self) {
        let quiet = 2500 + 70 * self.ready_one_in.max(self.latency);
        let mut since = 0;
        while since < quiet {
            let before = (self.outgoing.len(), self.incoming.len());
            self.step();
            since =
                if before == (self.outgoing.len(), self.incoming.len()) { since + 1 } else { 0 };
        }
    }

    /// Until the line has been read and `frames` frames have come out, and for a while, in which one more would begin.
    pub fn settle_frames(&mut self, frames: usize) {
        let most = self.clocks + 100_000 + 70 * u64::from(self.latency);
        let ended = |bench: &Bench| bench.outgoing.iter().filter(|&&byte| byte == 0).count();
        while self.clocks < most && (!self.incoming.is_empty() || ended(self) < frames) {
            self.step();
        }
        self.run(500);
    }

    pub fn send(&mut self, body: &[u32]) {
        let mut line = Vec::new();
        seal(body, &mut line);
        self.incoming.extend(line);
    }

    /// Everything that has come out, as bodies; the bytes must be those that `seal` makes of them.
    pub fn received(&mut self) -> Vec<Vec<u32>> {
        let mut deframer = Deframer::new(MOST_FRAME_WORDS);
        let mut bodies = Vec::new();
        deframer.push(&self.outgoing, |body| {
            let body = body.expect("a sound frame from the link");
            bodies.push(body.iter().map(|word| word.get()).collect::<Vec<u32>>());
        });
        let mut sealed = Vec::new();
        bodies.iter().for_each(|body| seal(body, &mut sealed));
        assert_eq!(sealed, self.outgoing);
        self.outgoing.clear();
        bodies
    }

    /// Writes one frame of telemetry into the ring, a word every `pace` clocks; whether it fitted.
    pub fn record(&mut self, kind: u32, payload: &[u32], pace: u32, mark: bool) -> bool {
        let words = payload.len() as u32 + 2;
        self.recorder = Recorder { words, begin: true, mark, ..Recorder::default() };
        // `fits` follows `words` within the clock.
        self.step();
        let fits = self.link.fits.val();
        if !fits {
            return false;
        }
        let number = self.link.number.val().index() as u32;
        let body = [&[kind | ((words - 1) << 8), number][..], payload].concat();
        for word in body {
            self.recorder.word = Some(word);
            self.recorder.words = words;
            self.step();
            for _ in 1..pace {
                self.step();
            }
        }
        self.recorder.commit = true;
        self.step();
        true
    }
}
