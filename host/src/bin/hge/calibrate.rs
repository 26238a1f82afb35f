//! `hge calibrate`: lag and feed-through of every tone, with the device in place.

use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{json_line, read_json, text, write_text};
use clap::Args;
use hge_host::calibration::{Calibration, LEAST_POINTS};
use hge_host::measure::calibrate;
use hge_host::session::Session;
use hge_host::text::number;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: electrodes, cases, tones
    #[arg(value_name = "GATE|FILE.toml", default_value = "xor")]
    what: String,
    /// Operating points, drawn anywhere in the controls' ranges
    #[arg(long, value_name = "N", default_value_t = LEAST_POINTS)]
    points: u32,
    /// Windows of every case at each of them
    #[arg(long, value_name = "N", default_value_t = 16)]
    windows: u32,
    /// Write the calibration, for `hge gradient --calibration`
    #[arg(short = 'o', value_name = "FILE.json")]
    output: Option<PathBuf>,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    link: String,
    points: u32,
    windows: u32,
    #[serde(flatten)]
    calibration: &'a Calibration,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let (lab, _) = Lab::open(&arguments.link, &arguments.simulation, &arguments.what)?;
    let (task, link) = (lab.task()?, lab.link.to_string());
    let seed = task.experiment.seed;
    let estimator = task.experiment.host.estimator;
    let mut session = Session::open(lab.instrument, task.plan, estimator).map_err(text)?;
    let found = calibrate::in_place(&mut session, arguments.points, arguments.windows, seed);
    session.close().map_err(text)?;
    let calibration = found.map_err(text)?;
    if let Some(path) = &arguments.output {
        let content = serde_json::to_string_pretty(&calibration).map_err(text)?;
        write_text(path, &format!("{content}\n"), "choose another file with -o")?;
    }
    if arguments.json {
        let Arguments { points, windows, .. } = arguments;
        json_line(&Report { link, points, windows, calibration: &calibration })?;
    } else {
        crate::print(&table(&calibration))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The calibration in a file.
pub fn read(path: &Path) -> Result<Calibration, String> {
    read_json(path, "`hge calibrate -o` writes", "calibrate anew")
}

fn table(calibration: &Calibration) -> String {
    let mut lines = match calibration.pole_hz {
        Some(pole_hz) => format!("pole {} Hz\n", number((pole_hz * 10.0).round() / 10.0)),
        None => "the lags are not those of one pole: each tone keeps its own, and its loss is not known\n".into(),
    };
    lines += "electrode  tone (Hz)  lag (deg)    error  passes (%)  feed-through (pF)\n";
    for tone in &calibration.tones {
        let _ = writeln!(
            lines,
            "{:>9}  {:>9.2}  {:>9.3}  {:>7.3}  {:>10.2}  {:>17.4}",
            tone.electrode,
            tone.frequency_hz,
            tone.lag_rad.to_degrees(),
            tone.lag_error_rad.to_degrees(),
            tone.in_phase.hypot(tone.quadrature) * 100.0,
            tone.feed_through_pf,
        );
    }
    lines
}
