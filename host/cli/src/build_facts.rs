//! Commit and command line of this program.

use hge_record::Program;
use std::ffi::OsString;
use std::sync::OnceLock;

/// The arguments, without the program's name.
static ARGUMENTS: OnceLock<Vec<String>> = OnceLock::new();

/// Keeps the command line, the program's name first.
pub fn started_with(words: Vec<OsString>) {
    let arguments = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    // A process has one command.
    let _ = ARGUMENTS.set(arguments.collect());
}

/// First 32 bits of the git commit, 0 outside a clone.
pub fn commit() -> u32 {
    u32::from_str_radix(env!("HGE_COMMIT"), 16).unwrap_or(0)
}

/// Program, commit and arguments of this process.
pub fn program() -> Program {
    Program {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: format!("{:08x}", commit()),
        dirty: env!("HGE_DIRTY") == "1",
        arguments: ARGUMENTS.get().cloned().unwrap_or_default(),
    }
}
