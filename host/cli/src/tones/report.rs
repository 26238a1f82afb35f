//! A plan of tones as a table, a picture or JSON.

use super::Output;
use crate::output::{json_line, text, write_text};
use crate::streams;
use hge_core::plan::LineLoad;
use hge_core::tones::crosstalk::Pair;
use hge_core::tones::products::Product;
use hge_core::tones::{Grid, TonePlan, ToneSpec};
use hge_driver::text::number;
use hge_record::figure::tones as picture;
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;

/// Maximum products and pairs of tones named.
const NAMED: usize = 3;

/// Result of `--json`.
#[derive(Serialize)]
struct Report {
    window_samples: u32,
    window_s: f64,
    rate_hz: f64,
    line_hz: f64,
    /// One for each parameter; the derivative's standard error after one window.
    amplitudes_v: Vec<f64>,
    errors_na_per_v: Vec<f64>,
    /// What the windows ask of the line.
    line: LineLoad,
    #[serde(flatten)]
    plan: TonePlan,
}

/// A message on each of the first pairs of tones with crosstalk.
pub fn crosstalk<'a>(grid: &'a Grid, pairs: &'a [Pair]) -> impl Iterator<Item = String> + 'a {
    pairs.iter().take(NAMED).map(|pair| {
        let [one, other] = pair.cycles.map(|line| rounded(grid.frequency_hz(line)));
        format!(
            "warning: crosstalk of up to {:.1} dB between the tones of {one} Hz and {other} Hz, from phase truncation in the NCO: move one of them, or let tones.band_hz choose",
            pair.level_db
        )
    })
}

/// To a thousandth.
fn rounded(frequency_hz: f64) -> String {
    number((frequency_hz * 1e3).round() / 1e3)
}

/// Draws and prints a plan of tones.
pub fn report(
    wanted: &ToneSpec,
    plan: TonePlan,
    amplitudes_v: Vec<f64>,
    line_bytes_per_s: f64,
    output: &Output,
) -> Result<ExitCode, String> {
    if let Some(path) = &output.picture {
        let picture = picture::figure(wanted, &plan).svg().map_err(text)?;
        write_text(path, &picture, "choose another file")?;
    }
    let Grid { rate_hz, window_samples } = wanted.grid;
    let errors_na_per_v =
        plan.tones.iter().zip(&amplitudes_v).map(|(tone, volts)| tone.error_na / volts).collect();
    let empty_lines: usize = plan.tones.iter().map(|tone| tone.empty_lines.len()).sum();
    let windows_per_s = rate_hz / f64::from(window_samples);
    let line = LineLoad::of_line(
        plan.tones.len() + empty_lines,
        1,
        false,
        windows_per_s,
        line_bytes_per_s,
    );
    let report = Report {
        line,
        window_samples,
        window_s: f64::from(window_samples) / rate_hz,
        rate_hz,
        line_hz: wanted.grid.step_hz(),
        amplitudes_v,
        errors_na_per_v,
        plan,
    };
    if output.json {
        json_line(&report)?;
    } else {
        streams::print(&table(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(report: &Report) -> String {
    let Report { plan, .. } = report;
    let hz = |line: f64| rounded(line * report.line_hz);
    let mut lines = format!(
        "window {} s: {} samples at {} Hz, a line each {} Hz\n\
         {:>11} {:>10} {:>10} {:>13}  empty lines, Hz\n",
        number((report.window_s * 1e6).round() / 1e6),
        report.window_samples,
        number((report.rate_hz * 1e3).round() / 1e3),
        hz(1.0),
        "tone, Hz",
        "passes, %",
        "ampl., V",
        "error, nA/V",
    );
    let volts = report.amplitudes_v.iter().zip(&report.errors_na_per_v);
    for (tone, (amplitude_v, error)) in plan.tones.iter().zip(volts) {
        let empty: Vec<String> = tone.empty_lines.iter().map(|&line| hz(f64::from(line))).collect();
        let _ = writeln!(
            lines,
            "{:>11} {:>10.1} {amplitude_v:>10.4} {error:>13.3}  {}",
            hz(f64::from(tone.cycles)),
            tone.gain * 100.0,
            empty.join(" "),
        );
    }
    let product = |product: &Product| {
        let terms: Vec<String> = product.factors.iter().map(|&term| hz(term as f64)).collect();
        format!("{} on {}", terms.join(" + ").replace("+ -", "- "), hz(f64::from(product.line)))
    };
    let named: Vec<String> = plan.on_tones.iter().take(NAMED).map(product).collect();
    lines += &match plan.on_tones_count {
        0 => "no product of second or third order falls on a tone\n".to_owned(),
        count => format!("{count} products fall on tones: {}, ..\n", named.join(", ")),
    };
    let grid = Grid { rate_hz: report.rate_hz, window_samples: report.window_samples };
    if let (Some(worst), []) = (&plan.crosstalk, &plan.crosstalk_above[..]) {
        let _ = writeln!(
            lines,
            "worst crosstalk from phase truncation in the NCO: {:.1} dB, between {} and {} Hz",
            worst.level_db,
            hz(f64::from(worst.cycles[0])),
            hz(f64::from(worst.cycles[1]))
        );
    }
    for warning in crosstalk(&grid, &plan.crosstalk_above) {
        let _ = writeln!(lines, "{warning}");
    }
    if report.line.is_too_much() {
        let _ = writeln!(lines, "warning: {}", report.line);
    }
    if plan.is_optimal {
        lines += "optimal: an exhaustive search found no better set in this band\n";
    }
    let list = |cycles: &[u32]| {
        cycles.iter().map(|&line| hz(f64::from(line))).collect::<Vec<_>>().join(", ")
    };
    if !plan.on_mains.is_empty() {
        let _ = writeln!(lines, "mains harmonics are near {} Hz", list(&plan.on_mains));
    }
    if !plan.without_empty_lines.is_empty() {
        let _ = writeln!(
            lines,
            "fewer empty lines than requested next to {} Hz",
            list(&plan.without_empty_lines)
        );
    }
    lines
}
