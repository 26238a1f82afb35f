//! The instrument with a UART, as a board instantiates it.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `locked`, `interlock` | in, 1 | the PLL has locked; the interlock is closed; both asynchronous |
//! | `rx`, `tx` | in, out, 1 | the line, high at rest; 8 data bits, no parity, one stop bit |
//! | `arm_button` | in, 1 | asynchronous, high while pressed; ignored without a recording |
//! | `adc`, `tick` | in 16 signed, out 1 | latest ADC code, sampled at the end of a clock with `tick` |
//! | `dac_write`, `dac_index`, `dac_code` | out, 1 + 5 + 16 signed | a new code, from the guard |
//! | `armed`, `ramping_to_safe` | out, 1 | outputs may be connected; or ramp to the safe values |
//! | `reset`, `fault`, `heard` | out, 1 | power-on reset; the guard has tripped since the last arming; a byte has arrived |
//! | `busy`, `window`, `trigger`, `reference` | out, 1 | as of the instrument |
//!
//! Time never stops here. While a recording is played ([`crate::boot`]) bytes on `rx` are ignored.

use crate::boot::Boot;
use crate::build::Build;
use crate::engine::{per_input, Pass};
use crate::instrument::Instrument;
use crate::leaf::Fixed;
use crate::link::uart_receiver::{RateError, UartReceiver};
use crate::link::uart_transmitter::UartTransmitter;
use hge_protocol::recording::Recording;
use hge_protocol::{ParameterError, Parameters};
use rust_hdl::prelude::*;
use thiserror::Error;

/// Errors of a serial instrument.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SerialError {
    /// A generic out of range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A rate that the clock cannot make.
    #[error(transparent)]
    Rate(#[from] RateError),
}

/// Receiver, instrument, transmitter.
#[derive(LogicBlock, Default)]
pub struct SerialInstrument<P: Pass> {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// The PLL has locked.
    pub locked: Signal<In, Bit>,
    /// The interlock is closed.
    pub interlock: Signal<In, Bit>,
    /// The line from the host.
    pub rx: Signal<In, Bit>,
    /// The line to the host.
    pub tx: Signal<Out, Bit>,
    /// The button that starts the embedded experiment.
    pub arm_button: Signal<In, Bit>,
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
    /// Power-on reset.
    pub reset: Signal<Out, Bit>,
    /// Disarmed, outputs ramp to the safe values.
    pub ramping_to_safe: Signal<Out, Bit>,
    /// The guard has tripped since the last arming.
    pub fault: Signal<Out, Bit>,
    /// A byte has arrived.
    pub heard: Signal<Out, Bit>,
    /// A run is in progress.
    pub busy: Signal<Out, Bit>,
    /// The sample belongs to a window.
    pub window: Signal<Out, Bit>,
    /// The sample is the first of the window.
    pub trigger: Signal<Out, Bit>,
    /// A slot's tone.
    pub reference: Signal<Out, Bit>,
    receiver: UartReceiver,
    transmitter: UartTransmitter,
    boot: Boot,
    instrument: Instrument<P>,
    /// There is an experiment to play.
    is_recorded: Fixed<Bit>,
}

impl<P: Pass> SerialInstrument<P> {
    /// An instrument with `parameters` at `baud` bits a second, for simulation: its build hash is 0.
    ///
    /// # Errors
    /// A generic or a rate out of range.
    pub fn new(parameters: &Parameters, baud: u32) -> Result<Self, SerialError> {
        Self::with_build(parameters, baud, &Build::default())
    }

    /// [`Self::new`] with build facts.
    ///
    /// # Errors
    /// A generic or a rate out of range.
    pub fn with_build(
        parameters: &Parameters,
        baud: u32,
        build: &Build,
    ) -> Result<Self, SerialError> {
        let mut serial = Self::unconnected(parameters, baud, build, &Recording::default())?;
        serial.clock.connect();
        serial.locked.connect();
        serial.interlock.connect();
        serial.rx.connect();
        serial.arm_button.connect();
        serial.adc.iter_mut().for_each(Signal::connect);
        serial.connect_all();
        Ok(serial)
    }

    /// [`Self::with_build`] as part of a larger block, with the recording to play after power-up.
    pub(crate) fn unconnected(
        parameters: &Parameters,
        baud: u32,
        build: &Build,
        recording: &Recording,
    ) -> Result<Self, SerialError> {
        Ok(Self {
            boot: Boot::new(recording, parameters.clock_hz),
            is_recorded: Fixed::new(!recording.bytes().is_empty()),
            instrument: Instrument::unconnected(parameters, build)?,
            receiver: UartReceiver::new(parameters.clock_hz, baud)?,
            transmitter: UartTransmitter::new(parameters.clock_hz, baud)?,
            adc: per_input(parameters, |_| Signal::default()),
            ..Default::default()
        })
    }
}

impl<P: Pass> Logic for SerialInstrument<P> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, receiver, transmitter, boot, instrument);
        self.receiver.reset.next = self.instrument.reset.val();
        self.transmitter.reset.next = self.instrument.reset.val();
        self.receiver.pin.next = self.rx.val();
        self.tx.next = self.transmitter.pin.val();
        self.instrument.rx_byte.next = self.receiver.byte.val();
        self.instrument.rx_valid.next = self.receiver.valid.val();
        self.instrument.rx_fault.next = self.receiver.fault.val();
        if self.boot.plays.val() & self.is_recorded.val() {
            self.instrument.rx_byte.next = self.boot.byte.val();
            self.instrument.rx_valid.next = self.boot.valid.val();
            self.instrument.rx_fault.next = false;
        }
        self.boot.reset.next = self.instrument.reset.val();
        self.boot.button.next = self.arm_button.val();
        self.boot.armed.next = self.instrument.armed.val();
        self.boot.active.next = self.instrument.active.val();
        self.boot.busy.next = self.instrument.busy.val();
        self.boot.ready.next = self.instrument.rx_ready.val();
        self.transmitter.byte.next = self.instrument.tx_byte.val();
        self.transmitter.valid.next = self.instrument.tx_valid.val();
        self.instrument.tx_ready.next = self.transmitter.ready.val();
        self.instrument.locked.next = self.locked.val();
        self.instrument.interlock.next = self.interlock.val();
        self.instrument.hold.next = false;
        for i in 0..self.adc.len() {
            self.instrument.adc[i].next = self.adc[i].val();
        }
        self.tick.next = self.instrument.tick.val();
        self.dac_write.next = self.instrument.dac_write.val();
        self.dac_index.next = self.instrument.dac_index.val();
        self.dac_code.next = self.instrument.dac_code.val();
        self.armed.next = self.instrument.armed.val();
        self.ramping_to_safe.next = self.instrument.ramping_to_safe.val();
        self.reset.next = self.instrument.reset.val();
        self.fault.next = self.instrument.fault.val();
        self.heard.next = self.receiver.valid.val();
        self.busy.next = self.instrument.busy.val();
        self.window.next = self.instrument.window.val();
        self.trigger.next = self.instrument.trigger.val();
        self.reference.next = self.instrument.reference.val();
    }
}
