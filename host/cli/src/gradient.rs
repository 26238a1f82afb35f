//! `hge gradient`: every derivative at given controls.

use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{json_line, text};
use crate::{amplitudes, calibrate};
use clap::{Args, ValueHint};
use hge_core::calibration::Calibration;
use hge_core::drift::Shape;
use hge_core::measure::gradient::{self, Effort, Intervals, Measured};
use hge_core::measure::zero_amplitude;
use hge_core::method::Method;
use hge_core::session::Session;
use hge_driver::link::LinkSpec;
use hge_driver::text::number;
use hge_sim::device::{self, Device};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: electrodes, cases, tones
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Voltages of the controls, in the order of electrodes.controls [default: the middle of each range]
    #[arg(long, value_name = "V,V,..", value_delimiter = ',', allow_hyphen_values = true)]
    controls: Option<Vec<f64>>,
    /// How slopes are measured
    #[arg(long)]
    method: Option<Method>,
    /// Windows of every case at each amplitude; with --snr the minimum
    #[arg(long, value_name = "N", default_value_t = gradient::WINDOWS)]
    windows: u32,
    /// Measure until every slope is this multiple of its standard error
    #[arg(long, value_name = "RATIO")]
    snr: Option<f64>,
    /// With --snr: maximum windows of every case at each amplitude
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "snr")]
    most_windows: u32,
    /// Quantity that the intervals cover: the device's slope, measured at three amplitudes, or the mean response at one amplitude
    #[arg(long, value_name = "WHAT", default_value = "slope")]
    intervals: Intervals,
    /// Subtract the effect of a drift on the tones: a line, or a relaxation with --relaxation
    #[arg(long)]
    correct_drift: bool,
    /// Time constant of the relaxation, in seconds
    #[arg(long, value_name = "S", requires = "correct_drift")]
    relaxation: Option<f64>,
    /// Correct lag, feed-through and relaxation with this result of `hge calibrate -o`
    #[arg(long, value_name = "FILE.json")]
    calibration: Option<PathBuf>,
    /// Also print the simulated device's exact slopes
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
struct Gradient {
    link: String,
    controls_v: Vec<f64>,
    window_samples: u32,
    rate_hz: f64,
    #[serde(flatten)]
    measured: Measured,
    /// In the order of `cases`, control by control.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact_na_per_v: Option<Vec<Vec<f64>>>,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    if arguments.snr.is_some_and(|snr| !(snr > 0.0 && snr.is_finite())) {
        return Err("--snr is a ratio to the standard error: give a number above zero".into());
    }
    if arguments.relaxation.is_some_and(|seconds| !(seconds > 0.0 && seconds.is_finite())) {
        return Err("--relaxation is a time constant: give a number of seconds above zero".into());
    }
    if arguments.exact && arguments.link.spec()? != LinkSpec::Simulated {
        return Err("exact slopes are known only for a device simulated in this process: leave \
                    out --exact or --link"
            .into());
    }
    let calibration = arguments.calibration.as_deref().map(calibrate::read).transpose()?;
    let mut lab = Lab::open(&arguments.link, &arguments.simulation, &arguments.what)?;
    lab.experiment.wait_for(calibration.iter().flat_map(Calibration::relaxations));
    let method = arguments.method.unwrap_or(lab.experiment.host.method);
    refuse(method, &arguments)?;
    if arguments.method.is_some() {
        lab.source.overrule("host.method");
        lab.experiment.host.method = method;
    }
    let mut task = lab.task()?;
    if task.experiment.tones.amplitude.is_some() {
        let (amplitudes_v, instrument) =
            amplitudes::choose(lab.instrument, &task, arguments.windows)?;
        lab.instrument = instrument;
        lab.experiment.tones.take(amplitudes_v);
        task = lab.task()?;
    }
    let controls_v = arguments.controls.unwrap_or_else(|| task.plan.middle_controls_v());
    let exact_na_per_v = match arguments.exact {
        true => Some(exact(&task.experiment.device, |device| {
            gradient::exact(device, &task.plan, &controls_v)
        })?),
        false => None,
    };
    let estimator = task.experiment.host.estimator;
    let (grid, link) = (task.plan.grid(), lab.link.to_string());
    let plan = if method.is_of_sines() {
        gradient::listening(&task.plan, task.experiment.noise_model()).map_err(text)?
    } else {
        method.plan(&task.plan, &task.data.train.targets).map_err(text)?
    };
    let mut session = Session::open(lab.instrument, plan, estimator).map_err(text)?;
    session.by(method, task.experiment.seed);
    session.read_all_inputs();
    if let Some(calibration) = calibration {
        session.calibrate(calibration).map_err(text)?;
    }
    let effort = Effort {
        windows: arguments.windows,
        snr: arguments.snr,
        most_windows: arguments.most_windows.max(arguments.windows),
        drift: match (arguments.correct_drift, arguments.relaxation) {
            (true, Some(seconds)) => Some(Shape::Relaxation { seconds }),
            (true, None) => Some(Shape::Line),
            (false, _) => None,
        },
    };
    let measured = match arguments.intervals {
        Intervals::Slope => zero_amplitude::measure(&mut session, &controls_v, effort),
        Intervals::Answer => gradient::measure(&mut session, &controls_v, effort),
    };
    let measured = measured.map_err(text)?;
    session.close().map_err(text)?;
    let found = Gradient {
        link,
        controls_v,
        window_samples: grid.window_samples,
        rate_hz: grid.rate_hz,
        measured,
        exact_na_per_v,
    };
    if arguments.json {
        json_line(&found)?;
    } else {
        crate::streams::print(&table(&found))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Options that a method does not support.
fn refuse(method: Method, arguments: &Arguments) -> Result<(), String> {
    let name = method.name();
    if method == Method::Cost {
        return Err("the method cost measures slopes of the cost, not of the current: choose another, or use it in `hge train`".into());
    }
    let of_sines = [
        ("--calibration", arguments.calibration.is_some()),
        ("--correct-drift", arguments.correct_drift),
    ];
    match of_sines.into_iter().find(|(_, given)| *given && !method.is_of_sines()) {
        Some((option, _)) => Err(format!(
            "{option} applies to sines, which the method {name} does not use: leave it out, or choose homodyne or single"
        )),
        None => Ok(()),
    }
}

/// What `of` derives from the simulated device's own Jacobian.
pub fn exact<T>(device: &str, of: impl FnOnce(&dyn Device) -> Option<T>) -> Result<T, String> {
    let device = device::open(device).map_err(text)?;
    of(device.as_ref()).ok_or_else(|| {
        format!("the device {} does not know its slopes: leave out --exact", device.name())
    })
}

/// An output of the device in a heading, where there are several.
pub fn output_label(output: usize, outputs: usize) -> String {
    match outputs {
        1 => String::new(),
        _ => format!(", output {output}"),
    }
}

fn table(found: &Gradient) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_table(&mut text, found);
    text
}

fn write_table(text: &mut String, found: &Gradient) -> std::fmt::Result {
    let volts: Vec<String> = found.controls_v.iter().map(|volts| number(*volts)).collect();
    writeln!(
        text,
        "{} windows{} of {} samples at {} Hz, controls at {} V",
        found.measured.windows,
        match found.measured.intervals {
            Intervals::Slope => ", at all amplitudes together,",
            Intervals::Answer => "",
        },
        found.window_samples,
        number(found.rate_hz),
        volts.join(", ")
    )?;
    if found.measured.snr_reached == Some(false) {
        writeln!(text, "not every slope reached the requested ratio to its error")?;
    }
    let error = |error: Option<f64>| error.map_or("?".into(), |error| format!("{error:.3}"));
    let outputs = 1 + found.measured.cases.iter().map(|row| row.output).max().unwrap_or(0);
    for (row, slopes) in found.measured.cases.iter().enumerate() {
        let inputs: Vec<String> = slopes.inputs_v.iter().map(|volts| number(*volts)).collect();
        let clipped = if slopes.clipped { ", clipped: slopes not valid" } else { "" };
        let settled = if slopes.settled {
            ""
        } else {
            ", not settled: wait longer (timing.settle_s) or subtract the drift (--correct-drift)"
        };
        let uncalibrated = match slopes.uncalibrated {
            true => ", a large quadrature response: the slopes may be wrong by more than their errors, calibrate (`hge calibrate`, then --calibration)",
            false => "",
        };
        let (mean, spread) = (slopes.current_na, error(slopes.current_error_na));
        let inputs = inputs.join(", ");
        let output = output_label(slopes.output, outputs);
        writeln!(
            text,
            "\ninputs {inputs} V{output}: {mean:+.3} +- {spread} nA{clipped}{settled}{uncalibrated}"
        )?;
        write!(text, "  electrode  tone (Hz)  amplitude (mV)  slope (nA/V)     error")?;
        write!(text, "  interval (19 of 20)")?;
        let exact = found.exact_na_per_v.as_ref().and_then(|exact| exact.get(row));
        let is_of_slope = found.measured.intervals == Intervals::Slope;
        writeln!(
            text,
            "{}{}",
            if is_of_slope { "  bias of amplitude" } else { "" },
            if exact.is_some() { "     exact" } else { "" }
        )?;
        for (k, slope) in slopes.slopes.iter().enumerate() {
            write!(
                text,
                "  {:>9}  {:>9.2}  {:>14.3}  {:>+12.3}  {:>8}  {:>19}",
                slope.electrode,
                slope.tone_hz,
                slope.amplitude_v * 1e3,
                slope.slope_na_per_v,
                error(slope.error_na_per_v),
                slope
                    .interval_na_per_v
                    .map_or("?".into(), |[low, high]| format!("{low:+.3} {high:+.3}"))
            )?;
            if is_of_slope {
                let bias = slope.bias_na_per_v.map_or("?".into(), |bias| format!("{bias:+.3}"));
                let bias = format!("{bias} +- {}", error(slope.bias_error_na_per_v));
                write!(text, "  {bias:>17}")?;
            }
            match exact {
                Some(exact) => writeln!(text, "  {:>+8.3}", exact[k])?,
                None => writeln!(text)?,
            }
        }
    }
    Ok(())
}
