//! Supervisor: arming, and the trips that disarm.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `tick` | in, 1 | a sample begins; its ADC codes are on `adc` |
//! | `interlock` | in, 1 | pin, asynchronous; high is closed |
//! | `arm_host`, `arm_standalone`, `disarm` | in, 1 | commands, effective at the end of this clock |
//! | `heard`, `sound`, `damaged` | in, 1 | a request of the session, a valid frame, a damaged one has arrived |
//! | `limit` | in, 32 | the run limit a clock after a standalone arming, the watchdog a clock after any other arming and after `heard` |
//! | `watchdog_set`, `run_limit_set` | in, 1 | they are not zero |
//! | `protection`, `overcurrent`, `overcurrent_samples`, `link_error_limit` | in | settings, see `hge_protocol::registers` |
//! | `hold` | in, 1 | stops the watchdog (simulation) |
//! | `pass_done`, `cut` | in, 1 | an output scan has ended; it limited a step |
//! | `armed`, `ramping_to_safe`, `standalone` | out, 1 | outputs follow the modulator; outputs ramp to the safe values; armed without a host |
//! | `fault` | out, 5 | causes of trips since the last arming, bits as in `FAULT` |
//! | `trip` | out, 1 | in the clock of a tick: the guard trips |
//! | `event`, `event_cause`, `event_time`, `event_taken` | out 1 + 5 + 32, in 1 | event pending: a trip; it is being written |
//! | `closed` | out, 1 | the interlock, two clocks late |
//! | `samples`, `link_faults` | out, 32 | ticks and damaged frames since power-up |
//!
//! Causes are checked in the clock of the tick, on the state before it, so that a trip takes effect in the output
//! scan of that tick. Its codes are compared with the level in that clock and counted in the next, for the tick after it: ticks
//! are two clocks apart or more. `samples` is incremented two clocks after the tick: in the clock of a tick and the next two it is the number of
//! earlier samples. One counter serves as watchdog and as run time, since an arming uses only one of them. It counts a clock after
//! the tick, so that a limit requested before a tick is valid before the count.

use crate::engine::per_input;
use crate::gated::Inputs;
use crate::leaf::{Synchronizer, DFF};
use crate::over_current::OverCurrent;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Arming, watchdog, trips.
#[derive(LogicBlock, Inputs, Default)]
pub struct Supervisor {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// ADC code of every input in the sample that begins.
    pub adc: Vec<Signal<In, Signed<16>>>,
    /// The interlock's pin.
    pub interlock: Signal<In, Bit>,
    /// Arm, for a host.
    pub arm_host: Signal<In, Bit>,
    /// Arm, standalone.
    pub arm_standalone: Signal<In, Bit>,
    /// Disarm.
    pub disarm: Signal<In, Bit>,
    /// A request of the session has arrived.
    pub heard: Signal<In, Bit>,
    /// A valid frame has arrived.
    pub sound: Signal<In, Bit>,
    /// A damaged frame has arrived.
    pub damaged: Signal<In, Bit>,
    /// Stops the watchdog.
    pub hold: Signal<In, Bit>,
    /// Enabled trips: bit 0 interlock, 1 over-current, 2 link.
    pub protection: Signal<In, Bits<3>>,
    /// Limit in samples, for watchdog or run time, a clock after its request.
    pub limit: Signal<In, Bits<32>>,
    /// The watchdog is not zero.
    pub watchdog_set: Signal<In, Bit>,
    /// The run limit is not zero.
    pub run_limit_set: Signal<In, Bit>,
    /// Magnitude of an over-current code.
    pub overcurrent: Signal<In, Bits<16>>,
    /// Over-current codes in a row that trip.
    pub overcurrent_samples: Signal<In, Bits<8>>,
    /// Damaged frames in a row that trip.
    pub link_error_limit: Signal<In, Bits<8>>,
    /// An output scan has ended.
    pub pass_done: Signal<In, Bit>,
    /// The guard limited a step.
    pub cut: Signal<In, Bit>,
    /// The guard follows the modulator.
    pub armed: Signal<Out, Bit>,
    /// The guard was armed without a host.
    pub standalone: Signal<Out, Bit>,
    /// Outputs ramp to the safe values.
    pub ramping_to_safe: Signal<Out, Bit>,
    /// Causes of trips since the last arming.
    pub fault: Signal<Out, Bits<5>>,
    /// The guard trips.
    pub trip: Signal<Out, Bit>,
    /// A trip to be written as an event.
    pub event: Signal<Out, Bit>,
    /// Causes of the event.
    pub event_cause: Signal<Out, Bits<5>>,
    /// Number of samples before the event.
    pub event_time: Signal<Out, Bits<32>>,
    /// The event is being written.
    pub event_taken: Signal<In, Bit>,
    /// The interlock is closed.
    pub closed: Signal<Out, Bit>,
    /// Samples since power-up.
    pub samples: Signal<Out, Bits<32>>,
    /// Damaged frames since power-up.
    pub link_faults: Signal<Out, Bits<32>>,
    synchronizer: Synchronizer,
    inputs: Vec<OverCurrent>,
    is_armed: DFF<Bit>,
    is_standalone: DFF<Bit>,
    is_homing: DFF<Bit>,
    /// The ramp to the safe values was in progress when the present output scan began.
    home_pass: DFF<Bit>,
    causes: DFF<Bits<5>>,
    /// Samples left of watchdog or run time.
    left: DFF<Bits<32>>,
    /// The samples left are loaded from `limit`.
    loads: DFF<Bit>,
    /// Whether the code of some input is an over-current, and whether the previous clock was an armed tick, whose code is counted.
    is_excess: DFF<Bit>,
    judges: DFF<Bit>,
    over_count: DFF<Bits<8>>,
    bad_run: DFF<Bits<8>>,
    ticked: DFF<Bit>,
    counts: DFF<Bit>,
    time_now: DFF<Bits<32>>,
    faults: DFF<Bits<32>>,
    telling: DFF<Bit>,
    told_cause: DFF<Bits<5>>,
    told_time: DFF<Bits<32>>,
    is_over: Signal<Local, Bit>,
    empty: Signal<Local, Bit>,
    spent: Signal<Local, Bit>,
    open: Signal<Local, Bit>,
    silent: Signal<Local, Bit>,
    overdue: Signal<Local, Bit>,
    over: Signal<Local, Bit>,
    link_errors: Signal<Local, Bit>,
    none: Signal<Local, Bits<5>>,
    /// Causes while their bits are collected.
    cause_0: Signal<Local, Bits<5>>,
    cause_1: Signal<Local, Bits<5>>,
    cause_2: Signal<Local, Bits<5>>,
    cause_3: Signal<Local, Bits<5>>,
    cause_4: Signal<Local, Bits<5>>,
    trips: Signal<Local, Bit>,
}

impl Supervisor {
    /// For the inputs of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            adc: per_input(parameters, |_| Signal::default()),
            inputs: per_input(parameters, |_| OverCurrent::default()),
            ..Default::default()
        }
    }
}

impl Logic for Supervisor {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, is_armed, is_standalone, is_homing, home_pass, causes, left, loads,
            is_excess, judges, over_count, bad_run, ticked, counts, time_now, faults, telling,
            told_cause, told_time
        );
        clock!(self, clock, synchronizer);
        self.synchronizer.pin.next = self.interlock.val();
        self.closed.next = self.synchronizer.level.val();
        self.armed.next = self.is_armed.q.val();
        self.standalone.next = self.is_armed.q.val() & self.is_standalone.q.val();
        self.ramping_to_safe.next = self.is_homing.q.val();
        self.fault.next = self.causes.q.val();
        self.event.next = self.telling.q.val();
        self.event_cause.next = self.told_cause.q.val();
        self.event_time.next = self.told_time.q.val();
        self.samples.next = self.time_now.q.val();
        self.link_faults.next = self.faults.q.val();
        comment!("Time.");
        self.ticked.d.next = self.tick.val();
        self.counts.d.next = self.ticked.q.val();
        if self.counts.q.val() {
            self.time_now.d.next = self.time_now.q.val() + 1;
        }
        comment!("Over-current of any input.");
        self.is_over.next = false;
        for i in 0..self.inputs.len() {
            self.inputs[i].code.next = self.adc[i].val();
            self.inputs[i].level.next = self.overcurrent.val();
            if self.inputs[i].is_over.val() {
                self.is_over.next = true;
            }
        }
        comment!("Causes; a count of zero never trips.");
        self.none.next = 0.into();
        self.empty.next = !self.left.q.val().any();
        self.spent.next = self.empty.val();
        if self.loads.q.val() {
            self.spent.next = !self.watchdog_set.val();
            if self.is_standalone.q.val() {
                self.spent.next = !self.run_limit_set.val();
            }
        }
        self.open.next = (self.protection.val().get_bit(0)) & (!self.synchronizer.level.val());
        self.silent.next = self.spent.val() & (!self.is_standalone.q.val());
        self.overdue.next = self.spent.val() & self.is_standalone.q.val();
        self.over.next = (self.protection.val().get_bit(1))
            & (self.over_count.q.val().any())
            & (self.over_count.q.val() >= self.overcurrent_samples.val());
        self.link_errors.next = (self.protection.val().get_bit(2))
            & (!self.is_standalone.q.val())
            & (self.bad_run.q.val().any())
            & (self.bad_run.q.val() >= self.link_error_limit.val());
        self.cause_0.next = self.none.val().replace_bit(0, self.open.val());
        self.cause_1.next = self.cause_0.val().replace_bit(1, self.silent.val());
        self.cause_2.next = self.cause_1.val().replace_bit(2, self.overdue.val());
        self.cause_3.next = self.cause_2.val().replace_bit(3, self.over.val());
        self.cause_4.next = self.cause_3.val().replace_bit(4, self.link_errors.val());
        self.trips.next = self.tick.val() & self.is_armed.q.val() & (self.cause_4.val().any());
        self.trip.next = self.trips.val();
        comment!("At the safe values when a scan during the ramp has limited no step.");
        if self.pass_done.val() & self.home_pass.q.val() & (!self.cut.val()) {
            self.is_homing.d.next = false;
        }
        if self.event_taken.val() {
            self.telling.d.next = false;
        }
        if self.tick.val() {
            self.home_pass.d.next = self.is_homing.q.val() | self.trips.val();
        }
        comment!("Over-currents in a row, a clock after the tick.");
        self.is_excess.d.next = self.is_over.val();
        self.judges.d.next = self.tick.val() & self.is_armed.q.val();
        if self.judges.q.val() {
            self.over_count.d.next = 0.into();
            if self.is_excess.q.val() {
                self.over_count.d.next = self.over_count.q.val() + 1;
                if self.over_count.q.val().all() {
                    self.over_count.d.next = self.over_count.q.val();
                }
            }
        }
        if self.trips.val() {
            self.is_armed.d.next = false;
            self.is_homing.d.next = true;
            self.causes.d.next = self.cause_4.val();
            self.telling.d.next = true;
            self.told_cause.d.next = self.cause_4.val();
            self.told_time.d.next = self.time_now.q.val();
        }
        if self.ticked.q.val()
            & (!self.empty.val())
            & (self.is_standalone.q.val() | (!self.hold.val()))
        {
            self.left.d.next = self.left.q.val() - 1;
        }
        self.loads.d.next = self.heard.val() & (!self.is_standalone.q.val());
        if self.loads.q.val() {
            self.left.d.next = self.limit.val();
        }
        comment!("The line.");
        if self.damaged.val() {
            self.faults.d.next = self.faults.q.val() + 1;
            if !self.bad_run.q.val().all() {
                self.bad_run.d.next = self.bad_run.q.val() + 1;
            }
        }
        if self.sound.val() {
            self.bad_run.d.next = 0.into();
        }
        comment!("Commands: a tick in the same clock comes first.");
        if self.disarm.val() {
            self.is_armed.d.next = false;
            self.is_homing.d.next = true;
        }
        if self.arm_host.val() | self.arm_standalone.val() {
            self.is_armed.d.next = true;
            self.is_standalone.d.next = self.arm_standalone.val();
            self.causes.d.next = 0.into();
            self.judges.d.next = false;
            self.over_count.d.next = 0.into();
            self.bad_run.d.next = 0.into();
            self.loads.d.next = true;
        }
        if self.reset.val() {
            self.is_armed.d.next = false;
            self.is_homing.d.next = false;
            self.home_pass.d.next = false;
            self.causes.d.next = 0.into();
            self.telling.d.next = false;
            self.judges.d.next = false;
            self.ticked.d.next = false;
            self.counts.d.next = false;
            self.loads.d.next = false;
            self.time_now.d.next = 0.into();
            self.faults.d.next = 0.into();
        }
    }
}
