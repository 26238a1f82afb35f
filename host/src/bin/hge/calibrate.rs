//! `hge calibrate`: lag and feed-through of every tone, and how long the current takes to settle.

use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{check_output, json_line, read_json, text, write_text};
use clap::{Args, ValueHint};
use hge_host::calibration::relaxation::Relaxation;
use hge_host::calibration::{Calibration, LEAST_POINTS};
use hge_host::experiment::Task;
use hge_host::measure::probe::Probe;
use hge_host::measure::{calibrate, relaxation};
use hge_host::session::Session;
use hge_host::settling::Watch;
use hge_host::text::number;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: electrodes, cases, tones
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Operating points, drawn anywhere in the controls' ranges
    #[arg(long, value_name = "N", default_value_t = LEAST_POINTS)]
    points: u32,
    /// Windows of every case at each of them
    #[arg(long, value_name = "N", default_value_t = 16)]
    windows: u32,
    /// Resistors of this resistance stand in place of the device, on every control or on some
    #[arg(long, value_name = "MOHM", conflicts_with = "settle")]
    resistor: Option<f64>,
    /// Measure how the current settles after the cases' largest step, too, and choose the wait
    #[arg(long)]
    settle: bool,
    /// With --settle: the least slope that is to be within 2 %
    #[arg(long, value_name = "NA_PER_V", default_value_t = 10.0, requires = "settle")]
    slope: f64,
    /// Write the calibration, for --calibration of `hge gradient` and `hge train`
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
    let positive = |value: f64| value > 0.0 && value.is_finite();
    if !arguments.resistor.is_none_or(positive) {
        return Err("--resistor is a resistance in megohms: give a number above zero".into());
    }
    if !positive(arguments.slope) {
        return Err("--slope is the magnitude of a slope in nA/V: give a number above zero".into());
    }
    check_output(arguments.output.as_deref())?;
    let (mut lab, _) = Lab::open(&arguments.link, &arguments.simulation, &arguments.what)?;
    let (mut task, link) = (lab.task()?, lab.link.to_string());
    let settling = match arguments.settle {
        true => {
            let wanted = relaxation::Wanted {
                slope_na_per_v: arguments.slope,
                repeats: relaxation::REPEATS,
                seed: task.experiment.seed,
            };
            let mut probe = Probe::new(lab.instrument, task.plan.clone());
            let found = relaxation::measure(&mut probe, &task.plan, wanted);
            lab.instrument = probe.close().map_err(text)?;
            found.map_err(text)?
        }
        false => None,
    };
    if let Some(settling) = &settling {
        // What follows waits as long, and takes the rest off.
        lab.experiment.wait_for(settling);
        task = lab.task()?;
    }
    let Task { experiment, plan, .. } = task;
    let watch = settling
        .as_ref()
        .map(|settling| Watch::new(&plan, experiment.surroundings(), Some(settling.shape())));
    let mut session =
        Session::open(lab.instrument, plan, experiment.host.estimator).map_err(text)?;
    if let Some(watch) = watch {
        session.watch(watch);
    }
    let Arguments { points, windows, .. } = arguments;
    let found = match arguments.resistor {
        // A gigohm is a nanoampere a volt.
        Some(mohm) => calibrate::with_resistor(&mut session, 1e3 / mohm, windows),
        None => calibrate::in_place(&mut session, points, windows, experiment.seed),
    };
    session.close().map_err(text)?;
    let found = found.map_err(|error| match &settling {
        Some(settling) => format!("{error} (what was measured before: {})", sentence(settling)),
        None => error.to_string(),
    })?;
    let calibration = Calibration { relaxation: settling, ..found };
    if let Some(path) = &arguments.output {
        let content = serde_json::to_string_pretty(&calibration).map_err(text)?;
        write_text(path, &format!("{content}\n"), "choose another file with -o")?;
    }
    if arguments.json {
        json_line(&Report { link, points, windows, calibration: &calibration })?;
    } else {
        crate::streams::print(&table(&calibration, arguments.settle))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The calibration in a file.
pub fn read(path: &Path) -> Result<Calibration, String> {
    read_json(path, "`hge calibrate -o` writes", "calibrate anew")
}

fn table(calibration: &Calibration, settle: bool) -> String {
    let mut lines = match calibration.pole_hz {
        Some(_) if calibration.lags_unseen() => format!(
            "no lag stands out of its error: a pole, if there is one, lies above {:.0} Hz\n",
            calibration.least_pole_hz()
        ),
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
    if let Some(found) = &calibration.relaxation {
        let _ = writeln!(lines, "\n{}", sentence(found));
    } else if settle {
        lines += "\nno relaxation stands out of the noise\n";
    }
    lines
}

fn sentence(found: &Relaxation) -> String {
    let ms = |seconds: f64| format!("{:.1}", seconds * 1e3);
    format!(
        "a step of {:.2} nA relaxes with {} +- {} ms, {:.2} nA of it after the ramp; for slopes of {} nA/V wait {} ms, or {} ms with the relaxation taken off",
        found.step_na,
        ms(found.time_constant_s),
        ms(found.time_constant_error_s),
        found.left_na,
        number(found.slope_na_per_v),
        ms(found.settle_s),
        ms(found.settle_corrected_s),
    )
}
