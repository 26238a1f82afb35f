//! A plan: the configuration of a run in SI units, checked and converted to registers.

mod check;
mod coefficients;
mod configuration;
mod error;
mod line;
mod rate;
mod registers;

pub(crate) use check::window;
pub use coefficients::{Coefficients, RateError};
pub use configuration::{Configuration, Control, NoiseSlot, OutputLimits, Protection, Timing};
pub(crate) use error::list;
pub use error::PlanError;
pub use line::LineLoad;
pub(crate) use rate::actual_rate_hz;
pub use rate::near_window;

use crate::carrier::{Carrier, Code};
use crate::tones::Grid;
use hge_driver::scale::{OutputScale, Scale};
use hge_driver::{DriverError, Instrument};
use hge_protocol::number::SINE_PEAK;
use hge_protocol::registers::{self as map, gap};
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rand::Rng;

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
                    configuration.scale.output(control.output).amplitude_code(control.amplitude_v)
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

    /// A copy with these noise slots.
    ///
    /// # Errors
    /// The gateware has too few slots.
    pub fn with_noise_slots(&self, noise_slots: Vec<NoiseSlot>) -> Result<Self, PlanError> {
        let configuration = Configuration { noise_slots, ..self.configuration.clone() };
        Plan::new(configuration, &self.parameters)
    }

    /// A copy with amplitudes multiplied by `factor`.
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

    /// A copy with other codes of the same kind, whose rows must be written.
    pub(crate) fn with_codes(&self, carrier: Carrier) -> Self {
        let mut plan = self.clone();
        plan.configuration.carrier = carrier;
        let rows = plan.code_writes();
        let of_rows = map::CODES..map::CODES + rows.len() as u16;
        plan.writes.retain(|(address, _)| !of_rows.contains(address));
        plan.writes.extend(rows);
        plan
    }

    /// The configuration.
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

    /// Configures `instrument`, disarmed.
    ///
    /// # Errors
    /// As [`Instrument::configure`].
    pub fn configure(&self, instrument: &mut Instrument) -> Result<(), DriverError> {
        instrument.configure(&self.parameters, self.scale(), &self.writes)
    }

    /// Amplitude of control `k` as it leaves the DAC.
    pub fn amplitude_v(&self, k: usize) -> f64 {
        f64::from(self.amplitudes_code[k]) * f64::from(SINE_PEAK)
            / 32768.0
            / self.output_scale(k).codes_per_v()
    }

    /// Scale of the output of control `k`.
    pub fn output_scale(&self, k: usize) -> OutputScale {
        self.scale().output(self.configuration.controls[k].output)
    }

    /// Where control `k` may be set: its range less the tone and one step of the DAC, so that a tone
    /// is never cut.
    pub fn control_range_v(&self, k: usize) -> (f64, f64) {
        let control = &self.configuration.controls[k];
        let margin_v = self.amplitude_v(k) + self.output_scale(k).step_v();
        (control.low_v + margin_v, control.high_v - margin_v)
    }

    /// Where the controls may be set.
    pub fn control_ranges_v(&self) -> Vec<(f64, f64)> {
        (0..self.configuration.controls.len()).map(|k| self.control_range_v(k)).collect()
    }

    /// The middle of the range of every control.
    pub fn middle_controls_v(&self) -> Vec<f64> {
        self.control_ranges_v().iter().map(|(low_v, high_v)| (low_v + high_v) / 2.0).collect()
    }

    /// A random setting: every control anywhere in its range.
    pub fn draw_controls_v(&self, random: &mut impl Rng) -> Vec<f64> {
        let ranges_v = self.control_ranges_v().into_iter();
        ranges_v.map(|(low_v, high_v)| random.random_range(low_v..high_v)).collect()
    }

    /// Frequencies of the tones.
    pub fn tones_hz(&self) -> Vec<f64> {
        let controls = &self.configuration.controls;
        controls.iter().map(|control| self.grid.frequency_hz(control.cycles)).collect()
    }

    /// Voltage of every output with the inputs and the controls at these, the others at their safe values.
    pub fn outputs_v(&self, inputs_v: &[f64], controls_v: &[f64]) -> Vec<f64> {
        let Configuration { inputs, controls, limits, .. } = &self.configuration;
        let mut outputs_v: Vec<f64> = limits.iter().map(|limits| limits.safe_v).collect();
        let inputs = inputs.iter().copied().zip(inputs_v);
        let controls = controls.iter().map(|control| control.output).zip(controls_v);
        for (output, &volts) in inputs.chain(controls) {
            outputs_v[output] = volts;
        }
        outputs_v
    }

    /// Maximum change of a control value a sample, in volts.
    pub(crate) fn ramp_step_v(&self) -> f64 {
        self.configuration.timing.ramp_v_per_s / self.grid.rate_hz
    }

    /// Ramp step in DAC codes, for all outputs: that of the output with the widest range, so that none is faster.
    pub(crate) fn ramp_step_codes(&self) -> f64 {
        self.ramp_step_v() * self.scale().least_dac_codes_per_v()
    }

    /// Greatest step in codes that a run makes between two samples: the ramp's, or a tone's steepest, or in continuous mode both at once, with the
    /// DAC's rounding (half a step at both ends, or a whole one with noise shaping).
    pub(crate) fn needed_step_codes(&self) -> f64 {
        let rounding = if self.configuration.shaping { 2.0 } else { 1.0 };
        let (ramp, tone) = (self.ramp_step_codes(), self.tone_step_codes());
        let steepest = if self.configuration.continuous { ramp + tone } else { ramp.max(tone) };
        steepest + rounding * f64::from(self.scale().dac_step_codes())
    }

    /// Step in volts on the output with the widest range.
    pub fn needed_step_v(&self) -> f64 {
        self.needed_step_codes() / self.scale().least_dac_codes_per_v()
    }

    /// Whether the largest step is that of the ramp, not of a tone.
    pub(crate) fn ramp_is_steepest(&self) -> bool {
        self.ramp_step_codes() >= self.tone_step_codes()
    }

    /// Greatest step of a tone between two samples in DAC codes; of a code from one level to the other.
    fn tone_step_codes(&self) -> f64 {
        let controls = self.configuration.controls.iter().enumerate();
        let is_code = self.configuration.carrier.is_code();
        controls
            .map(|(k, control)| {
                let swing = 2.0 * self.amplitude_v(k) * self.output_scale(k).codes_per_v();
                if is_code {
                    return swing;
                }
                let turn = f64::from(control.cycles) / f64::from(self.grid.window_samples);
                swing * (std::f64::consts::PI * turn).sin()
            })
            .fold(0.0, f64::max)
    }

    /// Samples of one window of every case at most: between any two, every output may cross the whole of
    /// its range.
    pub(crate) fn epoch_samples(&self) -> f64 {
        let Configuration { timing, cases_v, limits, .. } = &self.configuration;
        let spans = limits.iter().enumerate().map(|(output, limit)| {
            (limit.high_v - limit.low_v) * self.scale().output(output).codes_per_v()
        });
        let ramp = spans.fold(0.0, f64::max) / self.ramp_step_codes();
        let waits = (timing.settle_s + timing.lead_in_s) * self.grid.rate_hz;
        let counted = f64::from(timing.window_samples) + f64::from(timing.gap_samples);
        cases_v.len() as f64 * (waits + ramp + counted)
    }

    /// Samples from the tones' phase zero to the window.
    pub fn lead_in_samples(&self) -> u32 {
        ((self.configuration.timing.lead_in_s * self.grid.rate_hz).round() as u32).max(1)
    }

    /// Code of control `k`, if the controls carry codes.
    pub fn code(&self, k: usize) -> Option<Code> {
        let Configuration { carrier, controls, .. } = &self.configuration;
        carrier.is_code().then(|| carrier.code(k, controls[k].cycles))
    }

    /// Required slots.
    fn slots_wanted(&self) -> usize {
        let Configuration { controls, noise_slots, cost, .. } = &self.configuration;
        controls.len() + noise_slots.len() + usize::from(cost.is_some())
    }

    /// Slots that are visited: one at least.
    fn slots_used(&self) -> u32 {
        self.slots_wanted().max(1) as u32
    }

    /// The gaps in which the gateware surely ends its work, as the register `gap` takes them: one sample more than the clocks it takes.
    /// With the update in hardware records are written during the next window too, which must not end before.
    fn gap(&self, period_clocks: u32) -> u32 {
        let Configuration { timing, compact_records, .. } = &self.configuration;
        let (slots, window_log2) = (self.slots_used(), timing.window_samples.trailing_zeros());
        let compact = u32::from(*compact_records) * self.parameters.compact_clocks(slots);
        let samples = |clocks: u32| clocks.div_ceil(period_clocks) + 1;
        let at_least = |clocks| timing.gap_samples.max(samples(clocks)).min(0xffff);
        let long = self.parameters.most_gap_clocks(slots, window_log2);
        if !self.parameters.update.is_hardware() {
            return at_least(long + compact);
        }
        let job = self.parameters.most_job_clocks(slots, window_log2) + compact;
        let rest = samples(job).saturating_sub(timing.window_samples);
        let short = at_least(self.parameters.most_case_gap_clocks(slots, window_log2));
        short.max(rest).min(gap::MOST_SHORT) << 16 | at_least(long).max(rest).min(0xffff)
    }

    /// The register `gap` as written.
    fn gap_written(&self) -> u32 {
        self.writes.iter().find(|write| write.0 == map::GAP).map_or(0, |write| write.1)
    }

    /// The same for a standalone run, if that is in continuous mode.
    pub(crate) fn continuous_gap(&self) -> Option<(u16, u32)> {
        let is_continuous = self.configuration.continuous;
        is_continuous.then(|| (map::GAP, self.gap_written() | gap::CONTINUOUS))
    }

    /// The same for a run in continuous mode whose controls the host gives: the gateware reads their row in the gap.
    pub(crate) fn row_gap(&self) -> (u16, u32) {
        let rate_hz = self.grid.rate_hz;
        let samples =
            f64::from(self.parameters.row_clocks()) * rate_hz / f64::from(self.parameters.clock_hz);
        let written = self.gap_written();
        let short = gap::short(written) + samples.ceil() as u32;
        (map::GAP, short.min(gap::MOST_SHORT) << 16 | gap::long(written) | gap::CONTINUOUS)
    }
}

#[cfg(test)]
mod tests;
