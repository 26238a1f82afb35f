//! Slot scan: tones, lock-in and window statistics of one sample.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `begin` | in, 1 | a sample begins; its state is known |
//! | `outputs_done` | in, 1 | the output scan of this sample has ended |
//! | `tones`, `restart`, `gate`, `take`, `first`, `second_half` | in, 1 | state of the sample, from the sequencer |
//! | `samples` | in, 16 signed each | ADC code of every input in this sample, held |
//! | `signal` | in, 16 signed | input of the first lock-in, held from five clocks after `begin` on; the others, and [`Stepped`], use `samples` |
//! | `slots_used` | in, 9 | slots in use, two clocks before `begin` |
//! | `tuning_write`, `slot_write`, `slot_index`, `slot_data` | in, 1 + 1 + 8 + 32 | tuning and routing words, outside runs; data are valid for one more clock, the index for two |
//! | `code_write` | in, 1 | row `slot_data` of the codes' chip `slot_index`, likewise; [`Stepped`] has no codes |
//! | `read_output`, `tone`, `tones_fresh` | in 5, out 32 signed + 1 | tones of the previous sample, at step 5 of the modulator's output |
//! | `shown_slot` | in, 8 | slot of the reference pin |
//! | `sine_valid`, `sine_slot`, `sine` | out, 1 + 8 + 16 signed | the sines of the scan, of the lane with that slot |
//! | `sounding` | out, 1 | some driving tone is on in the next sample |
//! | `read`, `read_slot`, `read_input`, `read_word` | in, 1 + 8 + 3 + 5 | read request, see [`word`]; held until `read_ready`, slot and input from two clocks before |
//! | `read_ready`, `read_data` | out, 1 + 16 | the word is valid |
//!
//! Two cores implement the scan, with equal results in every bit:
//!
//! | | [`Pipelined`] | [`Stepped`] |
//! |---|---|---|
//! | clocks | 1 a slot of a lane, in parallel with the output scan | 16 a slot and 6 for each further input, after the output scan |
//! | multipliers | 2 an input, and 1, in every lane | 1 |
//! | memory, 24 slots | 7 block RAMs of 16 x 256 bits, 12 an input, and 4 for the wave; with the update in hardware 1 more, and 12 an input | 2 an input, and 4 for the wave |
//!
//! The second is for small FPGAs with SPI converters, whose sample has hundreds of clocks; [`Parameters::slot_clocks`] selects.

mod lane;
mod pipelined;
mod stepped;

pub use pipelined::Pipelined;
pub use stepped::Stepped;

use crate::gated::Inputs;
use crate::leaf::{Fixed, DFF};
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Words that can be read between scans, 16 bits each: numbers for [`Engine::read_word`].
pub mod word {
    /// Upper half of the slot's routing word; bit 13 is undefined.
    pub const ROUTE: u8 = 0;
    /// In-phase sum, lowest of three words.
    pub const IN_PHASE: u8 = 10;
    /// Quadrature sum, lowest of three words.
    pub const QUADRATURE: u8 = 13;
    /// Sum of the window's first half, lower of two words.
    pub const SUM_FIRST: u8 = 24;
    /// Sum of the second half, lower of two words.
    pub const SUM_SECOND: u8 = 26;
    /// Least ADC code of the window, and after it the greatest.
    pub const EXTREMES: u8 = 28;
}

/// A part for each input.
pub(crate) fn per_input<T>(parameters: &Parameters, part: impl Fn(u32) -> T) -> Vec<T> {
    (0..parameters.inputs).map(part).collect()
}

/// Number of every input, for comparisons in kernels.
pub(crate) fn input_numbers(parameters: &Parameters) -> Vec<Fixed<Bits<3>>> {
    per_input(parameters, |input| Fixed::new(Bits::from(u64::from(input))))
}

/// Bits of an input's number that the instrument needs: none with one input.
pub(crate) fn input_mask(parameters: &Parameters) -> Fixed<Bits<3>> {
    Fixed::new(Bits::from(u64::from(parameters.inputs.next_power_of_two() - 1)))
}

/// An implementation of the slot scan.
///
/// An [`Engine`] is wires around one; the code below runs both kinds.
pub trait Pass: Block + Default + Send + 'static {
    /// For the slots and outputs of `parameters`.
    fn new(parameters: &Parameters) -> Self;
    /// The engine's kernel, run as Rust.
    fn run(engine: &mut Engine<Self>);
    /// Drives the engine's outputs.
    fn drive(engine: &mut Engine<Self>);
    /// The kernel as hardware.
    fn write(engine: &Engine<Self>) -> Verilog;
}

/// The slot scan.
#[derive(LogicBlock, Inputs, Default)]
pub struct Engine<P: Pass> {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The output scan of this sample has ended.
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
    /// There was a slot scan in the previous sample.
    pub tones_fresh: Signal<Out, Bit>,
    /// Slot of the reference pin.
    pub shown_slot: Signal<In, Bits<8>>,
    /// A slot's sine is valid.
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
    /// Word of the request, see [`word`].
    pub read_word: Signal<In, Bits<5>>,
    /// Valid.
    pub read_ready: Signal<Out, Bit>,
    /// The word.
    pub read_data: Signal<Out, Bits<16>>,
    pass: P,
    /// Whether there is a slot scan in this sample, and was in the previous one.
    ran: DFF<Bit>,
    fresh: DFF<Bit>,
}

impl<P: Pass> Engine<P> {
    /// For the slots and outputs of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            pass: P::new(parameters),
            samples: per_input(parameters, |_| Signal::default()),
            ..Default::default()
        }
    }
}

impl<P: Pass> Logic for Engine<P> {
    fn update(&mut self) {
        P::run(self);
    }

    fn connect(&mut self) {
        P::drive(self);
    }

    fn hdl(&self) -> Verilog {
        P::write(self)
    }
}

/// The engine's kernel, for each implementation: it reads ports, which a type parameter cannot promise.
macro_rules! pass {
    ($pass:ident) => {
        impl Pass for $pass {
            fn new(parameters: &Parameters) -> Self {
                $pass::new(parameters)
            }

            fn run(engine: &mut Engine<Self>) {
                Wires::update(engine);
            }

            fn drive(engine: &mut Engine<Self>) {
                Wires::connect(engine);
            }

            fn write(engine: &Engine<Self>) -> Verilog {
                Wires::hdl(engine)
            }
        }

        impl Wires for Engine<$pass> {
            #[hdl_gen]
            fn update(&mut self) {
                dff_setup!(self, clock, ran, fresh);
                clock!(self, clock, pass);
                self.pass.reset.next = self.reset.val();
                self.pass.begin.next = self.begin.val();
                self.pass.outputs_done.next = self.outputs_done.val();
                self.pass.tones.next = self.tones.val();
                self.pass.restart.next = self.restart.val();
                self.pass.gate.next = self.gate.val();
                self.pass.take.next = self.take.val();
                self.pass.first.next = self.first.val();
                self.pass.second_half.next = self.second_half.val();
                for i in 0..self.samples.len() {
                    self.pass.samples[i].next = self.samples[i].val();
                }
                self.pass.signal.next = self.signal.val();
                self.pass.slots_used.next = self.slots_used.val();
                self.pass.tuning_write.next = self.tuning_write.val();
                self.pass.slot_write.next = self.slot_write.val();
                self.pass.code_write.next = self.code_write.val();
                self.pass.slot_index.next = self.slot_index.val();
                self.pass.slot_data.next = self.slot_data.val();
                self.pass.read_output.next = self.read_output.val();
                self.tone.next = self.pass.tone.val();
                self.pass.shown_slot.next = self.shown_slot.val();
                self.sine_valid.next = self.pass.sine_valid.val();
                self.sine_slot.next = self.pass.sine_slot.val();
                self.sine.next = self.pass.sine.val();
                self.sounding.next = self.pass.sounding.val();
                self.pass.read.next = self.read.val();
                self.pass.read_slot.next = self.read_slot.val();
                self.pass.read_input.next = self.read_input.val();
                self.pass.read_word.next = self.read_word.val();
                self.read_ready.next = self.pass.read_ready.val();
                self.read_data.next = self.pass.read_data.val();
                comment!("Whether tones are valid for the output scan.");
                self.tones_fresh.next = self.fresh.q.val();
                if self.begin.val() {
                    self.ran.d.next = self.tones.val();
                    self.fresh.d.next = self.ran.q.val();
                }
                if self.reset.val() {
                    self.ran.d.next = false;
                    self.fresh.d.next = false;
                }
            }
        }
    };
}

/// The kernel as `hdl_gen` represents it.
trait Wires {
    fn update(&mut self);
    fn connect(&mut self);
    fn hdl(&self) -> Verilog;
}

pass!(Pipelined);
pass!(Stepped);
