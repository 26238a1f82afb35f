//! The capture against a list of samples.

use crate::bench::{raw, signed, Bench};
use hge_gateware::capture::Capture;
use hge_protocol::frame::BLOCK_SAMPLES;
use hge_verilog::testbench::Random;

/// Clocks of a sample.
const PERIOD: usize = 8;

/// What a block says.
#[derive(Debug, PartialEq)]
struct Found {
    time: u32,
    codes: Vec<i16>,
}

struct TestBench {
    bench: Bench<Capture>,
    random: Random,
    time: u32,
    found: Vec<Found>,
}

impl TestBench {
    fn new(seed: u64, time: u32) -> Self {
        let mut bench = Bench::new(Capture::new(), |core| &mut core.clock);
        bench.core.reset.next = true;
        bench.step();
        bench.core.reset.next = false;
        TestBench { bench, random: Random(seed), time, found: Vec::new() }
    }

    /// One sample; a command may come in one of its clocks. Returns the code.
    fn sample(&mut self, takes: bool, start_in: Option<usize>, stop_in: Option<usize>) -> i16 {
        let code = self.random.uniform() as i16;
        for clock in 0..PERIOD {
            let noise = self.random.uniform() as i64;
            let core = &mut self.bench.core;
            core.tick.next = clock == 0;
            // The code stands from the clock after the tick on.
            core.sample.next = signed(if clock == 0 { noise } else { i64::from(code) });
            // The time goes on three clocks after the tick.
            core.now.next = raw(u64::from(self.time) + u64::from(clock > 2));
            core.start.next = start_in == Some(clock);
            core.stop.next = stop_in == Some(clock);
            self.bench.step();
        }
        self.bench.core.start.next = false;
        self.bench.core.stop.next = false;
        self.time = self.time.wrapping_add(1);
        if takes {
            self.take();
        }
        code
    }

    fn word(&mut self, address: u64) -> u16 {
        self.bench.core.read_address.next = raw(address);
        self.bench.step();
        self.bench.core.read_data.val().to_u64() as u16
    }

    /// Reads a block that waits.
    fn take(&mut self) {
        self.bench.core.tick.next = false;
        if !self.bench.core.ready.val() {
            return;
        }
        let codes = self.bench.core.codes.val().to_u64();
        let time = u32::from(self.word(64)) | (u32::from(self.word(65)) << 16);
        let codes = (0..codes).map(|index| self.word(index) as i16).collect();
        self.found.push(Found { time, codes });
        self.bench.core.taken.next = true;
        self.bench.step();
        self.bench.core.taken.next = false;
        // The clock in which the next is handed over.
        self.bench.step();
    }

    fn set(&mut self, samples: u32, decimation: u16) {
        self.bench.core.samples.next = raw(u64::from(samples));
        self.bench.core.decimation.next = raw(u64::from(decimation));
    }
}

/// The blocks of `kept` codes at their times.
fn blocks(kept: &[(u32, i16)]) -> Vec<Found> {
    kept.chunks(BLOCK_SAMPLES)
        .map(|chunk| Found {
            time: chunk[0].0,
            codes: chunk.iter().map(|&(_, code)| code).collect(),
        })
        .collect()
}

#[test]
fn a_capture_is_every_so_many_th_code_in_blocks_of_64() {
    for (samples, decimation) in [(1, 1), (2, 0), (63, 2), (64, 1), (65, 3), (128, 1), (200, 7)] {
        // The time's upper half changes on the way.
        let mut bench = TestBench::new(0x5151 + u64::from(samples), 0x0001_ffc0);
        bench.set(samples, decimation);
        bench.sample(true, Some(5), None);
        let mut kept = Vec::new();
        let step = u32::from(decimation.max(1));
        for number in 0..samples * step + 5 {
            assert_eq!(bench.bench.core.capturing.val(), kept.len() < samples as usize);
            let time = bench.time;
            let code = bench.sample(true, None, None);
            if number % step == 0 && kept.len() < samples as usize {
                kept.push((time, code));
            }
        }
        assert_eq!(bench.found, blocks(&kept), "{samples} codes, every {decimation}");
    }
}

#[test]
fn a_capture_that_is_stopped_sends_what_it_has() {
    // In the tick's own clock the sample of that tick is still kept.
    for clock in 0..PERIOD {
        for before in [0, 1, 40, 63, 64, 70] {
            let mut bench = TestBench::new(99 + clock as u64, 7);
            bench.set(1000, 1);
            bench.sample(true, Some(PERIOD - 1), None);
            let mut kept = Vec::new();
            for number in 0..before + 1 {
                let time = bench.time;
                let stop = (number == before).then_some(clock);
                kept.push((time, bench.sample(true, None, stop)));
            }
            (0..3).for_each(|_| {
                bench.sample(true, None, None);
            });
            assert_eq!(bench.found, blocks(&kept), "stop in clock {clock} after {before}");
            assert!(!bench.bench.core.capturing.val());
        }
    }
}

#[test]
fn a_capture_of_nothing_is_none() {
    let mut bench = TestBench::new(5, 0);
    bench.set(0, 1);
    bench.sample(true, Some(3), None);
    bench.sample(true, None, None);
    assert!(!bench.bench.core.capturing.val() && bench.found.is_empty());
}

#[test]
fn a_block_may_wait_for_64_samples_and_longer_costs_the_newer_codes_alone() {
    let mut bench = TestBench::new(0xabcd, 100);
    bench.set(400, 1);
    bench.sample(false, Some(PERIOD - 1), None);
    let mut kept = Vec::new();
    for _ in 0..127 {
        let time = bench.time;
        kept.push((time, bench.sample(false, None, None)));
    }
    bench.take();
    assert_eq!(bench.found, blocks(&kept[..64]));
    // 63 of the second block are there; it becomes full, and its turn comes at once.
    let time = bench.time;
    kept.push((time, bench.sample(true, None, None)));
    assert_eq!(bench.found, blocks(&kept));
    // Nobody takes the next: it stands, and what comes after its successor's 64 codes replaces those.
    bench.found.clear();
    let mut later = Vec::new();
    for _ in 0..64 + 64 + 64 {
        let time = bench.time;
        later.push((time, bench.sample(false, None, None)));
    }
    bench.take();
    bench.sample(true, None, None);
    assert_eq!(bench.found[0], blocks(&later[..64])[0]);
    assert_eq!(bench.found[1].time, later[128].0);
}
