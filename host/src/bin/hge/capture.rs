//! `hge capture`: ADC codes as they come.

use crate::lab::{ExperimentOption, Lab, LinkOptions, Simulation};
use crate::output::{check_array_path, json_line, text, write_array};
use clap::Args;
use hge_host::experiment::NO_SCALE;
use hge_host::measure::capture::{codes, codes_at, CurrentSummary, Summary};
use hge_host::measure::probe::Probe;
use hge_host::text::number;
use hge_protocol::registers as map;
use ndarray::ArrayView1;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// ADC codes to keep
    #[arg(long, value_name = "N")]
    samples: u32,
    /// Keep every so-many-th
    #[arg(long, value_name = "D", default_value_t = 1)]
    decimation: u16,
    /// Hold every electrode with a role at a voltage, in the order of their numbers [default: disarmed]
    #[arg(long, value_name = "V,V,..", value_delimiter = ',', allow_hyphen_values = true)]
    at: Option<Vec<f64>>,
    /// Write the codes as a NumPy array of 16-bit integers
    #[arg(short = 'o', value_name = "FILE.npy")]
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

/// What `--json` prints.
#[derive(Serialize)]
struct Captured {
    link: String,
    decimation: u16,
    at_v: Option<Vec<f64>>,
    #[serde(flatten)]
    summary: Summary,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    check_array_path(arguments.output.as_deref())?;
    let Arguments { samples, decimation, .. } = arguments;
    let (mut lab, _) =
        Lab::open(&arguments.link, &arguments.simulation, &arguments.experiment.what)?;
    let (planned, link) = (lab.planned()?, lab.link.to_string());
    let (codes, context) = match &arguments.at {
        Some(volts) => {
            let plan = lab.task()?.plan;
            let mut probe = Probe::new(lab.instrument, plan);
            let codes = codes_at(&mut probe, volts, samples, decimation).map_err(text)?;
            probe.close().map_err(text)?;
            (codes, planned)
        }
        None => {
            // The pace of a run that is going on stays.
            if !lab.instrument.state().map_err(text)?.busy {
                let period = planned.period_clocks as u32;
                lab.instrument.write(map::SAMPLE_PERIOD, period).map_err(text)?;
            }
            let codes = codes(&mut lab.instrument, samples, decimation).map_err(text)?;
            (codes, lab.present()?)
        }
    };
    if let Some(path) = &arguments.output {
        write_array(path, ArrayView1::from(&codes))?;
    }
    let rate_hz = context.clock_hz / context.period_clocks / f64::from(decimation);
    let summary = Summary::of(&codes, rate_hz, context.scale.as_ref());
    if arguments.json {
        json_line(&Captured { link, decimation, at_v: arguments.at, summary })?;
    } else {
        crate::streams::print(&table(&summary))?;
    }
    Ok(ExitCode::SUCCESS)
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
