//! A read-only memory.

use super::ecp5::{self, Memory};
use super::memory::{address_slice, read, words_for, Read};
use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// Words of contents on one line of the Verilog.
const WORDS_PER_LINE: usize = 4;

/// A block ROM of `W`-bit words: one clock from `address` to `data`; two if it is [`Rom::registered`].
///
/// The memory holds the next power of two of the number of entries (at least 2 words, the rest zero) and addresses wrap at
/// it. `data` starts at zero in simulation only: in hardware it is unknown until the second clock edge.
#[derive(Clone, Debug, LogicBlock)]
pub struct Rom<const W: usize, const A: usize> {
    /// Clock of the read register.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub address: Signal<In, Bits<A>>,
    /// The word at the `address` of the clock before, or of two clocks before.
    pub data: Signal<Out, Bits<W>>,
    handed_on: Hidden,
    _name: String,
    _words: Vec<Bits<W>>,
    /// With a register behind the memory, and the word in front of it.
    _is_registered: bool,
    _read: Bits<W>,
}

impl<const W: usize, const A: usize> Rom<W, A> {
    /// A memory with these contents; `name` becomes part of the Verilog module's name.
    ///
    /// # Panics
    /// If there are no entries or more than `2^A`, or an entry has more than `W` bits.
    pub fn new(name: &str, contents: &[u64]) -> Self {
        let words = words_for("Rom", contents.len(), A);
        let mut stored = vec![Bits::default(); words];
        for (index, (word, value)) in stored.iter_mut().zip(contents).enumerate() {
            assert!(
                W >= 64 || value >> W == 0,
                "Rom: entry {index} ({value:#x}) has more than {W} bits"
            );
            *word = Bits::from(*value);
        }
        Self {
            clock: Signal::default(),
            address: Signal::default(),
            data: Signal::default(),
            handed_on: Hidden::default(),
            _name: name.to_owned(),
            _words: stored,
            _is_registered: false,
            _read: Bits::default(),
        }
    }

    /// With a second register behind the memory, as [`super::Ram::registered`].
    ///
    /// # Panics
    /// If the memory is of single bits or has more than 16384 words.
    pub fn registered(mut self) -> Self {
        assert!(W > 1 && self._words.len() <= ecp5::MOST_WORDS, "Rom: no register");
        self._is_registered = true;
        self
    }
}

/// Two zero words: a placeholder until a core's constructor sets its contents.
impl<const W: usize, const A: usize> Default for Rom<W, A> {
    fn default() -> Self {
        Self::new("empty", &[0])
    }
}

impl<const W: usize, const A: usize> Logic for Rom<W, A> {
    fn update(&mut self) {
        self.handed_on.has_changed = false;
        if rises(&self.clock) {
            let wrap = self._words.len() - 1;
            let word = self._words[self.address.val().index() & wrap];
            self.data.next = if self._is_registered {
                self.handed_on.has_changed = self._read != word;
                std::mem::replace(&mut self._read, word)
            } else {
                word
            };
        }
    }

    fn connect(&mut self) {
        self.data.connect();
    }

    fn hdl(&self) -> Verilog {
        let words = self._words.len();
        let last = words - 1;
        let top = W - 1;
        let address = address_slice("address", words, A);
        let mut contents = String::new();
        for (line, chunk) in self._words.chunks(WORDS_PER_LINE).enumerate() {
            let entries: Vec<String> = chunk
                .iter()
                .enumerate()
                .map(|(column, word)| {
                    format!("mem[{}] = {W}'h{word:x};", line * WORDS_PER_LINE + column)
                })
                .collect();
            contents += &format!("    {}\n", entries.join(" "));
        }
        let Read { declared, zeros, steps, output } =
            read(self._is_registered, W, "data", &address);
        let generic = format!(
            "\
(* rom_style = \"block\", ram_style = \"block\" *)
reg [{top}:0] mem [0:{last}];
{declared}
initial begin
{contents}`ifndef SYNTHESIS
    // Hardware has no initial value of the read register; asking for one costs a multiplexer per bit.
{zeros}`endif
end

always @(posedge clock) begin
{steps}end{output}"
        );
        if !self._is_registered {
            return Verilog::Custom(generic);
        }
        let memory =
            Memory { width: W, words, write: None, read_address: "address", read_data: "data" };
        Verilog::Custom(ecp5::either(
            &memory.cells(|word, bit| self._words[word].get_bit(bit)),
            &generic,
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: match self._is_registered {
                false => format!("rom_{}", self._name),
                true => format!("registered_rom_{}", self._name),
            },
            clock: "clock".into(),
            inputs: vec!["address".into()],
            outputs: vec!["data".into()],
        }]
    }
}
