//! Measurements outside training: one set of derivatives, current-voltage curves, raw ADC codes.
//!
//! | module | measurement |
//! |---|---|
//! | [`gradient`] | every derivative at given controls, with standard errors |
//! | [`zero_amplitude`] | the same at amplitude zero, from three amplitudes |
//! | [`amplitude_bias`] | the bias from several amplitudes, and the resulting intervals |
//! | [`amplitudes`] | the amplitudes with the least sum of errors from curvature and noise |
//! | [`curvature`] | every second derivative, from the products of the tones |
//! | [`probe`] | the current at any voltages, without tones |
//! | [`iv`] | sweeps of one electrode or two, and the check of a contact |
//! | [`calibrate`] | lag and feed-through of every tone |
//! | [`relaxation`] | settling of the current after a step |
//! | [`capture`] | raw ADC codes |
//! | [`waveform`] | the current over time in a run |
//! | [`confidence`] | uncertainty of a mean |
//! | [`telemetry`] | telemetry of other clients, in SI units |

pub mod amplitude_bias;
pub mod amplitudes;
pub mod calibrate;
pub mod capture;
pub mod confidence;
pub mod curvature;
pub mod gradient;
pub mod iv;
pub mod probe;
pub mod relaxation;
pub mod telemetry;
pub mod waveform;
pub mod zero_amplitude;

use crate::calibration::CalibrationError;
use crate::plan::{list, Plan, PlanError};
use crate::session::SessionError;
use hge_driver::text::number;
use hge_driver::{Cause, DriverError};
use thiserror::Error;

/// A measurement could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
    /// See [`PlanError`].
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// See [`CalibrationError`].
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// A voltage where the tone does not fit.
    #[error("electrode {electrode} cannot be set to {} V: with its tone its range is {} to {} V, choose a voltage there", number(*volts), number(*low_v), number(*high_v))]
    Beyond {
        /// Electrode.
        electrode: usize,
        /// Requested voltage.
        volts: f64,
        /// Least voltage.
        low_v: f64,
        /// Greatest voltage.
        high_v: f64,
    },
    /// An electrode without a role.
    #[error("electrode {electrode} has no role in the experiment, which names {}: choose one of them or add it to electrodes.controls", list(electrodes))]
    Electrode {
        /// Requested electrode.
        electrode: usize,
        /// Electrodes with a role.
        electrodes: Vec<usize>,
    },
    /// A sweep that is not possible.
    #[error("a sweep of electrode {electrode} from {} to {} V in {points} points is not possible: give two different voltages, and {least} points or more, up to a million in total", number(*low_v), number(*high_v))]
    Sweep {
        /// Electrode.
        electrode: usize,
        /// From.
        low_v: f64,
        /// To.
        high_v: f64,
        /// Number of points.
        points: usize,
        /// Minimum number of points.
        least: usize,
    },
    /// Two axes of a sweep use the same electrode.
    #[error("electrode {electrode} is swept twice: name two different electrodes")]
    Twice {
        /// Electrode.
        electrode: usize,
    },
    /// A case that the plan does not have.
    #[error("there is no case {case}: the experiment has {cases}, counted from 0")]
    Case {
        /// Requested case.
        case: usize,
        /// Number of cases.
        cases: usize,
    },
    /// Captured codes and a run's windows do not match.
    #[error("the captured codes are not those of the run's windows: another program captures or has changed the decimation, end it and measure again")]
    Apart,
    /// Tones whose products have lines of their own do not exist.
    #[error("the products of {controls} tones do not have lines of their own in a window of 65536 samples: use fewer electrodes.controls")]
    Products {
        /// Number of tones.
        controls: usize,
    },
    /// Too few repetitions, or none.
    #[error("0 {what} cannot be measured: ask for 1 or more")]
    Nothing {
        /// What.
        what: &'static str,
    },
}

impl MeasureError {
    /// The class of this error.
    pub fn cause(&self) -> Cause {
        match self {
            MeasureError::Session(error) => error.cause(),
            _ => Cause::Other,
        }
    }
}

impl From<DriverError> for MeasureError {
    fn from(error: DriverError) -> Self {
        MeasureError::Session(error.into())
    }
}

/// Electrodes that have a role in a plan, in the order of their numbers.
pub fn electrodes(plan: &Plan) -> Vec<usize> {
    let configuration = plan.configuration();
    let controls = configuration.controls.iter().map(|control| control.output);
    let mut electrodes: Vec<usize> = configuration.inputs.iter().copied().chain(controls).collect();
    electrodes.sort_unstable();
    electrodes
}
