//! Reference model of the NCO: a phase accumulator for each slot, sine and cosine from one quarter-wave table, and the
//! gate that starts and ends a tone only at its own zero crossing; or a binary code, and the code delayed by the
//! loop latency.
//!
//! [`Oscillator::step`] is one sample, as the gateware takes it; [`Oscillator::span`] is as many of them at once as a
//! state of the sequencer lasts, four times as fast.

use hge_protocol::number::{quarter_wave, SINE_PEAK};
use hge_protocol::table::{code_is_low, CHIPS};
use std::ops::Range;
use std::sync::OnceLock;

/// State of one slot between samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oscillator {
    /// Phase of the next sample, 2^-32 turn.
    pub phase: u32,
    /// Whether the tone is on in the next sample.
    pub active: bool,
    /// A code's last samples, the oldest in bit 0: set where it was low.
    pub past: u8,
}

/// State of a slot with a code.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    /// Row of every chip.
    pub rows: &'a [u8; CHIPS],
    /// Number of the code.
    pub number: u8,
    /// Samples from where it leaves to the answer, 1..=8.
    pub latency_samples: u32,
}

/// Output of one slot in one sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wave {
    /// Sine of the phase, Q1.15; or the code.
    pub sine: i16,
    /// Cosine of the phase, Q1.15; or the delayed code.
    pub cosine: i16,
    /// Whether the tone is on in this sample.
    pub active: bool,
}

impl Oscillator {
    /// One sample: the wave at the present phase, then the step to the next.
    ///
    /// With `restart` the phase begins at `start_phase` (1/256 turn) and a tone that starts at zero
    /// sounds at once; others join when their phase wraps. A wrap hands `gate` to the tone.
    pub fn step(&mut self, tuning: u32, start_phase: u8, restart: bool, gate: bool) -> Wave {
        let phase = if restart { u32::from(start_phase) << 24 } else { self.phase };
        let active = if restart { start_phase == 0 && gate } else { self.active };
        let (next, wraps) = phase.overflowing_add(tuning);
        self.phase = next;
        self.active = if wraps { gate } else { active };
        let (sine, cosine) = sine_cosine(phase);
        Wave { sine, cosine, active }
    }

    /// The samples of `sines` and `cosines`, with the same gate in all of them; `restart` at the first. Returns those in
    /// which the tone is on.
    pub fn span(
        &mut self,
        tuning: u32,
        start_phase: u8,
        restart: bool,
        gate: bool,
        sines: &mut [i16],
        cosines: &mut [i16],
    ) -> Range<usize> {
        let begin = if restart { u32::from(start_phase) << 24 } else { self.phase };
        let active = if restart { start_phase == 0 && gate } else { self.active };
        let table = table();
        let mut phase = begin;
        for (sine, cosine) in sines.iter_mut().zip(cosines) {
            (*sine, *cosine) = table[(phase >> 20) as usize];
            phase = phase.wrapping_add(tuning);
        }
        self.phase = phase;
        // Steps to the first wrap of the phase, after which the gate rules.
        let samples = sines.len();
        let steps = ((1_u64 << 32) - u64::from(begin)).div_ceil(u64::from(tuning.max(1)));
        let steps = if tuning == 0 { u64::MAX } else { steps };
        let wrapped = steps.min(samples as u64) as usize;
        self.active = if steps <= samples as u64 { gate } else { active };
        let from = if active { 0 } else { wrapped };
        from..if gate { samples } else { wrapped }
    }

    /// One sample of a code: its chip is the phase's top 8 bits, and it is on while `gate` is on.
    pub fn step_code(&mut self, tuning: u32, code: Code, restart: bool, gate: bool) -> Wave {
        let (phase, past) = if restart { (0, 0) } else { (self.phase, self.past) };
        let is_low = code_is_low(code.rows[(phase >> 24) as usize], code.number);
        self.phase = phase.wrapping_add(tuning);
        self.active = gate;
        self.past = past >> 1 | u8::from(is_low) << (code.latency_samples - 1);
        Wave { sine: level(is_low), cosine: level(past & 1 == 1), active: gate }
    }
}

fn level(is_low: bool) -> i16 {
    if is_low {
        -SINE_PEAK as i16
    } else {
        SINE_PEAK as i16
    }
}

/// Sine and cosine of every phase's top twelve bits, from the quarter wave of the gateware's ROM.
fn table() -> &'static [(i16, i16); 4096] {
    static TABLE: OnceLock<[(i16, i16); 4096]> = OnceLock::new();
    TABLE.get_or_init(|| {
        std::array::from_fn(|place| {
            let index = place as u32 & 1023;
            let (rising, falling) = (quarter_wave(index) as i16, quarter_wave(1023 - index) as i16);
            match place >> 10 {
                0 => (rising, falling),
                1 => (falling, -rising),
                2 => (-rising, -falling),
                _ => (-falling, rising),
            }
        })
    })
}

/// Sine and cosine of the top twelve bits of `phase`.
pub fn sine_cosine(phase: u32) -> (i16, i16) {
    table()[(phase >> 20) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn sine_and_cosine_are_within_one_bit_of_the_closed_form() {
        for step in 0..4096_u32 {
            let (sine, cosine) = sine_cosine(step << 20);
            let angle = (f64::from(step) + 0.5) / 4096.0 * TAU;
            assert!((f64::from(sine) - 32767.0 * angle.sin()).abs() <= 0.500_001);
            assert!((f64::from(cosine) - 32767.0 * angle.cos()).abs() <= 0.500_001);
        }
    }

    #[test]
    fn a_tone_begins_and_ends_at_its_zero_crossing() {
        let mut oscillator = Oscillator::default();
        let tuning = 1 << 27; // 32 samples a period
        let mut sounding = Vec::new();
        for sample in 0..128 {
            let wave = oscillator.step(tuning, 128, sample == 0, sample < 70);
            sounding.push(wave.active);
        }
        // Half a turn to the first crossing, then whole periods to the first crossing after the gate.
        let expected: Vec<bool> = (0..128).map(|n| (16..80).contains(&n)).collect();
        assert_eq!(sounding, expected);
    }

    #[test]
    fn a_span_is_its_samples_one_by_one() {
        let tunings = [0, 1, 1 << 24, 77 << 23, 0x5555_5555, 1 << 31, u32::MAX];
        let starts = [0, 1, 128, 255];
        for (tuning, start_phase) in tunings.into_iter().flat_map(|t| starts.map(|s| (t, s))) {
            let mut single = Oscillator::default();
            let mut whole = Oscillator::default();
            for (samples, restart, gate) in [
                (1, true, true),
                (7, false, true),
                (300, false, true),
                (40, false, false),
                (1, true, false),
                (90, true, true),
            ] {
                let (mut sines, mut cosines) = (vec![0; samples], vec![0; samples]);
                let on = whole.span(tuning, start_phase, restart, gate, &mut sines, &mut cosines);
                for n in 0..samples {
                    let wave = single.step(tuning, start_phase, restart && n == 0, gate);
                    let found =
                        Wave { sine: sines[n], cosine: cosines[n], active: on.contains(&n) };
                    assert_eq!(found, wave, "tuning {tuning}, start {start_phase}, sample {n}");
                }
                assert_eq!(whole, single);
            }
        }
    }
}
