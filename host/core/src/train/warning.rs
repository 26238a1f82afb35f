//! Warnings about the result of a training.

use super::Outcome;
use crate::plan::LineLoad;
use crate::settling::Counts;
use hge_driver::text::number;
use serde::{Serialize, Serializer};
use std::fmt;

/// A warning about a result. Its text, and its JSON, is a message without a full stop.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The outputs are as far apart as wanted, but not beyond what noise makes of a smaller gap.
    WithinNoise {
        /// The separation is above this.
        above_na: f64,
        /// Wanted.
        wanted_na: f64,
    },
    /// No start got beyond its first epoch for clipping.
    EveryStartClipped,
    /// Outputs clipped while tones were on.
    StartsClipped {
        /// Number of these starts.
        clipped: u32,
        /// Number of all starts.
        starts: u32,
        /// The chain's range.
        full_scale_na: f64,
    },
    /// Unperturbed outputs clip.
    Clipped {
        /// The chain's range.
        full_scale_na: f64,
    },
    /// A step of the gateware's update was cut.
    Saturated,
    /// There were windows that had not settled.
    Unsettled(Counts),
    /// The line carries fewer windows than the instrument makes.
    Line(LineLoad),
}

impl Outcome {
    /// Warnings about it, for this required separation, if one is required, and a chain with the range `full_scale_na`.
    pub fn warnings(&self, wanted_na: Option<f64>, full_scale_na: f64) -> Vec<Warning> {
        let wanted_na = wanted_na.unwrap_or(f64::INFINITY);
        let above_na = self.separation_above_na.unwrap_or(f64::NEG_INFINITY);
        let (clipped, starts) = (self.clipped_starts, self.restarts);
        let found = [
            (self.is_within_noise(wanted_na), Warning::WithinNoise { above_na, wanted_na }),
            (self.starts_clipped, Warning::EveryStartClipped),
            (
                clipped > 0 && !self.starts_clipped,
                Warning::StartsClipped { clipped, starts, full_scale_na },
            ),
            (self.clipped, Warning::Clipped { full_scale_na }),
            (self.saturated, Warning::Saturated),
            (self.unsettled.unsettled > 0, Warning::Unsettled(self.unsettled)),
        ];
        found.into_iter().filter_map(|(holds, warning)| holds.then_some(warning)).collect()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The score of target currents is the RMS error, negated.
            Warning::WithinNoise { above_na, wanted_na } if *wanted_na < 0.0 => write!(
                f,
                "the RMS error is within the noise: with 99.9 % confidence over all epochs and starts it is below {:.2} nA, of {} nA required; lengthen the windows",
                -above_na,
                number(-wanted_na)
            ),
            Warning::WithinNoise { above_na, wanted_na } => write!(
                f,
                "the separation is within the noise: with 99.9 % confidence over all epochs and starts it is above {above_na:.2} nA, of {} nA required; lengthen the windows",
                number(*wanted_na)
            ),
            Warning::EveryStartClipped => f.write_str(
                "every start clipped at once: the outputs shown are those in the middle of the ranges",
            ),
            Warning::StartsClipped { clipped, starts, full_scale_na } => write!(
                f,
                "outputs clipped in {clipped} of {starts} start{}, at +-{} nA: lower the gain of the I-V converter or choose other ranges",
                if *starts == 1 { "" } else { "s" },
                number(*full_scale_na)
            ),
            Warning::Clipped { full_scale_na } => write!(
                f,
                "outputs clip at +-{} nA: lower iv_gain_v_per_na or choose other ranges",
                number(*full_scale_na)
            ),
            Warning::Saturated => f.write_str(
                "a step of the update saturated at the DAC's range: if this persists, lower rate_v2_per_na2 in standalone.targets",
            ),
            Warning::Line(load) => load.fmt(f),
            Warning::Unsettled(Counts { unsettled, repeated, dropped }) => write!(
                f,
                "in {unsettled} windows the current had not settled ({repeated} were measured again, {dropped} dropped): `hge calibrate --settle` finds how long to wait"
            ),
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
