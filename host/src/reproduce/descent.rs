//! Gradient descent from one start, on whatever tells outputs and slopes: the instrument, or the device itself.

use super::rig::{row_v, Rig};
use super::ReproduceError;
use crate::optimiser::{Optimiser, Rule};
use crate::plan::Plan;
use hge_sim::device::Device;

/// Outputs and slopes at some controls.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// One for each case.
    pub outputs_na: Vec<f64>,
    /// Case by case, one for each control.
    pub slopes_na_per_v: Vec<Vec<f64>>,
}

/// What tells them.
pub trait Teller {
    /// At these controls, case by case.
    ///
    /// # Errors
    /// The instrument fails.
    fn tell(&mut self, cases_v: &[Vec<f64>], controls_v: &[f64]) -> Result<Told, ReproduceError>;
}

/// The instrument: one window a case, all tones at once.
impl Teller for Rig {
    fn tell(&mut self, cases_v: &[Vec<f64>], controls_v: &[f64]) -> Result<Told, ReproduceError> {
        let readings = self.readings(cases_v, controls_v, true)?;
        let outputs_na = readings.iter().map(|reading| reading.mean_na).collect();
        let slopes_na_per_v = readings.into_iter().map(|reading| reading.slopes_na_per_v).collect();
        Ok(Told { outputs_na, slopes_na_per_v })
    }
}

/// The device itself: no noise, no tones.
pub struct Exact<'a> {
    /// Asked.
    pub device: &'a dyn Device,
    /// Roles of the electrodes.
    pub plan: &'a Plan,
}

impl Exact<'_> {
    /// Currents alone.
    pub fn outputs_na(&self, cases_v: &[Vec<f64>], controls_v: &[f64]) -> Vec<f64> {
        let rows = cases_v.iter().flat_map(|case_v| self.row_v(case_v, controls_v));
        let rows: Vec<f64> = rows.collect();
        let mut outputs_na = vec![0.0; cases_v.len()];
        self.device.currents_na(&rows, &mut outputs_na);
        outputs_na
    }

    fn row_v(&self, case_v: &[f64], controls_v: &[f64]) -> Vec<f64> {
        row_v(self.plan, self.device.electrodes(), case_v, controls_v)
    }
}

impl Teller for Exact<'_> {
    fn tell(&mut self, cases_v: &[Vec<f64>], controls_v: &[f64]) -> Result<Told, ReproduceError> {
        let slopes = |case_v: &Vec<f64>| {
            let row = self.row_v(case_v, controls_v);
            let all = self.device.gradient_na_per_v(&row);
            let all = all.ok_or_else(|| ReproduceError::Slopes { device: self.device.name() })?;
            let controls = self.plan.configuration().controls.iter();
            Ok(controls.map(|control| all[control.output]).collect())
        };
        let slopes_na_per_v = cases_v.iter().map(slopes).collect::<Result<_, ReproduceError>>()?;
        Ok(Told { outputs_na: self.outputs_na(cases_v, controls_v), slopes_na_per_v })
    }
}

/// A loss of outputs, with its derivative.
pub type Cost<'a> = dyn Fn(&[f64]) -> (f64, Vec<f64>) + 'a;

/// How to descend.
pub struct Way<'a> {
    /// Input voltages, case by case.
    pub cases_v: &'a [Vec<f64>],
    /// Where controls may be set.
    pub ranges_v: &'a [(f64, f64)],
    /// What is minimised.
    pub cost: &'a Cost<'a>,
    /// Adam's step.
    pub rate_v: f64,
    /// Steps at most.
    pub steps: u32,
    /// It ends at this loss.
    pub stop_loss: f64,
}

/// Where a descent led.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Controls of the least loss.
    pub best_v: Vec<f64>,
    /// That loss.
    pub best_loss: f64,
    /// Loss of every step.
    pub losses: Vec<f64>,
}

/// Descends from `controls_v` with Adam.
///
/// # Errors
/// The teller fails.
pub fn descend(
    teller: &mut dyn Teller,
    way: &Way<'_>,
    mut controls_v: Vec<f64>,
) -> Result<Path, ReproduceError> {
    let mut optimiser = Optimiser::new(Rule::Adam, way.rate_v, 0.0, controls_v.len());
    let mut path =
        Path { best_v: controls_v.clone(), best_loss: f64::INFINITY, losses: Vec::new() };
    for _ in 0..way.steps {
        let told = teller.tell(way.cases_v, &controls_v)?;
        let (loss, slope) = (way.cost)(&told.outputs_na);
        path.losses.push(loss);
        if loss < path.best_loss {
            path.best_v.clone_from(&controls_v);
            path.best_loss = loss;
        }
        if loss <= way.stop_loss {
            break;
        }
        let gradient: Vec<f64> = (0..controls_v.len())
            .map(|k| told.slopes_na_per_v.iter().zip(&slope).map(|(row, d)| row[k] * d).sum())
            .collect();
        optimiser.step(&mut controls_v, &gradient, way.ranges_v);
    }
    Ok(path)
}
