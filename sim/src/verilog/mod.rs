//! The engine that runs the emitted Verilog, compiled by Verilator or by Yosys's CXXRTL, in a process of its own.

mod compile;

pub use compile::Compiler;

use crate::bench::Bench;
use crate::engine::{Engine, EngineError, Passed, Time};
use hge_protocol::Parameters;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The compiled instrument, wired to a bench.
pub struct VerilogEngine {
    child: Child,
    orders: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
    bench: Box<dyn Bench>,
    codes: Vec<i16>,
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

    /// An instrument that is reached through its UART, `clocks_per_bit` clocks a bit. Its time cannot stand
    /// still: it goes on while the line is in use and for some thousand clocks after.
    ///
    /// # Errors
    /// A generic or the rate out of range; the compiler fails.
    pub fn serial(
        compiler: Compiler,
        parameters: Parameters,
        clocks_per_bit: u32,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        let program = compiler.compile_serial(&parameters, clocks_per_bit)?;
        Self::start(&program, parameters, bench)
    }

    fn start(
        program: &Path,
        parameters: Parameters,
        bench: Box<dyn Bench>,
    ) -> Result<Self, EngineError> {
        let mut child = Command::new(program)
            .arg(parameters.outputs.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| EngineError::Lost(format!("{}: {error}", program.display())))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(EngineError::Lost("it has no standard streams".into()));
        };
        Ok(VerilogEngine {
            child,
            orders: BufWriter::new(stdin),
            answers: BufReader::new(stdout),
            bench,
            codes: vec![0; parameters.outputs as usize],
        })
    }

    fn order(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.orders.write_all(bytes).map_err(lost)
    }

    fn answer<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], EngineError> {
        let mut bytes = [0; LENGTH];
        self.answers.read_exact(&mut bytes).map_err(lost)?;
        Ok(bytes)
    }

    /// A sample begins: the codes that stand go to the bench, its ADC code back.
    fn sample(&mut self) -> Result<(), EngineError> {
        for output in 0..self.codes.len() {
            self.codes[output] = i16::from_le_bytes(self.answer()?);
        }
        let mut adc = [0];
        self.bench.samples(&self.codes, &mut adc);
        self.order(&adc[0].to_le_bytes())?;
        self.orders.flush().map_err(lost)
    }
}

fn lost(error: std::io::Error) -> EngineError {
    EngineError::Lost(error.to_string())
}

impl Engine for VerilogEngine {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.order(b"S")?;
        self.order(&(bytes.len() as u32).to_le_bytes())?;
        self.order(bytes)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        self.order(if time == Time::Virtual { b"V" } else { b"F" })?;
        self.order(&samples.to_le_bytes())?;
        self.order(&room.to_le_bytes())?;
        self.orders.flush().map_err(lost)?;
        let mut passed = 0;
        loop {
            match self.answer::<1>()? {
                [b'T'] => {
                    self.sample()?;
                    passed += 1;
                }
                [b'D'] => {
                    let [resting] = self.answer()?;
                    let length = u32::from_le_bytes(self.answer()?) as usize;
                    let before = into.len();
                    into.resize(before + length, 0);
                    self.answers.read_exact(&mut into[before..]).map_err(lost)?;
                    return Ok(Passed { samples: passed, resting: resting != 0 });
                }
                [other] => return Err(EngineError::Lost(format!("it said 0x{other:02x}"))),
            }
        }
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.order(&[b'I', u8::from(closed)])
    }
}

impl Drop for VerilogEngine {
    fn drop(&mut self) {
        // It holds no state worth a farewell; a process that has already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
