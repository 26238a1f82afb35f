//! Which tones: multiples on the window's grid whose products miss each other.
//!
//! A window of N samples holds m whole periods of tone m, so different multiples are exactly
//! orthogonal. What still mixes is the device: its second order answers at 2 m_i and m_i +- m_j, its
//! third at m_i +- m_j +- m_k, folded at half the sample rate ([`products`]). Second-order products on a tone are
//! never accepted; third-order ones are planned around where there is room. One cannot be: V_i V_j^2
//! answers at m_i + m_j - m_j = m_i itself, whatever the tones.
//!
//! A tone's derivative is as good as its line: [`NoiseModel`] says how much noise lies there and how much of the answer the
//! I-V converter lets through, and [`planner`] takes the best lines first. Beside each tone it finds empty lines
//! on which the noise can be measured while the tones sound.

pub mod crosstalk;
mod empty;
mod error;
mod exact;
mod grid;
mod local;
mod noise_model;
pub mod planner;
pub mod products;
mod set;

pub use error::ToneError;
pub use grid::Grid;
pub use noise_model::{NoiseModel, MAINS_GUARD_LINES};
pub use planner::{
    assess, empty_lines_in, plan, Order, Tone, TonePlan, ToneSpec, EMPTY_LINES, EXACT_TONES,
};
