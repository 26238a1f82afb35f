//! `hge spectrum`: the power spectral density of the current.

mod samples;

use crate::lab::LabOptions;
use crate::output::{json_line, text, write_arrays};
use clap::{Args, ValueEnum};
use console::Term;
use hge_core::spectrum::{Known, Spectrum};
use hge_driver::text::number;
use hge_record::figure::spectrum as picture;
use hge_system::file;
use samples::Samples;
use serde::Serialize;
use std::ffi::OsStr;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Default number of columns.
const COLUMNS: usize = 80;

/// Lines of the table.
const MOST_ROWS: usize = 30;

#[derive(Args)]
pub struct Arguments {
    /// File of `hge capture -o FILE.npz`, a row of codes or currents, or the folder of a run [default: measure]
    #[arg(value_name = "FILE.npz|FILE.npy|FOLDER")]
    source: Option<PathBuf>,
    /// ADC input to measure
    #[arg(long, value_name = "J", default_value_t = 0, conflicts_with = "source")]
    input: u8,
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
    lab: LabOptions,
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
        Some(path) if path.is_dir() => samples::of_run(path, &arguments)?,
        Some(path) => samples::of_file(path, &arguments)?,
        None => samples::measured(&arguments)?,
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
    write_arrays(path, |npz| {
        named.into_iter().try_for_each(|(name, values)| npz.array(name, &[values.len()], values))
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
