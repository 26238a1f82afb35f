//! Reference model of the supervisor: arming, and the trips that disarm.

use super::settings::Settings;
use hge_protocol::frame::Status;
use hge_protocol::registers::{fault, protection};

/// Switches and counters of the guard's supervisor.
#[derive(Clone, Debug)]
pub struct Supervisor {
    /// The guard follows the modulator.
    pub armed: bool,
    /// The guard was armed for a standalone run.
    pub standalone: bool,
    /// Outputs ramp to the safe values.
    pub ramping_to_safe: bool,
    /// Causes of trips since the last arming.
    pub fault: u8,
    /// The interlock is closed.
    pub interlock: bool,
    watchdog: u32,
    run_left: u32,
    over_count: u8,
    bad_run: u8,
}

impl Default for Supervisor {
    /// Disarmed, with a closed interlock.
    fn default() -> Self {
        Supervisor {
            armed: false,
            standalone: false,
            ramping_to_safe: false,
            fault: 0,
            interlock: true,
            watchdog: 0,
            run_left: 0,
            over_count: 0,
            bad_run: 0,
        }
    }
}

impl Supervisor {
    /// Arms, unless a protection of the device is missing.
    pub fn arm(&mut self, standalone: bool, busy: bool, settings: &Settings) -> Status {
        if self.armed || self.ramping_to_safe || busy {
            return Status::Busy;
        }
        let needed = protection::INTERLOCK | protection::OVERCURRENT;
        let lacks = if standalone {
            settings.run_limit == 0 || settings.protection & needed != needed
        } else {
            settings.watchdog == 0
        };
        if lacks || (settings.protection & protection::INTERLOCK != 0 && !self.interlock) {
            return Status::Unsafe;
        }
        *self = Supervisor {
            armed: true,
            standalone,
            watchdog: settings.watchdog,
            run_left: settings.run_limit,
            interlock: self.interlock,
            ..Supervisor::default()
        };
        Status::Ok
    }

    /// Sends the outputs home.
    pub fn disarm(&mut self) {
        self.armed = false;
        self.ramping_to_safe = true;
    }

    /// A request of the session came.
    pub fn heard(&mut self, settings: &Settings) {
        self.watchdog = settings.watchdog;
    }

    /// A valid frame has arrived.
    pub fn sound(&mut self) {
        self.bad_run = 0;
    }

    /// A damaged frame came.
    pub fn damaged(&mut self) {
        self.bad_run = self.bad_run.saturating_add(1);
    }

    /// A sample begins. Returns the causes of a trip. `hold`: the watchdog is stopped.
    pub fn tick(&mut self, settings: &Settings, hold: bool) -> Option<u8> {
        if !self.armed {
            return None;
        }
        let protects = |what| settings.protection & what != 0;
        let host = !self.standalone;
        let causes = [
            (fault::INTERLOCK, protects(protection::INTERLOCK) && !self.interlock),
            (fault::WATCHDOG, host && self.watchdog == 0),
            (fault::RUN_TIME, self.standalone && self.run_left == 0),
            (fault::OVERCURRENT, protects(protection::OVERCURRENT) && self.over(settings)),
            (
                fault::LINK,
                host && protects(protection::LINK)
                    && u32::from(self.bad_run) >= settings.link_error_limit.max(1),
            ),
        ];
        let cause = causes.iter().filter(|cause| cause.1).fold(0, |bits, cause| bits | cause.0);
        if cause != 0 {
            self.disarm();
            self.fault = cause as u8;
            return Some(self.fault);
        }
        if host && !hold {
            self.watchdog = self.watchdog.saturating_sub(1);
        }
        if self.standalone {
            self.run_left = self.run_left.saturating_sub(1);
        }
        None
    }

    /// Further samples without a trip, if an armed guard's last did not trip and none has an over-current.
    pub fn quiet_samples(&self, hold: bool) -> u32 {
        match (self.standalone, hold) {
            (true, _) => self.run_left,
            (false, true) => u32::MAX,
            (false, false) => self.watchdog,
        }
    }

    /// Passes over as many of [`Supervisor::quiet_samples`].
    pub fn pass(&mut self, samples: u32, hold: bool) {
        if self.standalone {
            self.run_left -= samples;
        } else if !hold {
            self.watchdog -= samples;
        }
    }

    /// The ADC codes of a sample, of every input, while armed.
    pub fn sense(&mut self, codes: &[i16], settings: &Settings) {
        let is_over = |code: &i16| u32::from(code.unsigned_abs()) >= settings.overcurrent;
        self.over_count = match codes.iter().any(is_over) {
            true => self.over_count.saturating_add(1),
            false => 0,
        };
    }

    /// Over-currents in a row have reached the limit, so that the next sample trips if they are enabled.
    pub fn over(&self, settings: &Settings) -> bool {
        u32::from(self.over_count) >= settings.overcurrent_samples.max(1)
    }
}
