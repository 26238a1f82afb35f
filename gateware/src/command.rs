//! Requests in, replies out, and the switches a request can throw: run, stop, arm, disarm.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `byte`, `byte_valid`, `byte_ready` | in 8 + 1, out 1 | the stream of requests, eight bytes each |
//! | `address`, `data` | out, 16 + 32 | of the present request |
//! | `scalar_write`, `tuning_write`, `slot_write`, `guard_write`, `table_write` | out, 1 | writes `data` there in this clock |
//! | `scalar_data`, `scalar_readable`, `scalar_class` | in, 32 + 1 + 2 | the scalar register at `address`, a clock later |
//! | `table_data` | in, 32 | the table at `address`, a clock later |
//! | `reply_start`, `reply_ready`, `reply_busy` | out 1, in 1 + 1 | a reply is to be sent, is taken, is being sent |
//! | `reply_place`, `reply_data` | out, 32 | its two words, held |
//! | `busy` | in, 1 | a run is going on |
//! | `run`, `stop`, `disarm` | out, 1 | pulses |
//! | `armed`, `homing` | out, 1 | switches of the guard |
//! | `pass_done`, `cut` | in, 1 | an outputs' pass ended; a step was limited in it |

use crate::leaf::Fixed;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Collect,
    Look,
    Act,
    Reply,
    Sent,
}

/// Command processor.
#[derive(LogicBlock, Default)]
pub struct Command {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// A byte of a request.
    pub byte: Signal<In, Bits<8>>,
    /// It is there.
    pub byte_valid: Signal<In, Bit>,
    /// It is taken in this clock.
    pub byte_ready: Signal<Out, Bit>,
    /// Address of the present request.
    pub address: Signal<Out, Bits<16>>,
    /// Its data.
    pub data: Signal<Out, Bits<32>>,
    /// Writes a scalar register.
    pub scalar_write: Signal<Out, Bit>,
    /// Writes a tuning word.
    pub tuning_write: Signal<Out, Bit>,
    /// Writes a routing word.
    pub slot_write: Signal<Out, Bit>,
    /// Writes a limit of the guard.
    pub guard_write: Signal<Out, Bit>,
    /// Writes the parameter table.
    pub table_write: Signal<Out, Bit>,
    /// Value of the scalar register at `address`.
    pub scalar_data: Signal<In, Bits<32>>,
    /// There is one to read.
    pub scalar_readable: Signal<In, Bit>,
    /// Who may write it.
    pub scalar_class: Signal<In, Bits<2>>,
    /// The table at `address`.
    pub table_data: Signal<In, Bits<32>>,
    /// A reply is to be sent.
    pub reply_start: Signal<Out, Bit>,
    /// It is taken.
    pub reply_ready: Signal<In, Bit>,
    /// A frame is being sent.
    pub reply_busy: Signal<In, Bit>,
    /// Address, sequence number and status.
    pub reply_place: Signal<Out, Bits<32>>,
    /// Data of the reply.
    pub reply_data: Signal<Out, Bits<32>>,
    /// A run is going on.
    pub busy: Signal<In, Bit>,
    /// Begin a run.
    pub run: Signal<Out, Bit>,
    /// End the run.
    pub stop: Signal<Out, Bit>,
    /// End the run, the guard is disarmed.
    pub disarm: Signal<Out, Bit>,
    /// The guard follows the modulator.
    pub armed: Signal<Out, Bit>,
    /// Outputs are on their way to the safe values.
    pub homing: Signal<Out, Bit>,
    /// An outputs' pass has ended.
    pub pass_done: Signal<In, Bit>,
    /// A step was limited in it.
    pub cut: Signal<In, Bit>,
    state: DFF<Step>,
    count: DFF<Bits<3>>,
    operation: DFF<Bits<8>>,
    sequence: DFF<Bits<8>>,
    place: DFF<Bits<16>>,
    word: DFF<Bits<32>>,
    answer: DFF<Bits<32>>,
    status: DFF<Bits<2>>,
    is_armed: DFF<Bit>,
    is_homing: DFF<Bit>,
    slots: Fixed<Bits<9>>,
    outputs: Fixed<Bits<6>>,
    page: Signal<Local, Bits<8>>,
    in_table: Signal<Local, Bit>,
    in_slots: Signal<Local, Bit>,
    in_guard: Signal<Local, Bit>,
    slot_exists: Signal<Local, Bit>,
    output_exists: Signal<Local, Bit>,
    slot_number: Signal<Local, Bits<9>>,
    output_number: Signal<Local, Bits<6>>,
    class: Signal<Local, Bits<2>>,
    free: Signal<Local, Bit>,
    writes: Signal<Local, Bit>,
    shifted: Signal<Local, Bits<32>>,
    incoming: Signal<Local, Bits<32>>,
    incoming_high: Signal<Local, Bits<32>>,
    low_place: Signal<Local, Bits<16>>,
    high_place: Signal<Local, Bits<16>>,
    byte_place: Signal<Local, Bits<16>>,
    byte_high: Signal<Local, Bits<16>>,
    sequence_field: Signal<Local, Bits<32>>,
    sequence_placed: Signal<Local, Bits<32>>,
    status_field: Signal<Local, Bits<32>>,
    status_placed: Signal<Local, Bits<32>>,
    address_field: Signal<Local, Bits<32>>,
    lower_fields: Signal<Local, Bits<32>>,
}

impl Command {
    /// For a gateware made for `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            slots: Fixed::new(Bits::from(u64::from(parameters.slots))),
            outputs: Fixed::new(Bits::from(u64::from(parameters.outputs))),
            ..Default::default()
        }
    }
}

impl Logic for Command {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, count, operation, sequence, place, word, answer, status, is_armed,
            is_homing
        );
        self.address.next = self.place.q.val();
        self.data.next = self.word.q.val();
        self.armed.next = self.is_armed.q.val();
        self.homing.next = self.is_homing.q.val();
        self.byte_ready.next = (self.state.q.val() == Step::Collect) & (!self.reset.val());
        self.scalar_write.next = false;
        self.tuning_write.next = false;
        self.slot_write.next = false;
        self.guard_write.next = false;
        self.table_write.next = false;
        self.run.next = false;
        self.stop.next = false;
        self.disarm.next = false;
        self.reply_start.next = self.state.q.val() == Step::Reply;
        self.reply_data.next = self.answer.q.val();
        self.address_field.next = bit_cast::<32, 16>(self.place.q.val());
        self.sequence_field.next = bit_cast::<32, 8>(self.sequence.q.val());
        self.sequence_placed.next = self.sequence_field.val() << 16;
        self.status_field.next = bit_cast::<32, 2>(self.status.q.val());
        self.status_placed.next = self.status_field.val() << 24;
        self.lower_fields.next = self.address_field.val() | self.sequence_placed.val();
        self.reply_place.next = self.lower_fields.val() | self.status_placed.val();
        comment!("The guard is home when a whole pass has limited no step.");
        if self.pass_done.val() & (!self.cut.val()) & (!self.is_armed.q.val()) {
            self.is_homing.d.next = false;
        }
        comment!("Which register file the address lies in, and who may write there.");
        self.page.next = self.place.q.val().get_bits::<8>(8);
        self.in_table.next =
            (self.page.val() >= bits::<8>(0x10)) & (self.page.val() < bits::<8>(0x20));
        self.in_slots.next = (self.page.val() == bits::<8>(1)) | (self.page.val() == bits::<8>(2));
        self.in_guard.next = (self.page.val() == bits::<8>(3)) & (!self.place.q.val().get_bit(7));
        self.slot_number.next = bit_cast::<9, 8>(self.place.q.val().get_bits::<8>(0));
        self.output_number.next = bit_cast::<6, 5>(self.place.q.val().get_bits::<5>(2));
        self.slot_exists.next = self.slot_number.val() < self.slots.val();
        self.output_exists.next = self.output_number.val() < self.outputs.val();
        self.class.next = self.scalar_class.val();
        if self.in_table.val() | self.in_slots.val() {
            self.class.next = 2.into();
        }
        if self.in_guard.val() {
            self.class.next = 3.into();
        }
        self.free.next = !self.busy.val();
        if self.class.val() == bits::<2>(1) {
            self.free.next = true;
        }
        if (self.class.val() == bits::<2>(3)) & self.is_armed.q.val() {
            self.free.next = false;
        }
        self.writes.next = false;
        comment!("Fields arrive low byte first, so each pushes the ones before it down.");
        self.incoming.next = bit_cast::<32, 8>(self.byte.val());
        self.incoming_high.next = self.incoming.val() << 24;
        self.shifted.next = self.word.q.val() >> 8;
        self.byte_place.next = bit_cast::<16, 8>(self.byte.val());
        self.byte_high.next = self.byte_place.val() << 8;
        self.low_place.next = self.place.q.val() >> 8;
        self.high_place.next = self.low_place.val() | self.byte_high.val();
        match self.state.q.val() {
            Step::Collect => {
                if self.byte_valid.val() {
                    self.count.d.next = self.count.q.val() + 1;
                    match self.count.q.val().index() {
                        0 => self.operation.d.next = self.byte.val(),
                        1 => self.sequence.d.next = self.byte.val(),
                        2 => self.place.d.next = self.high_place.val(),
                        3 => self.place.d.next = self.high_place.val(),
                        _ => self.word.d.next = self.shifted.val() | self.incoming_high.val(),
                    }
                    if self.count.q.val().all() {
                        self.state.d.next = Step::Look;
                    }
                }
            }
            Step::Look => {
                comment!("Table and registers read.");
                self.state.d.next = Step::Act;
            }
            Step::Act => {
                self.state.d.next = Step::Reply;
                self.status.d.next = 0.into();
                self.answer.d.next = 0.into();
                if self.operation.q.val() == bits::<8>(0x52) {
                    self.answer.d.next = self.scalar_data.val();
                    if self.in_table.val() {
                        self.answer.d.next = self.table_data.val();
                        if self.busy.val() {
                            self.answer.d.next = 0.into();
                            self.status.d.next = 2.into();
                        }
                    } else if !self.scalar_readable.val() {
                        self.answer.d.next = 0.into();
                        self.status.d.next = 1.into();
                    }
                } else if self.operation.q.val() == bits::<8>(0x57) {
                    self.answer.d.next = self.word.q.val();
                    if !self.class.val().any() {
                        self.status.d.next = 1.into();
                    } else if !self.free.val() {
                        self.status.d.next = 2.into();
                    } else {
                        self.writes.next = true;
                    }
                } else {
                    self.status.d.next = 3.into();
                }
            }
            Step::Reply => {
                if self.reply_ready.val() {
                    self.state.d.next = Step::Sent;
                }
            }
            Step::Sent => {
                comment!("The reply's words must stand until the frame is out.");
                if !self.reply_busy.val() {
                    self.state.d.next = Step::Collect;
                }
            }
        }
        if self.writes.val() {
            self.table_write.next = self.in_table.val();
            self.guard_write.next = self.in_guard.val() & self.output_exists.val();
            self.tuning_write.next = (self.page.val() == bits::<8>(1)) & self.slot_exists.val();
            self.slot_write.next = (self.page.val() == bits::<8>(2)) & self.slot_exists.val();
            self.scalar_write.next = !self.page.val().any();
            if self.place.q.val() == bits::<16>(0x000b) {
                match self.word.q.val().get_bits::<4>(0).index() {
                    1 => {
                        comment!("Run: only armed and idle.");
                        self.run.next = self.is_armed.q.val() & (!self.busy.val());
                        if self.busy.val() | (!self.is_armed.q.val()) {
                            self.status.d.next = 2.into();
                        }
                    }
                    2 => self.stop.next = true,
                    3 => {
                        comment!("Arm: only from rest.");
                        if self.is_homing.q.val() {
                            self.status.d.next = 2.into();
                        } else {
                            self.is_armed.d.next = true;
                        }
                    }
                    4 => {
                        self.is_armed.d.next = false;
                        self.is_homing.d.next = true;
                        self.disarm.next = true;
                    }
                    _ => self.stop.next = false,
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Collect;
            self.count.d.next = 0.into();
            self.is_armed.d.next = false;
            self.is_homing.d.next = false;
        }
    }
}
