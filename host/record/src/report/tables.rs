//! The key figures and tables of a report, which need no script.

use super::markup::{counted, duration, escape, fixed, significant, table};
use super::{Report, Verdict};
use hge_driver::text::number;

/// The verdict for the heading.
pub(super) fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Solved => ("solved", "✓ solved"),
        Verdict::NotSolved => ("unsolved", "✗ not solved"),
        Verdict::Incomplete => ("incomplete", "… incomplete"),
        Verdict::Failed => ("failed", "! failed"),
    }
}

/// Key figures: name, value, and reference of the value.
pub(super) fn figures(report: &Report) -> String {
    let mut entries: Vec<(&str, String, String)> = Vec::new();
    let unit = report.loss.unit.map_or(String::new(), |unit| format!(" {unit}"));
    let quiet = "without perturbation".to_owned();
    let epochs = &report.epochs;
    match (&report.outcome, epochs.best) {
        (Some(outcome), _) => {
            let error = outcome.separation_error_na;
            let error = error.map_or(String::new(), |na| format!(" ± {}", significant(na, 2)));
            let apart = format!("{}{error} nA", fixed(outcome.separation_na, 2));
            let above = outcome.separation_above_na.map_or(String::new(), |above_na| {
                format!("above {} nA with 99.9 % confidence, ", fixed(above_na, 2))
            });
            let enough = format!("{above}{} nA required", number(report.wanted_na));
            let right = format!("{} %", fixed(100.0 * outcome.accuracy, 0));
            let loss = format!("{}{unit}", significant(outcome.loss, 4));
            entries.push(("Separation", apart, enough));
            entries.push(("Loss", loss, format!("{}, {quiet}", escape(&report.loss.name))));
            entries.push(("Accuracy", right, "cases on the correct side of a threshold".into()));
        }
        (None, Some(best)) => {
            let with = format!("best epoch, {}, tones on", epochs.number[best]);
            let apart = format!("{} nA", fixed(epochs.separation_na[best], 2));
            let loss = format!("{}{unit}", significant(epochs.loss[best], 4));
            entries.push(("Separation", apart, with.clone()));
            entries.push(("Loss", loss, format!("{}, {with}", escape(&report.loss.name))));
        }
        (None, None) => {}
    }
    let starts = report.outcome.as_ref().map_or(epochs.starts.len() as u64, |o| o.restarts.into());
    let ran = report.outcome.as_ref().map_or(epochs.total, |outcome| outcome.epochs.into());
    entries.push(("Epochs", ran.to_string(), format!("in {}", counted(starts, "start"))));
    let rate = format!(
        "{} samples a window at {} Hz",
        report.window_samples,
        number(report.rate_hz.round())
    );
    entries.push(("Time measured", duration(report.measured_s), rate));
    if let Some(wall_s) = report.wall_s {
        let factor = format!("{} × real time", significant(report.measured_s / wall_s, 2));
        entries.push(("Time passed", duration(wall_s), factor));
    }
    let how = format!("engine {}, seed {}", escape(&report.engine), report.seed);
    entries.push(("Loop", report.loop_mode.to_string(), how));
    let entry = |(name, value, of): &(&str, String, String)| {
        format!("<div><dt>{name}</dt><dd><b>{value}</b> <small>{of}</small></dd></div>\n")
    };
    format!("<dl class=\"figures\">\n{}</dl>\n", entries.iter().map(entry).collect::<String>())
}

/// Cases with what they should be and what they are.
pub(super) fn cases(report: &Report) -> String {
    let aimed = report.cases.iter().any(|case| case.target_na.is_some());
    let mut headings = vec!["case", "#inputs, V", "wanted"];
    if aimed {
        headings.push("#target, nA");
    }
    headings.push("#output, nA");
    let row = |(s, case): (usize, &super::ShownCase)| {
        let inputs: Vec<String> = case.inputs_v.iter().map(|&volts| fixed(volts, 2)).collect();
        let wanted = match case.high {
            Some(true) => "▲ high",
            Some(false) => "▽ low",
            None => "●",
        };
        let mut row = vec![escape(&case.name), inputs.join("&ensp;"), wanted.into()];
        if aimed {
            row.push(case.target_na.map_or("–".into(), |target| fixed(target, 2)));
        }
        let output = report.outcome.as_ref().and_then(|outcome| outcome.outputs_na.get(s));
        row.push(output.map_or("–".into(), |&output| fixed(output, 3)));
        row
    };
    let rows: Vec<Vec<String>> = report.cases.iter().enumerate().map(row).collect();
    let caption = match &report.outcome {
        Some(_) => "Outputs without perturbation",
        None => "Cases; their outputs were not measured",
    };
    table(caption, &headings, &rows)
}

/// The best controls, or those of the best epoch.
pub(super) fn controls(report: &Report) -> String {
    let best = report.epochs.best;
    let volts = |k: usize| match (&report.outcome, best) {
        (Some(outcome), _) => outcome.controls_v.get(k).copied(),
        (None, Some(best)) => report.epochs.controls_v.get(k).map(|column| column[best]),
        (None, None) => None,
    };
    let row = |(k, control): (usize, &super::ShownControl)| {
        let (low_v, high_v) = control.range_v;
        vec![
            control.electrode.to_string(),
            volts(k).map_or("–".into(), |volts| fixed(volts, 4)),
            format!("{} … {}", fixed(low_v, 3), fixed(high_v, 3)),
        ]
    };
    let rows: Vec<Vec<String>> = report.controls.iter().enumerate().map(row).collect();
    let caption = match (&report.outcome, best) {
        (Some(_), _) => "Best controls",
        (None, Some(_)) => "Controls of the best epoch",
        (None, None) => "Controls",
    };
    table(caption, &["electrode", "#voltage, V", "#range, V"], &rows)
}

/// The tones, control by control.
pub(super) fn tones(report: &Report) -> String {
    let row = |control: &super::ShownControl| {
        vec![
            control.electrode.to_string(),
            fixed(control.frequency_hz, 2),
            control.cycles.to_string(),
            fixed(1e3 * control.amplitude_v, 2),
        ]
    };
    let rows: Vec<Vec<String>> = report.controls.iter().map(row).collect();
    let caption = "Cycles: periods in a window";
    table(caption, &["electrode", "#frequency, Hz", "#cycles", "#amplitude, mV"], &rows)
}

/// Where the run comes from.
pub(super) fn provenance(report: &Report) -> String {
    if report.provenance.is_empty() {
        return absent("The provenance of this run was not recorded.");
    }
    let row = |(name, value): &(String, String)| vec![escape(name), escape(value)];
    let rows: Vec<Vec<String>> = report.provenance.iter().map(row).collect();
    table("Program of this report", &["what", "value"], &rows)
}

/// A line in place of missing data.
pub(super) fn absent(text: &str) -> String {
    format!("<p class=\"absent\">{text}</p>\n")
}
