//! Progress of a training: one epoch.

use crate::session::Reading;
use serde::{Deserialize, Serialize};

/// One epoch, as it happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Start, from 1; 0 during tracking.
    pub restart: u32,
    /// Epoch within the start, from 1.
    pub epoch: u32,
    /// Loss.
    pub loss: f64,
    /// Least high output less greatest low one.
    pub separation_na: f64,
    /// Controls at which the epoch was measured.
    pub controls_v: Vec<f64>,
    /// Mean current of every case, tones on.
    pub outputs_na: Vec<f64>,
    /// Slope of the current, case by case, with every control; of the cost in nA^2/V where that was demodulated. Windows that were lost on the way
    /// leave the last ones that came.
    pub slopes_na_per_v: Vec<Vec<f64>>,
    /// Standard error of every control's slopes from one window, by the noise density of the experiment; none without one.
    pub errors_na_per_v: Vec<f64>,
    /// Some output touched an end of the ADC or of the I-V converter.
    pub clipped: bool,
    /// Samples of all runs so far.
    pub samples: u64,
}

impl Progress {
    /// These readings only.
    pub(crate) fn of(readings: &[Reading]) -> Self {
        Progress {
            outputs_na: readings.iter().map(|reading| reading.mean_na).collect(),
            slopes_na_per_v: readings.iter().map(slopes).collect(),
            clipped: readings.iter().any(|reading| reading.clipped),
            ..Progress::default()
        }
    }
}

/// Whether slopes are those of the current or of the cost.
fn slopes(reading: &Reading) -> Vec<f64> {
    let of_cost = &reading.cost_slopes_na2_per_v;
    if of_cost.is_empty() { &reading.slopes_na_per_v } else { of_cost }.clone()
}
