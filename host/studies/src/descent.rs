//! Gradient descent from one start, with any source of outputs and slopes: the instrument, or the device model.

use super::sim_setup::{row_v, SimSetup};
use super::ReproduceError;
use hge_core::optimiser::{Optimiser, Rule};
use hge_core::plan::{Configuration, Plan};
use hge_driver::{Cancel, DriverError};
use hge_sim::device::Device;

/// Outputs and slopes at some controls.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// One for each case.
    pub outputs_na: Vec<f64>,
    /// Case by case, one for each control.
    pub slopes_na_per_v: Vec<Vec<f64>>,
    /// Slopes case by case, one for each input whose electrode has a tone too.
    pub of_inputs_na_per_v: Vec<Vec<f64>>,
}

/// Source of outputs and slopes.
pub trait GradientSource {
    /// Outputs and slopes at these controls, case by case.
    ///
    /// # Errors
    /// The instrument fails.
    fn respond(
        &mut self,
        cases_v: &[Vec<f64>],
        controls_v: &[f64],
    ) -> Result<Response, ReproduceError>;
}

/// The instrument: one window a case, all tones in parallel.
impl GradientSource for SimSetup {
    fn respond(
        &mut self,
        cases_v: &[Vec<f64>],
        controls_v: &[f64],
    ) -> Result<Response, ReproduceError> {
        let readings = self.readings(cases_v, controls_v, true)?;
        let outputs_na = readings.iter().map(|reading| reading.mean_na).collect();
        let of_inputs = |reading| self.slopes_of_inputs_na_per_v(reading);
        let of_inputs_na_per_v = readings.iter().map(of_inputs).collect();
        let slopes_na_per_v = readings.into_iter().map(|reading| reading.slopes_na_per_v).collect();
        Ok(Response { outputs_na, slopes_na_per_v, of_inputs_na_per_v })
    }
}

/// The device itself, its output 0: no noise, no tones.
pub struct Exact<'a> {
    /// Asked.
    pub device: &'a dyn Device,
    /// Roles of the electrodes.
    pub plan: &'a Plan,
}

impl Exact<'_> {
    /// Currents only.
    pub fn outputs_na(&self, cases_v: &[Vec<f64>], controls_v: &[f64]) -> Vec<f64> {
        let rows = cases_v.iter().flat_map(|case_v| self.row_v(case_v, controls_v));
        let rows: Vec<f64> = rows.collect();
        let measured = self.device.outputs();
        let mut currents_na = vec![0.0; cases_v.len() * measured];
        self.device.currents_na(&rows, &mut currents_na);
        currents_na.into_iter().step_by(measured).collect()
    }

    fn row_v(&self, case_v: &[f64], controls_v: &[f64]) -> Vec<f64> {
        row_v(self.plan, self.device.electrodes(), case_v, controls_v)
    }
}

impl GradientSource for Exact<'_> {
    fn respond(
        &mut self,
        cases_v: &[Vec<f64>],
        controls_v: &[f64],
    ) -> Result<Response, ReproduceError> {
        let Configuration { inputs, controls, .. } = self.plan.configuration();
        let (mut slopes_na_per_v, mut of_inputs_na_per_v) = (Vec::new(), Vec::new());
        let rows_v = cases_v.iter().flat_map(|case_v| self.row_v(case_v, controls_v));
        let all = self.device.jacobians_na_per_v(&rows_v.collect::<Vec<f64>>());
        let all = all.ok_or_else(|| ReproduceError::Slopes { device: self.device.name() })?;
        // The first row of every Jacobian is that of output 0.
        for row in all.chunks_exact(self.device.electrodes() * self.device.outputs()) {
            slopes_na_per_v.push(controls.iter().map(|control| row[control.output]).collect());
            of_inputs_na_per_v.push(inputs.iter().map(|&input| row[input]).collect());
        }
        let outputs_na = self.outputs_na(cases_v, controls_v);
        Ok(Response { outputs_na, slopes_na_per_v, of_inputs_na_per_v })
    }
}

/// A loss and its gradient.
pub type Evaluated = (f64, Vec<f64>);

/// How to descend.
pub struct DescentConfig<'a> {
    /// Where parameters may be set.
    pub ranges_v: &'a [(f64, f64)],
    /// Adam's step.
    pub rate_v: f64,
    /// Steps at most.
    pub steps: u32,
    /// The descent ends at this loss.
    pub stop_loss: f64,
    /// Ends the descent immediately.
    pub cancel: &'a Cancel,
}

/// Where a descent led.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Parameters of the least loss.
    pub best_v: Vec<f64>,
    /// The loss of that point.
    pub best_loss: f64,
    /// Loss of every step.
    pub losses: Vec<f64>,
}

/// Descends from `start_v` with Adam; `evaluate` returns loss and gradient.
///
/// # Errors
/// Those of `evaluate`.
pub fn descend(
    config: &DescentConfig<'_>,
    start_v: Vec<f64>,
    evaluate: &mut dyn FnMut(&[f64]) -> Result<Evaluated, ReproduceError>,
) -> Result<Path, ReproduceError> {
    let mut optimiser = Optimiser::new(Rule::Adam, config.rate_v, 0.0, start_v.len());
    let mut path = Path { best_v: start_v.clone(), best_loss: f64::INFINITY, losses: Vec::new() };
    let mut at_v = start_v;
    for _ in 0..config.steps {
        if config.cancel.is_cancelled() {
            return Err(DriverError::Cancelled.into());
        }
        let (loss, gradient) = evaluate(&at_v)?;
        path.losses.push(loss);
        if loss < path.best_loss {
            path.best_v.clone_from(&at_v);
            path.best_loss = loss;
        }
        if loss <= config.stop_loss {
            break;
        }
        optimiser.step(&mut at_v, &gradient, config.ranges_v);
    }
    Ok(path)
}
