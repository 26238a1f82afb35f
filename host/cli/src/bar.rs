//! Progress of a training.

use hge_core::train::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Progress bar on standard error; hidden without a terminal.
pub fn drawn(hidden: bool, template: &str) -> ProgressBar {
    if hidden || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The bar, on a terminal.
pub struct Bar {
    bar: ProgressBar,
    epochs: u64,
}

impl Bar {
    /// For a training of `epochs` a start; hidden without a terminal.
    pub fn new(hidden: bool, epochs: u64) -> Self {
        let bar = drawn(hidden, "{bar:24} epoch {pos}/{len}  {msg}");
        bar.set_length(epochs);
        Bar { bar, epochs }
    }

    /// Shows an epoch.
    pub fn show(&self, progress: &Progress) {
        self.bar.set_length(self.epochs);
        self.bar.set_position(u64::from(progress.epoch));
        self.bar.set_message(format!(
            "start {} loss {:.3} separation {:+.2} nA",
            progress.restart, progress.loss, progress.separation_na
        ));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
