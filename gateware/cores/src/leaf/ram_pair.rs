//! Two memories side by side, with one address.

use super::ecp5;
use super::memory::{module_name, words_for};
use super::ram::Shape;
use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// Two words of `W` bits at every address: one write port, one read port, two clocks from `read_address` to the words.
///
/// As two [`super::Ram`] that are registered, in fewer block RAMs: an ECP5's have 36 bits, of which two words of 48 take three and each alone two.
/// It starts at zero; addresses wrap. A design must not depend on what is read in the clock that writes it.
#[derive(Clone, Debug, LogicBlock)]
pub struct RamPair<const W: usize, const A: usize> {
    /// Clock of both ports.
    pub clock: Signal<In, Clock>,
    /// Writes both words at the clock edge while high.
    pub write_enable: Signal<In, Bit>,
    /// Words to write.
    pub write_address: Signal<In, Bits<A>>,
    /// Value of the first word.
    pub write_first: Signal<In, Bits<W>>,
    /// Value of the second word.
    pub write_second: Signal<In, Bits<W>>,
    /// Words to read.
    pub read_address: Signal<In, Bits<A>>,
    /// The first word at the `read_address` of two clocks before.
    pub read_first: Signal<Out, Bits<W>>,
    /// The second.
    pub read_second: Signal<Out, Bits<W>>,
    written: Hidden,
    _words: Vec<(Bits<W>, Bits<W>)>,
    _read: (Bits<W>, Bits<W>),
}

impl<const W: usize, const A: usize> RamPair<W, A> {
    /// Memories of at least `depth` words.
    ///
    /// # Panics
    /// If `depth` is zero or above `2^A`, or has more than 16384 words.
    pub fn new(depth: usize) -> Self {
        let words = words_for("RamPair", depth, A);
        assert!(words <= ecp5::MOST_WORDS, "RamPair: no register");
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write_first: Signal::default(),
            write_second: Signal::default(),
            read_address: Signal::default(),
            read_first: Signal::default(),
            read_second: Signal::default(),
            written: Hidden::default(),
            _words: vec![Default::default(); words],
            _read: Default::default(),
        }
    }
}

/// Two words: a placeholder until a core's constructor sets memories of the right depth.
impl<const W: usize, const A: usize> Default for RamPair<W, A> {
    fn default() -> Self {
        Self::new(2)
    }
}

impl<const W: usize, const A: usize> Logic for RamPair<W, A> {
    fn update(&mut self) {
        self.written.has_changed = false;
        if rises(&self.clock) {
            let wrap = self._words.len() - 1;
            let words = self._words[self.read_address.val().index() & wrap];
            self.written.has_changed = self._read != words;
            let (first, second) = std::mem::replace(&mut self._read, words);
            self.read_first.next = first;
            self.read_second.next = second;
            if self.write_enable.val() {
                let place = &mut self._words[self.write_address.val().index() & wrap];
                let words = (self.write_first.val(), self.write_second.val());
                self.written.has_changed |= *place != words;
                *place = words;
            }
        }
    }

    fn connect(&mut self) {
        self.read_first.connect();
        self.read_second.connect();
    }

    fn hdl(&self) -> Verilog {
        let shape = Shape { width: 2 * W, words: self._words.len(), address_bits: A };
        let memory = ecp5::either(&shape.ecp5(|_, _| false), &shape.generic("block", true, ""));
        let top = 2 * W - 1;
        Verilog::Custom(format!(
            "\
wire [{top}:0] write_data = {{write_second, write_first}};
wire [{top}:0] read_data;
assign read_first = read_data[{}:0];
assign read_second = read_data[{top}:{W}];

{memory}",
            W - 1
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: module_name("ram_pair", W, self._words.len(), A),
            clock: "clock".into(),
            inputs: [
                "write_enable", "write_address", "write_first", "write_second", "read_address",
            ]
            .map(String::from)
            .to_vec(),
            outputs: ["read_first", "read_second"].map(String::from).to_vec(),
        }]
    }
}
