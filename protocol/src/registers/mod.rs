//! The register map: one table from which decoder, accessors and documentation come.

mod map;

use serde::Serialize;
use std::fmt::Write;

/// Access to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read only.
    ReadOnly,
    /// Read and write.
    ReadWrite,
    /// Write only.
    WriteOnly,
}

/// When a register may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// The register may be written at any time.
    Always,
    /// Outside runs.
    Idle,
    /// Outside runs while the guard is disarmed.
    Disarmed,
    /// As [`When::Disarmed`]; at other times only a tighter value: a smaller one, or for a low limit
    /// a larger one.
    Tighten,
}

/// One register, or one array of registers at consecutive addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Register {
    /// Name, as in `hge get NAME`.
    pub name: &'static str,
    /// Address of the (first) register.
    pub address: u16,
    /// Number of registers; 1 unless an array.
    pub count: u16,
    /// Significant bits.
    pub width: u8,
    /// Read and write access.
    pub access: Access,
    /// When it may be written.
    pub when: When,
    /// Unit of the last bit.
    pub unit: &'static str,
    /// Value after reset; 0 for constants and live registers.
    pub reset: u32,
    /// Description in the documentation.
    pub description: &'static str,
}

/// Content of [`IDENTITY`]: "HGE2".
pub const IDENTITY_WORD: u32 = 0x4847_4532;

macro_rules! table {
    (
        constants { $($c:ident $cn:ident $ca:literal $cu:literal $cd:literal;)* }
        command { $m:ident $mn:ident $ma:literal $mw:literal $md:literal; }
        live { $($l:ident $ln:ident $la:literal $lw:literal $lu:literal $ld:literal;)* }
        settings { $($s:ident $sn:ident $sa:literal $sw:literal $st:ident $su:literal $sr:literal $sd:literal;)* }
        arrays { $($a:ident $an:ident $aa:literal $ac:literal $aw:literal $ax:ident $at:ident $au:literal $ad:literal;)* }
    ) => {
        $(#[doc = $cd] pub const $c: u16 = $ca;)*
        #[doc = $md]
        pub const $m: u16 = $ma;
        $(#[doc = $ld] pub const $l: u16 = $la;)*
        $(#[doc = $sd] pub const $s: u16 = $sa;)*
        $(#[doc = $ad] pub const $a: u16 = $aa;)*
        /// Addresses of the info block: what was fixed when the gateware was made.
        pub const INFO: &[u16] = &[$($ca),*];

        /// Every register.
        pub const MAP: &[Register] = &[
            $(Register { name: stringify!($cn), address: $ca, count: 1, width: 32, access: Access::ReadOnly,
                when: When::Always, unit: $cu, reset: 0, description: $cd },)*
            Register { name: stringify!($mn), address: $ma, count: 1, width: $mw, access: Access::WriteOnly,
                when: When::Always, unit: "-", reset: 0, description: $md },
            $(Register { name: stringify!($ln), address: $la, count: 1, width: $lw, access: Access::ReadOnly,
                when: When::Always, unit: $lu, reset: 0, description: $ld },)*
            $(Register { name: stringify!($sn), address: $sa, count: 1, width: $sw, access: Access::ReadWrite,
                when: When::$st, unit: $su, reset: $sr, description: $sd },)*
            $(Register { name: stringify!($an), address: $aa, count: $ac, width: $aw, access: Access::$ax,
                when: When::$at, unit: $au, reset: 0, description: $ad },)*
        ];
    };
}

crate::with_registers!(table);

/// Values of [`COMMAND`].
pub mod command {
    /// Start a run according to [`super::MODE`]. Needs an armed guard.
    pub const RUN: u32 = 1;
    /// End the run after the tones have ended, and a capture immediately.
    pub const STOP: u32 = 2;
    /// Arm the guard with the watchdog: outputs follow the modulator.
    pub const ARM_HOST: u32 = 3;
    /// Disarm the guard: every output ramps to its safe value.
    pub const DISARM: u32 = 4;
    /// Arm the guard for at most [`super::RUN_LIMIT`] samples, without the watchdog.
    pub const ARM_STANDALONE: u32 = 5;
    /// Send [`super::CAPTURE_SAMPLES`] ADC codes.
    pub const CAPTURE: u32 = 6;
    /// Repeat the frames from the first of the last epoch on.
    pub const REPEAT: u32 = 7;
}

/// Bits of [`MODE`].
pub mod mode {
    /// Tones on.
    pub const PERTURB: u32 = 1;
    /// The gateware computes loss and update.
    pub const STANDALONE: u32 = 2;
    /// First-order noise shaping of the bits the DAC drops, while tones are on.
    pub const SHAPING: u32 = 4;
    /// The lock-in multiplies the cost instead of the ADC code.
    pub const COST: u32 = 8;
    /// Window records with one word a slot.
    pub const COMPACT: u32 = 16;

    /// The bits that an instrument with these generics uses.
    pub fn of(parameters: &crate::Parameters) -> u32 {
        let every = PERTURB | STANDALONE | SHAPING | COMPACT;
        if parameters.has_cost() {
            every | COST
        } else {
            every
        }
    }
}

/// Fields of [`GAP`].
pub mod gap {
    /// Continuous mode.
    pub const CONTINUOUS: u32 = 1 << 31;
    /// Longest of the lengths in the upper half.
    pub const MOST_SHORT: u32 = 0x7fff;

    /// Samples after a window that ends its epoch.
    pub fn long(word: u32) -> u32 {
        word & 0xffff
    }

    /// Samples after any other, with the update in hardware; 0: as many.
    pub fn short(word: u32) -> u32 {
        word >> 16 & MOST_SHORT
    }
}

/// Bits of [`STATUS`].
pub mod status {
    /// A run is in progress.
    pub const BUSY: u32 = 1;
    /// The guard follows the modulator.
    pub const ARMED: u32 = 2;
    /// Outputs ramp to the safe values.
    pub const RAMPING_TO_SAFE: u32 = 4;
    /// The guard was armed for a standalone run.
    pub const STANDALONE: u32 = 8;
    /// The interlock is closed now.
    pub const INTERLOCK: u32 = 16;
    /// The guard has tripped since the last arming: see [`super::FAULT`].
    pub const TRIPPED: u32 = 32;
    /// A capture is in progress.
    pub const CAPTURING: u32 = 64;
}

/// Bits of [`PROTECTION`].
pub mod protection {
    /// An open interlock trips the guard.
    pub const INTERLOCK: u32 = 1;
    /// Over-current trips the guard.
    pub const OVERCURRENT: u32 = 2;
    /// Too many damaged frames in a row trip the guard.
    pub const LINK: u32 = 4;
}

/// Bits of [`FAULT`].
pub mod fault {
    /// The interlock opened.
    pub const INTERLOCK: u32 = 1;
    /// The host was silent for too long.
    pub const WATCHDOG: u32 = 2;
    /// A standalone run took too long.
    pub const RUN_TIME: u32 = 4;
    /// The device's current was too high.
    pub const OVERCURRENT: u32 = 8;
    /// Too many damaged frames in a row.
    pub const LINK: u32 = 16;
}

/// Bits of [`REFERENCE`] above the slot.
pub mod reference {
    /// The pin is driven.
    pub const ON: u32 = 1 << 8;
    /// Pulse density of the slot's sine instead of its sign.
    pub const SINE: u32 = 1 << 9;
}

/// Writes that set the mask of these outputs, 0 to 63, whose halves are the registers `low` and `high`.
pub fn mask_writes(
    (low, high): (u16, u16),
    outputs: impl IntoIterator<Item = usize>,
) -> [(u16, u32); 2] {
    let mask = outputs.into_iter().fold(0_u64, |mask, output| mask | 1 << (output & 63));
    [(low, mask as u32), (high, (mask >> 32) as u32)]
}

/// [`TONE_MASK`] and [`TONE_MASK_HIGH`].
pub const TONE_MASKS: (u16, u16) = (TONE_MASK, TONE_MASK_HIGH);

/// [`INPUT_MASK`] and [`INPUT_MASK_HIGH`].
pub const INPUT_MASKS: (u16, u16) = (INPUT_MASK, INPUT_MASK_HIGH);

/// FNV-1a of the map's names, addresses, counts, widths and access, for the info block: builds with
/// incompatible maps have different hashes.
pub fn map_hash() -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut eat = |byte: u8| hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    for register in MAP {
        register.name.bytes().for_each(&mut eat);
        register.address.to_le_bytes().into_iter().for_each(&mut eat);
        register.count.to_le_bytes().into_iter().for_each(&mut eat);
        eat(register.width);
        eat(register.access as u8);
        eat(register.when as u8);
    }
    hash
}

/// The register at `address`, if there is one.
pub fn find(address: u16) -> Option<&'static Register> {
    MAP.iter()
        .find(|register| address >= register.address && address - register.address < register.count)
}

/// The register or array of this name.
pub fn named(name: &str) -> Option<&'static Register> {
    MAP.iter().find(|register| register.name == name)
}

/// The map as Markdown: `docs/registers.md`.
pub fn markdown() -> String {
    let mut text = format!(
        "# Registers\n\n\
         Generated by `hge regs --markdown > docs/registers.md` from the table in `protocol/src/registers/map.rs`, \
         the source of decoder,\nmodel settings and accessors. Map hash {:08x}. \
         [protocol.md](protocol.md) describes how to read and write registers.\n\n",
        map_hash()
    );
    text += "| address | name | bits | access | written | unit | reset | description |\n|---|---|---|---|---|---|---|---|\n";
    let mut registers = MAP.to_vec();
    registers.sort_by_key(|register| register.address);
    for register in registers {
        let last = register.address + (register.count - 1);
        let address = if register.count == 1 {
            format!("{:#06x}", register.address)
        } else {
            format!("{:#06x} to {last:#06x}", register.address)
        };
        let access = match register.access {
            Access::ReadOnly => "read",
            Access::ReadWrite => "read, write",
            Access::WriteOnly => "write",
        };
        let when = match (register.access, register.when) {
            (Access::ReadOnly, _) => "-",
            (_, When::Always) => "always",
            (_, When::Idle) => "while idle",
            (_, When::Disarmed) => "while idle and disarmed",
            (_, When::Tighten) => "while idle and disarmed, else only tighter",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{address}` | `{}` | {} | {access} | {when} | {} | {} | {} |",
            register.name, register.width, register.unit, register.reset, register.description
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_do_not_overlap() {
        let mut registers = MAP.to_vec();
        registers.sort_by_key(|register| register.address);
        for pair in registers.windows(2) {
            assert!(pair[0].address + pair[0].count <= pair[1].address, "{}", pair[1].name);
        }
    }
}
