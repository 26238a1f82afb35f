//! A plan as writes of registers.

use super::{Configuration, Plan, PlanError, Protection};
use hge_protocol::registers::{self as map, mode, protection};
use hge_protocol::table::{SlotWord, TABLE_BASE};
use hge_protocol::{ControlWord, TuningWord};

/// Silence of the host after which the guard trips: eight polls of the driver.
const WATCHDOG_S: f64 = 2.0;

/// Factor of a standalone run's time limit over its expected duration.
const RUN_SLACK: f64 = 4.0;

/// Over-currents in a row that trip the guard: a single one may be interference.
const OVERCURRENT_SAMPLES: u32 = 4;

/// No ADC code is of this magnitude.
const NEVER_OVER: u32 = 65535;

/// Damaged frames in a row that trip the guard: more than on any usable line.
const LINK_ERROR_LIMIT: u32 = 32;

impl Plan {
    /// Bits of `MODE` that the configuration sets.
    pub fn mode_bits(&self) -> u32 {
        let Configuration { shaping, cost, compact_records, .. } = &self.configuration;
        let bit = |is_set: bool, bit: u32| u32::from(is_set) * bit;
        bit(*shaping, mode::SHAPING)
            | bit(cost.is_some(), mode::COST)
            | bit(*compact_records, mode::COMPACT)
    }

    /// The slot whose in-phase sum is the sum of the cost, times the sine's peak.
    pub fn cost_slot(&self) -> Option<usize> {
        let Configuration { controls, noise_slots, cost, .. } = &self.configuration;
        cost.is_some().then_some(controls.len() + noise_slots.len())
    }

    /// Time limit, in samples, of a standalone run of this number of epochs.
    pub(crate) fn run_limit_samples(&self, epochs: u32) -> u32 {
        // The last pass, unperturbed, is one epoch more. The cast saturates.
        let run_samples = (f64::from(epochs) + 1.0) * self.epoch_samples();
        ((RUN_SLACK * run_samples).ceil() as u32).max(1)
    }

    /// # Errors
    /// The over-current limit is none that trips.
    fn protection(&self) -> Result<[(u16, u32); 6], PlanError> {
        let Protection { overcurrent_na, run_epochs } = self.configuration.protection;
        // One code for all inputs: that of the input with the least.
        let inputs = overcurrent_na.into_iter().flat_map(|limit_na| {
            let code = move |input| self.scale().input(input).overcurrent_code(limit_na);
            (0..self.scale().inputs).map(code)
        });
        let codes = inputs.collect::<Result<Vec<u16>, _>>()?;
        let code = codes.into_iter().min().map_or(NEVER_OVER, u32::from);
        Ok([
            (map::PROTECTION, protection::INTERLOCK | protection::OVERCURRENT | protection::LINK),
            (map::WATCHDOG, ((WATCHDOG_S * self.grid.rate_hz).round() as u32).max(1)),
            (map::RUN_LIMIT, self.run_limit_samples(run_epochs)),
            (map::OVERCURRENT, code),
            (map::OVERCURRENT_SAMPLES, OVERCURRENT_SAMPLES),
            (map::LINK_ERROR_LIMIT, LINK_ERROR_LIMIT),
        ])
    }

    /// The cost's scale and targets, and the slot that sums it: code 0 is a constant.
    fn cost(&self) -> Vec<(u16, u32)> {
        let (Some(cost), Some(slot)) = (&self.configuration.cost, self.cost_slot()) else {
            return Vec::new();
        };
        let word = SlotWord { is_code: true, ..SlotWord::default() };
        let mut writes = vec![
            (map::COST_SHIFT, cost.shift),
            (map::TUNING + slot as u16, 0),
            (map::SLOT + slot as u16, word.to_word()),
        ];
        let targets = (self.layout.case_targets..).zip(&cost.targets);
        writes.extend(targets.map(|(place, target)| (self.table_address(place), target.to_word())));
        writes
    }

    /// Rows of the codes' chips, if the controls carry codes.
    pub(crate) fn code_writes(&self) -> Vec<(u16, u32)> {
        let carrier = self.configuration.carrier;
        let rows = carrier.is_code().then(|| (map::CODES..).zip(carrier.rows()));
        rows.into_iter().flatten().map(|(address, row)| (address, u32::from(row))).collect()
    }

    /// Register address of a word of the parameter table.
    pub fn table_address(&self, index: u32) -> u16 {
        TABLE_BASE + index as u16
    }

    /// Writes that set the controls.
    pub fn control_writes(&self, controls_v: &[f64]) -> Vec<(u16, u32)> {
        let controls = self.configuration.controls.iter().zip(controls_v);
        controls
            .map(|(control, &volts)| {
                let ControlWord(word) = self.scale().output(control.output).control_word(volts);
                (self.table_address(self.layout.controls + control.output as u32), word as u32)
            })
            .collect()
    }

    /// Writes of a row of initial controls.
    pub(crate) fn row_writes(&self, row: u32, controls_v: &[f64]) -> Vec<(u16, u32)> {
        let controls = self.configuration.controls.iter().zip(controls_v);
        controls
            .map(|(control, &volts)| {
                let code = self.scale().output(control.output).code(volts).0;
                let index = self.layout.start_control(row, control.output as u32);
                (self.table_address(index), i32::from(code) as u32)
            })
            .collect()
    }

    /// Of [`Plan::writes`], those that set the cases and where outputs without a role rest: they may be written
    /// while armed.
    pub fn case_writes(&self) -> Vec<(u16, u32)> {
        let of_cases = |address| address == map::CASES_USED || address >= TABLE_BASE;
        self.writes.iter().copied().filter(|&(address, _)| of_cases(address)).collect()
    }

    /// Words of the controls' slots with a single tone on; the others are still demodulated.
    pub fn solo_writes(&self, sounding: usize) -> Vec<(u16, u32)> {
        let silent = |word| SlotWord { amplitude: 0, ..SlotWord::from_word(word) }.to_word();
        let words = self.slot_writes().into_iter().enumerate();
        words
            .map(|(slot, (to, word))| (to, if slot == sounding { word } else { silent(word) }))
            .collect()
    }

    /// The words of [`Plan::writes`] for the controls' slots.
    pub fn slot_writes(&self) -> Vec<(u16, u32)> {
        let slots = map::SLOT..map::SLOT + self.configuration.controls.len() as u16;
        self.writes.iter().copied().filter(|(address, _)| slots.contains(address)).collect()
    }

    /// Every write that configures the instrument, in the order of the map.
    ///
    /// # Errors
    /// A time does not fit its register; the over-current limit is none that trips.
    pub(super) fn registers(&self) -> Result<Vec<(u16, u32)>, PlanError> {
        let Configuration { timing, inputs, cases_v, controls, .. } = &self.configuration;
        let scale = self.scale();
        let window_log2 = timing.window_samples.trailing_zeros();
        let samples = |name, seconds: f64| {
            let count = (seconds * self.grid.rate_hz).round();
            let most = f64::from((1 << 24) - 1);
            if !(0.0..=most).contains(&count) {
                let highest = (most / self.grid.rate_hz).floor();
                return Err(PlanError::Time { name, value: seconds, lowest: 0.0, highest });
            }
            Ok((count as u32).max(1))
        };
        let ramp_step = (self.ramp_step_codes() * 65536.0).round() as u32;
        let step_v = self.configuration.step_v;
        let step_limit = step_v
            .map_or(self.needed_step_codes(), |step_v| step_v * scale.least_dac_codes_per_v())
            .ceil()
            .clamp(1.0, 65535.0) as u32;
        let safe_step = (ramp_step >> 16).max(scale.dac_step_codes() as u32);
        let period = (f64::from(self.parameters.clock_hz) / self.grid.rate_hz).round() as u32;
        let mut writes = vec![
            (map::SAMPLE_PERIOD, period),
            (map::WINDOW_LOG2, window_log2),
            (map::SETTLE, samples("settle_s", timing.settle_s)?),
            (map::LEAD_IN, samples("lead_in_s", timing.lead_in_s)?),
            (map::GAP, self.gap(period)),
            (map::SLOTS_USED, self.slots_used()),
            (map::CASES_USED, cases_v.len() as u32),
            (map::EPOCHS, 1),
            (map::STARTS_USED, 1),
            (map::RAMP_STEP, ramp_step.max(1)),
            (map::STEP_LIMIT, step_limit),
            (map::SAFE_STEP, safe_step),
        ];
        writes.extend(map::mask_writes(map::INPUT_MASKS, inputs.iter().copied()));
        let toned = controls.iter().map(|control| control.output);
        writes.extend(map::mask_writes(map::TONE_MASKS, toned));
        writes.extend(self.protection()?);
        if controls.is_empty() {
            // One slot is visited always: it must drive nothing.
            writes.push((map::SLOT, 0));
        }
        let carrier = self.configuration.carrier;
        for (slot, control) in controls.iter().enumerate() {
            let slot_word = SlotWord {
                amplitude: self.amplitudes_code[slot],
                start_phase: self.code(slot).map_or(0, |code| code.number),
                is_code: carrier.is_code(),
                output: control.output as u8,
                drives: true,
                last: true,
            };
            let tuning = TuningWord::on_grid(control.cycles, window_log2);
            writes.push((map::TUNING + slot as u16, tuning.0));
            writes.push((map::SLOT + slot as u16, slot_word.to_word()));
        }
        for (place, noise_slot) in self.configuration.noise_slots.iter().enumerate() {
            let slot = (controls.len() + place) as u16;
            let tuning = TuningWord::on_grid(noise_slot.cycles, window_log2);
            writes.push((map::TUNING + slot, tuning.0));
            writes.push((map::SLOT + slot, SlotWord::default().to_word()));
        }
        writes.extend(self.code_writes());
        writes.extend(self.cost());
        for (output, limits) in self.configuration.limits.iter().enumerate() {
            let scale = scale.output(output);
            let words = [
                scale.code_below(limits.low_v).0,
                scale.code_above(limits.high_v).0,
                scale.code(limits.safe_v).0,
            ];
            for (word, code) in words.into_iter().enumerate() {
                writes.push((map::GUARD + (4 * output + word) as u16, u32::from(code as u16)));
            }
        }
        for (case, volts) in cases_v.iter().enumerate() {
            for (&output, &volts) in inputs.iter().zip(volts) {
                let index = self.layout.case_input(case as u32, output as u32);
                let code = scale.output(output).code(volts).0;
                writes.push((self.table_address(index), i32::from(code) as u32));
            }
        }
        // Outputs without a role rest at their safe voltage.
        for (output, limits) in self.configuration.limits.iter().enumerate() {
            let index = self.layout.controls + output as u32;
            let word = scale.output(output).control_word(limits.safe_v).0;
            writes.push((self.table_address(index), word as u32));
        }
        Ok(writes)
    }
}
