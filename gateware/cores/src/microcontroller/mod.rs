//! A small microcoded machine for the work between windows, where area counts and clocks do not.
//!
//! One 16-bit adder, one accumulator, 256 words of memory and one multiplier do in turn what a datapath for each
//! step would do at once. Programs are written with [`Assembler`] and kept in a ROM.

mod assembler;
mod kernel;

pub use assembler::{Assembler, Condition, Place, PRODUCT_HIGH, PRODUCT_LOW};

use crate::leaf::{memories_are_late, Fixed, Multiplier, Ram, Rom};
use rust_hdl::prelude::*;

/// The machine.
///
/// | port | direction, width | meaning |
/// |---|---|---|
/// | `reset` | in, 1 | it rests |
/// | `start`, `entry` | in, 1 + 10 | begins at instruction `entry`; only while not `busy` |
/// | `busy` | out, 1 | from the clock after `start` to the last instruction's end |
/// | `port` | out, 6 | word of the outside that an instruction reads or writes |
/// | `reads` | out, 1 | it reads |
/// | `word_in` | in, 16 | the word `port` of the clock before if that read, else 0 |
/// | `word_out`, `strobe` | out, 16 + 1 | the accumulator; it goes to the word `port` at this clock's end |
/// | `tells` | out, 1 | the same a clock before: it will |
/// | `asks` | out, 1 | an instruction that reads is in its second or third clock |
/// | `stall` | in, 1 | not in this clock: the third stands until it falls |
///
/// An instruction takes three clocks: the first reads its operand from the memory, the second chooses what is added, the
/// third adds, while the ROM reads the next one. What an output addresses in a memory outside that answers a clock later
/// can be read by the next instruction; so it can from one that answers two clocks later if `tells` addresses it.
///
/// Where the ROM's word comes late in the clock ([`memories_are_late`]) the instruction goes through a register, which
/// changes nothing else: it stands through the two clocks that act on it.
///
/// Instructions, operation in bits 15..12:
///
/// | operation | name | does |
/// |---|---|---|
/// | 0 | sum | accumulator + memory word |
/// | 1 | sum of input | accumulator + input; words 62 and 63 are the product's halves |
/// | 2 | and | accumulator and memory word; bit 10 is set |
/// | 3 | shift | memory word one bit to the right, the carry from the left |
/// | 4 | sign | all bits the accumulator's sign; bit 10 is set |
/// | 5 | store | accumulator to memory |
/// | 6 | multiply | accumulator times memory word, signed; the product is there for the next instruction alone |
/// | 7 | output | accumulator to the outside |
/// | 8 and 12, 9, 10 | jump, call, return | one level of calls |
/// | 11 | halt | |
///
/// Bits 7..0 are the memory word (5..0 the outside's), bits 9..0 a jump's target, bits 11..10 and bit 2 of its operation the condition (see [`Condition`]). Of a sum, and or
/// shift, bit 11 also stores the result in the memory word; bit 10 takes 0 for the accumulator and leaves the carry
/// (of a shift: the word's own sign comes from the left), bit 9 inverts the word and adds 1, bit 8 adds the carry instead of 0 or 1.
#[derive(LogicBlock, Default)]
pub struct Machine {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// It rests.
    pub reset: Signal<In, Bit>,
    /// Begins.
    pub start: Signal<In, Bit>,
    /// First instruction.
    pub entry: Signal<In, Bits<10>>,
    /// It is at work.
    pub busy: Signal<Out, Bit>,
    /// Word of the outside.
    pub port: Signal<Out, Bits<6>>,
    /// It reads.
    pub reads: Signal<Out, Bit>,
    /// That word, a clock later; 0 if none was read.
    pub word_in: Signal<In, Bits<16>>,
    /// The accumulator.
    pub word_out: Signal<Out, Bits<16>>,
    /// It goes to the outside.
    pub strobe: Signal<Out, Bit>,
    /// It is about to.
    pub tells: Signal<Out, Bit>,
    /// And is in its second or third clock.
    pub asks: Signal<Out, Bit>,
    /// Not in this clock.
    pub stall: Signal<In, Bit>,
    program: Rom<16, 10>,
    memory: Ram<16, 8>,
    multiply: Multiplier,
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
    /// What is added in the third clock.
    first: DFF<Bits<16>>,
    operand: DFF<Bits<16>>,
    carry_in: DFF<Bit>,
    /// The instruction is taken from its copy.
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
    second: Signal<Local, Bits<16>>,
    first_wide: Signal<Local, Bits<18>>,
    first_placed: Signal<Local, Bits<18>>,
    first_odd: Signal<Local, Bits<18>>,
    second_wide: Signal<Local, Bits<18>>,
    second_placed: Signal<Local, Bits<18>>,
    second_odd: Signal<Local, Bits<18>>,
    total: Signal<Local, Bits<18>>,
    halved: Signal<Local, Bits<16>>,
    from_left: Signal<Local, Bit>,
    result: Signal<Local, Bits<16>>,
    stands: Signal<Local, Bit>,
    executes: Signal<Local, Bit>,
    stores: Signal<Local, Bit>,
}

impl Machine {
    /// A machine for a clock of `clock_hz` with a program and what its memory holds at power-up.
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
