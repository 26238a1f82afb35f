//! The lock-in against `model::lockin::Lockin::accumulate`.

use crate::bench::{raw, signed, twos_complement, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::lockin;
use hge_protocol::frame::SlotSums;
use hge_sim::model::lockin::Lockin;

/// Clocks after which a slot may enter again.
const APART: usize = 5;
/// Clocks from a request to its sums.
const READ_CLOCKS: usize = 2;

struct TestBench {
    bench: Bench<lockin::Lockin>,
    random: Stimulus,
    model: Lockin,
}

impl TestBench {
    fn new(slots: usize, seed: u64) -> Self {
        TestBench {
            bench: Bench::new(lockin::Lockin::new(), |core| &mut core.clock),
            random: Stimulus::new(seed),
            model: Lockin::new(slots),
        }
    }

    fn enter(&mut self, slot: usize, sample: i16, sine: i16, cosine: i16, first: bool) {
        let core = &mut self.bench.core;
        core.valid.next = true;
        core.slot.next = raw(slot as u64);
        core.sample.next = signed(i64::from(sample));
        core.sine.next = signed(i64::from(sine));
        core.cosine.next = signed(i64::from(cosine));
        core.first.next = first;
        self.bench.tick();
        let sums = &mut self.model.sums[slot];
        sums.in_phase += i64::from(sample) * i64::from(sine);
        sums.quadrature += i64::from(sample) * i64::from(cosine);
    }

    fn pause(&mut self) {
        let noise = self.random.noise();
        let core = &mut self.bench.core;
        core.valid.next = false;
        core.slot.next = raw(noise);
        core.sample.next = signed((noise >> 8) as i64);
        core.sine.next = signed((noise >> 24) as i64);
        core.cosine.next = signed((noise >> 40) as i64);
        core.first.next = noise >> 60 & 1 == 1;
        self.bench.tick();
    }

    /// Every sum, read out as between two windows.
    fn read(&mut self) -> Vec<SlotSums> {
        for _ in 0..APART {
            self.pause();
        }
        let mut sums = Vec::new();
        self.bench.core.selected.next = true;
        for slot in 0..self.model.sums.len() + READ_CLOCKS {
            self.bench.core.read_slot.next = raw(slot as u64);
            self.bench.settle();
            if slot >= READ_CLOCKS {
                let in_phase = twos_complement(self.bench.core.in_phase.val());
                let quadrature = twos_complement(self.bench.core.quadrature.val());
                sums.push(SlotSums { in_phase, quadrature });
            }
            self.bench.edge();
        }
        // Not selected: zeros.
        self.bench.core.selected.next = false;
        for _ in 0..READ_CLOCKS {
            self.bench.tick();
        }
        self.bench.settle();
        assert!(!self.bench.core.in_phase.val().any() && !self.bench.core.quadrature.val().any());
        sums
    }
}

/// Windows of random length; slots enter in another order every sample.
fn agree(slots: usize, windows: usize, seed: u64) {
    let mut test_bench = TestBench::new(slots, seed);
    for window in 0..windows {
        test_bench.model.clear();
        let samples = 1 << test_bench.random.below(6);
        for sample in 0..samples {
            let code = test_bench.random.code();
            test_bench.bench.core.read_slot.next = raw(test_bench.random.noise());
            for slot in test_bench.random.order(slots) {
                let (sine, cosine) =
                    (test_bench.random.code().max(-32767), test_bench.random.code().max(-32767));
                test_bench.enter(slot, code, sine, cosine, sample == 0);
                while test_bench.random.once_in(6) {
                    test_bench.pause();
                }
            }
            // The last slot may be the next sample's first.
            for _ in 1..APART {
                test_bench.pause();
            }
        }
        assert_eq!(
            test_bench.read(),
            test_bench.model.sums,
            "window {window} of {samples} samples, seed {seed}"
        );
    }
}

#[test]
fn sums_of_random_windows_equal_the_twins() {
    agree(1, 60, 11);
    agree(5, 40, 12);
    agree(24, 20, 13);
    agree(256, 2, 14);
}

#[test]
fn the_longest_window_at_full_scale_fits_the_sums() {
    let mut test_bench = TestBench::new(APART, 15);
    // In turn, so that each slot enters again at the least distance.
    let waves = [(-32767, 32767), (32767, -32767), (-32767, -32767), (0, -1), (1, 0)];
    for sample in 0..1 << 16 {
        for (slot, (sine, cosine)) in waves.into_iter().enumerate() {
            test_bench.enter(slot, i16::MIN, sine, cosine, sample == 0);
        }
    }
    let sums = test_bench.read();
    assert_eq!(sums, test_bench.model.sums);
    let most = 32767_i64 << 31;
    assert_eq!(sums[0], SlotSums { in_phase: most, quadrature: -most });
    assert_eq!(sums[2], SlotSums { in_phase: most, quadrature: most });
    assert_eq!(sums[3], SlotSums { in_phase: 0, quadrature: 1 << 31 });
}
