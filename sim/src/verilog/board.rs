//! The engine of a board's top at its pins: compiled Verilog, its line, and models of the converters.

use super::{lost, Compiler, Process};
use crate::bench::Bench;
use crate::converter::{AdcKind, Circuit, DacKind, Pins, SpiAdc};
use crate::engine::{Engine, EngineError, Passed, Time};
use hge_gateware::board::Converters;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::link::line::Line;
use hge_protocol::recording::Recording;
use hge_protocol::Parameters;
use std::path::Path;

/// Picoseconds in a second.
const PS_PER_S: u64 = 1_000_000_000_000;

/// A compiled board's top with converters and a bench. Its time never stops, and it never reports rest.
pub struct BoardEngine {
    process: Process,
    circuit: Circuit,
    clock_hz: u64,
    clock: u64,
}

/// The model of a part.
fn models(converters: Converters) -> (DacKind, AdcKind) {
    let dac = match converters.dac {
        DacPart::Ad5628 => DacKind::Ad5628,
        DacPart::Ad5648 => DacKind::Ad5648,
        DacPart::Ad5668 => DacKind::Ad5668,
        DacPart::Dac8568 => DacKind::Dac8568,
    };
    let adc = match converters.adc {
        AdcPart::Ad7476a => AdcKind::Ad7476a,
        AdcPart::Ad7686 => AdcKind::Ad7686,
    };
    (dac, adc)
}

impl BoardEngine {
    /// Compiles the board's top for `wanted` with these converters, this line and what is played after power-up
    /// (once; the program is kept in the user's cache), and starts it.
    ///
    /// # Errors
    /// A generic, the rate or the clock out of range; the compiler fails.
    pub fn new(
        compiler: &Compiler,
        wanted: &Parameters,
        converters: Converters,
        line: Line,
        recording: &Recording,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        let program = compiler.compile_board(wanted, converters, line, recording)?;
        Self::of(&program, wanted, converters, bench)
    }

    /// The same from a program of [`Compiler`].
    ///
    /// # Errors
    /// It does not start.
    pub fn of(
        program: &Path,
        wanted: &Parameters,
        converters: Converters,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        let (dac, adc) = models(converters);
        let clock_hz = u64::from(wanted.clock_hz);
        let (enable_ns, delay_ns) = SpiAdc::delays_ns(adc);
        let clocks = |ns: u64| (ns * clock_hz).div_ceil(1_000_000_000).max(1).to_string();
        let arguments = [wanted.outputs.to_string(), clocks(enable_ns), clocks(delay_ns)];
        Ok(BoardEngine {
            process: Process::start(program, &arguments)?,
            circuit: Circuit::new(dac, adc, wanted.outputs as usize, wanted.inputs as usize, bench),
            clock_hz,
            clock: 0,
        })
    }

    /// The converters on its pins.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Presses or releases the button that starts the recording; it is up at first.
    ///
    /// # Errors
    /// The engine is lost.
    pub fn press(&mut self, pressed: bool) -> Result<(), EngineError> {
        self.process.press(pressed)
    }

    /// Takes over what the pins did, and says what the next frame of every ADC holds.
    fn exchange(&mut self) -> Result<(), EngineError> {
        let count = u32::from_le_bytes(self.process.answer()?) as usize;
        let mut changes = vec![0; 7 * count];
        self.process.answer_into(&mut changes)?;
        for change in changes.chunks_exact(7) {
            let clocks = u32::from_le_bytes([change[0], change[1], change[2], change[3]]);
            self.clock += u64::from(clocks);
            let at_ps =
                (u128::from(self.clock) * u128::from(PS_PER_S) / u128::from(self.clock_hz)) as u64;
            let level = |bit: u8| change[4] >> bit & 1 == 1;
            let pins = Pins {
                dac_sclk: level(0),
                dac_sync_n: level(1),
                dac_data: change[5],
                adc_sclk: level(2),
                adc_cs_n: level(3),
                output_enable: level(4),
            };
            self.circuit
                .step(at_ps, pins, change[6])
                .map_err(|fault| EngineError::Pins(fault.to_string()))?;
        }
        for adc in self.circuit.adcs() {
            self.process.order(&adc.word().to_le_bytes())?;
        }
        self.process.flush()
    }
}

impl Engine for BoardEngine {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.process.send(bytes)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        self.process.begin(time, samples, room)?;
        let before = self.circuit.samples();
        loop {
            match self.process.answer::<1>()? {
                [b'E'] => self.exchange()?,
                [b'D'] => {
                    // A silent line is no sign of rest: a run may be going on.
                    self.process.end(into)?;
                    let samples = (self.circuit.samples() - before) as u32;
                    return Ok(Passed { samples, resting: false });
                }
                [other] => return Err(lost(format!("it answered 0x{other:02x}"))),
            }
        }
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.process.set_interlock(closed)
    }
}
