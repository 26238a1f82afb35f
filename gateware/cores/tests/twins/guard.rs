//! The guard against `model::guard::judge`.

use crate::bench::{integer, raw, signed, unsigned, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::guard::Guard;
use hge_sim::model::guard::{judge, Limits, Verdict};

/// Clocks of the modulator's pass an output.
const STEPS: u64 = 8;

struct TestBench {
    bench: Bench<Guard>,
    random: Stimulus,
    limits: Vec<Limits>,
    codes: Vec<i16>,
    /// Greatest step.
    step: u16,
    /// Judged, of these clamped, of these limited.
    judged: [usize; 3],
}

impl TestBench {
    fn new(outputs: u32, seed: u64) -> Self {
        TestBench {
            bench: Bench::new(Guard::new(outputs), |core| &mut core.clock),
            random: Stimulus::new(seed),
            limits: vec![Limits::default(); outputs as usize],
            codes: vec![0; outputs as usize],
            step: 0,
            judged: [0; 3],
        }
    }

    /// New limits of one output, crossed in about every second.
    fn set_limits(&mut self, output: usize) {
        let random = &mut self.random;
        let limits = Limits { low: random.code(), high: random.code(), safe: random.code() };
        self.limits[output] = limits;
        for (field, code) in [limits.low, limits.high, limits.safe].into_iter().enumerate() {
            let core = &mut self.bench.core;
            core.host_write.next = true;
            core.host_address.next = raw(4 * output as u64 + field as u64);
            core.host_data.next = signed::<16>(i64::from(code)).inner();
            self.bench.tick();
        }
        self.bench.core.host_write.next = false;
    }

    /// One clock of the modulator's pass; `reported` is the verdict on the output before.
    fn clock(&mut self, output: usize, step: u64, wanted: i16, reported: Option<Verdict>) {
        let noise = self.random.noise() as i64;
        let core = &mut self.bench.core;
        core.running.next = true;
        core.step.next = raw(step);
        core.index.next = raw(output as u64);
        core.step_limit.next = raw(if step == 4 { u64::from(self.step) } else { noise as u64 });
        core.code.next = signed(if step == 7 { i64::from(wanted) } else { noise });
        self.bench.settle();
        let core = &self.bench.core;
        let seen = core.dac_write.val().then(|| {
            assert_eq!(unsigned(core.dac_index.val()) + 1, output as u64);
            let code = integer(core.dac_code.val()) as i16;
            Verdict { code, clamped: core.clamped.val(), limited: core.limited.val() }
        });
        assert_eq!(core.step_request.val(), step == 3);
        assert_eq!(seen, reported.filter(|_| step == 6), "output before {output}, step {step}");
        if let Some(&last) = self.codes.get(output).filter(|_| step == 4) {
            assert_eq!(integer(core.last_code.val()), i64::from(last));
        }
        self.bench.edge();
    }

    /// One sample.
    fn pass(&mut self) {
        let armed = !self.random.once_in(4);
        let step_limit = self.random.scaled(0, 65535) as u16;
        let safe_step = self.random.scaled(0, 65535) as u16;
        let core = &mut self.bench.core;
        core.armed.next = armed;
        core.tick.next = true;
        core.running.next = false;
        self.bench.tick();
        self.bench.core.tick.next = false;
        let step = if armed { step_limit } else { safe_step };
        self.step = step;
        let mut cut = false;
        let mut reported = None;
        for output in 0..self.codes.len() {
            let wanted = self.random.code();
            for clock in 0..STEPS {
                self.clock(output, clock, wanted, reported);
            }
            let verdict = judge(wanted, self.codes[output], self.limits[output], armed, step);
            self.codes[output] = verdict.code;
            cut |= verdict.limited;
            let facts = [true, verdict.clamped, verdict.limited];
            self.judged.iter_mut().zip(facts).for_each(|(count, fact)| *count += usize::from(fact));
            reported = Some(verdict);
        }
        for clock in 0..7 {
            self.clock(self.codes.len(), clock, 0, reported);
        }
        self.bench.core.running.next = false;
        self.bench.settle();
        assert_eq!(self.bench.core.cut.val(), cut);
        assert!(!self.bench.core.dac_write.val());
        self.bench.edge();
    }
}

fn agree(outputs: u32, samples: usize, seed: u64) {
    let mut test_bench = TestBench::new(outputs, seed);
    // At power-up all limits are zero: mid-scale, whatever is wanted.
    test_bench.pass();
    assert_eq!(test_bench.codes, vec![0; outputs as usize]);
    for _ in 0..samples {
        for _ in 0..test_bench.random.below(4) {
            let output = test_bench.random.below(outputs as usize);
            test_bench.set_limits(output);
        }
        test_bench.pass();
    }
    let [all, clamped, limited] = test_bench.judged;
    println!("{outputs} outputs: {all} codes, {clamped} clamped, {limited} limited");
    for some in [clamped, limited] {
        assert!(some > all / 10 && some < all - all / 10, "the limits act too seldom or too often");
    }
}

#[test]
fn verdicts_on_few_outputs_equal_the_twins() {
    agree(2, 4000, 51);
    agree(5, 2000, 52);
}

#[test]
fn verdicts_on_the_default_outputs_equal_the_twins() {
    agree(8, 3000, 53);
}

#[test]
fn verdicts_on_the_most_outputs_equal_the_twins() {
    agree(32, 500, 54);
    agree(64, 250, 55);
}
