//! What a window changes: loss, steps, controls, and the order of epochs and starts.

use super::{Run, Settings};
use hge_protocol::frame::{EndReason, Epoch, Record, Window};
use hge_sim::model::update::{add_step, apply, case_error, step_addition, weight};

impl Run {
    /// What the window changes; the epoch's record, if it ends one.
    pub(super) fn step(&mut self, windows: &[Window]) -> Option<Record> {
        let settings = self.settings;
        if settings.standalone && !self.at.last_pass {
            for window in windows {
                self.add_case(window);
            }
        }
        self.at.case += 1;
        if self.at.case < settings.cases {
            return None;
        }
        self.at.case = 0;
        if self.at.last_pass {
            let is_low = self.at.best_loss <= settings.loss_stop;
            self.at.over = Some(if is_low { EndReason::LossReached } else { EndReason::Complete });
            return None;
        }
        if !settings.standalone {
            self.at.epoch += 1;
            self.at.over = (self.at.epoch >= settings.epochs).then_some(EndReason::Complete);
            return None;
        }
        if !settings.continuous {
            self.kept = self.controls();
        }
        let record = self.rate();
        self.apply();
        self.at.epoch += 1;
        if self.at.epoch >= settings.epochs {
            self.at.epoch = 0;
            self.at.start += 1;
            self.load_start();
        }
        if self.at.start >= settings.starts || self.at.best_loss <= settings.loss_stop {
            self.at.last_pass = true;
            let layout = self.test_bench.layout;
            self.copy_row(layout.best, layout.controls);
        }
        Some(record)
    }

    /// The same in continuous mode: the next window has the controls as they were, and what this one has measured changes those of the one after.
    pub(super) fn flow(&mut self, windows: &[Window]) -> Option<Record> {
        self.flowed[usize::from(self.settings.standalone)] += 1;
        let mut record = None;
        if self.settings.standalone {
            for window in windows {
                self.add_case(window);
            }
            record = Some(self.rate());
            self.kept = self.controls();
            self.apply();
        }
        self.at.epoch += 1;
        record
    }

    /// Another window follows the next one if that is not the start's last, and its loss is not yet low enough.
    pub(super) fn look_ahead(&mut self) {
        let Settings { continuous, standalone, epochs, loss_stop, .. } = self.settings;
        let is_low = standalone && self.at.best_loss <= loss_stop;
        let goes_on = self.at.epoch + 1 < epochs && !is_low && !self.at.last_pass;
        self.at.flows = continuous && goes_on;
    }

    pub(super) fn controls(&self) -> Vec<u32> {
        let first = self.test_bench.layout.controls as usize;
        self.table[first..first + self.test_bench.parameters.outputs as usize].to_vec()
    }

    /// Targets of all outputs for the present case.
    pub(super) fn targets(&self) -> Vec<(u64, u32)> {
        let layout = self.test_bench.layout;
        (0..self.test_bench.parameters.outputs)
            .map(|output| {
                let is_input = self.settings.input_mask >> output & 1 == 1;
                let code = self.table[layout.case_input(self.at.case, output) as usize];
                let control = self.table[(layout.controls + output) as usize];
                (output.into(), if is_input { code << 16 } else { control })
            })
            .collect()
    }

    pub(super) fn add_case(&mut self, window: &Window) {
        let (settings, layout) = (self.settings, self.test_bench.layout);
        let input = u32::from(window.input);
        let target = self.table[layout.case_target(self.at.case, input) as usize];
        let error = case_error(window.sum_first, window.sum_second, settings.window_log2, target);
        let (loss, is_greatest) = match self.at.loss.checked_add(error.loss) {
            Some(loss) => (loss, 0),
            None => (u32::MAX, 1),
        };
        self.at.loss = loss;
        self.greatest_losses += is_greatest;
        self.at.saturated |= error.saturated;
        let factor = if settings.costs { weight(target) } else { error.weighted };
        for slot in (0..settings.slots as usize).filter(|&slot| self.test_bench.words[slot].drives)
        {
            let (addition, is_cut) = step_addition(
                window.slots[slot],
                self.table[layout.coefficient(input, slot as u32) as usize],
                factor,
                settings.window_log2,
                settings.gradient_shift,
                settings.step_shift,
            );
            let step = &mut self.table[layout.steps as usize + slot];
            let (sum, is_sum_cut) = add_step(*step as i32, addition);
            *step = sum as u32;
            self.at.saturated |= is_cut || is_sum_cut;
            self.updates[0] += 1;
            self.updates[1] += usize::from(is_cut || is_sum_cut);
        }
    }

    /// The epoch's record; the controls of the least loss are stored.
    pub(super) fn rate(&mut self) -> Record {
        if self.at.loss < self.at.best_loss {
            self.at.best_loss = self.at.loss;
            self.at.best_start = self.at.start;
            let best = self.test_bench.layout.best as usize;
            self.table[best..best + self.kept.len()].copy_from_slice(&self.kept);
        }
        let record = Record::Epoch(Epoch {
            epoch: self.at.epoch as u16,
            start: self.at.start as u8,
            loss: self.at.loss,
            best_loss: self.at.best_loss,
            controls: self.kept.iter().map(|&word| word as i32).collect(),
        });
        self.at.loss = 0;
        record
    }

    pub(super) fn apply(&mut self) {
        let (settings, layout) = (self.settings, self.test_bench.layout);
        for slot in (0..settings.slots as usize).filter(|&slot| self.test_bench.words[slot].drives)
        {
            let output = u32::from(self.test_bench.words[slot].output);
            let control = (layout.controls + output) as usize;
            let limits = self.table[(layout.control_limits + output) as usize];
            let step = self.table[layout.steps as usize + slot] as i32;
            let before = self.table[control] as i32;
            self.overshot += usize::from(!self.at.saturated && before.checked_sub(step).is_none());
            self.table[control] = apply(before, step, limits) as u32;
        }
        self.clear_steps();
    }

    pub(super) fn clear_steps(&mut self) {
        let base = self.test_bench.layout.steps as usize;
        self.table[base..base + self.settings.slots as usize].fill(0);
    }

    pub(super) fn copy_row(&mut self, from: u32, into: u32) {
        let (from, words) = (from as usize, self.test_bench.parameters.outputs as usize);
        self.table.copy_within(from..from + words, into as usize);
    }

    /// The controls of a window in continuous mode are the host's last row.
    pub(super) fn load_last_row(&mut self) {
        self.at.start = self.settings.starts - 1;
        self.load_start();
    }

    /// Initial controls are codes.
    pub(super) fn load_start(&mut self) {
        let layout = self.test_bench.layout;
        let start = self.at.start % self.test_bench.parameters.starts;
        for output in 0..self.test_bench.parameters.outputs {
            let code = self.table[layout.start_control(start, output) as usize];
            self.table[(layout.controls + output) as usize] = code << 16;
        }
    }
}
