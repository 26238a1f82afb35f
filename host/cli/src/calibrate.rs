//! `hge calibrate`: lag and feed-through of every tone, and the settling time of the current.

use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{check_output, json_line, read_json, text, write_text};
use clap::{Args, ValueHint};
use hge_core::calibration::relaxation::Relaxation;
use hge_core::calibration::{Calibration, OpenContacts, LEAST_POINTS};
use hge_core::experiment::Task;
use hge_core::measure::probe::Probe;
use hge_core::measure::{calibrate, relaxation};
use hge_core::session::Session;
use hge_core::settling::DriftCorrector;
use hge_driver::text::number;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: electrodes, cases, tones
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Operating points, drawn at random from the controls' ranges
    #[arg(long, value_name = "N", default_value_t = LEAST_POINTS)]
    points: u32,
    /// Windows of every case at each operating point
    #[arg(long, value_name = "N", default_value_t = 16)]
    windows: u32,
    /// Resistors of this resistance replace the device, on every control or on some
    #[arg(long, value_name = "MOHM", conflicts_with = "settle")]
    resistor: Option<f64>,
    /// Contacts are open: measure the capacitance across the device, for --open-contacts
    #[arg(long, conflicts_with_all = ["resistor", "settle", "points"])]
    open: bool,
    /// With --resistor: result of `hge calibrate --open -o`, which separates lag from capacitance
    #[arg(long, value_name = "FILE.json", requires = "resistor")]
    open_contacts: Option<PathBuf>,
    /// Also measure the settling after the largest step between cases, and choose the wait
    #[arg(long)]
    settle: bool,
    /// With --settle: the smallest slope that must be within 2 %
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

/// Result of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    link: String,
    points: u32,
    windows: u32,
    #[serde(flatten)]
    calibration: &'a Calibration,
}

/// Result of `--open --json`.
#[derive(Serialize)]
struct OpenReport<'a> {
    link: String,
    windows: u32,
    #[serde(flatten)]
    open: &'a OpenContacts,
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
    let open_contacts = arguments.open_contacts.as_deref().map(read_open).transpose()?;
    let mut lab = Lab::open(&arguments.link, &arguments.simulation, &arguments.what)?;
    let (mut task, link) = (lab.task()?, lab.link.to_string());
    let settling = match arguments.settle {
        true => {
            let outputs = task.data.train.targets.outputs;
            let wanted = relaxation::RelaxationSpec {
                slope_na_per_v: arguments.slope,
                repeats: relaxation::REPEATS,
                seed: task.experiment.seed,
            };
            let mut probe = Probe::new(lab.instrument, task.plan.clone());
            probe.read_inputs(outputs);
            let found = relaxation::measure(&mut probe, &task.plan, wanted);
            lab.instrument = probe.close().map_err(text)?;
            found.map_err(text)?
        }
        false => Vec::new(),
    };
    let relaxations = || settling.iter().flatten();
    if relaxations().next().is_some() {
        // What follows waits as long, and takes the rest off.
        lab.experiment.wait_for(relaxations());
        task = lab.task()?;
    }
    let Task { experiment, plan, data, .. } = task;
    let corrector = relaxations().next().map(|_| {
        let corrections = settling.iter().map(|found| found.as_ref().map(Relaxation::shape));
        DriftCorrector::new(&plan, experiment.noise_model(), corrections.collect())
    });
    let mut session =
        Session::open(lab.instrument, plan, experiment.host.estimator).map_err(text)?;
    session.read_inputs(data.train.targets.outputs);
    if let Some(corrector) = corrector {
        session.correct_drift(corrector);
    }
    let Arguments { points, windows, .. } = arguments;
    if arguments.open {
        let found = calibrate::open_contacts(&mut session, windows);
        session.close().map_err(text)?;
        return report_open(&arguments, &found.map_err(text)?, link);
    }
    let found = match arguments.resistor {
        // A gigohm is a nanoampere a volt.
        Some(mohm) => {
            calibrate::with_resistor(&mut session, 1e3 / mohm, windows, open_contacts.as_ref())
        }
        None => calibrate::in_place(&mut session, points, windows, experiment.seed),
    };
    session.close().map_err(text)?;
    let mut calibration = found.map_err(|error| {
        let measured =
            relaxations().map(|found| format!(" (already measured: {})", sentence(found)));
        format!("{error}{}", measured.collect::<String>())
    })?;
    calibration.settle(settling);
    write(arguments.output.as_deref(), &calibration)?;
    if arguments.json {
        json_line(&Report { link, points, windows, calibration: &calibration })?;
    } else {
        crate::streams::print(&table(&calibration, arguments.settle))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report_open(
    arguments: &Arguments,
    open: &OpenContacts,
    link: String,
) -> Result<ExitCode, String> {
    write(arguments.output.as_deref(), open)?;
    if arguments.json {
        json_line(&OpenReport { link, windows: arguments.windows, open })?;
    } else {
        let mut lines = String::from(
            "output  electrode  tone (Hz)  in phase (nA/V)  in quadrature     error  feed-through (pF)\n",
        );
        let at_outputs = open.inputs().enumerate();
        for (output, tone) in
            at_outputs.flat_map(|(n, open)| open.tones.iter().map(move |tone| (n, tone)))
        {
            let _ = writeln!(
                lines,
                "{output:>6}  {:>9}  {:>9.2}  {:>+15.3}  {:>+13.3}  {:>8.3}  {:>17.4}",
                tone.electrode,
                tone.frequency_hz,
                tone.in_phase_na_per_v,
                tone.quadrature_na_per_v,
                tone.error_na_per_v,
                tone.feed_through_pf,
            );
        }
        crate::streams::print(&lines)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(output: Option<&Path>, content: &impl Serialize) -> Result<(), String> {
    let Some(path) = output else { return Ok(()) };
    let content = serde_json::to_string_pretty(content).map_err(text)?;
    write_text(path, &format!("{content}\n"), "choose another file with -o")
}

fn read_open(path: &Path) -> Result<OpenContacts, String> {
    read_json(path, "`hge calibrate --open -o` writes", "measure the open contacts again")
}

/// The calibration in a file.
pub fn read(path: &Path) -> Result<Calibration, String> {
    read_json(path, "`hge calibrate -o` writes", "calibrate again")
}

fn table(calibration: &Calibration, settle: bool) -> String {
    let outputs = calibration.inputs().count();
    let of_output = |(output, of_input)| match outputs {
        1 => table_of_output(of_input, settle),
        _ => format!("output {output}: {}", table_of_output(of_input, settle)),
    };
    calibration.inputs().enumerate().map(of_output).collect::<Vec<_>>().join("\n")
}

fn table_of_output(calibration: &Calibration, settle: bool) -> String {
    let mut lines = match calibration.pole_hz {
        Some(_) if calibration.lags_unseen() => format!(
            "no lag exceeds its error: a pole, if there is one, lies above {:.0} Hz\n",
            calibration.least_pole_hz()
        ),
        Some(pole_hz) => format!("pole {} Hz\n", number((pole_hz * 10.0).round() / 10.0)),
        None => {
            "the lags do not fit one pole: each tone keeps its own lag, and its loss is unknown\n"
                .into()
        }
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
        lines += "\nno relaxation above the noise\n";
    }
    lines
}

fn sentence(found: &Relaxation) -> String {
    let ms = |seconds: f64| format!("{:.1}", seconds * 1e3);
    format!(
        "a step of {:.2} nA relaxes with {} +- {} ms, {:.2} nA of it after the ramp; for slopes of {} nA/V wait {} ms, or {} ms with the relaxation subtracted",
        found.step_na,
        ms(found.time_constant_s),
        ms(found.time_constant_error_s),
        found.left_na,
        number(found.slope_na_per_v),
        ms(found.settle_s),
        ms(found.settle_corrected_s),
    )
}
