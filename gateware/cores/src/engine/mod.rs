//! The slots' pass: tones, lock-in and levels of one sample.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `begin` | in, 1 | a sample begins; its state is known |
//! | `outputs_done` | in, 1 | the outputs' pass of this sample has ended |
//! | `tones`, `restart`, `gate`, `take`, `first`, `second_half` | in, 1 | what the sample is, from the sequencer |
//! | `sample` | in, 16 signed | ADC code of this sample, held |
//! | `signal` | in, 16 signed | what the lock-in takes, held from five clocks after `begin` on; [`Stepped`] takes `sample` |
//! | `slots_used` | in, 9 | slots to visit |
//! | `tuning_write`, `slot_write`, `slot_index`, `slot_data` | in, 1 + 1 + 8 + 32 | tuning and routing words, while no run is going on; data stand for a clock more, the index for two |
//! | `code_write` | in, 1 | row `slot_data` of the codes' chip `slot_index`, as these; [`Stepped`] has no codes |
//! | `read_output`, `tone`, `tones_fresh` | in 5, out 32 signed + 1 | tones of the sample before, at step 5 of the output that the modulator works on |
//! | `sine_valid`, `sine_slot`, `sine` | out, 1 + 8 + 16 signed | the sines of the pass, for the reference pin |
//! | `sounding` | out, 1 | some driving tone sounds in the next sample |
//! | `read`, `read_slot`, `read_word` | in, 1 + 8 + 5 | a word is wanted, see [`word`]; they stand until it is there, `read_slot` from two clocks before |
//! | `read_ready`, `read_data` | out, 1 + 16 | it is there |
//!
//! One of two cores does it, with the same results in every bit:
//!
//! | | [`Pipelined`] | [`Stepped`] |
//! |---|---|---|
//! | clocks | 1 a slot, beside the outputs' pass | 16 a slot, after the outputs' pass |
//! | multipliers | 3 | 1 |
//! | memory, 24 slots | 13 block RAMs of 16 x 256 bits, and 4 for the wave | 2, and 4 for the wave |
//!
//! The second is for small FPGAs behind SPI converters, whose sample has hundreds of clocks; [`Parameters::slot_clocks`] chooses.

mod pipelined;
mod stepped;

pub use pipelined::Pipelined;
pub use stepped::Stepped;

use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Words that can be read out between passes, 16 bits each: numbers of [`Engine::read_word`].
pub mod word {
    /// Upper half of the slot's routing word; bit 13 means nothing.
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

/// A way to visit the slots.
///
/// An [`Engine`] is wires around one; how they run is written down once for both, below.
pub trait Pass: Block + Default + Send + 'static {
    /// For the slots and outputs of `parameters`.
    fn new(parameters: &Parameters) -> Self;
    /// The engine's kernel, run as Rust.
    fn run(engine: &mut Engine<Self>);
    /// What it drives.
    fn drive(engine: &mut Engine<Self>);
    /// The same as hardware.
    fn write(engine: &Engine<Self>) -> Verilog;
}

/// The slots' pass.
#[derive(LogicBlock, Default)]
pub struct Engine<P: Pass> {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The outputs' pass of this sample has ended.
    pub outputs_done: Signal<In, Bit>,
    /// The pass runs in this sample.
    pub tones: Signal<In, Bit>,
    /// Phases begin anew.
    pub restart: Signal<In, Bit>,
    /// Tones may sound past their next zero crossing.
    pub gate: Signal<In, Bit>,
    /// The sample belongs to the window.
    pub take: Signal<In, Bit>,
    /// It is the window's first.
    pub first: Signal<In, Bit>,
    /// It belongs to its second half.
    pub second_half: Signal<In, Bit>,
    /// ADC code of this sample.
    pub sample: Signal<In, Signed<16>>,
    /// What the lock-in takes.
    pub signal: Signal<In, Signed<16>>,
    /// Slots to visit.
    pub slots_used: Signal<In, Bits<9>>,
    /// Sets a tuning word.
    pub tuning_write: Signal<In, Bit>,
    /// Sets a routing word.
    pub slot_write: Signal<In, Bit>,
    /// Sets the row of a chip.
    pub code_write: Signal<In, Bit>,
    /// Its slot.
    pub slot_index: Signal<In, Bits<8>>,
    /// The word.
    pub slot_data: Signal<In, Bits<32>>,
    /// Output whose tone is wanted.
    pub read_output: Signal<In, Bits<5>>,
    /// Its tone in the sample before.
    pub tone: Signal<Out, Signed<32>>,
    /// There was a pass in the sample before.
    pub tones_fresh: Signal<Out, Bit>,
    /// A slot's sine is at hand.
    pub sine_valid: Signal<Out, Bit>,
    /// Its slot.
    pub sine_slot: Signal<Out, Bits<8>>,
    /// The sine, Q1.15.
    pub sine: Signal<Out, Signed<16>>,
    /// Some driving tone sounds in the next sample.
    pub sounding: Signal<Out, Bit>,
    /// A word is wanted.
    pub read: Signal<In, Bit>,
    /// Of this slot.
    pub read_slot: Signal<In, Bits<8>>,
    /// Which, see [`word`].
    pub read_word: Signal<In, Bits<5>>,
    /// It is there.
    pub read_ready: Signal<Out, Bit>,
    /// The word.
    pub read_data: Signal<Out, Bits<16>>,
    pass: P,
    /// Whether there is a pass in this sample, and was in the one before.
    ran: DFF<Bit>,
    fresh: DFF<Bit>,
}

impl<P: Pass> Engine<P> {
    /// For the slots and outputs of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        Self { pass: P::new(parameters), ..Default::default() }
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

/// The engine's kernel, for each of the passes: it reads ports, which a type parameter cannot promise.
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
                self.pass.sample.next = self.sample.val();
                self.pass.signal.next = self.signal.val();
                self.pass.slots_used.next = self.slots_used.val();
                self.pass.tuning_write.next = self.tuning_write.val();
                self.pass.slot_write.next = self.slot_write.val();
                self.pass.code_write.next = self.code_write.val();
                self.pass.slot_index.next = self.slot_index.val();
                self.pass.slot_data.next = self.slot_data.val();
                self.pass.read_output.next = self.read_output.val();
                self.tone.next = self.pass.tone.val();
                self.sine_valid.next = self.pass.sine_valid.val();
                self.sine_slot.next = self.pass.sine_slot.val();
                self.sine.next = self.pass.sine.val();
                self.sounding.next = self.pass.sounding.val();
                self.pass.read.next = self.read.val();
                self.pass.read_slot.next = self.read_slot.val();
                self.pass.read_word.next = self.read_word.val();
                self.read_ready.next = self.pass.read_ready.val();
                self.read_data.next = self.pass.read_data.val();
                comment!("Whether the outputs' pass finds tones.");
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

/// What `hdl_gen` makes of a kernel.
trait Wires {
    fn update(&mut self);
    fn connect(&mut self);
    fn hdl(&self) -> Verilog;
}

pass!(Pipelined);
pass!(Stepped);
