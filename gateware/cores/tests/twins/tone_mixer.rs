//! The tone adder against the rule of the model's slot pass (`model::instrument`, which has no function of its own for it):
//! amplitude times sine of the slots that drive and sound, summed up to the output's last slot, in 32 bits that wrap.

use crate::bench::{integer, raw, signed, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::tone_mixer::ToneMixer;
use hge_protocol::table::SlotWord;

/// Outputs that the core can address.
const OUTPUTS: usize = 64;
/// Clocks from a slot's sine to its sum in the memory.
const LATENCY: usize = 3;

struct TestBench {
    bench: Bench<ToneMixer>,
    random: Stimulus,
    /// Tones of the sample before and of this one; none where the sample has no slot for the output.
    before: [Option<i32>; OUTPUTS],
    now: [Option<i32>; OUTPUTS],
    /// Outputs asked for in the last clock and in the one before.
    asked: [Option<usize>; 2],
    compared: usize,
}

impl TestBench {
    fn new(seed: u64) -> Self {
        TestBench {
            bench: Bench::new(ToneMixer::new(), |core| &mut core.clock),
            random: Stimulus::new(seed),
            before: [None; OUTPUTS],
            now: [None; OUTPUTS],
            asked: [None; 2],
            compared: 0,
        }
    }

    /// One clock, in which a slot's sine may be at hand; some output is read.
    fn clock(&mut self, slot: Option<(SlotWord, i16, bool)>) {
        let noise = self.random.noise();
        let read = self.random.below(OUTPUTS);
        let core = &mut self.bench.core;
        core.valid.next = slot.is_some();
        core.word.next = raw(slot.map_or(noise, |(word, ..)| u64::from(word.to_word())));
        core.sine.next = signed(slot.map_or((noise >> 32) as i64, |(_, sine, _)| i64::from(sine)));
        core.active.next = slot.map_or(noise >> 48 & 1 == 1, |(.., active)| active);
        core.read_output.next = raw(read as u64);
        self.bench.settle();
        if let Some(tone) = self.asked[1].and_then(|output| self.before[output]) {
            assert_eq!(integer(self.bench.core.tone.val()), i64::from(tone), "{:?}", self.asked);
            self.compared += 1;
        }
        self.bench.edge();
        self.asked = [Some(read), self.asked[0]];
    }

    fn begin(&mut self) {
        self.asked = [None; 2];
        self.bench.core.valid.next = false;
        self.bench.core.tick.next = true;
        self.bench.tick();
        self.bench.core.tick.next = false;
        self.before = std::mem::replace(&mut self.now, [None; OUTPUTS]);
    }

    /// One to four slots of one output; `closed` says whether the last is marked as such.
    fn group(&mut self, output: usize, closed: bool) {
        let slots = 1 + self.random.below(4);
        let mut sum = 0_i32;
        for slot in 0..slots {
            let word = SlotWord {
                amplitude: self.random.within(0, 32767) as u16,
                start_phase: self.random.noise() as u8,
                output: output as u8,
                drives: !self.random.once_in(4),
                last: closed && slot == slots - 1,
                is_code: self.random.once_in(2),
            };
            let sine = self.random.code().max(-32767);
            let active = !self.random.once_in(4);
            if word.drives && active {
                sum = sum.wrapping_add(i32::from(word.amplitude) * i32::from(sine));
            }
            self.clock(Some((word, sine, active)));
            while self.random.once_in(5) {
                self.clock(None);
            }
        }
        if closed {
            self.now[output] = Some(sum);
        }
    }
}

#[test]
fn tones_of_the_sample_before_equal_the_rule() {
    for seed in 31..35 {
        let mut test_bench = TestBench::new(seed);
        for _ in 0..200 {
            test_bench.begin();
            let mut order = test_bench.random.order(OUTPUTS);
            order.truncate(test_bench.random.below(OUTPUTS + 1));
            for output in order {
                test_bench.group(output, true);
            }
            // Slots without an end: their sum must not reach the next sample.
            if test_bench.random.once_in(2) {
                test_bench.group(0, false);
            }
            for _ in 0..LATENCY + test_bench.random.below(OUTPUTS) {
                test_bench.clock(None);
            }
        }
        assert!(test_bench.compared > 3000, "only {} tones compared", test_bench.compared);
    }
}

#[test]
fn a_full_scale_tone_of_both_signs_fits() {
    let mut test_bench = TestBench::new(35);
    for sine in [32767, -32767] {
        let word = |amplitude, last| SlotWord {
            amplitude,
            output: 31,
            drives: true,
            last,
            ..SlotWord::default()
        };
        test_bench.begin();
        test_bench.clock(Some((word(16384, false), sine, true)));
        test_bench.clock(Some((word(16383, true), sine, true)));
        for _ in 0..LATENCY {
            test_bench.clock(None);
        }
        test_bench.begin();
        test_bench.bench.core.read_output.next = raw(31);
        test_bench.bench.tick();
        test_bench.bench.tick();
        test_bench.bench.settle();
        assert_eq!(integer(test_bench.bench.core.tone.val()), 32767 * i64::from(sine));
    }
}
