//! DAC interface: frames of 32 bits to an eight-channel DAC of the AD5628 family, or a DAC8568.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | frames restart; the stored codes stay |
//! | `tick` | in, 1 | a sample begins |
//! | `write`, `index`, `code` | in, 1 + 6 + 16 signed | a new code, from the guard |
//! | `sclk`, `sync_n`, `data` | out, 1 | the pins, all registers; the part samples `data` at falling edges of `sclk` |
//! | `ready` | out, 1 | the part is set up and every channel has its stored code |
//!
//! After reset one frame switches the internal reference on (command 1000), and two rounds set every channel from the
//! power-up code of the part to mid-scale, independently of ticks. From then on every tick starts eight frames: channel H with "write
//! to the input register and update all" (command 0010), then A to G with "write to the input register" (0000). A code
//! thus reaches the outputs with the update after its own period, 2 + 63 `half` clocks after the tick, all channels at once.
//! Channels without an output stay at mid-scale, the code of all channels until the guard writes.
//!
//! Codes are stored in a block RAM, read at the address of the channel in transmission and loaded during the first four bits of its frame. The
//! guard writes a channel's code at least 8 clocks after the previous one; that of H is written 69 clocks after the tick or later, when
//! the last one has been loaded, for up to 7 clocks a half period.
//!
//! Widths: a frame is 64 half periods and a gap, counted in 7 bits.

use super::part::DacPart;
use super::timing::{ConverterError, DacTiming};
use crate::leaf::{Fixed, Ram};
use rust_hdl::prelude::*;

/// From codes to frames.
#[derive(LogicBlock, Default)]
pub struct SpiDac {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// A new code.
    pub write: Signal<In, Bit>,
    /// Output of the code.
    pub index: Signal<In, Bits<6>>,
    /// The code.
    pub code: Signal<In, Signed<16>>,
    /// Serial clock.
    pub sclk: Signal<Out, Bit>,
    /// Low for the 32 bits of a frame.
    pub sync_n: Signal<Out, Bit>,
    /// The bits, first the most significant.
    pub data: Signal<Out, Bit>,
    /// The part is set up and every channel has its stored code.
    pub ready: Signal<Out, Bit>,
    codes: Ram<16, 3>,
    running: DFF<Bit>,
    started: DFF<Bit>,
    /// Every input register has been written; and updated.
    filled: DFF<Bit>,
    set_up: DFF<Bit>,
    channel: DFF<Bits<3>>,
    /// Half period within the frame.
    step: DFF<Bits<7>>,
    /// Clock within the half period.
    part_clock: DFF<Bits<4>>,
    /// Command, address and code, first the most significant.
    word: DFF<Bits<24>>,
    high: DFF<Bit>,
    selected: DFF<Bit>,
    bit: DFF<Bit>,
    last_clock: Fixed<Bits<4>>,
    clock_mask: Fixed<Bits<4>>,
    last_step: Fixed<Bits<7>>,
    eighth: Signal<Local, Bits<4>>,
    bit_number: Signal<Local, Bits<3>>,
    is_whole: Signal<Local, Bit>,
    is_odd: Signal<Local, Bit>,
    in_gap: Signal<Local, Bit>,
    in_prefix: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    is_last: Signal<Local, Bit>,
    next_clock: Signal<Local, Bits<4>>,
    next_step: Signal<Local, Bits<7>>,
    starting: Signal<Local, Bit>,
    high_bit: Signal<Local, Bit>,
    offset_code: Signal<Local, Bits<16>>,
    code_word: Signal<Local, Bits<24>>,
    address: Signal<Local, Bits<24>>,
    place: Signal<Local, Bits<24>>,
    update_word: Signal<Local, Bits<24>>,
    frame_word: Signal<Local, Bits<24>>,
    moved: Signal<Local, Bits<24>>,
    fills: Signal<Local, Bit>,
}

impl SpiDac {
    /// For this part and clock.
    ///
    /// # Errors
    /// The clock is too fast for the core's counters.
    pub fn new(part: DacPart, clock_hz: u32) -> Result<Self, ConverterError> {
        let timing = DacTiming::new(part, clock_hz)?;
        let half = u64::from(timing.half);
        Ok(Self {
            codes: Ram::new(8),
            last_clock: Fixed::new(Bits::from(half - 1)),
            // Where a half period is one clock there is nothing to count, and nothing is left of the counter.
            clock_mask: Fixed::new(Bits::from(half.next_power_of_two() - 1)),
            last_step: Fixed::new(Bits::from(63 + u64::from(timing.gap))),
            ..Default::default()
        })
    }
}

impl Logic for SpiDac {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, running, started, filled, set_up, channel, step, part_clock, word, high,
            selected, bit
        );
        clock!(self, clock, codes);
        self.codes.write_enable.next = self.write.val();
        self.codes.write_address.next = self.index.val().get_bits::<3>(0);
        self.codes.write_data.next = unsigned_cast(self.code.val());
        self.codes.read_address.next = self.channel.q.val();
        self.ready.next = self.set_up.q.val();
        self.is_whole.next = self.part_clock.q.val() == self.last_clock.val();
        comment!("The pins.");
        self.sclk.next = self.high.q.val();
        self.sync_n.next = !self.selected.q.val();
        self.data.next = self.bit.q.val();
        self.is_odd.next = self.step.q.val().get_bit(0);
        self.in_gap.next = self.step.q.val().get_bit(6);
        self.eighth.next = self.step.q.val().get_bits::<4>(3);
        self.in_prefix.next = !self.eighth.val().any();
        self.selected.d.next = self.running.q.val() & (!self.in_gap.val());
        self.high.d.next = self.running.q.val() & (!self.in_gap.val()) & (!self.is_odd.val());
        self.bit.d.next = self.word.q.val().get_bit(23) & (!self.in_prefix.val());
        comment!("Code in offset binary.");
        self.starting.next = !self.started.q.val();
        self.is_last.next = self.started.q.val() & (self.channel.q.val().all());
        self.high_bit.next = !self.codes.read_data.val().get_bit(15);
        self.offset_code.next = self.codes.read_data.val().replace_bit(15, self.high_bit.val());
        self.code_word.next = bit_cast::<24, 16>(self.offset_code.val());
        self.address.next = bit_cast::<24, 3>(self.channel.q.val());
        self.place.next = self.address.val() << 16;
        self.update_word.next = self.code_word.val() | self.place.val();
        self.frame_word.next = self.update_word.val().replace_bit(21, self.is_last.val());
        self.moved.next = self.word.q.val() << 1;
        comment!("The bit for the reference is the last of its frame.");
        self.bit_number.next = self.step.q.val().get_bits::<3>(1);
        self.fills.next = self.starting.val() & (self.bit_number.val().all());
        if self.in_prefix.val() {
            self.word.d.next = self.frame_word.val().replace_bit(23, self.starting.val());
        } else if self.is_odd.val() & self.is_whole.val() {
            self.word.d.next = self.moved.val().replace_bit(0, self.fills.val());
        }
        comment!("Half periods, frames.");
        self.ends.next = self.is_whole.val() & (self.step.q.val() == self.last_step.val());
        self.next_clock.next = self.part_clock.q.val() + 1;
        self.next_step.next = self.step.q.val() + 1;
        if self.running.q.val() {
            self.part_clock.d.next = self.next_clock.val() & self.clock_mask.val();
            if self.is_whole.val() {
                self.part_clock.d.next = 0.into();
                self.step.d.next = self.next_step.val();
            }
            if self.ends.val() {
                self.step.d.next = 0.into();
                self.started.d.next = true;
                if self.started.q.val() {
                    self.channel.d.next = self.channel.q.val() + 1;
                }
                if self.channel.q.val() == bits::<3>(6) {
                    self.filled.d.next = true;
                    self.set_up.d.next = self.filled.q.val();
                    self.running.d.next = !self.filled.q.val();
                }
            }
        } else {
            self.running.d.next = self.tick.val() | self.starting.val();
        }
        if self.reset.val() {
            self.running.d.next = false;
            self.started.d.next = false;
            self.filled.d.next = false;
            self.set_up.d.next = false;
            self.channel.d.next = 7.into();
            self.step.d.next = 0.into();
            self.part_clock.d.next = 0.into();
        }
    }
}
