//! The built-in boards: the folders of `constraints`.

/// Name, `board.toml` and pin file.
pub const FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/boards.rs"));
