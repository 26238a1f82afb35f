//! Measured round-trip time, and the timeout for repeating a request: RFC 6298.

use std::time::Duration;

/// Doublings of the wait, at most: a line that loses frames is no congested network, and recovers immediately.
const MOST_DOUBLINGS: u32 = 3;

/// Share of the longest wait below which no wait goes: a reply can be held up by a chunk of simulated time, a USB bridge or
/// a frame of telemetry that was never measured.
const LEAST_SHARE: u32 = 16;

/// The measured round trip of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoundTrip {
    /// Smoothed time and its mean deviation, s.
    measured_s: Option<(f64, f64)>,
    doublings: u32,
}

impl RoundTrip {
    /// Adds the round-trip time of a request that was sent once. A repeated request is ambiguous: its reply may be to either.
    pub(super) fn measure(&mut self, took: Duration) {
        let took_s = took.as_secs_f64();
        self.measured_s = Some(match self.measured_s {
            None => (took_s, took_s / 2.0),
            Some((smoothed_s, deviation_s)) => (
                smoothed_s + (took_s - smoothed_s) / 8.0,
                deviation_s + ((took_s - smoothed_s).abs() - deviation_s) / 4.0,
            ),
        });
        self.doublings = 0;
    }

    /// No reply came in time: the next wait is twice as long, until one is measured again.
    pub(super) fn back_off(&mut self) {
        self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
    }

    /// Time to wait for a reply, at most `longest`, which is also the value before the first measurement.
    pub(super) fn timeout(&self, longest: Duration) -> Duration {
        let Some((smoothed_s, deviation_s)) = self.measured_s else { return longest };
        let wait_s = (smoothed_s + 4.0 * deviation_s).min(longest.as_secs_f64());
        let wait = Duration::from_secs_f64(wait_s).max(longest / LEAST_SHARE);
        (wait * (1 << self.doublings)).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_millis(1600);

    fn ms(duration: Duration) -> f64 {
        duration.as_secs_f64() * 1e3
    }

    #[test]
    fn the_wait_is_the_one_of_rfc_6298() {
        let mut round_trip = RoundTrip::default();
        assert_eq!(round_trip.timeout(LONGEST), LONGEST);
        round_trip.measure(Duration::from_millis(80));
        // 80 + 4 x 40, then 7/8 80 + 1/8 160 = 90 and 3/4 40 + 1/4 80 = 50.
        assert!((ms(round_trip.timeout(LONGEST)) - 240.0).abs() < 1e-3);
        round_trip.measure(Duration::from_millis(160));
        assert!((ms(round_trip.timeout(LONGEST)) - 290.0).abs() < 1e-3);
    }

    #[test]
    fn the_wait_doubles_until_a_reply_is_measured_and_keeps_its_bounds() {
        let mut round_trip = RoundTrip::default();
        round_trip.measure(Duration::from_micros(10));
        let least = LONGEST / LEAST_SHARE;
        assert_eq!(round_trip.timeout(LONGEST), least);
        for factor in [2, 4, 8, 8] {
            round_trip.back_off();
            assert_eq!(round_trip.timeout(LONGEST), factor * least);
        }
        round_trip.measure(Duration::from_micros(10));
        assert_eq!(round_trip.timeout(LONGEST), least);
        (0..100).for_each(|_| round_trip.measure(Duration::from_secs(3)));
        assert_eq!(round_trip.timeout(LONGEST), LONGEST);
    }
}
