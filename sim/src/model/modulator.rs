//! Reference model of the modulator: base value with its ramp, tone, and noise shaping to the DAC's width.

/// State of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// Present value without tone, Q16.16 codes.
    pub base: i32,
    /// Value the base ramps to, Q16.16 codes.
    pub target: i32,
    /// Bits dropped in the last sample.
    pub residue: i32,
}

/// Settings of an output in one sample.
#[derive(Clone, Copy, Debug)]
pub struct Drive {
    /// The base takes the guard's present code: the guard is disarmed.
    pub track: Option<i16>,
    /// The base ramps to its target.
    pub ramp: bool,
    /// Maximum step, Q16.16 codes.
    pub ramp_step: i32,
    /// Sum of the output's tones, codes times Q1.15; zero when they are off.
    pub tone: i32,
    /// Feed dropped bits to the next sample instead of rounding.
    pub shape: bool,
    /// Significant bits of the DAC.
    pub dac_bits: u32,
}

impl Channel {
    /// One sample: the code for the guard, and whether a base has not reached its target.
    pub fn step(&mut self, drive: Drive) -> (i16, bool) {
        if let Some(code) = drive.track {
            self.base = i32::from(code) << 16;
        } else if drive.ramp {
            let way = i64::from(self.target) - i64::from(self.base);
            let step = i64::from(drive.ramp_step);
            self.base = if way > step {
                self.base.wrapping_add(drive.ramp_step)
            } else if way < -step {
                self.base.wrapping_sub(drive.ramp_step)
            } else {
                self.target
            };
        }
        let mask = ((1_u32 << (32 - drive.dac_bits)) - 1) as i32;
        let half = 1 << (31 - drive.dac_bits);
        let wanted = self.base.saturating_add(drive.tone.wrapping_shl(1));
        let sum = wanted.saturating_add(if drive.shape { self.residue } else { half });
        self.residue = if drive.shape { sum & mask } else { half };
        let ramps = drive.ramp && drive.track.is_none();
        (((sum & !mask) >> 16) as i16, ramps && self.base != self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(shape: bool, dac_bits: u32) -> Drive {
        Drive { track: None, ramp: false, ramp_step: 0, tone: 0, shape, dac_bits }
    }

    #[test]
    fn shaping_keeps_the_mean_to_a_part_of_the_last_bit() {
        // 12 bits: a step is 16 codes of 16 bits. The wanted value lies 5.3 codes above one.
        let base = (160 << 16) + (5 << 16) + 19661;
        let mut channel = Channel { base, ..Channel::default() };
        let sum: f64 = (0..4096).map(|_| f64::from(channel.step(drive(true, 12)).0)).sum();
        let wanted = f64::from(base) / 65536.0;
        assert!((sum / 4096.0 - wanted).abs() < 16.0 / 4096.0);
    }

    #[test]
    fn without_shaping_the_code_is_the_nearest() {
        for (base, code) in [((167 << 16) + 65535, 160), (168 << 16, 176), (-8 << 16, 0)] {
            let mut channel = Channel { base, ..Channel::default() };
            assert_eq!(channel.step(drive(false, 12)).0, code);
        }
    }

    #[test]
    fn a_ramp_arrives_exactly_and_never_steps_further_than_told() {
        let mut channel = Channel { base: i32::MIN, target: i32::MAX, residue: 0 };
        let ramped = Drive { ramp: true, ramp_step: 0x0123_4567, ..drive(false, 16) };
        let mut before = channel.base;
        while channel.step(ramped).1 {
            assert!(i64::from(channel.base) - i64::from(before) <= i64::from(ramped.ramp_step));
            before = channel.base;
        }
        assert_eq!(channel.base, i32::MAX);
    }
}
