//! A bridge with an FT245 FIFO, as its data sheet describes it: times drawn from the ranges there, waits of a host that is busy, and a
//! fault for every level that comes too early, too late or against its own.

use hge_sim::model::ft245::Pins;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

/// Times of a part in ps: the least where it wants one, the range where it takes one.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// `RD#` low, at least.
    pub read_ps: u64,
    /// From `RD#` low to its byte.
    pub answer_ps: [u64; 2],
    /// From a strobe to the flag that rises.
    pub rise_ps: [u64; 2],
    /// The flag is high, at least.
    pub inactive_ps: u64,
    /// The byte stands before `WR#` falls, at least.
    pub setup_ps: u64,
    /// And after it has risen.
    pub hold_ps: u64,
    /// `WR#` low, at least; and high.
    pub write_ps: [u64; 2],
}

/// FT232H and FT2232H: data sheet DS_FT232H 2.1, table 4.2.
pub const FT232H: Part = Part {
    read_ps: 30_000,
    answer_ps: [1_000, 14_000],
    rise_ps: [1_000, 14_000],
    inactive_ps: 49_000,
    setup_ps: 5_000,
    hold_ps: 5_000,
    write_ps: [30_000, 0],
};

/// FT245R: as public drivers quote its data sheet.
pub const FT245R: Part = Part {
    read_ps: 50_000,
    answer_ps: [20_000, 50_000],
    rise_ps: [0, 25_000],
    inactive_ps: 80_000,
    setup_ps: 20_000,
    hold_ps: 0,
    write_ps: [50_000, 50_000],
};

/// A flag: it stays low until its strobe has made it rise, and falls later, if there is a reason.
#[derive(Clone, Copy, Debug)]
struct Flag {
    rises_ps: u64,
    falls_ps: u64,
}

impl Flag {
    fn is_high(self, at_ps: u64, has_reason: bool) -> bool {
        at_ps >= self.rises_ps && (at_ps < self.falls_ps || !has_reason)
    }
}

/// The bridge.
pub struct FifoChip {
    part: Part,
    random: ChaCha8Rng,
    /// Once in so many bytes the host lets the bridge wait.
    waits_one_in: u32,
    rxf: Flag,
    txe: Flag,
    before: Pins,
    /// Times of the last edges.
    read_fell_ps: u64,
    write_fell_ps: u64,
    write_rose_ps: u64,
    data_since_ps: u64,
    valid_ps: u64,
    /// Bytes of the host that are on their way.
    pub to_device: VecDeque<u8>,
    /// Bytes that the host has got.
    pub to_host: Vec<u8>,
    /// The host takes no more.
    pub is_full: bool,
}

impl FifoChip {
    /// A bridge that is idle; one in `waits_one_in` bytes waits for up to 4 us.
    pub fn new(part: Part, seed: u64, waits_one_in: u32) -> Self {
        FifoChip {
            part,
            random: ChaCha8Rng::seed_from_u64(seed),
            waits_one_in,
            rxf: Flag { rises_ps: 0, falls_ps: 1_000_000 },
            txe: Flag { rises_ps: 0, falls_ps: 1_000_000 },
            before: Pins { rd_n: true, wr_n: true, data: None },
            read_fell_ps: 0,
            write_fell_ps: 0,
            write_rose_ps: 0,
            data_since_ps: 0,
            valid_ps: u64::MAX,
            to_device: VecDeque::new(),
            to_host: Vec::new(),
            is_full: false,
        }
    }

    /// `RXF#` and `TXE#`.
    pub fn flags(&self, at_ps: u64) -> [bool; 2] {
        [
            self.rxf.is_high(at_ps, !self.to_device.is_empty()),
            self.txe.is_high(at_ps, !self.is_full),
        ]
    }

    /// Levels of the data pins, given those that the other end drives; noise while nobody does, and while a byte is on its way.
    pub fn data(&mut self, at_ps: u64, pins: Pins) -> u8 {
        let own = (!pins.rd_n && at_ps >= self.valid_ps).then(|| self.to_device.front().copied());
        own.flatten().or(pins.data).unwrap_or_else(|| self.random.random())
    }

    /// A strobe makes the flag rise, and for how long.
    fn risen(&mut self, at_ps: u64) -> Flag {
        let [least, most] = self.part.rise_ps;
        let rises_ps = at_ps + self.random.random_range(least..=most);
        let waits = self.random.random_range(0..self.waits_one_in) == 0;
        let wait_ps = self.random.random_range(0..=if waits { 4_000_000 } else { 20_000 });
        Flag { rises_ps, falls_ps: rises_ps + self.part.inactive_ps + wait_ps }
    }

    /// The pins have these levels from `at_ps` on.
    ///
    /// # Errors
    /// What the data sheet does not allow.
    pub fn step(&mut self, at_ps: u64, pins: Pins) -> Result<(), String> {
        let before = std::mem::replace(&mut self.before, pins);
        let part = self.part;
        let refuse = |what: &str| Err(format!("{what} at {at_ps} ps"));
        let [rxf_n, txe_n] = self.flags(at_ps);
        if pins.data != before.data {
            self.data_since_ps = at_ps;
            if before.data.is_some() && at_ps < self.write_rose_ps + part.hold_ps {
                return refuse("the byte is taken away too early");
            }
        }
        if !pins.rd_n && pins.data.is_some() {
            return refuse("both ends drive");
        }
        match (before.rd_n, pins.rd_n) {
            (true, false) if rxf_n => return refuse("RD# without a byte"),
            (true, false) => {
                self.read_fell_ps = at_ps;
                let [least, most] = part.answer_ps;
                self.valid_ps = at_ps + self.random.random_range(least..=most);
            }
            (false, true) if at_ps < self.read_fell_ps + part.read_ps => {
                return refuse("RD# too short");
            }
            (false, true) => {
                self.to_device.pop_front();
                self.rxf = self.risen(at_ps);
            }
            _ => {}
        }
        match (before.wr_n, pins.wr_n) {
            (true, false) if txe_n => return refuse("WR# without room"),
            (true, false) => {
                let Some(byte) = pins.data else { return refuse("WR# without a byte") };
                if at_ps < self.data_since_ps + part.setup_ps {
                    return refuse("WR# too early after its byte");
                }
                if at_ps < self.write_rose_ps + part.write_ps[1] {
                    return refuse("WR# too early after the one before");
                }
                self.to_host.push(byte);
                self.write_fell_ps = at_ps;
                self.txe = self.risen(at_ps);
            }
            (false, true) if at_ps < self.write_fell_ps + part.write_ps[0] => {
                return refuse("WR# too short");
            }
            (false, true) => self.write_rose_ps = at_ps,
            _ if !pins.wr_n && pins.data != before.data => {
                return refuse("the byte changes while WR# is low");
            }
            _ => {}
        }
        Ok(())
    }
}
