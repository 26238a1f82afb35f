//! The recorder: writes frames into the telemetry ring, as `hge_protocol::frame` lays their bodies out.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `start`, `kind` | in, 1 + 2 | begins a frame of a run: 0 window, 1 epoch, 2 end; only while not `busy` |
//! | `resting` | in, 1 | no job of a run is going on: frames of other kinds may begin |
//! | `event`, `event_taken` | in 1, out 1 | a trip is to be told; it is being told |
//! | `block`, `codes`, `block_taken` | in 1 + 7, out 1 | a block of so many ADC codes waits; it is done with |
//! | `busy` | out, 1 | from the clock after `start` to the frame's end |
//! | `first_case` | in, 1 | a window is of case 0: an epoch begins with it |
//! | `frame`, `place`, `head` | out 3 + 3, in 32 | kind (3 event, 4 block) and position of a leading word; the word |
//! | `slots_used`, `outputs` | in, 9; fixed | how many slots, controls follow |
//! | `read_slot`, `in_phase`, `quadrature` | out 8, in 48 | the lock-in's sums, a clock later |
//! | `read_address`, `read_data` | out 12, in 32 | the parameter table, a clock later |
//! | `read_code`, `code` | out 7, in 16 | a block's codes; its time is in 64 and 65, low half first; a clock later |
//! | `words`, `begin`, `mark` | out, 11 + 1 + 1 | asks the ring for room for so many words; an epoch begins |
//! | `number`, `fits` | in, 32 + 1 | number of the frame, held until `commit`; in the clock of `begin`: there is room |
//! | `word`, `word_write`, `commit` | out, 32 + 1 + 1 | the body, word by word; it is complete |
//!
//! A frame takes four clocks and three a word. Without room it is lost, and the recorder done two clocks after `start`.
//! Widths: a window of 256 slots has 776 words.

use crate::leaf::Fixed;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Begin,
    Fetch,
    Second,
    Form,
    Close,
    Commit,
}

/// Frames into the ring.
#[derive(LogicBlock, Default)]
pub struct Recorder {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// Begins a frame of a run.
    pub start: Signal<In, Bit>,
    /// 0 window, 1 epoch, 2 end.
    pub kind: Signal<In, Bits<2>>,
    /// No job of a run is going on.
    pub resting: Signal<In, Bit>,
    /// A trip is to be told.
    pub event: Signal<In, Bit>,
    /// It is being told.
    pub event_taken: Signal<Out, Bit>,
    /// A block of codes waits.
    pub block: Signal<In, Bit>,
    /// Its codes.
    pub codes: Signal<In, Bits<7>>,
    /// The block is done with.
    pub block_taken: Signal<Out, Bit>,
    /// A frame is being made.
    pub busy: Signal<Out, Bit>,
    /// A window is of case 0.
    pub first_case: Signal<In, Bit>,
    /// Kind of the frame being made.
    pub frame: Signal<Out, Bits<3>>,
    /// Position of a leading word.
    pub place: Signal<Out, Bits<3>>,
    /// That word.
    pub head: Signal<In, Bits<32>>,
    /// Slots in a window's frame.
    pub slots_used: Signal<In, Bits<9>>,
    /// Slot whose sums are wanted.
    pub read_slot: Signal<Out, Bits<8>>,
    /// Its in-phase sum.
    pub in_phase: Signal<In, Bits<48>>,
    /// Its quadrature sum.
    pub quadrature: Signal<In, Bits<48>>,
    /// Word of the parameter table that is wanted.
    pub read_address: Signal<Out, Bits<12>>,
    /// The word.
    pub read_data: Signal<In, Bits<32>>,
    /// Code of the block that is wanted.
    pub read_code: Signal<Out, Bits<7>>,
    /// The code.
    pub code: Signal<In, Bits<16>>,
    /// Words of the body.
    pub words: Signal<Out, Bits<11>>,
    /// Asks for room for them.
    pub begin: Signal<Out, Bit>,
    /// An epoch begins with this frame.
    pub mark: Signal<Out, Bit>,
    /// Number of the frame that begins.
    pub number: Signal<In, Bits<32>>,
    /// There is room.
    pub fits: Signal<In, Bit>,
    /// A word of the body.
    pub word: Signal<Out, Bits<32>>,
    /// It goes into the ring.
    pub word_write: Signal<Out, Bit>,
    /// The body is complete.
    pub commit: Signal<Out, Bit>,
    state: DFF<Step>,
    sending: DFF<Bits<3>>,
    /// Words still to come, this one included.
    left: DFF<Bits<11>>,
    /// Position among the leading words.
    position: DFF<Bits<4>>,
    /// Slot, output or pair of codes beyond the leading words, and which of a slot's three words.
    item: DFF<Bits<8>>,
    third: DFF<Bits<2>>,
    content: DFF<Bits<32>>,
    strobe: DFF<Bit>,
    outputs: Fixed<Bits<11>>,
    controls: Fixed<Bits<12>>,
    slots_wide: Signal<Local, Bits<11>>,
    slots_twice: Signal<Local, Bits<11>>,
    slots_thrice: Signal<Local, Bits<11>>,
    pairs: Signal<Local, Bits<7>>,
    pairs_wide: Signal<Local, Bits<11>>,
    length: Signal<Local, Bits<11>>,
    following: Signal<Local, Bits<11>>,
    kind_before: Signal<Local, Bits<32>>,
    kind_code: Signal<Local, Bits<32>>,
    length_field: Signal<Local, Bits<32>>,
    length_placed: Signal<Local, Bits<32>>,
    first_words: Signal<Local, Bits<4>>,
    is_block: Signal<Local, Bit>,
    is_time: Signal<Local, Bit>,
    is_item: Signal<Local, Bit>,
    output_place: Signal<Local, Bits<12>>,
    pair_place: Signal<Local, Bits<7>>,
    pair_first: Signal<Local, Bits<7>>,
    last_pair: Signal<Local, Bits<7>>,
    second: Signal<Local, Bit>,
    high_part: Signal<Local, Bits<32>>,
    low_part: Signal<Local, Bits<32>>,
    low_placed: Signal<Local, Bits<32>>,
    code_wide: Signal<Local, Bits<32>>,
    code_placed: Signal<Local, Bits<32>>,
    lone: Signal<Local, Bit>,
}

impl Recorder {
    /// For the table of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            outputs: Fixed::new(Bits::from(u64::from(parameters.outputs))),
            controls: Fixed::new(Bits::from(u64::from(TableLayout::of(parameters).controls))),
            ..Default::default()
        }
    }
}

impl Logic for Recorder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, sending, left, position, item, third, content, strobe);
        self.busy.next = self.state.q.val() != Step::Idle;
        self.frame.next = self.sending.q.val();
        self.place.next = self.position.q.val().get_bits::<3>(0);
        self.word.next = self.content.q.val();
        self.word_write.next = self.strobe.q.val();
        self.strobe.d.next = false;
        self.begin.next = self.state.q.val() == Step::Begin;
        self.mark.next = false;
        self.commit.next = self.state.q.val() == Step::Commit;
        self.event_taken.next = false;
        self.block_taken.next = false;
        self.is_block.next = self.sending.q.val() == bits::<3>(4);
        comment!("Length of each frame and of its leading part, header and number included.");
        self.slots_wide.next = bit_cast::<11, 9>(self.slots_used.val());
        self.slots_twice.next = self.slots_wide.val() << 1;
        self.slots_thrice.next = self.slots_wide.val() + self.slots_twice.val();
        self.pairs.next = self.codes.val() + 1;
        self.pairs_wide.next = bit_cast::<11, 6>(self.pairs.val().get_bits::<6>(1));
        self.length.next = 5.into();
        self.first_words.next = 5.into();
        match self.sending.q.val().index() {
            0 => {
                self.length.next = self.slots_thrice.val() + 8;
                self.first_words.next = 8.into();
            }
            1 => self.length.next = self.outputs.val() + 5,
            3 => {
                self.length.next = 4.into();
                self.first_words.next = 4.into();
            }
            4 => {
                self.length.next = self.pairs_wide.val() + 4;
                self.first_words.next = 4.into();
            }
            _ => self.length.next = 5.into(),
        }
        self.words.next = self.length.val();
        self.following.next = self.length.val() - 1;
        self.length_field.next = bit_cast::<32, 11>(self.following.val());
        self.length_placed.next = self.length_field.val() << 8;
        self.kind_before.next = bit_cast::<32, 3>(self.sending.q.val());
        self.kind_code.next = self.kind_before.val() + 1;
        comment!("Where the items are. A block's time is the pair 32, before the others.");
        self.read_slot.next = self.item.q.val();
        self.output_place.next = bit_cast::<12, 8>(self.item.q.val());
        self.read_address.next = self.controls.val() + self.output_place.val();
        self.pair_place.next = bit_cast::<7, 6>(self.item.q.val().get_bits::<6>(0));
        self.pair_first.next = self.pair_place.val() << 1;
        self.second.next = self.state.q.val() == Step::Second;
        self.read_code.next = self.pair_first.val().replace_bit(0, self.second.val());
        self.is_time.next = self.is_block.val() & (self.position.q.val() == bits::<4>(2));
        self.is_item.next = self.is_time.val() | (self.position.q.val() == self.first_words.val());
        self.last_pair.next = bit_cast::<7, 6>(self.codes.val().get_bits::<6>(1));
        self.lone.next =
            (self.pair_place.val() == self.last_pair.val()) & (self.codes.val().get_bit(0));
        self.code_wide.next = bit_cast::<32, 16>(self.code.val());
        self.code_placed.next = self.code_wide.val() << 16;
        self.high_part.next = bit_cast::<32, 16>(self.in_phase.val().get_bits::<16>(32));
        self.low_part.next = bit_cast::<32, 16>(self.quadrature.val().get_bits::<16>(0));
        self.low_placed.next = self.low_part.val() << 16;
        match self.state.q.val() {
            Step::Idle => {
                self.position.d.next = 0.into();
                self.item.d.next = 0.into();
                self.third.d.next = 0.into();
                if self.start.val() {
                    self.sending.d.next = bit_cast::<3, 2>(self.kind.val());
                    self.state.d.next = Step::Begin;
                } else if self.resting.val() & self.event.val() {
                    self.sending.d.next = 3.into();
                    self.event_taken.next = true;
                    self.state.d.next = Step::Begin;
                } else if self.resting.val() & self.block.val() {
                    self.sending.d.next = 4.into();
                    self.item.d.next = 32.into();
                    self.state.d.next = Step::Begin;
                }
            }
            Step::Begin => {
                self.mark.next = (!self.sending.q.val().any()) & self.first_case.val();
                self.left.d.next = self.length.val();
                self.state.d.next = Step::Fetch;
                if !self.fits.val() {
                    self.block_taken.next = self.is_block.val();
                    self.state.d.next = Step::Idle;
                }
            }
            Step::Fetch => {
                comment!("Table and lock-in have the item's address; so has the capture, of the earlier code.");
                self.left.d.next = self.left.q.val() - 1;
                self.state.d.next = Step::Second;
            }
            Step::Second => {
                comment!("The capture has the later code's address.");
                self.content.d.next = self.code_wide.val();
                self.state.d.next = Step::Form;
            }
            Step::Form => {
                self.strobe.d.next = true;
                self.state.d.next = Step::Fetch;
                if !self.left.q.val().any() {
                    self.state.d.next = Step::Close;
                }
                if self.position.q.val() != self.first_words.val() {
                    self.position.d.next = self.position.q.val() + 1;
                }
                if self.is_item.val() {
                    self.item.d.next = self.item.q.val() + 1;
                    if self.is_time.val() {
                        self.item.d.next = 0.into();
                    }
                    match self.sending.q.val().index() {
                        0 => {
                            comment!("I low, I high beside Q low, Q high.");
                            self.item.d.next = self.item.q.val();
                            self.third.d.next = self.third.q.val() + 1;
                            match self.third.q.val().index() {
                                0 => self.content.d.next = self.in_phase.val().get_bits::<32>(0),
                                1 => {
                                    self.content.d.next =
                                        self.high_part.val() | self.low_placed.val();
                                }
                                _ => {
                                    self.content.d.next = self.quadrature.val().get_bits::<32>(16);
                                    self.third.d.next = 0.into();
                                    self.item.d.next = self.item.q.val() + 1;
                                }
                            }
                        }
                        1 => self.content.d.next = self.read_data.val(),
                        _ => {
                            if self.is_time.val() | (!self.lone.val()) {
                                self.content.d.next = self.content.q.val() | self.code_placed.val();
                            }
                        }
                    }
                } else {
                    self.content.d.next = self.head.val();
                    if self.position.q.val() == bits::<4>(0) {
                        self.content.d.next = self.kind_code.val() | self.length_placed.val();
                    }
                    if self.position.q.val() == bits::<4>(1) {
                        self.content.d.next = self.number.val();
                    }
                }
            }
            Step::Close => {
                comment!("The last word goes into the ring.");
                self.state.d.next = Step::Commit;
            }
            Step::Commit => {
                self.block_taken.next = self.is_block.val();
                self.state.d.next = Step::Idle;
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Idle;
            self.strobe.d.next = false;
        }
    }
}
