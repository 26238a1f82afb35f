//! The sequencer against `model::sequencer`: runs of drawn lengths, with stops and trips in any clock.

use crate::bench::{raw, unsigned, Bench};
use crate::nightly;
use crate::stimulus::Stimulus;
use hge_gateware::sequencer::Sequencer;
use hge_protocol::frame::EndReason;
use hge_protocol::registers::{self as map, gap};
use hge_sim::model::sequencer::{Job, Report, Sequencer as Model, State};
use hge_sim::model::settings::Settings;

/// Clocks of a sample, and the one in which a length is read at the latest.
const PERIOD: usize = 8;
const READ_BY: usize = 5;
/// A clock at which memories are late.
const LATE_HZ: u32 = 90_000_000;
/// What ends a run, as the counts of [`TestBench::ends`] have it.
const REASONS: [EndReason; 5] = [
    EndReason::Complete,
    EndReason::LossReached,
    EndReason::Stopped,
    EndReason::Disarmed,
    EndReason::Tripped,
];

struct TestBench {
    bench: Bench<Sequencer>,
    random: Stimulus,
    model: Model,
    settings: Settings,
    is_hardware: bool,
    /// Tones of the run go on for longer than a tail.
    rings: bool,
    /// Samples since power-up.
    now: u32,
    /// Runs by their reason; windows that another followed with tones on.
    ends: [usize; 5],
    flowed: usize,
    /// One in so many samples has a stop, and one in as many a trip.
    stops: u32,
}

impl TestBench {
    fn new(is_hardware: bool, clock_hz: u32, stops: u32, seed: u64) -> Self {
        let core = Sequencer::default().with_short_gap(is_hardware).at_clock(clock_hz);
        TestBench {
            bench: Bench::new(core, |core| &mut core.clock),
            random: Stimulus::new(seed),
            model: Model { best_loss: u32::MAX, ..Model::default() },
            settings: Settings::default(),
            is_hardware,
            rings: false,
            now: u32::MAX - 1000,
            ends: [0; 5],
            flowed: 0,
            stops,
        }
    }

    /// What the host writes before a run.
    fn configure(&mut self, window_log2: u32) {
        let random = &mut self.random;
        let is_continuous = self.is_hardware && random.once_in(2);
        let short = if self.is_hardware { random.below(4) as u32 } else { 0 };
        self.rings = random.once_in(4);
        self.settings = Settings {
            window_log2,
            settle: random.below(5) as u32,
            lead_in: random.below(5) as u32,
            gap: (1 + random.below(4) as u32)
                | short << 16
                | if is_continuous { gap::CONTINUOUS } else { 0 },
            mode: random.below(4) as u32,
            cases_used: if is_continuous { 1 } else { 1 + random.below(3) as u32 },
            epochs: 1 + random.below(4) as u32,
            loss_stop: 0,
            ..Settings::default()
        };
        let core = &mut self.bench.core;
        core.window_log2.next = raw(window_log2.into());
        core.mode.next = raw(self.settings.mode.into());
    }

    /// A command or a trip after the tick's step.
    fn stop(&mut self, reason: EndReason) {
        if self.model.busy() && self.model.stop_asked.is_none() {
            self.model.stop_asked = Some(reason);
        }
    }

    /// The post-processor's part in `job`; whether it ends the run.
    fn work(&mut self, job: Job) -> Option<EndReason> {
        let model = &mut self.model;
        match job {
            Job::Start => {
                let (state, stop_asked) = (model.state, model.stop_asked);
                *model = Model { state, stop_asked, best_loss: u32::MAX, ..Model::default() };
            }
            Job::Nothing => model.over = model.stop_asked.take(),
            Job::Window if model.flows => {
                model.epoch += 1;
                self.flowed += 1;
            }
            Job::Window => {
                model.case = (model.case + 1) % self.settings.cases_used;
                model.epoch += u32::from(model.case == 0);
                model.last_pass |= self.random.once_in(8);
                if model.epoch >= self.settings.epochs {
                    model.over = Some(EndReason::Complete);
                } else if self.random.once_in(8) {
                    model.over = Some(EndReason::LossReached);
                }
                return model.over;
            }
        }
        None
    }

    /// The tick: the step to the next sample. Returns what the post-processor ends the run with, and how a run has ended.
    fn tick(&mut self) -> (Option<EndReason>, Option<EndReason>) {
        let random = &mut self.random;
        let sounding = self.rings || random.once_in(2);
        let report = Report { ramping: random.once_in(3), limited: false, sounding };
        let trips = random.once_in(self.stops);
        let flows_on = self.model.flows_on(&self.settings);
        let is_within = self.model.case + 1 < self.settings.cases_used;
        let core = &mut self.bench.core;
        core.tick.next = true;
        core.trip.next = trips;
        core.now.next = raw(self.now.into());
        core.moving.next = report.ramping;
        core.sounding.next = report.sounding;
        core.post_processor_working.next = false;
        core.ends.iter_mut().for_each(|ends| ends.next = !(flows_on || is_within));
        core.continues.iter_mut().for_each(|continues| continues.next = flows_on);
        self.bench.settle();
        let (job, ended) = self.model.advance(&self.settings, report);
        let kind = match (job, ended) {
            (Some(Job::Start), _) => Some(0),
            (Some(Job::Window), _) => Some(1),
            (_, Some(_)) => Some(2),
            _ => None,
        };
        let core = &self.bench.core;
        let begins = core.post_processor_start.val();
        assert_eq!(begins.then(|| unsigned(core.post_processor_kind.val())), kind);
        self.bench.edge();
        self.bench.core.tick.next = false;
        self.bench.core.trip.next = false;
        let samples =
            if ended.is_some() { self.model.sample_clock } else { self.model.window_clock };
        let over = job.and_then(|job| self.work(job));
        if trips {
            self.stop(EndReason::Tripped);
        }
        self.bench.core.last_pass.next = self.model.last_pass;
        self.bench.settle();
        if kind.is_some_and(|kind| kind > 0) {
            let core = &self.bench.core;
            let marked = unsigned(core.marked.val()).wrapping_sub(unsigned(core.began.val()));
            assert_eq!(marked as u32, samples);
        }
        if let Some(reason) = ended {
            assert_eq!(unsigned(self.bench.core.end_reason.val()), u64::from(reason.code()));
        }
        (over, ended)
    }

    fn compare(&self) {
        let (core, model) = (&self.bench.core, &self.model);
        assert_eq!(core.busy.val(), model.busy());
        assert_eq!(core.ramp.val(), model.state == State::Ramp);
        assert_eq!(core.take.val(), model.state == State::Window);
        assert_eq!(core.tones.val(), model.is_flagged());
        assert_eq!(core.gate.val(), model.gate(&self.settings), "{model:?}");
        assert_eq!(core.restart.val(), model.state == State::LeadIn && model.count == 0);
        assert_eq!(core.unperturbed.val(), !model.perturbs(&self.settings));
        assert!(core.runs_on.iter().all(|runs_on| runs_on.val() == model.flows));
        assert!(!core.late.val());
        if model.state == State::Window {
            assert_eq!(core.first.val(), model.count == 0);
            let half = 1 << (self.settings.window_log2 - 1);
            assert_eq!(core.second_half.val(), model.count >= half, "sample {}", model.count);
        }
    }

    /// One sample; how a run has ended with it.
    fn sample(&mut self, runs: bool) -> Option<EndReason> {
        let (over, ended) = self.tick();
        let command = (1 + self.random.below(PERIOD - 1), self.random.once_in(self.stops));
        let over_at = 1 + self.random.below(PERIOD - 2);
        let is_host = self.random.once_in(2);
        let mut read = None;
        for clock in 1..PERIOD {
            let is_commanded = command.0 == clock;
            let (starts, stops) = (runs && is_commanded, command.1 && !runs && is_commanded);
            let noise = self.random.noise();
            let may_grant = clock >= READ_BY || self.random.once_in(2);
            // A length stands in the clock after its reading alone.
            let stored = read.take().map_or(noise as u32, |address| self.length(address));
            let core = &mut self.bench.core;
            core.stored.next = raw(u64::from(stored & 0xff_ffff));
            let short = stored >> 16 & gap::MOST_SHORT;
            core.upper.iter_mut().for_each(|upper| upper.next = raw(short.into()));
            core.run.next = starts;
            core.stop.next = stops && is_host;
            core.disarm.next = stops && !is_host;
            core.post_processor_over.next = over.is_some() && clock == over_at;
            core.post_processor_reason.next =
                raw(over.map_or(noise >> 40, |reason| reason.code().into()));
            core.post_processor_working.next = over.is_some() && clock <= over_at;
            self.bench.settle();
            let granted = self.bench.core.setting_request.val() && may_grant;
            self.bench.core.setting_granted.next = granted;
            self.bench.settle();
            if granted {
                read = Some(unsigned(self.bench.core.setting_address.val()) as u16);
            }
            self.compare();
            self.bench.edge();
            if starts {
                self.model.run_asked = true;
            }
            if stops {
                self.stop(if is_host { EndReason::Stopped } else { EndReason::Disarmed });
            }
        }
        let core = &mut self.bench.core;
        core.run.next = false;
        core.stop.next = false;
        core.disarm.next = false;
        core.setting_granted.next = false;
        core.post_processor_over.next = false;
        self.now = self.now.wrapping_add(1);
        ended
    }

    fn length(&self, address: u16) -> u32 {
        match address {
            map::GAP => self.settings.gap,
            map::SETTLE => self.settings.settle,
            map::LEAD_IN => self.settings.lead_in,
            _ => panic!("register {address:#x} is no length"),
        }
    }

    /// A whole run.
    fn run(&mut self) {
        self.sample(true);
        let mut samples = 0;
        let reason = loop {
            if let Some(reason) = self.sample(false) {
                break reason;
            }
            samples += 1;
            assert!(samples < 100 << self.settings.window_log2, "the run does not end");
        };
        let index = REASONS.iter().position(|&known| known == reason).expect("a reason");
        self.ends[index] += 1;
        for _ in 0..self.random.below(3) {
            self.sample(false);
        }
    }
}

/// Runs with short windows; every way to end one is taken.
fn agree(is_hardware: bool, clock_hz: u32, seed: u64) {
    let mut test_bench = TestBench::new(is_hardware, clock_hz, 300, seed);
    for _ in 0..120 {
        let window_log2 = 4 + test_bench.random.below(3) as u32;
        test_bench.configure(window_log2);
        test_bench.run();
    }
    assert!(test_bench.ends.iter().all(|&runs| runs > 3), "runs by reason: {:?}", test_bench.ends);
    assert_eq!(test_bench.flowed > 20, is_hardware, "{} windows flowed", test_bench.flowed);
}

#[test]
fn states_of_random_runs_equal_the_twins() {
    agree(false, 24_000_000, 111);
    agree(false, LATE_HZ, 112);
}

#[test]
fn states_of_random_runs_with_short_gaps_and_in_continuous_mode_equal_the_twins() {
    agree(true, 24_000_000, 113);
    agree(true, LATE_HZ, 114);
}

#[test]
fn windows_of_every_length_equal_the_twins() {
    let mut test_bench = TestBench::new(false, 24_000_000, u32::MAX, 115);
    for window_log2 in 4..=nightly(16, 11) {
        test_bench.configure(window_log2);
        test_bench.settings.epochs = 1;
        test_bench.settings.cases_used = 1;
        test_bench.run();
    }
    assert_eq!(test_bench.ends[0], nightly(13, 8));
}
