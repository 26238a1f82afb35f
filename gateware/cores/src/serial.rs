//! The instrument with its line, as a board instantiates it: a UART, or the FIFO of an FTDI bridge ([`crate::link::ft245`]).
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `locked`, `interlock` | in, 1 | the PLL has locked; the interlock is closed; both asynchronous |
//! | `rx`, `tx` | in, out, 1 | with a UART: the line, high at rest; 8 data bits, no parity, one stop bit |
//! | `fifo_...` | | with a FIFO: its pins, as there |
//! | `arm_button` | in, 1 | asynchronous, high while pressed; ignored without a recording |
//! | `adc`, `tick` | in 16 signed, out 1 | latest ADC code, sampled at the end of a clock with `tick` |
//! | `dac_write`, `dac_index`, `dac_code` | out, 1 + 5 + 16 signed | a new code, from the guard |
//! | `armed`, `ramping_to_safe` | out, 1 | outputs may be connected; or ramp to the safe values |
//! | `reset`, `fault`, `heard` | out, 1 | power-on reset; the guard has tripped since the last arming; a byte has arrived |
//! | `busy`, `window`, `trigger`, `reference` | out, 1 | as of the instrument |
//!
//! Time never stops here. While a recording is played ([`crate::boot`]) bytes of the host are ignored.

use crate::boot::Boot;
use crate::build::Build;
use crate::engine::{per_input, Pass};
use crate::instrument::Instrument;
use crate::leaf::Fixed;
use crate::link::ft245::Ft245;
use crate::link::line::Line;
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

/// Instrument and line: of receiver, transmitter and FIFO those that the line has.
#[derive(LogicBlock, Default)]
pub struct SerialInstrument<P: Pass> {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// The PLL has locked.
    pub locked: Signal<In, Bit>,
    /// The interlock is closed.
    pub interlock: Signal<In, Bit>,
    /// The line from the host.
    pub rx: Vec<Signal<In, Bit>>,
    /// The line to the host.
    pub tx: Vec<Signal<Out, Bit>>,
    /// Low: the bridge has a byte.
    pub fifo_rxf_n: Vec<Signal<In, Bit>>,
    /// Low: the bridge has room for a byte.
    pub fifo_txe_n: Vec<Signal<In, Bit>>,
    /// Low: the bridge drives its byte.
    pub fifo_rd_n: Vec<Signal<Out, Bit>>,
    /// The bridge takes a byte when it falls.
    pub fifo_wr_n: Vec<Signal<Out, Bit>>,
    /// Levels of the data pins.
    pub fifo_data_in: Vec<Signal<In, Bits<8>>>,
    /// Byte on the data pins.
    pub fifo_data_out: Vec<Signal<Out, Bits<8>>>,
    /// The data pins are driven.
    pub fifo_drives: Vec<Signal<Out, Bit>>,
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
    receiver: Vec<UartReceiver>,
    transmitter: Vec<UartTransmitter>,
    fifo: Vec<Ft245>,
    boot: Boot,
    instrument: Instrument<P>,
    /// There is an experiment to play.
    is_recorded: Fixed<Bit>,
}

impl<P: Pass> SerialInstrument<P> {
    /// An instrument with `parameters` on this line, for simulation: its build hash is 0.
    ///
    /// # Errors
    /// A generic or a rate out of range.
    pub fn new(parameters: &Parameters, line: Line) -> Result<Self, SerialError> {
        Self::with_build(parameters, line, &Build::default())
    }

    /// [`Self::new`] with build facts.
    ///
    /// # Errors
    /// A generic or a rate out of range.
    pub fn with_build(
        parameters: &Parameters,
        line: Line,
        build: &Build,
    ) -> Result<Self, SerialError> {
        let mut serial = Self::unconnected(parameters, line, build, &Recording::default())?;
        serial.clock.connect();
        serial.locked.connect();
        serial.interlock.connect();
        serial.arm_button.connect();
        for pin in serial.rx.iter_mut().chain(&mut serial.fifo_rxf_n).chain(&mut serial.fifo_txe_n)
        {
            pin.connect();
        }
        serial.fifo_data_in.iter_mut().for_each(Signal::connect);
        serial.adc.iter_mut().for_each(Signal::connect);
        serial.connect_all();
        Ok(serial)
    }

    /// [`Self::with_build`] as part of a larger block, with the recording to play after power-up.
    pub(crate) fn unconnected(
        parameters: &Parameters,
        line: Line,
        build: &Build,
        recording: &Recording,
    ) -> Result<Self, SerialError> {
        let clock_hz = parameters.clock_hz;
        let (mut receiver, mut transmitter, mut fifo) = (vec![], vec![], vec![]);
        match line {
            Line::Uart { baud } => {
                receiver.push(UartReceiver::new(clock_hz, baud)?);
                transmitter.push(UartTransmitter::new(clock_hz, baud)?);
            }
            Line::Ft245 => fifo.push(Ft245::new(clock_hz)),
        }
        Ok(Self {
            boot: Boot::new(recording, clock_hz),
            is_recorded: Fixed::new(!recording.bytes().is_empty()),
            instrument: Instrument::unconnected(parameters, build)?,
            receiver,
            transmitter,
            fifo,
            rx: line.of_uart(),
            tx: line.of_uart(),
            fifo_rxf_n: line.of_fifo(),
            fifo_txe_n: line.of_fifo(),
            fifo_rd_n: line.of_fifo(),
            fifo_wr_n: line.of_fifo(),
            fifo_data_in: line.of_fifo(),
            fifo_data_out: line.of_fifo(),
            fifo_drives: line.of_fifo(),
            adc: per_input(parameters, |_| Signal::default()),
            ..Default::default()
        })
    }
}

impl<P: Pass> Logic for SerialInstrument<P> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, boot, instrument);
        for i in 0..self.receiver.len() {
            self.receiver[i].clock.next = self.clock.val();
            self.transmitter[i].clock.next = self.clock.val();
            self.receiver[i].reset.next = self.instrument.reset.val();
            self.transmitter[i].reset.next = self.instrument.reset.val();
            self.receiver[i].pin.next = self.rx[i].val();
            self.tx[i].next = self.transmitter[i].pin.val();
            self.instrument.rx_byte.next = self.receiver[i].byte.val();
            self.instrument.rx_valid.next = self.receiver[i].valid.val();
            self.instrument.rx_fault.next = self.receiver[i].fault.val();
            self.transmitter[i].byte.next = self.instrument.tx_byte.val();
            self.transmitter[i].valid.next = self.instrument.tx_valid.val();
            self.instrument.tx_ready.next = self.transmitter[i].ready.val();
        }
        for i in 0..self.fifo.len() {
            self.fifo[i].clock.next = self.clock.val();
            self.fifo[i].reset.next = self.instrument.reset.val();
            self.fifo[i].rxf_n.next = self.fifo_rxf_n[i].val();
            self.fifo[i].txe_n.next = self.fifo_txe_n[i].val();
            self.fifo_rd_n[i].next = self.fifo[i].rd_n.val();
            self.fifo_wr_n[i].next = self.fifo[i].wr_n.val();
            self.fifo[i].data_in.next = self.fifo_data_in[i].val();
            self.fifo_data_out[i].next = self.fifo[i].data_out.val();
            self.fifo_drives[i].next = self.fifo[i].drives.val();
            self.instrument.rx_byte.next = self.fifo[i].from_host.val();
            self.instrument.rx_valid.next = self.fifo[i].from_host_valid.val();
            self.instrument.rx_fault.next = false;
            self.fifo[i].from_host_ready.next = self.instrument.rx_ready.val();
            self.fifo[i].to_host.next = self.instrument.tx_byte.val();
            self.fifo[i].to_host_valid.next = self.instrument.tx_valid.val();
            self.instrument.tx_ready.next = self.fifo[i].to_host_ready.val();
        }
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
        for i in 0..self.receiver.len() {
            self.heard.next = self.receiver[i].valid.val();
        }
        for i in 0..self.fifo.len() {
            self.heard.next = self.fifo[i].from_host_valid.val();
        }
        self.busy.next = self.instrument.busy.val();
        self.window.next = self.instrument.window.val();
        self.trigger.next = self.instrument.trigger.val();
        self.reference.next = self.instrument.reference.val();
    }
}
