//! The scalar registers: constants, live values and settings, generated from `hge_protocol::with_registers!`.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `address` | in, 16 | register to read or write |
//! | `write`, `write_data` | in, 1 + 32 | writes the setting at an `address` that was valid in the previous clock; the caller has checked access |
//! | one for each live register | in | state of the instrument |
//! | `read_data` | out, 32 | a clock after an `address` that was valid in the previous clock: the register's value, zero if not readable |
//! | `readable`, `writable` | out, 1 + 1 | a clock after `address`: the scalar register is readable, writable |
//! | `idle_only`, `disarmed_only`, `tightens` | out, 1 + 1 + 1 | a clock after `address`: restrictions of writes |
//! | `wide` | out, 1 | a clock after `address`: it has more than 16 bits |
//! | one for each setting | out | its value |
//! | `read_watchdog`, `read_run_limit`, `read_samples`, `read_ramp`, `read_step`, `read_safe` | in, 1 | read requests: `stored` shows that setting instead of the one at `address`; the caller prevents collisions |
//! | `host_access`, `read_named`, `named_place`, `named_granted` | in 1 + 1 + 6, out 1 | the host accesses its register; else, without one of the requests above, the setting at `named_place` is read |
//! | `stored` | out, 32 | the setting, a clock later |
//! | `watchdog_set`, `run_limit_set` | out, 1 | that setting is not zero |
//!
//! Settings that could exceed an engine's tables are limited at the outputs to the sizes of the gateware;
//! they read back as written.
//!
//! Settings are read from a memory in parallel with their registers, which costs less than a multiplexer of all registers. In its first two quarters of
//! 64 words, the first holds the constants and the values after reset, and is never written; the second holds
//! written values. A bit for each setting selects the present one. From word 128 on it holds the analogue scale, which the gateware does not
//! use: it costs no extra block RAM, of which 32 bits take two of 256 words (more than 32 outputs take four), and a reset leaves it. Settings that are needed rarely are read from the memory only,
//! so that hardware has no register for them.

mod sizes;

use crate::gated::Inputs;
use crate::leaf::{Fixed, Ram, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Restriction of writes to the address, by the names of `hge_protocol::registers::When`.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Writer {
    Nobody,
    Always,
    Idle,
    Disarmed,
    Tighten,
}

/// The item, and its text for the comments of the Verilog: the parser of sources does not expand macros.
macro_rules! with_source {
    ($($item:tt)*) => {
        $($item)*

        /// This file, followed by the block as the register map generates it.
        pub(crate) const SOURCE: &str =
            concat!(include_str!("registers.rs"), stringify!($($item)*));
    };
}

macro_rules! core {
    (
        constants { $($c:ident $constant:ident $ca:tt $cu:tt $cd:tt;)* }
        command { $m:ident $command:ident $ma:tt $mw:tt $md:tt; }
        live { $($l:ident $live:ident $la:tt $lw:tt $lu:tt $ld:tt;)* }
        settings { $($s:ident $setting:ident $sa:tt $sw:tt $st:ident $su:tt $sr:tt $sd:tt;)* }
        arrays { $($array:tt)* }
    ) => { pastey::paste! {
        with_source! {
            /// Constants, live values and settings.
            #[derive(LogicBlock, Inputs, Default)]
            pub struct Registers {
                /// System clock.
                pub clock: Signal<In, Clock>,
                /// All settings return to their reset values.
                pub reset: Signal<In, Bit>,
                /// Register to read or write.
                pub address: Signal<In, Bits<16>>,
                /// Write strobe.
                pub write: Signal<In, Bit>,
                /// Value to write.
                pub write_data: Signal<In, Bits<32>>,
                $(#[doc = $ld] pub $live: Signal<In, Bits<$lw>>,)*
                /// Value read.
                pub read_data: Signal<Out, Bits<32>>,
                /// The scalar register is readable.
                pub readable: Signal<Out, Bit>,
                /// The scalar register is writable.
                pub writable: Signal<Out, Bit>,
                /// Writable only while idle.
                pub idle_only: Signal<Out, Bit>,
                /// Writable only while idle and disarmed.
                pub disarmed_only: Signal<Out, Bit>,
                /// Writable while idle and disarmed, at other times only with a smaller value.
                pub tightens: Signal<Out, Bit>,
                /// The register has more than 16 bits.
                pub wide: Signal<Out, Bit>,
                /// Read request for the watchdog.
                pub read_watchdog: Signal<In, Bit>,
                /// Read request for the run limit.
                pub read_run_limit: Signal<In, Bit>,
                /// Read request for the samples of a capture.
                pub read_samples: Signal<In, Bit>,
                /// Read request for the step of ramps.
                pub read_ramp: Signal<In, Bit>,
                /// Read request for the guard's step limit.
                pub read_step: Signal<In, Bit>,
                /// Read request for the step of the ramp to the safe values.
                pub read_safe: Signal<In, Bit>,
                /// The host's register is read or written in this clock.
                pub host_access: Signal<In, Bit>,
                /// Read request for the setting at `named_place`, with the lowest priority.
                pub read_named: Signal<In, Bit>,
                /// Address of a setting without a register.
                pub named_place: Signal<In, Bits<6>>,
                /// The read is granted in this clock.
                pub named_granted: Signal<Out, Bit>,
                /// The setting that was read, a clock later.
                pub stored: Signal<Out, Bits<32>>,
                /// The watchdog is not zero.
                pub watchdog_set: Signal<Out, Bit>,
                /// The run limit is not zero.
                pub run_limit_set: Signal<Out, Bit>,
                $(#[doc = $sd] pub $setting: Signal<Out, Bits<$sw>>,)*
                $([<$setting _register>]: DFF<Bits<$sw>>,)*
                $([<$setting _written>]: DFF<Bit>,)*
                /// Constants and settings, to be read.
                values: Ram<32, 9>,
                least_period: Fixed<Bits<16>>,
                most_slots: Fixed<Bits<9>>,
                used_outputs: Fixed<Bits<32>>,
                used_outputs_high: Fixed<Bits<32>>,
                /// More than 32 outputs.
                is_wide: Fixed<Bit>,
                modes: Fixed<Bits<5>>,
                watchdog_place: Fixed<Bits<6>>,
                run_limit_place: Fixed<Bits<6>>,
                samples_place: Fixed<Bits<6>>,
                ramp_place: Fixed<Bits<6>>,
                step_place: Fixed<Bits<6>>,
                safe_place: Fixed<Bits<6>>,
                has_watchdog: DFF<Bit>,
                has_run_limit: DFF<Bit>,
                /// Properties of the register at the address: live value, whether it is in the memory, whether it is
                /// readable, restriction of writes.
                answer: DFF<Bits<32>>,
                is_stored: DFF<Bit>,
                /// A clock after the address: the setting has been written.
                was_written: DFF<Bit>,
                can_read: DFF<Bit>,
                writer: DFF<Writer>,
                any_read: Signal<Local, Bit>,
                watchdog_shown: Signal<Local, Bits<6>>,
                run_limit_shown: Signal<Local, Bits<6>>,
                samples_shown: Signal<Local, Bits<6>>,
                ramp_shown: Signal<Local, Bits<6>>,
                step_shown: Signal<Local, Bits<6>>,
                safe_shown: Signal<Local, Bits<6>>,
                fixed_place: Signal<Local, Bits<6>>,
                fixed_written: Signal<Local, Bit>,
                named: Signal<Local, Bit>,
                named_written: Signal<Local, Bit>,
                shown_place: Signal<Local, Bits<6>>,
                shown_written: Signal<Local, Bit>,
                some: Signal<Local, Bit>,
                page: Signal<Local, Bits<10>>,
                place: Signal<Local, Bits<6>>,
                none: Signal<Local, Bits<32>>,
                ones: Signal<Local, Bits<32>>,
                /// Width of the setting.
                mask: DFF<Bits<32>>,
                is_setting: Signal<Local, Bit>,
                bank: Signal<Local, Bits<8>>,
                /// The address is one of the analogue scale's.
                is_analogue: Signal<Local, Bit>,
                /// If so, it is one of the words from 128 on.
                analogue_high: Signal<Local, Bit>,
                shows_analogue: Signal<Local, Bit>,
                shown_upper: Signal<Local, Bit>,
                shown_quarter: Signal<Local, Bits<9>>,
                shown_part: Signal<Local, Bits<9>>,
                wide_place: Signal<Local, Bits<9>>,
                written_upper: Signal<Local, Bit>,
                written_quarter: Signal<Local, Bits<9>>,
                written_part: Signal<Local, Bits<9>>,
                wide_written: Signal<Local, Bits<9>>,
            }
        }

        impl Logic for Registers {
            #[hdl_gen]
            fn update(&mut self) {
                dff_setup!(
                    self, clock, answer, is_stored, was_written, can_read, writer, mask, has_watchdog, has_run_limit,
                    $([<$setting _register>]),*, $([<$setting _written>]),*
                );
                clock!(self, clock, values);
                self.read_data.next = self.answer.q.val();
                if self.is_stored.q.val() {
                    self.read_data.next = self.values.read_data.val();
                }
                self.readable.next = self.can_read.q.val();
                self.writable.next = self.writer.q.val() != Writer::Nobody;
                self.idle_only.next = self.writer.q.val() == Writer::Idle;
                self.disarmed_only.next = self.writer.q.val() == Writer::Disarmed;
                self.tightens.next = self.writer.q.val() == Writer::Tighten;
                self.wide.next = self.mask.q.val().get_bit(16);
                self.page.next = self.address.val().to_bits().get_bits::<10>(6);
                self.place.next = bit_cast::<6, _>(self.address.val());
                self.bank.next = self.address.val().to_bits().get_bits::<8>(8);
                self.analogue_high.next = self.is_wide.val() & (self.address.val().get_bit(7));
                self.is_analogue.next = (self.bank.val() == bits::<8>(5))
                    & (self.is_wide.val() | (!self.address.val().get_bit(7)));
                comment!("Settings in the memory only.");
                self.stored.next = self.values.read_data.val();
                self.watchdog_set.next = self.has_watchdog.q.val();
                self.run_limit_set.next = self.has_run_limit.q.val();
                self.some.next = self.write_data.val().any();
                self.none.next = 0.into();
                self.ones.next = !self.none.val();
                self.mask.d.next = 0.into();
                self.is_setting.next = false;
                self.was_written.d.next = false;
                self.is_stored.d.next = false;
                self.answer.d.next = 0.into();
                self.can_read.d.next = false;
                self.writer.d.next = Writer::Nobody;
                if !self.page.val().any() {
                    self.can_read.d.next = true;
                    match self.place.val().index() {
                        $($ca => self.is_stored.d.next = true,)*
                        $ma => {
                            comment!("Commands are executed in the access core.");
                            self.can_read.d.next = false;
                            self.writer.d.next = Writer::Always;
                        }
                        $($la => self.answer.d.next = bit_cast::<32, $lw>(self.$live.val()),)*
                        $($sa => {
                            self.is_stored.d.next = true;
                            self.is_setting.next = true;
                            self.was_written.d.next = self.[<$setting _written>].q.val();
                            self.writer.d.next = Writer::$st;
                            self.mask.d.next =
                                bit_cast::<32, $sw>(self.ones.val().to_bits().get_bits::<$sw>(0));
                            if self.write.val() {
                                self.[<$setting _written>].d.next = true;
                                self.[<$setting _register>].d.next =
                                    self.write_data.val().to_bits().get_bits::<$sw>(0);
                            }
                        })*
                        _ => self.can_read.d.next = false,
                    }
                    if self.write.val() & (self.place.val() == self.watchdog_place.val()) {
                        self.has_watchdog.d.next = self.some.val();
                    }
                    if self.write.val() & (self.place.val() == self.run_limit_place.val()) {
                        self.has_run_limit.d.next = self.some.val();
                    }
                }
                if self.is_analogue.val() {
                    self.can_read.d.next = true;
                    self.is_stored.d.next = true;
                    self.writer.d.next = Writer::Disarmed;
                    self.mask.d.next = self.ones.val();
                }
                self.shown_place.next = self.place.val();
                self.shown_written.next = self.was_written.q.val();
                comment!("Settings of the sequencer and the post-processor have the lowest priority.");
                self.named_written.next = false;
                match self.named_place.val().index() {
                    0x23 => self.named_written.next = self.settle_written.q.val(),
                    0x24 => self.named_written.next = self.lead_in_written.q.val(),
                    0x25 => self.named_written.next = self.gap_written.q.val(),
                    0x27 => self.named_written.next = self.cases_used_written.q.val(),
                    0x28 => self.named_written.next = self.epochs_written.q.val(),
                    0x29 => self.named_written.next = self.starts_used_written.q.val(),
                    0x2b => self.named_written.next = self.input_mask_written.q.val(),
                    0x36 => self.named_written.next = self.input_mask_high_written.q.val(),
                    0x2e => self.named_written.next = self.gradient_shift_written.q.val(),
                    0x2f => self.named_written.next = self.step_shift_written.q.val(),
                    0x30 => self.named_written.next = self.loss_stop_written.q.val(),
                    _ => self.named_written.next = false,
                }
                comment!("One request at a time.");
                self.watchdog_shown.next = 0.into();
                if self.read_watchdog.val() {
                    self.watchdog_shown.next = self.watchdog_place.val();
                }
                self.run_limit_shown.next = 0.into();
                if self.read_run_limit.val() {
                    self.run_limit_shown.next = self.run_limit_place.val();
                }
                self.samples_shown.next = 0.into();
                if self.read_samples.val() {
                    self.samples_shown.next = self.samples_place.val();
                }
                self.ramp_shown.next = 0.into();
                if self.read_ramp.val() {
                    self.ramp_shown.next = self.ramp_place.val();
                }
                self.step_shown.next = 0.into();
                if self.read_step.val() {
                    self.step_shown.next = self.step_place.val();
                }
                self.safe_shown.next = 0.into();
                if self.read_safe.val() {
                    self.safe_shown.next = self.safe_place.val();
                }
                self.fixed_place.next = self.watchdog_shown.val()
                    | self.run_limit_shown.val()
                    | self.samples_shown.val()
                    | self.ramp_shown.val()
                    | self.step_shown.val()
                    | self.safe_shown.val();
                self.fixed_written.next = (self.read_watchdog.val() & self.watchdog_written.q.val())
                    | (self.read_run_limit.val() & self.run_limit_written.q.val())
                    | (self.read_samples.val() & self.capture_samples_written.q.val())
                    | (self.read_ramp.val() & self.ramp_step_written.q.val())
                    | (self.read_step.val() & self.step_limit_written.q.val())
                    | (self.read_safe.val() & self.safe_step_written.q.val());
                self.any_read.next = self.read_watchdog.val()
                    | self.read_run_limit.val()
                    | self.read_samples.val()
                    | self.read_ramp.val()
                    | self.read_step.val()
                    | self.read_safe.val();
                if self.any_read.val() {
                    self.shown_place.next = self.fixed_place.val();
                    self.shown_written.next = self.fixed_written.val();
                }
                self.named.next =
                    self.read_named.val() & (!self.host_access.val()) & (!self.any_read.val());
                self.named_granted.next = self.named.val();
                comment!("Late select, last in the multiplexer.");
                if self.named.val() {
                    self.shown_place.next = self.named_place.val();
                    self.shown_written.next = self.named_written.val();
                }
                comment!("Part of the memory: settings as reset, settings as written, and from 128 on the analogue scale.");
                self.shows_analogue.next =
                    self.is_analogue.val() & (!self.any_read.val()) & (!self.named.val());
                self.shown_upper.next = self.shown_written.val();
                if self.shows_analogue.val() {
                    self.shown_upper.next = self.address.val().get_bit(6);
                }
                self.wide_place.next = bit_cast::<9, 6>(self.shown_place.val());
                self.shown_quarter.next =
                    self.wide_place.val().replace_bit(6, self.shown_upper.val());
                self.shown_part.next = self
                    .shown_quarter
                    .val()
                    .replace_bit(7, self.shows_analogue.val() & (!self.analogue_high.val()));
                self.values.read_address.next = self
                    .shown_part
                    .val()
                    .replace_bit(8, self.shows_analogue.val() & self.analogue_high.val());
                self.wide_written.next = bit_cast::<9, 6>(self.place.val());
                self.written_upper.next =
                    (!self.is_analogue.val()) | (self.address.val().get_bit(6));
                self.written_quarter.next =
                    self.wide_written.val().replace_bit(6, self.written_upper.val());
                self.written_part.next = self
                    .written_quarter
                    .val()
                    .replace_bit(7, self.is_analogue.val() & (!self.analogue_high.val()));
                self.values.write_address.next = self
                    .written_part
                    .val()
                    .replace_bit(8, self.is_analogue.val() & self.analogue_high.val());
                self.values.write_enable.next =
                    self.write.val() & (self.is_setting.val() | self.is_analogue.val());
                self.values.write_data.next = self.write_data.val() & self.mask.q.val();
                $(self.$setting.next = self.[<$setting _register>].q.val();)*
                comment!("Limited to the sizes of the gateware.");
                self.tone_mask.next = self.tone_mask_register.q.val() & self.used_outputs.val();
                self.tone_mask_high.next =
                    self.tone_mask_high_register.q.val() & self.used_outputs_high.val();
                self.mode.next = self.mode_register.q.val() & self.modes.val();
                if self.sample_period_register.q.val() < self.least_period.val() {
                    self.sample_period.next = self.least_period.val();
                }
                if self.window_log2_register.q.val() < bits::<5>(4) {
                    self.window_log2.next = 4.into();
                }
                if self.window_log2_register.q.val() > bits::<5>(16) {
                    self.window_log2.next = 16.into();
                }
                if !self.slots_used_register.q.val().any() {
                    self.slots_used.next = 1.into();
                }
                if self.slots_used_register.q.val() > self.most_slots.val() {
                    self.slots_used.next = self.most_slots.val();
                }
                if self.reset.val() {
                    $(self.[<$setting _register>].d.next = $sr.into();)*
                    $(self.[<$setting _written>].d.next = false;)*
                    comment!("Both are zero after reset.");
                    self.has_watchdog.d.next = false;
                    self.has_run_limit.d.next = false;
                }
            }
        }
    } };
}

hge_protocol::with_registers!(core);
