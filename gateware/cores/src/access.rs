//! Access control of the registers: decides whether a register may be read or written now, and generates the strobes.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `address`, `data`, `is_write`, `request` | in, 16 + 32 + 1 + 1 | request for a register; held until `answered` |
//! | `answered` | out, 1 | for a clock: `value` and `refusal` of the request are valid |
//! | `value` | out, 32 | its value |
//! | `refusal` | out, 3 | status of `docs/protocol.md`, 0 if allowed |
//! | `write` | in, 1 | a clock after a reply without refusal: execute the write; `address` and `data` are still valid |
//! | `scalar`, `readable`, `writable`, `idle_only`, `disarmed_only`, `tightens`, `wide` | in, 32 + 1 .. | from the registers, a clock after `address` |
//! | `table_data` | in, 32 | word of the table at `address`, a clock later |
//! | `grant` | in, 1 | bus grant: registers, table and guard read `address` in this clock, and may be written in the next |
//! | `guard_data` | in, 16 | word of the guard at `address`, a clock later |
//! | `accesses` | out, 1 | a register may be read or written in this clock |
//! | `call`, `heard` | in, out, 1 | a request has arrived; forwarded in a clock with `grant` |
//! | `busy`, `armed`, `ramping_to_safe`, `capturing`, `can_repeat`, `interlock` | in, 1 | state of the instrument |
//! | `follows` | in, 1 | with the update in hardware: a run is the host's, who may write the table meanwhile |
//! | `table_in_use` | in, 1 | with the update in hardware: the post-processor may write the table soon; a write waits |
//! | `protection`, `watchdog_set`, `run_limit_set` | in, 3 + 1 + 1 | settings required for arming; the last two: nonzero |
//! | `scalar_write`, `tuning_write`, `slot_write`, `code_write`, `guard_write`, `table_write` | out, 1 | write `data` to that target in this clock |
//! | `run`, `stop`, `arm_host`, `disarm`, `arm_standalone`, `capture`, `repeat` | out, 1 | commands, one clock each |
//!
//! A reply takes four clocks, one of them with the bus grant. During an output scan the grant comes in one of the eight clocks of each output,
//! which adds up to seven clocks to a read and as many again to a write; the output scan reads settings and limits in the other clocks.
//! Registers with tightening have 16 or 32 bits.

use crate::gated::Inputs;
use crate::leaf::{Fixed, DFF};
use crate::word::ToWord;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Take,
    Judge,
    Answer,
}

/// The register bus.
#[derive(LogicBlock, Inputs, Default)]
pub struct Access {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// Address of the request.
    pub address: Signal<In, Bits<16>>,
    /// Value to write.
    pub data: Signal<In, Bits<32>>,
    /// Write, else read.
    pub is_write: Signal<In, Bit>,
    /// A request is pending.
    pub request: Signal<In, Bit>,
    /// Execute the write.
    pub write: Signal<In, Bit>,
    /// The reply is valid.
    pub answered: Signal<Out, Bit>,
    /// Value of the register.
    pub value: Signal<Out, Bits<32>>,
    /// Status of the refusal, 0 if allowed.
    pub refusal: Signal<Out, Bits<3>>,
    /// Value of the scalar register at `address`.
    pub scalar: Signal<In, Bits<32>>,
    /// The register at `address` is readable.
    pub readable: Signal<In, Bit>,
    /// The register at `address` is writable.
    pub writable: Signal<In, Bit>,
    /// Writable only while idle.
    pub idle_only: Signal<In, Bit>,
    /// Writable only while idle and disarmed.
    pub disarmed_only: Signal<In, Bit>,
    /// Writable while idle and disarmed, at other times only with a smaller value.
    pub tightens: Signal<In, Bit>,
    /// The register has more than 16 bits.
    pub wide: Signal<In, Bit>,
    /// The table's word at `address`.
    pub table_data: Signal<In, Bits<32>>,
    /// Bus grant: all read `address` in this clock, and may be written in the next.
    pub grant: Signal<In, Bit>,
    /// A register may be read or written in this clock.
    pub accesses: Signal<Out, Bit>,
    /// Limit or present code at `address`.
    pub guard_data: Signal<In, Bits<16>>,
    /// A request has arrived.
    pub call: Signal<In, Bit>,
    /// The request is forwarded, in a clock with the grant.
    pub heard: Signal<Out, Bit>,
    /// A run is in progress.
    pub busy: Signal<In, Bit>,
    /// The guard is armed.
    pub armed: Signal<In, Bit>,
    /// Outputs ramp to the safe values.
    pub ramping_to_safe: Signal<In, Bit>,
    /// A capture is in progress.
    pub capturing: Signal<In, Bit>,
    /// The last epoch is still in memory.
    pub can_repeat: Signal<In, Bit>,
    /// With the update in hardware: a run takes its controls from the host meanwhile.
    pub follows: Vec<Signal<In, Bit>>,
    /// With the update in hardware: the post-processor may write the table, and a write of the host waits.
    pub table_in_use: Vec<Signal<In, Bit>>,
    /// The interlock is closed.
    pub interlock: Signal<In, Bit>,
    /// Enabled trips: bit 0 interlock, 1 over-current, 2 link.
    pub protection: Signal<In, Bits<3>>,
    /// The watchdog is not zero.
    pub watchdog_set: Signal<In, Bit>,
    /// The run limit is not zero.
    pub run_limit_set: Signal<In, Bit>,
    /// Writes a scalar register.
    pub scalar_write: Signal<Out, Bit>,
    /// Writes a tuning word.
    pub tuning_write: Signal<Out, Bit>,
    /// Writes a routing word.
    pub slot_write: Signal<Out, Bit>,
    /// Writes the row of a chip.
    pub code_write: Signal<Out, Bit>,
    /// Writes a limit of the guard.
    pub guard_write: Signal<Out, Bit>,
    /// Writes the parameter table.
    pub table_write: Signal<Out, Bit>,
    /// Start a run.
    pub run: Signal<Out, Bit>,
    /// End the run and the capture.
    pub stop: Signal<Out, Bit>,
    /// Arm, for a host.
    pub arm_host: Signal<Out, Bit>,
    /// Disarm.
    pub disarm: Signal<Out, Bit>,
    /// Arm, standalone.
    pub arm_standalone: Signal<Out, Bit>,
    /// Start a capture.
    pub capture: Signal<Out, Bit>,
    /// Repeat the last epoch.
    pub repeat: Signal<Out, Bit>,
    state: DFF<Step>,
    present: DFF<Bits<32>>,
    status: DFF<Bits<3>>,
    /// A request is waiting to be forwarded.
    called: DFF<Bit>,
    /// A request was pending in the previous clock: the properties of the address are valid.
    waited: DFF<Bit>,
    /// There was a reply in the previous clock: a write may follow.
    has_answered: DFF<Bit>,
    in_scalars: DFF<Bit>,
    /// A word of a slot, or of the codes.
    in_slots: DFF<Bit>,
    in_guard: DFF<Bit>,
    in_table: DFF<Bit>,
    at_command: DFF<Bit>,
    slots: Fixed<Bits<9>>,
    outputs: Fixed<Bits<7>>,
    /// More than 32 outputs.
    is_wide: Fixed<Bit>,
    has_codes: Fixed<Bit>,
    page: Signal<Local, Bits<8>>,
    number: Signal<Local, Bits<4>>,
    slot_number: Signal<Local, Bits<9>>,
    output_number: Signal<Local, Bits<7>>,
    field: Signal<Local, Bits<2>>,
    working: Signal<Local, Bit>,
    answers: Signal<Local, Bit>,
    hears: Signal<Local, Bit>,
    new_top: Signal<Local, Bit>,
    old_top: Signal<Local, Bit>,
    new_low: Signal<Local, Bits<16>>,
    old_low: Signal<Local, Bits<16>>,
    new_key: Signal<Local, Bits<16>>,
    old_wide: Signal<Local, Bits<32>>,
    new_high: Signal<Local, Bits<32>>,
    new_wide: Signal<Local, Bits<32>>,
    flip: Signal<Local, Bits<32>>,
    new_value: Signal<Local, Bits<32>>,
    old_value: Signal<Local, Bits<32>>,
    lower: Fixed<Bits<32>>,
    upper: Fixed<Bits<32>>,
    tighter: Signal<Local, Bit>,
    busy_now: Signal<Local, Bit>,
    table_locked: Signal<Local, Bit>,
    open: Signal<Local, Bit>,
    carries: Signal<Local, Bit>,
}

impl Access {
    /// For a gateware with `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let updates = usize::from(parameters.update.is_hardware());
        Self {
            follows: (0..updates).map(|_| Signal::default()).collect(),
            table_in_use: (0..updates).map(|_| Signal::default()).collect(),
            lower: Fixed::new(Bits::from(0xffff)),
            upper: Fixed::new(Bits::from(0xffff_0000)),
            slots: Fixed::new(Bits::from(u64::from(parameters.slots))),
            outputs: Fixed::new(Bits::from(u64::from(parameters.outputs))),
            is_wide: Fixed::new(Parameters::mask_words(parameters.outputs) > 1),
            has_codes: Fixed::new(parameters.carriers.has_codes()),
            ..Default::default()
        }
    }
}

impl Logic for Access {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, present, status, called, waited, has_answered, in_scalars,
            in_slots, in_guard, in_table, at_command
        );
        self.value.next = self.present.q.val();
        self.refusal.next = self.status.q.val();
        comment!("Register file of the address.");
        self.page.next = self.address.val().to_bits().get_bits::<8>(8);
        self.slot_number.next = bit_cast::<9, 8>(self.address.val().to_bits().get_bits::<8>(0));
        self.output_number.next = bit_cast::<7, 6>(self.address.val().to_bits().get_bits::<6>(2));
        self.field.next = bit_cast::<2, _>(self.address.val());
        comment!("The analogue scale is stored with the scalars.");
        self.in_scalars.d.next = (!self.page.val().any())
            | ((self.page.val() == bits::<8>(5))
                & (self.is_wide.val() | (!self.address.val().get_bit(7))));
        self.in_slots.d.next = (((self.page.val() == bits::<8>(1))
            | (self.page.val() == bits::<8>(2)))
            & (self.slot_number.val() < self.slots.val()))
            | ((self.page.val() == bits::<8>(4)) & self.has_codes.val());
        self.in_guard.d.next =
            (self.page.val() == bits::<8>(3)) & (self.output_number.val() < self.outputs.val());
        self.waited.d.next = self.request.val();
        self.hears.next = self.called.q.val() & self.grant.val();
        comment!("A read, and the reply to a write, which follows in the next clock, wait for the bus grant.");
        self.answers.next =
            (self.state.q.val() == Step::Answer) & (self.grant.val() | (!self.is_write.val()));
        self.accesses.next = self.request.val() | self.has_answered.q.val();
        self.table_locked.next = self.busy.val();
        for i in 0..self.follows.len() {
            if self.table_in_use[i].val()
                & self.in_table.q.val()
                & self.is_write.val()
                & (self.state.q.val() == Step::Answer)
            {
                comment!("The post-processor reads settings meanwhile.");
                self.answers.next = false;
                self.accesses.next = false;
            }
            if self.follows[i].val() {
                self.table_locked.next = false;
            }
        }
        self.answered.next = self.answers.val();
        self.in_table.d.next =
            (self.page.val() >= bits::<8>(0x10)) & (self.page.val() < bits::<8>(0x20));
        self.at_command.d.next = self.address.val() == bits::<16>(0x000f);
        self.number.next = bit_cast::<4, _>(self.data.val());
        comment!("Whether the new value is tighter: limits are signed.");
        self.new_low.next = bit_cast::<16, _>(self.data.val());
        self.old_low.next = bit_cast::<16, _>(self.present.q.val());
        self.new_top.next = self.in_guard.q.val() ^ (self.new_low.val().get_bit(15));
        self.new_key.next = self.new_low.val().replace_bit(15, self.new_top.val());
        self.old_top.next = self.in_guard.q.val() ^ (self.old_low.val().get_bit(15));
        self.old_wide.next = self.present.q.val().replace_bit(15, self.old_top.val());
        comment!("Not greater; for a low limit both sides are inverted, not smaller.");
        self.new_high.next = self.data.val() & self.upper.val();
        if !self.wide.val() {
            self.new_high.next = 0.into();
        }
        self.flip.next = 0.into();
        if self.in_guard.q.val() & (!self.field.val().any()) {
            self.flip.next = self.lower.val();
        }
        self.new_wide.next = bit_cast::<32, 16>(self.new_key.val());
        self.new_value.next = (self.new_high.val() | self.new_wide.val()) ^ self.flip.val();
        self.old_value.next = self.old_wide.val() ^ self.flip.val();
        self.tighter.next = self.new_value.val() <= self.old_value.val();
        if self.in_guard.q.val() & (self.field.val().get_bit(1)) {
            self.tighter.next = false;
        }
        self.working.next = self.busy.val() | self.armed.val();
        self.open.next = (self.protection.val().get_bit(0)) & (!self.interlock.val());
        self.busy_now.next = false;
        self.has_answered.d.next = self.answers.val();
        match self.state.q.val() {
            Step::Idle => {
                comment!("Registers, table and guard read the address.");
                if self.request.val() & self.waited.q.val() & self.grant.val() & (!self.hears.val())
                {
                    self.state.d.next = Step::Take;
                }
            }
            Step::Take => {
                self.present.d.next = self.scalar.val();
                if self.in_table.q.val() {
                    self.present.d.next = self.table_data.val();
                }
                if self.in_guard.q.val() {
                    self.present.d.next = bit_cast::<32, 16>(self.guard_data.val());
                }
                self.state.d.next = Step::Judge;
            }
            Step::Judge => {
                self.status.d.next = 0.into();
                if self.is_write.val() {
                    comment!("Bad address; else busy; else unsafe.");
                    self.busy_now.next = (self.idle_only.val() & self.busy.val())
                        | (self.disarmed_only.val() & self.working.val())
                        | (self.tightens.val() & self.working.val() & (!self.tighter.val()))
                        | (self.in_slots.q.val() & self.busy.val())
                        | (self.in_table.q.val() & self.table_locked.val())
                        | (self.in_guard.q.val() & self.working.val() & (!self.tighter.val()));
                    if self.at_command.q.val() {
                        match self.number.val().index() {
                            1 => {
                                if self.busy.val() | (!self.armed.val()) {
                                    self.status.d.next = 2.into();
                                }
                            }
                            3 => {
                                if self.open.val() | (!self.watchdog_set.val()) {
                                    self.status.d.next = 4.into();
                                }
                                if self.working.val() | self.ramping_to_safe.val() {
                                    self.status.d.next = 2.into();
                                }
                            }
                            5 => {
                                if self.open.val()
                                    | (!self.run_limit_set.val())
                                    | (!self.protection.val().get_bit(0))
                                    | (!self.protection.val().get_bit(1))
                                {
                                    self.status.d.next = 4.into();
                                }
                                if self.working.val() | self.ramping_to_safe.val() {
                                    self.status.d.next = 2.into();
                                }
                            }
                            6 => {
                                if self.capturing.val() {
                                    self.status.d.next = 2.into();
                                }
                            }
                            7 => {
                                if !self.can_repeat.val() {
                                    self.status.d.next = 6.into();
                                }
                            }
                            _ => self.status.d.next = 0.into(),
                        }
                    }
                    if self.busy_now.val() {
                        self.status.d.next = 2.into();
                    }
                    if !(self.writable.val()
                        | self.in_slots.q.val()
                        | self.in_table.q.val()
                        | (self.in_guard.q.val() & (!self.field.val().all())))
                    {
                        self.status.d.next = 1.into();
                    }
                } else {
                    if self.in_table.q.val() & self.busy.val() {
                        self.status.d.next = 2.into();
                    }
                    if !(self.readable.val() | self.in_guard.q.val() | self.in_table.q.val()) {
                        self.status.d.next = 1.into();
                    }
                }
                self.state.d.next = Step::Answer;
            }
            Step::Answer => {
                if self.answers.val() {
                    self.state.d.next = Step::Idle;
                }
            }
        }
        comment!("Forwarding a request waits for the bus grant, too.");
        self.heard.next = self.hears.val();
        if self.hears.val() {
            self.called.d.next = false;
        }
        if self.call.val() {
            self.called.d.next = true;
        }
        comment!("The write.");
        self.scalar_write.next = self.write.val() & self.in_scalars.q.val();
        self.tuning_write.next =
            self.write.val() & self.in_slots.q.val() & (self.page.val().get_bit(0));
        self.slot_write.next =
            self.write.val() & self.in_slots.q.val() & (self.page.val().get_bit(1));
        self.code_write.next =
            self.write.val() & self.in_slots.q.val() & (self.page.val().get_bit(2));
        self.guard_write.next = self.write.val() & self.in_guard.q.val();
        self.table_write.next = self.write.val() & self.in_table.q.val();
        self.carries.next = self.write.val() & self.at_command.q.val();
        self.run.next = self.carries.val() & (self.number.val() == bits::<4>(1));
        self.stop.next = self.carries.val() & (self.number.val() == bits::<4>(2));
        self.arm_host.next = self.carries.val() & (self.number.val() == bits::<4>(3));
        self.disarm.next = self.carries.val() & (self.number.val() == bits::<4>(4));
        self.arm_standalone.next = self.carries.val() & (self.number.val() == bits::<4>(5));
        self.capture.next = self.carries.val() & (self.number.val() == bits::<4>(6));
        self.repeat.next = self.carries.val() & (self.number.val() == bits::<4>(7));
        if self.reset.val() {
            self.called.d.next = false;
            self.state.d.next = Step::Idle;
        }
    }
}
