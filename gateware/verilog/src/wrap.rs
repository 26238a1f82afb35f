//! Lines of at most 120 characters.

/// Longest line of the text.
pub(super) const LINE_CHARACTERS: usize = 120;

/// Further indentation of the rest of a broken line.
const CONTINUATION: &str = "        ";

/// The text with long lines broken: comments between words, code after an operator or a comma.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        wrap_line(line, &mut out);
    }
    out
}

fn wrap_line(line: &str, out: &mut String) {
    let indent = &line[..line.len() - line.trim_start().len()];
    let is_comment = line.trim_start().starts_with("//");
    // A row of a table goes on further in.
    let is_row = line.trim_start().starts_with("// |");
    let next = match (is_comment, is_row) {
        (true, true) => format!("{indent}//   "),
        (true, false) => format!("{indent}// "),
        (false, _) => format!("{indent}{CONTINUATION}"),
    };
    let mut rest = line.to_owned();
    while rest.chars().count() > LINE_CHARACTERS {
        let from = next.len() + 1;
        let end = rest.char_indices().nth(LINE_CHARACTERS).map_or(rest.len(), |(at, _)| at);
        let mut breaks = rest[..end].match_indices(' ').map(|(at, _)| at).filter(|at| *at > from);
        let at = match is_comment {
            true => breaks.next_back(),
            false => breaks.rfind(|at| is_break(&rest, *at)),
        };
        let Some(at) = at else {
            break;
        };
        *out += rest[..at].trim_end();
        *out += "\n";
        rest = format!("{next}{}", &rest[at + 1..]);
    }
    *out += &rest;
    *out += "\n";
}

/// Whether the space follows a comma or a binary operator, and is not in a string.
fn is_break(line: &str, at: usize) -> bool {
    const BEHIND: [&str; 9] = [",", "&&", "||", "&", "|", "^", "+", "?", ":"];
    !line.contains('"') && BEHIND.iter().any(|mark| line[..at].ends_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_keep_their_words() {
        let words = ["value"; 40];
        let code = format!("    assign x = {};\n", words.join(" + "));
        let comment = format!("  // {}\n", words.join(" "));
        let short = "wire y; // short\n";
        for text in [&code, &comment, short] {
            let out = wrapped(text);
            assert!(out.lines().all(|line| line.chars().count() <= LINE_CHARACTERS), "{out}");
            let plain = |text: &str| text.replace("//", " ").split_whitespace().collect::<String>();
            assert_eq!(plain(&out), plain(text));
        }
        assert_eq!(wrapped(short), short);
        assert!(wrapped(&comment).lines().all(|line| line.starts_with("  // ")));
        assert!(wrapped(&code)
            .lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("            v")));
    }
}
