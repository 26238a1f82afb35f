//! External text (devices, servers, files, the command line), safe to print and short enough for a message.
//!
//! A terminal acts on control characters and escape sequences, and bidirectional and invisible characters disguise
//! text. They are written as `\u{1b}` here.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters of a text from outside that a message quotes, unless there is a reason for another number.
pub const QUOTED_CHARS: usize = 120;

/// Whether a terminal acts on the character, or it changes the appearance of its neighbours.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Several lines of text with every control character, escape sequence and bidirectional override made visible; line feeds and
/// tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let stays = |character: char| matches!(character, '\n' | '\t') || !is_unsafe(character);
    replaced(text, stays, |character, into| {
        into.extend(character.escape_unicode());
    })
}

/// The same for JSON: characters that a serialiser does not escape become `\u202e`, which reads back as the same string.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let stays = |character: char| character == '\n' || !is_unsafe(character);
    replaced(json, stays, |character, into| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(into, "\\u{unit:04x}");
        }
    })
}

fn replaced(
    text: &str,
    stays: impl Fn(char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if text.chars().all(&stays) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if stays(character) {
            safe.push(character);
        } else {
            replace(character, &mut safe);
        }
    }
    Cow::Owned(safe)
}

/// Text from outside as part of one line of a message: visible as by [`visible`], line feeds and tabs too, and cut after
/// `most_chars` characters with the length of all of it.
pub fn quoted(text: &str, most_chars: usize) -> String {
    let (start, cut) = match text.char_indices().nth(most_chars) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    };
    let mut line = replaced(
        start,
        |character| !is_unsafe(character),
        |character, into| match character {
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            other => into.extend(other.escape_unicode()),
        },
    )
    .into_owned();
    if cut {
        let _ = write!(line, "... ({} characters)", text.chars().count());
    }
    line
}

/// Whether a name is plain enough to stand in a command and in a file name as it is: 1 to 64 letters, digits, `-`, `_`, `.` and `+` of
/// ASCII, a letter or digit first.
pub fn is_plain_name(name: &str) -> bool {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_.+".contains(character);
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
}

/// A message of at most about `most_chars` characters. The middle of a longer one is replaced by the number of omitted
/// characters: the beginning states the fault, the end the remedy.
pub fn shortened(message: &str, most_chars: usize) -> Cow<'_, str> {
    let count = message.chars().count();
    if count <= most_chars {
        return Cow::Borrowed(message);
    }
    let half = most_chars / 2;
    let start: String = message.chars().take(half).collect();
    let end: String = message.chars().skip(count - half).collect();
    Cow::Owned(format!("{start} ... ({} characters left out) ... {end}", count - 2 * half))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind that a terminal acts on or that hides: CSI, OSC with its two ends, C1, DEL, bidirectional overrides and
    /// isolates, invisible characters, tags.
    const UNSAFE: [&str; 14] = [
        "\u{1b}[31m", "\u{1b}]0;title\u{7}", "\u{1b}]8;;x\u{1b}\\", "\u{9b}31m", "\u{7f}", "\u{0}",
        "\r", "\u{8}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{2028}", "\u{e0041}",
    ];

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        for hostile in UNSAFE {
            let text = format!("before {hostile} behind");
            for safe in [visible(&text).into_owned(), quoted(&text, 100)] {
                assert!(!safe.chars().any(is_unsafe), "{safe:?}");
                assert!(safe.starts_with("before ") && safe.ends_with(" behind"), "{safe:?}");
            }
        }
        assert_eq!(visible("\u{1b}[31m"), "\\u{1b}[31m");
        assert_eq!(quoted("a\nb\tc", 100), "a\\nb\\tc");
    }

    #[test]
    fn plain_text_of_any_language_is_left_as_it_is() {
        let plain = "µA² Δ ±1,5 °C — 電流\n\tline two ✓ ⣿ ▲";
        assert!(matches!(visible(plain), Cow::Borrowed(same) if same == plain));
        assert_eq!(quoted("Widerstand Ω", 100), "Widerstand Ω");
    }

    #[test]
    fn a_name_with_anything_that_a_shell_or_a_program_takes_otherwise_is_not_plain() {
        for plain in ["ulx3s", "ice40_generic", "colorlight-i5", "arty_a7_35t", "c++", "9k"] {
            assert!(is_plain_name(plain), "{plain}");
        }
        for other in [
            "", "-f", ".hidden", "x; touch P", "$(x)", "a b", "a/b", "a\nb", "\u{e9}", "x'", "`x`",
            "~x",
        ] {
            assert!(!is_plain_name(other), "{other}");
        }
        assert!(!is_plain_name(&"x".repeat(65)));
    }

    #[test]
    fn json_keeps_its_meaning() {
        assert_eq!(
            visible_json("{\"a\":\"\u{202e}\u{7f}\u{e0041}\"}\n"),
            "{\"a\":\"\\u202e\\u007f\\udb40\\udc41\"}\n"
        );
    }

    #[test]
    fn long_text_is_cut_and_its_length_given() {
        assert_eq!(quoted(&"é".repeat(1000), 4), "éééé... (1000 characters)");
        assert_eq!(quoted("four", 4), "four");
        let message = format!("`{}` is no gate: choose another", "x".repeat(1_000_000));
        let short = shortened(&message, 100);
        assert!(short.chars().count() < 150 && short.starts_with("`xxx"), "{short}");
        assert!(
            short.ends_with("is no gate: choose another") && short.contains("characters left out"),
            "{short}"
        );
        assert_eq!(shortened("short", 100), "short");
    }
}
