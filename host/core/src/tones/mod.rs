//! Choice of tones: multiples on the window's grid whose products avoid each other.
//!
//! A window of N samples holds m whole periods of tone m, so different multiples are exactly
//! orthogonal. A nonlinear device mixes them: its second order responds at 2 m_i and m_i +- m_j, its
//! third at m_i +- m_j +- m_k, folded at half the sample rate ([`products`]). The planner never accepts a second-order product on a
//! tone, and avoids third-order ones where possible. One is unavoidable: V_i V_j^2
//! responds at m_i + m_j - m_j = m_i itself, for any tones.
//!
//! The accuracy of a derivative depends on the line of its tone: [`NoiseModel`] gives the noise there and the gain of the
//! I-V converter, and [`planner`] prefers the best lines. Near each tone it reserves empty lines
//! for measuring the noise with tones on.

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
