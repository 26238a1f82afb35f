//! The current at any voltages: windows without tones, as many voltages a run as the case table has rows.

use super::{electrodes, MeasureError};
use crate::plan::{Configuration, Plan, PlanError, Timing};
use crate::session::{windows, SessionError};
use hge_driver::{ArmMode, Instrument};
use hge_protocol::frame::{flag, Window};
use hge_protocol::AdcCode;

/// Result of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Current {
    /// Mean over the window.
    pub current_na: f64,
    /// Mean of its first half minus that of its second: twice as far from zero as the error of the mean, for white
    /// noise.
    pub halves_na: f64,
    /// ADC or I-V converter was at an end of its range.
    pub clipped: bool,
    /// First sample of the window, counted from the beginning of its run.
    pub sample: u32,
}

/// An armed instrument that sets all electrodes with a role to given voltages. All changes are ramps at the plan's
/// rate, all voltages within the plan's limits.
pub struct Probe {
    instrument: Instrument,
    plan: Plan,
    electrodes: Vec<usize>,
    timing: Timing,
    armed: bool,
    /// Inputs that are read.
    inputs: usize,
}

impl Probe {
    /// Uses the electrodes, limits, timing and scale of `plan`.
    pub fn new(instrument: Instrument, plan: Plan) -> Self {
        let timing = plan.configuration().timing.clone();
        Probe { instrument, electrodes: electrodes(&plan), plan, timing, armed: false, inputs: 1 }
    }

    /// Changes the timing; the outputs ramp to their safe values.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn pace(&mut self, timing: Timing) -> Result<(), MeasureError> {
        self.instrument.disarm()?;
        (self.timing, self.armed) = (timing, false);
        Ok(())
    }

    /// Reads all inputs from now on, not only the first.
    pub fn read_all_inputs(&mut self) {
        self.read_inputs(self.plan.parameters().inputs as usize);
    }

    /// Reads the first `count` inputs from now on.
    pub fn read_inputs(&mut self, count: usize) {
        self.inputs = count;
    }

    /// Inputs that are read.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Electrodes, in the order of the voltages.
    pub fn electrodes(&self) -> &[usize] {
        &self.electrodes
    }

    /// The plan with the limits, timing and scale in force.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Samples of a window.
    pub fn window_samples(&self) -> u32 {
        self.timing.window_samples
    }

    /// The instrument; while armed it holds the last voltages.
    pub fn instrument(&mut self) -> &mut Instrument {
        &mut self.instrument
    }

    /// Whether the guard was armed, and has not tripped or been disarmed since.
    pub fn is_armed(&self) -> bool {
        self.instrument.is_armed()
    }

    /// Position of an electrode in [`Probe::electrodes`].
    ///
    /// # Errors
    /// It has no role.
    pub fn position(&self, electrode: usize) -> Result<usize, MeasureError> {
        let position = self.electrodes.iter().position(|&other| other == electrode);
        let electrodes = || self.electrodes.clone();
        position.ok_or_else(|| MeasureError::Electrode { electrode, electrodes: electrodes() })
    }

    /// One window at each of `rows_v`, in order, and of each of the inputs that are read. All are checked before the first voltage is set.
    ///
    /// # Errors
    /// The length of a row differs from the number of electrodes or a voltage exceeds their limits; or the instrument fails.
    pub fn measure(&mut self, rows_v: &[Vec<f64>]) -> Result<Vec<Current>, MeasureError> {
        if let Some(row) = rows_v.iter().find(|row| row.len() != self.electrodes.len()) {
            let electrodes = self.electrodes.clone();
            return Err(PlanError::Voltages { found: row.len(), electrodes }.into());
        }
        let rows = self.plan.parameters().cases as usize;
        let plans = rows_v
            .chunks(rows)
            .map(|rows_v| Plan::new(self.configuration(rows_v), self.plan.parameters()))
            .collect::<Result<Vec<Plan>, _>>()?;
        let mut currents = Vec::with_capacity(rows_v.len() * self.inputs);
        for plan in &plans {
            if self.armed {
                self.instrument.write_all(&plan.case_writes())?;
            } else {
                plan.configure(&mut self.instrument)?;
                self.instrument.arm(ArmMode::Host)?;
                self.armed = true;
            }
            self.run(plan, &mut currents)?;
        }
        Ok(currents)
    }

    /// Ramps the outputs to their safe values, and returns the instrument.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn close(mut self) -> Result<Instrument, MeasureError> {
        self.instrument.disarm()?;
        Ok(self.instrument)
    }

    fn configuration(&self, rows_v: &[Vec<f64>]) -> Configuration {
        let inputs = self.electrodes.clone();
        let (cases_v, controls) = (rows_v.to_vec(), Vec::new());
        let base = self.plan.configuration().clone();
        let timing = self.timing.clone();
        Configuration { inputs, cases_v, controls, timing, noise_slots: Vec::new(), ..base }
    }

    fn run(&mut self, plan: &Plan, currents: &mut Vec<Current>) -> Result<(), MeasureError> {
        let expected = plan.configuration().cases_v.len();
        for window in windows(&mut self.instrument, 0, expected, self.inputs)? {
            currents.push(current(plan, &window)?);
        }
        Ok(())
    }
}

fn current(plan: &Plan, window: &Window) -> Result<Current, MeasureError> {
    if window.flags & (flag::CLAMPED | flag::LIMITED) != 0 {
        return Err(SessionError::Guard { case: window.case, flags: window.flags }.into());
    }
    let half = f64::from(plan.grid().window_samples / 2);
    let (first, second) = (f64::from(window.sum_first) / half, f64::from(window.sum_second) / half);
    let scale = plan.scale().input(window.input.into());
    Ok(Current {
        current_na: scale.current_na((first + second) / 2.0),
        halves_na: scale.current_difference_na(first - second),
        sample: window.sample_clock,
        clipped: scale.clips(AdcCode(window.min), AdcCode(window.max)),
    })
}
