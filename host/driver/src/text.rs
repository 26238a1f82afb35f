//! Format of numbers in messages, and escaping of external text ([`hge_system::text`]).

use std::path::Path;

pub use hge_system::text::{quoted, shortened, visible, visible_json, QUOTED_CHARS};

/// A path as a shell takes it, in a command that a message suggests.
pub fn shell_path(path: &Path) -> String {
    let text = path.display().to_string();
    // No path has a NUL in it.
    shlex::try_quote(&text).map(|quoted| quoted.into_owned()).unwrap_or(text)
}

/// A path in JSON; bytes that are not UTF-8 are replaced.
///
/// # Errors
/// As for the serializer.
pub fn serialize_path<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Nine significant digits, without powers of ten between 1e-4 and 1e6.
pub fn number(value: f64) -> String {
    let digits = format!("{value:.8e}");
    let value = digits.parse().unwrap_or(value);
    if value == 0.0 || !value.is_finite() || (1e-4..=1e6).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::{number, shell_path};
    use std::path::Path;

    #[test]
    fn a_path_in_a_suggested_command_is_one_word_of_a_shell() {
        assert_eq!(shell_path(Path::new("runs/xor-1")), "runs/xor-1");
        for path in ["a b", "x; touch P", "$(x)", "it's", "*", "~"] {
            let words = shlex::split(&shell_path(Path::new(path)));
            assert_eq!(words, Some(vec![path.to_owned()]), "{path}");
            assert_ne!(shell_path(Path::new(path)), path);
        }
    }

    #[test]
    fn numbers_are_short_at_every_size() {
        let cases = [(0.0, "0"), (-0.025, "-0.025"), (1e6, "1000000"), (2e9, "2e9")];
        for (value, text) in cases.into_iter().chain([(1e-18, "1e-18"), (f64::NAN, "NaN")]) {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(175.78125), "175.78125");
    }
}
