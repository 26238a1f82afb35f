//! Lane: NCO, the lock-ins of all inputs and tone mixer process the slots of one lane, one a clock.
//!
//! Ports are those of [`super::Engine`] with slots counted within the lane, and `code_chip` beside `slot_index`. A scan
//! begins with the sample, in parallel with the output scan, and takes `slots_used` clocks and twelve of latency: seven
//! of the NCO and five of the lock-in. Multipliers: two in each lock-in, one in the tone mixer. A word is valid in the
//! clock of its request, if slot and input have been valid for two clocks.
//!
//! With the update in hardware, which reads while the next window may be summed, inputs have banks (bit 7 of
//! `read_slot` selects the window before the present one) and routing words a second memory.

use super::{input_mask, input_numbers, per_input};
use crate::gated::{Gated, Inputs};
use crate::input_channel::InputChannel;
use crate::leaf::{Fixed, Ram, DFF};
use crate::nco::Nco;
use crate::tone_mixer::ToneMixer;
use crate::word::ToWord;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// One pipeline for the slots of a lane.
#[derive(LogicBlock, Inputs, Default)]
pub struct Lane {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The slot scan runs in this sample.
    pub tones: Signal<In, Bit>,
    /// Phases restart.
    pub restart: Signal<In, Bit>,
    /// Tones may continue past their next zero crossing.
    pub gate: Signal<In, Bit>,
    /// The sample belongs to the window.
    pub take: Signal<In, Bit>,
    /// The sample is the first of the window.
    pub first: Signal<In, Bit>,
    /// The sample belongs to the window's second half.
    pub second_half: Signal<In, Bit>,
    /// ADC code of every input in this sample.
    pub samples: Vec<Signal<In, Signed<16>>>,
    /// Input of the first lock-in.
    pub signal: Signal<In, Signed<16>>,
    /// Slots in use.
    pub slots_used: Signal<In, Bits<9>>,
    /// Sets a tuning word.
    pub tuning_write: Signal<In, Bit>,
    /// Sets a routing word.
    pub slot_write: Signal<In, Bit>,
    /// Sets the row of a chip.
    pub code_write: Signal<In, Bit>,
    /// Chip of that row.
    pub code_chip: Signal<In, Bits<8>>,
    /// Slot to set.
    pub slot_index: Signal<In, Bits<8>>,
    /// The word.
    pub slot_data: Signal<In, Bits<32>>,
    /// Output whose tone is read.
    pub read_output: Signal<In, Bits<6>>,
    /// Tone of the previous sample at that output.
    pub tone: Signal<Out, Signed<32>>,
    /// A slot's sine is valid.
    pub sine_valid: Signal<Out, Bit>,
    /// Slot of the sine.
    pub sine_slot: Signal<Out, Bits<8>>,
    /// The sine, Q1.15.
    pub sine: Signal<Out, Signed<16>>,
    /// Some driving tone is on in the next sample.
    pub sounding: Signal<Out, Bit>,
    /// Slot of a request.
    pub read_slot: Signal<In, Bits<8>>,
    /// Input of the request.
    pub read_input: Signal<In, Bits<3>>,
    /// Word of the request, see [`super::word`].
    pub read_word: Signal<In, Bits<5>>,
    /// The word.
    pub read_data: Signal<Out, Bits<16>>,
    nco: Gated<Nco>,
    inputs: Vec<Gated<InputChannel>>,
    numbers: Vec<Fixed<Bits<3>>>,
    input_mask: Fixed<Bits<3>>,
    mixer: Gated<ToneMixer>,
    /// Routing word of every slot, read when its sine is valid.
    words: Ram<32, 8>,
    /// Their upper halves, to be read at any time, if need be.
    routes: Vec<Ram<16, 8>>,
    running: DFF<Bit>,
    slot: DFF<Bits<9>>,
    sounds: DFF<Bit>,
    /// Tags along the seven clocks of the NCO.
    valid_1: DFF<Bit>,
    valid_2: DFF<Bit>,
    valid_3: DFF<Bit>,
    valid_4: DFF<Bit>,
    valid_5: DFF<Bit>,
    valid_6: DFF<Bit>,
    valid_7: DFF<Bit>,
    slot_1: DFF<Bits<8>>,
    slot_2: DFF<Bits<8>>,
    slot_3: DFF<Bits<8>>,
    slot_4: DFF<Bits<8>>,
    slot_5: DFF<Bits<8>>,
    slot_6: DFF<Bits<8>>,
    slot_7: DFF<Bits<8>>,
    /// Whether the slot is on in the next sample.
    active_6: DFF<Bit>,
    active_7: DFF<Bit>,
    enters: Signal<Local, Bit>,
    /// Upper half of the requested slot's routing word.
    route: Signal<Local, Bits<16>>,
    takes: Signal<Local, Bit>,
    chosen: Signal<Local, Bits<3>>,
    in_phase: Signal<Local, Bits<48>>,
    quadrature: Signal<Local, Bits<48>>,
    sum_first: Signal<Local, Bits<32>>,
    sum_second: Signal<Local, Bits<32>>,
    least: Signal<Local, Bits<16>>,
    greatest: Signal<Local, Bits<16>>,
    /// The same of the inputs before each, and of all.
    in_phase_of: Vec<Signal<Local, Bits<48>>>,
    quadrature_of: Vec<Signal<Local, Bits<48>>>,
    sum_first_of: Vec<Signal<Local, Bits<32>>>,
    sum_second_of: Vec<Signal<Local, Bits<32>>>,
    least_of: Vec<Signal<Local, Bits<16>>>,
    greatest_of: Vec<Signal<Local, Bits<16>>>,
    coming: Signal<Local, Bits<9>>,
    next_slot: Signal<Local, Bits<9>>,
    present: Signal<Local, Bits<8>>,
}

impl Lane {
    /// For the slots of a lane of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let slots = parameters.lane_slots() as usize;
        let is_banked = parameters.update.is_hardware();
        let nco = Nco::new(slots);
        Self {
            nco: if parameters.carriers.has_codes() {
                nco.with_codes(parameters.loop_latency_samples())
            } else {
                nco
            }
            .into(),
            samples: per_input(parameters, |_| Signal::default()),
            inputs: per_input(parameters, |_| InputChannel::new().with_banks(is_banked).into()),
            numbers: input_numbers(parameters),
            in_phase_of: running_or(parameters),
            quadrature_of: running_or(parameters),
            sum_first_of: running_or(parameters),
            sum_second_of: running_or(parameters),
            least_of: running_or(parameters),
            greatest_of: running_or(parameters),
            input_mask: input_mask(parameters),
            mixer: ToneMixer::new().with_shared_outputs(parameters.lanes > 1).into(),
            words: Ram::new(slots).registered(),
            routes: (0..usize::from(is_banked)).map(|_| Ram::new(slots).registered()).collect(),
            ..Default::default()
        }
    }
}

/// A word of no input, of the first, of the first two, and so on.
fn running_or<const N: usize>(parameters: &Parameters) -> Vec<Signal<Local, Bits<N>>> {
    (0..=parameters.inputs).map(|_| Signal::default()).collect()
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, running, slot, sounds, valid_1, valid_2, valid_3, valid_4, valid_5,
            valid_6, valid_7, slot_1, slot_2, slot_3, slot_4, slot_5, slot_6, slot_7, active_6,
            active_7
        );
        clock!(self, clock, nco, mixer, words);
        comment!("The slot scan: one slot a clock.");
        self.present.next = bit_cast::<8, _>(self.slot.q.val());
        self.next_slot.next = self.slot.q.val() + 1;
        self.coming.next = self.slot.q.val();
        if self.running.q.val() {
            self.coming.next = self.next_slot.val();
            if self.next_slot.val() == self.slots_used.val() {
                self.running.d.next = false;
            }
        }
        if self.begin.val() {
            self.coming.next = 0.into();
            self.running.d.next = self.tones.val();
        }
        self.slot.d.next = self.coming.val();
        self.words.read_address.next = self.read_slot.val();
        if self.valid_5.q.val() {
            self.words.read_address.next = self.slot_5.q.val();
        }
        self.words.write_enable.next = self.slot_write.val();
        self.words.write_address.next = self.slot_index.val();
        self.words.write_data.next = self.slot_data.val();
        self.nco.valid.next = self.running.q.val();
        self.nco.slot.next = self.present.val();
        self.nco.restart.next = self.restart.val();
        self.nco.gate.next = self.gate.val();
        self.nco.start_write.next = self.slot_write.val();
        self.nco.start_slot.next = self.slot_index.val();
        self.nco.start_data.next = self.slot_data.val().to_bits().get_bits::<8>(16);
        self.nco.start_code.next = self.slot_data.val().get_bit(15);
        self.nco.code_write.next = self.code_write.val();
        self.nco.code_chip.next = self.code_chip.val();
        self.nco.code_row.next = bit_cast::<8, _>(self.slot_data.val());
        self.nco.tuning_write.next = self.tuning_write.val();
        self.nco.tuning_slot.next = self.slot_index.val();
        self.nco.tuning_data.next = self.slot_data.val();
        comment!("Tags in parallel with the NCO.");
        self.valid_1.d.next = self.running.q.val();
        self.valid_2.d.next = self.valid_1.q.val();
        self.valid_3.d.next = self.valid_2.q.val();
        self.valid_4.d.next = self.valid_3.q.val();
        self.valid_5.d.next = self.valid_4.q.val();
        self.valid_6.d.next = self.valid_5.q.val();
        self.valid_7.d.next = self.valid_6.q.val();
        self.slot_1.d.next = self.present.val();
        self.slot_2.d.next = self.slot_1.q.val();
        self.slot_3.d.next = self.slot_2.q.val();
        self.slot_4.d.next = self.slot_3.q.val();
        self.slot_5.d.next = self.slot_4.q.val();
        self.slot_6.d.next = self.slot_5.q.val();
        self.slot_7.d.next = self.slot_6.q.val();
        self.active_6.d.next = self.nco.next_active.val();
        self.active_7.d.next = self.active_6.q.val();
        comment!("Whether a driving tone is on in the next sample.");
        self.sounding.next = self.sounds.q.val();
        if self.begin.val() {
            self.sounds.d.next = false;
        }
        if self.valid_7.q.val() & self.active_7.q.val() & (self.words.read_data.val().get_bit(30)) {
            self.sounds.d.next = true;
        }
        comment!("Sine and cosine to the lock-ins, sine to the tone mixer.");
        self.sine_valid.next = self.valid_7.q.val();
        self.sine_slot.next = self.slot_7.q.val();
        self.sine.next = self.nco.sine.val();
        self.mixer.tick.next = self.begin.val();
        self.mixer.valid.next = self.valid_7.q.val();
        self.mixer.word.next = self.words.read_data.val();
        self.mixer.sine.next = self.nco.sine.val();
        self.mixer.active.next = self.nco.active.val();
        self.mixer.read_output.next = self.read_output.val();
        self.tone.next = self.mixer.tone.val();
        self.enters.next = self.valid_7.q.val() & self.take.val();
        self.takes.next = self.begin.val() & self.take.val();
        for i in 0..self.inputs.len() {
            self.inputs[i].clock.next = self.clock.val();
            self.inputs[i].valid.next = self.enters.val();
            self.inputs[i].slot.next = self.slot_7.q.val();
            self.inputs[i].sine.next = self.nco.sine.val();
            self.inputs[i].cosine.next = self.nco.cosine.val();
            self.inputs[i].take.next = self.takes.val();
            self.inputs[i].sample.next = self.samples[i].val();
            self.inputs[i].signal.next = self.samples[i].val();
            self.inputs[i].first.next = self.first.val();
            self.inputs[i].second_half.next = self.second_half.val();
            self.inputs[i].read_slot.next = self.read_slot.val();
        }
        self.inputs[0].signal.next = self.signal.val();
        comment!("Read-out: inputs that are not selected read as zero.");
        self.chosen.next = self.read_input.val() & self.input_mask.val();
        self.in_phase_of[0].next = 0.into();
        self.quadrature_of[0].next = 0.into();
        self.sum_first_of[0].next = 0.into();
        self.sum_second_of[0].next = 0.into();
        self.least_of[0].next = 0.into();
        self.greatest_of[0].next = 0.into();
        for i in 0..self.inputs.len() {
            self.inputs[i].selected.next = self.chosen.val() == self.numbers[i].val();
            self.in_phase_of[i + 1].next =
                self.in_phase_of[i].val() | self.inputs[i].in_phase.val();
            self.in_phase.next = self.in_phase_of[i + 1].val();
            self.quadrature_of[i + 1].next =
                self.quadrature_of[i].val() | self.inputs[i].quadrature.val();
            self.quadrature.next = self.quadrature_of[i + 1].val();
            self.sum_first_of[i + 1].next =
                self.sum_first_of[i].val() | self.inputs[i].sum_first.val();
            self.sum_first.next = self.sum_first_of[i + 1].val();
            self.sum_second_of[i + 1].next =
                self.sum_second_of[i].val() | self.inputs[i].sum_second.val();
            self.sum_second.next = self.sum_second_of[i + 1].val();
            self.least_of[i + 1].next = self.least_of[i].val() | self.inputs[i].least.val();
            self.least.next = self.least_of[i + 1].val();
            self.greatest_of[i + 1].next =
                self.greatest_of[i].val() | self.inputs[i].greatest.val();
            self.greatest.next = self.greatest_of[i + 1].val();
        }
        self.route.next = self.words.read_data.val().to_bits().get_bits::<16>(16);
        for i in 0..self.routes.len() {
            self.routes[i].clock.next = self.clock.val();
            self.routes[i].write_enable.next = self.slot_write.val();
            self.routes[i].write_address.next = self.slot_index.val();
            self.routes[i].write_data.next = self.slot_data.val().to_bits().get_bits::<16>(16);
            self.routes[i].read_address.next = self.read_slot.val();
            self.route.next = self.routes[i].read_data.val();
        }
        match self.read_word.val().index() {
            10 => self.read_data.next = bit_cast::<16, _>(self.in_phase.val()),
            11 => self.read_data.next = self.in_phase.val().to_bits().get_bits::<16>(16),
            12 => self.read_data.next = self.in_phase.val().to_bits().get_bits::<16>(32),
            13 => self.read_data.next = bit_cast::<16, _>(self.quadrature.val()),
            14 => self.read_data.next = self.quadrature.val().to_bits().get_bits::<16>(16),
            15 => self.read_data.next = self.quadrature.val().to_bits().get_bits::<16>(32),
            24 => self.read_data.next = bit_cast::<16, _>(self.sum_first.val()),
            25 => self.read_data.next = self.sum_first.val().to_bits().get_bits::<16>(16),
            26 => self.read_data.next = bit_cast::<16, _>(self.sum_second.val()),
            27 => self.read_data.next = self.sum_second.val().to_bits().get_bits::<16>(16),
            28 => self.read_data.next = self.least.val(),
            29 => self.read_data.next = self.greatest.val(),
            _ => self.read_data.next = self.route.val(),
        }
        if self.reset.val() {
            self.running.d.next = false;
        }
    }
}
