//! The registers a run is configured by.

use hge_protocol::registers as map;
use hge_protocol::Parameters;

/// Scalar registers, as fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the register of that name in `hge_protocol::registers`
pub struct Settings {
    pub scratch: u32,
    pub sample_period: u32,
    pub window_log2: u32,
    pub settle: u32,
    pub lead_in: u32,
    pub gap: u32,
    pub slots_used: u32,
    pub cases_used: u32,
    pub epochs: u32,
    pub starts_used: u32,
    pub mode: u32,
    pub input_mask: u32,
    pub tone_mask: u32,
    pub ramp_step: u32,
    pub step_limit: u32,
    pub safe_step: u32,
    pub gradient_shift: u32,
    pub step_shift: u32,
    pub loss_stop: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let mut settings = Settings {
            scratch: 0,
            sample_period: 0,
            window_log2: 0,
            settle: 0,
            lead_in: 0,
            gap: 0,
            slots_used: 0,
            cases_used: 0,
            epochs: 0,
            starts_used: 0,
            mode: 0,
            input_mask: 0,
            tone_mask: 0,
            ramp_step: 0,
            step_limit: 0,
            safe_step: 0,
            gradient_shift: 0,
            step_shift: 0,
            loss_stop: 0,
        };
        for register in map::MAP.iter().filter(|register| register.count == 1) {
            if let Some(field) = settings.field(register.address) {
                *field = register.reset;
            }
        }
        settings
    }
}

impl Settings {
    fn field(&mut self, address: u16) -> Option<&mut u32> {
        Some(match address {
            map::SCRATCH => &mut self.scratch,
            map::SAMPLE_PERIOD => &mut self.sample_period,
            map::WINDOW_LOG2 => &mut self.window_log2,
            map::SETTLE => &mut self.settle,
            map::LEAD_IN => &mut self.lead_in,
            map::GAP => &mut self.gap,
            map::SLOTS_USED => &mut self.slots_used,
            map::CASES_USED => &mut self.cases_used,
            map::EPOCHS => &mut self.epochs,
            map::STARTS_USED => &mut self.starts_used,
            map::MODE => &mut self.mode,
            map::INPUT_MASK => &mut self.input_mask,
            map::TONE_MASK => &mut self.tone_mask,
            map::RAMP_STEP => &mut self.ramp_step,
            map::STEP_LIMIT => &mut self.step_limit,
            map::SAFE_STEP => &mut self.safe_step,
            map::GRADIENT_SHIFT => &mut self.gradient_shift,
            map::STEP_SHIFT => &mut self.step_shift,
            map::LOSS_STOP => &mut self.loss_stop,
            _ => return None,
        })
    }

    /// Value of the register at `address`, if it is one of these.
    pub fn read(&mut self, address: u16) -> Option<u32> {
        self.field(address).map(|field| *field)
    }

    /// Writes the register at `address`, cut to its width; `false` if it is none of these.
    pub fn write(&mut self, address: u16, data: u32) -> bool {
        let width = map::find(address).map_or(32, |register| u32::from(register.width));
        match self.field(address) {
            Some(field) => {
                *field = data & (u32::MAX >> (32 - width));
                true
            }
            None => false,
        }
    }

    /// The settings with those that could lead out of the gateware's tables confined to `parameters`.
    pub fn confined(&self, parameters: &Parameters) -> Self {
        Settings {
            window_log2: self.window_log2.clamp(4, 16),
            slots_used: self.slots_used.clamp(1, parameters.slots),
            cases_used: self.cases_used.clamp(1, parameters.cases),
            starts_used: self.starts_used.clamp(1, parameters.starts),
            ..self.clone()
        }
    }
}

/// Value of an info register.
pub fn info(parameters: &Parameters, address: u16) -> Option<u32> {
    Some(match address {
        map::IDENTITY => map::IDENTITY_WORD,
        map::MAP_HASH => map::map_hash(),
        map::OUTPUTS => parameters.outputs,
        map::SLOTS => parameters.slots,
        map::CASES => parameters.cases,
        map::STARTS => parameters.starts,
        map::CLOCK_HZ => parameters.clock_hz,
        map::DAC_BITS => parameters.dac_bits,
        map::ADC_BITS => parameters.adc_bits,
        _ => return None,
    })
}
