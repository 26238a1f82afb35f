//! The engine of the emitted Verilog, compiled by Verilator or by Yosys's CXXRTL, in a separate process.

mod board;
mod compile;
mod process;

pub use board::BoardEngine;
pub use compile::Compiler;

use crate::bench::Bench;
use crate::engine::{Engine, EngineError, Passed, Time};
use hge_gateware::link::line::Line;
use hge_protocol::Parameters;
use process::{lost, Process};
use std::path::Path;

/// The compiled instrument, wired to a bench.
pub struct VerilogEngine {
    process: Process,
    bench: Box<dyn Bench>,
    codes: Vec<i16>,
    adc: Vec<i16>,
}

impl VerilogEngine {
    /// Compiles the Verilog of an instrument made for `parameters` (once; the program is kept in the
    /// user's cache) and starts it.
    ///
    /// # Errors
    /// A generic out of range; no compiler.
    pub fn new(parameters: Parameters, bench: Box<dyn Bench>) -> Result<Self, EngineError> {
        Self::with(Compiler::locate()?, parameters, bench)
    }

    /// The same with a compiler of choice.
    ///
    /// # Errors
    /// A generic out of range; the compiler fails.
    pub fn with(
        compiler: Compiler,
        parameters: Parameters,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        Self::start(&compiler.compile(&parameters)?, parameters, bench)
    }

    /// An instrument that is reached through the pins of its line. Its time cannot stand
    /// still: it goes on while the line is in use and for some thousand clocks after.
    ///
    /// # Errors
    /// A generic or the rate out of range; the compiler fails.
    pub fn on_line(
        compiler: Compiler,
        parameters: Parameters,
        line: Line,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        let program = compiler.compile_on_line(&parameters, line)?;
        Self::start(&program, parameters, bench)
    }

    fn start(
        program: &Path,
        parameters: Parameters,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        Ok(VerilogEngine {
            process: Process::start(program, &[parameters.outputs.to_string()])?,
            bench,
            codes: vec![0; parameters.outputs as usize],
            adc: vec![0; parameters.inputs as usize],
        })
    }

    /// A sample begins: the present codes go to the bench, its ADC codes come back.
    fn sample(&mut self) -> Result<(), EngineError> {
        for output in 0..self.codes.len() {
            self.codes[output] = i16::from_le_bytes(self.process.answer()?);
        }
        self.bench.samples(&self.codes, &mut self.adc);
        for code in &self.adc {
            self.process.order(&code.to_le_bytes())?;
        }
        self.process.flush()
    }
}

impl Engine for VerilogEngine {
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
        let mut passed = 0;
        loop {
            match self.process.answer::<1>()? {
                [b'T'] => {
                    self.sample()?;
                    passed += 1;
                }
                [b'D'] => {
                    let resting = self.process.end(into)?;
                    return Ok(Passed { samples: passed, resting });
                }
                [other] => return Err(lost(format!("it answered 0x{other:02x}"))),
            }
        }
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.process.set_interlock(closed)
    }
}
