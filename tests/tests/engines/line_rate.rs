//! Continuous mode over a line: every window of a run reaches the host, over a FIFO at the model's and at the pins' rate, and over a network.

use hge_bench::workload::{Workload, CONTINUOUS, SHORT};
use hge_driver::link::udp::BYTES_PER_S;
use hge_gateware::link::line::Line;
use hge_needs::needs;
use hge_protocol::frame::{Frame, Record, Status};
use hge_protocol::ft245;
use hge_protocol::registers::{self as map, command};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use hge_sim::bench::Bench;
use hge_sim::engine::{Engine, Time};
use hge_sim::model::Model;
use hge_sim::verilog::{Compiler, VerilogEngine};
use hge_tests::nightly;
use hge_tests::scenario::Script;

/// The ADC code of one input is the DAC code of output 0: the same on every engine, whatever its time.
struct Follower;

impl Bench for Follower {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        let outputs = codes.len() / adc.len();
        for (codes, code) in codes.chunks_exact(outputs).zip(adc) {
            *code = codes[0];
        }
    }

    fn rewind(&mut self, _samples: usize) {}
}

/// The line of a continuous run is served so often.
const FAST_TURNS_PER_S: f64 = 1000.0;

/// In which a request is carried out and its reply is on the line.
const REQUEST_SAMPLES: u32 = 128;

/// Bodies of telemetry that are kept.
const KEPT: usize = 300;

/// A host that runs a workload in continuous mode, over and over.
struct Host<'a> {
    engine: &'a mut dyn Engine,
    script: Script,
    deframer: Deframer,
    windows: u64,
    runs: u32,
    is_ended: bool,
    /// Number of the next frame of telemetry; those that are missing.
    next: u32,
    missing: u64,
    begun: u32,
    period_samples: u32,
    bodies: Vec<Vec<u32>>,
    values: Vec<u32>,
}

impl<'a> Host<'a> {
    /// Everything set up, armed and running.
    fn begin(engine: &'a mut dyn Engine, workload: &Workload) -> Self {
        let mut script = Script::new(1);
        script.write_all(&workload.writes(u32::from(u16::MAX)));
        script.command(command::ARM_STANDALONE);
        script.command(command::RUN);
        let mut host = Host {
            engine,
            script,
            deframer: Deframer::new(MOST_FRAME_WORDS),
            windows: 0,
            runs: 1,
            is_ended: false,
            next: 0,
            missing: 0,
            begun: 1 << 31,
            period_samples: u32::MAX,
            bodies: Vec::new(),
            values: Vec::new(),
        };
        host.talk();
        host
    }

    /// Sends the requests that wait, one after the other.
    fn talk(&mut self) {
        for bytes in std::mem::take(&mut self.script.lines) {
            self.engine.send(&bytes).unwrap();
            self.pass(REQUEST_SAMPLES, usize::MAX);
        }
    }

    /// So many samples, and what comes meanwhile; the bytes of it.
    fn pass(&mut self, samples: u32, room: usize) -> usize {
        let mut line = Vec::new();
        self.engine.advance(Time::Real, samples, room, &mut line).unwrap();
        let Host { deframer, windows, is_ended, next, missing, begun, .. } = self;
        let (period_samples, bodies, values) =
            (&mut self.period_samples, &mut self.bodies, &mut self.values);
        deframer.push(&line, |body| {
            let body = body.expect("a sound line");
            match Frame::from_words(body).expect("a known frame") {
                Frame::Telemetry(number, record) => {
                    *missing += u64::from(number.wrapping_sub(*next));
                    *next = number.wrapping_add(1);
                    if bodies.len() < KEPT {
                        bodies.push(body.iter().map(|word| word.get()).collect());
                    }
                    *is_ended |= matches!(record, Record::End(_));
                    let Record::Window(window) = record else { return };
                    *windows += 1;
                    let since = window.sample_clock.wrapping_sub(*begun);
                    *period_samples = since.min(*period_samples);
                    *begun = window.sample_clock;
                }
                Frame::Reply(reply) => {
                    assert_eq!(reply.status, Status::Ok);
                    *values = reply.values;
                }
                other => panic!("{other:?}"),
            }
        });
        line.len()
    }
}

/// Every window of the workload passes a line of so many bytes a second, at nine tenths of the rate of the run alone and more; the first
/// bodies of telemetry.
fn passes(
    engine: &mut dyn Engine,
    workload: &Workload,
    bytes_per_s: f64,
    seconds: f64,
) -> Vec<Vec<u32>> {
    let mut host = Host::begin(engine, workload);
    let turn_samples = (workload.rate_hz() / FAST_TURNS_PER_S) as u32;
    let turn_bytes = bytes_per_s / FAST_TURNS_PER_S;
    let (before, mut budget_bytes) = (host.windows, 0.0);
    let turns = (seconds * FAST_TURNS_PER_S) as u32;
    let mut samples = 0.0;
    for _ in 0..turns {
        if std::mem::take(&mut host.is_ended) {
            host.script.command(command::RUN);
            host.talk();
            host.runs += 1;
            samples += f64::from(REQUEST_SAMPLES);
        }
        budget_bytes += turn_bytes;
        let bytes = host.pass(turn_samples, f64::max(budget_bytes, 0.0) as usize);
        budget_bytes = (budget_bytes - bytes as f64).min(turn_bytes);
        samples += f64::from(turn_samples);
    }
    host.script.read(map::FRAMES_LOST, 1);
    let windows = host.windows - before;
    host.talk();
    let Host { missing, values, period_samples, runs, bodies, .. } = host;
    assert_eq!((missing, values), (0, vec![0]), "{}", workload.name);
    // The next targets and changes of state.
    assert!((8..24).contains(&(period_samples - workload.window_samples)), "{period_samples}");
    let share = windows as f64 / (samples / f64::from(period_samples));
    let per_s = share * workload.rate_hz() / f64::from(period_samples);
    println!(
        "{}: {windows} windows in {seconds} s, {per_s:.0} a second, {:.2} % of the run's own, {runs} runs, none lost",
        workload.name,
        100.0 * share
    );
    assert!(share >= 0.9, "{share}");
    bodies
}

#[test]
fn every_window_of_64_tones_at_a_megasample_in_continuous_mode_passes_a_line_of_100_megabit() {
    let mut engine = Model::new(CONTINUOUS.parameters(), Box::new(Follower));
    passes(&mut engine, &CONTINUOUS, BYTES_PER_S, nightly(600.0, 2.0));
}

#[test]
fn every_window_of_continuous_mode_passes_a_fifo() {
    for workload in [CONTINUOUS, SHORT] {
        let mut engine = Model::new(workload.parameters(), Box::new(Follower));
        let bytes_per_s = ft245::bytes_per_s(workload.clock_hz);
        passes(&mut engine, &workload, bytes_per_s, nightly(600.0, 1.0));
    }
}

/// The harness's bridge takes 8 MB/s at the pins.
#[needs(compiler)]
#[test]
fn every_window_of_continuous_mode_passes_the_pins_of_a_fifo_and_is_the_models() {
    for workload in nightly(&[CONTINUOUS, SHORT][..], &[CONTINUOUS][..]) {
        let parameters = workload.parameters();
        let mut model = Model::new(parameters, Box::new(Follower));
        let expected = passes(&mut model, workload, f64::INFINITY, 0.2);
        let compiler = Compiler::locate().unwrap();
        let pins = VerilogEngine::on_line(compiler, parameters, Line::Ft245, Box::new(Follower));
        let found = passes(&mut pins.unwrap(), workload, f64::INFINITY, nightly(1.0, 0.02));
        let common = found.len().min(expected.len());
        let differs = found.iter().zip(&expected).position(|(one, other)| one != other);
        assert_eq!(differs, None, "of {common} bodies");
        assert!(common > 100, "{common} bodies");
    }
}
