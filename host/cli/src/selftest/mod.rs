//! `hge selftest`: chain, outputs and guard at a first power-on, with a resistor or a wire in place of a device.

mod operator;
mod table;

use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{json_line, text, write_text};
use crate::streams;
use clap::{Args, ValueHint};
use hge_core::experiment::{EngineKind, Job};
use hge_driver::link::LinkSpec;
use hge_driver::{Instrument, Settings as DriverSettings};
use hge_lab::server::{EngineFactory, InProcess, Pace, Server};
use hge_selftest::bench::SimulatedBench;
use hge_selftest::{Fixture, Operator, Report, Row, Settings, Verdict};
use hge_sim::engine::EngineError;
use operator::{AtOnce, Prompts};
use serde::Serialize;
use std::io::{stderr, stdin, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code when a check failed.
const EXIT_FAILED: u8 = 2;

/// Baud rate of a simulated line in real time.
const BAUD: u32 = 3_000_000;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: ranges and gains, timing, limits of the outputs
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// A resistor of this resistance connects the output to the input
    #[arg(
        long,
        value_name = "MOHM",
        default_value_t = 10.0,
        conflicts_with = "wire",
        allow_negative_numbers = true
    )]
    resistor: f64,
    /// A wire connects the output to the ADC's input, bypassing the I-V converter
    #[arg(long)]
    wire: bool,
    /// Outputs to test, one after the other [default: 0, all in simulation]
    #[arg(long, value_name = "K,K,..", value_delimiter = ',')]
    outputs: Option<Vec<usize>>,
    /// All of --outputs are connected at once, each by its own resistor: do not ask to move a wire
    #[arg(long)]
    all_connected: bool,
    /// Largest accepted deviation of the scale, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    tolerance: f64,
    /// Largest accepted noise density, in nA/rtHz
    #[arg(long, value_name = "NA_PER_RTHZ", default_value_t = 0.03)]
    noise: f64,
    /// Largest accepted amplitude of mains hum, in nA
    #[arg(long, value_name = "NA", default_value_t = 1.0)]
    hum: f64,
    /// Frequency of the mains [default: 50 and 60]
    #[arg(long, value_name = "HZ")]
    mains: Option<f64>,
    /// Write the result in the format of --json
    #[arg(short = 'o', value_name = "FILE.json")]
    output: Option<PathBuf>,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Print one JSON object; do not ask to move a wire or open the interlock
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Printed<'a> {
    link: String,
    fixture: Fixture,
    passed: bool,
    pass: usize,
    fail: usize,
    not_run: usize,
    rows: &'a [Row],
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let fixture = fixture(&arguments)?;
    let bench = SimulatedBench::default();
    let has_device = arguments.simulation.has_device();
    let simulate = |job| server(job, fixture, has_device, &bench, Pace::Virtual);
    let lab = Lab::open_with(&arguments.link, &arguments.simulation, &arguments.what, simulate)?;
    let plan = lab.task()?.plan;
    let is_simulated = lab.link == LinkSpec::Simulated;
    let guard = &lab.experiment.guard;
    let limits_v =
        (guard.low_v.unwrap_or(f64::NEG_INFINITY), guard.high_v.unwrap_or(f64::INFINITY));
    let moves = is_simulated && !has_device;
    let every = if moves { (0..plan.parameters().outputs as usize).collect() } else { vec![0] };
    // An engine that simulates every clock takes minutes for a second.
    let is_quick = !is_simulated || lab.experiment.engine == EngineKind::Model;
    let (noise_samples, hum_s) = if is_quick { (8192, 1.0) } else { (2048, 0.06) };
    let settings = Settings {
        noise_samples,
        hum_s,
        outputs: arguments.outputs.clone().unwrap_or(every),
        connected_at_once: arguments.all_connected && !moves,
        tolerance: arguments.tolerance / 100.0,
        noise_na_per_rt_hz: arguments.noise,
        hum_na: arguments.hum,
        mains_hz: arguments.mains.or(lab.experiment.tones.mains_hz),
        ..Settings::new(fixture, limits_v)
    };
    let asks = !arguments.json && stdin().is_terminal() && stderr().is_terminal();
    let mut operator: Box<dyn Operator> = match (moves, is_simulated || !asks) {
        (true, _) => Box::new(bench.clone()),
        (false, true) => Box::new(AtOnce::new(&settings, is_simulated.then(|| bench.clone()))),
        (false, false) => Box::new(Prompts::new(fixture, &settings)),
    };
    let Lab { instrument, experiment, source, link, cancel, .. } = lab;
    let link = link.to_string();
    let mut progress = table::Progress::new(arguments.json);
    let shown = &mut |row: &Row| progress.show(row);
    let (mut report, instrument) =
        hge_selftest::run(instrument, &plan, &settings, &mut *operator, shown).map_err(text)?;
    drop(instrument);
    let watchdog = report.row("watchdog", None).map(|row| row.verdict);
    if is_simulated && watchdog == Some(Verdict::NotRun) {
        // Virtual time stands still while the host is silent: the same instrument by the wall clock.
        let job = Job::new(experiment, &source).map_err(text)?;
        let pace = Pace::Real { factor: 1.0, baud: BAUD };
        let server = server(job, fixture, has_device, &bench, pace).map_err(text)?;
        let driver = DriverSettings { cancel, ..DriverSettings::default() };
        let instrument = Instrument::connect_with(Box::new(InProcess::serve(server)), driver);
        let settings = Settings { real_time: true, ..settings };
        let (row, _) =
            hge_selftest::watchdog(instrument.map_err(text)?, &plan, &settings).map_err(text)?;
        report.replace(row);
    }
    progress.end();
    print(&arguments, link, fixture, &report)?;
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}

fn fixture(arguments: &Arguments) -> Result<Fixture, String> {
    let positive = |value: f64| value > 0.0 && value.is_finite();
    let figures = [
        ("--resistor is a resistance in megohms", arguments.resistor),
        ("--tolerance is a deviation in percent", arguments.tolerance),
        ("--noise is a density in nA/rtHz", arguments.noise),
        ("--hum is an amplitude in nA", arguments.hum),
        ("--mains is a frequency in hertz", arguments.mains.unwrap_or(50.0)),
    ];
    if let Some((what, _)) = figures.into_iter().find(|(_, value)| !positive(*value)) {
        return Err(format!("{what}: give a number above zero"));
    }
    if arguments.outputs.as_ref().is_some_and(Vec::is_empty) {
        return Err("--outputs names no output: give one or more, e.g. --outputs 0,1".into());
    }
    let named = arguments.outputs.as_deref().unwrap_or_default();
    let twice = (1..named.len()).find(|&n| named[..n].contains(&named[n]));
    if let Some(n) = twice {
        return Err(format!("--outputs names output {} twice: name each once", named[n]));
    }
    Ok(if arguments.wire { Fixture::Wire } else { Fixture::Resistor(arguments.resistor) })
}

/// The experiment's instrument on a bench with a movable resistor and interlock, or on the given device.
fn server(
    job: Job,
    fixture: Fixture,
    has_device: bool,
    bench: &SimulatedBench,
    pace: Pace,
) -> Result<Server, EngineError> {
    let settings = hge_lab::settings(&job.task.experiment, pace, true);
    let bench = bench.clone();
    let factory: EngineFactory = if has_device {
        let mut inner = hge_lab::factory(job);
        Box::new(move |seed| Ok(bench.interlocked(inner(seed)?)))
    } else {
        let Job { task, chain, .. } = job;
        let scale = task.plan.scale().input(0);
        let conductance_na_per_v = fixture.gain(&scale) / scale.analogue.iv_gain_v_per_na;
        Box::new(move |seed| {
            let device = bench.resistor(task.parameters.outputs as usize, conductance_na_per_v);
            let engine =
                hge_lab::engine(&task, chain.clone(), device, seed, |bench| Box::new(bench))?;
            Ok(bench.interlocked(engine))
        })
    };
    Server::new(factory, settings)
}

fn print(
    arguments: &Arguments,
    link: String,
    fixture: Fixture,
    report: &Report,
) -> Result<(), String> {
    let printed = Printed {
        link,
        fixture,
        passed: report.passed(),
        pass: report.count(Verdict::Pass),
        fail: report.count(Verdict::Fail),
        not_run: report.count(Verdict::NotRun),
        rows: &report.rows,
    };
    if let Some(path) = &arguments.output {
        let object = serde_json::to_string_pretty(&printed).map_err(text)?;
        write_text(path, &format!("{object}\n"), "choose another file with -o")?;
    }
    if arguments.json {
        return json_line(&printed);
    }
    streams::print(&table::table(report))
}
