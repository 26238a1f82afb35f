//! Commit and command line of this program.

use hge_record::Program;

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
        arguments: std::env::args().skip(1).collect(),
    }
}
