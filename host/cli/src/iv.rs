//! `hge iv`: currents over voltages, and a check of every contact.

use crate::lab::{Lab, LinkOptions, Simulation};
use crate::output::{check_array_path, json_line, text, write_array};
use clap::{Args, ValueHint};
use hge_core::measure::iv::{self, Axis, Contact, Sweep, Verdict};
use hge_core::measure::probe::Probe;
use hge_driver::text::number;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: electrodes and their ranges
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Check only this electrode; may be given several times
    #[arg(long, value_name = "K", conflicts_with = "sweep")]
    electrode: Vec<usize>,
    /// Voltages of each checked electrode, 5 or more
    #[arg(long, value_name = "N", default_value_t = 21, conflicts_with = "sweep")]
    points: usize,
    /// Sweep one electrode or two over given voltages instead, upward or downward, the others at 0 V; two need -o or --json
    #[arg(long, value_name = "K:FROM:TO:N[,K2:FROM2:TO2:N2]")]
    sweep: Option<String>,
    /// Sweep one electrode back again over the same voltages, and show the hysteresis
    #[arg(long, requires = "sweep")]
    back: bool,
    /// Write the currents as a NumPy array
    #[arg(short = 'o', value_name = "FILE.npy")]
    output: Option<PathBuf>,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of a check with `--json`.
#[derive(Serialize)]
struct Checked {
    link: String,
    points: usize,
    ok: bool,
    contacts: Vec<Contact>,
}

/// Result of a sweep with `--json`.
#[derive(Serialize)]
struct Swept {
    link: String,
    axes: Vec<Axis>,
    /// Of output 0.
    #[serde(flatten)]
    currents: Currents,
    /// Of every output, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<SweptOutput>,
}

/// Currents of one output in a sweep with `--json`.
#[derive(Serialize)]
struct SweptOutput {
    output: usize,
    #[serde(flatten)]
    currents: Currents,
}

/// Currents of one output.
#[derive(Clone, Serialize)]
struct Currents {
    /// In the order of the axes, the last one fastest.
    current_na: Vec<f64>,
    error_na: f64,
    clipped: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    hysteresis_na: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hysteresis_error_na: Option<f64>,
}

impl Currents {
    fn of(swept: &Sweep, back: bool) -> Self {
        let (hysteresis_na, hysteresis_error_na) = back.then(|| swept.hysteresis_na()).unzip();
        Currents {
            current_na: swept.currents.iter().map(|current| current.current_na).collect(),
            error_na: swept.error_na,
            clipped: swept.currents.iter().filter(|current| current.clipped).count(),
            hysteresis_na,
            hysteresis_error_na,
        }
    }
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    check_array_path(arguments.output.as_deref())?;
    let axes = arguments.sweep.as_deref().map(|text| axes(text, arguments.back)).transpose()?;
    let is_table = axes.as_ref().is_some_and(|axes| axes.len() > 1);
    if is_table && arguments.output.is_none() && !arguments.json {
        return Err(
            "a sweep over two electrodes is too wide to print: add -o FILE.npy, or --json".into()
        );
    }
    if is_table && arguments.back {
        return Err("--back shows the hysteresis of one electrode: sweep one".into());
    }
    let lab = Lab::open(&arguments.link, &arguments.simulation, &arguments.what)?;
    let (task, link) = (lab.task()?, lab.link.to_string());
    let mut probe = Probe::new(lab.instrument, task.plan);
    probe.read_all_inputs();
    let output = arguments.output.as_deref();
    match axes {
        Some(axes) => {
            let swept = iv::sweep(&mut probe, &axes).map_err(text)?;
            probe.close().map_err(text)?;
            report_sweep(link, axes, &swept, output, arguments.json)?;
        }
        None => {
            let electrodes = match arguments.electrode.as_slice() {
                [] => probe.electrodes().to_vec(),
                some => some.to_vec(),
            };
            check(probe, link, &electrodes, arguments.points, output, arguments.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `K:FROM:TO:N`, once or twice.
fn axes(text: &str, back: bool) -> Result<Vec<Axis>, String> {
    let wrong = || {
        format!(
            "`{text}` is not a sweep: write electrode, first and last voltage and points, for \
             one electrode or two, e.g. 3:-1:0.5:31 or 3:-1:0.5:31,4:-0.5:0.2:21"
        )
    };
    let axes: Vec<Axis> = text
        .split(',')
        .map(|axis| {
            let parts: Vec<&str> = axis.split(':').map(str::trim).collect();
            let [electrode, low, high, points] = parts[..] else { return None };
            Some(Axis {
                electrode: electrode.parse().ok()?,
                low_v: low.parse().ok()?,
                high_v: high.parse().ok()?,
                points: points.parse().ok()?,
                back,
            })
        })
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    if axes.len() > 2 {
        return Err(wrong());
    }
    Ok(axes)
}

fn check(
    mut probe: Probe,
    link: String,
    electrodes: &[usize],
    points: usize,
    output: Option<&Path>,
    json: bool,
) -> Result<(), String> {
    let (mut contacts, mut ok) = (Vec::new(), true);
    let mut table = Vec::new();
    let outputs = probe.inputs();
    for &electrode in electrodes {
        let (low_v, high_v) = iv::range_v(&probe, electrode).map_err(text)?;
        let axis = Axis { electrode, low_v, high_v, points, back: false };
        let (judged, swept) = iv::contact(&mut probe, &axis).map_err(text)?;
        table.extend(swept.iter().flat_map(|swept| columns(&axis, swept)));
        ok &= iv::is_sound(&judged);
        contacts.extend(judged);
    }
    probe.close().map_err(text)?;
    if let Some(path) = output {
        let shape = with_outputs(&[electrodes.len()], outputs, &[points, 3]);
        write_array(path, &shape, &table)?;
    }
    if json {
        return json_line(&Checked { link, points, ok, contacts });
    }
    let mut lines = String::from(
        "electrode      range (V)  conductance (nA/V)      current at 0 V (nA)  nonlinear  verdict\n",
    );
    for contact in &contacts {
        let electrode = match outputs {
            1 => contact.electrode.to_string(),
            _ => format!("{}·{}", contact.electrode, contact.output),
        };
        lines += &format!(
            "{:>9}  {:>+5.2} to {:>+5.2}  {:>+9.3} +- {:<6.3}  {:>+14.3} +- {:<6.3}  {:>6.1} %  {}\n",
            electrode,
            contact.low_v,
            contact.high_v,
            contact.conductance_na_per_v,
            contact.conductance_error_na_per_v,
            contact.offset_na,
            contact.offset_error_na,
            contact.nonlinearity * 100.0,
            advice(contact.verdict),
        );
    }
    crate::streams::print(&lines)
}

fn advice(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Dead => "dead: the current does not respond, check bond and cable",
        Verdict::Clips => "clips: narrow its range or lower the gain of the I-V converter",
        Verdict::Shorted => "shorted: the current clips at nearly every voltage, look for a short to the output, or lower the gain of the I-V converter",
        Verdict::Leaks => "leaks: a current flows with all electrodes at 0 V, check wiring and offset",
    }
}

/// A shape with a dimension for the outputs where there are several.
fn with_outputs(before: &[usize], outputs: usize, after: &[usize]) -> Vec<usize> {
    let outputs = if outputs > 1 { vec![outputs] } else { Vec::new() };
    [before, &outputs, after].concat()
}

/// Voltage, current, standard error.
fn columns(axis: &Axis, swept: &Sweep) -> Vec<f64> {
    let rows = axis.volts().into_iter().zip(&swept.currents);
    rows.flat_map(|(volts, current)| [volts, current.current_na, swept.error_na]).collect()
}

fn report_sweep(
    link: String,
    axes: Vec<Axis>,
    swept: &[Sweep],
    output: Option<&Path>,
    json: bool,
) -> Result<(), String> {
    let back = axes[0].back;
    let outputs: Vec<Currents> = swept.iter().map(|swept| Currents::of(swept, back)).collect();
    if let Some(path) = output {
        let lengths: Vec<usize> = axes.iter().map(|axis| axis.volts().len()).collect();
        match axes.as_slice() {
            [axis] => {
                let shape = with_outputs(&[], swept.len(), &[lengths[0], 3]);
                let table: Vec<f64> = swept.iter().flat_map(|swept| columns(axis, swept)).collect();
                write_array(path, &shape, &table)?;
            }
            _ => {
                let currents = outputs.iter().flat_map(|output| output.current_na.iter().copied());
                let shape = with_outputs(&[], swept.len(), &lengths);
                write_array(path, &shape, &currents.collect::<Vec<f64>>())?;
            }
        }
    }
    if json {
        let currents = outputs[0].clone();
        let several = if outputs.len() > 1 { outputs } else { Vec::new() };
        let several = several.into_iter().enumerate();
        let outputs = several.map(|(output, currents)| SweptOutput { output, currents }).collect();
        return json_line(&Swept { link, axes, currents, outputs });
    }
    let mut text = String::new();
    for (n, currents) in outputs.iter().enumerate() {
        let Currents { current_na, error_na, clipped, .. } = currents;
        let least = current_na.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = current_na.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if outputs.len() > 1 {
            text += &format!("output {n}: ");
        }
        text += &format!(
            "{} points, {least:+.3} to {greatest:+.3} nA, each +- {error_na:.3} nA, {clipped} clipped\n",
            current_na.len()
        );
        let hysteresis = currents.hysteresis_na.zip(currents.hysteresis_error_na);
        if let Some((na, error_na)) = hysteresis {
            text +=
                &format!("largest difference between there and back {na:.3} +- {error_na:.3} nA\n");
        }
    }
    if let ([axis], None) = (axes.as_slice(), output) {
        for (n, volts) in axis.volts().iter().enumerate() {
            let currents = outputs.iter().map(|output| format!("{:>+9.3}", output.current_na[n]));
            let currents = currents.collect::<Vec<_>>().join("  ");
            text += &format!("{:>10} V  {currents} nA\n", number(*volts));
        }
    }
    crate::streams::print(&text)
}
