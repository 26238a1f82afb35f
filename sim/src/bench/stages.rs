//! The stages between an output of the device and the ADC's code, in their order, with their state.
//!
//! Each input of the instrument has stages of its own. Their white and 1/f noise are independent: every source draws from its own
//! stream of the seed's random numbers. What comes from outside or from the device as a whole is the same at all
//! inputs: the mains' hum, in phase, since it is coupled in from one field; the drift of the current; the stray
//! capacitances to the electrodes.

use super::{Chain, Converter, Drift, FeedThrough, Flicker, Hum, IvConverter, Relaxation, White};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Streams of the seed's random numbers, so that switching one effect on leaves the others as they are. Input m has the streams of
/// its noise `m * STREAMS` further on, so that input 0 has the same noise however many there are.
const WHITE: u64 = 0;
const FLICKER: u64 = 1;
const HUM: u64 = 2;
const STREAMS: u64 = 3;

/// Active stages, each applied to all samples of a call. A clone continues like the original.
#[derive(Clone, Debug)]
pub struct Stages {
    relaxation: Option<Relaxation>,
    feed_through: Option<FeedThrough>,
    white: Option<White>,
    flicker: Option<Flicker>,
    hum: Option<Hum>,
    drift: Option<Drift>,
    iv_converter: IvConverter,
    adc: Converter,
}

/// Where a bench comes from: every electrode has long stood at its `volts`, and the device gave `current_na`.
#[derive(Clone, Debug)]
pub struct Rest {
    /// Voltage of every electrode.
    pub volts: Vec<f64>,
    /// Current of the output.
    pub current_na: f64,
}

impl Stages {
    /// The chain's stages at input `input`, for a device with as many electrodes as `rest`.
    pub fn new(chain: &Chain, rate_hz: f64, rest: &Rest, input: usize, seed: u64) -> Self {
        let chain = &chain.of_input(input);
        let dice = |stream| {
            let mut dice = ChaCha8Rng::seed_from_u64(seed);
            dice.set_stream(stream);
            dice
        };
        let own = |stream| dice(stream + STREAMS * input as u64);
        let capacitances_pf: Vec<f64> =
            (0..rest.volts.len()).map(|k| chain.capacitance_pf(k)).collect();
        let (white, flicker) = (chain.noise_na2_per_hz, chain.flicker_na2_per_hz_at_1khz);
        Stages {
            relaxation: (chain.relaxation_share != 0.0).then(|| {
                let (share, play_na) = (chain.relaxation_share, chain.relaxation_play_na);
                Relaxation::new(share, chain.relaxation_s, play_na, rate_hz, rest.current_na)
            }),
            feed_through: (capacitances_pf.iter().any(|&pf| pf != 0.0))
                .then(|| FeedThrough::new(&capacitances_pf, rate_hz, &rest.volts)),
            white: (white != 0.0).then(|| White::new(white, rate_hz, own(WHITE))),
            flicker: (flicker != 0.0)
                .then(|| Flicker::new(flicker, chain.flicker_lowest_hz, rate_hz, own(FLICKER))),
            hum: (chain.hum_na != 0.0).then(|| {
                let phase_turns = dice(HUM).random();
                Hum::new(chain.hum_na, chain.hum_hz, &chain.hum_harmonics, rate_hz, phase_turns)
            }),
            drift: (chain.drift_na_per_s != 0.0 || chain.slow_drift_na != 0.0).then(|| {
                Drift::new(
                    chain.drift_na_per_s,
                    chain.slow_drift_na,
                    chain.slow_drift_period_s,
                    rate_hz,
                )
            }),
            iv_converter: IvConverter::new(chain, rate_hz, rest.current_na),
            adc: Converter::adc(chain),
        }
    }

    /// Passes the current of consecutive samples, one a sample, up to the I-V converter. `volts` are the outputs' voltages,
    /// row-major `[samples, electrodes]`.
    pub fn pass(&mut self, volts: &[f64], current_na: &mut [f64]) {
        if let Some(relaxation) = &mut self.relaxation {
            relaxation.pass(current_na);
        }
        if let Some(feed_through) = &mut self.feed_through {
            feed_through.pass(volts, current_na);
        }
        if let Some(white) = &mut self.white {
            white.pass(current_na);
        }
        if let Some(flicker) = &mut self.flicker {
            flicker.pass(current_na);
        }
        if let Some(hum) = &mut self.hum {
            hum.pass(current_na);
        }
        if let Some(drift) = &mut self.drift {
            drift.pass(current_na);
        }
    }

    /// ADC code of the next sample, of the current at the I-V converter.
    pub fn code(&mut self, current_na: f64) -> i16 {
        self.adc.code(self.iv_converter.pass(current_na))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_stages_draw_the_same_random_numbers() {
        let of_input = |input: u64| [WHITE, FLICKER].map(|stream| stream + STREAMS * input);
        let streams: Vec<u64> = (0..32).flat_map(of_input).chain([HUM]).collect();
        let distinct: std::collections::BTreeSet<u64> = streams.iter().copied().collect();
        assert_eq!(distinct.len(), streams.len());
    }
}
