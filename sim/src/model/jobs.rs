//! The model's work in a gap: records, update, the next case's values.

use super::instrument::Model;
use super::sequencer::{Job, Sequencer};
use super::update;
use hge_protocol::frame::{flag, EndReason, Epoch, Record, Window};
use hge_protocol::registers::mode;

impl Model {
    /// The job at the beginning of a gap.
    pub(super) fn work(&mut self, job: Job) {
        match job {
            Job::Start => {
                let stop_asked = self.motion.sequencer.stop_asked;
                self.motion.sequencer = Sequencer {
                    state: self.motion.sequencer.state,
                    best_loss: u32::MAX,
                    stop_asked,
                    ..Sequencer::default()
                };
                self.clear_steps();
                self.motion.sequencer.starts = self.settings.starts_used;
                if self.standalone() {
                    self.load_start();
                } else if self.settings.is_continuous() {
                    self.load_last_row();
                }
                self.load_case();
                self.keep();
            }
            Job::Nothing => self.motion.sequencer.over = self.motion.sequencer.stop_asked.take(),
            Job::Window => {
                self.record();
                if self.motion.sequencer.flows {
                    return self.flow();
                }
                if self.standalone() && !self.motion.sequencer.last_pass {
                    self.accumulate();
                }
                self.motion.sequencer.case += 1;
                if self.motion.sequencer.case >= self.settings.cases_used {
                    self.motion.sequencer.case = 0;
                    self.finish_epoch();
                }
                self.load_case();
                self.keep();
            }
        }
    }

    /// Continuous mode: the next window takes the controls as the window before this one left them, and those of this one are updated while it lasts;
    /// or those of the host.
    fn flow(&mut self) {
        if !self.standalone() {
            self.load_last_row();
        }
        self.load_case();
        if self.standalone() {
            self.accumulate();
            self.rate();
            self.keep();
            self.apply();
        }
        self.motion.sequencer.epoch += 1;
    }

    /// Keeps the controls, which the next window will have.
    fn keep(&mut self) {
        self.kept = self.row(self.layout.controls).to_vec();
    }

    pub(super) fn record(&mut self) {
        let mut flags = self.motion.window_flags;
        if !self.motion.sequencer.perturbs(&self.settings) {
            flags |= flag::UNPERTURBED;
        }
        if self.motion.sequencer.last_pass {
            flags |= flag::FINAL;
        }
        if self.motion.sequencer.saturated {
            flags |= flag::SATURATED;
        }
        if self.settings.mode & mode::COMPACT != 0 {
            flags |= flag::COMPACT;
        }
        for (input, lockin) in self.lockins.iter().enumerate() {
            let window = Window {
                input: input as u8,
                epoch: self.motion.sequencer.epoch as u16,
                case: self.motion.sequencer.case as u8,
                start: self.motion.sequencer.start as u8,
                sample_clock: self.motion.sequencer.window_clock,
                flags,
                sum_first: lockin.first,
                sum_second: lockin.second,
                min: lockin.min,
                max: lockin.max,
                slots: lockin.sums[..self.slots_used()].to_vec(),
            };
            let mark = window.begins_epoch();
            self.telemetry.push(&Record::Window(window), mark);
        }
    }

    /// Adds the case's loss and steps, input by input.
    pub(super) fn accumulate(&mut self) {
        let (costs, used) = (self.costs(), self.slots_used());
        let settings = &self.settings;
        let sequencer = &mut self.motion.sequencer;
        for (input, lockin) in (0..).zip(&self.lockins) {
            let target = self.table[self.layout.case_target(sequencer.case, input) as usize];
            let error =
                update::case_error(lockin.first, lockin.second, settings.window_log2, target);
            sequencer.loss = sequencer.loss.saturating_add(error.loss);
            sequencer.saturated |= error.saturated;
            // A cost's responses are its slopes already.
            let factor = if costs { update::weight(target) } else { error.weighted };
            for slot in (0..used).filter(|&slot| self.slots[slot].drives) {
                let (addition, cut) = update::step_addition(
                    lockin.sums[slot],
                    self.table[self.layout.coefficient(input, slot as u32) as usize],
                    factor,
                    settings.window_log2,
                    settings.gradient_shift,
                    settings.step_shift,
                );
                let step = &mut self.table[self.layout.steps as usize + slot];
                let (sum, cut_again) = update::add_step(*step as i32, addition);
                *step = sum as u32;
                sequencer.saturated |= cut || cut_again;
            }
        }
    }

    pub(super) fn finish_epoch(&mut self) {
        if self.motion.sequencer.last_pass {
            self.motion.sequencer.over = self.motion.sequencer.over.or(Some(self.final_reason()));
            return;
        }
        if !self.standalone() {
            self.motion.sequencer.epoch += 1;
            if self.motion.sequencer.epoch >= self.settings.epochs {
                self.motion.sequencer.over = Some(EndReason::Complete);
            }
            return;
        }
        if !self.settings.is_continuous() {
            self.keep();
        }
        self.rate();
        self.apply();
        self.motion.sequencer.epoch += 1;
        if self.motion.sequencer.epoch >= self.settings.epochs {
            self.motion.sequencer.epoch = 0;
            self.motion.sequencer.start += 1;
            self.load_start();
        }
        let reached = self.motion.sequencer.best_loss <= self.settings.loss_stop;
        if reached || self.motion.sequencer.start >= self.motion.sequencer.starts {
            self.motion.sequencer.last_pass = true;
            self.copy_row(self.layout.best, self.layout.controls);
        }
    }

    /// Stores the kept controls where the epoch's loss is the least, and tells it.
    fn rate(&mut self) {
        let loss = self.motion.sequencer.loss;
        if loss < self.motion.sequencer.best_loss {
            self.motion.sequencer.best_loss = loss;
            self.motion.sequencer.best_start = self.motion.sequencer.start;
            let best = self.layout.best as usize;
            self.table[best..best + self.kept.len()].copy_from_slice(&self.kept);
        }
        let controls = self.kept.iter().map(|&word| word as i32).collect();
        self.send(Record::Epoch(Epoch {
            epoch: self.motion.sequencer.epoch as u16,
            start: self.motion.sequencer.start as u8,
            loss,
            best_loss: self.motion.sequencer.best_loss,
            controls,
        }));
        self.motion.sequencer.loss = 0;
    }

    pub(super) fn final_reason(&self) -> EndReason {
        if self.motion.sequencer.best_loss <= self.settings.loss_stop {
            EndReason::LossReached
        } else {
            EndReason::Complete
        }
    }

    /// Moves the controls by the steps and clears the steps.
    pub(super) fn apply(&mut self) {
        for slot in (0..self.slots_used()).filter(|&slot| self.slots[slot].drives) {
            let output = u32::from(self.slots[slot].output) % self.layout.row_words;
            let control = (self.layout.controls + output) as usize;
            let limits = self.table[(self.layout.control_limits + output) as usize];
            let step = self.table[self.layout.steps as usize + slot] as i32;
            self.table[control] = update::apply(self.table[control] as i32, step, limits) as u32;
        }
        self.clear_steps();
    }

    pub(super) fn clear_steps(&mut self) {
        let base = self.layout.steps as usize;
        let used = self.slots_used();
        self.table[base..base + used].fill(0);
    }

    pub(super) fn row(&self, base: u32) -> &[u32] {
        &self.table[base as usize..base as usize + self.parameters.outputs as usize]
    }

    pub(super) fn copy_row(&mut self, from: u32, to: u32) {
        let words = self.row(from).to_vec();
        self.table[to as usize..to as usize + words.len()].copy_from_slice(&words);
    }

    /// Takes the controls of the present start from their table.
    pub(super) fn load_start(&mut self) {
        let base =
            self.layout.start_control(self.motion.sequencer.start % self.parameters.starts, 0);
        let words: Vec<u32> = self.row(base).iter().map(|&word| word << 16).collect();
        let to = self.layout.controls as usize;
        self.table[to..to + words.len()].copy_from_slice(&words);
    }

    /// Takes the controls of the last row in use: the host's, in continuous mode.
    fn load_last_row(&mut self) {
        self.motion.sequencer.start = self.settings.starts_used - 1;
        self.load_start();
    }

    /// Sets every output's target for the present case, and the cost's.
    pub(super) fn load_case(&mut self) {
        self.cost_target =
            self.table[self.layout.case_target(self.motion.sequencer.case, 0) as usize];
        let input_mask = self.settings.input_mask();
        for output in 0..self.parameters.outputs {
            let word = if (input_mask >> output) & 1 == 1 {
                self.table[self.layout.case_input(self.motion.sequencer.case, output) as usize]
                    << 16
            } else {
                self.table[(self.layout.controls + output) as usize]
            };
            self.motion.channels[output as usize].target = word as i32;
        }
    }
}
