//! Headers of SCPI commands: long and short forms, optional nodes, numeric suffixes.

/// Whether `header` is `pattern`, such as `SOURce#:VOLTage:LEVel]`, and the number in place of `#`, 1 if there is none. Capitals are the short form, `]` ends a node
/// that can be left out; the question mark is part of neither.
pub(super) fn matched(pattern: &str, header: &str) -> Option<u32> {
    let header: Vec<&str> = header.trim_start_matches(':').split(':').collect();
    let nodes: Vec<(&str, bool)> = pattern
        .split(':')
        .map(|node| {
            let optional = node.ends_with(']');
            (node.trim_end_matches(']'), optional)
        })
        .collect();
    nodes_matched(&nodes, &header, 1)
}

fn nodes_matched(nodes: &[(&str, bool)], header: &[&str], suffix: u32) -> Option<u32> {
    let Some(((node, optional), rest)) = nodes.split_first() else {
        return header.is_empty().then_some(suffix);
    };
    let first = header.split_first().and_then(|(word, words)| {
        let found = node_matched(node, word)?;
        nodes_matched(rest, words, found.unwrap_or(suffix))
    });
    first.or_else(|| optional.then(|| nodes_matched(rest, header, suffix)).flatten())
}

/// `Some(None)`: it is the node, which takes no suffix or has none.
fn node_matched(node: &str, word: &str) -> Option<Option<u32>> {
    let (name, takes_suffix) = match node.strip_suffix('#') {
        Some(name) => (name, true),
        None => (node, false),
    };
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let (stem, suffix) = if takes_suffix { (stem, &word[stem.len()..]) } else { (word, "") };
    let short: String = name.chars().filter(|c| !c.is_ascii_lowercase()).collect();
    if !stem.eq_ignore_ascii_case(name) && !stem.eq_ignore_ascii_case(&short) {
        return None;
    }
    match suffix {
        "" => Some(None),
        digits => digits.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::matched;

    #[test]
    fn long_and_short_forms_match_in_any_case_and_others_do_not() {
        for header in ["SYSTem:ERRor", "syst:err", ":SYST:ERR:NEXT", "system:error:next"] {
            assert_eq!(matched("SYSTem:ERRor:NEXT]", header), Some(1), "{header}");
        }
        for header in ["SYSTE:ERR", "SYST", "SYST:ERR:NEX", "SYST:ERR:NEXT:NEXT", "ERR", ""] {
            assert_eq!(matched("SYSTem:ERRor:NEXT]", header), None, "{header}");
        }
    }

    #[test]
    fn a_suffix_is_a_number_and_one_where_it_is_left_out() {
        assert_eq!(matched("SOURce#:VOLTage:LEVel]", "sour12:volt"), Some(12));
        assert_eq!(matched("SOURce#:VOLTage:LEVel]", "SOURCE:VOLTAGE:LEVEL"), Some(1));
        for header in ["SOUR99999999999:VOLT", "SOUR1:VOLT2", "SOURx:VOLT"] {
            assert_eq!(matched("SOURce#:VOLTage:LEVel]", header), None, "{header}");
        }
    }
}
