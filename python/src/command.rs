//! The command `hge`, which comes along in the package.

use pyo3::prelude::*;
use std::process::ExitCode;

/// Carries out a command line, the program's name first, and returns its exit code. Takes over the signals of the process.
#[pyfunction]
pub fn command(py: Python<'_>, words: Vec<String>) -> u8 {
    let code = py.detach(|| hge_cli::run(words.into_iter().map(Into::into).collect()));
    (0..u8::MAX).find(|&byte| ExitCode::from(byte) == code).unwrap_or(u8::MAX)
}
