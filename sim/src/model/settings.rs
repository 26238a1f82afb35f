//! The registers that configure a run, generated from the register map.

use hge_protocol::registers::{self as map, gap, When};
use hge_protocol::Parameters;

macro_rules! settings {
    (
        constants { $($constants:tt)* }
        command { $($command:tt)* }
        live { $($live:tt)* }
        settings { $($name:ident $field:ident $address:literal $width:literal $when:ident $unit:literal $reset:literal $text:literal;)* }
        arrays { $($arrays:tt)* }
    ) => {
        /// Scalar registers, as fields.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = $text] pub $field: u32,)*
        }

        impl Default for Settings {
            /// As after reset.
            fn default() -> Self {
                Settings { $($field: $reset),* }
            }
        }

        impl Settings {
            fn field(&mut self, address: u16) -> Option<(&mut u32, u32, When)> {
                match address {
                    $(map::$name => Some((&mut self.$field, $width, When::$when)),)*
                    _ => None,
                }
            }
        }
    };
}

hge_protocol::with_registers!(settings);

impl Settings {
    /// Value of the register at `address`, if it is one of these.
    pub fn read(&mut self, address: u16) -> Option<u32> {
        self.field(address).map(|(field, _, _)| *field)
    }

    /// Writes the register at `address`, cut to its width, if `may` agrees to its rule, the present and the new
    /// value. `None`: it is none of these; else whether it was written.
    pub fn write(
        &mut self,
        address: u16,
        data: u32,
        may: impl FnOnce(When, u32, u32) -> bool,
    ) -> Option<bool> {
        let (field, width, when) = self.field(address)?;
        let value = data & (u32::MAX >> (32 - width));
        let may = may(when, *field, value);
        if may {
            *field = value;
        }
        Some(may)
    }

    /// Outputs that carry a tone.
    pub fn tone_mask(&self) -> u64 {
        u64::from(self.tone_mask_high) << 32 | u64::from(self.tone_mask)
    }

    /// Outputs whose value comes from the case table.
    pub fn input_mask(&self) -> u64 {
        u64::from(self.input_mask_high) << 32 | u64::from(self.input_mask)
    }

    /// Samples of a gap: that after a window that ends its epoch, or `is_short`.
    pub fn gap_samples(&self, is_short: bool) -> u32 {
        match gap::short(self.gap) {
            samples if is_short && samples > 0 => samples,
            _ => gap::long(self.gap),
        }
    }

    /// Continuous mode, of settings confined to their gateware.
    pub fn is_continuous(&self) -> bool {
        self.gap & gap::CONTINUOUS != 0 && self.cases_used == 1
    }

    /// The settings with those that could lead out of the gateware's tables confined to `parameters`.
    pub fn confined(&self, parameters: &Parameters) -> Self {
        let is_hardware = parameters.update.is_hardware();
        Settings {
            gap: if is_hardware { self.gap } else { gap::long(self.gap) },
            window_log2: self.window_log2.clamp(4, 16),
            slots_used: self.slots_used.clamp(1, parameters.slots),
            cases_used: self.cases_used.clamp(1, parameters.cases),
            starts_used: self.starts_used.clamp(1, parameters.starts),
            mode: self.mode & map::mode::of(parameters),
            capture_input: self.capture_input & (parameters.inputs.next_power_of_two() - 1),
            ..self.clone()
        }
    }
}

/// Value of a register that was fixed when the gateware was made; a simulated one comes from no commit.
pub fn constant(parameters: &Parameters, address: u16) -> Option<u32> {
    parameters.info_words(0).into_iter().find(|word| word.0 == address).map(|word| word.1)
}
