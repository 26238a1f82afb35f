//! Ends of runs: what stops one must not touch the next.

use crate::bench::{raw, Bench};
use hge_gateware::sequencer::Sequencer;
use hge_protocol::frame::EndReason;

/// Clocks of a sample.
const PERIOD: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    Stop,
    Disarm,
    Trip,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    reason: u64,
    samples: u64,
    /// Clock of the last tick of the run, from its beginning.
    clock: usize,
}

/// Clocks that the post-processor takes for a job.
const JOB: usize = 3;

struct TestBench {
    bench: Bench<Sequencer>,
    phase: usize,
    /// Samples since power-up.
    now: u64,
    /// The post-processor's job, and clocks still to go.
    job: Option<(u64, usize)>,
}

impl TestBench {
    fn new() -> Self {
        let mut bench = Bench::new(Sequencer::default(), |core| &mut core.clock);
        let core = &mut bench.core;
        core.window_log2.next = raw(4);
        core.stored.next = raw(1);
        core.mode.next = raw(1);
        TestBench { bench, phase: 0, now: u64::from(u32::MAX) - 20, job: None }
    }

    /// One clock, with pulses.
    fn clock(&mut self, run: bool, causes: &[Cause]) {
        let core = &mut self.bench.core;
        core.tick.next = self.phase == PERIOD - 1;
        core.run.next = run;
        core.stop.next = causes.contains(&Cause::Stop);
        core.disarm.next = causes.contains(&Cause::Disarm);
        core.trip.next = causes.contains(&Cause::Trip);
        core.now.next = raw(self.now & 0xffff_ffff);
        core.post_processor_working.next = self.job.is_some();
        // The only case of the only epoch is done: the run is over.
        core.post_processor_over.next = self.job == Some((1, 1));
        self.bench.settle();
        self.bench.core.setting_granted.next = self.bench.core.setting_request.val();
        self.bench.settle();
        self.job = self.job.and_then(|(kind, left)| (left > 1).then_some((kind, left - 1)));
        if self.bench.core.post_processor_start.val() {
            assert!(self.job.is_none());
            self.job = Some((self.bench.core.post_processor_kind.val().to_u64(), JOB));
        }
        self.bench.step();
        self.now += u64::from(self.phase == PERIOD - 1);
        self.phase = (self.phase + 1) % PERIOD;
    }

    /// A run that begins in this clock, and these causes the given number of clocks later.
    fn run(&mut self, causes: &[(usize, Cause)]) -> End {
        assert!(!self.bench.core.busy.val());
        for clock in 0..1000 {
            let now: Vec<Cause> =
                causes.iter().filter(|(at, _)| *at == clock).map(|&(_, cause)| cause).collect();
            self.clock(clock == 0, &now);
            if !self.bench.core.busy.val() {
                let core = &self.bench.core;
                return End {
                    reason: core.end_reason.val().to_u64(),
                    samples: (core.marked.val().to_u64() + (1 << 32) - core.began.val().to_u64())
                        & 0xffff_ffff,
                    clock,
                };
            }
        }
        panic!("the run does not end");
    }
}

fn code(reason: EndReason) -> u64 {
    u64::from(reason.code())
}

#[test]
fn a_cause_in_any_clock_of_a_run_leaves_the_next_run_alone() {
    let whole = TestBench::new().run(&[]);
    assert_eq!(whole.reason, code(EndReason::Complete));
    for (cause, reason) in [
        (Cause::Stop, EndReason::Stopped),
        (Cause::Disarm, EndReason::Disarmed),
        (Cause::Trip, EndReason::Tripped),
    ] {
        let mut cut_short = 0;
        for clock in 1..=whole.clock {
            let mut bench = TestBench::new();
            let end = bench.run(&[(clock, cause)]);
            assert!([code(EndReason::Complete), code(reason)].contains(&end.reason));
            cut_short += usize::from(end.reason == code(reason));
            // From the same clock of a sample, so that the two runs compare.
            while bench.phase != 0 {
                bench.clock(false, &[]);
            }
            let next = bench.run(&[]);
            assert_eq!(next, whole, "{cause:?} in clock {clock} of {}", whole.clock);
        }
        assert!(cut_short > whole.clock / 2, "{cause:?} ended {cut_short} runs");
    }
}

#[test]
fn a_run_begun_right_after_a_stop_in_the_last_clock_is_whole() {
    let whole = TestBench::new().run(&[]);
    let mut bench = TestBench::new();
    let end = bench.run(&[(whole.clock, Cause::Stop)]);
    assert_eq!(end, whole);
    assert_eq!(bench.run(&[]).reason, code(EndReason::Complete));
}

#[test]
fn the_first_cause_names_the_reason() {
    let pairs = [
        (Cause::Stop, Cause::Trip, EndReason::Stopped),
        (Cause::Disarm, Cause::Stop, EndReason::Disarmed),
        (Cause::Trip, Cause::Disarm, EndReason::Tripped),
    ];
    for (first, second, reason) in pairs {
        for later in 1..10 {
            let end = TestBench::new().run(&[(30, first), (30 + later, second)]);
            assert_eq!(end.reason, code(reason), "{first:?}, then {second:?}");
        }
    }
    // In one clock a trip, which belongs to the tick, is before a command.
    let end = TestBench::new().run(&[(30, Cause::Trip), (30, Cause::Disarm)]);
    assert_eq!(end.reason, code(EndReason::Tripped));
}
