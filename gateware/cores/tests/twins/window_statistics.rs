//! Window statistics against `model::lockin::Lockin::level`.

use crate::bench::{integer, signed, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::window_statistics::WindowStatistics;
use hge_sim::model::lockin::Lockin;

struct TestBench {
    bench: Bench<WindowStatistics>,
    random: Stimulus,
    model: Lockin,
}

impl TestBench {
    fn new(seed: u64) -> Self {
        TestBench {
            bench: Bench::new(WindowStatistics::default(), |core| &mut core.clock),
            random: Stimulus::new(seed),
            model: Lockin::new(0),
        }
    }

    fn take(&mut self, sample: i16, first: bool, second_half: bool) {
        if first {
            self.model.clear();
        }
        self.model.level(std::iter::once(sample), usize::from(!second_half));
        let core = &mut self.bench.core;
        core.take.next = true;
        core.sample.next = signed(i64::from(sample));
        core.first.next = first;
        core.second_half.next = second_half;
        self.bench.tick();
        // The sample and its half stand for a clock more.
        let core = &mut self.bench.core;
        core.take.next = false;
        core.first.next = !first;
        self.bench.tick();
    }

    fn pause(&mut self) {
        let noise = self.random.noise();
        let core = &mut self.bench.core;
        core.take.next = false;
        core.sample.next = signed(noise as i64);
        core.first.next = noise >> 16 & 1 == 1;
        core.second_half.next = noise >> 17 & 1 == 1;
        self.bench.tick();
    }

    fn compare_sums(&mut self) {
        self.compare();
        let core = &self.bench.core;
        assert_eq!(integer(core.sum_first.val()), i64::from(self.model.first));
        assert_eq!(integer(core.sum_second.val()), i64::from(self.model.second));
    }

    fn compare(&mut self) {
        self.bench.core.take.next = false;
        self.bench.settle();
        let core = &self.bench.core;
        let model = &self.model;
        assert_eq!(integer(core.least.val()), i64::from(model.min));
        assert_eq!(integer(core.greatest.val()), i64::from(model.max));
    }
}

#[test]
fn levels_equal_the_twins_after_every_sample_and_sums_after_every_window() {
    for seed in 21..24 {
        let mut test_bench = TestBench::new(seed);
        for _ in 0..60 {
            let half = 8 << test_bench.random.below(5);
            for sample in 0..2 * half {
                let code = test_bench.random.code();
                test_bench.take(code, sample == 0, sample >= half);
                test_bench.compare();
                while test_bench.random.once_in(3) {
                    test_bench.pause();
                    test_bench.compare();
                }
            }
            test_bench.compare_sums();
        }
    }
}

#[test]
fn the_longest_window_at_full_scale_fits_the_levels() {
    for code in [i16::MIN, i16::MAX] {
        let mut test_bench = TestBench::new(24);
        for sample in 0..1 << 16 {
            test_bench.take(code, sample == 0, sample >= 1 << 15);
        }
        test_bench.compare_sums();
        let sum = i32::from(code) << 15;
        assert_eq!((test_bench.model.first, test_bench.model.second), (sum, sum));
    }
}
