//! Homodyne gradient extraction on an instrument: from an experiment in SI units to registers, and from windows to gradients.
//!
//! | module | holds |
//! |---|---|
//! | [`measure`] | gradients, sweeps and captures beside training |
//! | [`tones`] | the window's grid and which tones on it |
//! | [`plan`] | a checked configuration, as registers |
//! | [`calibration`] | lag, pole and feed-through, and slopes without them |
//! | [`drift`] | what a current that has not settled puts on the tones |
//! | [`settling`] | windows that had not settled: corrected, flagged, repeated, dropped |
//! | [`method`] | ways to measure slopes: tones, differences, codes, the cost |
//! | [`session`] | one epoch's outputs and slopes |
//! | [`gradient`] | from a window's sums to slopes |
//! | [`carrier`] | binary codes in place of sines, and slopes from them |
//! | [`mod@cost`] | a cost demodulated in place of the current |
//! | [`gate`], [`loss`], [`optimiser`] | what is learnt, what is minimised, and how |
//! | [`experiment`] | experiment files |
//! | [`mod@train`] | restarts and the two loops |
//! | [`mod@track`] | learning that goes on while the device moves |
//! | [`spectrum`] | the density of a current, its noise and its lines |

pub mod calibration;
pub mod carrier;
pub mod cost;
pub mod drift;
pub mod experiment;
pub mod gate;
pub mod gradient;
pub mod loss;
pub mod measure;
pub mod method;
pub mod optimiser;
pub mod plan;
pub mod session;
pub mod settling;
pub mod spectrum;
pub mod tones;
pub mod track;
pub mod train;
