//! Ctrl-C, and what else asks a program to end.

use crate::live::screen;
use hge_host::driver::Cancel;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a program that did not wait for the instrument: 128 and the number of the interrupt.
const EXIT_INTERRUPTED: i32 = 130;

/// An interrupt has come.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Cancelled by the first interrupt: the driver disarms and the command ends with an error. The second ends the
/// program at once; an instrument armed for a host then trips its watchdog.
pub fn cancel() -> Result<Cancel, String> {
    let cancel = Cancel::default();
    let seen = cancel.clone();
    on(move || seen.cancel())?;
    Ok(cancel)
}

/// The first interrupt asks `end` to end the program, the second does it at once.
pub fn on(end: impl Fn() + Send + 'static) -> Result<(), String> {
    ctrlc::set_handler(move || ask(&end))
        .map_err(|error| format!("cannot listen for interrupts: {error}; start from another shell"))
}

/// An interrupt, whether a signal or, where the live view has the terminal, a key.
pub fn ask(end: impl Fn()) {
    if ASKED.swap(true, Ordering::SeqCst) {
        screen::restore();
        process::exit(EXIT_INTERRUPTED);
    }
    end();
}

/// Whether an interrupt has come.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
