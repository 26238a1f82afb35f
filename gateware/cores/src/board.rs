//! The board's top: everything except clock, pads and polarities, which a board's own top adds.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `locked`, `interlock` | in, 1 | the PLL has locked; the interlock is closed; both asynchronous |
//! | `rx`, `tx`, or `fifo_...` | | the line, as of [`crate::serial`] |
//! | `arm_button` | in, 1 | asynchronous, high while pressed: starts the embedded experiment ([`crate::boot`]), if there is one |
//! | `dac_sclk`, `dac_sync_n`, `dac_data` | out, 1 + 1 + 1 a chip | the DACs: with n chips output k is channel k div n of chip k mod n |
//! | `adc_sclk`, `adc_cs_n`, `adc_data` | out, out, in, 1 | the ADCs, with a data line each; for an AD7686 `adc_cs_n` is CNV |
//! | `output_enable` | out, 1 | closes the output switch behind the DAC: while armed and during the ramp to the safe values, once the DAC is set up; a register |
//! | `trigger`, `reference` | out, 1 | for an oscilloscope |
//! | `led_armed`, `led_fault`, `led_activity` | out, 1 | LEDs; activity is stretched to about a tenth of a second |
//!
//! The converters add one sample to the loop latency and set the minimum sample period, which
//! [`Converters::parameters`] enters into the instrument's parameters. Every output is a register except `trigger`, `reference` and the LEDs.

use crate::build::Build;
use crate::converter::{
    check_outputs, chips, least_sample_period_clocks, AdcPart, ConverterError, DacPart, DacTiming,
    SpiAdc, SpiDac,
};
use crate::engine::{per_input, Pass};
use crate::leaf::{Fixed, DFF};
use crate::link::line::Line;
use crate::serial::{SerialError, SerialInstrument};
use hge_protocol::recording::Recording;
use hge_protocol::{ParameterError, Parameters};
use rust_hdl::prelude::*;
use thiserror::Error;

/// Errors of a board's top.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoardError {
    /// The instrument on its line.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The converters.
    #[error(transparent)]
    Converter(#[from] ConverterError),
}

impl From<ParameterError> for BoardError {
    fn from(error: ParameterError) -> Self {
        Self::Serial(error.into())
    }
}

/// The converters of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Converters {
    /// Converter of the outputs.
    pub dac: DacPart,
    /// Behind the I-V converter.
    pub adc: AdcPart,
}

impl Converters {
    /// The parameters of an instrument with these generics and converters: widths, latency and minimum period.
    ///
    /// # Errors
    /// A clock too fast for them, or more outputs than the channels of eight DACs.
    pub fn parameters(self, wanted: &Parameters) -> Result<Parameters, ConverterError> {
        let Self { dac, adc } = self;
        check_outputs(dac, wanted.outputs)?;
        Ok(Parameters {
            dac_bits: dac.bits(),
            adc_bits: adc.bits(),
            converter_latency_samples: 1,
            converter_period_clocks: least_sample_period_clocks(dac, adc, wanted.clock_hz)?,
            ..*wanted
        })
    }
}

/// The instrument with converters, LEDs and the output switch.
#[derive(LogicBlock, Default)]
pub struct BoardTop<P: Pass> {
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
    /// The DAC's serial clock.
    pub dac_sclk: Signal<Out, Bit>,
    /// Low for a frame to the DAC.
    pub dac_sync_n: Signal<Out, Bit>,
    /// Bits to every DAC chip.
    pub dac_data: Vec<Signal<Out, Bit>>,
    /// The ADC's serial clock.
    pub adc_sclk: Signal<Out, Bit>,
    /// Low for a frame from the ADC.
    pub adc_cs_n: Signal<Out, Bit>,
    /// Bits from the ADC of every input.
    pub adc_data: Vec<Signal<In, Bit>>,
    /// Closes the switch behind the DAC.
    pub output_enable: Signal<Out, Bit>,
    /// First sample of a window.
    pub trigger: Signal<Out, Bit>,
    /// A slot's tone.
    pub reference: Signal<Out, Bit>,
    /// The guard is armed.
    pub led_armed: Signal<Out, Bit>,
    /// The guard has tripped since the last arming.
    pub led_fault: Signal<Out, Bit>,
    /// A run is in progress, or the host sends.
    pub led_activity: Signal<Out, Bit>,
    serial: SerialInstrument<P>,
    dac: SpiDac,
    adc: Vec<SpiAdc>,
    connected: DFF<Bit>,
    /// Counter that wraps some ten times a second.
    eye: DFF<Bits<26>>,
    /// Activity since it last wrapped; and in the period before.
    stirred: DFF<Bit>,
    lit: DFF<Bit>,
    eye_mask: Fixed<Bits<26>>,
    eye_next: Signal<Local, Bits<26>>,
    turns: Signal<Local, Bit>,
    stirs: Signal<Local, Bit>,
    stays: Signal<Local, Bit>,
}

impl<P: Pass> BoardTop<P> {
    /// A board's top for `wanted` with these converters, this line, the build facts and the recording to play after power-up.
    ///
    /// # Errors
    /// A generic, the line's rate or the clock is out of range.
    pub fn new(
        wanted: &Parameters,
        converters: Converters,
        line: Line,
        build: &Build,
        recording: &Recording,
    ) -> Result<Self, BoardError> {
        let parameters = converters.parameters(wanted)?;
        let settled = DacTiming::new(converters.dac, parameters.clock_hz)?.settled;
        // Between a 16th and an 8th of a second.
        let eye_mask = u64::from(parameters.clock_hz / 8).next_power_of_two() / 2 - 1;
        let mut board = Self {
            serial: SerialInstrument::unconnected(&parameters, line, build, recording)?,
            rx: line.of_uart(),
            tx: line.of_uart(),
            fifo_rxf_n: line.of_fifo(),
            fifo_txe_n: line.of_fifo(),
            fifo_rd_n: line.of_fifo(),
            fifo_wr_n: line.of_fifo(),
            fifo_data_in: line.of_fifo(),
            fifo_data_out: line.of_fifo(),
            fifo_drives: line.of_fifo(),
            dac: SpiDac::new(converters.dac, parameters.clock_hz, parameters.outputs)?,
            adc: (0..parameters.inputs)
                .map(|_| SpiAdc::new(converters.adc, parameters.clock_hz, settled))
                .collect::<Result<_, _>>()?,
            dac_data: (0..chips(parameters.outputs)).map(|_| Signal::default()).collect(),
            adc_data: per_input(&parameters, |_| Signal::default()),
            eye_mask: Fixed::new(Bits::from(eye_mask)),
            ..Default::default()
        };
        board.clock.connect();
        board.locked.connect();
        board.interlock.connect();
        board.arm_button.connect();
        for pin in board.rx.iter_mut().chain(&mut board.fifo_rxf_n).chain(&mut board.fifo_txe_n) {
            pin.connect();
        }
        board.fifo_data_in.iter_mut().for_each(Signal::connect);
        board.adc_data.iter_mut().for_each(Signal::connect);
        board.connect_all();
        Ok(board)
    }
}

impl<P: Pass> Logic for BoardTop<P> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, connected, eye, stirred, lit);
        clock!(self, clock, serial, dac);
        comment!("The line.");
        self.serial.locked.next = self.locked.val();
        self.serial.interlock.next = self.interlock.val();
        for i in 0..self.rx.len() {
            self.serial.rx[i].next = self.rx[i].val();
            self.tx[i].next = self.serial.tx[i].val();
        }
        for i in 0..self.fifo_drives.len() {
            self.serial.fifo_rxf_n[i].next = self.fifo_rxf_n[i].val();
            self.serial.fifo_txe_n[i].next = self.fifo_txe_n[i].val();
            self.fifo_rd_n[i].next = self.serial.fifo_rd_n[i].val();
            self.fifo_wr_n[i].next = self.serial.fifo_wr_n[i].val();
            self.serial.fifo_data_in[i].next = self.fifo_data_in[i].val();
            self.fifo_data_out[i].next = self.serial.fifo_data_out[i].val();
            self.fifo_drives[i].next = self.serial.fifo_drives[i].val();
        }
        self.serial.arm_button.next = self.arm_button.val();
        comment!("Converters.");
        self.dac.reset.next = self.serial.reset.val();
        self.dac.tick.next = self.serial.tick.val();
        self.dac.write.next = self.serial.dac_write.val();
        self.dac.index.next = self.serial.dac_index.val();
        self.dac.code.next = self.serial.dac_code.val();
        self.dac_sclk.next = self.dac.sclk.val();
        self.dac_sync_n.next = self.dac.sync_n.val();
        for i in 0..self.dac_data.len() {
            self.dac_data[i].next = self.dac.data[i].val();
        }
        for i in 0..self.adc.len() {
            self.adc[i].clock.next = self.clock.val();
            self.adc[i].reset.next = self.serial.reset.val() | (!self.dac.ready.val());
            self.adc[i].tick.next = self.serial.tick.val();
            self.adc[i].data.next = self.adc_data[i].val();
            self.serial.adc[i].next = self.adc[i].code.val();
        }
        comment!("All ADCs convert at once: they share clock and select line.");
        self.adc_sclk.next = self.adc[0].sclk.val();
        self.adc_cs_n.next = self.adc[0].cs_n.val();
        comment!("The switch.");
        comment!("A connected device stays connected during the ramp to the safe values: opening would be a step.");
        self.stays.next = self.connected.q.val() & self.serial.ramping_to_safe.val();
        self.connected.d.next = (self.serial.armed.val() | self.stays.val())
            & self.dac.ready.val()
            & (!self.serial.reset.val());
        self.output_enable.next = self.connected.q.val();
        comment!("For people.");
        self.trigger.next = self.serial.trigger.val();
        self.reference.next = self.serial.reference.val();
        self.led_armed.next = self.serial.armed.val();
        self.led_fault.next = self.serial.fault.val();
        self.stirs.next = self.serial.busy.val() | self.serial.heard.val();
        self.eye_next.next = self.eye.q.val() + 1;
        self.eye.d.next = self.eye_next.val() & self.eye_mask.val();
        self.turns.next = !self.eye.q.val().any();
        if self.turns.val() {
            self.lit.d.next = self.stirred.q.val();
            self.stirred.d.next = false;
        }
        if self.stirs.val() {
            self.stirred.d.next = true;
            self.lit.d.next = true;
        }
        self.led_activity.next = self.lit.q.val();
    }
}
