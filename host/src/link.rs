//! The pipe of bytes between driver and instrument.

use hge_sim::engine::{Engine, EngineError};
use thiserror::Error;

/// The pipe broke.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The engine behind an in-process link failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A lossless pipe of bytes. Serial ports and sockets join behind the same two calls.
pub trait Link: Send {
    /// Hands bytes to the instrument.
    ///
    /// # Errors
    /// The pipe broke.
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError>;

    /// Appends what has arrived to `into`, waiting for something. `false`: nothing arrived, and the
    /// wait is over.
    ///
    /// # Errors
    /// The pipe broke.
    fn receive(&mut self, into: &mut Vec<u8>) -> Result<bool, LinkError>;
}

/// An engine in this process. Its time is virtual: it goes on only while the driver waits.
pub struct InProcess {
    engine: Box<dyn Engine>,
}

impl InProcess {
    /// A link to `engine`.
    pub fn new(engine: Box<dyn Engine>) -> Self {
        InProcess { engine }
    }
}

impl Link for InProcess {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        Ok(self.engine.send(bytes)?)
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Result<bool, LinkError> {
        Ok(self.engine.receive(into)?)
    }
}
