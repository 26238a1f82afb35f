//! Telemetry at the full rate of the line: nothing is lost while somebody reads, and what is lost is counted. Memory stays where it
//! is, of a reader as of a training on a file of cases.

use hge_bench::workload::{Workload, CONTINUOUS, SHORT};
use hge_core::experiment::{Job, Source};
use hge_driver::link::udp::BYTES_PER_S;
use hge_gateware::link::line::Line;
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_protocol::frame::{Frame, Record, Status, BLOCK_SAMPLES};
use hge_protocol::ft245;
use hge_protocol::registers::{self as map, command};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;
use hge_sim::bench::Bench;
use hge_sim::engine::{Engine, Time};
use hge_sim::model::Model;
use hge_sim::verilog::{Compiler, VerilogEngine};
use hge_tests::memory::MemoryGrowth;
use hge_tests::scenario::Script;
use hge_tests::{nightly, plane};

/// Bytes a second of a line of 3 Mbaud.
const LINE_BYTES_PER_S: usize = 300_000;

/// 24 MHz by 198 clocks: 121 kS/s, of which a capture makes 282 kB/s.
const PERIOD_CLOCKS: u32 = 198;

const CLOCK_HZ: u32 = 24_000_000;

/// The line is served a hundred times a second.
const TURNS_PER_S: usize = 100;

/// ADC codes that name their sample.
struct Counter(u32);

impl Bench for Counter {
    fn samples(&mut self, _codes: &[i16], adc: &mut [i16]) {
        for code in adc {
            *code = self.0 as i16;
            self.0 += 1;
        }
    }

    fn rewind(&mut self, samples: usize) {
        self.0 -= samples as u32;
    }
}

/// What a reader has found.
#[derive(Default)]
struct Reader {
    frames: u32,
    codes: u32,
    /// Frames whose numbers are missing.
    missing: u32,
    next: u32,
}

impl Reader {
    fn take(&mut self, frame: Frame) {
        let Frame::Telemetry(number, Record::Block(block)) = frame else { return };
        self.missing += number.wrapping_sub(self.next);
        self.next = number.wrapping_add(1);
        self.frames += 1;
        self.codes += block.codes.len() as u32;
        // The codes say where they belong: none is wrong, none is out of place.
        assert_eq!(block.time, number * BLOCK_SAMPLES as u32);
        for (offset, code) in (0..).zip(&block.codes) {
            assert_eq!(*code, (block.time + offset) as i16);
        }
    }
}

/// Captures for `seconds` of the instrument's time while a reader takes `share` of the line's rate.
fn capture(seconds: usize, share: f64) -> (Reader, u32, u32) {
    let mut memory = MemoryGrowth::begin();
    let mut engine = Model::new(Parameters::default(), Box::new(Counter(0)));
    let samples = (u64::from(CLOCK_HZ / PERIOD_CLOCKS) * seconds as u64) as u32;
    let mut script = Script::new(1);
    script.write_all(&[(map::SAMPLE_PERIOD, PERIOD_CLOCKS), (map::CAPTURE_SAMPLES, samples)]);
    script.command(command::CAPTURE);
    let mut line = Vec::new();
    for bytes in &script.lines {
        engine.send(bytes).unwrap();
        engine.advance(Time::Real, 0, usize::MAX, &mut line);
    }
    let turn_bytes = LINE_BYTES_PER_S as f64 * share / TURNS_PER_S as f64;
    let mut budget_bytes = 0.0;
    let mut reader = Reader::default();
    let mut deframer = Deframer::new(MOST_FRAME_WORDS);
    for turn in 0..seconds * TURNS_PER_S + TURNS_PER_S {
        line.clear();
        budget_bytes += turn_bytes;
        let room = f64::max(budget_bytes, 0.0) as usize;
        let turn_samples = CLOCK_HZ / PERIOD_CLOCKS / TURNS_PER_S as u32;
        engine.advance(Time::Real, turn_samples, room, &mut line);
        // A frame that was begun is ended: the line owes it.
        budget_bytes = (budget_bytes - line.len() as f64).min(turn_bytes);
        deframer.push(&line, |body| {
            reader.take(Frame::from_words(body.expect("a sound line")).expect("a known frame"));
        });
        if turn == TURNS_PER_S {
            memory.settle();
        }
    }
    assert!(memory.kb() < 1024, "memory grew by {} kB after the first second", memory.kb());
    line.clear();
    engine.advance(Time::Real, 1, usize::MAX, &mut line);
    deframer.push(&line, |body| {
        reader.take(Frame::from_words(body.expect("a sound line")).expect("a known frame"));
    });
    let made = engine.read(map::FRAMES).unwrap();
    let lost = engine.read(map::FRAMES_LOST).unwrap();
    // What was lost after the last frame that came shows in the counter alone.
    reader.missing += made - reader.next;
    (reader, made, lost)
}

/// Of the instrument's time: ten minutes at night, two by day, in which one byte kept of 30 would be 1 MB.
fn seconds() -> usize {
    nightly(600, 120)
}

#[needs(proc)]
#[test]
fn minutes_at_the_lines_rate_lose_nothing_while_the_reader_keeps_up() {
    let (reader, made, lost) = capture(seconds(), 1.0);
    assert_eq!((reader.missing, lost), (0, 0));
    assert_eq!(reader.frames, made);
    assert_eq!(reader.codes, CLOCK_HZ / PERIOD_CLOCKS * seconds() as u32);
}

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

#[needs(proc)]
#[test]
fn minutes_at_half_the_rate_lose_frames_and_count_each() {
    let (reader, made, lost) = capture(seconds(), 0.5);
    assert_eq!(reader.missing, lost);
    assert_eq!(reader.frames + lost, made);
    assert!(lost > made / 3, "{lost} of {made}");
}

#[test]
fn a_training_on_a_file_of_a_thousand_cases_of_two_outputs_takes_no_more_memory_with_time() {
    let mut memory = MemoryGrowth::begin();
    let path = std::env::temp_dir().join(format!("hge-thousand-{}.csv", std::process::id()));
    std::fs::write(&path, plane::csv(1000)).unwrap();
    let epochs = nightly(2500, 1000);
    // No loss is low enough: every epoch is run, with 32 cases from the file each.
    let text = format!(
        "device = \"linear:6,-3,4,1;2,5,-1,3\"\nrestarts = 1\nrms_error_na = 1e-6\n\
         [instrument]\ninputs = 2\ncases = 32\n[electrodes]\ninputs = [0, 1]\ncontrols = [2, 3]\n\
         control_low_v = [-1.5, -1.5]\ncontrol_high_v = [1.5, 1.5]\n[timing]\nwindow_samples = 64\n\
         [data]\nfile = \"{}\"\ninputs = [\"x\", \"y\"]\ntarget_na = [\"first\", \"second\"]\nbatch = 32\n[host]\nepochs = {epochs}\n",
        path.display()
    );
    let (experiment, source) = Source::parse("thousand.toml", text).unwrap();
    let job = Job::new(experiment, &source).unwrap();
    let (mut seen, mut grown_kb) = (0, 0);
    train(job, &Options::default(), &mut |_| {
        seen += 1;
        if seen == epochs / 10 {
            memory.settle();
        } else if seen > epochs / 10 {
            grown_kb = memory.kb();
        }
    })
    .unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(seen, epochs);
    println!("{grown_kb} kB after {epochs} epochs");
    // The losses and separations of 900 epochs are 14 kB.
    assert!(grown_kb < 512, "{grown_kb} kB");
}
