//! A read-only memory.

use super::memory::{address_slice, words_for};
use crate::gated::rises;
use rust_hdl::prelude::*;

/// Words of contents on one line of the Verilog.
const WORDS_PER_LINE: usize = 4;

/// A block ROM of `W`-bit words: one clock from `address` to `data`.
///
/// The memory holds the next power of two of the number of entries (at least 2 words, the rest zero) and addresses wrap at
/// it. `data` starts at zero in simulation only: in hardware it is unknown until the second clock edge.
#[derive(Clone, Debug, LogicBlock)]
pub struct Rom<const W: usize, const A: usize> {
    /// Clock of the read register.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub address: Signal<In, Bits<A>>,
    /// The word at the `address` of the clock before.
    pub data: Signal<Out, Bits<W>>,
    _name: String,
    _words: Vec<Bits<W>>,
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
            _name: name.to_owned(),
            _words: stored,
        }
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
        if rises(&self.clock) {
            let wrap = self._words.len() - 1;
            self.data.next = self._words[self.address.val().index() & wrap];
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
        Verilog::Custom(format!(
            "\
(* rom_style = \"block\", ram_style = \"block\" *)
reg [{top}:0] mem [0:{last}];

initial begin
{contents}`ifndef SYNTHESIS
    // Hardware has no initial value of the read register; asking for one costs a multiplexer per bit.
    data = {W}'d0;
`endif
end

always @(posedge clock) begin
    data <= mem[{address}];
end"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: format!("rom_{}", self._name),
            clock: "clock".into(),
            inputs: vec!["address".into()],
            outputs: vec!["data".into()],
        }]
    }
}
