//! Slot scan as pipelines: lanes side by side, each with as many slots as the others, process a slot a clock.
//!
//! Ports are those of [`super::Engine`]. Slots 0 to n - 1 are in the first lane, the next n in the second, and so on.
//! Lanes scan at the same time: a scan takes as many clocks as a lane has slots in use, and twelve of latency.
//! Tones of all lanes are added, a clock later where there are several. Window statistics are those of the first
//! lane; the others' are not read, and synthesis removes them. A word is valid in the clock of its request, if slot
//! and input have been valid for two clocks.

use super::lane::Lane;
use super::per_input;
use crate::gated::Gated;
use crate::leaf::{Fixed, DFF};
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Lanes side by side.
#[derive(LogicBlock, Default)]
pub struct Pipelined {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The output scan of this sample has ended; unused here.
    pub outputs_done: Signal<In, Bit>,
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
    /// Slot to set.
    pub slot_index: Signal<In, Bits<8>>,
    /// The word.
    pub slot_data: Signal<In, Bits<32>>,
    /// Output whose tone is read.
    pub read_output: Signal<In, Bits<6>>,
    /// Tone of the previous sample at that output.
    pub tone: Signal<Out, Signed<32>>,
    /// Slot of the reference pin.
    pub shown_slot: Signal<In, Bits<8>>,
    /// A slot's sine is valid, of the lane with the reference pin's slot.
    pub sine_valid: Signal<Out, Bit>,
    /// Slot of the sine.
    pub sine_slot: Signal<Out, Bits<8>>,
    /// The sine, Q1.15.
    pub sine: Signal<Out, Signed<16>>,
    /// Some driving tone is on in the next sample.
    pub sounding: Signal<Out, Bit>,
    /// Read request.
    pub read: Signal<In, Bit>,
    /// Slot of the request.
    pub read_slot: Signal<In, Bits<8>>,
    /// Input of the request.
    pub read_input: Signal<In, Bits<3>>,
    /// Word of the request, see [`super::word`].
    pub read_word: Signal<In, Bits<5>>,
    /// Valid.
    pub read_ready: Signal<Out, Bit>,
    /// The word.
    pub read_data: Signal<Out, Bits<16>>,
    lanes: Vec<Gated<Lane>>,
    /// First slot of every lane.
    bases: Vec<Fixed<Bits<9>>>,
    base_slots: Vec<Fixed<Bits<8>>>,
    /// Slots of a lane.
    lane_slots: Fixed<Bits<9>>,
    /// Bits of a slot's number that select its lane, and the others.
    lane_mask: Fixed<Bits<8>>,
    slot_mask: Fixed<Bits<8>>,
    /// The same bits of the number of slots in use.
    full_mask: Fixed<Bits<9>>,
    rest_mask: Fixed<Bits<9>>,
    /// Slots in use in every lane, and whether there are any.
    used: Vec<DFF<Bits<9>>>,
    scans: Vec<DFF<Bit>>,
    /// Sum of the tones of the lanes before each, and of all; and the register of the latter, of several lanes.
    tone_of: Vec<Signal<Local, Signed<32>>>,
    total: Signal<Local, Signed<32>>,
    totals: Vec<DFF<Signed<32>>>,
    full: Signal<Local, Bits<9>>,
    rest: Signal<Local, Bits<9>>,
    write_lane: Signal<Local, Bits<8>>,
    write_slot: Signal<Local, Bits<8>>,
    shown_lane: Signal<Local, Bits<8>>,
    read_lane: Signal<Local, Bits<8>>,
    lane_slot: Signal<Local, Bits<8>>,
}

impl Pipelined {
    /// For the slots and the lanes of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let (lanes, lane_slots) = (parameters.lanes, u64::from(parameters.lane_slots()));
        let base = |lane: u32| u64::from(lane) * lane_slots;
        // With one lane every bit belongs to the slot, with several a lane has a power of two of slots.
        let lane_mask = (base(lanes) - 1) & !(lane_slots - 1);
        let lane_mask = if lanes == 1 { 0 } else { lane_mask };
        let full_mask = if lanes == 1 { 0 } else { 0x1ff & !(lane_slots - 1) };
        Self {
            samples: per_input(parameters, |_| Signal::default()),
            lanes: (0..lanes).map(|_| Lane::new(parameters).into()).collect(),
            bases: (0..lanes).map(|lane| Fixed::new(base(lane).into())).collect(),
            base_slots: (0..lanes).map(|lane| Fixed::new(base(lane).into())).collect(),
            lane_slots: Fixed::new(lane_slots.into()),
            lane_mask: Fixed::new(lane_mask.into()),
            slot_mask: Fixed::new((0xff & !lane_mask).into()),
            full_mask: Fixed::new(full_mask.into()),
            rest_mask: Fixed::new((0x1ff & !full_mask).into()),
            used: (0..lanes).map(|_| DFF::default()).collect(),
            scans: (0..lanes).map(|_| DFF::default()).collect(),
            tone_of: (0..=lanes).map(|_| Signal::default()).collect(),
            totals: (0..u32::from(lanes > 1)).map(|_| DFF::default()).collect(),
            ..Default::default()
        }
    }
}

impl Logic for Pipelined {
    #[hdl_gen]
    fn update(&mut self) {
        comment!("Slots in use in every lane: all before the last one in use, the rest there.");
        self.full.next = self.slots_used.val() & self.full_mask.val();
        self.rest.next = self.slots_used.val() & self.rest_mask.val();
        self.write_lane.next = self.slot_index.val() & self.lane_mask.val();
        self.write_slot.next = self.slot_index.val() & self.slot_mask.val();
        self.shown_lane.next = self.shown_slot.val() & self.lane_mask.val();
        self.lane_slot.next = self.read_slot.val() & self.slot_mask.val();
        comment!("Statistics are read from the first lane.");
        self.read_lane.next = self.read_slot.val() & self.lane_mask.val();
        if (self.read_word.val().get_bit(4)) & (self.read_word.val().get_bit(3)) {
            self.read_lane.next = 0.into();
        }
        self.tone_of[0].next = 0.into();
        self.total.next = 0.into();
        self.sounding.next = false;
        self.sine_valid.next = false;
        self.sine_slot.next = 0.into();
        self.sine.next = 0.into();
        self.read_data.next = 0.into();
        for i in 0..self.lanes.len() {
            self.used[i].clock.next = self.clock.val();
            self.used[i].d.next = 0.into();
            if self.full.val() == self.bases[i].val() {
                self.used[i].d.next = self.rest.val();
            }
            if self.full.val() > self.bases[i].val() {
                self.used[i].d.next = self.lane_slots.val();
            }
            self.scans[i].clock.next = self.clock.val();
            self.scans[i].d.next = self.used[i].q.val().any();
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].reset.next = self.reset.val();
            self.lanes[i].begin.next = self.begin.val();
            self.lanes[i].tones.next = self.tones.val() & self.scans[i].q.val();
            self.lanes[i].restart.next = self.restart.val();
            self.lanes[i].gate.next = self.gate.val();
            self.lanes[i].take.next = self.take.val();
            self.lanes[i].first.next = self.first.val();
            self.lanes[i].second_half.next = self.second_half.val();
            for j in 0..self.samples.len() {
                self.lanes[i].samples[j].next = self.samples[j].val();
            }
            self.lanes[i].signal.next = self.signal.val();
            self.lanes[i].slots_used.next = self.used[i].q.val();
            self.lanes[i].tuning_write.next =
                self.tuning_write.val() & (self.write_lane.val() == self.base_slots[i].val());
            self.lanes[i].slot_write.next =
                self.slot_write.val() & (self.write_lane.val() == self.base_slots[i].val());
            self.lanes[i].code_write.next = self.code_write.val();
            self.lanes[i].code_chip.next = self.slot_index.val();
            self.lanes[i].slot_index.next = self.write_slot.val();
            self.lanes[i].slot_data.next = self.slot_data.val();
            self.lanes[i].read_output.next = self.read_output.val();
            self.tone_of[i + 1].next = self.tone_of[i].val() + self.lanes[i].tone.val();
            self.total.next = self.tone_of[i + 1].val();
            if self.lanes[i].sounding.val() {
                self.sounding.next = true;
            }
            if self.shown_lane.val() == self.base_slots[i].val() {
                self.sine_valid.next = self.lanes[i].sine_valid.val();
                self.sine_slot.next = self.lanes[i].sine_slot.val() | self.base_slots[i].val();
                self.sine.next = self.lanes[i].sine.val();
            }
            self.lanes[i].read_slot.next = self.lane_slot.val();
            self.lanes[i].read_input.next = self.read_input.val();
            self.lanes[i].read_word.next = self.read_word.val();
            if self.read_lane.val() == self.base_slots[i].val() {
                self.read_data.next = self.lanes[i].read_data.val();
            }
        }
        self.tone.next = self.total.val();
        for i in 0..self.totals.len() {
            self.totals[i].clock.next = self.clock.val();
            self.totals[i].d.next = self.total.val();
            self.tone.next = self.totals[i].q.val();
        }
        self.read_ready.next = self.read.val();
    }
}
