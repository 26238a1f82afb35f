//! What is not there is named, past the test harness's capture, or is an error where it must be there.

use std::fmt::Display;
use std::io::Write;

/// Says that `what` was not run for want of `tool`.
///
/// # Panics
/// With `HGE_REQUIRE_TOOLS=1`.
pub fn tool(tool: &str, what: &str) {
    named("HGE_REQUIRE_TOOLS", &format!("not run: {what} ({tool})"));
}

/// What was made, unless its tools are not there: then says that `what` was not run.
///
/// # Panics
/// With `HGE_REQUIRE_TOOLS=1` if they are not there.
pub fn unless<T, E: Display>(made: Result<T, E>, what: &str) -> Option<T> {
    made.map_err(|error| tool(&error.to_string(), what)).ok()
}

/// Says that the tests of a device were not run, since its file is not there.
///
/// # Panics
/// With `HGE_REQUIRE_DEVICES=1`.
pub fn device(path: &str) {
    named("HGE_REQUIRE_DEVICES", &format!("skipped: {path} is not there"));
}

fn named(variable: &str, line: &str) {
    let required = std::env::var(variable).as_deref() == Ok("1");
    assert!(!required, "{line}, and {variable}=1");
    // The harness captures what the print macros write; a line on stderr itself is seen by all.
    let _ = writeln!(std::io::stderr(), "{line}");
}
