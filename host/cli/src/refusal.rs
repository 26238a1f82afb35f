//! Errors of arguments, in the words of the command line.

use clap::error::ErrorKind;
use clap::{Command, Error};
use hge_system::wording;
use std::error::Error as _;

/// The command, with negative numbers as values of the preceding option: `--epochs -5` is an invalid number, not an option `-5`.
pub fn with_negative_numbers(command: Command) -> Command {
    command
        .mut_args(|argument| match argument.get_action().takes_values() {
            true if !argument.is_allow_hyphen_values_set() => argument.allow_negative_numbers(true),
            _ => argument,
        })
        .mut_subcommands(with_negative_numbers)
}

/// The error as it is printed.
pub fn text(error: &Error) -> String {
    let rendered = error.render().to_string();
    let mut text = rendered.trim_end_matches('\n').to_owned();
    match error.kind() {
        ErrorKind::ValueValidation => {
            let reason = error.source().map(ToString::to_string).unwrap_or_default();
            if let Some(words) = wording::of_number(&reason) {
                text = text.replacen(&reason, &words, 1);
            }
        }
        // Advice that helps nobody: what begins with a minus is no value here.
        ErrorKind::UnknownArgument => {
            let lines = text.lines().filter(|line| !line.contains("as a value, use '-- "));
            let lines: Vec<&str> = lines.collect();
            text = lines.join("\n").replace("\n\n\n", "\n\n");
        }
        _ => {}
    }
    text
}
