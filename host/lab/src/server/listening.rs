//! A server that listens at an address.

use super::running::Running;
use super::{ServerError, Stop};
use std::net::SocketAddr;

/// A server and where it listens.
#[derive(Debug)]
pub struct Listening {
    pub(super) address: SocketAddr,
    pub(super) running: Running,
}

impl Listening {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server from elsewhere.
    pub fn handle(&self) -> Stop {
        self.running.handle()
    }

    /// Waits until the server has ended.
    ///
    /// # Errors
    /// Its engine failed.
    pub fn wait(self) -> Result<(), ServerError> {
        self.running.wait()
    }
}

/// Host and port of `address`: a port alone is one of this computer.
pub(super) fn whole(address: &str) -> String {
    match address.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_owned(),
    }
}
