//! `hge tones`: choice and check of tone frequencies.

mod report;

use crate::output::{read_json, text};
use crate::streams;
use clap::{Args, Subcommand};
use hge_core::experiment::{Experiment, Source};
use hge_core::plan::near_window;
use hge_core::tones::crosstalk::{Crosstalk, REPORTED_DB};
use hge_core::tones::{assess, empty_lines_in, plan, NoiseModel, Order, TonePlan, ToneSpec};
use hge_driver::link::{serial, LinkSpec, DEFAULT_BAUD};
use hge_driver::text::number;
use hge_protocol::Parameters;
use report::report;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Choose frequencies whose products avoid each other, low noise first
    #[command(
        after_help = "Example:\n  hge tones plan --parameters 7 --window 0.1 --picture tones.svg"
    )]
    Plan(Plan),
    /// Report products and crosstalk of the tones of an experiment file, given or chosen
    #[command(after_help = "Example:\n  hge tones check experiments/xor.toml")]
    Check(Check),
}

#[derive(Args)]
struct Plan {
    /// Number of parameters, each with its own tone
    #[arg(long, value_name = "M", default_value_t = 5)]
    parameters: usize,
    /// Window in seconds; rounded to a power of two of samples
    #[arg(long, value_name = "S", default_value_t = 0.0512)]
    window: f64,
    /// Approximate sample rate in Hz
    #[arg(long, value_name = "HZ", default_value_t = 5000.0)]
    rate: f64,
    /// Lowest and highest frequency in Hz [default: 8 lines of the grid to an eighth of the rate]
    #[arg(long, value_name = "HZ", num_args = 2)]
    band: Option<Vec<f64>>,
    /// Slots of the gateware: each tone and each empty line takes one
    #[arg(long, value_name = "N", default_value_t = Parameters::default().slots)]
    slots: u32,
    /// Amplitude of every tone in volts
    #[arg(long, value_name = "V", default_value_t = 0.03)]
    amplitude: f64,
    /// Required ratio of each derivative to its standard error after one window; needs --slopes or --iv
    #[arg(long, value_name = "RATIO")]
    snr: Option<f64>,
    /// Expected derivatives in nA/V, one for each parameter
    #[arg(long, value_name = "G,G,..", value_delimiter = ',', allow_hyphen_values = true)]
    slopes: Option<Vec<f64>>,
    /// Output of `hge iv --json`: the contacts' conductances are the expected derivatives
    #[arg(long, value_name = "FILE.json", conflicts_with = "slopes")]
    iv: Option<PathBuf>,
    #[command(flatten)]
    around: Around,
    /// Baud rate of the instrument's line
    #[arg(long, value_name = "BAUD", default_value_t = DEFAULT_BAUD, value_parser = clap::value_parser!(u32).range(1..))]
    baud: u32,
    /// Link whose rate counts in place of --baud: serial:PATH[@BAUD], ft245:PATH or udp:HOST; it is not opened
    #[arg(long, value_name = "LINK", conflicts_with = "baud")]
    link: Option<LinkSpec>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Check {
    /// Experiment file
    #[arg(value_name = "FILE.toml")]
    file: String,
    #[command(flatten)]
    output: Output,
}

/// Noise, mains and pole.
#[derive(Args)]
struct Around {
    /// One-sided density of the white noise, nA^2/Hz
    #[arg(long, value_name = "PSD", default_value_t = 2.5e-4)]
    white: f64,
    /// One-sided density of the 1/f noise at 1 kHz, nA^2/Hz
    #[arg(long, value_name = "PSD", default_value_t = 0.0)]
    flicker: f64,
    /// Pole of the I-V converter in Hz
    #[arg(long, value_name = "HZ")]
    pole: Option<f64>,
    /// Mains frequency to avoid, 50 or 60 Hz
    #[arg(long, value_name = "HZ")]
    mains: Option<f64>,
}

#[derive(Args)]
struct Output {
    /// Draw the plan
    #[arg(long, value_name = "FILE.svg")]
    picture: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Part of `hge iv --json` that is read.
#[derive(Deserialize)]
struct Checked {
    contacts: Vec<Contact>,
}

#[derive(Deserialize)]
struct Contact {
    conductance_na_per_v: f64,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    match arguments.command {
        Command::Plan(asked) => choose(&asked),
        Command::Check(asked) => check(&asked),
    }
}

fn choose(asked: &Plan) -> Result<ExitCode, String> {
    let positive = [
        ("--window", asked.window),
        ("--rate", asked.rate),
        ("--amplitude", asked.amplitude),
        ("--snr", asked.snr.unwrap_or(1.0)),
        ("--pole", asked.around.pole.unwrap_or(1.0)),
        ("--mains", asked.around.mains.unwrap_or(1.0)),
    ];
    for (option, value) in positive {
        if !(value > 0.0 && value.is_finite()) {
            return Err(format!("{option} is {}: give a number above zero", number(value)));
        }
    }
    for (option, value) in [("--white", asked.around.white), ("--flicker", asked.around.flicker)] {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(format!("{option} is {}: give zero or a number above", number(value)));
        }
    }
    let count = asked.parameters;
    let slots = asked.slots as usize;
    if count == 0 || count > slots {
        return Err(format!(
            "--parameters is {count}, and the gateware has {slots} slots of one tone each: choose 1 to {slots}, or build \
             gateware with more --slots"
        ));
    }
    let grid = near_window(asked.window, asked.rate, &Parameters::default()).map_err(text)?;
    let band_hz = match asked.band.as_deref() {
        Some(&[low_hz, high_hz]) => [low_hz, high_hz],
        _ => [8.0 * grid.step_hz(), grid.rate_hz / 8.0],
    };
    // Neither for NaN.
    let is_band = band_hz[0] < band_hz[1];
    if !is_band {
        return Err(format!(
            "--band runs from {} to {} Hz: give the lower end first",
            number(band_hz[0]),
            number(band_hz[1])
        ));
    }
    let Around { white, flicker, pole, mains } = asked.around;
    let wanted = ToneSpec {
        grid,
        count,
        band_hz,
        empty_lines: empty_lines_in(asked.slots, count),
        order: Order::Compact,
        noise_model: NoiseModel {
            white_na2_per_hz: white,
            flicker_na2_per_hz_at_1khz: flicker,
            pole_hz: pole,
            mains_hz: mains,
        },
    };
    let slopes = slopes(asked)?;
    let found = plan(&wanted).map_err(text)?;
    let amplitudes_v = match (asked.snr, slopes) {
        (None, None) => vec![asked.amplitude; count],
        (Some(snr), Some(slopes)) => amplitudes_v(&found, snr, &slopes)?,
        (Some(_), None) => return Err(
            "--snr gives the accuracy of the derivatives but not their size: add --slopes or --iv"
                .into(),
        ),
        (None, Some(_)) => {
            return Err("--slopes and --iv choose amplitudes for a required --snr: add it".into())
        }
    };
    let line_bytes_per_s = match &asked.link {
        None => serial::bytes_per_s(asked.baud),
        Some(link) => link
            .bytes_per_s(Parameters::default().clock_hz)
            .ok_or("--link has no rate of its own: give serial:PATH, ft245:PATH or udp:HOST")?,
    };
    report(&wanted, found, amplitudes_v, line_bytes_per_s, &asked.output)
}

/// Expected derivatives, one for each parameter.
fn slopes(asked: &Plan) -> Result<Option<Vec<f64>>, String> {
    let slopes = match &asked.iv {
        None => asked.slopes.clone(),
        Some(path) => Some(conductances(path)?),
    };
    if let Some(slopes) = &slopes {
        if slopes.len() != asked.parameters {
            return Err(format!(
                "{} derivatives are given for {} parameters: give one for each",
                slopes.len(),
                asked.parameters
            ));
        }
    }
    Ok(slopes)
}

fn conductances(path: &Path) -> Result<Vec<f64>, String> {
    let checked: Checked = read_json(path, "`hge iv --json` prints of a check", "make it anew")?;
    Ok(checked.contacts.iter().map(|contact| contact.conductance_na_per_v).collect())
}

/// Amplitudes at which every derivative is `snr` times its standard error.
fn amplitudes_v(found: &TonePlan, snr: f64, slopes: &[f64]) -> Result<Vec<f64>, String> {
    let tones = found.tones.iter().zip(slopes).enumerate();
    tones
        .map(|(k, (tone, &slope))| {
            let amplitude_v = snr * tone.error_na / slope.abs();
            if amplitude_v.is_finite() {
                return Ok(amplitude_v);
            }
            Err(format!("parameter {k} has a derivative of zero, which no amplitude can resolve: leave it out or check its contact"))
        })
        .collect()
}

fn check(asked: &Check) -> Result<ExitCode, String> {
    let (experiment, _) = Source::load(Path::new(&asked.file)).map_err(text)?;
    let (wanted, given) = experiment.tones_wanted().map_err(text)?;
    let found = match given {
        Some(cycles) => assess(&wanted, &cycles),
        None => {
            // As they are chosen when it runs, which is without regard to empty lines.
            let chosen = plan(&ToneSpec { empty_lines: 0, ..wanted }).map_err(text)?;
            TonePlan { is_optimal: chosen.is_optimal, ..assess(&wanted, &chosen.cycles()) }
        }
    };
    let count = found.tones.len();
    let amplitude_v = experiment.tones.amplitude_v;
    let amplitudes_v = experiment.tones.amplitudes_v.clone().unwrap_or(vec![amplitude_v; count]);
    report(&wanted, found, amplitudes_v, serial::bytes_per_s(DEFAULT_BAUD), &asked.output)
}

/// Warns, on standard error, of pairs of given tones with crosstalk above [`REPORTED_DB`]; planned tones have none.
pub fn warn_of_crosstalk(experiment: &Experiment) {
    // Invalid tones are an error where the experiment is resolved.
    let Ok((wanted, Some(cycles))) = experiment.tones_wanted() else { return };
    if wanted.grid.check(&cycles).is_err() {
        return;
    }
    let pairs = Crosstalk::new(wanted.grid).above(&cycles, REPORTED_DB);
    report::crosstalk(&wanted.grid, &pairs).for_each(|warning| streams::note(&warning));
}
