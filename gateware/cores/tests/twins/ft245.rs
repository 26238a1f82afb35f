//! The FT245 interface against `model::ft245`, at a bridge that draws its times from the data sheet and refuses what that does not allow.

use crate::bench::{raw, unsigned, Bench};
use crate::fifo_chip::{FifoChip, Part, FT232H, FT245R};
use crate::stimulus::Stimulus;
use hge_gateware::link::ft245;
use hge_protocol::ft245::bytes_per_s;
use hge_sim::model::ft245::{Ft245, Inputs, Pins};

const CLOCKS_HZ: [u32; 4] = [12_000_000, 24_000_000, 75_000_000, 132_000_000];

/// Of a pad and its wire; two of them are less than the core allows for.
const PAD_PS: u64 = 9_000;

struct Line {
    bench: Bench<ft245::Ft245>,
    twin: Ft245,
    chip: FifoChip,
    /// Levels that the chip sees.
    seen: Pins,
    random: Stimulus,
    period_ps: f64,
    clocks: u64,
    /// Once in so many clocks the link takes a byte; and has one.
    takes_one_in: u32,
    offers_one_in: u32,
    offered: Option<u8>,
    /// Bytes that the link has handed over, and those that it has taken.
    sent: Vec<u8>,
    taken: Vec<u8>,
}

impl Line {
    fn new(clock_hz: u32, part: Part, seed: u64, waits_one_in: u32) -> Self {
        Line {
            bench: Bench::new(ft245::Ft245::new(clock_hz), |core| &mut core.clock),
            twin: Ft245::new(clock_hz),
            chip: FifoChip::new(part, seed, waits_one_in),
            seen: Pins { rd_n: true, wr_n: true, data: None },
            random: Stimulus::new(seed),
            period_ps: 1e12 / f64::from(clock_hz),
            clocks: 0,
            takes_one_in: 1,
            offers_one_in: 1,
            offered: None,
            sent: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Pins of the core, which must be the twin's.
    fn pins(&mut self) -> Pins {
        let core = &self.bench.core;
        let byte = unsigned(core.data_out.val()) as u8;
        let pins = Pins {
            rd_n: core.rd_n.val(),
            wr_n: core.wr_n.val(),
            data: core.drives.val().then_some(byte),
        };
        let received = core.from_host_valid.val().then(|| unsigned(core.from_host.val()) as u8);
        let found = (pins, received, core.to_host_ready.val());
        let twin = &self.twin;
        assert_eq!(found, (twin.pins(), twin.received(), twin.is_ready()), "clock {}", self.clocks);
        pins
    }

    fn clock(&mut self) {
        // From the second clock on, so that no time is negative.
        let start_ps = ((self.clocks + 1) as f64 * self.period_ps) as u64 + PAD_PS;
        let end_ps = ((self.clocks + 2) as f64 * self.period_ps) as u64 - PAD_PS;
        self.bench.settle();
        let pins = self.pins();
        let before = self.seen;
        // What the core's edge takes was there a pad before, which can be before the chip sees the levels of this clock.
        let taken = |chip: &mut FifoChip, pins| {
            let [rxf_n, txe_n] = chip.flags(end_ps);
            (rxf_n, txe_n, chip.data(end_ps, pins))
        };
        let early = (end_ps < start_ps).then(|| taken(&mut self.chip, before));
        self.chip.step(start_ps, pins).expect("levels that the data sheet allows");
        let (rxf_n, txe_n, data) = early.unwrap_or_else(|| taken(&mut self.chip, pins));
        self.seen = pins;
        let takes = self.random.once_in(self.takes_one_in);
        if self.offered.is_none() && self.random.once_in(self.offers_one_in) {
            self.offered = Some(self.random.noise() as u8);
        }
        if takes {
            self.taken.extend(self.twin.received());
        }
        let inputs = Inputs { rxf_n, txe_n, data, takes, byte: self.offered };
        if self.twin.is_ready() {
            self.sent.extend(self.offered.take());
        }
        let core = &mut self.bench.core;
        core.rxf_n.next = rxf_n;
        core.txe_n.next = txe_n;
        core.data_in.next = raw(u64::from(data));
        core.from_host_ready.next = takes;
        core.to_host_valid.next = inputs.byte.is_some();
        core.to_host.next = raw(inputs.byte.map_or_else(|| self.random.noise(), u64::from));
        self.bench.settle();
        self.bench.edge();
        self.twin.step(inputs);
        self.clocks += 1;
    }

    fn run(&mut self, clocks: u32) {
        (0..clocks).for_each(|_| self.clock());
    }

    /// Bytes for the link.
    fn send(&mut self, count: usize) -> Vec<u8> {
        let bytes: Vec<u8> = (0..count).map(|_| self.random.noise() as u8).collect();
        self.chip.to_device.extend(&bytes);
        bytes
    }
}

#[test]
fn bytes_pass_both_ways_in_order_at_drawn_times_and_levels_equal_the_twins() {
    for (number, part) in [FT232H, FT245R].into_iter().enumerate() {
        for (clock_hz, seed) in CLOCKS_HZ.into_iter().zip(40 + 10 * number as u64..) {
            let mut line = Line::new(clock_hz, part, seed, 8);
            line.offers_one_in = 12;
            let mut bytes = Vec::new();
            // A link that takes its byte late hides a flag that is believed too early.
            for takes_one_in in [20, 1, 20, 1] {
                line.takes_one_in = takes_one_in;
                bytes.extend(line.send(20));
                line.run(1500);
            }
            line.offers_one_in = u32::MAX;
            while line.clocks < 50_000
                && (line.taken.len() < bytes.len() || line.chip.to_host.len() < line.sent.len())
            {
                line.clock();
            }
            line.run(200);
            assert_eq!(line.taken, bytes, "to the link at {clock_hz} Hz");
            assert_eq!(line.chip.to_host, line.sent, "to the host at {clock_hz} Hz");
            assert!(line.sent.len() > 40, "{} bytes at {clock_hz} Hz", line.sent.len());
        }
    }
}

#[test]
fn bytes_to_the_host_have_the_rate_that_planning_counts_on() {
    for clock_hz in CLOCKS_HZ {
        let mut line = Line::new(clock_hz, FT232H, 71, u32::MAX);
        let clocks = 4000;
        line.run(clocks);
        let seconds = f64::from(clocks) / f64::from(clock_hz);
        let found = line.chip.to_host.len() as f64 / seconds;
        // Less the wait for the bridge after power-up, 1 us, and the byte on its way.
        let least = bytes_per_s(clock_hz) * (1.0 - 1.5e-6 / seconds) - 1.0 / seconds;
        assert!(found >= least, "{found} of {least} bytes a second at {clock_hz} Hz");
    }
}

#[test]
fn neither_a_host_that_reads_nothing_nor_one_that_never_stops_sending_blocks_the_other_way() {
    let mut line = Line::new(75_000_000, FT232H, 81, u32::MAX);
    line.chip.is_full = true;
    let bytes = line.send(50);
    line.run(4000);
    assert_eq!((line.taken.len(), line.chip.to_host.len()), (50, 0));
    assert_eq!(line.taken, bytes);
    line.chip.is_full = false;
    line.send(1000);
    line.run(4000);
    let (read, written) = (line.taken.len() - 50, line.chip.to_host.len());
    assert!(read > 100 && read.abs_diff(written) <= 2, "{read} bytes one way, {written} the other");
}
