//! `hge spectrum`: the power spectral density of the current.

use crate::lab::{ExperimentOption, Lab, LinkOptions, Simulation};
use crate::output::{json_line, text};
use crate::{archive, capture};
use clap::{Args, ValueEnum};
use console::Term;
use hge_core::experiment::context;
use hge_core::measure::capture::{codes, codes_at};
use hge_core::measure::probe::Probe;
use hge_core::measure::waveform;
use hge_core::session::Session;
use hge_core::spectrum::array::{ArrayError, Row};
use hge_core::spectrum::{Known, Spectrum};
use hge_driver::quantity::Context;
use hge_driver::scale::Scale;
use hge_driver::text::number;
use hge_protocol::registers as map;
use hge_protocol::AdcCode;
use hge_record::figure::spectrum as picture;
use hge_system::file;
use serde::Serialize;
use std::ffi::OsStr;
use std::fmt::Write;
use std::io::{Cursor, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Default number of samples.
const SAMPLES: u32 = 1 << 15;

/// Default number of columns.
const COLUMNS: usize = 80;

/// Lines of the table.
const MOST_ROWS: usize = 30;

#[derive(Args)]
pub struct Arguments {
    /// File of `hge capture -o FILE.npz`, a row of codes or currents, or the folder of a run [default: measure]
    #[arg(value_name = "FILE.npz|FILE.npy|FOLDER")]
    source: Option<PathBuf>,
    /// Hold every electrode with a role at a voltage, in the order of their numbers [default: disarmed]
    #[arg(long, value_name = "V,V,..", value_delimiter = ',', allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["tones", "source"])]
    at: Option<Vec<f64>>,
    /// Measure with tones on
    #[arg(long, conflicts_with = "source")]
    tones: bool,
    /// With --tones: voltages of the controls, in the order of electrodes.controls [default: the middle of each range]
    #[arg(long, value_name = "V,V,..", value_delimiter = ',', allow_hyphen_values = true)]
    #[arg(requires = "tones")]
    controls: Option<Vec<f64>>,
    /// With --tones: the case whose inputs are applied, from 0 [default: 0]
    #[arg(long, value_name = "N", requires = "tones")]
    case: Option<usize>,
    /// Samples to measure [default: 32768]
    #[arg(long, value_name = "N", conflicts_with = "source")]
    samples: Option<u32>,
    /// Samples of a segment: more give closer lines, fewer a smoother spectrum [default: a power of two that gives eight segments or more]
    #[arg(long, value_name = "N")]
    segment: Option<usize>,
    /// For a .npy: samples a second; a .npz contains its rate
    #[arg(long, value_name = "HZ", requires = "source")]
    rate: Option<f64>,
    /// For a file: unit of its numbers [default: codes if they are int16, else na]
    #[arg(long, value_name = "UNIT", requires = "source")]
    unit: Option<Unit>,
    /// For a file: frequencies of its tones
    #[arg(long, value_name = "HZ,HZ,..", value_delimiter = ',', requires = "source")]
    tones_hz: Vec<f64>,
    /// Frequency of the mains [default: that of the experiment or the run, if it has any]
    #[arg(long, value_name = "HZ")]
    mains: Option<f64>,
    /// Write BASE.svg and BASE.png; for BASE.npz also the arrays
    #[arg(short = 'o', value_name = "BASE[.npz]")]
    output: Option<PathBuf>,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    experiment: ExperimentOption,
    #[command(flatten)]
    simulation: Simulation,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Unit of the numbers of a file.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unit {
    /// Nanoamperes
    Na,
    /// Amperes
    A,
    /// ADC codes with the experiment's ranges and gain
    Codes,
}

/// Input of a spectrum.
struct Samples {
    of: String,
    currents_na: Vec<f64>,
    /// Ends of contiguous ranges.
    ends: Vec<usize>,
    rate_hz: f64,
    known: Known,
    /// `None`: unknown for a file of currents.
    clipped: Option<bool>,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    clipped: Option<bool>,
    tones_hz: &'a [f64],
    mains_hz: Option<f64>,
    #[serde(flatten)]
    spectrum: &'a Spectrum,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let mut samples = match &arguments.source {
        Some(path) if path.is_dir() => of_run(path, &arguments)?,
        Some(path) => of_file(path, &arguments)?,
        None => measured(&arguments)?,
    };
    samples.known.mains_hz = arguments.mains.or(samples.known.mains_hz);
    let Samples { of, currents_na, ends, rate_hz, known, clipped } = &samples;
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let pieces: Vec<&[f64]> =
        begins.zip(ends).map(|(begin, &end)| &currents_na[begin..end]).collect();
    let made = Spectrum::of_pieces(&pieces, *rate_hz, arguments.segment, known);
    let spectrum = made.map_err(|error| format!("{of}: {error}"))?;
    if let Some(base) = &arguments.output {
        write(base, &spectrum, known)?;
    }
    if arguments.json {
        let (tones_hz, mains_hz) = (known.tones_hz.as_slice(), known.mains_hz);
        let clipped = *clipped;
        json_line(&Report { source: of, clipped, tones_hz, mains_hz, spectrum: &spectrum })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = heading(&samples, &spectrum);
    if arguments.output.is_none() {
        let stdout = Term::stdout();
        let is_terminal = std::io::stdout().is_terminal();
        let columns = stdout.size_checked().map_or(COLUMNS, |(_, columns)| columns.into());
        let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        page += &picture::text(&spectrum, columns, is_terminal && !wants_none);
    }
    page += &table(&spectrum);
    crate::streams::print(&page)?;
    Ok(ExitCode::SUCCESS)
}

/// From an instrument.
fn measured(arguments: &Arguments) -> Result<Samples, String> {
    let Arguments { link, simulation, experiment, .. } = arguments;
    let (mut lab, _) = Lab::open(link, simulation, &experiment.what)?;
    let count = arguments.samples.unwrap_or(SAMPLES);
    let mains_hz = lab.experiment.noise_model().mains_hz;
    let of = lab.link.to_string();
    if arguments.tones {
        let task = lab.task()?;
        let controls_v = match &arguments.controls {
            Some(volts) => volts.clone(),
            None => task.plan.middle_controls_v(),
        };
        let tones_hz = task.plan.tones_hz();
        let estimator = task.experiment.host.estimator;
        let mut session = Session::open(lab.instrument, task.plan, estimator).map_err(text)?;
        let case = arguments.case.unwrap_or(0);
        let waveform = waveform::of_tones(&mut session, &controls_v, case, count).map_err(text)?;
        session.close().map_err(text)?;
        let mut ends = Vec::new();
        for piece in waveform.pieces_na() {
            ends.push(ends.last().copied().unwrap_or(0) + piece.len());
        }
        return Ok(Samples {
            of,
            currents_na: waveform.currents_na,
            ends,
            rate_hz: waveform.rate_hz,
            known: Known { tones_hz, mains_hz },
            clipped: Some(waveform.clipped),
        });
    }
    let planned = lab.planned()?;
    let (codes, context) = match &arguments.at {
        Some(volts) => {
            let plan = lab.task()?.plan;
            let mut probe = Probe::new(lab.instrument, plan);
            let codes = codes_at(&mut probe, volts, count, 1).map_err(text)?;
            probe.close().map_err(text)?;
            (codes, planned)
        }
        None => {
            // The pace of a run that is going on stays.
            if !lab.instrument.state().map_err(text)?.busy {
                let period = planned.period_clocks as u32;
                lab.instrument.write(map::SAMPLE_PERIOD, period).map_err(text)?;
            }
            let codes = codes(&mut lab.instrument, count, 1).map_err(text)?;
            (codes, lab.present()?)
        }
    };
    let rate_hz = context.clock_hz / context.period_clocks;
    let known = Known { tones_hz: Vec::new(), mains_hz };
    let values = codes.iter().copied().map(f64::from);
    Ok(of_codes(of, values, rate_hz, &crate::lab::known(context.scale)?, known))
}

/// Codes as currents, contiguous.
fn of_codes(
    of: String,
    codes: impl Iterator<Item = f64> + Clone,
    rate_hz: f64,
    scale: &Scale,
    known: Known,
) -> Samples {
    let code = |value: f64| AdcCode(value.round() as i16);
    let least = codes.clone().fold(f64::INFINITY, f64::min);
    let greatest = codes.clone().fold(f64::NEG_INFINITY, f64::max);
    let clipped = least <= greatest && scale.clips(code(least), code(greatest));
    let currents_na: Vec<f64> = codes.map(|value| scale.current_na(value)).collect();
    let ends = vec![currents_na.len()];
    Samples { of, currents_na, ends, rate_hz, known, clipped: Some(clipped) }
}

/// From a file of one row.
fn of_file(path: &Path, arguments: &Arguments) -> Result<Samples, String> {
    let of = path.display().to_string();
    let wrong = |error: ArrayError| format!("{of}: {error}");
    let bytes = file::read(path, file::DATA_BYTES).map_err(|error| wrong(error.into()))?;
    let (row, held_hz) = match path.extension() == Some(OsStr::new("npz")) {
        true => captured(&bytes, &of, wrong)?,
        false => (Row::from_npy(&bytes).map_err(wrong)?, None),
    };
    if held_hz.is_some() && arguments.rate.is_some() {
        return Err(format!("{of} contains its sample rate: leave out --rate"));
    }
    let rate_hz = arguments.rate.or(held_hz).ok_or_else(|| {
        format!(
            "{of} does not contain its sample rate: add --rate HZ, or capture to a .npz, which does"
        )
    })?;
    let unit = match (arguments.unit, row.is_of_codes) {
        (Some(unit), _) => unit,
        (None, true) => Unit::Codes,
        (None, false) => Unit::Na,
    };
    let mut known = Known { tones_hz: arguments.tones_hz.clone(), mains_hz: arguments.mains };
    if unit == Unit::Codes {
        let (experiment, source) = arguments.simulation.read(&arguments.experiment.what)?;
        let parameters = experiment.instrument;
        let Context { scale, .. } =
            context(&experiment, &source, &parameters, None).map_err(text)?;
        let scale = scale.unwrap_or_else(|| experiment.scale(&parameters));
        known.mains_hz = known.mains_hz.or(experiment.noise_model().mains_hz);
        return Ok(of_codes(of, row.values.iter().copied(), rate_hz, &scale, known));
    }
    let per_unit = if unit == Unit::A { 1e9 } else { 1.0 };
    let currents_na: Vec<f64> = row.values.iter().map(|value| value * per_unit).collect();
    let ends = vec![currents_na.len()];
    Ok(Samples { of, currents_na, ends, rate_hz, known, clipped: None })
}

/// Codes of a capture, and samples a second.
fn captured(
    bytes: &[u8],
    of: &str,
    wrong: impl Fn(ArrayError) -> String,
) -> Result<(Row, Option<f64>), String> {
    let needed = |name: &str| {
        let found = Row::from_npz(Cursor::new(bytes), name).map_err(&wrong)?;
        found.ok_or_else(|| format!("{of} has no {name}: make it with `hge capture -o FILE.npz`"))
    };
    let (codes, rate) = (needed(capture::CODES)?, needed(capture::RATE_HZ)?);
    match rate.values[..] {
        [rate_hz] => Ok((codes, Some(rate_hz))),
        _ => Err(format!("{of} has {} rates instead of one: capture again", rate.values.len())),
    }
}

/// From the folder of a run.
fn of_run(folder: &Path, arguments: &Arguments) -> Result<Samples, String> {
    let path = folder.join("data.npz");
    let place = path.display().to_string();
    let array = |name: &str| -> Result<Option<Vec<f64>>, String> {
        let wrong = |error: ArrayError| format!("{place}, {name}: {error}");
        let file = file::open(&path).map_err(|error| {
            format!("{place} cannot be read: {error}; name the folder of a run, or an array")
        })?;
        Ok(Row::from_npz(file, name).map_err(wrong)?.map(|row| row.values))
    };
    let needed = |name: &str| {
        let missing = || {
            format!(
                "{place} has no {name}: it contains no samples for a spectrum, choose another run"
            )
        };
        array(name)?.ok_or_else(missing)
    };
    let single = |name: &str, values: &[f64]| match values {
        [value] => Ok(*value),
        _ => {
            Err(format!("{place}, {name}: {} numbers instead of one, make it again", values.len()))
        }
    };
    if arguments.unit.is_some_and(|unit| unit != Unit::Na) || arguments.rate.is_some() {
        return Err(format!("{place} contains its unit and rate: leave out --unit and --rate"));
    }
    let currents_na = needed("spectrum_na")?;
    let rate_hz = single("spectrum_rate_hz", &needed("spectrum_rate_hz")?)?;
    let mut tones_hz = array("tones_hz")?.unwrap_or_default();
    if !arguments.tones_hz.is_empty() {
        tones_hz.clone_from(&arguments.tones_hz);
    }
    let mains_hz = array("mains_hz")?.map(|mains| single("mains_hz", &mains)).transpose()?;
    let of = folder.display().to_string();
    let ends = vec![currents_na.len()];
    let known = Known { tones_hz, mains_hz };
    Ok(Samples { of, currents_na, ends, rate_hz, known, clipped: None })
}

/// Figures, and arrays if the base ends with .npz.
fn write(base: &Path, spectrum: &Spectrum, known: &Known) -> Result<(), String> {
    let failed = |path: &Path, error: String| {
        format!("{} cannot be written: {error}; choose another base with -o", path.display())
    };
    let with_arrays = base.extension() == Some(OsStr::new("npz"));
    let stem = if with_arrays { base.with_extension("") } else { base.to_path_buf() };
    let name = stem.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let figure = picture::figure(spectrum, &name);
    let ending = |ending: &str| {
        let mut path = stem.clone().into_os_string();
        path.push(ending);
        PathBuf::from(path)
    };
    let svg = figure.svg().map_err(text)?.into_bytes();
    for (path, bytes) in [(ending(".svg"), svg), (ending(".png"), figure.png().map_err(text)?)] {
        file::write(&path, bytes).map_err(text).map_err(|error| failed(&path, error))?;
    }
    if with_arrays {
        arrays(base, spectrum, known)?;
    }
    Ok(())
}

fn arrays(path: &Path, spectrum: &Spectrum, known: &Known) -> Result<(), String> {
    let rate_hz = [spectrum.rate_hz];
    let lines = |of: fn(&hge_core::spectrum::Line) -> f64| -> Vec<f64> {
        spectrum.lines.iter().map(of).collect()
    };
    let (places, amplitudes) = (lines(|line| line.frequency_hz), lines(|line| line.amplitude_na));
    let named: [(&str, &[f64]); 7] = [
        ("frequencies_hz", &spectrum.frequencies_hz),
        ("density_a_per_rt_hz", &spectrum.density_a_per_rt_hz),
        ("noise_a_per_rt_hz", &spectrum.noise_a_per_rt_hz),
        ("rate_hz", &rate_hz),
        ("tones_hz", &known.tones_hz),
        ("lines_hz", &places),
        ("line_amplitudes_na", &amplitudes),
    ];
    archive::write(path, |archive| {
        named.into_iter().try_for_each(|(name, values)| archive.row(name, values))
    })
}

fn heading(samples: &Samples, spectrum: &Spectrum) -> String {
    let Spectrum { segments, segment_samples, line_hz, .. } = spectrum;
    let mut heading = format!(
        "{}: {} samples at {} Hz{}\n{segments} segments of {segment_samples}, lines {} Hz apart; mean {:+.3} nA, {:.3} nA rms about it\n",
        samples.of,
        spectrum.samples,
        number(spectrum.rate_hz),
        if samples.clipped == Some(true) { ", clipped" } else { "" },
        number(*line_hz),
        spectrum.mean_na,
        spectrum.rms_na,
    );
    // Writing to a String cannot fail.
    let _ = write!(heading, "noise {:.3e} A/√Hz", spectrum.floor_a_per_rt_hz);
    if let (Some(ratio), Some(line)) = (spectrum.sfdr_db, &spectrum.sfdr_line) {
        let _ = write!(heading, "; strongest tone {ratio:.1} dB above {line}");
    }
    heading + "\n"
}

fn table(spectrum: &Spectrum) -> String {
    let mut table = String::new();
    if !spectrum.lines.is_empty() {
        table += "  frequency (Hz)  amplitude (nA)  over noise (dB)  line\n";
    }
    for line in spectrum.lines.iter().take(MOST_ROWS) {
        let mut label = line.label.clone();
        if line.folded {
            label += ", folded";
        }
        if !line.also.is_empty() {
            let _ = write!(label, " (also {})", line.also.join(", "));
        }
        let _ = writeln!(
            table,
            "  {:>14.3}  {:>14.5}  {:>15.1}  {label}",
            line.frequency_hz, line.amplitude_na, line.over_noise_db
        );
    }
    if spectrum.lines.len() > MOST_ROWS {
        let _ =
            writeln!(table, "  and {} more: --json lists all", spectrum.lines.len() - MOST_ROWS);
    }
    if !spectrum.unseen.is_empty() {
        let _ = writeln!(table, "  not above the noise: {}", spectrum.unseen.join(", "));
    }
    table
}
