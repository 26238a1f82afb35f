//! The NCO against `model::nco::Oscillator`, sines and codes.

use crate::bench::{integer, raw, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::nco::Nco;
use hge_protocol::table::CHIPS;
use hge_sim::model::nco::{Code, Oscillator, Wave};
use std::collections::VecDeque;

/// Clocks from a slot's entry to its sine.
const LATENCY: u64 = 7;
/// Clocks from a slot's entry to whether it sounds in the next sample.
const NEXT_LATENCY: u64 = 5;

struct TestBench {
    bench: Bench<Nco>,
    random: Stimulus,
    now: u64,
    models: Vec<Oscillator>,
    tunings: Vec<u32>,
    /// Waves to come, and the clock they come in.
    waves: VecDeque<(u64, Wave)>,
    nexts: VecDeque<(u64, bool)>,
    starts: Vec<u8>,
    is_code: Vec<bool>,
    rows: [u8; CHIPS],
    /// Of codes; 0: this core has none.
    latency_samples: u32,
    /// The phase was lost when the start was set.
    lost: Vec<bool>,
    compared: usize,
}

impl TestBench {
    fn new(slots: usize, latency_samples: u32, seed: u64) -> Self {
        let nco = Nco::new(slots);
        let nco = if latency_samples > 0 { nco.with_codes(latency_samples) } else { nco };
        TestBench {
            bench: Bench::new(nco, |core| &mut core.clock),
            random: Stimulus::new(seed),
            now: 0,
            models: vec![Oscillator::default(); slots],
            tunings: vec![0; slots],
            waves: VecDeque::new(),
            nexts: VecDeque::new(),
            starts: vec![0; slots],
            is_code: vec![false; slots],
            rows: [0; CHIPS],
            latency_samples,
            lost: vec![false; slots],
            compared: 0,
        }
    }

    fn set_tuning(&mut self, slot: usize) {
        let tuning = match self.random.below(8) {
            0 => 0,
            1 => 1,
            2 => u32::MAX,
            3 => 1 << 31,
            4 => 1 << 20,
            _ => self.random.noise() as u32 >> self.random.below(9),
        };
        self.tunings[slot] = tuning;
        self.bench.core.tuning_write.next = true;
        self.bench.core.tuning_slot.next = raw(slot as u64);
        self.bench.core.tuning_data.next = raw(u64::from(tuning));
        self.clock(None);
        self.bench.core.tuning_write.next = false;
    }

    fn set_start(&mut self, slot: usize) {
        let noise = self.random.noise() as u8;
        let start = self.random.pick(&[0, 0, 128, 255, noise]);
        self.starts[slot] = start;
        self.lost[slot] = true;
        self.bench.core.start_write.next = true;
        self.bench.core.start_slot.next = raw(slot as u64);
        self.bench.core.start_data.next = raw(u64::from(start));
        let is_code = self.random.once_in(2);
        self.is_code[slot] = is_code && self.latency_samples > 0;
        self.bench.core.start_code.next = is_code;
        self.clock(None);
        self.bench.core.start_write.next = false;
    }

    fn set_row(&mut self, chip: usize) {
        let row = self.random.noise() as u8;
        self.rows[chip] = row;
        self.bench.core.code_write.next = true;
        self.bench.core.code_chip.next = raw(chip as u64);
        self.bench.core.code_row.next = raw(u64::from(row));
        self.clock(None);
        self.bench.core.code_write.next = false;
    }

    /// One clock, in which a slot may enter.
    fn clock(&mut self, entering: Option<usize>) {
        let noise = self.random.noise();
        let is_lost = entering.is_some_and(|slot| std::mem::take(&mut self.lost[slot]));
        let (restart, gate) = (is_lost || noise & 7 == 0, noise & 8 == 0);
        let core = &mut self.bench.core;
        core.valid.next = entering.is_some();
        core.slot.next = raw(entering.map_or(noise >> 16, |slot| slot as u64));
        core.restart.next = restart;
        core.gate.next = gate;
        if let Some(slot) = entering {
            let model = &mut self.models[slot];
            let (tuning, start) = (self.tunings[slot], self.starts[slot]);
            let wave = if self.is_code[slot] {
                let latency_samples = self.latency_samples;
                let code = Code { rows: &self.rows, number: start, latency_samples };
                model.step_code(tuning, code, restart, gate)
            } else {
                model.step(tuning, start, restart, gate)
            };
            self.waves.push_back((self.now + LATENCY, wave));
            self.nexts.push_back((self.now + NEXT_LATENCY, model.active));
        }
        self.bench.settle();
        self.compare();
        self.bench.edge();
        self.now += 1;
    }

    fn compare(&mut self) {
        let core = &self.bench.core;
        if let Some(wave) = due(&mut self.waves, self.now) {
            let seen = Wave {
                sine: integer(core.sine.val()) as i16,
                cosine: integer(core.cosine.val()) as i16,
                active: core.active.val(),
            };
            assert_eq!(seen, wave, "clock {}", self.now);
            self.compared += 1;
        }
        let next = due(&mut self.nexts, self.now);
        assert_eq!(core.next_valid.val(), next.is_some(), "clock {}", self.now);
        if let Some(active) = next {
            assert_eq!(core.next_active.val(), active, "clock {}", self.now);
        }
    }

    /// Every slot once, in a random order with pauses.
    fn pass(&mut self) {
        for slot in self.random.order(self.models.len()) {
            while self.random.once_in(8) {
                self.clock(None);
            }
            self.clock(Some(slot));
        }
        for _ in 0..LATENCY {
            self.clock(None);
        }
    }
}

/// What comes in this clock.
fn due<T>(queue: &mut VecDeque<(u64, T)>, now: u64) -> Option<T> {
    let is_due = queue.front().is_some_and(|&(clock, _)| clock == now);
    if is_due {
        queue.pop_front().map(|(_, value)| value)
    } else {
        None
    }
}

fn agree(slots: usize, latency_samples: u32, passes: usize, seed: u64) {
    let mut test_bench = TestBench::new(slots, latency_samples, seed);
    for chip in 0..CHIPS {
        test_bench.set_row(chip);
    }
    for slot in 0..slots {
        test_bench.set_tuning(slot);
        test_bench.set_start(slot);
    }
    let mut sounding = 0;
    for _ in 0..passes {
        if test_bench.random.once_in(4) {
            let slot = test_bench.random.below(slots);
            test_bench.set_tuning(slot);
            let other = test_bench.random.below(slots);
            test_bench.set_start(other);
            let chip = test_bench.random.below(CHIPS);
            test_bench.set_row(chip);
        }
        test_bench.pass();
        sounding += test_bench.models.iter().filter(|model| model.active).count();
    }
    assert_eq!(test_bench.compared, slots * passes);
    assert!(sounding > 0 && sounding < slots * passes, "the gates never open or never close");
    println!("{slots} slots: {} waves", test_bench.compared);
}

#[test]
fn waves_gates_and_restarts_of_few_slots_equal_the_twins() {
    agree(1, 0, 4000, 1);
    agree(3, 0, 4000, 2);
}

#[test]
fn waves_gates_and_restarts_of_the_default_slots_equal_the_twins() {
    agree(24, 0, 600, 3);
    agree(24, 2, 600, 4);
}

#[test]
fn waves_gates_and_restarts_of_the_most_slots_equal_the_twins() {
    agree(256, 0, 120, 5);
    agree(256, 3, 120, 6);
}

#[test]
fn codes_and_the_codes_of_every_latency_ago_equal_the_twins() {
    for latency_samples in 2..=6 {
        agree(4, latency_samples, 2000, u64::from(latency_samples));
    }
}
