//! Engines: what executes the instrument behind the same bytes.

use crate::model::Model;
use thiserror::Error;

/// An engine could not go on.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A tool the engine needs is missing or failed.
    #[error("{0}")]
    Tool(String),
    /// The process that runs the compiled gateware ended or broke its protocol.
    #[error("the compiled gateware stopped answering: {0}")]
    Lost(String),
}

/// An instrument with its bench, in virtual time: it stands still unless the instrument is busy.
pub trait Engine: Send {
    /// Hands request bytes to the instrument.
    ///
    /// # Errors
    /// The engine is lost.
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError>;

    /// Appends what the instrument says to `into`, letting time go on while it is busy. `false`:
    /// nothing was said, and nothing will be until something is sent.
    ///
    /// # Errors
    /// The engine is lost.
    fn receive(&mut self, into: &mut Vec<u8>) -> Result<bool, EngineError>;
}

impl Engine for Model {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        Model::receive(self, bytes);
        Ok(())
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Result<bool, EngineError> {
        Ok(self.deliver(into))
    }
}
