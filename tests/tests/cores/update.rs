//! The update logic against `model::update`: table, loss and flag after every job.

use crate::bench::{raw, signed, unsigned, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::update::Update;
use hge_protocol::frame::SlotSums;
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout};
use hge_protocol::Parameters;
use hge_sim::model::update::{add_step, apply, case_error, step_addition};

/// Kinds of job on the `kind` port.
const CLEAR: u64 = 0;
const ADD_CASE: u64 = 1;
const APPLY: u64 = 2;

/// Registers and sums of one case.
#[derive(Clone, Copy, Debug)]
struct Case {
    number: u32,
    window_log2: u32,
    gradient_shift: u32,
    step_shift: u32,
    first: i32,
    second: i32,
}

struct Rig {
    bench: Bench<Update>,
    random: Stimulus,
    parameters: Parameters,
    layout: TableLayout,
    slots_used: usize,
    /// What the core reads and writes.
    table: Vec<u32>,
    words: Vec<SlotWord>,
    sums: Vec<SlotSums>,
    /// What the twins make of it.
    expected: Vec<u32>,
    loss: u32,
    saturated: bool,
    /// Slots updated, and of these saturated.
    updates: [usize; 2],
}

impl Rig {
    fn new(parameters: Parameters, seed: u64) -> Self {
        let layout = TableLayout::of(&parameters);
        Rig {
            bench: Bench::new(Update::new(&parameters), |core| &mut core.clock),
            random: Stimulus::new(seed),
            parameters,
            layout,
            slots_used: 1,
            table: vec![0; layout.words as usize],
            words: vec![SlotWord::default(); parameters.slots as usize],
            sums: vec![SlotSums::default(); parameters.slots as usize],
            expected: Vec::new(),
            loss: 0,
            saturated: false,
            updates: [0; 2],
        }
    }

    /// Everything that the host writes between two runs.
    fn configure(&mut self) {
        let random = &mut self.random;
        self.slots_used = 1 + random.below(self.words.len());
        for word in &mut self.table {
            *word = random.word() as u32;
        }
        for case in 0..self.parameters.cases {
            let target = CaseTarget {
                target: random.code(),
                weight: random.within(0, 16383) as u16,
                side: random.pick(&[Side::Both, Side::Floor, Side::Ceiling]),
            };
            self.table[(self.layout.case_targets + case) as usize] = target.to_word();
        }
        for slot in 0..self.parameters.slots {
            let factors = [random.code() as u16, random.code() as u16];
            self.table[(self.layout.coefficients + slot) as usize] =
                u32::from(factors[0]) | u32::from(factors[1]) << 16;
        }
        for output in 0..self.parameters.outputs {
            let codes = [random.code() as u16, random.code() as u16];
            self.table[(self.layout.control_limits + output) as usize] =
                u32::from(codes[0]) | u32::from(codes[1]) << 16;
        }
        for word in &mut self.words {
            *word = SlotWord {
                amplitude: random.within(0, 32767) as u16,
                start_phase: random.noise() as u8,
                output: random.below(self.parameters.outputs as usize) as u8,
                drives: !random.once_in(5),
                last: random.once_in(2),
            };
        }
        self.expected = self.table.clone();
    }

    /// A case with sums as large as its window allows.
    fn draw_case(&mut self) -> Case {
        let random = &mut self.random;
        let window_log2 = random.within(4, 16) as u32;
        let most = (32768 * 32767) << window_log2;
        for sums in &mut self.sums {
            sums.in_phase = random.scaled(-most, most);
            sums.quadrature = random.scaled(-most, most);
        }
        let (least, greatest) = (-32768 << (window_log2 - 1), 32767 << (window_log2 - 1));
        Case {
            number: random.below(self.parameters.cases as usize) as u32,
            window_log2,
            gradient_shift: random.within(0, 31) as u32,
            step_shift: random.within(0, 31) as u32,
            first: random.within(least, greatest) as i32,
            second: random.within(least, greatest) as i32,
        }
    }

    /// Starts a job and serves the core's memories until it ends.
    fn job(&mut self, kind: u64) {
        self.bench.core.slots_used.next = raw(self.slots_used as u64);
        self.bench.core.kind.next = raw(kind);
        self.bench.core.start.next = true;
        self.clock();
        self.bench.core.start.next = false;
        self.bench.core.kind.next = raw(self.random.noise());
        for _ in 0..2000 * (self.slots_used + 1) {
            self.bench.settle();
            if !self.bench.core.busy.val() {
                return;
            }
            self.clock();
        }
        panic!("the job does not end");
    }

    fn clock(&mut self) {
        self.bench.settle();
        let core = &self.bench.core;
        let place = unsigned(core.read_address.val()) as usize % self.table.len();
        let slot = unsigned(core.read_slot.val()) as usize % self.words.len();
        let write = core.write.val().then(|| {
            let place = unsigned(core.write_address.val()) as usize % self.table.len();
            (place, unsigned(core.write_data.val()) as u32)
        });
        self.bench.edge();
        let core = &mut self.bench.core;
        core.read_data.next = raw(u64::from(self.table[place]));
        core.word.next = raw(u64::from(self.words[slot].to_word()));
        core.in_phase.next = raw(self.sums[slot].in_phase as u64);
        core.quadrature.next = raw(self.sums[slot].quadrature as u64);
        if let Some((place, data)) = write {
            self.table[place] = data;
        }
    }

    fn compare(&mut self, what: &dyn std::fmt::Debug) {
        let differs = self.table.iter().zip(&self.expected).position(|(one, other)| one != other);
        assert_eq!(differs, None, "word of the table that differs after {what:?}");
        assert_eq!(unsigned(self.bench.core.loss.val()), u64::from(self.loss), "{what:?}");
        assert_eq!(self.bench.core.saturated.val(), self.saturated, "{what:?}");
    }

    fn clear(&mut self) {
        self.job(CLEAR);
        let base = self.layout.steps as usize;
        self.expected[base..base + self.slots_used].fill(0);
        self.saturated = false;
        self.compare(&"clear");
    }

    fn clear_loss(&mut self) {
        self.bench.core.clear_loss.next = true;
        self.clock();
        self.bench.core.clear_loss.next = false;
        self.bench.settle();
        self.loss = 0;
        self.compare(&"clear loss");
    }

    fn add_case(&mut self) {
        let case = self.draw_case();
        let core = &mut self.bench.core;
        core.case_number.next = raw(u64::from(case.number));
        core.window_log2.next = raw(u64::from(case.window_log2));
        core.gradient_shift.next = raw(u64::from(case.gradient_shift));
        core.step_shift.next = raw(u64::from(case.step_shift));
        core.sum_first.next = signed(i64::from(case.first));
        core.sum_second.next = signed(i64::from(case.second));
        self.job(ADD_CASE);
        let target = self.expected[(self.layout.case_targets + case.number) as usize];
        let error = case_error(case.first, case.second, case.window_log2, target);
        self.loss = self.loss.saturating_add(error.loss);
        self.saturated |= error.saturated;
        for slot in (0..self.slots_used).filter(|&slot| self.words[slot].drives) {
            let coefficients = self.expected[self.layout.coefficients as usize + slot];
            let (addition, is_cut) = step_addition(
                self.sums[slot],
                coefficients,
                error.weighted,
                case.window_log2,
                case.gradient_shift,
                case.step_shift,
            );
            let step = &mut self.expected[self.layout.steps as usize + slot];
            let (sum, is_sum_cut) = add_step(*step as i32, addition);
            *step = sum as u32;
            self.saturated |= is_cut || is_sum_cut;
            self.updates[0] += 1;
            self.updates[1] += usize::from(is_cut || is_sum_cut);
        }
        self.compare(&case);
    }

    fn apply(&mut self) {
        self.job(APPLY);
        for slot in 0..self.slots_used {
            let word = self.words[slot];
            let step = self.layout.steps as usize + slot;
            if word.drives {
                let output = u32::from(word.output);
                let control = (self.layout.controls + output) as usize;
                let limits = self.expected[(self.layout.control_limits + output) as usize];
                self.expected[control] =
                    apply(self.expected[control] as i32, self.expected[step] as i32, limits) as u32;
            }
            self.expected[step] = 0;
        }
        self.compare(&"apply");
    }
}

fn agree(parameters: Parameters, runs: usize, seed: u64) {
    let mut rig = Rig::new(parameters, seed);
    for _ in 0..runs {
        rig.configure();
        // Steps of any size stand in the table, so that they saturate both ways.
        if rig.random.once_in(2) {
            rig.apply();
        }
        for _ in 0..3 {
            if rig.random.once_in(2) {
                rig.clear();
            }
            if rig.random.once_in(4) {
                rig.clear_loss();
            }
            rig.add_case();
        }
        rig.apply();
    }
    let [all, cut] = rig.updates;
    assert!(cut > all / 20 && cut < all - all / 20, "{cut} of {all} saturated");
    println!("{} slots: {all} updates, {cut} saturated", parameters.slots);
}

#[test]
fn losses_steps_and_controls_of_few_slots_equal_the_twins() {
    agree(Parameters { slots: 1, outputs: 2, cases: 32, ..Parameters::default() }, 500, 61);
    agree(Parameters { slots: 5, outputs: 3, cases: 4, ..Parameters::default() }, 300, 62);
}

#[test]
fn losses_steps_and_controls_of_the_default_instrument_equal_the_twins() {
    agree(Parameters::default(), 40, 63);
    agree(Parameters::default(), 40, 64);
}

#[test]
fn losses_steps_and_controls_of_the_most_slots_equal_the_twins() {
    agree(Parameters { slots: 256, outputs: 32, ..Parameters::default() }, 12, 65);
}
