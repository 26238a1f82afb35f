//! The result of a training.

use super::significance::Gap;
use crate::session::Reading;
use crate::settling::Counts;
use crate::targets::{Targets, Wanted};
use serde::{Deserialize, Serialize};

/// The solution of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the separation of the unperturbed outputs exceeds the target with 99.9 % confidence, corrected for the number of settings
    /// searched; outputs must be finite and inside the range of the chain.
    pub solved: bool,
    /// Loss of the unperturbed outputs.
    pub loss: f64,
    /// Share of right cases: with all outputs on the right side of their thresholds, or with the output of the class above all others.
    pub accuracy: f64,
    /// Score of the unperturbed outputs: lowest high output less highest low one; with classes the output of the class less the greatest other one; with target
    /// currents the RMS error, negated.
    pub separation_na: f64,
    /// Standard error of the separation; `None`: it was read once.
    #[serde(default)]
    pub separation_error_na: Option<f64>,
    /// The separation is above this with that confidence; `None`: it was read once.
    #[serde(default)]
    pub separation_above_na: Option<f64>,
    /// Root mean square of the unperturbed outputs less their target currents; `None`: a task with labels or classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rms_error_na: Option<f64>,
    /// Threshold of every output of a task with labels; offset of every output of a task with classes.
    #[serde(default)]
    pub offsets_na: Vec<f64>,
    /// Unperturbed outputs: of every case, and in it of every output that is read. Of a file with test cases these alone.
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
            rms_error_na: None,
            offsets_na: Vec::new(),
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
        let of_currents = matches!(targets.wanted, Wanted::Currents(_));
        let rms_error_na = of_currents.then_some(-separation_na);
        let offsets_na = targets.offsets(&outputs_na);
        Outcome { accuracy, separation_na, rms_error_na, offsets_na, outputs_na, ..self }
    }

    /// Whether another measurement is worthwhile: the outputs are finite, inside the chain's range and, within noise, far enough apart.
    pub(super) fn is_promising(&self, wanted_na: f64) -> bool {
        self.is_sound() && self.separation_na >= wanted_na
    }

    fn is_sound(&self) -> bool {
        let finite = !self.outputs_na.is_empty() && self.outputs_na.iter().all(|na| na.is_finite());
        finite && !self.clipped
    }

    /// Decides by the accuracy of all passes.
    pub(super) fn judge_accuracy(&mut self, gap: Gap, right: bool) {
        self.judge(gap, f64::INFINITY);
        self.solved = self.is_sound() && right;
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
