//! Commands of the book that are not run with it.

const BOARD: &str = "there is no board here";

/// What stands in a page, without its comment, and why it is not run.
pub const UNRUN: &[(&str, &str)] = &[
];
