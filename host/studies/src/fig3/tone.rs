//! Tones on or off the grid, and their evaluation by the instrument's lock-in.

use crate::leakage::{sum_of_sines, Sine};
use hge_core::gradient::latency_rotation_of;
use hge_core::plan::Plan;
use hge_protocol::frame::{SlotSums, Window};
use hge_protocol::number::SINE_PEAK;
use std::f64::consts::{PI, TAU};

/// A tone of the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Tuning word: 2^-32 of the sample rate.
    pub word: u32,
    /// Phase at which the tone begins, in 256ths of a period.
    pub start: u8,
}

impl Tone {
    /// A tone of this frequency that begins at phase zero.
    pub fn new(frequency_hz: f64, rate_hz: f64) -> Self {
        Tone { word: (frequency_hz / rate_hz * 2f64.powi(32)).round() as u32, start: 0 }
    }

    /// Turns a sample.
    pub fn turns(self) -> f64 {
        f64::from(self.word) / 2f64.powi(32)
    }

    /// The lock-in's reference at the window's samples: the phase begins with the lead-in's first sample, and the half step
    /// of the sine table is included, which is common to modulator and lock-in.
    pub fn reference(self, lead_in_samples: u32) -> Sine {
        let start = TAU * f64::from(self.start) / 256.0;
        let step = TAU * self.turns();
        Sine { step, phase: start + step * f64::from(lead_in_samples) + PI / 4096.0 }
    }

    /// The reference as late as the answer is.
    pub fn answer(self, plan: &Plan) -> Sine {
        let sine = self.reference(plan.lead_in_samples());
        let latency = f64::from(plan.parameters().loop_latency_samples());
        Sine { phase: sine.phase - sine.step * latency, ..sine }
    }
}

/// Slopes from the instrument's own sums. The mean is subtracted first, which has no effect on the grid.
pub fn slopes_na_per_v(plan: &Plan, tones: &[Tone], window: &Window) -> Vec<f64> {
    let samples = plan.grid().window_samples;
    let count = f64::from(samples);
    let latency = f64::from(plan.parameters().loop_latency_samples());
    let mean = (f64::from(window.sum_first) + f64::from(window.sum_second)) / count;
    let peak = f64::from(SINE_PEAK);
    let slot = |(k, (&tone, &sums)): (usize, (&Tone, &SlotSums))| {
        let sine = tone.reference(plan.lead_in_samples());
        let cosine = Sine { phase: sine.phase + TAU / 4.0, ..sine };
        let i = sums.in_phase as f64 / peak - mean * sum_of_sines(samples, sine);
        let q = sums.quadrature as f64 / peak - mean * sum_of_sines(samples, cosine);
        let (of_i, of_q) = latency_rotation_of(tone.turns() * latency);
        let in_phase_codes = 2.0 / count * (i * of_i - q * of_q);
        in_phase_codes / (plan.scale().adc_codes_per_na() * plan.amplitude_v(k))
    };
    tones.iter().zip(&window.slots).enumerate().map(slot).collect()
}
