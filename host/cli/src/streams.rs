//! The standard streams: all output of a command passes here, so that no external text reaches a terminal with control
//! characters.

use hge_driver::text::{shortened, visible, visible_json};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an error.
pub const EXIT_ERROR: u8 = 1;

/// Maximum characters of an error or a note: quoted input can be of any length.
const MOST_CHARS: usize = 2000;

/// The reader of standard output has closed it.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Writes text to standard output. A closed reader is not an error; [`is_closed`] reports it.
pub fn print(text: &str) -> Result<(), String> {
    write(&visible(text))
}

/// Writes JSON to standard output; as [`print`].
pub fn print_json(text: &str) -> Result<(), String> {
    write(&visible_json(text))
}

fn write(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    stdout_done(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Whether the reader of standard output has closed it: an endless command ends then.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Writes a line to standard error, if it is open.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", visible(&shortened(text, MOST_CHARS)));
}

/// Writes an error to standard error; the exit code of errors.
pub fn failed(message: &str) -> ExitCode {
    note(&format!("error: {message}"));
    ExitCode::from(EXIT_ERROR)
}

/// Prints help, the version, or errors of the arguments; the exit code.
pub fn arguments_refused(message: &clap::Error) -> ExitCode {
    // Help and version are no errors, and hold nothing from outside.
    if !message.use_stderr() {
        let printed = stdout_done(message.print());
        return printed.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS);
    }
    note(&crate::refusal::text(message));
    ExitCode::from(EXIT_ERROR)
}

fn stdout_done(written: io::Result<()>) -> Result<(), String> {
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        Err(error) => {
            Err(format!("cannot write to standard output: {error}; check its destination"))
        }
    }
}
