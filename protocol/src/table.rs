//! Layout of the parameter table: one memory of 32-bit words behind the register window.
//!
//! Every region starts at a multiple of its own power-of-two size, so that the gateware forms an
//! address by concatenating bits. The layout follows from [`Parameters`] only.

use crate::parameters::Parameters;

/// First register address of the table's window; word `i` of the table is register `TABLE_BASE + i`.
pub const TABLE_BASE: u16 = 0x1000;

/// Words that the window has room for.
pub const TABLE_WORDS: u32 = 0x1000;

/// Base indices of the table's regions, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLayout {
    /// Row stride of the case and start regions: outputs rounded up to a power of two.
    pub row_words: u32,
    /// Input codes, one row a case: signed 16 bits, sign-extended.
    pub case_inputs: u32,
    /// Initial control codes, one row a start: signed 16 bits, sign-extended.
    pub start_controls: u32,
    /// Slots rounded up to a power of two: stride of the inputs in the coefficients.
    pub slot_words: u32,
    /// Inputs rounded up to a power of two: stride of the cases in the targets.
    pub input_words: u32,
    /// Update coefficients of every slot, input by input: in-phase in bits 15..0, quadrature in bits 31..16, both signed.
    pub coefficients: u32,
    /// Accumulated descent step of every slot, signed Q16.16 DAC codes.
    pub steps: u32,
    /// Target of every input in every case, see [`CaseTarget`].
    pub case_targets: u32,
    /// Working control word of every output, signed Q16.16.
    pub controls: u32,
    /// Best control word of every output so far, signed Q16.16.
    pub best: u32,
    /// Clip limits of every control: low code in bits 15..0, high code in bits 31..16.
    pub control_limits: u32,
    /// Words in all, a power of two.
    pub words: u32,
}

impl TableLayout {
    /// The layout for `parameters`.
    pub fn of(parameters: &Parameters) -> Self {
        let row_words = parameters.outputs.next_power_of_two();
        let slots = parameters.slots.next_power_of_two();
        let inputs = parameters.inputs.next_power_of_two();
        let cases = parameters.cases.next_power_of_two();
        let starts = parameters.starts.next_power_of_two();
        // Largest first keeps every region aligned to its own size.
        let mut sizes = [
            (cases * row_words, 0),
            (starts * row_words, 1),
            (inputs * slots, 2),
            (slots, 3),
            (cases * inputs, 4),
            (row_words, 5),
            (row_words, 6),
            (row_words, 7),
        ];
        sizes.sort_by_key(|&(size, which)| (std::cmp::Reverse(size), which));
        let mut base = [0; 8];
        let mut next = 0;
        for (size, which) in sizes {
            base[which] = next;
            next += size;
        }
        TableLayout {
            row_words,
            slot_words: slots,
            input_words: inputs,
            case_inputs: base[0],
            start_controls: base[1],
            coefficients: base[2],
            steps: base[3],
            case_targets: base[4],
            controls: base[5],
            best: base[6],
            control_limits: base[7],
            words: next.next_power_of_two(),
        }
    }

    /// Index of the input code of `output` in `case`.
    pub fn case_input(&self, case: u32, output: u32) -> u32 {
        self.case_inputs + case * self.row_words + output
    }

    /// Index of the target of `input` in `case`.
    pub fn case_target(&self, case: u32, input: u32) -> u32 {
        self.case_targets + case * self.input_words + input
    }

    /// Index of the update coefficients of `slot` for `input`.
    pub fn coefficient(&self, input: u32, slot: u32) -> u32 {
        self.coefficients + input * self.slot_words + slot
    }

    /// Index of the initial control code of `output` in `start`.
    pub fn start_control(&self, start: u32, output: u32) -> u32 {
        self.start_controls + start * self.row_words + output
    }
}

/// Side of the target with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Side {
    /// Squared error on both sides.
    Both = 0,
    /// Only outputs below the target cost: the target is a floor.
    Floor = 1,
    /// Only outputs above the target cost: the target is a ceiling.
    Ceiling = 2,
}

/// Target of one case as the standalone loop sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseTarget {
    /// Wanted mean output, ADC code.
    pub target: i16,
    /// Weight in units of 1/8192, at most [`CaseTarget::MOST_WEIGHT`].
    pub weight: u16,
    /// Side with an error.
    pub side: Side,
}

impl CaseTarget {
    /// Weight of one.
    pub const UNIT_WEIGHT: u16 = 8192;
    /// Greatest weight.
    pub const MOST_WEIGHT: u16 = 0x3fff;

    /// Packs target (bits 15..0), weight (29..16) and side (31..30); both side bits forgive both sides.
    pub fn to_word(self) -> u32 {
        u32::from(self.target as u16)
            | (u32::from(self.weight & CaseTarget::MOST_WEIGHT) << 16)
            | ((self.side as u32) << 30)
    }
}

/// A slot's routing word, register `SLOT_BASE + slot`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotWord {
    /// Amplitude in DAC codes, 0..=32767.
    pub amplitude: u16,
    /// Phase at the start of a case, in 1/256 of a turn; of a code its number.
    pub start_phase: u8,
    /// The slot carries a code, see [`code_is_low`].
    pub is_code: bool,
    /// Output that carries the tone.
    pub output: u8,
    /// Whether the slot drives its output (and takes part in the update).
    pub drives: bool,
    /// Whether this is the last of the consecutive slots that share the output.
    pub last: bool,
}

impl SlotWord {
    /// Packs amplitude (bits 14..0), code (15), start phase or number (23..16), output (29..24), drives (30), last (31).
    pub fn to_word(self) -> u32 {
        u32::from(self.amplitude & 0x7fff)
            | (u32::from(self.is_code) << 15)
            | (u32::from(self.start_phase) << 16)
            | (u32::from(self.output & 63) << 24)
            | (u32::from(self.drives) << 30)
            | (u32::from(self.last) << 31)
    }

    /// The inverse of [`SlotWord::to_word`].
    pub fn from_word(word: u32) -> Self {
        SlotWord {
            amplitude: (word & 0x7fff) as u16,
            is_code: word >> 15 & 1 == 1,
            start_phase: (word >> 16) as u8,
            output: ((word >> 24) & 63) as u8,
            drives: word >> 30 & 1 == 1,
            last: word >> 31 == 1,
        }
    }
}

/// Chips of a code: rows of the memory `CODES`.
pub const CHIPS: usize = 256;

/// Whether code `number` is at its lower level in a chip, by the chip's row in the memory `CODES`: the parity of the row's bits that
/// the number has.
///
/// Rows 0..=255 in order make code k the Walsh function k in Hadamard's order; random rows make all codes random, any
/// two of them independent.
pub fn code_is_low(row: u8, number: u8) -> bool {
    (row & number).count_ones() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_word_comes_back_from_its_bits() {
        for word in [0, 0x8000, 0xffff_ffff, 0x4305_8123, 0xbf80_7fff] {
            assert_eq!(SlotWord::from_word(word).to_word(), word, "{word:#x}");
        }
    }

    #[test]
    fn rows_in_order_make_walsh_functions() {
        for (one, other) in [(0, 1), (1, 2), (3, 77), (200, 255)] {
            let sum: i32 = (0..=255)
                .map(|row| if code_is_low(row, one) == code_is_low(row, other) { 1 } else { -1 })
                .sum();
            assert_eq!(sum, 0, "{one} and {other}");
        }
        // Half a turn below, half above; the last function changes with every odd chip of ones.
        assert!((0..=127).all(|row| !code_is_low(row, 128)));
        assert!((128..=255).all(|row| code_is_low(row, 128)));
    }

    #[test]
    fn regions_are_aligned_and_do_not_overlap() {
        for (outputs, inputs, slots) in
            [(2, 1, 1), (8, 1, 24), (8, 1, 256), (32, 8, 64), (5, 3, 7), (8, 8, 256)]
        {
            let parameters = Parameters { outputs, inputs, slots, ..Parameters::default() };
            let layout = TableLayout::of(&parameters);
            let row = layout.row_words;
            let regions = [
                (layout.case_inputs, 16 * row),
                (layout.start_controls, 32 * row),
                (layout.coefficients, inputs.next_power_of_two() * slots.next_power_of_two()),
                (layout.steps, slots.next_power_of_two()),
                (layout.case_targets, 16 * inputs.next_power_of_two()),
                (layout.controls, row),
                (layout.best, row),
                (layout.control_limits, row),
            ];
            for (i, &(base, size)) in regions.iter().enumerate() {
                assert_eq!(base % size, 0);
                assert!(base + size <= layout.words && layout.words <= 0x1000);
                for &(other, length) in &regions[i + 1..] {
                    assert!(base + size <= other || other + length <= base);
                }
            }
        }
    }
}
