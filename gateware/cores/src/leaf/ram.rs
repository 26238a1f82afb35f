//! A memory with one write port and one read port.

use super::ecp5::{self, Memory, WritePort};
use super::memory::{address_slice, module_name, read, words_for, Read};
use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// A block RAM of `W`-bit words: one write port, one read port, one clock from `read_address` to `read_data`; two if it is [`Ram::registered`].
///
/// The size is the next power of two of the depth (at least 2 words); addresses wrap. It starts at zero, or
/// with the given contents.
/// `read_data` starts at zero in simulation only: in hardware it is unknown until the second clock edge.
/// Reading a word in the clock that writes it returns the old value in Rust and in simulators; hardware may return anything
/// (`no_rw_check`), so a design must not depend on it.
#[derive(Clone, Debug, LogicBlock)]
pub struct Ram<const W: usize, const A: usize> {
    /// Clock of both ports.
    pub clock: Signal<In, Clock>,
    /// Writes `write_data` at the clock edge while high.
    pub write_enable: Signal<In, Bit>,
    /// Word to write.
    pub write_address: Signal<In, Bits<A>>,
    /// Value to write.
    pub write_data: Signal<In, Bits<W>>,
    /// Word to read.
    pub read_address: Signal<In, Bits<A>>,
    /// The word at the `read_address` of the clock before, or of two clocks before.
    pub read_data: Signal<Out, Bits<W>>,
    written: Hidden,
    // `Bits` itself is stored: a copy, where an integer would need a conversion bit by bit above 32 bits.
    _words: Vec<Bits<W>>,
    /// Made of look-up tables where the FPGA has such memories.
    _is_quick: bool,
    /// With a register behind the memory, and the word in front of it.
    _is_registered: bool,
    _read: Bits<W>,
    /// Initial contents, if not zero: part of the module's name, and the words.
    _start: Option<(String, Vec<Bits<W>>)>,
}

impl<const W: usize, const A: usize> Ram<W, A> {
    /// A memory of at least `depth` words.
    ///
    /// # Panics
    /// If `depth` is zero or above `2^A`.
    pub fn new(depth: usize) -> Self {
        let words = words_for("Ram", depth, A);
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            written: Hidden::default(),
            _words: vec![Bits::default(); words],
            _is_quick: false,
            _is_registered: false,
            _read: Bits::default(),
            _start: None,
        }
    }

    /// A memory of at least `depth` words that starts with `contents`, followed by zeros; `name` becomes part of the
    /// Verilog module's name.
    ///
    /// # Panics
    /// If `depth` is zero or above `2^A`, or below the contents' length.
    pub fn with_contents(name: &str, depth: usize, contents: &[u32]) -> Self {
        let mut ram = Self::new(depth);
        for (word, value) in ram._words[..contents.len()].iter_mut().zip(contents) {
            *word = Bits::from(u64::from(*value));
        }
        ram._start = Some((name.to_owned(), ram._words.clone()));
        ram
    }

    /// [`Self::with_contents`] of look-up tables if `is_quick`, for few words where a block RAM is too slow; iCE40 has none.
    pub fn of_tables(mut self, is_quick: bool) -> Self {
        self._is_quick = is_quick;
        self
    }

    /// With a second register behind the memory: at a high clock ([`super::memories_are_late`]) the way from a block RAM
    /// is too long. It is an ECP5's own, which Yosys does not use; elsewhere it is made of flip-flops.
    ///
    /// # Panics
    /// If the memory is of tables, of single bits, or has more than 16384 words.
    pub fn registered(mut self) -> Self {
        let fits = !self._is_quick && W > 1 && self._words.len() <= ecp5::MOST_WORDS;
        assert!(fits, "Ram: no register");
        self._is_registered = true;
        self
    }

    /// The word at `address` (which wraps), for tests and inspection.
    pub fn word(&self, address: usize) -> Bits<W> {
        self._words[address & (self._words.len() - 1)]
    }
}

/// Two words: a placeholder until a core's constructor sets a memory of the right depth.
impl<const W: usize, const A: usize> Default for Ram<W, A> {
    fn default() -> Self {
        Self::new(2)
    }
}

impl<const W: usize, const A: usize> Logic for Ram<W, A> {
    fn update(&mut self) {
        self.written.has_changed = false;
        if rises(&self.clock) {
            let wrap = self._words.len() - 1;
            let word = self._words[self.read_address.val().index() & wrap];
            self.read_data.next = if self._is_registered {
                self.written.has_changed = self._read != word;
                std::mem::replace(&mut self._read, word)
            } else {
                word
            };
            if self.write_enable.val() {
                let word = &mut self._words[self.write_address.val().index() & wrap];
                self.written.has_changed |= *word != self.write_data.val();
                *word = self.write_data.val();
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let start = self._start.as_ref().map_or(&[][..], |(_, words)| words);
        let mut contents = String::new();
        for (place, word) in start.iter().enumerate().filter(|(_, word)| word.any()) {
            contents += &format!("    mem[{place}] = {W}'h{word:x};\n");
        }
        let shape = Shape { width: W, words: self._words.len(), address_bits: A };
        let style = if self._is_quick { "distributed" } else { "block" };
        let generic = shape.generic(style, self._is_registered, &contents);
        Verilog::Custom(if self._is_registered {
            let bit = |word: usize, bit| start.get(word).is_some_and(|word| word.get_bit(bit));
            ecp5::either(&shape.ecp5(bit), &generic)
        } else {
            generic
        })
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: match (&self._start, self._is_registered) {
                (Some((name, _)), false) => format!("ram_{name}"),
                (Some((name, _)), true) => format!("registered_ram_{name}"),
                (None, true) => module_name("registered_ram", W, self._words.len(), A),
                (None, _) if self._is_quick => module_name("quick_ram", W, self._words.len(), A),
                (None, _) => module_name("ram", W, self._words.len(), A),
            },
            clock: "clock".into(),
            inputs: ["write_enable", "write_address", "write_data", "read_address"]
                .map(String::from)
                .to_vec(),
            outputs: vec!["read_data".into()],
        }]
    }
}

/// Size of a memory with the ports `clock`, `write_enable`, `write_address`, `write_data`, `read_address` and `read_data`.
pub(super) struct Shape {
    pub width: usize,
    pub words: usize,
    pub address_bits: usize,
}

impl Shape {
    /// Verilog for every family; `contents` sets words at the start.
    pub(super) fn generic(&self, style: &str, is_registered: bool, contents: &str) -> String {
        let Shape { width, words, address_bits } = *self;
        let (last, top) = (words - 1, width - 1);
        let write = address_slice("write_address", words, address_bits);
        let read_place = address_slice("read_address", words, address_bits);
        let Read { declared, zeros, steps, output } =
            read(is_registered, width, "read_data", &read_place);
        format!(
            "\
(* ram_style = \"{style}\", no_rw_check *)
reg [{top}:0] mem [0:{last}];
{declared}
integer index;
initial begin
    for (index = 0; index < {words}; index = index + 1) begin
        mem[index] = {width}'d0;
    end
{contents}`ifndef SYNTHESIS
    // Hardware has no initial value of the read register; asking for one costs a multiplexer per bit.
{zeros}`endif
end

always @(posedge clock) begin
    if (write_enable) begin
        mem[{write}] <= write_data;
    end
{steps}end{output}"
        )
    }

    /// Block RAMs of an ECP5 with their output registers; `bit` of a word and a place in it is there at the start.
    pub(super) fn ecp5(&self, bit: impl Fn(usize, usize) -> bool) -> String {
        let write =
            WritePort { enable: "write_enable", address: "write_address", data: "write_data" };
        let memory = Memory {
            width: self.width,
            words: self.words,
            write: Some(write),
            read_address: "read_address",
            read_data: "read_data",
        };
        memory.cells(bit)
    }
}
