//! The leading words of every frame, as `hge_protocol::frame` lays them out.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `frame` | in, 3 | 0 window, 1 epoch, 2 end, 3 event, 4 block |
//! | `place` | in, 3 | word of the body, from 2 on |
//! | fields | in | what the words are made of, held while the frame is made |
//! | `tones`, `begin`, `restart`, `clamped`, `limited` | in, 1 | a case's tones sound; its first sample begins; what the guard does |
//! | `word` | out, 32 | the word, in the same clock |
//!
//! The guard's two flags of a window hold from the beginning of its lead-in to the end of its tail. Words of a kind
//! that come from the recorder itself (number, sums, controls, codes) are anything here.

use rust_hdl::prelude::*;

/// Fields to words.
#[derive(LogicBlock, Default)]
pub struct Frames {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// 0 window, 1 epoch, 2 end, 3 event, 4 block.
    pub frame: Signal<In, Bits<3>>,
    /// Word of the body.
    pub place: Signal<In, Bits<3>>,
    /// Present epoch.
    pub epoch: Signal<In, Bits<16>>,
    /// Present case.
    pub case_number: Signal<In, Bits<6>>,
    /// Present start.
    pub start_number: Signal<In, Bits<6>>,
    /// Sample of the run at which the window began.
    pub window_clock: Signal<In, Bits<32>>,
    /// Tones sound in this sample.
    pub tones: Signal<In, Bit>,
    /// A sample begins; its state is known.
    pub begin: Signal<In, Bit>,
    /// Phases begin anew in it.
    pub restart: Signal<In, Bit>,
    /// The guard clamps an output.
    pub clamped: Signal<In, Bit>,
    /// The guard limits a step.
    pub limited: Signal<In, Bit>,
    /// The pass is not perturbed.
    pub unperturbed: Signal<In, Bit>,
    /// The pass is the last of a standalone run.
    pub last_pass: Signal<In, Bit>,
    /// The gap before was longer than asked for.
    pub late: Signal<In, Bit>,
    /// The update was cut somewhere.
    pub saturated: Signal<In, Bit>,
    /// Slots of a window.
    pub slots_used: Signal<In, Bits<9>>,
    /// Sum of the first half of the window.
    pub sum_first: Signal<In, Signed<32>>,
    /// Sum of the second half.
    pub sum_second: Signal<In, Signed<32>>,
    /// Least sample of the window.
    pub least: Signal<In, Signed<16>>,
    /// Greatest sample of the window.
    pub greatest: Signal<In, Signed<16>>,
    /// Loss of the epoch.
    pub loss: Signal<In, Bits<32>>,
    /// Least loss of the run.
    pub best_loss: Signal<In, Bits<32>>,
    /// Its start.
    pub best_start: Signal<In, Bits<6>>,
    /// Why the run ended.
    pub reason: Signal<In, Bits<3>>,
    /// Samples of the run.
    pub sample_clock: Signal<In, Bits<32>>,
    /// What tripped the guard.
    pub cause: Signal<In, Bits<5>>,
    /// Samples before it.
    pub event_time: Signal<In, Bits<32>>,
    /// Codes of a block.
    pub codes: Signal<In, Bits<7>>,
    /// Samples from one code to the next.
    pub decimation: Signal<In, Bits<16>>,
    /// The word.
    pub word: Signal<Out, Bits<32>>,
    was_clamped: DFF<Bit>,
    was_limited: DFF<Bit>,
    flags_0: Signal<Local, Bits<32>>,
    flags_1: Signal<Local, Bits<32>>,
    flags_2: Signal<Local, Bits<32>>,
    flags_3: Signal<Local, Bits<32>>,
    flags_4: Signal<Local, Bits<32>>,
    flags_5: Signal<Local, Bits<32>>,
    flags: Signal<Local, Bits<32>>,
    slots_field: Signal<Local, Bits<32>>,
    epoch_field: Signal<Local, Bits<32>>,
    case_field: Signal<Local, Bits<32>>,
    case_placed: Signal<Local, Bits<32>>,
    start_field: Signal<Local, Bits<32>>,
    start_placed: Signal<Local, Bits<32>>,
    best_field: Signal<Local, Bits<32>>,
    best_placed: Signal<Local, Bits<32>>,
    reason_field: Signal<Local, Bits<32>>,
    least_bits: Signal<Local, Bits<16>>,
    greatest_bits: Signal<Local, Bits<16>>,
    least_field: Signal<Local, Bits<32>>,
    greatest_field: Signal<Local, Bits<32>>,
    greatest_placed: Signal<Local, Bits<32>>,
    codes_field: Signal<Local, Bits<32>>,
    decimation_field: Signal<Local, Bits<32>>,
    decimation_placed: Signal<Local, Bits<32>>,
}

impl Logic for Frames {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, was_clamped, was_limited);
        if self.tones.val() {
            if self.begin.val() & self.restart.val() {
                self.was_clamped.d.next = false;
                self.was_limited.d.next = false;
            }
            if self.clamped.val() {
                self.was_clamped.d.next = true;
            }
            if self.limited.val() {
                self.was_limited.d.next = true;
            }
        }
        comment!("Fields in their places.");
        self.epoch_field.next = bit_cast::<32, 16>(self.epoch.val());
        self.case_field.next = bit_cast::<32, 6>(self.case_number.val());
        self.case_placed.next = self.case_field.val() << 16;
        self.start_field.next = bit_cast::<32, 6>(self.start_number.val());
        self.start_placed.next = self.start_field.val() << 24;
        self.best_field.next = bit_cast::<32, 6>(self.best_start.val());
        self.best_placed.next = self.best_field.val() << 24;
        self.reason_field.next = bit_cast::<32, 3>(self.reason.val());
        self.slots_field.next = bit_cast::<32, 9>(self.slots_used.val());
        self.flags_0.next = self.slots_field.val() << 16;
        self.flags_1.next = self.flags_0.val().replace_bit(0, self.was_clamped.q.val());
        self.flags_2.next = self.flags_1.val().replace_bit(1, self.was_limited.q.val());
        self.flags_3.next = self.flags_2.val().replace_bit(2, self.unperturbed.val());
        self.flags_4.next = self.flags_3.val().replace_bit(3, self.last_pass.val());
        self.flags_5.next = self.flags_4.val().replace_bit(4, self.late.val());
        self.flags.next = self.flags_5.val().replace_bit(5, self.saturated.val());
        self.least_bits.next = unsigned_cast(self.least.val());
        self.greatest_bits.next = unsigned_cast(self.greatest.val());
        self.least_field.next = bit_cast::<32, 16>(self.least_bits.val());
        self.greatest_field.next = bit_cast::<32, 16>(self.greatest_bits.val());
        self.greatest_placed.next = self.greatest_field.val() << 16;
        self.codes_field.next = bit_cast::<32, 7>(self.codes.val());
        self.decimation_field.next = bit_cast::<32, 16>(self.decimation.val());
        self.decimation_placed.next = self.decimation_field.val() << 16;
        comment!("The case is 0 in an epoch's frame, so that its second word is that of a window.");
        match self.place.val().index() {
            2 => {
                self.word.next =
                    self.epoch_field.val() | self.start_placed.val() | self.case_placed.val();
                if self.frame.val() == bits::<3>(2) {
                    self.word.next = self.best_placed.val() | self.reason_field.val();
                }
                if self.frame.val() == bits::<3>(3) {
                    self.word.next = bit_cast::<32, 5>(self.cause.val());
                }
            }
            3 => match self.frame.val().index() {
                0 => self.word.next = self.window_clock.val(),
                1 => self.word.next = self.loss.val(),
                2 => self.word.next = self.best_loss.val(),
                3 => self.word.next = self.event_time.val(),
                _ => self.word.next = self.codes_field.val() | self.decimation_placed.val(),
            },
            4 => match self.frame.val().index() {
                0 => self.word.next = self.flags.val(),
                1 => self.word.next = self.best_loss.val(),
                _ => self.word.next = self.sample_clock.val(),
            },
            5 => self.word.next = unsigned_cast(self.sum_first.val()),
            6 => self.word.next = unsigned_cast(self.sum_second.val()),
            _ => self.word.next = self.least_field.val() | self.greatest_placed.val(),
        }
    }
}
