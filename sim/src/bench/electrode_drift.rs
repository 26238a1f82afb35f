//! Drift of the effective electrode voltages: slow triangles, and a sudden step.
//!
//! Trapped charge near an electrode shifts the voltage that acts on the rest of the device. The shift of electrode k is a triangle
//! between plus and minus its amplitude, with the rate 4 amplitude / period; it begins at zero, rising for even k and falling
//! for odd k. One electrode steps at a given time and stays there.

use super::Chain;

/// Shifts of all electrodes, from the first sample on.
#[derive(Clone, Debug, PartialEq)]
pub struct ElectrodeDrift {
    amplitudes_v: Vec<f64>,
    turns_per_sample: f64,
    step: Option<Step>,
    sample: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    electrode: usize,
    volts: f64,
    sample: f64,
}

impl ElectrodeDrift {
    /// The drift of the chain, for a device with this many electrodes; `None` without drift.
    pub fn of(chain: &Chain, electrodes: usize, rate_hz: f64) -> Option<Self> {
        let amplitudes_v: Vec<f64> = (0..electrodes).map(|k| chain.drift_of_v(k)).collect();
        let step = (chain.step_v != 0.0).then_some(Step {
            electrode: chain.step_electrode,
            volts: chain.step_v,
            sample: chain.step_at_s * rate_hz,
        });
        let moves = step.is_some() || amplitudes_v.iter().any(|&volts| volts != 0.0);
        let turns_per_sample = 1.0 / (chain.drift_period_s * rate_hz);
        moves.then_some(ElectrodeDrift { amplitudes_v, turns_per_sample, step, sample: 0 })
    }

    /// Shifts consecutive samples' voltages, row-major `[samples, electrodes]`.
    pub fn pass(&mut self, volts: &mut [f64]) {
        for row in volts.chunks_exact_mut(self.amplitudes_v.len()) {
            let sample = self.sample as f64;
            let shift = triangle(self.turns_per_sample * sample);
            for (k, (volts, amplitude_v)) in row.iter_mut().zip(&self.amplitudes_v).enumerate() {
                *volts += if k % 2 == 0 { amplitude_v * shift } else { -amplitude_v * shift };
            }
            if let Some(step) = self.step.filter(|step| sample >= step.sample) {
                if let Some(volts) = row.get_mut(step.electrode) {
                    *volts += step.volts;
                }
            }
            self.sample += 1;
        }
    }

    /// Takes back samples.
    pub fn rewind(&mut self, samples: usize) {
        self.sample -= samples as u64;
    }
}

/// From 0 up to 1 at a quarter turn, down to -1 at three quarters, and back.
fn triangle(turns: f64) -> f64 {
    let turn = turns.fract();
    if turn < 0.25 {
        4.0 * turn
    } else if turn < 0.75 {
        2.0 - 4.0 * turn
    } else {
        4.0 * turn - 4.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn electrodes_drift_against_each_other_and_one_steps() {
        let chain = Chain {
            drift_v: 0.2,
            drift_period_s: 8.0,
            step_electrode: 2,
            step_v: -0.5,
            step_at_s: 3.0,
            ..Chain::default()
        };
        let mut drift = ElectrodeDrift::of(&chain, 3, 1000.0).unwrap();
        let mut volts = vec![1.0; 3 * 9001];
        drift.pass(&mut volts[..3 * 2500]);
        drift.rewind(500);
        volts[3 * 2000..].fill(1.0);
        drift.pass(&mut volts[3 * 2000..]);
        for (second, shift) in
            [(0, 0.0), (1, 0.1), (2, 0.2), (4, 0.0), (6, -0.2), (7, -0.1), (9, 0.1)]
        {
            let row = &volts[3000 * second..][..3];
            let step = if second >= 3 { -0.5 } else { 0.0 };
            let wanted = [1.0 + shift, 1.0 - shift, 1.0 + shift + step];
            assert!(row.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9), "{second} {row:?}");
        }
        // The step begins with the sample at its time: 0.15 V of drift there, and a sample earlier 0.1 mV more.
        assert!((volts[3 * 2999 + 2] - 1.1001).abs() < 1e-9, "{}", volts[3 * 2999 + 2]);
        assert!((volts[3 * 3000 + 2] - 0.6).abs() < 1e-9, "{}", volts[3 * 3000 + 2]);
        assert_eq!(ElectrodeDrift::of(&Chain::default(), 3, 1000.0), None);
    }
}
