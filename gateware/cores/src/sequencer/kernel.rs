//! Kernel of the sequencer.

use super::{Sequencer, State};
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Sequencer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, count, began_at, marked_at, run_asked, stop_asked, stop_reason,
            over, over_reason, was_late, at_length, window_length, needs_setting, shown,
            length_copy, was_shown
        );
        comment!("State of this sample.");
        self.in_run.next = self.state.q.val() != State::Idle;
        self.busy.next = self.in_run.val() | self.run_asked.q.val();
        self.perturbs.next = (self.mode.val().get_bit(0)) & (!self.last_pass.val());
        self.ramp.next = self.state.q.val() == State::Ramp;
        self.take.next = self.state.q.val() == State::Window;
        self.tones.next = (self.state.q.val() == State::LeadIn)
            | (self.state.q.val() == State::Window)
            | (self.state.q.val() == State::Tail);
        self.gate.next = ((self.state.q.val() == State::LeadIn)
            | (self.state.q.val() == State::Window))
            & self.perturbs.val();
        for i in 0..self.flowing.len() {
            if self.flowing[i].q.val() {
                self.gate.next = self.perturbs.val();
            }
        }
        self.restart.next = (self.state.q.val() == State::LeadIn) & (!self.count.q.val().any());
        self.first.next = !self.count.q.val().any();
        comment!("Length of the window.");
        match self.window_log2.val().index() {
            4 => self.window_length.d.next = 0x10.into(),
            5 => self.window_length.d.next = 0x20.into(),
            6 => self.window_length.d.next = 0x40.into(),
            7 => self.window_length.d.next = 0x80.into(),
            8 => self.window_length.d.next = 0x100.into(),
            9 => self.window_length.d.next = 0x200.into(),
            10 => self.window_length.d.next = 0x400.into(),
            11 => self.window_length.d.next = 0x800.into(),
            12 => self.window_length.d.next = 0x1000.into(),
            13 => self.window_length.d.next = 0x2000.into(),
            14 => self.window_length.d.next = 0x4000.into(),
            15 => self.window_length.d.next = 0x8000.into(),
            _ => self.window_length.d.next = 0x10000.into(),
        }
        self.half_length.next = self.window_length.q.val().to_bits() >> 1;
        self.second_half.next = self.count.q.val() >= self.half_length.val();
        self.unperturbed.next = !self.perturbs.val();
        self.late.next = self.was_late.q.val();
        self.began.next = self.began_at.q.val();
        self.marked.next = self.marked_at.q.val();
        self.end_reason.next = self.over_reason.q.val();
        self.spent.next = self.count.q.val() + 1;
        comment!(
            "Length of the sample's state; a tail ends after the window's length at the latest."
        );
        self.length_copy.d.next = self.stored.val();
        self.looked_up.next = self.stored.val();
        self.is_there.next = self.shown.q.val();
        if self.is_late.val() {
            self.looked_up.next = self.length_copy.q.val();
            self.is_there.next = self.was_shown.q.val();
        }
        self.gap_length.next = bit_cast::<24, 16>(self.looked_up.val().to_bits().get_bits::<16>(0));
        self.length.next = self.window_length.q.val();
        self.setting_address.next = 0x25.into();
        match self.state.q.val() {
            State::Gap => self.length.next = self.gap_length.val(),
            State::Settle => {
                self.setting_address.next = 0x23.into();
                self.length.next = self.looked_up.val();
            }
            State::LeadIn => {
                self.setting_address.next = 0x24.into();
                self.length.next = self.looked_up.val();
            }
            _ => self.length.next = self.window_length.q.val(),
        }
        for i in 0..self.is_short.len() {
            self.is_short[i].clock.next = self.clock.val();
            self.upper_copy[i].clock.next = self.clock.val();
            self.is_short[i].d.next = self.is_short[i].q.val();
            if self.tick.val() & (self.state.q.val() != State::Gap) {
                self.is_short[i].d.next = ((self.state.q.val() == State::Tail)
                    | (self.state.q.val() == State::Window))
                    & (!self.stop_asked.q.val())
                    & (!self.ends[i].val());
            }
            self.upper_copy[i].d.next = self.upper[i].val();
            self.short_length[i].next = self.upper[i].val();
            if self.is_late.val() {
                self.short_length[i].next = self.upper_copy[i].q.val();
            }
            if self.is_short[i].q.val()
                & (self.state.q.val() == State::Gap)
                & self.short_length[i].val().any()
            {
                self.length.next = self.short_length[i].val();
            }
        }
        self.setting_request.next = self.needs_setting.q.val();
        self.shown.d.next = self.setting_granted.val();
        self.was_shown.d.next = self.shown.q.val();
        if self.setting_granted.val() {
            self.needs_setting.d.next = false;
        }
        if self.tick.val() {
            self.needs_setting.d.next = true;
        }
        if self.is_there.val() {
            self.at_length.d.next = self.spent.val() >= self.length.val();
        }
        self.post_processor_start.next = false;
        self.post_processor_kind.next = 0.into();
        if self.post_processor_over.val() {
            self.over.d.next = true;
            self.over_reason.d.next = self.post_processor_reason.val();
        }
        if self.recorded.val() {
            self.was_late.d.next = false;
        }
        comment!("States: one step a tick.");
        if self.tick.val() {
            self.count.d.next = self.spent.val();
            match self.state.q.val() {
                State::Idle => {
                    self.count.d.next = 0.into();
                    if self.run_asked.q.val() {
                        self.run_asked.d.next = false;
                        self.state.d.next = State::Gap;
                        self.post_processor_start.next = true;
                        self.began_at.d.next = self.now.val();
                        self.over.d.next = false;
                        self.was_late.d.next = false;
                    }
                }
                State::Gap => {
                    if self.at_length.q.val() {
                        if self.post_processor_working.val() {
                            self.was_late.d.next = true;
                        } else if self.over.q.val() {
                            self.state.d.next = State::Idle;
                            self.count.d.next = 0.into();
                            self.over.d.next = false;
                            self.post_processor_start.next = true;
                            self.post_processor_kind.next = 2.into();
                            self.marked_at.d.next = self.now.val();
                        } else if self.stop_asked.q.val() {
                            self.count.d.next = 0.into();
                            self.over.d.next = true;
                            self.over_reason.d.next = self.stop_reason.q.val();
                        } else {
                            self.state.d.next = State::Ramp;
                            self.count.d.next = 0.into();
                        }
                    }
                }
                State::Ramp => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Gap;
                        self.count.d.next = 0.into();
                        self.over.d.next = true;
                        self.over_reason.d.next = self.stop_reason.q.val();
                    } else if !self.moving.val() {
                        self.state.d.next = State::Settle;
                        self.count.d.next = 0.into();
                    }
                }
                State::Settle => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Gap;
                        self.count.d.next = 0.into();
                        self.over.d.next = true;
                        self.over_reason.d.next = self.stop_reason.q.val();
                    } else if self.at_length.q.val() {
                        self.state.d.next = State::LeadIn;
                        self.count.d.next = 0.into();
                    }
                }
                State::LeadIn => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Tail;
                        self.count.d.next = 0.into();
                    } else if self.at_length.q.val() {
                        self.state.d.next = State::Window;
                        self.count.d.next = 0.into();
                        self.marked_at.d.next = self.now.val();
                    }
                }
                State::Window => {
                    if self.stop_asked.q.val() | self.at_length.q.val() {
                        self.state.d.next = State::Tail;
                        self.count.d.next = 0.into();
                    }
                }
                State::Tail => {
                    if (!self.sounding.val()) | self.at_length.q.val() {
                        self.state.d.next = State::Gap;
                        self.count.d.next = 0.into();
                        if self.stop_asked.q.val() {
                            self.over.d.next = true;
                            self.over_reason.d.next = self.stop_reason.q.val();
                        } else {
                            self.post_processor_start.next = true;
                            self.post_processor_kind.next = 1.into();
                        }
                    }
                }
            }
        }
        for i in 0..self.flowing.len() {
            comment!("Continuous mode: from a window to the next without a tail; a stop leads to the tail.");
            self.flowing[i].clock.next = self.clock.val();
            self.flowing[i].d.next = self.flowing[i].q.val();
            self.runs_on[i].next = self.flowing[i].q.val();
            if self.tick.val() {
                if (self.state.q.val() == State::Window) & self.at_length.q.val() {
                    self.flowing[i].d.next = false;
                    if self.continues[i].val() & (!self.stop_asked.q.val()) {
                        self.flowing[i].d.next = true;
                        self.state.d.next = State::Gap;
                        self.post_processor_start.next = true;
                        self.post_processor_kind.next = 1.into();
                    }
                }
                if self.flowing[i].q.val() & self.stop_asked.q.val() {
                    self.flowing[i].d.next = false;
                    self.state.d.next = State::Tail;
                    self.count.d.next = 0.into();
                    self.over.d.next = false;
                }
            }
            if self.reset.val() {
                self.flowing[i].d.next = false;
            }
        }
        comment!("Pending stop. It does not outlive its run.");
        if self.over.q.val() | (!self.busy.val()) {
            self.stop_asked.d.next = false;
        }
        if self.run.val() {
            self.run_asked.d.next = true;
        }
        if (self.stop.val() | self.disarm.val() | self.trip.val())
            & self.busy.val()
            & (!self.stop_asked.q.val())
        {
            self.stop_asked.d.next = true;
            self.stop_reason.d.next = 2.into();
            if self.disarm.val() {
                self.stop_reason.d.next = 3.into();
            }
            if self.trip.val() {
                self.stop_reason.d.next = 4.into();
            }
        }
        if self.reset.val() {
            self.state.d.next = State::Idle;
            self.run_asked.d.next = false;
            self.stop_asked.d.next = false;
            self.over.d.next = false;
        }
    }
}
