//! The slot scan, pipelined and stepped, against the models of its parts: `model::nco`, the rule of the tones, `model::lockin`.

use crate::bench::{integer, raw, signed, unsigned, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::engine::{word, Engine, Pass, Pipelined, Stepped};
use hge_protocol::table::{SlotWord, CHIPS};
use hge_protocol::{Parameters, Update};
use hge_sim::model::lockin::Lockin;
use hge_sim::model::nco::{Code, Oscillator, Wave};

/// Clocks of the output scan for an output, and the one in which its tone stands.
const OUTPUT_CLOCKS: usize = 8;
const TONE_AT: usize = 5;
/// Clocks from the beginning of a sample after which the first lock-in's signal stands.
const SIGNAL_AFTER: usize = 5;
/// A clock at which memories are late.
const LATE_HZ: u32 = 90_000_000;
/// Bit 13 of the routing word that is read is undefined.
const ROUTE_BITS: u16 = !(1 << 13);

/// State of a sample.
#[derive(Clone, Copy, Default)]
struct Sample {
    tones: bool,
    restart: bool,
    gate: bool,
    take: bool,
    first: bool,
    second_half: bool,
}

struct TestBench<P: Pass> {
    bench: Bench<Engine<P>>,
    random: Stimulus,
    parameters: Parameters,
    words: Vec<SlotWord>,
    tunings: Vec<u32>,
    rows: [u8; CHIPS],
    oscillators: Vec<Oscillator>,
    /// Tones of the sample before, of the outputs that have slots; none without a scan.
    tones: Option<Vec<Option<i32>>>,
    /// Of every input; and those of the window before.
    lockins: Vec<Lockin>,
    before: Option<Vec<Lockin>>,
    /// Tones compared.
    compared: usize,
}

impl<P: Pass> TestBench<P> {
    fn new(parameters: Parameters, slots_used: usize, seed: u64) -> Self {
        let mut bench = Bench::new(Engine::<P>::new(&parameters), |core| &mut core.clock);
        bench.core.slots_used.next = raw(slots_used as u64);
        TestBench {
            bench,
            random: Stimulus::new(seed),
            words: vec![SlotWord::default(); slots_used],
            tunings: vec![0; slots_used],
            rows: [0; CHIPS],
            oscillators: vec![Oscillator::default(); slots_used],
            tones: None,
            lockins: vec![Lockin::new(slots_used); parameters.inputs as usize],
            before: None,
            compared: 0,
            parameters,
        }
    }

    /// The index and the data stand for two clocks more.
    fn write(&mut self, index: usize, data: u32) {
        self.bench.core.slot_index.next = raw(index as u64);
        self.bench.core.slot_data.next = raw(u64::from(data));
        self.bench.tick();
        let core = &mut self.bench.core;
        core.tuning_write.next = false;
        core.slot_write.next = false;
        core.code_write.next = false;
        self.bench.tick();
        self.bench.core.slot_data.next = raw(self.random.noise());
        self.bench.tick();
    }

    fn write_slot(&mut self, slot: usize, word: SlotWord, tuning: u32) {
        self.bench.core.slot_write.next = true;
        self.write(slot, word.to_word());
        self.bench.core.tuning_write.next = true;
        self.write(slot, tuning);
    }

    /// What the host writes before a run: outputs in a random order, each with one to three slots.
    fn configure(&mut self) {
        let outputs = self.parameters.outputs as usize;
        let mut order = self.random.order(outputs).into_iter();
        let mut left = 0;
        let mut output = 0;
        for slot in 0..self.words.len() {
            if left == 0 {
                output = order.next().unwrap_or(output);
                // What no other output is left for goes to the last one.
                let rest = self.words.len() - slot;
                left = if order.len() == 0 { rest } else { rest.min(1 + self.random.below(3)) };
            }
            left -= 1;
            let random = &mut self.random;
            let noise = random.noise() as u8;
            self.words[slot] = SlotWord {
                amplitude: random.within(0, 32767) as u16,
                start_phase: random.pick(&[0, 0, 128, noise]),
                is_code: random.once_in(4),
                output: output as u8,
                drives: !random.once_in(4),
                last: left == 0,
            };
            // Fast enough to pass zero within a window now and then.
            self.tunings[slot] = random.noise() as u32 >> random.below(6);
            self.write_slot(slot, self.words[slot], self.tunings[slot]);
        }
        // Slots that are not in use are not scanned, whatever they hold.
        for slot in self.words.len()..self.parameters.slots as usize {
            let output = self.random.below(outputs) as u8;
            let word = SlotWord { amplitude: 32767, output, drives: true, ..SlotWord::default() };
            let tuning = self.random.noise() as u32;
            self.write_slot(slot, word, tuning);
        }
        for chip in 0..CHIPS {
            self.rows[chip] = self.random.noise() as u8;
            self.bench.core.code_write.next = true;
            self.write(chip, self.rows[chip].into());
        }
    }

    /// The wave of every slot in this sample, as the models have it.
    fn waves(&mut self, sample: Sample) -> Vec<Wave> {
        let Sample { restart, gate, .. } = sample;
        let latency_samples = self.parameters.loop_latency_samples();
        let has_codes = self.parameters.carriers.has_codes();
        let slots = self.words.iter().zip(&self.tunings).zip(&mut self.oscillators);
        slots
            .map(|((slot, &tuning), oscillator)| match slot.is_code && has_codes {
                true => {
                    let code = Code { rows: &self.rows, number: slot.start_phase, latency_samples };
                    oscillator.step_code(tuning, code, restart, gate)
                }
                false => oscillator.step(tuning, slot.start_phase, restart, gate),
            })
            .collect()
    }

    /// Sums of the slots that drive and sound, up to the last one of each output.
    fn mixed(&self, waves: &[Wave]) -> Vec<Option<i32>> {
        let mut tones = vec![None; self.parameters.outputs as usize];
        let mut sum = 0_i32;
        for (slot, wave) in self.words.iter().zip(waves) {
            if slot.drives && wave.active {
                sum = sum.wrapping_add(i32::from(slot.amplitude) * i32::from(wave.sine));
            }
            if slot.last {
                tones[usize::from(slot.output)] = Some(std::mem::take(&mut sum));
            }
        }
        tones
    }

    /// Adds the sample's codes to sums and statistics.
    fn accumulate(&mut self, sample: Sample, waves: &[Wave], codes: &[i16], signal: i16) {
        if sample.first {
            self.before = Some(self.lockins.clone());
            self.lockins.iter_mut().for_each(Lockin::clear);
        }
        let is_pipelined = self.parameters.slot_clocks == 1;
        for (input, (lockin, &code)) in self.lockins.iter_mut().zip(codes).enumerate() {
            lockin.level(std::iter::once(code), usize::from(!sample.second_half));
            let taken = i64::from(if input == 0 && is_pipelined { signal } else { code });
            for (sums, wave) in lockin.sums.iter_mut().zip(waves) {
                sums.in_phase += taken * i64::from(wave.sine);
                sums.quadrature += taken * i64::from(wave.cosine);
            }
        }
    }

    /// Clocks of a sample, to the end of its scan.
    fn clocks(&self) -> usize {
        let Parameters { outputs, inputs, slot_clocks, .. } = self.parameters;
        let outputs_clocks = OUTPUT_CLOCKS * (outputs as usize + 1);
        let slots = self.words.len().min(self.parameters.lane_slots() as usize);
        let (inputs, slot_clocks) = (inputs as usize, slot_clocks as usize);
        match slot_clocks {
            1 => outputs_clocks.max(slots + 12),
            _ => outputs_clocks + 8 * inputs + slots * (slot_clocks + 6 * (inputs - 1)) + 4,
        }
    }

    /// One sample: the output scan reads the tones of the one before, the slots are scanned.
    fn sample(&mut self, sample: Sample) {
        let inputs = self.lockins.len();
        let codes: Vec<i16> = (0..inputs).map(|_| self.random.code()).collect();
        let signal = self.random.code();
        let waves = if sample.tones { self.waves(sample) } else { Vec::new() };
        if sample.take {
            self.accumulate(sample, &waves, &codes, signal);
        }
        let core = &mut self.bench.core;
        core.tones.next = sample.tones;
        core.restart.next = sample.restart;
        core.gate.next = sample.gate;
        core.take.next = sample.take;
        core.first.next = sample.first;
        core.second_half.next = sample.second_half;
        for (port, &code) in core.samples.iter_mut().zip(&codes) {
            port.next = signed(code.into());
        }
        let outputs = self.parameters.outputs as usize;
        let clocks = self.clocks() + self.random.below(4);
        // The sines of one lane are seen.
        let lane_slots = self.parameters.lane_slots() as usize;
        let shown = self.random.below(self.words.len());
        let (mut scanned, first) = (0, shown - shown % lane_slots);
        self.bench.core.shown_slot.next = raw(shown as u64);
        for clock in 0..clocks {
            let noise = self.random.noise();
            // The output scan begins a clock after the sample, and is done in the clock after it.
            let (output, step) =
                (clock.wrapping_sub(1) / OUTPUT_CLOCKS, clock.wrapping_sub(1) % OUTPUT_CLOCKS);
            let core = &mut self.bench.core;
            core.begin.next = clock == 0;
            core.outputs_done.next = clock == OUTPUT_CLOCKS * (outputs + 1);
            core.read_output.next = raw(if output < outputs { output as u64 } else { noise });
            let stands = clock >= SIGNAL_AFTER;
            core.signal.next = signed(if stands { signal.into() } else { noise as i64 });
            core.read_slot.next = raw(noise >> 8);
            core.read_input.next = raw(noise >> 16);
            core.read_word.next = raw(noise >> 24);
            self.bench.settle();
            let core = &self.bench.core;
            if step == TONE_AT && output < outputs {
                assert_eq!(core.tones_fresh.val(), self.tones.is_some());
                if let Some(tone) = self.tones.as_ref().and_then(|tones| tones[output]) {
                    assert_eq!(integer(core.tone.val()), i64::from(tone), "output {output}");
                    self.compared += 1;
                }
            }
            if core.sine_valid.val() {
                let slot = first + scanned;
                assert_eq!(unsigned(core.sine_slot.val()), slot as u64);
                assert_eq!(integer(core.sine.val()), i64::from(waves[slot].sine));
                scanned += 1;
            }
            self.bench.edge();
        }
        assert_eq!(scanned, waves.len().saturating_sub(first).min(lane_slots));
        self.bench.settle();
        let mut slots = self.words.iter().zip(&self.oscillators);
        let sounds = slots.any(|(slot, oscillator)| slot.drives && oscillator.active);
        assert_eq!(self.bench.core.sounding.val(), sample.tones && sounds);
        self.tones = sample.tones.then(|| self.mixed(&waves));
    }

    /// A word of the read-out between scans.
    fn read(&mut self, slot: usize, input: usize, word: u8) -> u16 {
        let core = &mut self.bench.core;
        core.read_slot.next = raw(slot as u64);
        core.read_input.next = raw(input as u64);
        core.read_word.next = raw(word.into());
        self.bench.tick();
        self.bench.tick();
        self.bench.core.read.next = true;
        for _ in 0..4 {
            self.bench.settle();
            let core = &self.bench.core;
            let found = core.read_ready.val().then(|| unsigned(core.read_data.val()) as u16);
            self.bench.edge();
            if let Some(data) = found {
                self.bench.core.read.next = false;
                self.bench.tick();
                return data;
            }
        }
        panic!("word {word} is not read");
    }

    /// Low word first.
    fn read_words(&mut self, slot: usize, input: usize, first: u8, words: u8) -> i64 {
        let value = (0..words)
            .rev()
            .fold(0, |value, word| value << 16 | u64::from(self.read(slot, input, first + word)));
        let unused = 64 - 16 * u32::from(words);
        (value << unused) as i64 >> unused
    }

    /// Everything that can be read of the window in bank `bank`.
    fn compare_window(&mut self, lockins: &[Lockin], bank: usize) {
        for (input, lockin) in lockins.iter().enumerate() {
            let first = self.read_words(bank, input, word::SUM_FIRST, 2);
            let second = self.read_words(bank, input, word::SUM_SECOND, 2);
            assert_eq!((first, second), (lockin.first.into(), lockin.second.into()));
            let least = self.read(bank, input, word::EXTREMES) as i16;
            let greatest = self.read(bank, input, word::EXTREMES + 1) as i16;
            assert_eq!((least, greatest), (lockin.min, lockin.max));
            for (slot, sums) in lockin.sums.iter().enumerate() {
                let in_phase = self.read_words(slot | bank, input, word::IN_PHASE, 3);
                let quadrature = self.read_words(slot | bank, input, word::QUADRATURE, 3);
                assert_eq!((in_phase, quadrature), (sums.in_phase, sums.quadrature), "{slot}");
            }
        }
    }

    fn compare(&mut self) {
        for slot in 0..self.words.len() {
            let route = (self.words[slot].to_word() >> 16) as u16;
            let read = self.read(slot, self.lockins.len() - 1, word::ROUTE);
            assert_eq!(read & ROUTE_BITS, route & ROUTE_BITS, "slot {slot}");
        }
        let lockins = self.lockins.clone();
        self.compare_window(&lockins, 0);
        if let Some(before) = self.before.take().filter(|_| self.parameters.update.is_hardware()) {
            self.compare_window(&before, 128);
        }
    }

    /// Lead-in, window and tail, then samples without a scan.
    fn window(&mut self, is_first: bool) {
        let on = Sample { tones: true, gate: true, ..Sample::default() };
        // Tones run on from the window before now and then.
        let restart = is_first || !self.random.once_in(3);
        self.sample(Sample { restart, ..on });
        for _ in 0..self.random.below(4) {
            self.sample(on);
        }
        let half = 1 << self.random.below(4);
        for n in 0..2 * half {
            let gate = !self.random.once_in(4);
            self.sample(Sample { take: true, first: n == 0, second_half: n >= half, gate, ..on });
        }
        for _ in 0..2 {
            self.sample(Sample { gate: false, ..on });
        }
        for _ in 0..self.random.below(2) {
            self.sample(Sample::default());
        }
        if is_first {
            // Of another configuration, or of none.
            self.before = None;
        }
        self.compare();
    }
}

fn agree<P: Pass>(parameters: Parameters, slots_used: usize, runs: usize, seed: u64) {
    let mut test_bench = TestBench::<P>::new(parameters, slots_used, seed);
    for _ in 0..runs {
        test_bench.configure();
        for window in 0..3 {
            test_bench.window(window == 0);
        }
    }
    assert!(test_bench.compared > 10 * runs, "{} tones", test_bench.compared);
}

#[test]
fn scans_of_the_pipelined_engine_equal_the_twins() {
    agree::<Pipelined>(Parameters { slots: 5, outputs: 3, ..Parameters::default() }, 4, 3, 91);
    agree::<Pipelined>(Parameters::default(), 24, 1, 92);
    agree::<Pipelined>(Parameters { inputs: 3, ..Parameters::default() }, 6, 1, 93);
}

#[test]
fn scans_of_the_pipelined_engine_with_late_memories_equal_the_twins() {
    let late = Parameters { clock_hz: LATE_HZ, ..Parameters::default() };
    agree::<Pipelined>(Parameters { slots: 5, outputs: 3, ..late }, 5, 3, 94);
    agree::<Pipelined>(Parameters { inputs: 2, ..late }, 17, 1, 95);
}

#[test]
fn scans_of_the_pipelined_engine_with_two_banks_equal_the_twins() {
    let update = Update::Hardware;
    let banked = Parameters { slots: 5, outputs: 3, inputs: 2, update, ..Parameters::default() };
    agree::<Pipelined>(banked, 5, 3, 96);
    agree::<Pipelined>(Parameters { clock_hz: LATE_HZ, ..banked }, 3, 3, 97);
}

#[test]
fn scans_of_lanes_side_by_side_equal_the_twins() {
    let two = Parameters { slots: 16, lanes: 2, outputs: 6, ..Parameters::default() };
    agree::<Pipelined>(two, 13, 2, 102);
    // Lanes without a slot in use.
    agree::<Pipelined>(Parameters { lanes: 8, inputs: 2, ..two }, 5, 2, 103);
    // Outputs that lie in several lanes.
    agree::<Pipelined>(Parameters { lanes: 4, outputs: 2, clock_hz: LATE_HZ, ..two }, 16, 2, 104);
    agree::<Pipelined>(Parameters { update: Update::Hardware, ..two }, 16, 2, 105);
    agree::<Pipelined>(Parameters { slots: 256, lanes: 4, ..two }, 251, 1, 106);
}

#[test]
fn scans_of_the_stepped_engine_equal_the_twins() {
    let little = Parameters { slots: 5, outputs: 3, ..Parameters::default() };
    agree::<Stepped>(little.in_steps(), 4, 2, 98);
    agree::<Stepped>(Parameters { inputs: 3, ..little }.in_steps(), 5, 1, 99);
    agree::<Stepped>(Parameters { clock_hz: LATE_HZ, ..little }.in_steps(), 5, 2, 100);
    agree::<Stepped>(Parameters::default().in_steps(), 24, 1, 101);
}
