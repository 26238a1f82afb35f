//! Status lines without a terminal.

use super::dashboard::Dashboard;
use crate::streams::note;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Time between two lines.
const INTERVAL: Duration = Duration::from_secs(1);

/// Prints at most once a second, and at the end.
#[derive(Default)]
pub struct Plain {
    printed: Option<Instant>,
    last: String,
}

impl Plain {
    /// Prints the state of the work, if it is due and has changed.
    pub fn print(&mut self, dashboard: &Dashboard, at_once: bool) {
        let due = self.printed.is_none_or(|printed| printed.elapsed() >= INTERVAL);
        if !(due || at_once) || dashboard.now.samples == 0 {
            return;
        }
        let line = line(dashboard);
        if line != self.last {
            note(&line);
            (self.printed, self.last) = (Some(Instant::now()), line);
        }
    }
}

/// The essential state on one line.
pub fn line(dashboard: &Dashboard) -> String {
    let (now, signs) = (&dashboard.now, &dashboard.signs);
    let mut line = format!("start {} epoch {}", now.restart, now.epoch);
    // Writing to a String cannot fail.
    if let Some(loss) = dashboard.loss {
        let _ = write!(line, " loss {loss:.4}");
    }
    if let Some((separation_na, _)) = dashboard.separation() {
        let _ = write!(line, " separation {separation_na:+.2} nA");
    }
    let _ = write!(line, " outputs");
    for output_na in now.outputs_na.iter().filter(|output_na| output_na.is_finite()) {
        let _ = write!(line, " {output_na:+.3}");
    }
    let _ = write!(line, " nA, {} samples", now.samples);
    let _ = write!(line, ", {} frames", signs.frames);
    if signs.missing + signs.damaged > 0 {
        let _ = write!(line, " ({} missing, {} damaged)", signs.missing, signs.damaged);
    }
    let _ = write!(line, ", guard {}", dashboard.guard_text());
    line
}
