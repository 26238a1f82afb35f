//! Complete instrument: byte streams on one side, converters on the other.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `locked` | in, 1 | the PLL has locked, asynchronous |
//! | `interlock` | in, 1 | the interlock, asynchronous; high is closed |
//! | `hold` | in, 1 | stop time while idle, and always the watchdog (simulation; low on boards) |
//! | `rx_byte`, `rx_valid`, `rx_ready`, `rx_fault` | in 8 + 1, out 1, in 1 | requests; a byte was lost on the line |
//! | `tx_byte`, `tx_valid`, `tx_ready` | out 8 + 1, in 1 | replies and telemetry |
//! | `reset` | out, 1 | control registers are in reset until the clock is stable |
//! | `adc` | in, 16 signed each | latest ADC code of every input; sampled at the end of a clock with `tick` |
//! | `tick` | out, 1 | a sample begins |
//! | `dac_write`, `dac_index`, `dac_code` | out, 1 + 5 + 16 signed | a new code, from the guard |
//! | `armed` | out, 1 | outputs may be connected |
//! | `ramping_to_safe` | out, 1 | disarmed, outputs ramp to the safe values |
//! | `fault` | out, 1 | the guard has tripped since the last arming |
//! | `busy` | out, 1 | a run is in progress |
//! | `active` | out, 1 | a run, a capture or a ramp to the safe values is in progress: samples continue |
//! | `resting` | out, 1 | nothing is active, in execution or being sent: with `hold`, nothing will follow (simulation) |
//! | `window`, `trigger` | out, 1 + 1 | the sample belongs to a window; it is the window's first |
//! | `reference` | out, 1 | a slot's tone, see `REFERENCE` |
//!
//! A sample takes one output scan (8 clocks an output and 7) in parallel with one slot scan (a clock a slot and 12). A tone
//! computed in sample n reaches the DAC in sample n + 1 and the ADC in sample n + 2.

mod kernel;

use crate::access::Access;
use crate::build::Build;
use crate::capture::Capture;
use crate::cost::Cost;
use crate::engine::{input_mask, input_numbers, per_input, Engine, Pass};
use crate::gated::Gated;
use crate::guard::Guard;
use crate::leaf::{Fixed, Ram, DFF};
use crate::link::Link;
use crate::modulator::Modulator;
use crate::post_processor::PostProcessor;
use crate::reference::Reference;
use crate::registers::Registers;
use crate::reset::Reset;
use crate::sequencer::Sequencer;
use crate::supervisor::Supervisor;
use crate::timer::Timer;
use hge_protocol::table::TableLayout;
use hge_protocol::{ParameterError, Parameters};
use rust_hdl::prelude::*;

/// The instrument between its byte streams and its converters.
#[derive(LogicBlock, Default)]
pub struct Instrument<P: Pass> {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// The PLL has locked.
    pub locked: Signal<In, Bit>,
    /// The interlock is closed.
    pub interlock: Signal<In, Bit>,
    /// Stop time while idle.
    pub hold: Signal<In, Bit>,
    /// A byte of a request.
    pub rx_byte: Signal<In, Bits<8>>,
    /// Valid.
    pub rx_valid: Signal<In, Bit>,
    /// Accepted in this clock.
    pub rx_ready: Signal<Out, Bit>,
    /// A byte was lost on the line.
    pub rx_fault: Signal<In, Bit>,
    /// A byte of a frame.
    pub tx_byte: Signal<Out, Bits<8>>,
    /// Valid.
    pub tx_valid: Signal<Out, Bit>,
    /// Accepted in this clock.
    pub tx_ready: Signal<In, Bit>,
    /// Control registers are in reset.
    pub reset: Signal<Out, Bit>,
    /// Latest ADC code of every input.
    pub adc: Vec<Signal<In, Signed<16>>>,
    /// A sample begins.
    pub tick: Signal<Out, Bit>,
    /// A new code for the DAC.
    pub dac_write: Signal<Out, Bit>,
    /// Output of the code.
    pub dac_index: Signal<Out, Bits<6>>,
    /// The code.
    pub dac_code: Signal<Out, Signed<16>>,
    /// Outputs may be connected.
    pub armed: Signal<Out, Bit>,
    /// Disarmed, outputs ramp to the safe values.
    pub ramping_to_safe: Signal<Out, Bit>,
    /// The guard has tripped since the last arming.
    pub fault: Signal<Out, Bit>,
    /// A run is in progress.
    pub busy: Signal<Out, Bit>,
    /// A run, a capture or a ramp to the safe values is in progress.
    pub active: Signal<Out, Bit>,
    /// Idle.
    pub resting: Signal<Out, Bit>,
    /// The sample belongs to a window.
    pub window: Signal<Out, Bit>,
    /// The sample is the first of the window.
    pub trigger: Signal<Out, Bit>,
    /// A slot's tone.
    pub reference: Signal<Out, Bit>,
    power_on: Reset,
    timer: Gated<Timer>,
    link: Gated<Link>,
    access: Gated<Access>,
    registers: Gated<Registers>,
    supervisor: Gated<Supervisor>,
    sequencer: Gated<Sequencer>,
    engine: Gated<Engine<P>>,
    modulator: Gated<Modulator>,
    guard: Gated<Guard>,
    post_processor: Gated<PostProcessor>,
    cost: Gated<Cost>,
    capture: Gated<Capture>,
    shown: Gated<Reference>,
    /// The parameter table.
    parameters: Ram<32, 12>,
    /// The tick, a clock later: the sample's state is valid.
    begin: DFF<Bit>,
    /// ADC code of every input in this sample.
    samples: Vec<DFF<Signed<16>>>,
    numbers: Vec<Fixed<Bits<3>>>,
    /// A window's first sample begins; with the update in hardware.
    opening: Vec<Signal<Local, Bit>>,
    input_mask: Fixed<Bits<3>>,
    captured_input: Signal<Local, Bits<3>>,
    goes_on: Signal<Local, Bit>,
    tripped: Signal<Local, Bit>,
    /// The status register while its bits are collected.
    status_none: Signal<Local, Bits<8>>,
    status_0: Signal<Local, Bits<8>>,
    status_1: Signal<Local, Bits<8>>,
    status_2: Signal<Local, Bits<8>>,
    status_3: Signal<Local, Bits<8>>,
    status_4: Signal<Local, Bits<8>>,
    status_5: Signal<Local, Bits<8>>,
}

impl<P: Pass> Instrument<P> {
    /// An instrument with `parameters`, for simulation: its build hash is 0.
    ///
    /// # Errors
    /// A generic out of range.
    pub fn new(parameters: &Parameters) -> Result<Self, ParameterError> {
        Self::with_build(parameters, &Build::default())
    }

    /// An instrument with `parameters` and build facts.
    ///
    /// # Errors
    /// A generic out of range.
    pub fn with_build(parameters: &Parameters, build: &Build) -> Result<Self, ParameterError> {
        let mut instrument = Self::unconnected(parameters, build)?;
        instrument.clock.connect();
        instrument.locked.connect();
        instrument.interlock.connect();
        instrument.hold.connect();
        instrument.rx_byte.connect();
        instrument.rx_valid.connect();
        instrument.rx_fault.connect();
        instrument.tx_ready.connect();
        instrument.adc.iter_mut().for_each(Signal::connect);
        instrument.connect_all();
        Ok(instrument)
    }

    /// [`Self::with_build`] as part of a larger block.
    pub(crate) fn unconnected(
        parameters: &Parameters,
        build: &Build,
    ) -> Result<Self, ParameterError> {
        parameters.check()?;
        Ok(Self {
            power_on: Reset::new(parameters.clock_hz),
            link: Link::new(parameters).into(),
            access: Access::new(parameters).into(),
            registers: Registers::new(parameters, build).into(),
            engine: Engine::new(parameters).into(),
            adc: per_input(parameters, |_| Signal::default()),
            samples: per_input(parameters, |_| DFF::default()),
            numbers: input_numbers(parameters),
            opening: (0..usize::from(parameters.update.is_hardware()))
                .map(|_| Signal::default())
                .collect(),
            input_mask: input_mask(parameters),
            supervisor: Supervisor::new(parameters).into(),
            sequencer: Sequencer::default()
                .at_clock(parameters.clock_hz)
                .with_short_gap(parameters.update.is_hardware())
                .into(),
            modulator: Modulator::new(parameters.outputs, parameters.dac_bits)
                .at_clock(parameters.clock_hz)
                .into(),
            guard: Guard::new(parameters.outputs).at_clock(parameters.clock_hz).into(),
            post_processor: PostProcessor::new(parameters).into(),
            cost: Cost::new(parameters.has_cost()).into(),
            parameters: Ram::new(TableLayout::of(parameters).words as usize),
            capture: Capture::new().into(),
            ..Default::default()
        })
    }
}
