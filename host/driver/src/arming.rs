//! Arming and disarming of the guard, and the interval of watchdog requests.

use super::{ArmMode, DriverError, Instrument};
use hge_protocol::registers::{self as map, command, status};
use std::sync::PoisonError;
use std::time::Duration;

/// Interval of watchdog requests while the caller is silent, as a fraction of its time: a single lost request must not trip
/// it.
const WINDS: u32 = 4;

/// Longest interval of polls whether the outputs have reached their safe values.
const RAMP_POLL_INTERVAL: Duration = Duration::from_millis(10);

impl Instrument {
    /// Lets the outputs follow the modulator.
    ///
    /// # Errors
    /// A protection of the device is missing, or an access fails.
    pub fn arm(&mut self, mode: ArmMode) -> Result<(), DriverError> {
        let command = match mode {
            ArmMode::Host => command::ARM_HOST,
            ArmMode::Standalone => command::ARM_STANDALONE,
        };
        self.write(map::COMMAND, command)
    }

    /// Sends the outputs to their safe values and waits until they are there.
    ///
    /// # Errors
    /// An access fails.
    pub fn disarm(&mut self) -> Result<(), DriverError> {
        self.write(map::COMMAND, command::DISARM)?;
        let mut wait = Duration::from_micros(100);
        while self.read(map::STATUS)? & (status::RAMPING_TO_SAFE | status::BUSY) != 0 {
            self.check_cancel()?;
            std::thread::sleep(wait);
            wait = (2 * wait).min(RAMP_POLL_INTERVAL);
        }
        Ok(())
    }

    /// After a command: tracks whether the guard is armed, and starts or stops the watchdog feeder.
    pub(super) fn note_command(&self, command: u32) -> Result<(), DriverError> {
        match command & 15 {
            command::ARM_HOST => {
                self.note_armed(Some(ArmMode::Host));
                let watchdog_s = self.watchdog_s()?;
                self.keep(Some(Duration::from_secs_f64(watchdog_s / f64::from(WINDS))));
            }
            command::ARM_STANDALONE => self.note_armed(Some(ArmMode::Standalone)),
            command::DISARM => self.note_disarmed(),
            _ => {}
        }
        Ok(())
    }

    /// Time after which the watchdog trips, as the instrument has it.
    fn watchdog_s(&self) -> Result<f64, DriverError> {
        let period_s =
            f64::from(self.read(map::SAMPLE_PERIOD)?) / f64::from(self.parameters.clock_hz.max(1));
        Ok(f64::from(self.read(map::WATCHDOG)?) * period_s)
    }

    fn note_armed(&self, armed: Option<ArmMode>) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = armed;
        self.settings.health.armed(armed);
    }

    pub(super) fn note_disarmed(&self) {
        self.note_armed(None);
        self.keep(None);
    }

    /// Requests the instrument's state at this interval while there are no other requests, and as often as the link requires.
    pub(super) fn keep(&self, interval: Option<Duration>) {
        let interval = match (interval, self.keep_alive) {
            (Some(wanted), Some(least)) => Some(wanted.min(least)),
            (wanted, least) => wanted.or(least),
        };
        if let Some(watchdog_feeder) = &self.watchdog_feeder {
            watchdog_feeder.every(interval);
        }
    }

    /// Whether this driver has armed the guard.
    pub fn is_armed(&self) -> bool {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}
