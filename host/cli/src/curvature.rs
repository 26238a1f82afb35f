//! `hge curvature`: every second derivative at given controls.

use crate::gradient::{exact, output_label};
use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{json_line, text};
use clap::{Args, ValueHint};
use hge_core::measure::curvature::{self, CaseCurvature};
use hge_core::session::Session;
use hge_driver::link::LinkSpec;
use hge_driver::text::number;
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: electrodes, cases, amplitudes
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Voltages of the controls, in the order of electrodes.controls [default: the middle of each range]
    #[arg(long, value_name = "V,V,..", value_delimiter = ',', allow_hyphen_values = true)]
    controls: Option<Vec<f64>>,
    /// Windows of every case, for each group of products
    #[arg(long, value_name = "N", default_value_t = curvature::WINDOWS)]
    windows: u32,
    /// Also print the simulated device's own second derivatives, differences of its exact slopes
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Curvature {
    link: String,
    controls_v: Vec<f64>,
    windows: u32,
    groups: usize,
    window_samples: u32,
    rate_hz: f64,
    tones_hz: Vec<f64>,
    cases: Vec<CaseCurvature>,
    /// In the order of `cases`, entry by entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact_na_per_v2: Option<Vec<Vec<f64>>>,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    if arguments.exact && arguments.link.spec()? != LinkSpec::Simulated {
        return Err("exact second derivatives are known only for a device simulated in this \
                    process: leave out --exact or --link"
            .into());
    }
    let lab = Lab::open(&arguments.link, &arguments.simulation, &arguments.what)?;
    let (task, link) = (lab.task()?, lab.link.to_string());
    let plans = curvature::listening_in_groups(&task.plan).map_err(text)?;
    let plan = plans[0].clone();
    let controls_v = arguments.controls.unwrap_or_else(|| plan.middle_controls_v());
    let exact_na_per_v2 = match arguments.exact {
        true => Some(exact(&task.experiment.device, |device| {
            curvature::exact(device, &plan, &controls_v)
        })?),
        false => None,
    };
    let (grid, tones_hz) = (plan.grid(), plan.tones_hz());
    let mut session =
        Session::open(lab.instrument, plan, task.experiment.host.estimator).map_err(text)?;
    session.read_all_inputs();
    let cases =
        curvature::measure(&mut session, &plans, &controls_v, arguments.windows).map_err(text)?;
    session.close().map_err(text)?;
    let found = Curvature {
        link,
        controls_v,
        windows: arguments.windows,
        groups: plans.len(),
        window_samples: grid.window_samples,
        rate_hz: grid.rate_hz,
        tones_hz,
        cases,
        exact_na_per_v2,
    };
    if arguments.json {
        json_line(&found)?;
    } else {
        crate::streams::print(&table(&found))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(found: &Curvature) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_table(&mut text, found);
    text
}

fn write_table(text: &mut String, found: &Curvature) -> std::fmt::Result {
    let list = |values: &[f64]| values.iter().copied().map(number).collect::<Vec<_>>().join(", ");
    writeln!(
        text,
        "{} windows of {} samples{} at {} Hz, tones at {} Hz, controls at {} V",
        found.windows,
        found.window_samples,
        match found.groups {
            1 => String::new(),
            groups => format!(" for each of {groups} groups of products"),
        },
        number(found.rate_hz),
        list(&found.tones_hz),
        list(&found.controls_v)
    )?;
    let outputs = 1 + found.cases.iter().map(|case| case.output).max().unwrap_or(0);
    for (row, case) in found.cases.iter().enumerate() {
        let output = output_label(case.output, outputs);
        let clipped = if case.clipped { ", clipped: entries not valid" } else { "" };
        let (inputs, mean) = (list(&case.inputs_v), case.current_na);
        writeln!(text, "\ninputs {inputs} V{output}: {mean:+.3} nA{clipped}")?;
        let exact = found.exact_na_per_v2.as_ref().and_then(|exact| exact.get(row));
        write!(text, "  electrodes  line (Hz)  curvature (nA/V2)     error  interval (19 of 20)")?;
        writeln!(text, "{}", if exact.is_some() { "     exact" } else { "" })?;
        for (k, entry) in case.entries.iter().enumerate() {
            let [i, j] = entry.electrodes;
            let error = entry.error_na_per_v2.map_or("?".into(), |error| format!("{error:.2}"));
            let interval = entry.interval_na_per_v2;
            let interval =
                interval.map_or("?".into(), |[low, high]| format!("{low:+.2} {high:+.2}"));
            let pair = format!("{i}, {j}");
            write!(
                text,
                "  {pair:>10}  {:>9.2}  {:>+17.2}  {error:>8}  {interval:>19}",
                entry.line_hz, entry.curvature_na_per_v2
            )?;
            match exact {
                Some(exact) => writeln!(text, "  {:>+8.2}", exact[k])?,
                None => writeln!(text)?,
            }
        }
    }
    Ok(())
}
