//! Monotonic time stamps, independent of changes of the computer's clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A difference to the last time stamp that counts as a clock that was set, not as one that was corrected.
const SET: Duration = Duration::from_secs(1);

/// Nanoseconds since 1970, from the clock at the beginning and by the seconds that have passed since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    began_ns: u64,
    last_ns: u64,
}

impl Clock {
    /// A clock that continues after `last_ns`, the last time stamp; and the time by which the computer's clock was before it, if more than a second.
    pub(super) fn after(last_ns: u64) -> (Self, Option<Duration>) {
        Clock::at(SystemTime::now(), last_ns)
    }

    fn at(now: SystemTime, last_ns: u64) -> (Self, Option<Duration>) {
        let now_ns = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        let back = Duration::from_nanos(last_ns.saturating_sub(now_ns));
        let clock = Clock { began: Instant::now(), began_ns: now_ns.max(last_ns), last_ns };
        (clock, (back > SET).then_some(back))
    }

    /// Now, later than every time before.
    pub(super) fn now_ns(&mut self) -> u64 {
        let now_ns = self.began_ns.saturating_add(self.began.elapsed().as_nanos() as u64);
        self.last_ns = now_ns.max(self.last_ns + 1);
        self.last_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_grow_although_the_clock_was_set_back() {
        let hour = Duration::from_secs(3600);
        let last = UNIX_EPOCH + 100 * hour;
        let last_ns = (100 * hour).as_nanos() as u64;
        let (mut clock, back) = Clock::at(last - hour, last_ns);
        assert_eq!(back, Some(hour));
        let times: Vec<u64> = (0..3).map(|_| clock.now_ns()).collect();
        assert!(last_ns < times[0] && times[0] < times[1] && times[1] < times[2]);
        assert_eq!(Clock::at(last + hour, last_ns).1, None);
        // A clock that was never set, before 1970.
        assert!(Clock::at(UNIX_EPOCH - hour, 5).0.now_ns() > 5);
    }
}
