//! The register map: one table from which decoder, accessors and documentation come.

/// Who may do what with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    ReadOnly,
    /// Read and write.
    ReadWrite,
    /// Write only.
    WriteOnly,
}

/// When a register may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At any time.
    Always,
    /// While no run is going on.
    Idle,
    /// While no run is going on and the guard is disarmed.
    Disarmed,
}

/// One register, or one array of registers at consecutive addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Name, as in `hge get NAME`.
    pub name: &'static str,
    /// Address of the (first) register.
    pub address: u16,
    /// Number of registers; 1 unless an array.
    pub count: u16,
    /// Significant bits.
    pub width: u8,
    /// Who may do what.
    pub access: Access,
    /// When it may be written.
    pub when: When,
    /// Unit of the last bit.
    pub unit: &'static str,
    /// Value after reset.
    pub reset: u32,
    /// What it is.
    pub description: &'static str,
}

/// Content of [`IDENTITY`]: "HGE1".
pub const IDENTITY_WORD: u32 = 0x4847_4531;

macro_rules! map {
    ($($name:ident $address:literal $count:literal $width:literal $access:ident $when:ident $unit:literal $reset:literal $description:literal;)*) => {
        $(#[doc = $description] pub const $name: u16 = $address;)*
        /// Every register, by address.
        pub const MAP: &[Register] = &[$(Register {
            name: stringify!($name),
            address: $address,
            count: $count,
            width: $width,
            access: Access::$access,
            when: When::$when,
            unit: $unit,
            reset: $reset,
            description: $description,
        }),*];
    };
}

map! {
    IDENTITY            0x0000   1 32 ReadOnly  Always   "-"        0x4847_4531 "Identity word, \"HGE1\".";
    MAP_HASH            0x0001   1 32 ReadOnly  Always   "-"        0 "Hash of this map, see `map_hash`.";
    OUTPUTS             0x0002   1  8 ReadOnly  Always   "-"        0 "DAC channels.";
    SLOTS               0x0003   1 16 ReadOnly  Always   "-"        0 "Demodulators.";
    CASES               0x0004   1  8 ReadOnly  Always   "-"        0 "Rows of the case table.";
    STARTS              0x0005   1  8 ReadOnly  Always   "-"        0 "Rows of the table of initial controls.";
    CLOCK_HZ            0x0006   1 32 ReadOnly  Always   "Hz"       0 "System clock.";
    DAC_BITS            0x0007   1  8 ReadOnly  Always   "bit"      0 "Significant bits of the DAC.";
    ADC_BITS            0x0008   1  8 ReadOnly  Always   "bit"      0 "Significant bits of the ADC.";
    SCRATCH             0x0009   1 32 ReadWrite Always   "-"        0 "Free for the host.";
    STATUS              0x000a   1  8 ReadOnly  Always   "-"        0 "Bit 0 a run is going on, bit 1 armed, bit 2 outputs on their way to the safe values.";
    COMMAND             0x000b   1  4 WriteOnly Always   "-"        0 "1 run, 2 stop, 3 arm, 4 disarm.";
    SAMPLE_PERIOD       0x0010   1 16 ReadWrite Idle     "clock"    2400 "Clocks between samples.";
    WINDOW_LOG2         0x0011   1  5 ReadWrite Idle     "-"        9 "Window length is 2 to this power samples, 4 to 16.";
    SETTLE              0x0012   1 24 ReadWrite Idle     "sample"   1 "Samples waited after a ramp, tones off.";
    LEAD_IN             0x0013   1 24 ReadWrite Idle     "sample"   1 "Samples with tones on before the window.";
    GAP                 0x0014   1 16 ReadWrite Idle     "sample"   4 "Least samples after a window in which the record is sent and the update computed.";
    SLOTS_USED          0x0015   1  9 ReadWrite Idle     "-"        1 "Slots visited each sample, at least 1.";
    CASES_USED          0x0016   1  6 ReadWrite Idle     "-"        1 "Cases in an epoch, at least 1.";
    EPOCHS              0x0017   1 16 ReadWrite Idle     "-"        1 "Epochs a start (standalone) or a run (host), at least 1.";
    STARTS_USED         0x0018   1  6 ReadWrite Idle     "-"        1 "Starts of a standalone run, at least 1.";
    MODE                0x0019   1  3 ReadWrite Idle     "-"        0 "Bit 0 perturb, bit 1 standalone update, bit 2 noise shaping.";
    INPUT_MASK          0x001a   1 32 ReadWrite Idle     "-"        0 "Outputs whose value comes from the case table.";
    TONE_MASK           0x001b   1 32 ReadWrite Idle     "-"        0 "Outputs that carry a tone: those, and only those, that a slot in use closes.";
    RAMP_STEP           0x001c   1 31 ReadWrite Idle     "code/65536" 0x0010_0000 "Greatest move of a control value a sample.";
    STEP_LIMIT          0x001d   1 16 ReadWrite Disarmed "code"     256 "Guard: greatest step of a DAC code a sample.";
    SAFE_STEP           0x001e   1 16 ReadWrite Disarmed "code"     16 "Guard: step a sample on the way to the safe values.";
    GRADIENT_SHIFT      0x001f   1  5 ReadWrite Idle     "bit"      16 "Right shift of a slot's scaled response in the update.";
    STEP_SHIFT          0x0020   1  5 ReadWrite Idle     "bit"      16 "Right shift of response times error in the update.";
    LOSS_STOP           0x0021   1 32 ReadWrite Idle     "32 code^2" 0 "A standalone run ends when an epoch's loss is at most this.";
    TUNING              0x0100 256 32 WriteOnly Idle     "2^-32 turn" 0 "Tuning word of every slot.";
    SLOT                0x0200 256 32 WriteOnly Idle     "-"        0 "Amplitude, start phase and output of every slot, see `table::SlotWord`.";
    GUARD               0x0300 128 16 WriteOnly Disarmed "code"     0 "Four words an output: low limit, high limit, safe value, unused.";
    TABLE               0x1000 4096 32 ReadWrite Idle    "-"        0 "The parameter table, see `table::TableLayout`.";
}

/// Values of [`COMMAND`].
pub mod command {
    /// Start a run as [`super::MODE`] says.
    pub const RUN: u32 = 1;
    /// End the run after the tones have ended.
    pub const STOP: u32 = 2;
    /// Let the guard follow the modulator.
    pub const ARM: u32 = 3;
    /// Send every output to its safe value.
    pub const DISARM: u32 = 4;
}

/// Bits of [`MODE`].
pub mod mode {
    /// Tones on.
    pub const PERTURB: u32 = 1;
    /// The gateware computes loss and update.
    pub const STANDALONE: u32 = 2;
    /// First-order noise shaping of the bits the DAC drops, while tones are on.
    pub const SHAPING: u32 = 4;
}

/// Bits of [`STATUS`].
pub mod status {
    /// A run is going on.
    pub const BUSY: u32 = 1;
    /// The guard follows the modulator.
    pub const ARMED: u32 = 2;
    /// Outputs are on their way to the safe values.
    pub const HOMING: u32 = 4;
}

/// FNV-1a of the map's names, addresses, counts, widths and access, for the info block: two builds
/// that would misread each other differ in it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_do_not_overlap() {
        for pair in MAP.windows(2) {
            assert!(pair[0].address + pair[0].count <= pair[1].address, "{}", pair[1].name);
        }
    }
}
