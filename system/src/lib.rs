//! Access to the operating system, for all crates.
//!
//! | module | content |
//! |---|---|
//! | [`file`] | regular files: bounded reads, atomic replacement |
//! | [`process`] | child processes that end with this one |
//! | [`text`] | external text, safe to print and short enough for a message |
//! | [`wording`] | messages of parsers in the user's words |

pub mod file;
pub mod process;
pub mod text;
pub mod wording;
