//! The kernel of the request processor.

use super::{Processor, Step};
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Processor {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, waited, shown, stands, releases, carries, step, count, held,
            is_hello, writes, sane, foreign, same, session, bank, aside, status
        );
        comment!("Late memories: wait after a change of the address.");
        self.waited.d.next = (self.state.q.val() == Step::Idle)
            | ((!self.waited.q.val())
                & ((self.state.q.val() == Step::Fetch)
                    | ((self.state.q.val() == Step::Match) & (!self.step.q.val().get_bit(0)))));
        self.ready.next = self.waited.q.val() | (!self.is_late.val());
        self.shows.next = (self.state.q.val() == Step::Send) & (!self.reply_next.val());
        self.shown.d.next = self.shows.val();
        self.stands.d.next = self.shows.val() & self.shown.q.val();
        self.reply_stands.next = self.stands.q.val() | (!self.is_late.val());
        self.kept.next = self.bank.q.val();
        self.idle.next = self.state.q.val() == Step::Idle;
        self.address.next = self.held.q.val();
        self.data.next = self.read_data.val();
        self.is_write.next = self.writes.q.val();
        self.bus_request.next = self.state.q.val() == Step::Access;
        comment!("Registered a clock early: it goes to all registers and tables.");
        self.carries.d.next = (self.state.q.val() == Step::Access)
            & self.answered.val()
            & self.writes.q.val()
            & (!self.refusal.val().any());
        self.write.next = self.carries.q.val();
        self.reply.next = self.state.q.val() == Step::Send;
        comment!("Sixteen bits at a time: stored against new, and low address plus count.");
        self.low_half.next = bit_cast::<16, _>(self.read_data.val());
        self.high_half.next = self.read_data.val().to_bits().get_bits::<16>(16);
        self.half.next = self.low_half.val();
        if self.step.q.val().get_bit(3) | self.step.q.val().get_bit(2) {
            self.half.next = self.high_half.val();
        }
        self.count_wide.next = bit_cast::<16, 7>(self.count.q.val());
        self.moved.next = self.half.val() + self.count_wide.val();
        self.equal.next = self.held.q.val() == self.half.val();
        comment!("Whether header and length agree.");
        self.operation.next = bit_cast::<8, _>(self.read_data.val());
        self.length.next = self.read_data.val().to_bits().get_bits::<16>(8);
        self.number.next = self.read_data.val().to_bits().get_bits::<8>(24);
        self.number_short.next = self.read_data.val().to_bits().get_bits::<7>(24);
        self.number_low.next = self.read_data.val().to_bits().get_bits::<6>(24);
        self.values_wide.next = bit_cast::<16, 7>(self.values.val());
        self.following.next = self.values_wide.val() + 2;
        self.values_byte.next = bit_cast::<8, 7>(self.values.val());
        self.counts_agree.next = self.number.val() == self.values_byte.val();
        comment!("1 to 64.");
        self.some.next = (self.number.val().get_bit(6) ^ self.number_low.val().any())
            & (!self.number.val().get_bit(7));
        self.agrees.next = false;
        if self.operation.val() == bits::<8>(0x48) {
            self.agrees.next = self.counts_agree.val() & (!self.values.val().any());
        }
        if self.operation.val() == bits::<8>(0x52) {
            self.agrees.next = self.some.val() & (!self.values.val().any());
        }
        if self.operation.val() == bits::<8>(0x57) {
            self.agrees.next = self.some.val() & self.counts_agree.val();
        }
        comment!(
            "The decision, with the last comparison, whether the sequence number is the next."
        );
        self.decides.next = (self.state.q.val() == Step::Match) & self.step.q.val().all();
        self.known.next = self.session.q.val() & (!self.foreign.q.val());
        self.begins.next = self.is_hello.q.val() & self.sane.q.val();
        self.heard.next = self.decides.val() & self.known.val();
        self.release.next = self.releases.q.val();
        self.releases.d.next = (self.decides.val() & (self.known.val() | self.begins.val()))
            | ((self.state.q.val() == Step::Send) & self.aside.q.val() & self.reply_sent.val());
        comment!("Read address: header at 1, nonce 2, place 3, values from 64 on.");
        self.other.next = self.aside.q.val();
        self.place.next = 1.into();
        self.value_place.next = bit_cast::<8, 6>(self.count.q.val().to_bits().get_bits::<6>(0));
        self.in_values.next = (self.state.q.val() == Step::Form)
            | (self.state.q.val() == Step::Access)
            | (self.state.q.val() == Step::Carry)
            | ((self.state.q.val() == Step::Send) & self.step.q.val().get_bit(2));
        if self.state.q.val() == Step::Match {
            self.other.next = self.step.q.val().get_bit(1);
            self.place.next = 2.into();
            if self.step.q.val().get_bit(3) {
                self.place.next = 3.into();
            }
        }
        if (self.state.q.val() == Step::Place)
            | ((self.state.q.val() == Step::Fetch) & self.waited.q.val())
        {
            self.place.next = 3.into();
        }
        if self.state.q.val() == Step::Send {
            self.place.next = bit_cast::<8, 2>(self.step.q.val().to_bits().get_bits::<2>(0));
        }
        if self.in_values.val() {
            self.place.next = self.value_place.val().replace_bit(6, true);
        }
        if self.state.q.val() == Step::Count {
            self.place.next = 64.into();
        }
        self.read_half.next = self.bank.q.val() ^ self.other.val();
        self.index.next = self.place.val().replace_bit(7, self.read_half.val());
        comment!("Write data: a value, the number of registers written, the header.");
        self.put.next = (self.state.q.val() == Step::Header)
            | (self.state.q.val() == Step::Count)
            | ((self.state.q.val() == Step::Access) & self.answered.val() & (!self.writes.q.val()));
        self.put_data.next = self.value.val();
        self.reply_words.next = bit_cast::<32, 7>(self.count.q.val());
        self.reply_length.next = self.reply_words.val() + 2;
        self.reply_placed.next = self.reply_length.val().to_bits() << 8;
        self.status_wide.next = bit_cast::<32, 3>(self.status.q.val());
        self.status_placed.next = self.status_wide.val().to_bits() << 24;
        self.header_low.next = self.reply_placed.val() | self.status_placed.val();
        if self.state.q.val() == Step::Count {
            self.put_data.next = self.reply_words.val();
        }
        if self.state.q.val() == Step::Header {
            self.put_data.next = self.header_low.val().replace_bit(7, true);
        }
        match self.state.q.val() {
            Step::Idle => {
                self.step.d.next = 0.into();
                self.count.d.next = 0.into();
                self.foreign.d.next = false;
                if self.request.val() & self.ready.val() & (!self.releases.q.val()) {
                    self.state.d.next = Step::Check;
                }
            }
            Step::Check => {
                self.is_hello.d.next = self.operation.val() == bits::<8>(0x48);
                self.writes.d.next = self.operation.val() == bits::<8>(0x57);
                self.sane.d.next = self.agrees.val() & (self.length.val() == self.following.val());
                self.state.d.next = Step::Match;
            }
            Step::Match => {
                comment!("Nonce low, nonce high, sequence number, the same minus one.");
                if self.step.q.val().get_bit(0) | self.ready.val() {
                    self.step.d.next = self.step.q.val() + 1;
                }
                if self.step.q.val().get_bit(0) {
                    if !self.step.q.val().get_bit(1) {
                        self.held.d.next = self.moved.val();
                    } else if !self.step.q.val().get_bit(3) {
                        self.foreign.d.next = self.foreign.q.val() | (!self.equal.val());
                    } else {
                        self.same.d.next = self.equal.val();
                        self.count.d.next = 1.into();
                    }
                }
            }
            Step::Fetch => {
                if self.ready.val() {
                    self.state.d.next = Step::Place;
                }
            }
            Step::Place => {
                self.state.d.next = Step::Form;
                if self.count.q.val() == self.number_short.val() {
                    self.state.d.next = Step::Header;
                    if self.writes.q.val() {
                        self.state.d.next = Step::Count;
                    }
                }
            }
            Step::Form => {
                self.held.d.next = self.moved.val();
                self.state.d.next = Step::Access;
            }
            Step::Access => {
                self.status.d.next = self.refusal.val();
                if self.answered.val() {
                    self.state.d.next = Step::Carry;
                }
            }
            Step::Carry => {
                if self.status.q.val().any() {
                    self.state.d.next = Step::Header;
                    if self.writes.q.val() {
                        self.state.d.next = Step::Count;
                    }
                } else {
                    self.count.d.next = self.count.q.val() + 1;
                    self.state.d.next = Step::Fetch;
                }
            }
            Step::Count => {
                self.count.d.next = 1.into();
                self.state.d.next = Step::Header;
            }
            Step::Header => {
                self.count.d.next = 0.into();
                self.state.d.next = Step::Send;
            }
            Step::Send => {
                if self.reply_next.val() {
                    if self.step.q.val().get_bit(2) {
                        self.count.d.next = self.count.q.val() + 1;
                    } else {
                        self.step.d.next = self.step.q.val() + 1;
                    }
                }
                if self.reply_sent.val() {
                    self.aside.d.next = true;
                    self.state.d.next = Step::Idle;
                }
            }
        }
        if self.decides.val() {
            self.step.d.next = 1.into();
            self.count.d.next = 0.into();
            self.status.d.next = 0.into();
            self.state.d.next = Step::Header;
            if !self.known.val() {
                if self.begins.val() {
                    self.session.d.next = true;
                    self.bank.d.next = !self.bank.q.val();
                    self.aside.d.next = false;
                } else {
                    comment!("Session.");
                    self.status.d.next = 5.into();
                }
            } else if self.same.q.val() {
                self.aside.d.next = false;
                self.state.d.next = Step::Send;
            } else if self.equal.val() {
                self.bank.d.next = !self.bank.q.val();
                self.aside.d.next = false;
                if !self.sane.q.val() {
                    self.status.d.next = 3.into();
                } else if !self.is_hello.q.val() {
                    self.state.d.next = Step::Fetch;
                }
            } else {
                comment!("A straggler.");
                self.state.d.next = Step::Idle;
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Idle;
            self.waited.d.next = false;
            self.releases.d.next = false;
            self.carries.d.next = false;
            self.session.d.next = false;
            self.bank.d.next = false;
            self.aside.d.next = true;
        }
    }
}
