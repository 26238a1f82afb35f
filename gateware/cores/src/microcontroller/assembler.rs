//! Assembler for programs of the microcontroller.

use std::collections::BTreeMap;

/// A word of the microcontroller's memory.
pub type Place = u8;

/// Input of the product's lower half.
pub const PRODUCT_LOW: u8 = 62;
/// Input of the product's upper half.
pub const PRODUCT_HIGH: u8 = 63;

/// Condition of a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Condition {
    /// Always.
    Always = 0,
    /// The carry is set: a sum exceeded 16 bits, a difference was not negative.
    Carry = 1,
    /// The carry is clear.
    NoCarry = 2,
    /// The accumulator is negative.
    Negative = 3,
    /// The accumulator is not negative.
    Positive = 4,
    /// The accumulator is zero.
    Zero = 5,
    /// The accumulator is not zero.
    NotZero = 6,
}

const STORE: u16 = 1 << 11;
const FRESH: u16 = 1 << 10;
const INVERT: u16 = 1 << 9;
const CHAIN: u16 = 1 << 8;

/// A program, instruction by instruction, and the constants in its memory.
///
/// Each method appends the instruction of its name; see [`super::Machine`] for the operations.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    words: Vec<u16>,
    labels: BTreeMap<&'static str, u16>,
    jumps: Vec<(usize, &'static str)>,
    contents: Vec<u32>,
}

impl Assembler {
    /// A program without instructions, and a memory whose words from 0 on are free and whose last ones are `constants`
    /// (place, value).
    pub fn new(constants: &[(Place, u16)]) -> Self {
        let mut contents = vec![0; 1 << 8];
        for &(place, value) in constants {
            contents[usize::from(place)] = u32::from(value);
        }
        Self { contents, ..Self::default() }
    }

    fn push(&mut self, operation: u16, flags: u16, operand: u8) {
        self.words.push(operation << 12 | flags | u16::from(operand));
    }

    /// Names the next instruction.
    pub fn label(&mut self, name: &'static str) {
        self.labels.insert(name, self.words.len() as u16);
    }

    /// Accumulator = word. The carry stays.
    pub fn load(&mut self, word: Place) {
        self.push(0, FRESH, word);
    }

    /// Accumulator += word.
    pub fn add(&mut self, word: Place) {
        self.push(0, 0, word);
    }

    /// Accumulator += word; word = accumulator.
    pub fn add_to(&mut self, word: Place) {
        self.push(0, STORE, word);
    }

    /// Accumulator += word + carry.
    pub fn add_carry(&mut self, word: Place) {
        self.push(0, CHAIN, word);
    }

    /// Accumulator += word + carry; word = accumulator.
    pub fn add_carry_to(&mut self, word: Place) {
        self.push(0, CHAIN | STORE, word);
    }

    /// Accumulator -= word.
    pub fn subtract(&mut self, word: Place) {
        self.push(0, INVERT, word);
    }

    /// Accumulator -= word and the borrow of the last difference.
    pub fn subtract_borrow(&mut self, word: Place) {
        self.push(0, INVERT | CHAIN, word);
    }

    /// Accumulator = input. The carry stays.
    pub fn input(&mut self, port: u8) {
        self.push(1, FRESH, port);
    }

    /// Accumulator += input.
    pub fn add_input(&mut self, port: u8) {
        self.push(1, 0, port);
    }

    /// Accumulator += input + carry.
    pub fn add_carry_input(&mut self, port: u8) {
        self.push(1, CHAIN, port);
    }

    /// Accumulator &= word.
    pub fn and(&mut self, word: Place) {
        self.push(2, FRESH, word);
    }

    /// Accumulator = word shifted right, the carry from the left; carry = the bit shifted out.
    pub fn shift(&mut self, word: Place) {
        self.push(3, 0, word);
    }

    /// As [`Self::shift`], and word = accumulator.
    pub fn shift_in_place(&mut self, word: Place) {
        self.push(3, STORE, word);
    }

    /// As [`Self::shift_in_place`], with the word's sign from the left.
    pub fn shift_signed_in_place(&mut self, word: Place) {
        self.push(3, STORE | FRESH, word);
    }

    /// Accumulator = 0xffff if it was negative, else 0. The carry stays.
    pub fn sign(&mut self) {
        self.push(4, FRESH, 0);
    }

    /// Word = accumulator.
    pub fn store(&mut self, word: Place) {
        self.push(5, 0, word);
    }

    /// Product = accumulator x word, for the next instruction.
    pub fn multiply(&mut self, word: Place) {
        self.push(6, 0, word);
    }

    /// Output word = accumulator.
    pub fn output(&mut self, port: u8) {
        self.push(7, 0, port);
    }

    /// Jumps to `label` if `condition` holds.
    pub fn jump(&mut self, condition: Condition, label: &'static str) {
        self.jumps.push((self.words.len(), label));
        let (upper, lower) = (condition as u16 >> 2, condition as u16 & 3);
        self.words.push((8 | upper << 2) << 12 | lower << 10);
    }

    /// Calls `label`; [`Assembler::back`] returns.
    pub fn call(&mut self, label: &'static str) {
        self.jumps.push((self.words.len(), label));
        self.words.push(9 << 12);
    }

    /// Returns to the instruction after the call.
    pub fn back(&mut self) {
        self.push(10, 0, 0);
    }

    /// Ends the job.
    pub fn halt(&mut self) {
        self.push(11, 0, 0);
    }

    /// The instruction at `label`.
    ///
    /// # Panics
    /// If there is none: a mistake in the program.
    pub fn entry(&self, label: &str) -> u16 {
        *self.labels.get(label).unwrap_or_else(|| panic!("the program has no label {label}"))
    }

    /// The program's words.
    ///
    /// # Panics
    /// If a jump has no target, or the program more than 1024 instructions: mistakes in the program.
    pub fn words(&self) -> Vec<u64> {
        assert!(self.words.len() <= 1 << 10, "the program has {} instructions", self.words.len());
        let mut words: Vec<u64> = self.words.iter().copied().map(u64::from).collect();
        for &(place, label) in &self.jumps {
            words[place] |= u64::from(self.entry(label));
        }
        words
    }

    /// Contents of the memory at power-up.
    pub fn contents(&self) -> &[u32] {
        &self.contents
    }
}
