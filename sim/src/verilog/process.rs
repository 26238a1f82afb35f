//! The process of a compiled instrument, and its two streams.

use crate::engine::{EngineError, Time};
use hge_system::process::Group;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

/// A running harness; `harness.cpp` says what goes over its streams.
pub(super) struct Process {
    /// Ends with the engine.
    _group: Group,
    orders: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The process violated its protocol, or has ended.
pub(super) fn lost(problem: impl ToString) -> EngineError {
    EngineError::Lost(problem.to_string())
}

impl Process {
    pub(super) fn start(program: &Path, arguments: &[String]) -> Result<Self, EngineError> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command)
            .map_err(|error| lost(format!("{}: {error}", program.display())))?;
        let child = group.child();
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(lost("it has no standard streams"));
        };
        Ok(Process {
            _group: group,
            orders: BufWriter::new(stdin),
            answers: BufReader::new(stdout),
        })
    }

    pub(super) fn order(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.orders.write_all(bytes).map_err(lost)
    }

    pub(super) fn flush(&mut self) -> Result<(), EngineError> {
        self.orders.flush().map_err(lost)
    }

    pub(super) fn answer_into(&mut self, bytes: &mut [u8]) -> Result<(), EngineError> {
        self.answers.read_exact(bytes).map_err(lost)
    }

    pub(super) fn answer<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], EngineError> {
        let mut bytes = [0; LENGTH];
        self.answer_into(&mut bytes)?;
        Ok(bytes)
    }

    /// Bytes for the instrument.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.order(b"S")?;
        self.order(&(bytes.len() as u32).to_le_bytes())?;
        self.order(bytes)
    }

    pub(super) fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.order(&[b'I', u8::from(closed)])
    }

    /// Of a board alone.
    pub(super) fn press(&mut self, pressed: bool) -> Result<(), EngineError> {
        self.order(&[b'B', u8::from(pressed)])
    }

    /// Lets time go on.
    pub(super) fn begin(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
    ) -> Result<(), EngineError> {
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        self.order(if time == Time::Virtual { b"V" } else { b"F" })?;
        self.order(&samples.to_le_bytes())?;
        self.order(&room.to_le_bytes())?;
        self.flush()
    }

    /// Time stands: what the instrument has sent goes to `into`; whether it rests.
    pub(super) fn end(&mut self, into: &mut Vec<u8>) -> Result<bool, EngineError> {
        let [resting] = self.answer()?;
        let length = u32::from_le_bytes(self.answer()?) as usize;
        let before = into.len();
        into.resize(before + length, 0);
        self.answer_into(&mut into[before..])?;
        Ok(resting != 0)
    }
}
