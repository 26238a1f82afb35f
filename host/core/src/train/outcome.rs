//! The result of a training.

use super::significance::Gap;
use crate::loss::Targets;
use crate::session::Reading;
use crate::settling::Counts;
use serde::{Deserialize, Serialize};

/// The solution of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the separation of the unperturbed outputs exceeds the target with 99.9 % confidence, corrected for the number of settings
    /// searched; outputs must be finite and inside the range of the chain.
    pub solved: bool,
    /// Loss of the unperturbed outputs.
    pub loss: f64,
    /// Share of cases on the right side of the best threshold.
    pub accuracy: f64,
    /// Least high output less greatest low one, unperturbed.
    pub separation_na: f64,
    /// Standard error of the separation; `None`: it was read once.
    #[serde(default)]
    pub separation_error_na: Option<f64>,
    /// The separation is above this with that confidence; `None`: it was read once.
    #[serde(default)]
    pub separation_above_na: Option<f64>,
    /// Unperturbed output of every case.
    pub outputs_na: Vec<f64>,
    /// Best controls.
    pub controls_v: Vec<f64>,
    /// Epochs of all starts.
    pub epochs: u32,
    /// Starts tried.
    pub restarts: u32,
    /// Something saturated in the gateware's update (standalone): a step was cut at the DAC's range.
    pub saturated: bool,
    /// Some unperturbed output touched an end of the ADC or of the I-V converter.
    pub clipped: bool,
    /// Starts in which outputs clipped while tones were on: in the host's loop the start ends there, in the gateware's its slopes come out too
    /// small.
    #[serde(default)]
    pub clipped_starts: u32,
    /// No start got beyond its first epoch for clipping (host loop): the outputs are those in the
    /// middle of the ranges.
    pub starts_clipped: bool,
    /// Windows of the loop through the host in which the current had not settled.
    pub unsettled: Counts,
    /// Samples of all runs.
    pub samples: u64,
}

impl Outcome {
    /// The outcome of one reading of the unperturbed outputs at `controls_v`, not yet tested; the loop fills in the counts.
    pub(super) fn of(
        controls_v: Vec<f64>,
        readings: &[Reading],
        loss: f64,
        targets: &Targets,
    ) -> Self {
        let outputs_na: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
        let clipped = readings.iter().any(|reading| reading.clipped);
        let outcome = Outcome {
            solved: false,
            loss,
            accuracy: 0.0,
            separation_na: 0.0,
            separation_error_na: None,
            separation_above_na: None,
            outputs_na: Vec::new(),
            controls_v,
            epochs: 0,
            restarts: 0,
            saturated: false,
            clipped,
            clipped_starts: 0,
            starts_clipped: false,
            unsettled: Counts::default(),
            samples: 0,
        };
        outcome.measured(outputs_na, targets)
    }

    /// With these outputs in place of the ones before.
    pub(super) fn measured(self, outputs_na: Vec<f64>, targets: &Targets) -> Self {
        let (accuracy, separation_na) =
            (targets.accuracy(&outputs_na), targets.separation_na(&outputs_na));
        Outcome { accuracy, separation_na, outputs_na, ..self }
    }

    /// Whether another measurement is worthwhile: the outputs are finite, inside the chain's range and, within noise, far enough apart.
    pub(super) fn is_promising(&self, wanted_na: f64) -> bool {
        let finite = !self.outputs_na.is_empty() && self.outputs_na.iter().all(|na| na.is_finite());
        finite && !self.clipped && self.separation_na >= wanted_na
    }

    /// Decides by the standard error of the gap.
    pub(super) fn judge(&mut self, gap: Gap, wanted_na: f64) {
        self.separation_error_na = Some(gap.error_na);
        self.separation_above_na = Some(gap.lower_na);
        self.solved = self.is_promising(wanted_na) && gap.lower_na >= wanted_na;
    }

    /// Whether the outputs have the required gap, given the noise.
    pub fn is_within_noise(&self, wanted_na: f64) -> bool {
        !self.solved && self.is_promising(wanted_na)
    }

    /// Whether this beats `other`: a solution, then the greater separation. Losses of different targets cannot be
    /// compared.
    pub(super) fn beats(&self, other: Option<&Outcome>) -> bool {
        other.is_none_or(|other| {
            (self.solved, self.separation_na) > (other.solved, other.separation_na)
        })
    }
}
