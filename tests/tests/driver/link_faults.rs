//! Whatever a line does to frames, the host sees what it would have seen without, or that something is missing.

use hge_core::experiment::{Job, Source};
use hge_core::train::{train_on, Outcome};
use hge_driver::link::Link;
use hge_driver::{Instrument, Settings, Subscription, TelemetryItem};
use hge_gateware::link::line::Line;
use hge_lab::server::{InProcess, Pace};
use hge_needs::needs;
use hge_protocol::frame::Record;
use hge_protocol::registers::{self as map, command, status};
use hge_protocol::table::{TableLayout, TABLE_BASE};
use hge_protocol::Parameters;
use hge_sim::engine::Engine;
use hge_sim::model::Model;
use hge_sim::verilog::{Compiler, VerilogEngine};
use hge_tests::faults::{Fault, FAULTS};
use hge_tests::faulty_link::FaultyLink;
use hge_tests::nightly;
use hge_tests::scenario::IntegerBench;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::time::Duration;

/// The shortest bit that the UART takes, but for a quarter: 3 Mbaud at 24 MHz.
const CLOCKS_PER_BIT: u32 = 8;

/// What passes over the line.
#[derive(Clone, Copy)]
struct Load {
    /// Frames, both ways, at least.
    frames: u64,
    /// Clocks between samples; the least for 0.
    period_clocks: u32,
    /// ADC codes of a capture, 64 a frame.
    capture_samples: u32,
    /// Registers of the longest burst.
    longest: u16,
    /// When a reply is given up for lost.
    reply_timeout: Duration,
}

/// Mostly telemetry, and long bursts.
const HEAVY: Load = Load {
    frames: 10_000,
    period_clocks: 0,
    capture_samples: 6400,
    longest: 60,
    // The model answers within microseconds.
    reply_timeout: Duration::from_millis(3),
};

/// For a simulation of every clock. A block's bytes take 12 000 clocks on the line, and its samples 19 000: no frame
/// is lost for want of room.
const LIGHT: Load = Load {
    frames: 120,
    period_clocks: 300,
    capture_samples: 640,
    longest: 6,
    // The simulated line answers in 3 to 4 ms.
    reply_timeout: Duration::from_millis(30),
};

/// What the host should find in the registers.
type Shadow = BTreeMap<u16, u32>;

/// Random writes and reads of bursts, compared with the shadow.
fn work(instrument: &Instrument, shadow: &mut Shadow, dice: &mut ChaCha8Rng, longest: u16) {
    let words = TableLayout::of(instrument.parameters()).words as u16;
    for _ in 0..8 {
        let count = dice.random_range(1..=longest);
        let first = TABLE_BASE + dice.random_range(0..words - count);
        let writes: Vec<(u16, u32)> =
            (first..first + count).map(|at| (at, dice.random())).collect();
        instrument.write_all(&writes).unwrap();
        shadow.extend(writes);
        let count = dice.random_range(1..=longest);
        let first = TABLE_BASE + dice.random_range(0..words - count);
        let found = instrument.read_many(first, count.into()).unwrap();
        for (at, value) in (first..).zip(found) {
            assert_eq!(value, shadow.get(&at).copied().unwrap_or(0), "register {at:#06x}");
        }
    }
    let scratch = dice.random();
    instrument.write(map::SCRATCH, scratch).unwrap();
    shadow.insert(map::SCRATCH, scratch);
}

/// What a subscriber has heard.
#[derive(Default)]
struct Ears {
    delivered: Vec<(u32, Record)>,
    lost: u32,
}

impl Ears {
    /// Takes all that has come.
    fn listen(&mut self, telemetry: &mut Subscription) {
        while let Some(heard) = telemetry.recv_timeout(Duration::ZERO).unwrap() {
            match heard {
                TelemetryItem::Gap { lost } => self.lost += lost,
                TelemetryItem::Frame { number, record } => self.delivered.push((number, record)),
            }
        }
    }
}

/// Frames over a line with `fault`.
fn endure(engine: Box<dyn Engine>, fault: Fault, seed: u64, load: Load) {
    let (link, traffic) = FaultyLink::over(Box::new(InProcess::new(engine)), fault, seed);
    let settings = Settings {
        reply_timeout: Some(load.reply_timeout),
        attempts: 200,
        nonce_seed: Some(seed),
        ..Settings::default()
    };
    let instrument = Instrument::connect_with(link, settings).unwrap();
    let mut telemetry = instrument.subscribe(1 << 16);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let (mut shadow, mut ears) = (Shadow::new(), Ears::default());
    instrument.write(map::SAMPLE_PERIOD, load.period_clocks).unwrap();
    shadow.insert(map::SAMPLE_PERIOD, load.period_clocks);
    // At one flip in a thousand bits nine of ten bursts of 64 registers would be struck.
    let longest = if fault == Fault::Flips(1e-3) { 6 } else { load.longest };
    while traffic.lock().unwrap().frames < load.frames {
        work(&instrument, &mut shadow, &mut dice, longest);
        let decimation = dice.random_range(1..4);
        let capture =
            [(map::CAPTURE_DECIMATION, decimation), (map::CAPTURE_SAMPLES, load.capture_samples)];
        instrument.write_all(&capture).unwrap();
        shadow.extend(capture);
        instrument.write(map::COMMAND, command::CAPTURE).unwrap();
        while instrument.read(map::STATUS).unwrap() & status::CAPTURING != 0
            && traffic.lock().unwrap().frames < load.frames
        {
            ears.listen(&mut telemetry);
        }
    }
    instrument.write(map::COMMAND, command::STOP).unwrap();
    // The registers are those of the trace without faults.
    for (&at, &value) in &shadow {
        assert_eq!(instrument.read(at).unwrap(), value, "{fault:?}: register {at:#06x}");
    }
    let made = instrument.read(map::FRAMES).unwrap();
    assert_eq!(instrument.read(map::FRAMES_LOST).unwrap(), 0);
    // A slow line may still be sending.
    while (traffic.lock().unwrap().sent.len() as u32) < made {
        instrument.read(map::STATUS).unwrap();
    }
    // The last frames of a line that stalls come after others: those that do not come are lost.
    ears.listen(&mut telemetry);
    ears.lost += made - telemetry.next_number().unwrap_or(0);
    assert_eq!(ears.delivered.len() as u32 + ears.lost, made, "{fault:?}: frames and losses");
    let traffic = traffic.lock().unwrap();
    let sent: BTreeMap<u32, &Record> =
        traffic.sent.iter().map(|(number, record)| (*number, record)).collect();
    assert_eq!(sent.len() as u32, made);
    for (number, record) in &ears.delivered {
        assert_eq!(sent.get(number), Some(&record), "{fault:?}: frame {number}");
    }
    // A whole frame behind a delimiter is heard, whatever came before.
    let delivered: BTreeMap<u32, ()> = ears.delivered.iter().map(|frame| (frame.0, ())).collect();
    for number in &traffic.clean {
        assert!(delivered.contains_key(number), "{fault:?}: frame {number} came whole, unheard");
    }
    println!(
        "{fault:?}: {} frames, {} struck, {} of {made} telemetry frames lost",
        traffic.frames, traffic.struck, ears.lost
    );
    assert!(traffic.struck > 0 || fault == Fault::Flips(1e-6));
}

#[test]
fn frames_through_every_kind_of_fault_on_the_model() {
    for fault in FAULTS {
        let bench = IntegerBench::new(8, 1, 5);
        let model = Model::new(Parameters::default(), Box::new(bench));
        let frames = nightly(100_000, HEAVY.frames);
        endure(Box::new(model), fault, 17, Load { frames, ..HEAVY });
    }
}

#[needs(compiler)]
#[test]
fn frames_through_every_kind_of_fault_and_the_uart_of_the_compiled_verilog() {
    let line = Line::Uart { baud: Parameters::default().clock_hz / CLOCKS_PER_BIT };
    let load = nightly(Load { frames: 10_000, ..LIGHT }, LIGHT);
    let every = |fault: &Fault| match fault {
        Fault::Flips(rate) => nightly(true, *rate == 1e-4),
        _ => true,
    };
    FAULTS.into_iter().filter(every).for_each(|fault| endure_at_the_pins(line, fault, load));
}

#[needs(compiler)]
#[test]
#[ignore = "at night: half a minute"]
fn at_night_frames_through_every_kind_of_fault_and_the_fifo_of_the_compiled_verilog() {
    // Fewer flips than one in ten thousand bits strike none of so few frames.
    let strikes = |fault: &Fault| !matches!(fault, Fault::Flips(rate) if *rate < 1e-4);
    FAULTS
        .into_iter()
        .filter(strikes)
        .for_each(|fault| endure_at_the_pins(Line::Ft245, fault, LIGHT));
}

/// Frames to the compiled Verilog through the pins of its line.
fn endure_at_the_pins(line: Line, fault: Fault, load: Load) {
    let parameters = Parameters::default();
    let bench = IntegerBench::new(parameters.outputs, 1, 5);
    let engine = Compiler::locate()
        .and_then(|compiler| VerilogEngine::on_line(compiler, parameters, line, Box::new(bench)));
    endure(Box::new(engine.expect("an engine")), fault, 18, load);
}

/// The default training of XOR, on a link.
fn train_xor(link: Box<dyn Link>) -> Outcome {
    let settings = Settings {
        reply_timeout: Some(20 * HEAVY.reply_timeout),
        nonce_seed: Some(3),
        ..Settings::default()
    };
    let instrument = Instrument::connect_with(link, settings).unwrap();
    train_on(instrument, job().task, &mut |_| ()).unwrap()
}

fn job() -> Job {
    let (experiment, source) = Source::parse("xor.toml", "gate = \"xor\"\n".into()).unwrap();
    Job::new(experiment, &source).unwrap()
}

/// A simulated instrument that can be powered up anew.
fn simulated() -> Box<dyn Link> {
    Box::new(InProcess::serve(hge_lab::server(job(), Pace::Virtual, false).unwrap()))
}

#[test]
fn a_training_at_a_bit_error_rate_of_1e_5_finds_the_same_answer() {
    let clean = train_xor(simulated());
    let (link, traffic) = FaultyLink::over(simulated(), Fault::Flips(1e-5), 23);
    assert_eq!(train_xor(link), clean);
    assert!(clean.solved);
    let traffic = traffic.lock().unwrap();
    println!("{} of {} frames struck", traffic.struck, traffic.frames);
    assert!(traffic.struck > 0);
}
