//! Program of the post-processor: its input and output words, its memory, and the order of its parts.

mod arithmetic;
mod compact;
mod epochs;
mod hardware;
mod records;
mod rows;
mod update;

use crate::microcontroller::{Assembler, Place, PRODUCT_HIGH, PRODUCT_LOW};
use hge_protocol::registers as map;
use hge_protocol::table::TableLayout;
use hge_protocol::{Parameters, Update};

/// Labels of the jobs.
pub mod job {
    /// A run begins.
    pub const RUN: &str = "run";
    /// End of a window.
    pub const WINDOW: &str = "window";
    /// End of a run.
    pub const END: &str = "end";
    /// A trip to be written as an event.
    pub const EVENT: &str = "event";
    /// A block of ADC codes is ready.
    pub const BLOCK: &str = "block";
}

/// Input words. Those of more than one word begin with the lowest.
pub mod input {
    use crate::engine::word;

    /// In-phase sum of the item, three words.
    pub const IN_PHASE: u8 = word::IN_PHASE;
    /// Quadrature sum, three words.
    pub const QUADRATURE: u8 = word::QUADRATURE;
    /// Sum of the window's first half, two words.
    pub const SUM_FIRST: u8 = word::SUM_FIRST;
    /// Sum of the second half, two words.
    pub const SUM_SECOND: u8 = word::SUM_SECOND;
    /// Word of the table, two words.
    pub const TABLE: u8 = 16;
    /// Upper half of the item's routing word.
    pub const ROUTE: u8 = word::ROUTE;
    /// Output of the item.
    pub const OUTPUT: u8 = 32;
    /// Least and greatest ADC code of the window.
    pub const EXTREMES: u8 = word::EXTREMES;
    /// Number of the frame, two words.
    pub const NUMBER: u8 = 18;
    /// Sample before the window's first, or the run's end, two words.
    pub const MARKED: u8 = 20;
    /// Sample before the run's first, two words.
    pub const BEGAN: u8 = 22;
    /// Sample of the event, two words.
    pub const EVENT_TIME: u8 = 33;
    /// Cause of the trip.
    pub const EVENT_CAUSE: u8 = 35;
    /// Flags of the window.
    pub const FLAGS: u8 = 36;
    /// The frame fits: bit 0.
    pub const ROOM: u8 = 37;
    /// ADC code, or half of the block's time, at the item.
    pub const CODE: u8 = 38;
    /// Codes of the block.
    pub const CODES: u8 = 39;
    /// Samples from one to the next.
    pub const DECIMATION: u8 = 40;
    /// Reason of the end of the run.
    pub const REASON: u8 = 41;
    /// Logarithm of the window's samples.
    pub const WINDOW: u8 = 42;
    /// Setting at the place, two words.
    pub const SETTING: u8 = 43;
    /// Slots in use.
    pub const SLOTS_USED: u8 = 45;
    /// Codes of the block in bits 7..0, its input in 10..8.
    pub const CAPTURED: u8 = 46;
    /// Mode: bit 1 is the standalone update, bit 3 demodulation of the cost, bit 4 compact records.
    pub const MODE: u8 = 49;
    /// Something saturated: bit 0.
    pub const CUT: u8 = 54;
    /// With the update in hardware: waits for the end of its task; bit 0, something saturated in the case.
    pub const UPDATED: u8 = 50;
    /// Loss of the case, two words.
    pub const CASE_LOSS: u8 = 51;
    /// Control of the item as it was kept, two words.
    pub const KEPT: u8 = 55;
}

/// Output words.
pub mod output {
    /// Slot, output or code to read in bits 7..0, input in 10..8.
    pub const ITEM: u8 = 0;
    /// Word of the table to read or write.
    pub const PLACE: u8 = 1;
    /// Upper half of the next word to write.
    pub const HIGH: u8 = 2;
    /// Lower half: writes the table's word.
    pub const TABLE: u8 = 3;
    /// Lower half: writes a word of the frame.
    pub const WORD: u8 = 4;
    /// Lower half: writes the target of the output.
    pub const TARGET: u8 = 5;
    /// Begins a frame with this number of words.
    pub const BEGIN: u8 = 6;
    /// Begins a frame with this number of words that begins an epoch.
    pub const BEGIN_EPOCH: u8 = 7;
    /// End of the frame.
    pub const COMMIT: u8 = 8;
    /// Something saturated: bit 0.
    pub const CUT: u8 = 9;
    /// The final pass: bit 0.
    pub const LAST_PASS: u8 = 10;
    /// End of the run, and its reason.
    pub const OVER: u8 = 11;
    /// The window's record is written.
    pub const RECORDED: u8 = 12;
    /// The event is being written.
    pub const EVENT_TAKEN: u8 = 13;
    /// The block has been read.
    pub const BLOCK_TAKEN: u8 = 14;
    /// Lower half: writes the target of the case to the cost.
    pub const COST: u8 = 15;
    /// With the update in hardware: the next 16 bits of its input mask. Its words also go to `ITEM`, `PLACE` or `HIGH`, by their lower four bits.
    pub const UPDATE_MASK: u8 = 16;
    /// First word in the table of its next task.
    pub const UPDATE_PLACE: u8 = 17;
    /// Its shifts, that of the gradient in bits 4..0, that of the step in 12..8.
    pub const UPDATE_SHIFTS: u8 = 18;
    /// Begins a task.
    pub const UPDATE_TASK: u8 = 32;
    /// Zero: the case is the epoch's last. Bit 8: the next window follows with tones on.
    pub const CASES_LEFT: u8 = 34;
    /// The next case is ready.
    pub const RELEASE: u8 = 48;
}

/// Places in the microcontroller's memory.
mod memory {
    use crate::microcontroller::Place;

    /// A 48-bit value in work; used by subroutines.
    pub const SUM: Place = 0;
    /// Remaining shifts.
    pub const LEFT: Place = 3;
    pub const SCRATCH: Place = 4;
    pub const OTHER: Place = 5;
    /// Slot or output in work.
    pub const ITEM: Place = 6;
    /// Bits 30 to 15 of a value, and 14 to 0.
    pub const HIGH: Place = 7;
    pub const LOW: Place = 8;
    /// Products of the high parts, 33 bits.
    pub const UPPER: Place = 9;
    /// Products of the low parts, 32 bits and sign.
    pub const LOWER: Place = 12;
    /// Coefficients of I and Q.
    pub const FACTOR: Place = 15;
    pub const DIFFERENCE: Place = 17;
    pub const WEIGHTED: Place = 18;
    pub const CONTROL_PLACE: Place = 19;
    pub const WAS_CUT: Place = 20;
    /// Words of the frame, and its kind.
    pub const LENGTH: Place = 21;
    pub const KIND: Place = 22;
    /// Source and destination of a row.
    pub const FROM: Place = 23;
    pub const INTO: Place = 24;
    pub const MASK: Place = 25;
    /// Largest sum of a compact record, bits 47 to 16 of its magnitude; its exponent, and 2^16 over the shift in a word.
    pub const LARGEST: Place = 26;
    pub const EXPONENT: Place = 28;
    pub const SHIFTED: Place = 29;
    pub const CASE: Place = 32;
    pub const EPOCH: Place = 33;
    pub const START: Place = 34;
    pub const LOSS: Place = 35;
    pub const BEST_LOSS: Place = 37;
    pub const BEST_START: Place = 39;
    pub const LAST_PASS: Place = 40;
    pub const BEGAN: Place = 41;
    /// Input, times 256.
    pub const INPUT: Place = 43;
    /// First coefficient, and target, of the input.
    pub const COEFFICIENTS: Place = 44;
    pub const TARGET: Place = 45;
    /// With the update in hardware: what the window's records contain, and whether there is one of an epoch.
    pub const KEPT_FLAGS: Place = 64;
    pub const KEPT_CLOCK: Place = 65;
    pub const KEPT_CASE: Place = 67;
    pub const KEPT_EPOCH: Place = 68;
    pub const KEPT_START: Place = 69;
    pub const KEPT_LOSS: Place = 70;
    pub const TELLS_EPOCH: Place = 72;
    /// How the controls are kept.
    pub const KEEPS: Place = 73;
    /// The task that keeps the controls of any epoch, if not 0, and of the best so far.
    pub const KEEPS_ANY: Place = 74;
    pub const KEEPS_BEST: Place = 75;
    /// Continuous mode; it is in use after the present window; the steps are still to be applied.
    pub const CONTINUOUS: Place = 76;
    pub const FLOWS: Place = 77;
    pub const APPLIES: Place = 78;

    /// Settings, as at the beginning of the run.
    pub const CASES: Place = 48;
    pub const EPOCHS: Place = 49;
    pub const STARTS: Place = 50;
    pub const GRADIENT_SHIFT: Place = 51;
    pub const STEP_SHIFT: Place = 52;
    pub const LOSS_STOP: Place = 54;
    /// Two words, four with more than 32 outputs.
    pub const INPUT_MASK: Place = 56;

    /// With the update in hardware.
    pub const SIX: Place = 0xd3;
    pub const GAP_PLACE: Place = 0xd4;
    /// Addresses of these settings, in this order, and the limits of two of them.
    pub const SETTINGS: Place = 0xd5;
    pub const MOST_CASES: Place = 0xde;
    pub const MOST_STARTS: Place = 0xdf;
    pub const ZERO: Place = 0xe0;
    pub const ONE: Place = 0xe1;
    pub const TWO: Place = 0xe2;
    pub const THREE: Place = 0xe3;
    pub const FOUR: Place = 0xe4;
    pub const FIVE: Place = 0xe5;
    pub const EIGHT: Place = 0xe6;
    pub const THIRTEEN: Place = 0xe7;
    pub const SIXTEEN: Place = 0xe8;
    pub const TIME_PLACE: Place = 0xe9;
    pub const BYTE: Place = 0xea;
    pub const MINUS_ONE: Place = 0xeb;
    pub const TOP_BIT: Place = 0xec;
    pub const BELOW_TOP: Place = 0xed;
    pub const WEIGHT_BITS: Place = 0xee;
    pub const QUARTER: Place = 0xef;
    pub const LEAST_QUARTER: Place = 0xf0;
    pub const TARGETS: Place = 0xf1;
    pub const FIRST_COEFFICIENT: Place = 0xf2;
    pub const STEPS: Place = 0xf3;
    pub const CONTROLS: Place = 0xf4;
    pub const BEST: Place = 0xf5;
    pub const LIMITS: Place = 0xf6;
    pub const CASE_INPUTS: Place = 0xf7;
    pub const START_CONTROLS: Place = 0xf8;
    pub const ROW_WORDS: Place = 0xf9;
    pub const OUTPUTS: Place = 0xfa;
    pub const SLOT_WORDS: Place = 0xfb;
    pub const INPUT_WORDS: Place = 0xfc;
    /// Inputs, times 256.
    pub const INPUTS: Place = 0xfd;
}

/// The program for `parameters`.
pub fn program(parameters: &Parameters) -> Assembler {
    let layout = TableLayout::of(parameters);
    let mut constants = vec![
        (memory::SETTINGS, map::CASES_USED),
        (memory::SETTINGS + 1, map::EPOCHS),
        (memory::SETTINGS + 2, map::STARTS_USED),
        (memory::SETTINGS + 3, map::GRADIENT_SHIFT),
        (memory::SETTINGS + 4, map::STEP_SHIFT),
        (memory::SETTINGS + 5, map::LOSS_STOP),
        (memory::SETTINGS + 6, map::INPUT_MASK),
        (memory::SETTINGS + 7, map::INPUT_MASK_HIGH),
        (memory::MOST_CASES, parameters.cases as u16),
        (memory::MOST_STARTS, parameters.starts as u16),
        (memory::ONE, 1),
        (memory::TWO, 2),
        (memory::THREE, 3),
        (memory::FOUR, 4),
        (memory::FIVE, 5),
        (memory::EIGHT, 8),
        (memory::THIRTEEN, 13),
        (memory::SIXTEEN, 16),
        (memory::TIME_PLACE, 64),
        (memory::BYTE, 256),
        (memory::MINUS_ONE, 0xffff),
        (memory::TOP_BIT, 0x8000),
        (memory::BELOW_TOP, 0x7fff),
        (memory::WEIGHT_BITS, 0x3fff),
        (memory::QUARTER, 0x4000),
        (memory::LEAST_QUARTER, 0xc000),
        (memory::TARGETS, layout.case_targets as u16),
        (memory::FIRST_COEFFICIENT, layout.coefficients as u16),
        (memory::STEPS, layout.steps as u16),
        (memory::CONTROLS, layout.controls as u16),
        (memory::BEST, layout.best as u16),
        (memory::LIMITS, layout.control_limits as u16),
        (memory::CASE_INPUTS, layout.case_inputs as u16),
        (memory::START_CONTROLS, layout.start_controls as u16),
        (memory::ROW_WORDS, layout.row_words as u16),
        (memory::OUTPUTS, parameters.outputs as u16),
        (memory::SLOT_WORDS, layout.slot_words as u16),
        (memory::INPUT_WORDS, layout.input_words as u16),
        (memory::INPUTS, (parameters.inputs << 8) as u16),
    ];
    if parameters.update.is_hardware() {
        constants.extend([(memory::SIX, 6), (memory::GAP_PLACE, map::GAP)]);
    }
    let mut code = Assembler::new(&constants);
    let mask_words = 2 * Parameters::mask_words(parameters.outputs) as u8;
    let has_cost = parameters.has_cost();
    epochs::run(&mut code, mask_words, parameters.update);
    epochs::window(&mut code, has_cost, parameters.update);
    records::end(&mut code);
    records::event(&mut code);
    records::block(&mut code);
    records::parts(&mut code);
    compact::parts(&mut code);
    match parameters.update {
        Update::Microcode => {
            rows::parts(&mut code, has_cost, mask_words);
            arithmetic::parts(&mut code);
        }
        Update::Hardware => hardware::parts(&mut code, has_cost),
    }
    code
}

/// The word = 0, as is the accumulator.
fn clear(code: &mut Assembler, word: Place) {
    code.load(memory::ZERO);
    code.store(word);
}

/// Two words at `into` = a times b; the upper one is in the accumulator. A product lasts for one instruction.
fn product(code: &mut Assembler, a: Place, b: Place, into: Place) {
    code.load(a);
    code.multiply(b);
    code.input(PRODUCT_LOW);
    code.store(into);
    code.load(a);
    code.multiply(b);
    code.input(PRODUCT_HIGH);
    code.store(into + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_fits_its_memory_for_the_smallest_and_the_largest_instrument() {
        for (outputs, slots) in [(2, 1), (8, 24), (64, 256)] {
            let code = program(&Parameters { outputs, slots, ..Parameters::default() });
            assert!(code.words().len() <= 1024);
            let update = Update::Hardware;
            let code = program(&Parameters { outputs, slots, update, ..Parameters::default() });
            assert!(code.words().len() <= 1024);
        }
    }
}
