//! Documents and lists agree with the sources.

mod documentation;
mod faults;
