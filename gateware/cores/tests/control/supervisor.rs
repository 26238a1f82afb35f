//! The supervisor against the rules of `docs/protocol.md`, clock by clock.

use crate::bench::{raw, signed, Bench};
use hge_gateware::supervisor::Supervisor;
use hge_protocol::registers::{fault, protection};
use hge_protocol::Parameters;
use hge_verilog::testbench::Random;

/// Settings of one stretch of clocks.
#[derive(Clone, Copy, Debug, Default)]
struct Settings {
    protection: u32,
    watchdog: u32,
    run_limit: u32,
    level: i32,
    over_samples: u32,
    link_error_limit: u32,
    hold: bool,
}

/// What happens in one clock.
#[derive(Clone, Copy, Debug, Default)]
struct Happens {
    tick: bool,
    code: i16,
    interlock: bool,
    arm_host: bool,
    arm_standalone: bool,
    disarm: bool,
    heard: bool,
    sound: bool,
    damaged: bool,
    pass_done: bool,
    cut: bool,
    event_taken: bool,
}

/// The rules, in terms of samples and commands.
#[derive(Debug, Default)]
struct Rules {
    armed: bool,
    for_host: bool,
    ramping_to_safe: bool,
    /// The pass that is going on began while ramping to safe.
    home_pass: bool,
    fault: u32,
    since_heard: u64,
    silence_allowed: u64,
    since_armed: u64,
    run_allowed: u64,
    overs: u32,
    bad: u32,
    samples: u32,
    link_faults: u32,
    event: Option<(u32, u32)>,
    /// The pin of the last two clocks.
    pin: [bool; 2],
    ticked: bool,
    counts: bool,
}

impl Rules {
    fn causes(&self, settings: &Settings) -> u32 {
        let on = |bit: u32| settings.protection & bit != 0;
        let silent = self.for_host && self.since_heard >= self.silence_allowed;
        let late = !self.for_host && self.since_armed >= self.run_allowed;
        let over = on(protection::OVERCURRENT) && self.overs >= settings.over_samples.max(1);
        let link_errors =
            on(protection::LINK) && self.for_host && self.bad >= settings.link_error_limit.max(1);
        [
            (on(protection::INTERLOCK) && !self.pin[1], fault::INTERLOCK),
            (silent, fault::WATCHDOG),
            (late, fault::RUN_TIME),
            (over, fault::OVERCURRENT),
            (link_errors, fault::LINK),
        ]
        .into_iter()
        .fold(0, |all, (is, bit)| if is { all | bit } else { all })
    }

    fn trips(&self, settings: &Settings, happens: &Happens) -> bool {
        happens.tick && self.armed && self.causes(settings) != 0
    }

    fn clock(&mut self, settings: &Settings, happens: &Happens) {
        let trips = self.trips(settings, happens);
        let causes = self.causes(settings);
        let was_homing = self.ramping_to_safe;
        if happens.pass_done && self.home_pass && !happens.cut {
            self.ramping_to_safe = false;
        }
        if happens.event_taken {
            self.event = None;
        }
        if self.counts {
            self.samples = self.samples.wrapping_add(1);
        }
        self.counts = self.ticked;
        self.ticked = happens.tick;
        if happens.tick {
            // A pass leads home if the way home had begun before it.
            self.home_pass = was_homing || trips;
            if self.armed {
                let code = i32::from(happens.code);
                let is_over = code >= settings.level || code <= -settings.level;
                self.overs = if is_over { (self.overs + 1).min(255) } else { 0 };
                self.since_armed += 1;
                if !settings.hold {
                    self.since_heard += 1;
                }
            }
        }
        if trips {
            self.armed = false;
            self.ramping_to_safe = true;
            self.fault = causes;
            self.event = Some((causes, self.samples));
        }
        self.link_faults = self.link_faults.wrapping_add(u32::from(happens.damaged));
        if happens.damaged {
            self.bad = (self.bad + 1).min(255);
        }
        if happens.sound {
            self.bad = 0;
        }
        if happens.heard {
            self.since_heard = 0;
            self.silence_allowed = u64::from(settings.watchdog);
        }
        if happens.disarm {
            self.armed = false;
            self.ramping_to_safe = true;
        }
        if happens.arm_host || happens.arm_standalone {
            self.armed = true;
            self.for_host = !happens.arm_standalone;
            self.fault = 0;
            self.overs = 0;
            self.bad = 0;
            self.since_heard = 0;
            self.silence_allowed = u64::from(settings.watchdog);
            self.since_armed = 0;
            self.run_allowed = u64::from(settings.run_limit);
        }
        self.pin = [happens.interlock, self.pin[0]];
    }
}

fn drawn_settings(random: &mut Random) -> Settings {
    Settings {
        protection: random.below(8) as u32,
        watchdog: random.below(12) as u32,
        run_limit: random.below(12) as u32,
        level: random.pick(&[0, 1, 1000, 32767, 32768, 65535]),
        over_samples: random.pick(&[0, 1, 2, 5]),
        link_error_limit: random.pick(&[0, 1, 2, 5]),
        hold: random.once_in(4),
    }
}

fn drawn_happenings(random: &mut Random, rules: &Rules) -> Happens {
    let rests = !rules.armed && !rules.ramping_to_safe;
    Happens {
        // A sample takes longer than a clock.
        tick: !rules.ticked && !rules.counts && random.once_in(3),
        code: random.pick(&[0, 1, -1, 999, 1000, -999, -1000, i16::MAX, -i16::MAX, i16::MIN]),
        interlock: !random.once_in(60),
        // Arming is refused elsewhere unless at rest.
        arm_host: rests && random.once_in(4),
        arm_standalone: rests && random.once_in(4),
        disarm: random.once_in(60),
        heard: random.once_in(20),
        sound: random.once_in(10),
        damaged: random.once_in(8),
        pass_done: random.once_in(5),
        cut: random.once_in(3),
        event_taken: random.once_in(10),
    }
}

#[test]
fn arming_and_every_trip_follow_the_rules() {
    let mut random = Random(0x77aa_3355_1234_9876);
    let mut bench = Bench::new(Supervisor::new(&Parameters::default()), |core| &mut core.clock);
    let mut rules = Rules::default();
    let mut settings = Settings::default();
    let mut limit = raw(0);
    let mut seen = [0; 5];
    for clock in 0..60_000 {
        if clock % 50 == 0 {
            settings = drawn_settings(&mut random);
            let core = &mut bench.core;
            core.protection.next = raw(u64::from(settings.protection));
            core.watchdog_set.next = settings.watchdog != 0;
            core.run_limit_set.next = settings.run_limit != 0;
            core.overcurrent.next = raw(settings.level as u64);
            core.overcurrent_samples.next = raw(u64::from(settings.over_samples));
            core.link_error_limit.next = raw(u64::from(settings.link_error_limit));
            core.hold.next = settings.hold;
        }
        let mut happens = drawn_happenings(&mut random, &rules);
        if clock % 50 == 49 {
            // The last clock's settings are those of what it began.
            happens = Happens { interlock: happens.interlock, ..Happens::default() };
        }
        let core = &mut bench.core;
        core.limit.next = limit;
        core.tick.next = happens.tick;
        core.adc[0].next = signed(i64::from(happens.code));
        core.interlock.next = happens.interlock;
        core.arm_host.next = happens.arm_host;
        core.arm_standalone.next = happens.arm_standalone;
        core.disarm.next = happens.disarm;
        core.heard.next = happens.heard;
        core.sound.next = happens.sound;
        core.damaged.next = happens.damaged;
        core.pass_done.next = happens.pass_done;
        core.cut.next = happens.cut;
        core.event_taken.next = happens.event_taken;
        bench.settle();
        let core = &bench.core;
        assert_eq!(core.trip.val(), rules.trips(&settings, &happens), "{clock}: {rules:?}");
        assert_eq!(core.armed.val(), rules.armed, "{clock}");
        assert_eq!(core.standalone.val(), rules.armed && !rules.for_host, "{clock}");
        assert_eq!(core.ramping_to_safe.val(), rules.ramping_to_safe, "{clock}");
        assert_eq!(core.fault.val().to_u64(), u64::from(rules.fault), "{clock}");
        assert_eq!(core.closed.val(), rules.pin[1], "{clock}");
        assert_eq!(core.samples.val().to_u64(), u64::from(rules.samples), "{clock}");
        assert_eq!(core.link_faults.val().to_u64(), u64::from(rules.link_faults), "{clock}");
        let event = core.event.val().then(|| {
            (core.event_cause.val().to_u64() as u32, core.event_time.val().to_u64() as u32)
        });
        assert_eq!(event, rules.event, "{clock}");
        if rules.trips(&settings, &happens) {
            let causes = rules.causes(&settings);
            (0..5).for_each(|bit| seen[bit as usize] += causes >> bit & 1);
        }
        bench.step();
        rules.clock(&settings, &happens);
        let samples = if happens.arm_standalone { settings.run_limit } else { settings.watchdog };
        limit = raw(u64::from(samples));
    }
    assert!(seen.iter().all(|&count| count > 50), "trips by cause: {seen:?}");
}
