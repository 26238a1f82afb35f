//! The sample clock, and when it stands still.

use crate::bench::{raw, Bench};
use hge_gateware::timer::Timer;

/// Ticks within 1000 clocks.
fn ticks(hold: bool, active: bool, half_full: bool) -> usize {
    let mut bench = Bench::new(Timer::default(), |core| &mut core.clock);
    bench.core.period.next = raw(10);
    bench.core.hold.next = hold;
    bench.core.active.next = active;
    bench.core.half_full.next = half_full;
    (0..1000)
        .filter(|_| {
            bench.step();
            bench.core.tick.val()
        })
        .count()
}

#[test]
fn time_stands_still_only_on_hold_and_then_while_idle_or_while_telemetry_waits() {
    for active in [false, true] {
        for half_full in [false, true] {
            assert_eq!(ticks(false, active, half_full), 100);
            let goes_on = active && !half_full;
            assert_eq!(ticks(true, active, half_full), if goes_on { 100 } else { 0 });
        }
    }
}
