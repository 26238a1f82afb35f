//! What a training came to.

use super::SOLVED_NA;
use crate::loss::Targets;
use crate::session::Reading;
use crate::settling::Counts;
use serde::{Deserialize, Serialize};

/// What was learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the unperturbed outputs are at least [`SOLVED_NA`] apart, all of them right, finite and
    /// inside the range of the chain.
    pub solved: bool,
    /// Loss of the unperturbed outputs.
    pub loss: f64,
    /// Share of cases on the right side of the best threshold.
    pub accuracy: f64,
    /// Least high output less greatest low one, unperturbed.
    pub separation_na: f64,
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
    /// The outcome of unperturbed outputs at `controls_v`; counts are filled in by the loop.
    pub(super) fn of(
        controls_v: Vec<f64>,
        readings: &[Reading],
        loss: f64,
        targets: &Targets,
    ) -> Self {
        let outputs_na: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
        let clipped = readings.iter().any(|reading| reading.clipped);
        let finite = !outputs_na.is_empty() && outputs_na.iter().all(|output| output.is_finite());
        let accuracy = targets.accuracy(&outputs_na);
        let separation_na = targets.separation_na(&outputs_na);
        Outcome {
            solved: finite && !clipped && accuracy == 1.0 && separation_na >= SOLVED_NA,
            loss,
            accuracy,
            separation_na,
            outputs_na,
            controls_v,
            epochs: 0,
            restarts: 0,
            saturated: false,
            clipped,
            clipped_starts: 0,
            starts_clipped: false,
            unsettled: Counts::default(),
            samples: 0,
        }
    }

    /// Whether this beats `other`: a solution, then the greater separation. Losses of different targets cannot be
    /// compared.
    pub(super) fn beats(&self, other: Option<&Outcome>) -> bool {
        other.is_none_or(|other| {
            (self.solved, self.separation_na) > (other.solved, other.separation_na)
        })
    }
}
