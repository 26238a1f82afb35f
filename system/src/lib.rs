//! What every crate needs that meets the operating system.
//!
//! | module | holds |
//! |---|---|
//! | [`file`] | regular files, read up to a bound and replaced as a whole |
//! | [`process`] | child processes that end with this one |
//! | [`text`] | text from outside, safe to print and short enough for a message |
//! | [`wording`] | messages of parsers in words of the user |

pub mod file;
pub mod process;
pub mod text;
pub mod wording;
