//! Rows of the result: measured value, bounds, and verdict.

use hge_driver::text::number;
use serde::Serialize;

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The figure lies within its bounds.
    Pass,
    /// The check failed.
    Fail,
    /// Nothing was measured; `note` gives the reason.
    NotRun,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Name of the check.
    pub check: &'static str,
    /// Output of the check, if it concerns only one.
    pub output: Option<usize>,
    /// Result.
    pub verdict: Verdict,
    /// Figure.
    pub measured: Option<f64>,
    /// Unit of the figure and its bounds; empty for a ratio.
    pub unit: &'static str,
    /// Least figure that passes.
    pub low: Option<f64>,
    /// Greatest figure that passes.
    pub high: Option<f64>,
    /// Meaning of the value, and origin of the bounds.
    pub basis: String,
    /// Advice for a failed check; the reason for one that was not run.
    pub note: Option<String>,
}

impl Row {
    /// A figure against its bounds. `advice` is kept if it lies outside, or is not finite.
    pub fn judged(
        check: &'static str,
        measured: f64,
        unit: &'static str,
        (low, high): (f64, f64),
        basis: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let passed = (low..=high).contains(&measured);
        Row {
            check,
            output: None,
            verdict: if passed { Verdict::Pass } else { Verdict::Fail },
            measured: measured.is_finite().then_some(measured),
            unit,
            low: low.is_finite().then_some(low),
            high: high.is_finite().then_some(high),
            basis: basis.into(),
            note: (!passed).then(|| advice.into()),
        }
    }

    /// A check without a figure that passes without a problem.
    pub fn held(check: &'static str, basis: impl Into<String>, problem: Option<String>) -> Self {
        let verdict = if problem.is_none() { Verdict::Pass } else { Verdict::Fail };
        Row { verdict, basis: basis.into(), note: problem, ..Row::not_run(check, "") }
    }

    /// A check that was not run.
    pub fn not_run(check: &'static str, reason: impl Into<String>) -> Self {
        Row {
            check,
            output: None,
            verdict: Verdict::NotRun,
            measured: None,
            unit: "",
            low: None,
            high: None,
            basis: String::new(),
            note: Some(reason.into()),
        }
    }

    /// A check without bounds of its figure: the same with a figure.
    #[must_use]
    pub fn with_figure(mut self, measured: f64, unit: &'static str) -> Self {
        (self.measured, self.unit) = (Some(measured), unit);
        self
    }

    /// The row for one output.
    #[must_use]
    pub fn of_output(mut self, output: usize) -> Self {
        self.output = Some(output);
        self
    }

    /// The row as failed, with this advice.
    #[must_use]
    pub fn failed(mut self, advice: impl Into<String>) -> Self {
        (self.verdict, self.note) = (Verdict::Fail, Some(advice.into()));
        self
    }

    /// `output 3 gain`, or only the check.
    pub fn name(&self) -> String {
        match self.output {
            Some(output) => format!("output {output} {}", self.check),
            None => self.check.into(),
        }
    }

    /// The figure with its unit, to four digits.
    pub fn figure(&self) -> String {
        self.measured.map_or("-".into(), |value| with_unit(short(value), self.unit))
    }

    /// The bounds with their unit.
    pub fn bounds(&self) -> String {
        match (self.low.map(short), self.high.map(short)) {
            (Some(low), Some(high)) if low == high => with_unit(low, self.unit),
            (Some(low), Some(high)) => with_unit(format!("{low} to {high}"), self.unit),
            (None, Some(high)) => with_unit(format!("at most {high}"), self.unit),
            (Some(low), None) => with_unit(format!("at least {low}"), self.unit),
            (None, None) => "-".into(),
        }
    }
}

fn with_unit(text: String, unit: &str) -> String {
    if unit.is_empty() {
        text
    } else {
        format!("{text} {unit}")
    }
}

/// Four significant digits.
fn short(value: f64) -> String {
    let value: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    // Minus zero is zero.
    number(value + 0.0)
}

/// All checks of a self-test.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// In the order of the table.
    pub rows: Vec<Row>,
}

impl Report {
    /// Checks with this result.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// Whether a check was run and none failed.
    pub fn passed(&self) -> bool {
        self.count(Verdict::Fail) == 0 && self.count(Verdict::Pass) > 0
    }

    /// The check of this name, of this output or of none.
    pub fn row(&self, check: &str, output: Option<usize>) -> Option<&Row> {
        self.rows.iter().find(|row| row.check == check && row.output == output)
    }

    /// Puts a row in place of the one with its name.
    pub fn replace(&mut self, row: Row) {
        let same = |other: &&mut Row| (other.check, other.output) == (row.check, row.output);
        match self.rows.iter_mut().find(same) {
            Some(place) => *place = row,
            None => self.rows.push(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_outside_its_bounds_or_not_finite_fails_with_its_advice() {
        let judged = |figure| Row::judged("scale", figure, "nA/V", (95.0, 105.0), "basis", "look");
        assert_eq!((judged(95.0).verdict, judged(95.0).note), (Verdict::Pass, None));
        for figure in [94.9, 105.1, f64::NAN, f64::INFINITY] {
            assert_eq!(judged(figure).verdict, Verdict::Fail);
            assert_eq!(judged(figure).note.as_deref(), Some("look"));
        }
        assert_eq!(judged(99.712_345).figure(), "99.71 nA/V");
        assert_eq!(judged(1.0).bounds(), "95 to 105 nA/V");
    }

    #[test]
    fn a_report_without_a_check_that_ran_has_not_passed() {
        let mut report = Report { rows: vec![Row::not_run("watchdog", "time stands still")] };
        assert!(!report.passed());
        report.rows.push(Row::held("limits", "", None));
        assert!(report.passed());
        report.replace(Row::held("watchdog", "", Some("it did not trip".into())));
        assert!(!report.passed() && report.rows.len() == 2);
    }
}
