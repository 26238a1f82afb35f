//! Errors of a set of tones.

use hge_driver::text::number;
use thiserror::Error;

/// Tones that cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ToneError {
    /// Half the sample rate or more, or zero and less.
    #[error("a tone of {} Hz does not lie between 0 and half the sample rate ({} Hz): choose another or raise rate_hz", number(*frequency_hz), number(*limit_hz))]
    OutOfBand {
        /// Asked for.
        frequency_hz: f64,
        /// Half the sample rate.
        limit_hz: f64,
    },
    /// No whole number of periods in the window.
    #[error("a tone of {} Hz is off the window's grid of {} Hz: the nearest on it are {} Hz and {} Hz, choose one of them", number(*frequency_hz), number(*step_hz), number(*below_hz), number(*above_hz))]
    OffGrid {
        /// Asked for.
        frequency_hz: f64,
        /// Distance of the grid's lines.
        step_hz: f64,
        /// Next line below.
        below_hz: f64,
        /// Next line above.
        above_hz: f64,
    },
    /// Two tones are one.
    #[error("two tones have {} Hz: give every control its own frequency", number(*frequency_hz))]
    Duplicate {
        /// Shared frequency.
        frequency_hz: f64,
    },
    /// A second-order product falls on a tone.
    #[error("{}", collision(*first_hz, *second_hz, *hit_hz))]
    Collision {
        /// One factor.
        first_hz: f64,
        /// The other; equal to the first for a harmonic.
        second_hz: f64,
        /// Tone hit.
        hit_hz: f64,
    },
    /// Too many tones for the band.
    #[error("no {count} tones without second-order collisions fit between {} Hz and {} Hz: widen the band, lengthen the window or use fewer controls", number(*low_hz), number(*high_hz))]
    NoRoom {
        /// Requested tones.
        count: usize,
        /// Low end of the band.
        low_hz: f64,
        /// High end of the band.
        high_hz: f64,
    },
}

/// A product of second order on a tone, as a sentence.
fn collision(first_hz: f64, second_hz: f64, hit_hz: f64) -> String {
    let (first, second, hit) = (number(first_hz), number(second_hz), number(hit_hz));
    let what = if first_hz == second_hz {
        format!("twice {first} Hz falls on {hit} Hz")
    } else {
        format!("the sum of {first} Hz and {second} Hz falls on {hit} Hz")
    };
    format!("tones collide: {what}, move one of them (odd multiples of the grid never collide)")
}
