//! Shadow registers: the server's knowledge of the instrument without requests, and the maximum watchdog.
//!
//! A write counts once the instrument has confirmed it. Until then both values are considered: the limit on
//! the watchdog holds whether or not the write succeeds.

use super::Settings;
use hge_protocol::frame::{Reply, Request};
use hge_protocol::registers::{self as map, command};
use hge_protocol::Parameters;
use hge_sim::model::settings::Settings as Registers;
use std::collections::VecDeque;
use std::time::Duration;

/// A write that the instrument has not confirmed yet.
#[derive(Debug)]
struct Sent {
    nonce: u32,
    sequence: u16,
    writes: Vec<(u16, u32)>,
}

/// Registers as the instrument has confirmed them.
#[derive(Debug)]
pub(super) struct Shadow {
    parameters: Parameters,
    watchdog_limit: Duration,
    period_clocks: u32,
    watchdog_samples: u32,
    armed: Option<u32>,
    sent: VecDeque<Sent>,
}

impl Shadow {
    /// The registers of an instrument after power-up.
    pub(super) fn new(settings: &Settings) -> Self {
        let reset = Registers::default();
        Shadow {
            parameters: settings.parameters,
            watchdog_limit: settings.watchdog_limit,
            period_clocks: reset.sample_period,
            watchdog_samples: reset.watchdog,
            armed: None,
            sent: VecDeque::new(),
        }
    }

    /// Samples a second of the instrument.
    pub(super) fn rate_hz(&self) -> f64 {
        f64::from(self.parameters.clock_hz) / f64::from(self.confined(self.period_clocks))
    }

    /// The gateware takes no shorter period than its passes need.
    fn confined(&self, period_clocks: u32) -> u32 {
        period_clocks.max(self.parameters.least_sample_period_clocks()).max(1)
    }

    /// The command that has armed the guard, according to confirmed commands.
    pub(super) fn armed(&self) -> Option<u32> {
        self.armed
    }

    /// Most samples of the watchdog at this period.
    fn limit_samples(&self, period_clocks: u32) -> u32 {
        let rate_hz = f64::from(self.parameters.clock_hz) / f64::from(self.confined(period_clocks));
        // A cast saturates.
        ((self.watchdog_limit.as_secs_f64() * rate_hz) as u32).max(1)
    }

    /// The greatest value that the register has, or may have by the requests sent.
    fn greatest(&self, address: u16, confirmed: u32) -> u32 {
        let sent = self.sent.iter().flat_map(|sent| &sent.writes);
        sent.filter(|write| write.0 == address).map(|write| write.1).fold(confirmed, u32::max)
    }

    /// Cuts the watchdog in a request that writes it to its limit, and follows the request.
    ///
    /// Where the request makes the sample period so long that the present watchdog exceeds its limit, the samples
    /// to which it is to be lowered before.
    pub(super) fn send(&mut self, request: &mut Request) -> Option<u32> {
        let mut period_clocks = self.greatest(map::SAMPLE_PERIOD, self.period_clocks);
        let watchdog = self.greatest(map::WATCHDOG, self.watchdog_samples);
        let mut lowered = None;
        let mut writes = Vec::new();
        for (index, value) in (0..).zip(&mut request.values) {
            let address = request.address.wrapping_add(index);
            match address {
                map::SAMPLE_PERIOD => {
                    *value &= 0xffff;
                    period_clocks = period_clocks.max(*value);
                    let limit = self.limit_samples(period_clocks);
                    lowered = (watchdog > limit).then_some(limit);
                }
                map::WATCHDOG => *value = (*value).min(self.limit_samples(period_clocks)),
                map::COMMAND => {}
                _ => continue,
            }
            writes.push((address, *value));
        }
        let (nonce, sequence) = (request.nonce, request.sequence);
        if !writes.is_empty() {
            self.sent.push_back(Sent { nonce, sequence, writes });
        }
        lowered
    }

    /// The instrument has answered.
    pub(super) fn confirm(&mut self, reply: &Reply) {
        let place =
            self.sent.iter().position(|s| (s.nonce, s.sequence) == (reply.nonce, reply.sequence));
        let Some(place) = place else { return };
        let done = reply.values.first().copied().unwrap_or(0);
        let Some(sent) = self.sent.remove(place) else { return };
        // Those of the session that are older were stragglers, and are never answered.
        let mut index = 0;
        self.sent.retain(|older| {
            index += 1;
            index > place || older.nonce != sent.nonce
        });
        for (address, value) in sent.writes {
            if u32::from(address.wrapping_sub(reply.address)) < done {
                self.set(address, value);
            }
        }
    }

    fn set(&mut self, address: u16, value: u32) {
        match address {
            map::SAMPLE_PERIOD => self.period_clocks = value,
            map::WATCHDOG => self.watchdog_samples = value,
            _ => match value & 15 {
                arm @ (command::ARM_HOST | command::ARM_STANDALONE) => self.armed = Some(arm),
                command::DISARM => self.armed = None,
                _ => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::{Operation, Status};

    /// 24 MHz and two seconds.
    fn shadow() -> Shadow {
        Shadow::new(&Settings { watchdog_limit: Duration::from_secs(2), ..Settings::default() })
    }

    fn write(sequence: u16, address: u16, values: &[u32]) -> Request {
        let (operation, nonce, count) = (Operation::Write, 9, values.len() as u8);
        Request { operation, nonce, sequence, address, count, values: values.to_vec() }
    }

    fn confirm(shadow: &mut Shadow, request: &Request, done: u32) {
        let Request { nonce, sequence, address, .. } = *request;
        let values = vec![done];
        let status = if done == request.values.len() as u32 { Status::Ok } else { Status::Busy };
        shadow.confirm(&Reply { nonce, sequence, status, address, values });
    }

    #[test]
    fn the_rate_is_that_of_the_period_that_the_instrument_confirmed() {
        let mut shadow = shadow();
        assert_eq!(shadow.rate_hz(), 10_000.0);
        for (sequence, period, done, rate_hz) in [
            (1, 1200, 1, 20_000.0),
            // Refused: a run is going on.
            (2, 4800, 0, 20_000.0),
            (3, 4800, 1, 5000.0),
            // The register has 16 bits; a period that is too short becomes the shortest there is.
            (4, 0x1_0000 + 2400, 1, 10_000.0),
            (5, 0, 1, 24e6 / f64::from(Parameters::default().least_sample_period_clocks())),
        ] {
            let mut request = write(sequence, map::SAMPLE_PERIOD, &[period]);
            shadow.send(&mut request);
            confirm(&mut shadow, &request, done);
            assert_eq!(shadow.rate_hz(), rate_hz, "{period}");
        }
    }

    #[test]
    fn no_order_of_writes_makes_the_watchdog_longer_than_its_limit() {
        // Two seconds at 10 kS/s.
        let mut shadow = shadow();
        let mut request = write(1, map::WATCHDOG, &[u32::MAX]);
        assert_eq!(shadow.send(&mut request), None);
        assert_eq!(request.values, [20_000]);
        // A longer period would make it longer, also while nothing is confirmed yet.
        let mut longer = write(2, map::SAMPLE_PERIOD, &[4800]);
        assert_eq!(shadow.send(&mut longer), Some(10_000));
        confirm(&mut shadow, &request, 1);
        confirm(&mut shadow, &longer, 1);
        // In one burst, period and watchdog.
        let words = usize::from(map::WATCHDOG - map::SAMPLE_PERIOD) + 1;
        let mut burst = vec![0; words];
        (burst[0], burst[words - 1]) = (9600, u32::MAX);
        let mut request = write(3, map::SAMPLE_PERIOD, &burst);
        shadow.send(&mut request);
        assert_eq!(request.values[words - 1], 5000);
        // A short watchdog stays as it is.
        let mut request = write(4, map::WATCHDOG, &[77]);
        shadow.send(&mut request);
        assert_eq!(request.values, [77]);
    }

    #[test]
    fn a_reply_to_another_session_leaves_a_write_on_its_way() {
        let mut shadow = shadow();
        let mut client = write(1, map::SAMPLE_PERIOD, &[1200]);
        let mut own = Request { nonce: 8, ..write(1, map::WATCHDOG, &[5]) };
        shadow.send(&mut client);
        shadow.send(&mut own);
        confirm(&mut shadow, &own, 1);
        confirm(&mut shadow, &client, 1);
        assert_eq!(shadow.rate_hz(), 20_000.0);
    }

    #[test]
    fn arming_counts_when_it_was_done() {
        let mut shadow = shadow();
        for (sequence, command, done, armed) in [
            (1, command::ARM_HOST, 0, None),
            (2, command::ARM_HOST, 1, Some(command::ARM_HOST)),
            (3, command::RUN, 1, Some(command::ARM_HOST)),
            (4, command::DISARM, 1, None),
            (5, command::ARM_STANDALONE, 1, Some(command::ARM_STANDALONE)),
        ] {
            let mut request = write(sequence, map::COMMAND, &[command]);
            shadow.send(&mut request);
            confirm(&mut shadow, &request, done);
            assert_eq!(shadow.armed(), armed);
        }
    }
}
