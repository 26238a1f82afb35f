//! Samples and bytes due by the wall clock.

use super::Pace;
use hge_driver::link::serial;
use std::time::{Duration, Instant};

/// Wait of a server in real time for its clients: well below the delay of a line.
const TICK: Duration = Duration::from_millis(1);

/// A server that fell behind by more gives the rest up: an engine slower than the wall clock would otherwise work
/// for ever without a look at its clients.
const MOST_BEHIND: Duration = Duration::from_millis(100);

/// Bytes that a quiet line can have ready: a USB bridge's buffer.
const MOST_BURST_BYTES: f64 = 4096.0;

/// Samples and bytes that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) samples: u32,
    pub(super) bytes: usize,
}

/// Watches the wall clock.
#[derive(Debug)]
pub(super) struct Pacer {
    factor: f64,
    bytes_per_s: f64,
    last: Instant,
    samples: f64,
    bytes: f64,
}

impl Pacer {
    pub(super) fn new(pace: Pace) -> Self {
        let (factor, bytes_per_s) = match pace {
            Pace::Virtual => (0.0, 0.0),
            Pace::Real { factor, baud } => (factor, serial::bytes_per_s(baud)),
        };
        Pacer { factor, bytes_per_s, last: Instant::now(), samples: 0.0, bytes: 0.0 }
    }

    /// Time until the next sample is due.
    pub(super) fn until_next(&self) -> Duration {
        TICK.saturating_sub(self.last.elapsed())
    }

    /// Samples and bytes due since the last call, at the instrument's present rate.
    pub(super) fn due(&mut self, rate_hz: f64) -> Due {
        let now = Instant::now();
        let due = self.after(now - self.last, rate_hz);
        self.last = now;
        due
    }

    fn after(&mut self, passed: Duration, rate_hz: f64) -> Due {
        self.samples += passed.min(MOST_BEHIND).as_secs_f64() * self.factor * rate_hz;
        let whole = self.samples.floor();
        self.samples -= whole;
        self.bytes += passed.as_secs_f64() * self.bytes_per_s;
        self.bytes = self.bytes.min(MOST_BURST_BYTES.max(self.bytes_per_s * TICK.as_secs_f64()));
        Due { samples: whole as u32, bytes: self.bytes.max(0.0) as usize }
    }

    /// Counts bytes sent over the line.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes -= bytes as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_bytes_keep_the_rates_however_the_time_is_cut() {
        let pace = Pace::Real { factor: 2.0, baud: 115_200 };
        for step_us in [130, 1000, 7300] {
            let mut pacer = Pacer::new(pace);
            let (mut samples, mut bytes) = (0, 0);
            let steps = 10_000_000 / step_us;
            for _ in 0..steps {
                let due = pacer.after(Duration::from_micros(step_us), 5000.0);
                samples += due.samples;
                bytes += due.bytes;
                pacer.sent(due.bytes);
            }
            assert!((i64::from(samples) - 100_000).abs() < 100, "{samples}");
            assert!((bytes as i64 - 115_200).abs() < 120, "{bytes}");
        }
    }

    #[test]
    fn a_watchdog_of_2500_samples_is_an_eighth_of_a_second_at_20_ks_per_s_and_half_one_at_5() {
        for (rate_hz, expected) in [(20_000.0, 125), (5000.0, 500)] {
            let mut pacer = Pacer::new(Pace::Real { factor: 1.0, baud: 3_000_000 });
            let (mut samples, mut passed_ms) = (0, 0);
            while samples < 2500 {
                samples += pacer.after(Duration::from_millis(1), rate_hz).samples;
                passed_ms += 1;
            }
            assert!((passed_ms - expected) <= 1, "{passed_ms} ms");
        }
    }

    #[test]
    fn time_that_cannot_be_caught_up_is_given_up() {
        let mut pacer = Pacer::new(Pace::Real { factor: 1.0, baud: 3_000_000 });
        assert_eq!(pacer.after(Duration::from_secs(60), 5000.0), Due { samples: 500, bytes: 4096 });
        // A frame that went beyond the budget is paid for by the time after.
        pacer.sent(5096);
        assert_eq!(pacer.after(Duration::from_millis(3), 5000.0).bytes, 0);
        assert_eq!(pacer.after(Duration::from_millis(1), 5000.0).bytes, 200);
    }
}
