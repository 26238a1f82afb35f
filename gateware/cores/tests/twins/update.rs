//! The update in hardware against `model::update`: tables, sums and settings drawn with their extremes.

use crate::bench::{raw, unsigned, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::engine::word;
use hge_gateware::update::{task, Update};
use hge_protocol::frame::SlotSums;
use hge_protocol::table::{SlotWord, TableLayout};
use hge_protocol::Parameters;
use hge_sim::model::update::{add_step, apply, case_error, step_addition, weight};

/// Clocks for which slot and input must stand before a word of the slot scan is valid.
const READ_CLOCKS: usize = 2;

struct TestBench {
    bench: Bench<Update>,
    random: Stimulus,
    parameters: Parameters,
    layout: TableLayout,
    table: Vec<u32>,
    words: Vec<SlotWord>,
    /// `[inputs][slots]`.
    sums: Vec<Vec<SlotSums>>,
    halves: Vec<[i32; 2]>,
    /// Slot and input of the last clocks, the latest first.
    asked: [(usize, usize); READ_CLOCKS],
    targets: Vec<(u64, u32)>,
    window_log2: u32,
    slots: usize,
    shifts: [u32; 2],
    mask: u64,
    costs: bool,
}

impl TestBench {
    fn new(parameters: Parameters, seed: u64) -> Self {
        let layout = TableLayout::of(&parameters);
        let (slots, inputs) = (parameters.slots as usize, parameters.inputs as usize);
        TestBench {
            bench: Bench::new(Update::new(&parameters), |core| &mut core.clock),
            random: Stimulus::new(seed),
            parameters,
            layout,
            table: vec![0; layout.words as usize],
            words: vec![SlotWord::default(); slots],
            sums: vec![vec![SlotSums::default(); slots]; inputs],
            halves: vec![[0; 2]; inputs],
            asked: [(0, 0); READ_CLOCKS],
            targets: Vec::new(),
            window_log2: 4,
            slots,
            shifts: [0; 2],
            mask: 0,
            costs: false,
        }
    }

    fn draw(&mut self) {
        let random = &mut self.random;
        for word in &mut self.table {
            *word = random.word() as u32;
        }
        for word in &mut self.words {
            let drives = !random.once_in(5);
            let output = random.below(self.parameters.outputs as usize) as u8;
            *word = SlotWord { output, drives, ..SlotWord::from_word(random.noise() as u32) };
        }
        self.window_log2 = random.within(4, 16) as u32;
        self.slots = 1 + random.below(self.words.len());
        let most = (32768 * 32767) << self.window_log2;
        for sums in self.sums.iter_mut().flatten() {
            sums.in_phase = random.scaled(-most, most);
            sums.quadrature = random.scaled(-most, most);
        }
        let half = self.window_log2 - 1;
        for halves in self.halves.iter_mut().flatten() {
            *halves = random.within(-32768 << half, 32767 << half) as i32;
        }
        self.shifts = [random.within(0, 31) as u32, random.within(0, 31) as u32];
        self.mask = random.noise();
        self.costs = random.once_in(4);
        let core = &mut self.bench.core;
        core.window_log2.next = raw(self.window_log2.into());
        core.slots_used.next = raw(self.slots as u64);
        core.costs.next = self.costs;
        let [gradient, step] = self.shifts;
        self.bench.core.shifts_write.next = true;
        self.write(gradient | step << 8);
        self.bench.core.shifts_write.next = false;
        let words = 2 * Parameters::mask_words(self.parameters.outputs);
        for word in (0..words).rev() {
            self.bench.core.mask_write.next = true;
            self.write((self.mask >> (16 * word)) as u32);
        }
        self.bench.core.mask_write.next = false;
    }

    fn write(&mut self, data: u32) {
        self.bench.core.data.next = raw(data.into());
        self.bench.tick();
    }

    /// A task whose first word in the table is at `place`; the clocks that it takes.
    fn work(&mut self, task: u8, place: u32) -> u32 {
        self.bench.core.place_write.next = true;
        self.write(place);
        self.bench.core.place_write.next = false;
        self.bench.core.start.next = true;
        self.write(task.into());
        self.bench.core.start.next = false;
        self.bench.core.data.next = raw(self.random.noise());
        for clocks in 0.. {
            self.bench.settle();
            if !self.bench.core.busy.val() {
                return clocks;
            }
            self.clock();
        }
        unreachable!("the task ended or the counter overflowed");
    }

    fn clock(&mut self) {
        let is_ready = !self.random.once_in(3);
        let data = self.engine_word();
        let core = &mut self.bench.core;
        core.target_ready.next = is_ready;
        core.engine_data.next = raw(data.into());
        self.bench.settle();
        let core = &self.bench.core;
        self.asked.rotate_right(1);
        self.asked[0] =
            (unsigned(core.read_slot.val()) as usize, unsigned(core.read_input.val()) as usize);
        if core.target_write.val() && is_ready {
            let target = unsigned(core.target_data.val()) as u32;
            self.targets.push((unsigned(core.target_index.val()), target));
        }
        let place = unsigned(core.read_address.val()) as usize % self.table.len();
        let write = core.write.val().then(|| {
            let place = unsigned(core.write_address.val()) as usize % self.table.len();
            (place, unsigned(core.write_data.val()) as u32)
        });
        self.bench.edge();
        self.bench.core.read_data.next = raw(self.table[place].into());
        if let Some((place, data)) = write {
            self.table[place] = data;
        }
    }

    /// The word that is asked for in this clock, if its slot and input have stood for long enough.
    fn engine_word(&mut self) -> u16 {
        let core = &self.bench.core;
        let slot = unsigned(core.read_slot.val()) as usize;
        let input = unsigned(core.read_input.val()) as usize;
        let stands = self.asked.iter().all(|&asked| asked == (slot, input));
        if !stands || slot >= self.words.len() || input >= self.sums.len() {
            return self.random.noise() as u16;
        }
        let SlotSums { in_phase, quadrature } = self.sums[input][slot];
        let part = |sum: i64, place: u8| (sum >> (16 * place)) as u16;
        match unsigned(core.engine_word.val()) as u8 {
            word::ROUTE => (self.words[slot].to_word() >> 16) as u16,
            place @ word::IN_PHASE..word::QUADRATURE => part(in_phase, place - word::IN_PHASE),
            place @ word::QUADRATURE..16 => part(quadrature, place - word::QUADRATURE),
            place => {
                let place = place - word::SUM_FIRST;
                part(self.halves[input][usize::from(place / 2)].into(), place % 2)
            }
        }
    }

    /// What a case should make of the table; its loss, and whether something saturates.
    fn add(&self, table: &mut [u32], first_target: u32) -> (u32, bool) {
        let (mut loss, mut is_cut) = (0, false);
        for (input, sums) in (0..).zip(&self.sums) {
            let target = table[(first_target + input) as usize];
            let [first, second] = self.halves[input as usize];
            let error = case_error(first, second, self.window_log2, target);
            loss += error.loss;
            is_cut |= error.saturated;
            let factor = if self.costs { weight(target) } else { error.weighted };
            for slot in (0..self.slots).filter(|&slot| self.words[slot].drives) {
                let coefficient = self.layout.coefficient(input, slot as u32) as usize;
                let [gradient, step] = self.shifts;
                let (addition, cut) = step_addition(
                    sums[slot], table[coefficient], factor, self.window_log2, gradient, step,
                );
                let place = self.layout.steps as usize + slot;
                let (sum, cut_again) = add_step(table[place] as i32, addition);
                table[place] = sum as u32;
                is_cut |= cut || cut_again;
            }
        }
        (loss, is_cut)
    }

    fn apply(&self, table: &mut [u32]) {
        for slot in 0..self.slots {
            let step = self.layout.steps as usize + slot;
            if self.words[slot].drives {
                let output = u32::from(self.words[slot].output);
                let control = (self.layout.controls + output) as usize;
                let limits = table[(self.layout.control_limits + output) as usize];
                table[control] = apply(table[control] as i32, table[step] as i32, limits) as u32;
            }
            table[step] = 0;
        }
    }
}

/// Cases compared: those without saturation, and with.
fn agree(parameters: Parameters, tables: usize, seed: u64) -> [usize; 2] {
    let mut bench = TestBench::new(parameters, seed);
    let layout = bench.layout;
    let mut cases = [0; 2];
    for _ in 0..tables {
        bench.draw();
        let mut wanted = bench.table.clone();
        let case = bench.random.below(parameters.cases as usize) as u32;
        let first_target = layout.case_target(case, 0);
        let (loss, is_cut) = bench.add(&mut wanted, first_target);
        let clocks = bench.work(task::ADD, first_target);
        assert_eq!(bench.table, wanted, "steps, seed {seed}");
        assert_eq!(unsigned(bench.bench.core.loss.val()), u64::from(loss));
        assert_eq!(bench.bench.core.is_cut.val(), is_cut);
        assert_eq!(clocks, parameters.inputs * (32 + 12 * bench.slots as u32));
        cases[usize::from(is_cut)] += 1;

        let row = |base: u32, table: &[u32]| {
            table[base as usize..(base + parameters.outputs) as usize].to_vec()
        };
        let controls = row(layout.controls, &wanted);
        let is_best = bench.random.once_in(2);
        bench.work(if is_best { task::KEEP_BEST } else { task::KEEP }, 0);
        if is_best {
            let best = layout.best as usize;
            wanted[best..best + controls.len()].copy_from_slice(&controls);
        }
        assert_eq!(bench.table, wanted, "best, seed {seed}");

        bench.apply(&mut wanted);
        assert_eq!(bench.work(task::APPLY, 0), 12 * bench.slots as u32);
        assert_eq!(bench.table, wanted, "controls, seed {seed}");
        for (output, &control) in controls.iter().enumerate() {
            bench.bench.core.kept_place.next = raw(output as u64);
            bench.bench.tick();
            bench.bench.settle();
            assert_eq!(unsigned(bench.bench.core.kept.val()), u64::from(control));
        }

        bench.work(task::KEPT_BEST, 0);
        let best = layout.best as usize;
        wanted[best..best + controls.len()].copy_from_slice(&controls);
        assert_eq!(bench.table, wanted, "best from what was kept, seed {seed}");

        for step in layout.steps..layout.steps + bench.slots as u32 {
            bench.table[step as usize] = bench.random.word() as u32;
        }
        bench.work(task::CLEAR, 0);
        let steps = layout.steps as usize;
        wanted[steps..steps + bench.slots].fill(0);
        assert_eq!(bench.table, wanted, "steps cleared, seed {seed}");

        let case = bench.random.below(parameters.cases as usize) as u32;
        bench.targets.clear();
        bench.work(task::TARGETS, layout.case_input(case, 0));
        let targets: Vec<(u64, u32)> = (0..parameters.outputs)
            .map(|output| {
                let code = wanted[layout.case_input(case, output) as usize];
                let control = wanted[(layout.controls + output) as usize];
                let is_input = bench.mask >> output & 1 == 1;
                (output.into(), if is_input { code << 16 } else { control })
            })
            .collect();
        assert_eq!(bench.targets, targets);

        let start = bench.random.below(parameters.starts as usize) as u32;
        let from = layout.start_control(start, 0);
        bench.work(task::START, from);
        for (output, code) in (0..).zip(row(from, &wanted)) {
            wanted[(layout.controls + output) as usize] = code << 16;
        }
        assert_eq!(bench.table, wanted, "start, seed {seed}");
        bench.work(task::BEST, 0);
        let best = row(layout.best, &wanted);
        let at = layout.controls as usize;
        wanted[at..at + best.len()].copy_from_slice(&best);
        assert_eq!(bench.table, wanted, "best, seed {seed}");
    }
    cases
}

#[test]
fn loss_steps_and_controls_of_random_cases_equal_the_twin() {
    let [sound, cut] =
        agree(Parameters { slots: 1, outputs: 2, cases: 32, ..Parameters::default() }, 150, 81);
    assert!(sound > 30 && cut > 30, "{sound} cases without saturation, {cut} with");
    agree(Parameters { slots: 5, outputs: 3, inputs: 3, ..Parameters::default() }, 60, 82);
    agree(Parameters { slots: 24, inputs: 8, outputs: 64, ..Parameters::default() }, 8, 83);
    agree(Parameters { slots: 128, cases: 2, ..Parameters::default() }, 8, 84);
}
