//! Timeouts and retries of a driver.

use super::{Cancel, Health};
use std::time::Duration;

/// How patient a driver is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Longest wait for a reply before the request is sent again, shorter as soon as replies are measured; without it, what
    /// the link thinks right.
    pub reply_timeout: Option<Duration>,
    /// Number of longest waits without a reply after which an instrument counts as silent.
    pub attempts: u32,
    /// Silence during a run after which the instrument is asked how it is.
    pub poll_interval: Duration,
    /// Draws nonces from this seed instead of the system's entropy, for tests.
    pub nonce_seed: Option<u64>,
    /// Ends every wait.
    pub cancel: Cancel,
    /// Follows how link and guard are.
    pub health: Health,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            reply_timeout: None,
            attempts: 8,
            poll_interval: Duration::from_millis(250),
            nonce_seed: None,
            cancel: Cancel::default(),
            health: Health::default(),
        }
    }
}
