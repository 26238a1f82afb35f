//! Reference model of the NCO: a phase accumulator for each slot, sine and cosine from one quarter-wave table, and the
//! gate that starts and ends a tone only at its own zero crossing; or a binary code, and the code delayed by the
//! loop latency.

use hge_protocol::number::{quarter_wave, SINE_PEAK};
use hge_protocol::table::{code_is_low, CHIPS};
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

fn table() -> &'static [i16; 1024] {
    static TABLE: OnceLock<[i16; 1024]> = OnceLock::new();
    TABLE.get_or_init(|| std::array::from_fn(|index| quarter_wave(index as u32) as i16))
}

/// Sine and cosine of the top twelve bits of `phase`.
pub fn sine_cosine(phase: u32) -> (i16, i16) {
    let index = (phase >> 20 & 1023) as usize;
    let wave = table();
    let (rising, falling) = (wave[index], wave[1023 - index]);
    match phase >> 30 {
        0 => (rising, falling),
        1 => (falling, -rising),
        2 => (-rising, -falling),
        _ => (-falling, rising),
    }
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
}
