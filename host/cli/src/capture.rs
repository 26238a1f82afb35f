//! `hge capture`: raw ADC codes.

use crate::lab::{Lab, LabOptions};
use crate::output::{check_output, json_line, text, write_array, write_arrays};
use clap::Args;
use hge_core::measure::capture::{codes, codes_at, CurrentSummary, Summary};
use hge_core::measure::probe::Probe;
use hge_driver::quantity::Context;
use hge_driver::scale::NO_SCALE;
use hge_driver::text::number;
use hge_protocol::registers as map;
use serde::Serialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Number of ADC codes to keep
    #[arg(long, value_name = "N")]
    samples: u32,
    /// Keep one code in this number of samples
    #[arg(long, value_name = "D", default_value_t = 1)]
    decimation: u16,
    /// ADC input
    #[arg(long, value_name = "J", default_value_t = 0)]
    input: u8,
    /// Hold every electrode with a role at a voltage, in the order of their numbers [default: disarmed]
    #[arg(long, value_name = "V,V,..", value_delimiter = ',', allow_hyphen_values = true)]
    at: Option<Vec<f64>>,
    /// Output file: .npz with 16-bit codes and their sample rate, or .npy with the codes only
    #[arg(short = 'o', value_name = "FILE.npz|FILE.npy")]
    output: Option<PathBuf>,
    #[command(flatten)]
    lab: LabOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arrays of an archive: the codes, and the sample rate of the codes kept.
pub const CODES: &str = "codes";
pub const RATE_HZ: &str = "rate_hz";

fn is_archive(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("npz"))
}

/// Result of `--json`.
#[derive(Serialize)]
struct Captured {
    link: String,
    input: u8,
    decimation: u16,
    at_v: Option<Vec<f64>>,
    #[serde(flatten)]
    summary: Summary,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    if let Some(path) = &arguments.output {
        if !["npz", "npy"].iter().any(|known| path.extension() == Some(OsStr::new(known))) {
            return Err(format!(
                "{} is not a file of codes: name it .npz, or .npy for the codes without the rate",
                path.display()
            ));
        }
    }
    check_output(arguments.output.as_deref())?;
    let Arguments { samples, decimation, .. } = arguments;
    let mut lab = arguments.lab.open()?;
    lab.instrument.set_capture_input(arguments.input).map_err(text)?;
    let link = lab.link.to_string();
    let (codes, context) = measure(lab, arguments.at.as_deref(), samples, decimation)?;
    let rate_hz = context.clock_hz / context.period_clocks / f64::from(decimation);
    match &arguments.output {
        Some(path) if is_archive(path) => write_arrays(path, |npz| {
            npz.array(CODES, &[codes.len()], &codes)?;
            npz.array(RATE_HZ, &[1], &[rate_hz])
        })?,
        Some(path) => write_array(path, &[codes.len()], &codes)?,
        None => {}
    }
    let scale = context.scale.map(|scale| scale.input(arguments.input.into()));
    let summary = Summary::of(&codes, rate_hz, scale.as_ref());
    if arguments.json {
        json_line(&Captured {
            link,
            input: arguments.input,
            decimation,
            at_v: arguments.at,
            summary,
        })?;
    } else {
        crate::streams::print(&table(&summary))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Codes with every electrode held at a voltage, or in the instrument's present state, with their rate and scale.
pub fn measure(
    mut lab: Lab,
    at_v: Option<&[f64]>,
    samples: u32,
    decimation: u16,
) -> Result<(Vec<i16>, Context), String> {
    let planned = lab.planned()?;
    if let Some(volts) = at_v {
        let plan = lab.task()?.plan;
        let mut probe = Probe::new(lab.instrument, plan);
        let codes = codes_at(&mut probe, volts, samples, decimation).map_err(text)?;
        probe.close().map_err(text)?;
        return Ok((codes, planned));
    }
    // The pace of a run that is going on stays.
    if !lab.instrument.state().map_err(text)?.busy {
        let period = planned.period_clocks as u32;
        lab.instrument.write(map::SAMPLE_PERIOD, period).map_err(text)?;
    }
    let codes = codes(&mut lab.instrument, samples, decimation).map_err(text)?;
    Ok((codes, lab.present()?))
}

fn table(summary: &Summary) -> String {
    let Summary { samples, rate_hz, mean_code, rms_code, min_code, max_code, .. } = summary;
    let mut text = format!(
        "{samples} codes at {} Hz{}\n\
         \x20           mean      rms      min      max\n\
         codes  {mean_code:>+9.1}{rms_code:>9.1}{min_code:>+9}{max_code:>+9}\n",
        number(*rate_hz),
        if summary.current.as_ref().is_some_and(|current| current.clipped) {
            ", clipped"
        } else {
            ""
        },
    );
    text += &match &summary.current {
        Some(CurrentSummary { mean_na, rms_na, min_na, max_na, .. }) => {
            format!("nA     {mean_na:>+9.3}{rms_na:>9.3}{min_na:>+9.3}{max_na:>+9.3}\n")
        }
        None => format!("nA     not known: {NO_SCALE}\n"),
    };
    text
}
