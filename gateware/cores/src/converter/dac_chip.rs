//! Chip of the DAC interface: its channels' codes, and the frame that it is sent.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `write`, `place`, `code` | in, 1 + 3 + 16 signed | a new code of channel `place` |
//! | `channel` | in, 3 | channel of the frame |
//! | `loads` | in, 1 | the first four bits, which the part ignores: the frame's word is loaded |
//! | `switches_reference` | in, 1 | while it is loaded: the frame switches the internal reference on, else it writes the channel's code |
//! | `updates` | in, 1 | while it is loaded: all channels take their codes at the frame's end |
//! | `shifts`, `fills` | in, 1 | the next bit; the last bit of the frame for the reference moves in |
//! | `data` | out, 1 | the pin, a register |
//!
//! The code is loaded in every clock of `loads`, the last time at its end, so a code that is written until two clocks before is sent.

use crate::leaf::{Ram, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Codes and shift register of one chip.
#[derive(LogicBlock, Default)]
pub struct DacChip {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// A new code.
    pub write: Signal<In, Bit>,
    /// Its channel.
    pub place: Signal<In, Bits<3>>,
    /// The code.
    pub code: Signal<In, Signed<16>>,
    /// Channel of the frame.
    pub channel: Signal<In, Bits<3>>,
    /// The frame's word is loaded.
    pub loads: Signal<In, Bit>,
    /// The frame is that of the reference.
    pub switches_reference: Signal<In, Bit>,
    /// All channels are updated at the frame's end.
    pub updates: Signal<In, Bit>,
    /// The next bit.
    pub shifts: Signal<In, Bit>,
    /// The bit that moves in.
    pub fills: Signal<In, Bit>,
    /// The bits, first the most significant.
    pub data: Signal<Out, Bit>,
    codes: Ram<16, 3>,
    /// Command, address and code, first the most significant.
    word: DFF<Bits<24>>,
    bit: DFF<Bit>,
    high_bit: Signal<Local, Bit>,
    offset_code: Signal<Local, Bits<16>>,
    code_word: Signal<Local, Bits<24>>,
    address: Signal<Local, Bits<24>>,
    address_placed: Signal<Local, Bits<24>>,
    update_word: Signal<Local, Bits<24>>,
    frame_word: Signal<Local, Bits<24>>,
    moved: Signal<Local, Bits<24>>,
}

impl DacChip {
    /// With mid-scale in every channel.
    pub fn new() -> Self {
        Self { codes: Ram::new(8), ..Default::default() }
    }
}

impl Logic for DacChip {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, word, bit);
        clock!(self, clock, codes);
        self.codes.write_enable.next = self.write.val();
        self.codes.write_address.next = self.place.val();
        self.codes.write_data.next = unsigned_cast(self.code.val());
        self.codes.read_address.next = self.channel.val();
        self.data.next = self.bit.q.val();
        self.bit.d.next = self.word.q.val().get_bit(23) & (!self.loads.val());
        comment!("Code in offset binary.");
        self.high_bit.next = !self.codes.read_data.val().get_bit(15);
        self.offset_code.next = self.codes.read_data.val().replace_bit(15, self.high_bit.val());
        self.code_word.next = bit_cast::<24, 16>(self.offset_code.val());
        self.address.next = bit_cast::<24, 3>(self.channel.val());
        self.address_placed.next = self.address.val().to_bits() << 16;
        self.update_word.next = self.code_word.val() | self.address_placed.val();
        self.frame_word.next = self.update_word.val().replace_bit(21, self.updates.val());
        self.moved.next = self.word.q.val().to_bits() << 1;
        if self.loads.val() {
            self.word.d.next = self.frame_word.val().replace_bit(23, self.switches_reference.val());
        } else if self.shifts.val() {
            self.word.d.next = self.moved.val().replace_bit(0, self.fills.val());
        }
    }
}
