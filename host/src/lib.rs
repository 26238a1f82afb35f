//! The host's side: from an experiment in SI units to registers, and from frames back.
//!
//! | module | holds |
//! |---|---|
//! | [`link`] | the pipe of bytes: serial, TCP, in this process |
//! | [`driver`] | registers, arming, runs, telemetry |
//! | [`server`] | a simulated instrument for others |
//! | [`lab`] | an experiment's device on a simulated bench |
//! | [`measure`] | gradients, sweeps and captures beside training |
//! | [`selftest`] | the first power-on with a resistor: chain, outputs, guard |
//! | [`quantity`] | registers by name, in SI units |
//! | [`scale`] | codes and SI values |
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
//! | [`record`] | run folders: kept, resumed, replayed |
//! | [`mod@track`] | learning that goes on while the device moves |
//! | [`trace`] | waveforms of a run |
//! | [`figure`] | figures as SVG and PNG |
//! | [`spectrum`] | the density of a current, its noise and its lines |
//! | [`report`] | a training as one page of HTML |
//! | [`reproduce`] | the paper's results on simulated devices |
//! | [`text`] | how numbers and text from outside stand in messages |
//! | [`file`] | regular files, read up to a bound and replaced as a whole |

pub mod calibration;
pub mod carrier;
pub mod cost;
pub mod drift;
pub mod driver;
pub mod experiment;
pub mod figure;
pub mod gate;
pub mod gradient;
pub mod lab;
pub mod link;
pub mod loss;
pub mod measure;
pub mod method;
pub mod optimiser;
pub mod plan;
pub mod quantity;
pub mod record;
pub mod report;
pub mod reproduce;
pub mod scale;
pub mod selftest;
pub mod server;
pub mod session;
pub mod settling;
pub mod spectrum;
pub mod text;
pub mod tones;
pub mod trace;
pub mod track;
pub mod train;

pub use hge_system::file;

/// First 32 bits of the git commit this program was built from, 0 outside a clone.
pub fn commit() -> u32 {
    u32::from_str_radix(env!("HGE_COMMIT"), 16).unwrap_or(0)
}
