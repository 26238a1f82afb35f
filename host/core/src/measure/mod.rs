//! Measurements beside training: one set of derivatives, currents over voltages, raw ADC codes.
//!
//! | module | measures |
//! |---|---|
//! | [`gradient`] | every derivative at given controls, with standard errors |
//! | [`zero_amplitude`] | the same at amplitude zero, from three amplitudes |
//! | [`amplitude_bias`] | what the amplitudes tell of the bias, and the intervals that follow |
//! | [`amplitudes`] | the amplitudes at which curvature and noise harm least |
//! | [`probe`] | the current at any voltages, without perturbation |
//! | [`iv`] | sweeps of one electrode or two, and what they tell of a contact |
//! | [`calibrate`] | lag and feed-through of every tone |
//! | [`relaxation`] | how the current settles after a step |
//! | [`capture`] | ADC codes as they come |
//! | [`waveform`] | the current over time in a run |
//! | [`confidence`] | how well a mean is known |
//! | [`telemetry`] | what others measure, in SI units |

pub mod amplitude_bias;
pub mod amplitudes;
pub mod calibrate;
pub mod capture;
pub mod confidence;
pub mod gradient;
pub mod iv;
pub mod probe;
pub mod relaxation;
pub mod telemetry;
pub mod waveform;
pub mod zero_amplitude;

use crate::calibration::CalibrationError;
use crate::plan::{Plan, PlanError};
use crate::session::SessionError;
use hge_driver::text::number;
use hge_driver::DriverError;
use thiserror::Error;

/// A measurement could not be made.
#[derive(Debug, Error)]
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
    /// The list of voltages has another length than that of electrodes.
    #[error(
        "{found} voltages are given for electrodes {}: give one for each, in this order",
        list(electrodes)
    )]
    Voltages {
        /// Given.
        found: usize,
        /// One is wanted for each of these.
        electrodes: Vec<usize>,
    },
    /// A voltage at which no tone fits.
    #[error("electrode {electrode} cannot be set to {} V: with its tone its range is {} to {} V, choose a voltage there", number(*volts), number(*low_v), number(*high_v))]
    Beyond {
        /// Electrode.
        electrode: usize,
        /// Asked for.
        volts: f64,
        /// Least voltage.
        low_v: f64,
        /// Greatest voltage.
        high_v: f64,
    },
    /// An electrode without a role.
    #[error("electrode {electrode} has no role in the experiment, which names {}: choose one of them or add it to electrodes.controls", list(electrodes))]
    Electrode {
        /// Asked for.
        electrode: usize,
        /// Those that have one.
        electrodes: Vec<usize>,
    },
    /// A sweep that cannot be made.
    #[error("a sweep of electrode {electrode} from {} to {} V in {points} points is not possible: give two different voltages, and {least} points or more, up to a million in total", number(*low_v), number(*high_v))]
    Sweep {
        /// Electrode.
        electrode: usize,
        /// From.
        low_v: f64,
        /// To.
        high_v: f64,
        /// In so many points.
        points: usize,
        /// Least number of points.
        least: usize,
    },
    /// Two axes of a sweep move the same electrode.
    #[error("electrode {electrode} is swept twice: name two different electrodes")]
    Twice {
        /// Electrode.
        electrode: usize,
    },
    /// A case that the plan has not.
    #[error("there is no case {case}: the experiment has {cases}, counted from 0")]
    Case {
        /// Asked for.
        case: usize,
        /// There are.
        cases: usize,
    },
    /// Captured codes and a run's windows do not belong together.
    #[error("the captured codes are not those of the run's windows: another program captures or has changed the decimation, end it and measure again")]
    Apart,
    /// Too few repetitions, or none.
    #[error("0 {what} cannot be measured: ask for 1 or more")]
    Nothing {
        /// What.
        what: &'static str,
    },
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

fn list(electrodes: &[usize]) -> String {
    electrodes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
