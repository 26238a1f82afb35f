//! A memory with one port.

use super::memory::{address_slice, module_name, words_for};
use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// A memory of `W`-bit words with one port: each clock writes a word, or reads one that is valid in the next clock.
///
/// The size is the next power of two of the depth (at least 2 words); addresses wrap. It starts at zero.
/// After a clock that writes, `read_data` keeps its value in Rust and in simulators; a hardware memory of one port (iCE40
/// SPRAM) may output anything, so a design must not depend on it. Nor do such memories start at zero.
/// From 512 words on the tool chooses the kind of memory: Yosys puts 8192 words of 32 bits or more into two iCE40 SPRAMs.
#[derive(Clone, Debug, LogicBlock)]
pub struct Store<const W: usize, const A: usize> {
    /// Clock of the port.
    pub clock: Signal<In, Clock>,
    /// Word to write or to read.
    pub address: Signal<In, Bits<A>>,
    /// Writes `write_data` at the clock edge while high.
    pub write_enable: Signal<In, Bit>,
    /// Value to write.
    pub write_data: Signal<In, Bits<W>>,
    /// The word at the `address` of the clock before, if that did not write.
    pub read_data: Signal<Out, Bits<W>>,
    written: Hidden,
    _words: Vec<Bits<W>>,
}

impl<const W: usize, const A: usize> Store<W, A> {
    /// A memory of at least `depth` words.
    ///
    /// # Panics
    /// If `depth` is zero or above `2^A`.
    pub fn new(depth: usize) -> Self {
        let words = words_for("Store", depth, A);
        Self {
            clock: Signal::default(),
            address: Signal::default(),
            write_enable: Signal::default(),
            write_data: Signal::default(),
            read_data: Signal::default(),
            written: Hidden::default(),
            _words: vec![Bits::default(); words],
        }
    }
}

/// Two words: a placeholder until a core's constructor sets a memory of the right depth.
impl<const W: usize, const A: usize> Default for Store<W, A> {
    fn default() -> Self {
        Self::new(2)
    }
}

impl<const W: usize, const A: usize> Logic for Store<W, A> {
    fn update(&mut self) {
        self.written.has_changed = false;
        if rises(&self.clock) {
            let place = self.address.val().index() & (self._words.len() - 1);
            let word = &mut self._words[place];
            if self.write_enable.val() {
                self.written.has_changed = *word != self.write_data.val();
                *word = self.write_data.val();
            } else {
                self.read_data.next = *word;
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let words = self._words.len();
        let last = words - 1;
        let top = W - 1;
        let address = address_slice("address", words, A);
        // A style would bind the memory to block RAM, and a large one may go to the device's single-port RAM.
        let style = if words < 512 { "(* ram_style = \"block\" *)\n" } else { "" };
        Verilog::Custom(format!(
            "\
{style}reg [{top}:0] mem [0:{last}];

`ifndef SYNTHESIS
// Hardware need not start at zero; asking for it would rule out memories that cannot.
integer index;
initial begin
    for (index = 0; index < {words}; index = index + 1) begin
        mem[index] = {W}'d0;
    end
    read_data = {W}'d0;
end
`endif

always @(posedge clock) begin
    if (write_enable) begin
        mem[{address}] <= write_data;
    end else begin
        read_data <= mem[{address}];
    end
end"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: module_name("store", W, self._words.len(), A),
            clock: "clock".into(),
            inputs: ["address", "write_enable", "write_data"].map(String::from).to_vec(),
            outputs: vec!["read_data".into()],
        }]
    }
}
