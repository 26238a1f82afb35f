//! Homodyne gradient extraction on an instrument: from an experiment in SI units to registers, and from windows to gradients.
//!
//! An [`experiment::Experiment`] is checked against an instrument's parameters into an [`experiment::Task`] with its
//! [`plan::Plan`]; a [`session::Session`] measures currents and slopes by the plan, [`measure`] has gradients with errors, sweeps
//! and calibrations, [`mod@train`] descends. The instrument is one of [`hge_driver`], on a board or simulated.
//!
//! ```
//! use hge_core::tones::{plan, Grid, Order, NoiseModel, ToneSpec};
//!
//! // Five tones in a window of 512 samples at 5 kHz, none of which is a product of second order of the others.
//! let wanted = ToneSpec {
//!     grid: Grid { rate_hz: 5000.0, window_samples: 512 },
//!     count: 5,
//!     band_hz: [20.0, 2000.0],
//!     empty_lines: 2,
//!     order: Order::Compact,
//!     noise_model: NoiseModel::default(),
//! };
//! let planned = plan(&wanted)?;
//! assert_eq!(planned.tones.len(), 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | content |
//! |---|---|
//! | [`apparatus`] | a connected instrument with its experiment, for one operation after another |
//! | [`measure`] | gradients, sweeps and captures outside training |
//! | [`tones`] | the window's grid and the choice of tones on it |
//! | [`plan`] | a checked configuration, as registers |
//! | [`calibration`] | lag, pole and feed-through, and their correction |
//! | [`drift`] | effect on the tones of a current that has not settled |
//! | [`settling`] | windows that had not settled: corrected, flagged, repeated, dropped |
//! | [`method`] | methods of measuring slopes: tones, differences, codes, the cost |
//! | [`session`] | one epoch's outputs and slopes |
//! | [`gradient`] | from a window's sums to slopes |
//! | [`carrier`] | binary codes in place of sines, and slopes from them |
//! | [`mod@cost`] | a cost demodulated in place of the current |
//! | [`gate`], [`targets`], [`loss`], [`optimiser`] | task, requirements on its outputs, loss function and optimiser |
//! | [`dataset`] | rows of a file: training, validation and test |
//! | [`numpy`] | arrays from files of NumPy |
//! | `softmax` | cross-entropy of classes |
//! | [`experiment`] | experiment files |
//! | [`mod@train`] | restarts and the two loops |
//! | [`mod@track`] | training that continues while the device drifts |
//! | [`spectrum`] | the density of a current, its noise and its lines |

#[macro_use]
mod choices;

pub mod apparatus;
pub mod calibration;
pub mod carrier;
pub mod cost;
pub mod dataset;
pub mod drift;
pub mod experiment;
pub mod gate;
pub mod gradient;
mod linear;
pub mod loss;
pub mod measure;
pub mod method;
pub mod numpy;
pub mod optimiser;
pub mod plan;
mod reading;
pub mod session;
pub mod settling;
mod softmax;
pub mod spectrum;
pub mod targets;
pub mod tones;
pub mod track;
pub mod train;
