//! A board that trains without a host: the image holds what a host would send, and its result equals that of the host's run.

use hge_core::experiment::{EngineKind, Experiment, Job, LoopMode, Source, Task};
use hge_core::train::{last_run, noise_seed, recording, train_on, LastRun, Outcome};
use hge_driver::Instrument;
use hge_gateware::board::Converters;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::link::line::Line;
use hge_lab::server::{InProcess, Pace, Server};
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_protocol::frame::{End, EndReason, Frame, Operation, Record, Reply, Status};
use hge_protocol::recording::Recording;
use hge_protocol::registers::{self as map, command};
use hge_protocol::table::TABLE_BASE;
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS, MOST_REQUEST_WORDS};
use hge_sim::bench::AnalogueBench;
use hge_sim::engine::{Engine, EngineError, Passed, Time};
use hge_sim::verilog::{BoardEngine, Compiler};
use hge_tests::scenario::Script;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What tells this experiment from others.
const TAG: u32 = 0x1234_abcd;

/// The board's experiment, standalone. There is no noise: a board's time goes on before the button is pressed.
fn experiment() -> (Experiment, Source) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/board.toml");
    let (mut experiment, source) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    experiment.loop_mode = LoopMode::Standalone;
    experiment.engine = EngineKind::Model;
    (experiment, source)
}

fn job() -> Job {
    let (experiment, source) = experiment();
    Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"))
}

fn built_in(task: &Task) -> Recording {
    recording(task, TAG).unwrap_or_else(|error| panic!("{error}"))
}

/// Result of a host's training, without what is only counted while it goes on.
fn trained() -> Outcome {
    let outcome = train(job(), &Options::default(), &mut |_| ()).expect("a training");
    of_the_run(Outcome { epochs: 0, restarts: 0, saturated: false, ..outcome })
}

/// Without what a host that trains measures after the run.
fn of_the_run(outcome: Outcome) -> Outcome {
    let (separation_error_na, separation_above_na) = (None, None);
    Outcome { samples: 0, separation_error_na, separation_above_na, ..outcome }
}

/// What a host that connects now is told.
fn asked(engine: Box<dyn Engine>, task: &Task) -> Option<LastRun> {
    let settings = hge_lab::settings(&task.experiment, Pace::Virtual, false);
    let link = InProcess::serve(Server::with_engine(engine, settings));
    let mut instrument = Instrument::connect(Box::new(link)).expect("an instrument");
    assert_eq!(instrument.read(map::SCRATCH).expect("a register"), TAG);
    assert_eq!(instrument.state().expect("a state").armed, None);
    last_run(&mut instrument, task).expect("an answer")
}

/// The parts as they go over the line: a zero after a frame's zero ends one.
fn parts(recording: &Recording) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for &byte in recording.bytes() {
        let part = parts.last_mut().expect("one");
        if byte == 0 && part.last() == Some(&0) {
            parts.push(Vec::new());
        } else {
            part.push(byte);
        }
    }
    assert_eq!(parts.pop(), Some(Vec::new()));
    parts
}

/// An engine whose host is listened to.
struct Tap {
    engine: Box<dyn Engine>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Engine for Tap {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.sent.lock().expect("nobody panicked").extend(bytes);
        self.engine.send(bytes)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        self.engine.advance(time, samples, room, into)
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.engine.set_interlock(closed)
    }
}

/// Last value of every register that these requests write, and the commands among them, up to the end of the first run.
fn written(line: &[u8]) -> (BTreeMap<u16, u32>, Vec<u32>) {
    let (mut registers, mut commands) = (BTreeMap::new(), Vec::new());
    Deframer::new(MOST_REQUEST_WORDS).push(line, |body| {
        let body = body.expect("a sound request");
        let over = commands.ends_with(&[command::RUN, command::DISARM]);
        if over || body[0].get() as u8 != Operation::Write.code() {
            return;
        }
        for (address, value) in (body[2].get() as u16..).zip(&body[3..]) {
            if address == map::COMMAND {
                commands.push(value.get());
            } else {
                registers.insert(address, value.get());
            }
        }
    });
    (registers, commands)
}

fn frames(received: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    Deframer::new(MOST_FRAME_WORDS).push(received, |body| {
        frames.push(Frame::from_words(body.expect("a sound line")).expect("a known frame"));
    });
    frames
}

fn replies(received: &[u8]) -> Vec<Reply> {
    let replies = frames(received).into_iter().filter_map(|frame| match frame {
        Frame::Reply(reply) => Some(reply),
        _ => None,
    });
    replies.collect()
}

fn ends(received: &[u8]) -> Vec<End> {
    let ends = frames(received).into_iter().filter_map(|frame| match frame {
        Frame::Telemetry(_, Record::End(end)) => Some(end),
        _ => None,
    });
    ends.collect()
}

#[test]
fn what_is_built_in_writes_what_the_host_writes() {
    let Job { task, chain, device } = job();
    let recording = built_in(&task);
    let seed = noise_seed(&task.experiment);
    let engine = hge_lab::engine(&task, chain, device, seed, |bench| Box::new(bench)).expect("one");
    let sent = Arc::<Mutex<Vec<u8>>>::default();
    let tap = Box::new(Tap { engine, sent: sent.clone() });
    let settings = hge_lab::settings(&task.experiment, Pace::Virtual, false);
    let link = InProcess::serve(Server::with_engine(tap, settings));
    let instrument = Instrument::connect(Box::new(link)).expect("an instrument");
    train_on(instrument, task, &mut |_| ()).expect("a training");
    let (hosts, _) = written(&sent.lock().expect("nobody panicked"));
    let (ours, commands) = written(&parts(&recording).concat());
    assert!(hosts.len() > 80, "{hosts:?}");
    for (address, value) in &hosts {
        assert_eq!(ours.get(address), Some(value), "register 0x{address:04x}");
    }
    for (&address, &value) in ours.iter().filter(|(address, _)| !hosts.contains_key(address)) {
        let bridged = address >= TABLE_BASE && value == 0;
        assert!(bridged || (address, value) == (map::SCRATCH, TAG), "0x{address:04x} = {value}");
    }
    assert_eq!(commands, [command::ARM_STANDALONE, command::RUN, command::DISARM]);
}

#[test]
fn the_model_that_hears_what_is_built_in_comes_to_what_a_host_comes_to() {
    let Job { task, chain, device } = job();
    let recording = built_in(&task);
    let seed = noise_seed(&task.experiment);
    let mut engine =
        hge_lab::engine(&task, chain, device, seed, |bench| Box::new(bench)).expect("a model");
    let mut received = Vec::new();
    // Twice: the second time on what the first has left.
    for _ in 0..2 {
        received.clear();
        for part in [0, 0, 1, 2] {
            engine.send(&parts(&recording)[part]).expect("a model");
            while engine.receive(&mut received).expect("a model") {}
        }
        let answers = replies(&received);
        assert!(answers.iter().all(|reply| reply.status == Status::Ok), "{answers:?}");
        assert_eq!(ends(&received).len(), 1);
    }
    let last = asked(engine, &task).expect("a run");
    assert_eq!(last.end.reason, EndReason::Complete);
    assert_eq!(last.outcome.map(of_the_run), Some(trained()));
}

#[test]
fn an_instrument_that_has_done_nothing_has_nothing_to_tell() {
    let Job { task, chain, device } = job();
    let recording = built_in(&task);
    let mut engine =
        hge_lab::engine(&task, chain, device, 1, |bench| Box::new(bench)).expect("one");
    engine.send(&parts(&recording)[0]).expect("a model");
    assert_eq!(asked(engine, &task), None);
}

/// A board with its experiment, at its pins.
struct Board {
    engine: BoardEngine,
    received: Vec<u8>,
}

/// Longer than the button's count of 2^18 clocks, in samples of 600.
const LONG: u32 = 460;

impl Board {
    fn pass(&mut self, samples: u32) {
        let passed = self.engine.advance(Time::Real, samples, usize::MAX, &mut self.received);
        passed.expect("sound pins");
    }

    fn press(&mut self, pressed: bool, samples: u32) {
        self.engine.press(pressed).expect("a board");
        self.pass(samples);
    }

    fn is_connected(&self) -> bool {
        self.engine.circuit().pins().expect("pins").output_enable
    }

    /// Presses, with bounces, until the run goes on.
    fn begin(&mut self) {
        let before = replies(&self.received).len();
        for _ in 0..20 {
            self.press(true, 1);
            self.press(false, 1);
        }
        assert_eq!(replies(&self.received).len(), before, "a bounce was taken for a press");
        self.press(true, LONG);
        self.press(false, 1);
        // Every request's reply takes 1760 clocks on the line.
        let armed = (0..20).any(|_| {
            self.pass(20);
            self.is_connected()
        });
        assert!(armed, "the press was not heard");
    }

    /// Until `runs` runs have ended and what follows has been sent.
    fn run_until(&mut self, runs: usize) {
        for _ in 0..100 {
            if ends(&self.received).len() == runs {
                self.pass(100);
                return;
            }
            self.pass(500);
        }
        panic!("run {runs} has no end");
    }
}

#[needs(compiler)]
#[test]
fn a_board_trains_at_the_press_of_its_button_and_tells_a_host_later() {
    let compiler = Compiler::locate().expect("a compiler");
    let Job { task, chain, device } = job();
    let recording = built_in(&task);
    let outputs = task.parameters.outputs as usize;
    let bench = AnalogueBench::new(chain, device, outputs, 1, task.plan.grid().rate_hz, 1);
    let converters = Converters { dac: DacPart::Ad5628, adc: AdcPart::Ad7476a };
    let line = Line::Uart { baud: task.parameters.clock_hz / 8 };
    let engine = BoardEngine::new(
        &compiler,
        &task.parameters,
        converters,
        line,
        &recording,
        Box::new(bench),
    )
    .expect("a board");
    let mut board = Board { engine, received: Vec::new() };
    board.pass(LONG);
    let requests =
        |part: usize| parts(&recording)[part].iter().filter(|&&byte| byte == 0).count() - 1;
    assert_eq!(replies(&board.received).len(), requests(0), "registers at power-up");
    assert!(!board.is_connected());
    board.begin();
    board.run_until(1);
    // It has disarmed itself.
    assert!(!board.is_connected());
    let answers = replies(&board.received);
    assert_eq!(answers.len(), 2 * requests(0) + requests(1) + requests(2));
    assert!(answers.iter().all(|reply| reply.status == Status::Ok), "{answers:?}");
    board.pass(LONG);

    // Once more, and a host comes while it runs: from then on it is the host who disarms.
    board.begin();
    let mut host = Script::new(77);
    host.read(map::STATUS, 1);
    host.command(command::DISARM);
    for line in &host.lines[..2] {
        board.engine.send(line).expect("a board");
        board.pass(5);
    }
    board.run_until(2);
    let runs = ends(&board.received);
    assert_eq!(runs[0], runs[1], "the second run is not the first");
    assert_eq!(replies(&board.received).last().expect("one").status, Status::Session);
    assert!(board.is_connected());
    board.engine.send(&host.lines[2]).expect("a board");
    board.pass(50);
    let answer = replies(&board.received).pop().expect("one");
    assert_eq!((answer.nonce, answer.status), (77, Status::Ok));
    assert!(!board.is_connected());

    let last = asked(Box::new(board.engine), &task).expect("a run");
    assert_eq!(last.outcome.map(of_the_run), Some(trained()));
}
