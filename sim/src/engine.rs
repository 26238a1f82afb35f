//! Engines: simulators of the instrument behind the same byte streams.

use crate::model::Model;
use hge_protocol::frame::Status;
use thiserror::Error;

/// An engine could not go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A tool the engine needs is missing or failed.
    #[error("{0}")]
    Tool(String),
    /// The process that runs the compiled gateware ended or broke its protocol.
    #[error("the compiled gateware stopped responding: {0}; start again")]
    Lost(String),
    /// The board's pins broke what its converters demand, or took from them what they did not give.
    #[error("the board's pins are wrong: {0}")]
    Pins(String),
    /// The device of the instrument has failed.
    #[error("{0}")]
    Device(String),
}

/// How simulated time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Time stops while nothing is active, and always for the watchdog: a run depends only on its seed.
    Virtual,
    /// Time always advances, as does the watchdog.
    Real,
}

/// Result of granted time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Samples that went by.
    pub samples: u32,
    /// The instrument is idle and has no bytes left to send.
    pub resting: bool,
}

/// An instrument with its bench.
pub trait Engine: Send {
    /// Hands bytes to the instrument.
    ///
    /// # Errors
    /// The engine is lost.
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError>;

    /// Simulates at most `samples` samples and appends the instrument's bytes to `into`, at most about `room` of them: a
    /// frame once begun is completed. Virtual time stops at `room`; real time continues, and the instrument keeps as much as
    /// its memory holds.
    ///
    /// # Errors
    /// The engine is lost.
    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError>;

    /// Opens or closes the interlock; it is closed at first.
    ///
    /// # Errors
    /// The engine is lost.
    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError>;

    /// The value of the register at `address`, or why a request would not read it, past the link: no session is begun and no
    /// watchdog wound. `None`: this engine can be asked by requests alone.
    fn peek(&mut self, _address: u16) -> Option<Result<u32, Status>> {
        None
    }

    /// Advances virtual time until the instrument has sent bytes or is idle. `false`: it sent no bytes.
    ///
    /// # Errors
    /// The engine is lost.
    fn receive(&mut self, into: &mut Vec<u8>) -> Result<bool, EngineError> {
        let before = into.len();
        loop {
            let passed = self.advance(Time::Virtual, 1024, usize::MAX, into)?;
            if into.len() > before || passed.resting {
                return Ok(into.len() > before);
            }
        }
    }
}

impl Engine for Model {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        Model::receive(self, bytes);
        Ok(())
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        Ok(Model::advance(self, time, samples, room, into))
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        Model::set_interlock(self, closed);
        Ok(())
    }

    fn peek(&mut self, address: u16) -> Option<Result<u32, Status>> {
        Some(self.read(address))
    }
}
