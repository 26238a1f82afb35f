//! Microcontroller for the computation between windows, where area matters and clocks do not.
//!
//! One 16-bit adder, one accumulator, 256 words of memory and one multiplier execute in sequence the steps that would otherwise need
//! a datapath each. Programs are written with [`Assembler`] and stored in a ROM.

mod assembler;
mod kernel;

pub use assembler::{Assembler, Condition, Place, PRODUCT_HIGH, PRODUCT_LOW};

use crate::gated::Inputs;
use crate::leaf::{memories_are_late, Adder, Fixed, Multiplier, Ram, Rom, DFF};
use rust_hdl::prelude::*;

/// The microcontroller.
///
/// | port | direction, width | meaning |
/// |---|---|---|
/// | `reset` | in, 1 | stops the program |
/// | `start`, `entry` | in, 1 + 10 | starts at instruction `entry`; only while not `busy` |
/// | `busy` | out, 1 | from the clock after `start` to the last instruction's end |
/// | `port` | out, 6 | number of the input or output word of the instruction |
/// | `reads` | out, 1 | the instruction reads it |
/// | `word_in` | in, 16 | the word at `port` of the previous clock if that read, else 0 |
/// | `word_out`, `strobe` | out, 16 + 1 | the accumulator; it is written to `port` at the end of this clock |
/// | `early_strobe` | out, 1 | early strobe: `strobe` follows in the next clock |
/// | `reading` | out, 1 | an instruction that reads is in its second or third clock |
/// | `stall` | in, 1 | wait: the third clock lasts until it falls |
///
/// An instruction takes three clocks: the first reads its operand from the memory, the second selects the operands of the adder, the
/// third adds, while the ROM reads the next one. If an output addresses an external memory with a latency of one clock, the next
/// instruction can read its word; with a latency of two clocks it can if `early_strobe` addresses the memory.
///
/// With late memories ([`memories_are_late`]) the ROM's word goes through a register, without other
/// changes: it is valid in the two clocks that use it.
///
/// Instructions, operation in bits 15..12:
///
/// | operation | name | effect |
/// |---|---|---|
/// | 0 | sum | accumulator + memory word |
/// | 1 | sum of input | accumulator + input; words 62 and 63 are the product's halves |
/// | 2 | and | accumulator and memory word; bit 10 is set |
/// | 3 | shift | memory word one bit to the right, the carry from the left |
/// | 4 | sign | all bits the accumulator's sign; bit 10 is set |
/// | 5 | store | accumulator to memory |
/// | 6 | multiply | accumulator times memory word, signed; only the next instruction can use the product |
/// | 7 | output | accumulator to `port` |
/// | 8 and 12, 9, 10 | jump, call, return | one level of calls |
/// | 11 | halt | |
///
/// Bits 7..0 are the memory word (5..0 the port), bits 9..0 a jump's target, bits 11..10 and bit 2 of its operation the condition (see [`Condition`]). For a sum, and or
/// shift, bit 11 also stores the result in the memory word; bit 10 replaces the accumulator by 0 and leaves the carry
/// (for a shift: shifts in the word's own sign), bit 9 inverts the word and adds 1, bit 8 adds the carry instead of 0 or 1.
#[derive(LogicBlock, Inputs, Default)]
pub struct Machine {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Stops the program.
    pub reset: Signal<In, Bit>,
    /// Starts.
    pub start: Signal<In, Bit>,
    /// First instruction.
    pub entry: Signal<In, Bits<10>>,
    /// A program is in progress.
    pub busy: Signal<Out, Bit>,
    /// Number of the input or output word.
    pub port: Signal<Out, Bits<6>>,
    /// The instruction reads it.
    pub reads: Signal<Out, Bit>,
    /// That word, a clock later; 0 without a read.
    pub word_in: Signal<In, Bits<16>>,
    /// The accumulator.
    pub word_out: Signal<Out, Bits<16>>,
    /// Write strobe of the output word.
    pub strobe: Signal<Out, Bit>,
    /// The strobe follows in the next clock.
    pub early_strobe: Signal<Out, Bit>,
    /// An instruction that reads is in its second or third clock.
    pub reading: Signal<Out, Bit>,
    /// Wait in this clock.
    pub stall: Signal<In, Bit>,
    program: Rom<16, 10>,
    memory: Ram<16, 8>,
    multiply: Multiplier,
    adder: Adder,
    working: DFF<Bit>,
    /// Second and third clock of an instruction.
    fetched: DFF<Bit>,
    executing: DFF<Bit>,
    counter: DFF<Bits<10>>,
    back: DFF<Bits<10>>,
    accumulator: DFF<Bits<16>>,
    carry: DFF<Bit>,
    /// The instruction, a clock later.
    held: DFF<Bits<16>>,
    /// Operands of the third clock.
    first: DFF<Bits<16>>,
    operand: DFF<Bits<16>>,
    carry_in: DFF<Bit>,
    /// Late memories: the instruction is used from its copy.
    holds: Fixed<Bit>,
    instruction: Signal<Local, Bits<16>>,
    operation: Signal<Local, Bits<4>>,
    condition_low: Signal<Local, Bits<3>>,
    condition: Signal<Local, Bits<3>>,
    target: Signal<Local, Bits<10>>,
    fresh: Signal<Local, Bit>,
    inverts: Signal<Local, Bit>,
    place: Signal<Local, Bits<10>>,
    following: Signal<Local, Bits<10>>,
    taken: Signal<Local, Bit>,
    product: Signal<Local, Bits<32>>,
    word: Signal<Local, Bits<16>>,
    turns: Signal<Local, Bit>,
    halved: Signal<Local, Bits<16>>,
    from_left: Signal<Local, Bit>,
    stands: Signal<Local, Bit>,
    executes: Signal<Local, Bit>,
    stores: Signal<Local, Bit>,
}

impl Machine {
    /// A microcontroller for a clock of `clock_hz` with a program and the contents of its memory at power-up.
    ///
    /// `name` becomes part of the names of the program's and the memory's modules.
    pub fn new(name: &str, code: &Assembler, clock_hz: u32) -> Self {
        Self {
            holds: Fixed::new(memories_are_late(clock_hz)),
            program: Rom::new(name, &code.words()),
            memory: Ram::with_contents(name, 1 << 8, code.contents()),
            ..Default::default()
        }
    }
}
