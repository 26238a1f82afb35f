//! Messages of parsers in the user's words: no Rust types, ranges in words.

/// Wholes above which a range has no end that anybody meets.
const OPEN_END: u64 = u32::MAX as u64;

/// Name of a type of value, from a parser's `expected` part.
fn expected(text: &str) -> String {
    let end = |bits: u32| (1u64 << bits) - 1;
    let whole = |bits| format!("a whole number from 0 to {}", end(bits));
    match text {
        "usize" | "u64" | "u128" | "u32" => "a whole number, 0 or more".into(),
        "u16" => whole(16),
        "u8" => whole(8),
        "isize" | "i64" | "i32" | "i16" | "i8" | "i128" => "a whole number".into(),
        "f64" | "f32" | "floating point" | "float" => "a number".into(),
        "a string" | "string" | "str" | "borrowed string" => "a text in quotes".into(),
        "a boolean" | "bool" | "boolean" => "true or false".into(),
        "a sequence" | "sequence" | "array" => "a list in square brackets".into(),
        "a map" | "map" | "table" => "a table".into(),
        "string or table" => "a text in quotes".into(),
        "exactly 1 element" => "one text".into(),
        _ => match text.strip_prefix("an array of length ") {
            Some(length) => format!("a list of {length} values"),
            None if text.starts_with("struct ") => "a table".into(),
            None if text.starts_with("tuple ") => "a list in square brackets".into(),
            None => "a value of another kind".into(),
        },
    }
}

/// A value as the user wrote it, from a parser's `invalid type` part.
fn found(text: &str) -> String {
    for kind in ["integer ", "floating point ", "boolean ", "character "] {
        if let Some(value) = text.strip_prefix(kind) {
            return value.trim_matches('`').into();
        }
    }
    match text {
        "sequence" | "array" => "a list".into(),
        "map" | "table" => "a table".into(),
        "null" => "null".into(),
        _ => match text.strip_prefix("string ") {
            Some(value) => value.into(),
            None => "of another kind".into(),
        },
    }
}

/// `expected` behind a list of names: `` `a`, `b` or `c` ``.
fn names(text: &str) -> String {
    let list = text.strip_prefix("one of ").unwrap_or(text);
    match list.rsplit_once(", ") {
        Some((others, last)) => format!("{others} or {last}"),
        None => list.into(),
    }
}

/// A sentence about a file of TOML or JSON from what its parser says; `key` is the dotted key of the value at fault, empty where
/// that is not known. What the parser says about the language itself stays as it is.
pub fn of_data(message: &str, key: &str) -> String {
    let message = message.trim().replace('\n', ", ");
    // JSON gives the place at the end.
    let (text, place) = match message.rfind(" at line ") {
        Some(at) => (&message[..at], format!(", at {}", &message[at + 4..])),
        None => (message.as_str(), String::new()),
    };
    let subject = if key.is_empty() { "a value" } else { key };
    let parted = text.split_once(", expected ");
    for start in ["invalid type: ", "invalid value: "] {
        if let (true, Some((left, right))) = (text.starts_with(start), parted) {
            let value = found(&left[start.len()..]);
            return format!("{subject} is {value}: it must be {}{place}", expected(right));
        }
    }
    if let (Some(length), Some((left, right))) = (text.strip_prefix("invalid length "), parted) {
        let count = left.len() - "invalid length ".len();
        return format!(
            "{subject} has {} values: it must be {}{place}",
            &length[..count],
            expected(right)
        );
    }
    if let Some(wanted) = text.strip_prefix("wanted ") {
        let (wanted, _) = wanted.split_once(", found").unwrap_or((wanted, ""));
        return format!("{subject} must be {}{place}", expected(wanted));
    }
    if let Some(name) = text.strip_prefix("missing field ") {
        return format!("the key {name} is missing: add it{place}");
    }
    if let Some(name) = text.strip_prefix("duplicate field ") {
        return format!("the key {name} occurs twice: keep one{place}");
    }
    for (start, kind) in [("unknown field ", "key"), ("unknown variant ", "value")] {
        if let Some(rest) = text.strip_prefix(start) {
            let (name, choices) = rest.split_once(", ").unwrap_or((rest, ""));
            let choices = choices.strip_prefix("expected ").map(names);
            let of = if kind == "value" && !key.is_empty() {
                format!(" of {key}")
            } else {
                String::new()
            };
            let change = choices.map_or("remove it".into(), |list| format!("choose {list}"));
            return format!("unknown {kind} {name}{of}: {change}{place}");
        }
    }
    if text == "integer number overflowed" || text == "floating-point number overflowed" {
        return format!("{subject} is too large a number: give one that fits 63 bits{place}");
    }
    let last = key.rsplit(['.', ' ']).next().unwrap_or_default();
    if key.is_empty() || text.contains(last) {
        return message;
    }
    format!("{key}: {message}")
}

/// Remedy for a number on the command line, from its parser's message.
pub fn of_number(message: &str) -> Option<String> {
    Some(match message {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "write a whole number, 0 or more".into()
        }
        "invalid float literal" | "cannot parse float from empty string" => "write a number".into(),
        "number too large to fit in target type" => "write a smaller number".into(),
        "number too small to fit in target type" => "write a greater number".into(),
        _ => {
            let (_, range) = message.split_once(" is not in ")?;
            let (low, high) = range.split_once("..=").or_else(|| range.split_once(".."))?;
            let open = high.parse::<u64>().map_or(high.is_empty(), |high| high >= OPEN_END);
            match open {
                true => format!("write a whole number, {low} or more"),
                false => format!("write a whole number from {low} to {high}"),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_s_types_become_words() {
        for (message, words) in [
            (
                "invalid value: integer `-1`, expected u64",
                "seed is -1: it must be a whole number, 0 or more",
            ),
            (
                "invalid value: integer `300`, expected u8",
                "seed is 300: it must be a whole number from 0 to 255",
            ),
            (
                "invalid type: string \"one\", expected usize",
                "seed is \"one\": it must be a whole number, 0 or more",
            ),
            ("invalid type: string \"x, expected y\", expected f64", "seed is \"x"),
            (
                "invalid type: floating point `-1.0`, expected a sequence",
                "seed is -1.0: it must be a list in square brackets",
            ),
            ("invalid type: map, expected a boolean", "seed is a table: it must be true or false"),
            (
                "invalid type: sequence, expected struct ToneKeys",
                "seed is a list: it must be a table",
            ),
            (
                "invalid length 3, expected an array of length 2",
                "seed has 3 values: it must be a list of 2 values",
            ),
            ("wanted string or table", "seed must be a text in quotes"),
            ("integer number overflowed", "seed is too large a number"),
            (
                "unknown variant `x`, expected `a` or `b`",
                "unknown value `x` of seed: choose `a` or `b`",
            ),
            ("unknown variant `x`, expected one of `a`, `b`, `c`", "choose `a`, `b` or `c`"),
            ("unknown field `x`, expected one of `a`, `b`", "unknown key `x`: choose `a` or `b`"),
            ("missing field `x`", "the key `x` is missing: add it"),
            (
                "invalid type: null, expected f64 at line 1 column 5",
                "seed is null: it must be a number, at line 1 column 5",
            ),
            ("two are wanted", "seed: two are wanted"),
        ] {
            let text = of_data(message, "seed");
            assert!(text.contains(words), "{text}");
        }
        assert_eq!(of_data("unclosed array, expected `]`", ""), "unclosed array, expected `]`");
    }

    #[test]
    fn a_range_of_the_command_line_is_in_words() {
        let words = |text| of_number(text).unwrap_or_default();
        assert_eq!(words("-5 is not in 1..=65535"), "write a whole number from 1 to 65535");
        assert_eq!(words("-5 is not in 0..=4294967295"), "write a whole number, 0 or more");
        assert_eq!(words("0 is not in 5.."), "write a whole number, 5 or more");
        assert_eq!(words("invalid float literal"), "write a number");
        assert_eq!(of_number("no such carrier"), None);
    }
}
