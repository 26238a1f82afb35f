//! From what a run is to be, in SI units, to the registers that make it so.

mod check;
mod error;
mod rate;

pub(crate) use check::window;
pub use error::PlanError;
pub(crate) use rate::actual_rate_hz;
pub use rate::near_window;

use crate::scale::Scale;
use crate::tones::Grid;
use hge_protocol::number::SINE_PEAK;
use hge_protocol::registers::{self as map, protection};
use hge_protocol::table::{SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::{ControlWord, Parameters, TuningWord};

/// Silence of the host after which the guard trips: eight polls of the driver.
const WATCHDOG_S: f64 = 2.0;

/// A standalone run may take so many times as long as expected.
const RUN_SLACK: f64 = 4.0;

/// Over-currents in a row that trip the guard: one alone may be a disturbance.
const OVERCURRENT_SAMPLES: u32 = 4;

/// No ADC code is of this magnitude.
const NEVER_OVER: u32 = 65535;

/// Damaged frames in a row that trip the guard: no line that is worth using damages so many.
const STORM_FRAMES: u32 = 32;

/// Pace of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Samples a second.
    pub rate_hz: f64,
    /// Samples of a window, a power of two.
    pub window_samples: u32,
    /// Wait after a ramp, tones off.
    pub settle_s: f64,
    /// Time with tones on before the window.
    pub lead_in_s: f64,
    /// Pace of every move without tones.
    pub ramp_v_per_s: f64,
    /// Samples between a window and the next ramp; more where the gateware's work takes longer.
    pub gap_samples: u32,
}

/// What the guard allows one output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputLimits {
    /// Least voltage.
    pub low_v: f64,
    /// Greatest voltage.
    pub high_v: f64,
    /// Voltage when disarmed.
    pub safe_v: f64,
}

/// A control: an output whose voltage is learnt, and its tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// Output, from 0.
    pub output: usize,
    /// Least voltage, tone included.
    pub low_v: f64,
    /// Greatest voltage, tone included.
    pub high_v: f64,
    /// Periods in the window.
    pub multiple: u32,
    /// Amplitude asked for.
    pub amplitude_v: f64,
}

/// Everything a run needs, in SI units.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Converters and I-V converter.
    pub scale: Scale,
    /// Pace.
    pub timing: Timing,
    /// Outputs that carry inputs.
    pub inputs: Vec<usize>,
    /// Input voltages of every case, in the order of `inputs`.
    pub cases_v: Vec<Vec<f64>>,
    /// What is learnt; slot k demodulates control k.
    pub controls: Vec<Control>,
    /// Lines without a tone that are demodulated too, in the slots behind.
    pub listeners: Vec<Listener>,
    /// The guard, one entry an output.
    pub limits: Vec<OutputLimits>,
    /// The guard's greatest step a sample; `None`: just above what the run needs.
    pub step_v: Option<f64>,
    /// First-order noise shaping while tones are on.
    pub shaping: bool,
    /// What trips the guard.
    pub protection: Protection,
}

/// A slot that listens beside a tone, where nothing but noise should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Whole periods in the window.
    pub multiple: u32,
    /// The control beside whose tone it listens, as its place among the controls.
    pub control: usize,
}

/// What trips the guard, besides the interlock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protection {
    /// Magnitude of the current from which on it is too high; `None`: never.
    pub overcurrent_na: Option<f64>,
    /// Epochs of the longest standalone run, of all its starts: it may take four times as long as expected.
    pub run_epochs: u32,
}

impl Default for Protection {
    /// No over-current, runs of one epoch.
    fn default() -> Self {
        Protection { overcurrent_na: None, run_epochs: 1 }
    }
}

/// A checked configuration, as registers.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    configuration: Configuration,
    parameters: Parameters,
    layout: TableLayout,
    grid: Grid,
    amplitudes_code: Vec<u16>,
    writes: Vec<(u16, u32)>,
}

impl Plan {
    /// Checks `configuration` against the gateware and works out its registers.
    ///
    /// # Errors
    /// The first thing that cannot be, and what to change.
    pub fn new(configuration: Configuration, parameters: &Parameters) -> Result<Self, PlanError> {
        parameters.check()?;
        let grid = Grid {
            rate_hz: actual_rate_hz(configuration.timing.rate_hz, parameters)?,
            window_samples: configuration.timing.window_samples,
        };
        let mut plan = Plan {
            amplitudes_code: configuration
                .controls
                .iter()
                .map(|control| {
                    configuration.scale.dac_code(control.amplitude_v.abs()).0.unsigned_abs()
                })
                .collect(),
            layout: TableLayout::of(parameters),
            parameters: *parameters,
            grid,
            configuration,
            writes: Vec::new(),
        };
        check::check(&plan)?;
        plan.writes = plan.registers()?;
        Ok(plan)
    }

    /// The same with these listeners.
    ///
    /// # Errors
    /// The gateware has too few slots.
    pub fn with_listeners(&self, listeners: Vec<Listener>) -> Result<Self, PlanError> {
        let configuration = Configuration { listeners, ..self.configuration.clone() };
        Plan::new(configuration, &self.parameters)
    }

    /// The same with amplitudes multiplied by `factor`.
    ///
    /// # Errors
    /// A tone becomes too small or too large.
    pub fn with_amplitudes(&self, factor: f64) -> Result<Self, PlanError> {
        let mut configuration = self.configuration.clone();
        for (k, control) in configuration.controls.iter_mut().enumerate() {
            control.amplitude_v = factor * self.amplitude_v(k);
        }
        Plan::new(configuration, &self.parameters)
    }

    /// What was asked for.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The gateware it was planned for.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Converters and I-V converter.
    pub fn scale(&self) -> &Scale {
        &self.configuration.scale
    }

    /// The tones' grid, at the rate the clock really gives.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Where things lie in the parameter table.
    pub fn layout(&self) -> &TableLayout {
        &self.layout
    }

    /// Register writes, in order, for a disarmed instrument.
    pub fn writes(&self) -> &[(u16, u32)] {
        &self.writes
    }

    /// Amplitude of control `k` as it leaves the DAC.
    pub fn amplitude_v(&self, k: usize) -> f64 {
        f64::from(self.amplitudes_code[k]) * f64::from(SINE_PEAK)
            / 32768.0
            / self.scale().dac_codes_per_v()
    }

    /// Where control `k` may be set: its range less the tone and one step of the DAC, so that a tone
    /// is never cut.
    pub fn control_range_v(&self, k: usize) -> (f64, f64) {
        let control = &self.configuration.controls[k];
        let margin_v = self.amplitude_v(k) + self.scale().dac_step_v();
        (control.low_v + margin_v, control.high_v - margin_v)
    }

    /// Frequencies of the tones.
    pub fn tones_hz(&self) -> Vec<f64> {
        let controls = &self.configuration.controls;
        controls.iter().map(|control| self.grid.frequency_hz(control.multiple)).collect()
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
                let ControlWord(word) = self.scale().control_word(volts);
                (self.table_address(self.layout.controls + control.output as u32), word as u32)
            })
            .collect()
    }

    /// Of [`Plan::writes`], those that set the cases and where outputs without a role rest: they may be written
    /// while armed.
    pub fn case_writes(&self) -> Vec<(u16, u32)> {
        let of_cases = |address| address == map::CASES_USED || address >= TABLE_BASE;
        self.writes.iter().copied().filter(|&(address, _)| of_cases(address)).collect()
    }

    /// Greatest move of a control value a sample, in volts.
    pub(crate) fn ramp_step_v(&self) -> f64 {
        self.configuration.timing.ramp_v_per_s / self.grid.rate_hz
    }

    /// Greatest step a run makes between two samples: the ramp's, or a tone's steepest with the
    /// DAC's rounding (half a step at both ends, or a whole one with noise shaping).
    pub(crate) fn needed_step_v(&self) -> f64 {
        let rounding = if self.configuration.shaping { 2.0 } else { 1.0 };
        let steepest_v = self.ramp_step_v().max(self.tone_step_v());
        steepest_v + rounding * self.scale().dac_step_v()
    }

    /// Whether the ramp, and no tone, makes the greatest step.
    pub(crate) fn ramp_is_steepest(&self) -> bool {
        self.ramp_step_v() >= self.tone_step_v()
    }

    /// Greatest step of a tone between two samples.
    fn tone_step_v(&self) -> f64 {
        let controls = self.configuration.controls.iter().enumerate();
        controls
            .map(|(k, control)| {
                let turn = f64::from(control.multiple) / f64::from(self.grid.window_samples);
                2.0 * self.amplitude_v(k) * (std::f64::consts::PI * turn).sin()
            })
            .fold(0.0, f64::max)
    }

    /// Samples of one window of every case at most: between any two, every output may cross the whole of
    /// its range.
    pub(crate) fn epoch_samples(&self) -> f64 {
        let Configuration { timing, cases_v, limits, .. } = &self.configuration;
        let span_v = limits.iter().map(|limit| limit.high_v - limit.low_v).fold(0.0, f64::max);
        let times_s = timing.settle_s + timing.lead_in_s + span_v / timing.ramp_v_per_s;
        let counted = f64::from(timing.window_samples) + f64::from(timing.gap_samples);
        cases_v.len() as f64 * (times_s * self.grid.rate_hz + counted)
    }

    /// Slots that are visited: one at least.
    fn slots_used(&self) -> u32 {
        let Configuration { controls, listeners, .. } = &self.configuration;
        (controls.len() + listeners.len()).max(1) as u32
    }

    /// Least gap in which the gateware surely ends its work: one sample more than the clocks it takes.
    fn least_gap_samples(&self, period_clocks: u32) -> u32 {
        let slots = self.slots_used();
        let window_log2 = self.configuration.timing.window_samples.trailing_zeros();
        self.parameters.most_gap_clocks(slots, window_log2).div_ceil(period_clocks) + 1
    }

    fn protection(&self) -> [(u16, u32); 6] {
        let Protection { overcurrent_na, run_epochs } = self.configuration.protection;
        // The last pass, unperturbed, is one epoch more. Casts saturate.
        let run_samples = (f64::from(run_epochs) + 1.0) * self.epoch_samples();
        let code = |current_na: f64| {
            (current_na * self.scale().adc_codes_per_na()).abs().round().clamp(1.0, 32767.0) as u32
        };
        [
            (map::PROTECTION, protection::INTERLOCK | protection::OVERCURRENT | protection::LINK),
            (map::WATCHDOG, ((WATCHDOG_S * self.grid.rate_hz).round() as u32).max(1)),
            (map::RUN_LIMIT, ((RUN_SLACK * run_samples).ceil() as u32).max(1)),
            (map::OVERCURRENT, overcurrent_na.map_or(NEVER_OVER, code)),
            (map::OVERCURRENT_SAMPLES, OVERCURRENT_SAMPLES),
            (map::STORM, STORM_FRAMES),
        ]
    }

    fn registers(&self) -> Result<Vec<(u16, u32)>, PlanError> {
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
        let mask =
            |outputs: &mut dyn Iterator<Item = usize>| outputs.fold(0, |bits, o| bits | 1 << o);
        let ramp_step = (self.ramp_step_v() * scale.dac_codes_per_v() * 65536.0).round() as u32;
        let step_v = self.configuration.step_v.unwrap_or(self.needed_step_v());
        let step_limit = (step_v * scale.dac_codes_per_v()).ceil().clamp(1.0, 65535.0) as u32;
        let safe_step = (ramp_step >> 16).max(scale.dac_step_codes() as u32);
        let period = (f64::from(self.parameters.clock_hz) / self.grid.rate_hz).round() as u32;
        let mut writes = vec![
            (map::SAMPLE_PERIOD, period),
            (map::WINDOW_LOG2, window_log2),
            (map::SETTLE, samples("settle_s", timing.settle_s)?),
            (map::LEAD_IN, samples("lead_in_s", timing.lead_in_s)?),
            (map::GAP, timing.gap_samples.max(self.least_gap_samples(period))),
            (map::SLOTS_USED, self.slots_used()),
            (map::CASES_USED, cases_v.len() as u32),
            (map::EPOCHS, 1),
            (map::STARTS_USED, 1),
            (map::INPUT_MASK, mask(&mut inputs.iter().copied())),
            (map::TONE_MASK, mask(&mut controls.iter().map(|control| control.output))),
            (map::RAMP_STEP, ramp_step.max(1)),
            (map::STEP_LIMIT, step_limit),
            (map::SAFE_STEP, safe_step),
        ];
        writes.extend(self.protection());
        if controls.is_empty() {
            // One slot is visited always: it must drive nothing.
            writes.push((map::SLOT, 0));
        }
        for (slot, control) in controls.iter().enumerate() {
            let slot_word = SlotWord {
                amplitude: self.amplitudes_code[slot],
                start_phase: 0,
                output: control.output as u8,
                drives: true,
                last: true,
            };
            let tuning = TuningWord::on_grid(control.multiple, window_log2);
            writes.push((map::TUNING + slot as u16, tuning.0));
            writes.push((map::SLOT + slot as u16, slot_word.to_word()));
        }
        for (place, listener) in self.configuration.listeners.iter().enumerate() {
            let slot = (controls.len() + place) as u16;
            let tuning = TuningWord::on_grid(listener.multiple, window_log2);
            writes.push((map::TUNING + slot, tuning.0));
            writes.push((map::SLOT + slot, SlotWord::default().to_word()));
        }
        for (output, limits) in self.configuration.limits.iter().enumerate() {
            let words = [
                scale.dac_code_below(limits.low_v).0,
                scale.dac_code_above(limits.high_v).0,
                scale.dac_code(limits.safe_v).0,
            ];
            for (word, code) in words.into_iter().enumerate() {
                writes.push((map::GUARD + (4 * output + word) as u16, u32::from(code as u16)));
            }
        }
        for (case, volts) in cases_v.iter().enumerate() {
            for (&output, &volts) in inputs.iter().zip(volts) {
                let index = self.layout.case_input(case as u32, output as u32);
                writes.push((self.table_address(index), i32::from(scale.dac_code(volts).0) as u32));
            }
        }
        // Outputs without a role rest at their safe voltage.
        for (output, limits) in self.configuration.limits.iter().enumerate() {
            let index = self.layout.controls + output as u32;
            writes.push((self.table_address(index), scale.control_word(limits.safe_v).0 as u32));
        }
        Ok(writes)
    }
}
