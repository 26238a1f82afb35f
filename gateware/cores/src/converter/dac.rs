//! DAC interface: frames of 32 bits to eight-channel DACs of the AD5628 family, or DAC8568s.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | frames restart; the stored codes stay |
//! | `tick` | in, 1 | a sample begins |
//! | `write`, `index`, `code` | in, 1 + 6 + 16 signed | a new code, from the guard |
//! | `sclk`, `sync_n` | out, 1 | the pins that all chips share, registers |
//! | `data` | out, 1 a chip | their data pins, registers; the part samples them at falling edges of `sclk` |
//! | `ready` | out, 1 | the part is set up and every channel has its stored code |
//!
//! After reset one frame switches the internal reference on (command 1000), and two rounds set every channel from the
//! power-up code of the part to mid-scale, independently of ticks. From then on every tick starts eight frames: channel H with "write
//! to the input register and update all" (command 0010), then A to G with "write to the input register" (0000). A code
//! thus reaches the outputs with the update after its own period, 2 + 63 `half` clocks after the tick, all channels at once.
//! Channels without an output stay at mid-scale, the code of all channels until the guard writes.
//!
//! 1, 2, 4 or 8 chips get their frames at once: with n chips output k is channel k div n of chip k mod n, so that the codes of a channel of all chips are
//! written one after the other.
//!
//! Codes are stored in memories, read at the address of the channel in transmission and loaded during the first four bits of its frame. The
//! guard writes an output's code 8 clocks after the previous one, the first at most 14 clocks after the tick: channel c (A is 0) of n chips by clock 6 + 8 n (c + 1), at most
//! 6 + 64 (c + 1). Its frame begins 65 (c + 1) half periods after the tick or later and loads the code for 8 more, so the code written in this sample is the
//! one sent. That of H is written 69 clocks after the tick or later, when the last one has been loaded, for up to 7 clocks a half period.
//!
//! Widths: a frame is 64 half periods and a gap, counted in 7 bits.

use super::dac_chip::DacChip;
use super::part::DacPart;
use super::timing::{check_outputs, chips, ConverterError, DacTiming};
use crate::leaf::{Fixed, DFF};
use crate::word::ToWord;
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
    /// The bits to every chip, first the most significant.
    pub data: Vec<Signal<Out, Bit>>,
    /// The part is set up and every channel has its stored code.
    pub ready: Signal<Out, Bit>,
    chips: Vec<DacChip>,
    /// Number of every chip, and the bits of an output's index that hold it.
    numbers: Vec<Fixed<Bits<3>>>,
    chip_mask: Fixed<Bits<3>>,
    /// Two chips, four, eight.
    is_two: Fixed<Bit>,
    is_four: Fixed<Bit>,
    is_eight: Fixed<Bit>,
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
    high: DFF<Bit>,
    selected: DFF<Bit>,
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
    shifts: Signal<Local, Bit>,
    fills: Signal<Local, Bit>,
    chip: Signal<Local, Bits<3>>,
    place: Signal<Local, Bits<3>>,
}

impl SpiDac {
    /// For this part and clock, and as many chips as this number of outputs takes.
    ///
    /// # Errors
    /// The clock is too fast for the core's counters, or there are more outputs than eight chips have.
    pub fn new(part: DacPart, clock_hz: u32, outputs: u32) -> Result<Self, ConverterError> {
        let timing = DacTiming::new(part, clock_hz)?;
        check_outputs(part, outputs)?;
        let chips = chips(outputs);
        let half = u64::from(timing.half);
        Ok(Self {
            data: (0..chips).map(|_| Signal::default()).collect(),
            chips: (0..chips).map(|_| DacChip::new()).collect(),
            numbers: (0..chips).map(|chip| Fixed::new(Bits::from(u64::from(chip)))).collect(),
            chip_mask: Fixed::new(Bits::from(u64::from(chips - 1))),
            is_two: Fixed::new(chips == 2),
            is_four: Fixed::new(chips == 4),
            is_eight: Fixed::new(chips == 8),
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
            self, clock, running, started, filled, set_up, channel, step, part_clock, high,
            selected
        );
        comment!("Chip and channel of the output.");
        self.chip.next = bit_cast::<3, _>(self.index.val()) & self.chip_mask.val();
        self.place.next = bit_cast::<3, _>(self.index.val());
        if self.is_two.val() {
            self.place.next = self.index.val().to_bits().get_bits::<3>(1);
        }
        if self.is_four.val() {
            self.place.next = self.index.val().to_bits().get_bits::<3>(2);
        }
        if self.is_eight.val() {
            self.place.next = self.index.val().to_bits().get_bits::<3>(3);
        }
        self.ready.next = self.set_up.q.val();
        self.is_whole.next = self.part_clock.q.val() == self.last_clock.val();
        comment!("The pins.");
        self.sclk.next = self.high.q.val();
        self.sync_n.next = !self.selected.q.val();
        self.is_odd.next = self.step.q.val().get_bit(0);
        self.in_gap.next = self.step.q.val().get_bit(6);
        self.eighth.next = self.step.q.val().to_bits().get_bits::<4>(3);
        self.in_prefix.next = !self.eighth.val().any();
        self.selected.d.next = self.running.q.val() & (!self.in_gap.val());
        self.high.d.next = self.running.q.val() & (!self.in_gap.val()) & (!self.is_odd.val());
        self.starting.next = !self.started.q.val();
        self.is_last.next = self.started.q.val() & (self.channel.q.val().all());
        comment!("The bit for the reference is the last of its frame.");
        self.bit_number.next = self.step.q.val().to_bits().get_bits::<3>(1);
        self.fills.next = self.starting.val() & (self.bit_number.val().all());
        self.shifts.next = self.is_odd.val() & self.is_whole.val();
        for i in 0..self.chips.len() {
            self.chips[i].clock.next = self.clock.val();
            self.chips[i].write.next =
                self.write.val() & (self.chip.val() == self.numbers[i].val());
            self.chips[i].place.next = self.place.val();
            self.chips[i].code.next = self.code.val();
            self.chips[i].channel.next = self.channel.q.val();
            self.chips[i].loads.next = self.in_prefix.val();
            self.chips[i].switches_reference.next = self.starting.val();
            self.chips[i].updates.next = self.is_last.val();
            self.chips[i].shifts.next = self.shifts.val();
            self.chips[i].fills.next = self.fills.val();
            self.data[i].next = self.chips[i].data.val();
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
