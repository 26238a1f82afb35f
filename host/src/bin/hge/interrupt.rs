//! Ctrl-C, and what else asks a program to end.

use hge_host::driver::Cancel;
use std::process;

/// Exit code of a program that did not wait for the instrument: 128 and the number of the interrupt.
const EXIT_INTERRUPTED: i32 = 130;

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
    let mut asked = false;
    ctrlc::set_handler(move || {
        if asked {
            process::exit(EXIT_INTERRUPTED);
        }
        asked = true;
        end();
    })
    .map_err(|error| format!("cannot listen for interrupts: {error}; start from another shell"))
}
