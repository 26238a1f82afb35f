//! The recorder: frames of 32-bit words, sent byte by byte, as `hge_protocol::frame` lays them out.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `start`, `kind` | in, 1 + 2 | begins a frame: 0 window, 1 epoch, 2 end, 3 reply; only while not `busy` |
//! | `busy` | out, 1 | from the clock after `start` to the last byte |
//! | `word_1` .. `word_6` | in, 32 | first words of the frame, held while busy |
//! | `slots_used`, `outputs` | in, 9; fixed | how many slots, controls follow |
//! | `read_slot`, `in_phase`, `quadrature` | out 8, in 48 | the lock-in's sums, a clock later |
//! | `read_address`, `read_data` | out 12, in 32 | the parameter table, a clock later |
//! | `byte`, `byte_valid`, `byte_ready` | out 8 + 1, in 1 | the stream |
//!
//! A word takes at least six clocks: two to read and form it, four bytes.

use crate::leaf::Fixed;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Header,
    Fetch,
    Form,
    Send,
}

/// Frames out.
#[derive(LogicBlock, Default)]
pub struct Recorder {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// Begins a frame.
    pub start: Signal<In, Bit>,
    /// 0 window, 1 epoch, 2 end, 3 reply.
    pub kind: Signal<In, Bits<2>>,
    /// A frame is being sent.
    pub busy: Signal<Out, Bit>,
    /// First word after the header.
    pub word_1: Signal<In, Bits<32>>,
    /// Second word.
    pub word_2: Signal<In, Bits<32>>,
    /// Third word.
    pub word_3: Signal<In, Bits<32>>,
    /// Fourth word, of a window.
    pub word_4: Signal<In, Bits<32>>,
    /// Fifth word, of a window.
    pub word_5: Signal<In, Bits<32>>,
    /// Sixth word, of a window.
    pub word_6: Signal<In, Bits<32>>,
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
    /// A byte of the stream.
    pub byte: Signal<Out, Bits<8>>,
    /// It is there.
    pub byte_valid: Signal<Out, Bit>,
    /// It is taken in this clock.
    pub byte_ready: Signal<In, Bit>,
    state: DFF<Step>,
    sending: DFF<Bits<2>>,
    sequence: DFF<Bits<8>>,
    /// Words still to come.
    left: DFF<Bits<10>>,
    /// Number of the word among the first ones.
    number: DFF<Bits<4>>,
    /// Slot or output beyond the first words, and which of a slot's three words.
    item: DFF<Bits<8>>,
    third: DFF<Bits<2>>,
    word: DFF<Bits<32>>,
    bytes_left: DFF<Bits<2>>,
    outputs: Fixed<Bits<10>>,
    controls: Fixed<Bits<12>>,
    slots_wide: Signal<Local, Bits<10>>,
    slots_twice: Signal<Local, Bits<10>>,
    slots_thrice: Signal<Local, Bits<10>>,
    length: Signal<Local, Bits<10>>,
    kind_code: Signal<Local, Bits<32>>,
    length_field: Signal<Local, Bits<32>>,
    length_placed: Signal<Local, Bits<32>>,
    sequence_field: Signal<Local, Bits<32>>,
    sequence_placed: Signal<Local, Bits<32>>,
    header_low: Signal<Local, Bits<32>>,
    first_words: Signal<Local, Bits<4>>,
    place: Signal<Local, Bits<12>>,
    high_part: Signal<Local, Bits<32>>,
    low_part: Signal<Local, Bits<32>>,
    low_placed: Signal<Local, Bits<32>>,
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
        dff_setup!(
            self, clock, state, sending, sequence, left, number, item, third, word, bytes_left
        );
        self.busy.next = self.state.q.val() != Step::Idle;
        self.byte.next = self.word.q.val().get_bits::<8>(0);
        self.byte_valid.next = self.state.q.val() == Step::Send;
        self.read_slot.next = self.item.q.val();
        self.place.next = bit_cast::<12, 8>(self.item.q.val());
        self.read_address.next = self.controls.val() + self.place.val();
        self.slots_wide.next = bit_cast::<10, 9>(self.slots_used.val());
        self.slots_twice.next = self.slots_wide.val() << 1;
        self.slots_thrice.next = self.slots_wide.val() + self.slots_twice.val();
        comment!("Length and kind of each frame.");
        match self.sending.q.val().index() {
            0 => {
                self.length.next = self.slots_thrice.val() + 6;
                self.first_words.next = 6.into();
                self.kind_code.next = 0x01.into();
            }
            1 => {
                self.length.next = self.outputs.val() + 3;
                self.first_words.next = 3.into();
                self.kind_code.next = 0x02.into();
            }
            2 => {
                self.length.next = 3.into();
                self.first_words.next = 3.into();
                self.kind_code.next = 0x03.into();
            }
            _ => {
                self.length.next = 2.into();
                self.first_words.next = 2.into();
                self.kind_code.next = 0x80.into();
            }
        }
        self.length_field.next = bit_cast::<32, 10>(self.length.val());
        self.length_placed.next = self.length_field.val() << 8;
        self.sequence_field.next = bit_cast::<32, 8>(self.sequence.q.val());
        self.sequence_placed.next = self.sequence_field.val() << 24;
        self.header_low.next = self.kind_code.val() | self.length_placed.val();
        self.high_part.next = 0.into();
        self.low_part.next = 0.into();
        self.low_placed.next = 0.into();
        match self.state.q.val() {
            Step::Idle => {
                self.sending.d.next = self.kind.val();
                self.number.d.next = 1.into();
                self.item.d.next = 0.into();
                self.third.d.next = 0.into();
                if self.start.val() {
                    self.state.d.next = Step::Header;
                }
            }
            Step::Header => {
                self.word.d.next = self.header_low.val() | self.sequence_placed.val();
                self.left.d.next = self.length.val();
                self.sequence.d.next = self.sequence.q.val() + 1;
                self.bytes_left.d.next = 3.into();
                self.state.d.next = Step::Send;
            }
            Step::Fetch => {
                comment!("Table and lock-in have the item's address; their data come with the next clock.");
                self.state.d.next = Step::Form;
            }
            Step::Form => {
                self.number.d.next = self.number.q.val() + 1;
                self.left.d.next = self.left.q.val() - 1;
                self.bytes_left.d.next = 3.into();
                self.state.d.next = Step::Send;
                if self.number.q.val() > self.first_words.val() {
                    self.number.d.next = self.number.q.val();
                    if self.sending.q.val().any() {
                        self.word.d.next = self.read_data.val();
                        self.item.d.next = self.item.q.val() + 1;
                    } else {
                        comment!("I low, I high beside Q low, Q high.");
                        self.third.d.next = self.third.q.val() + 1;
                        match self.third.q.val().index() {
                            0 => self.word.d.next = self.in_phase.val().get_bits::<32>(0),
                            1 => {
                                self.high_part.next =
                                    bit_cast::<32, 16>(self.in_phase.val().get_bits::<16>(32));
                                self.low_part.next =
                                    bit_cast::<32, 16>(self.quadrature.val().get_bits::<16>(0));
                                self.low_placed.next = self.low_part.val() << 16;
                                self.word.d.next = self.high_part.val() | self.low_placed.val();
                            }
                            _ => {
                                self.word.d.next = self.quadrature.val().get_bits::<32>(16);
                                self.third.d.next = 0.into();
                                self.item.d.next = self.item.q.val() + 1;
                            }
                        }
                    }
                } else {
                    match self.number.q.val().index() {
                        1 => self.word.d.next = self.word_1.val(),
                        2 => self.word.d.next = self.word_2.val(),
                        3 => self.word.d.next = self.word_3.val(),
                        4 => self.word.d.next = self.word_4.val(),
                        5 => self.word.d.next = self.word_5.val(),
                        _ => self.word.d.next = self.word_6.val(),
                    }
                }
            }
            Step::Send => {
                if self.byte_ready.val() {
                    self.word.d.next = self.word.q.val() >> 8;
                    self.bytes_left.d.next = self.bytes_left.q.val() - 1;
                    if !self.bytes_left.q.val().any() {
                        self.state.d.next = Step::Fetch;
                        if !self.left.q.val().any() {
                            self.state.d.next = Step::Idle;
                        }
                    }
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Idle;
            self.sequence.d.next = 0.into();
        }
    }
}
