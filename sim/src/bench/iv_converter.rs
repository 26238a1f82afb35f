//! The I-V converter: gain, sign, pole, clipping.

use super::{Chain, Pole};

/// V = -R I through the pole of R and C in the feedback, 1 / (2 pi R C), cut at the rails.
///
/// The capacitor stands between input and output, so its voltage is the output's and goes no further than the rail: the clipping
/// comes after the pole and holds its state. A converter that was driven into the rail leaves it at the pole's pace at once.
#[derive(Clone, Debug, PartialEq)]
pub struct IvConverter {
    gain_v_per_na: f64,
    clip_v: f64,
    pole: Option<Pole>,
}

impl IvConverter {
    /// The chain's, which has long been given `rest_na`.
    pub fn new(chain: &Chain, rate_hz: f64, rest_na: f64) -> Self {
        let (gain_v_per_na, clip_v) = (chain.analogue.iv_gain_v_per_na, chain.analogue.iv_clip_v);
        let rest_v = cut(rest_na * gain_v_per_na, clip_v);
        let pole = chain.iv_pole_hz.map(|pole_hz| Pole::new(pole_hz, rate_hz, rest_v));
        IvConverter { gain_v_per_na, clip_v, pole }
    }

    /// Output voltage at the end of a sample that the current stood.
    pub fn pass(&mut self, current_na: f64) -> f64 {
        let volts = current_na * self.gain_v_per_na;
        match &mut self.pole {
            None => cut(volts, self.clip_v),
            Some(pole) => {
                let volts = cut(pole.pass(volts), self.clip_v);
                pole.hold(volts);
                volts
            }
        }
    }
}

/// NaN counts as clipped: at the top of the converter's range, never as a current of zero.
fn cut(volts: f64, clip_v: f64) -> f64 {
    if volts.is_nan() {
        clip_v
    } else {
        volts.max(-clip_v).min(clip_v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::Analogue;
    use std::f64::consts::TAU;

    const RATE_HZ: f64 = 10_000.0;

    fn converter(pole_hz: Option<f64>) -> IvConverter {
        let analogue = Analogue { iv_clip_v: 2.0, ..Analogue::default() };
        let chain = Chain { iv_pole_hz: pole_hz, analogue, ..Chain::default() };
        IvConverter::new(&chain, RATE_HZ, 40.0)
    }

    #[test]
    fn without_a_pole_it_inverts_and_cuts() {
        let mut converter = converter(None);
        let volts = [20.0, -20.0, 100.0, f64::NEG_INFINITY, f64::NAN].map(|i| converter.pass(i));
        assert_eq!(volts, [-0.5, 0.5, -2.0, 2.0, 2.0]);
    }

    #[test]
    fn it_leaves_the_rail_at_the_pole_s_pace_at_once() {
        let mut converter = converter(Some(100.0));
        for n in 1..=100 {
            // From -1 V at rest towards -5 V, but for the rail.
            let decay = (-TAU * 100.0 * f64::from(n) / RATE_HZ).exp();
            let wanted_v = (4.0 * decay - 5.0).max(-2.0);
            assert!((converter.pass(200.0) - wanted_v).abs() < 1e-12, "sample {n}");
        }
        for n in 1..=100 {
            let wanted_v = -2.0 * (-TAU * 100.0 * f64::from(n) / RATE_HZ).exp();
            assert!((converter.pass(0.0) - wanted_v).abs() < 1e-12, "sample {n} back");
        }
    }

    #[test]
    fn a_current_that_is_not_finite_clips_and_is_forgotten_like_any_other() {
        for (current_na, rail_v) in [(f64::NAN, 2.0), (f64::NEG_INFINITY, 2.0), (1e300, -2.0)] {
            let mut converter = converter(Some(100.0));
            assert_eq!(converter.pass(current_na), rail_v);
            let kept = (-TAU * 100.0 / RATE_HZ).exp();
            assert!((converter.pass(0.0) - rail_v * kept).abs() < 1e-12);
        }
    }
}
