//! Telemetry ring buffer: frames wait for the line, and stay until newer ones overwrite them.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `words`, `fits` | in 11, out 1 | a frame with this number of words would fit now |
//! | `begin` | in, 1 | pulse: a frame begins; if it does not fit it is lost and its words are dropped |
//! | `number` | out, 32 | its number, from before `begin` until `commit`; for a lost one only in the clock of `begin` |
//! | `word`, `word_write` | in, 32 + 1 | its words, in order, from the clock after `begin` on |
//! | `commit` | in, 1 | pulse: the frame is complete and may be sent |
//! | `mark` | in, 1 | pulse, with `begin` or before: the last epoch begins with this frame, lost or not |
//! | `repeat`, `can_repeat` | in, out, 1 | pulse: send again from the mark; there is a mark and no later word is overwritten |
//! | `half_full` | out, 1 | more than half of the words are waiting |
//! | `frames`, `frames_lost` | out, 32 | number of the next frame, frames that did not fit |
//! | `waits`, `read_word`, `stands` | out, 1 + 32 + 1 | frames are pending; the next word; it is valid in this clock |
//! | `taken`, `busy` | in, 1 | the word has been sent; a frame is being read |
//!
//! The memory has one port. A clock that writes does not read, and its output in the next clock is not used. `stands` is low
//! for two clocks after `taken` and for two with a write; with late memories ([`crate::leaf::memories_are_late`]) the word goes through
//! a register, and `stands` is low for three clocks after `taken`. The header gives the length of a frame, so nothing else is stored.
//!
//! Pointers count to twice the number of words, so that full and empty differ. The read pointer is stored inverted: added to the write pointer it
//! gives the words in use, minus one, whose upper bits tell empty, half full, and, with a frame's words added, overflow. While a frame is being
//! written no other frame starts to be read, so that one pointer serves both sides. A repeat waits for the end of the frame in
//! transmission and of the one being written. If the mark has been overwritten by then, nothing is repeated. A mark that has not yet been read
//! needs no repeat: all later words are still to be sent.

use crate::gated::Inputs;
use crate::leaf::{memories_are_late, Fixed, Store, DFF};
use crate::word::ToWord;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Memory of frames.
#[derive(LogicBlock, Inputs, Default)]
pub struct Telemetry {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// Words of the next frame.
    pub words: Signal<In, Bits<11>>,
    /// The frame fits.
    pub fits: Signal<Out, Bit>,
    /// Begin of the frame.
    pub begin: Signal<In, Bit>,
    /// Number of the frame.
    pub number: Signal<Out, Bits<32>>,
    /// A word of it.
    pub word: Signal<In, Bits<32>>,
    /// Valid.
    pub word_write: Signal<In, Bit>,
    /// End of the frame.
    pub commit: Signal<In, Bit>,
    /// Mark: the last epoch begins here.
    pub mark: Signal<In, Bit>,
    /// Repeat from the mark.
    pub repeat: Signal<In, Bit>,
    /// The mark is still in memory.
    pub can_repeat: Signal<Out, Bit>,
    /// More than half of the memory is used.
    pub half_full: Signal<Out, Bit>,
    /// Number of the next frame.
    pub frames: Signal<Out, Bits<32>>,
    /// Frames that did not fit.
    pub frames_lost: Signal<Out, Bits<32>>,
    /// A frame is pending.
    pub waits: Signal<Out, Bit>,
    /// The next word of it.
    pub read_word: Signal<Out, Bits<32>>,
    /// The word is valid.
    pub stands: Signal<Out, Bit>,
    /// The word has been sent.
    pub taken: Signal<In, Bit>,
    /// A frame is being read.
    pub busy: Signal<In, Bit>,
    written: DFF<Bits<17>>,
    /// The read address, inverted.
    unread: DFF<Bits<17>>,
    marked: DFF<Bits<17>>,
    count: DFF<Bits<32>>,
    lost: DFF<Bits<32>>,
    /// A frame is being written.
    open: DFF<Bit>,
    /// Nothing has been written since the mark.
    fresh: DFF<Bit>,
    /// No word from the mark on has been overwritten.
    kept: DFF<Bit>,
    /// The word at the mark has been read.
    passed: DFF<Bit>,
    /// A repeat is pending.
    due: DFF<Bit>,
    /// The memory reads the word at `read`, unless it is written in this clock.
    shown: DFF<Bit>,
    /// The memory's output of the previous clock, and that it was the word at `read` and still is.
    copy: DFF<Bits<32>>,
    copied: DFF<Bit>,
    /// Late memories: words are used from the registers.
    is_late: Fixed<Bit>,
    ring: Store<32, 16>,
    size: Fixed<Bits<17>>,
    pointer_mask: Fixed<Bits<17>>,
    address_mask: Fixed<Bits<17>>,
    writes: Signal<Local, Bit>,
    jumps: Signal<Local, Bit>,
    returns: Signal<Local, Bit>,
    goal: Signal<Local, Bits<17>>,
    place: Signal<Local, Bits<17>>,
    differs: Signal<Local, Bits<17>>,
    differs_in_memory: Signal<Local, Bits<17>>,
    at_mark: Signal<Local, Bit>,
    counted: Signal<Local, Bits<17>>,
    next_place: Signal<Local, Bits<17>>,
    used_less_one: Signal<Local, Bits<17>>,
    nothing: Signal<Local, Bits<17>>,
    would_use: Signal<Local, Bits<17>>,
    too_much: Signal<Local, Bits<17>>,
    half_used: Signal<Local, Bits<17>>,
    words_wide: Signal<Local, Bits<17>>,
    half: Fixed<Bits<17>>,
    all_ones: Fixed<Bits<17>>,
    room: Signal<Local, Bit>,
}

impl Telemetry {
    /// For `parameters.telemetry_words` words.
    pub fn new(parameters: &Parameters) -> Self {
        let size = u64::from(parameters.telemetry_words);
        Self {
            ring: Store::new(size as usize),
            is_late: Fixed::new(memories_are_late(parameters.clock_hz)),
            size: Fixed::new(Bits::from(size)),
            half: Fixed::new(Bits::from(size / 2)),
            pointer_mask: Fixed::new(Bits::from(2 * size - 1)),
            all_ones: Fixed::new(Bits::from(0x1_ffff)),
            address_mask: Fixed::new(Bits::from(size - 1)),
            ..Default::default()
        }
    }
}

impl Logic for Telemetry {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, written, unread, marked, count, lost, open, fresh, kept, passed, due,
            shown, copy, copied
        );
        clock!(self, clock, ring);
        self.number.next = self.count.q.val();
        self.frames.next = self.count.q.val();
        self.frames_lost.next = self.lost.q.val();
        self.can_repeat.next = self.kept.q.val();
        comment!("Room.");
        self.used_less_one.next = self.written.q.val() + self.unread.q.val();
        self.nothing.next = self.used_less_one.val() & self.size.val();
        self.half_used.next = self.used_less_one.val() & self.half.val();
        self.half_full.next = self.half_used.val().any() & (!self.nothing.val().any());
        self.words_wide.next = bit_cast::<17, 11>(self.words.val());
        self.would_use.next = self.used_less_one.val() + self.words_wide.val();
        self.too_much.next = self.would_use.val() & self.size.val();
        self.room.next = !self.too_much.val().any();
        self.fits.next = self.room.val();
        self.waits.next = !(self.nothing.val().any() | self.open.q.val() | self.due.q.val());
        comment!("The single port.");
        self.writes.next = self.word_write.val() & self.open.q.val();
        self.place.next = !self.unread.q.val();
        if self.writes.val() {
            self.place.next = self.written.q.val();
        }
        self.ring.address.next = bit_cast::<16, 16>(self.place.val().to_bits().get_bits::<16>(0));
        self.ring.write_enable.next = self.writes.val();
        self.ring.write_data.next = self.word.val();
        self.read_word.next = self.ring.read_data.val();
        self.stands.next = self.shown.q.val() & (!self.writes.val());
        self.copy.d.next = self.ring.read_data.val();
        self.copied.d.next = self.shown.q.val() & (!self.taken.val());
        if self.is_late.val() {
            self.read_word.next = self.copy.q.val();
            self.stands.next = self.copied.q.val() & (!self.writes.val());
        }
        self.differs.next = self.place.val() ^ self.marked.q.val();
        self.differs_in_memory.next = self.differs.val() & self.address_mask.val();
        self.at_mark.next = (!self.differs_in_memory.val().any()) & (!self.fresh.q.val());
        self.counted.next = self.place.val() + 1;
        self.next_place.next = self.counted.val() & self.pointer_mask.val();
        self.shown.d.next = !(self.writes.val() | self.taken.val());
        self.jumps.next =
            self.due.q.val() & (!self.busy.val()) & (!self.open.q.val()) & (!self.begin.val());
        if self.writes.val() {
            self.written.d.next = self.next_place.val();
            self.fresh.d.next = false;
            if self.at_mark.val() {
                self.kept.d.next = false;
            }
        }
        if self.taken.val() & self.at_mark.val() {
            self.passed.d.next = true;
        }
        if self.repeat.val() & self.kept.q.val() {
            self.due.d.next = true;
        }
        self.returns.next = self.jumps.val() & self.kept.q.val() & self.passed.q.val();
        self.goal.next = self.next_place.val();
        if self.returns.val() {
            self.goal.next = self.marked.q.val();
            self.shown.d.next = false;
            self.copied.d.next = false;
            self.passed.d.next = false;
        }
        if self.taken.val() | self.returns.val() {
            self.unread.d.next = !self.goal.val();
        }
        if self.jumps.val() {
            self.due.d.next = false;
        }
        if self.mark.val() {
            self.marked.d.next = self.written.q.val();
            self.fresh.d.next = true;
            self.kept.d.next = true;
            self.passed.d.next = false;
        }
        if self.begin.val() {
            if self.room.val() {
                self.open.d.next = true;
            } else {
                self.lost.d.next = self.lost.q.val() + 1;
                self.count.d.next = self.count.q.val() + 1;
            }
        }
        if self.commit.val() & self.open.q.val() {
            self.open.d.next = false;
            self.count.d.next = self.count.q.val() + 1;
        }
        if self.reset.val() {
            self.written.d.next = 0.into();
            self.unread.d.next = self.all_ones.val();
            self.count.d.next = 0.into();
            self.lost.d.next = 0.into();
            self.open.d.next = false;
            self.fresh.d.next = false;
            self.kept.d.next = false;
            self.passed.d.next = false;
            self.due.d.next = false;
            self.shown.d.next = false;
            self.copied.d.next = false;
        }
    }
}
