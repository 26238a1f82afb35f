//! How numbers stand in messages, and text from outside ([`hge_system::text`]).

pub use hge_system::text::{quoted, shortened, visible, visible_json, QUOTED_CHARS};

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
    use super::number;

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
