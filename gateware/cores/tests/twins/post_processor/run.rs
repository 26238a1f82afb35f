//! Runs: what the post-processor should make of every window, from the models of the update.

mod comparison;
mod twin;

use super::test_bench::{TestBench, END, RUN, WINDOW};
use crate::bench::raw;
use crate::stimulus::Stimulus;
use hge_protocol::frame::{flag, End, EndReason, Record, Window};
use hge_protocol::registers::{self as map, gap, mode};
use hge_protocol::table::{CaseTarget, Side, SlotWord};
use hge_protocol::Parameters;

/// Registers of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Settings {
    window_log2: u32,
    gradient_shift: u32,
    step_shift: u32,
    slots: u32,
    cases: u32,
    starts: u32,
    epochs: u32,
    standalone: bool,
    compact: bool,
    loss_stop: u32,
    input_mask: u64,
    continuous: bool,
    /// Responses are slopes of a cost.
    costs: bool,
    draw: Draw,
}

/// How large what a run meets is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Draw {
    #[default]
    Any,
    /// Steps seldom saturate, though new controls may lie beyond their limits and beyond 32 bits.
    Gentle,
    /// Every case and input adds the greatest loss there is.
    Greatest,
}

/// Where the run is.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    case: u32,
    epoch: u32,
    start: u32,
    loss: u32,
    best_loss: u32,
    best_start: u32,
    last_pass: bool,
    saturated: bool,
    over: Option<EndReason>,
    /// Continuous mode: the present window is followed by another with tones on; and follows one.
    flows: bool,
    flowed: bool,
}

/// Runs of one post-processor.
pub struct Run {
    test_bench: TestBench,
    /// Draws which records are compact, and how large their sums are.
    compact: Stimulus,
    settings: Settings,
    at: At,
    /// Sample before its first.
    began: u32,
    /// What the table should hold, and the controls of the present window.
    table: Vec<u32>,
    kept: Vec<u32>,
    /// Slots updated, and of these saturated.
    pub updates: [usize; 2],
    /// Controls that would have left 32 bits in runs in which nothing had saturated.
    pub overshot: usize,
    /// Rows that the host wrote during runs.
    pub rows: usize,
    /// Losses that saturated.
    pub greatest_losses: usize,
    /// Runs that ended: complete in the host's loop, complete standalone, with a low loss.
    pub ways: [usize; 3],
    /// Windows that another followed with tones on, in the host's loop and standalone.
    pub flowed: [usize; 2],
}

impl Run {
    pub fn new(parameters: Parameters, seed: u64) -> Self {
        Run {
            test_bench: TestBench::new(parameters, seed),
            compact: Stimulus::new(!seed),
            settings: Settings::default(),
            at: At::default(),
            began: 0,
            table: Vec::new(),
            kept: Vec::new(),
            updates: [0; 2],
            overshot: 0,
            greatest_losses: 0,
            rows: 0,
            ways: [0; 3],
            flowed: [0; 2],
        }
    }

    /// Everything that the host writes between two runs.
    pub fn configure(&mut self, draw: Draw) {
        let (parameters, layout) = (self.test_bench.parameters, self.test_bench.layout);
        let random = &mut self.test_bench.random;
        for word in &mut self.test_bench.table {
            *word = random.word() as u32;
        }
        let targets = layout.case_targets..layout.case_target(parameters.cases, 0);
        for index in targets {
            let target = CaseTarget {
                target: random.code(),
                weight: random.within(0, 16383) as u16,
                side: random.pick(&[Side::Both, Side::Floor, Side::Ceiling]),
            };
            let target = match draw {
                Draw::Any => target,
                // Errors of 16 bits, weighted by 1.
                Draw::Gentle => {
                    CaseTarget { target: target.target / 2, weight: 8192, side: Side::Both }
                }
                Draw::Greatest => CaseTarget { target: i16::MAX, weight: 16383, side: Side::Both },
            };
            self.test_bench.table[index as usize] = target.to_word();
        }
        for word in &mut self.test_bench.words {
            *word = SlotWord {
                amplitude: random.within(0, 32767) as u16,
                start_phase: random.noise() as u8,
                output: random.below(parameters.outputs as usize) as u8,
                drives: !random.once_in(5),
                last: random.once_in(2),
                is_code: random.once_in(2),
            };
        }
        let settings = Settings {
            window_log2: random.within(4, 16) as u32,
            gradient_shift: random.within(0, 31) as u32,
            step_shift: random.within(0, 31) as u32,
            slots: 1 + random.below(parameters.slots as usize) as u32,
            cases: 1 + random.below(parameters.cases.min(4) as usize) as u32,
            starts: 1 + random.below(2) as u32,
            epochs: random.below(3) as u32,
            standalone: !random.once_in(4),
            compact: self.compact.once_in(2),
            loss_stop: if random.once_in(3) { u32::MAX >> random.below(32) } else { 0 },
            input_mask: random.noise(),
            continuous: false,
            costs: parameters.has_cost() && self.compact.once_in(2),
            draw,
        };
        let settings = match draw {
            Draw::Any => settings,
            // Responses of 30 bits, times an error of 16, less 11: steps seldom have more than 32.
            Draw::Gentle => {
                Settings { gradient_shift: 17, step_shift: 11, standalone: true, ..settings }
            }
            Draw::Greatest => Settings {
                cases: parameters.cases,
                starts: 1,
                epochs: 1,
                standalone: true,
                ..settings
            },
        };
        let is_hardware = parameters.update.is_hardware();
        let asks = is_hardware && self.compact.once_in(2);
        let settings = if asks && self.compact.once_in(2) {
            let standalone = settings.standalone && !self.compact.once_in(3);
            Settings { cases: 1, epochs: settings.epochs + 3, standalone, ..settings }
        } else {
            settings
        };
        let settings = Settings { continuous: asks && settings.cases == 1, ..settings };
        self.settings = settings;
        let gap_word = if asks { gap::CONTINUOUS | self.compact.noise() as u32 } else { 0 };
        self.test_bench.settings[usize::from(map::GAP)] = gap_word;
        self.table = self.test_bench.table.clone();
        let mode = mode::PERTURB
            | if settings.standalone { mode::STANDALONE } else { 0 }
            | if settings.compact { mode::COMPACT } else { 0 }
            | if settings.costs { mode::COST } else { 0 };
        // What is not in the table is confined to it.
        let beyond = |random: &mut Stimulus, used: u32, most: u32| match used {
            1 if random.once_in(2) => 0,
            _ if used == most && random.once_in(2) => 63,
            _ => used,
        };
        let cases = beyond(&mut self.test_bench.random, settings.cases, parameters.cases);
        let starts = beyond(&mut self.test_bench.random, settings.starts, parameters.starts);
        for (address, value) in [
            (map::CASES_USED, cases),
            (map::STARTS_USED, starts),
            (map::EPOCHS, settings.epochs),
            (map::GRADIENT_SHIFT, settings.gradient_shift),
            (map::STEP_SHIFT, settings.step_shift),
            (map::LOSS_STOP, settings.loss_stop),
            (map::INPUT_MASK, settings.input_mask as u32),
            (map::INPUT_MASK_HIGH, (settings.input_mask >> 32) as u32),
        ] {
            self.test_bench.settings[usize::from(address)] = value;
        }
        let core = &mut self.test_bench.bench.core;
        core.window_log2.next = raw(settings.window_log2.into());
        core.slots_used.next = raw(settings.slots.into());
        core.mode.next = raw(mode.into());
    }

    /// A run from its beginning to its end.
    pub fn go(&mut self) {
        self.began = self.test_bench.random.noise() as u32;
        self.test_bench.bench.core.began.next = raw(self.began.into());
        let result = self.test_bench.job(RUN);
        // What the next run will begin with.
        self.test_bench.bench.core.began.next = raw(self.test_bench.random.noise() & 0xffff_ffff);
        self.at = At { best_loss: u32::MAX, ..At::default() };
        self.clear_steps();
        if self.settings.standalone {
            self.load_start();
        } else if self.settings.continuous {
            self.load_last_row();
        }
        self.kept = self.controls();
        let targets = self.targets();
        self.look_ahead();
        self.compare(result, &[], 0, &targets);
        while self.at.over.is_none() {
            self.window();
        }
        let reason = self.at.over.unwrap_or(EndReason::Complete);
        self.ways[usize::from(self.settings.standalone) + usize::from(reason.code())] += 1;
        let sample_clock = self.test_bench.random.noise() as u32;
        self.test_bench.bench.core.marked.next = raw(self.began.wrapping_add(sample_clock).into());
        self.test_bench.bench.core.reason.next = raw(reason.code().into());
        let At { best_loss, best_start, .. } = self.at;
        let end =
            Record::End(End { reason, best_start: best_start as u8, best_loss, sample_clock });
        let number = self.test_bench.number;
        assert_eq!(self.test_bench.job(END).frames, [end.to_words(number)]);
    }

    fn window(&mut self) {
        let windows = self.draw_windows();
        let is_first = self.at.case == 0;
        let number = self.test_bench.number;
        let is_host_s = self.at.flows && !self.settings.standalone;
        if is_host_s && self.compact.once_in(2) {
            self.write_row();
        }
        let result = self.test_bench.job(WINDOW);
        assert!(result.recorded);
        if is_host_s {
            self.load_last_row();
        }
        let loaded = self.targets();
        self.at.flowed = self.at.flows;
        let (epoch, targets) = if self.at.flows {
            (self.flow(&windows), loaded)
        } else {
            let epoch = self.step(&windows);
            self.kept = self.controls();
            (epoch, self.targets())
        };
        self.look_ahead();
        let records = windows.into_iter().map(Record::Window).chain(epoch);
        let frames: Vec<Vec<u32>> =
            (number..).zip(records).map(|(number, record)| record.to_words(number)).collect();
        assert_eq!(result.over, self.at.over.map(|reason| reason.code().into()));
        self.compare(result, &frames, usize::from(is_first), &targets);
    }

    /// The host writes a row of controls during a run, and that it is the last one in use.
    fn write_row(&mut self) {
        let parameters = self.test_bench.parameters;
        self.settings.starts = 1 + self.compact.below(parameters.starts as usize) as u32;
        let row = self.test_bench.layout.start_control(self.settings.starts - 1, 0) as usize;
        for place in row..row + parameters.outputs as usize {
            let code = self.compact.code();
            self.table[place] = code as u16 as u32;
            self.test_bench.table[place] = code as u16 as u32;
        }
        let used = &mut self.test_bench.settings[usize::from(map::STARTS_USED)];
        // Of many rows the last there is.
        *used = match self.settings.starts {
            starts if starts == parameters.starts && self.compact.once_in(2) => 63,
            starts => starts,
        };
        self.rows += 1;
    }

    /// A window of every input with sums as large as its length allows.
    fn draw_windows(&mut self) -> Vec<Window> {
        let settings = self.settings;
        // One exponent for all sums of a compact record: it is drawn, not left to the largest of many.
        let less = if settings.compact { self.compact.below(44) } else { 0 };
        let most = (32768 * 32767) << settings.window_log2;
        let random = &mut self.test_bench.random;
        for sums in self.test_bench.sums.iter_mut().flatten() {
            let mut draw = || match settings.draw {
                Draw::Gentle => random.within(-most, most),
                _ => random.scaled(-most, most),
            };
            (sums.in_phase, sums.quadrature) = (draw() >> less, draw() >> less);
        }
        let half = settings.window_log2 - 1;
        let (least, greatest) = match settings.draw {
            Draw::Any => (-32768 << half, 32767 << half),
            Draw::Gentle => (-16384 << half, 16383 << half),
            Draw::Greatest => (-32768 << half, -32768 << half),
        };
        let levels: Vec<[i64; 4]> = (0..self.test_bench.sums.len())
            .map(|_| {
                let sums = [random.within(least, greatest), random.within(least, greatest)];
                [sums[0], sums[1], random.code().into(), random.code().into()]
            })
            .collect();
        let flags = random.below(32) as u16 & !flag::FINAL;
        let sample_clock = random.noise() as u32;
        self.gather(flags);
        let core = &mut self.test_bench.bench.core;
        core.marked.next = raw(self.began.wrapping_add(sample_clock).into());
        core.unperturbed.next = flags & flag::UNPERTURBED != 0;
        core.late.next = flags & flag::LATE != 0;
        let last = if self.at.last_pass { flag::FINAL } else { 0 };
        let saturated = if self.at.saturated { flag::SATURATED } else { 0 };
        let compact = if settings.compact { flag::COMPACT } else { 0 };
        let mut windows = Vec::new();
        for (input, [first, second, min, max]) in levels.into_iter().enumerate() {
            let window = Window {
                input: input as u8,
                epoch: self.at.epoch as u16,
                case: self.at.case as u8,
                start: self.at.start as u8,
                sample_clock,
                flags: flags | last | saturated | compact,
                sum_first: first as i32,
                sum_second: second as i32,
                min: min as i16,
                max: max as i16,
                slots: self.test_bench.sums[input][..settings.slots as usize].to_vec(),
            };
            self.test_bench.set_samples(input, &window);
            windows.push(window);
        }
        windows
    }

    /// The guard's flags are gathered from the restart on.
    fn gather(&mut self, flags: u16) {
        let clamped = flags & flag::CLAMPED != 0;
        let limited = flags & flag::LIMITED != 0;
        for (begin, clamped, limited) in
            [(false, true, true), (true, false, false), (false, clamped, limited)]
        {
            let core = &mut self.test_bench.bench.core;
            core.tones.next = true;
            core.restart.next = true;
            core.begin.next = begin;
            core.clamped.next = clamped;
            core.limited.next = limited;
            self.test_bench.bench.tick();
        }
        self.test_bench.bench.core.tones.next = false;
    }
}
