//! The table of a self-test, and its progress.

use crate::bar::drawn;
use hge_selftest::{Report, Row, Verdict};
use indicatif::ProgressBar;
use std::fmt::Write;

/// Progress of the checks, on a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(hidden: bool) -> Self {
        Progress(drawn(hidden, "{spinner} {pos} checks  {msg}"))
    }

    pub fn show(&mut self, row: &Row) {
        self.0.inc(1);
        self.0.set_message(format!("{}: {}", row.name(), verdict(row)));
    }

    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

fn verdict(row: &Row) -> &'static str {
    match row.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "FAIL",
        Verdict::NotRun => "not run",
    }
}

/// One line a check: result, value, bounds, and basis or remedy.
pub fn table(report: &Report) -> String {
    let cells: Vec<[String; 4]> = report
        .rows
        .iter()
        .map(|row| [row.name(), verdict(row).into(), row.figure(), row.bounds()])
        .collect();
    let heads = ["check", "result", "measured", "expected"];
    let width = |column: usize| {
        let cells = cells.iter().map(|cells| cells[column].chars().count());
        cells.max().unwrap_or(0).max(heads[column].len())
    };
    let widths = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    let mut line = |cells: [&str; 4], what: &str| {
        for (cell, width) in cells.iter().zip(widths) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{what}");
    };
    line(heads, "what, why, what to do");
    for (row, cells) in report.rows.iter().zip(&cells) {
        let what = match (row.verdict, row.note.as_deref()) {
            (Verdict::Pass, _) | (_, None) => row.basis.clone(),
            (_, Some(note)) => note.to_string(),
        };
        line([&cells[0], &cells[1], &cells[2], &cells[3]], &what);
    }
    let count = |verdict| report.count(verdict);
    let _ = writeln!(
        text,
        "\n{}: {} passed, {} failed, {} not run",
        if report.passed() { "passed" } else { "FAILED" },
        count(Verdict::Pass),
        count(Verdict::Fail),
        count(Verdict::NotRun)
    );
    text
}
