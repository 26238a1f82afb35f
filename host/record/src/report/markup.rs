//! Text and numbers in HTML.

use std::fmt::Write;

/// Text that means itself in HTML, in elements and in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// JSON for a script element: `<` occurs only in strings, where its escape means the same.
pub(super) fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A number with this number of decimals, and a true minus.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "not finite".into();
    }
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|letter| matches!(letter, '-' | '0' | '.'));
    let text = if is_zero { text.trim_start_matches('-') } else { &text };
    text.replace('-', "−")
}

/// A number with this number of significant digits, and all before the point.
pub(super) fn significant(value: f64, digits: i32) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        _ if !value.is_finite() => fixed(value, 0),
        _ if !(1e-4..1e7).contains(&size) => {
            format!("{value:.*e}", (digits - 1).max(0) as usize).replace('-', "−")
        }
        _ => fixed(value, (digits - 1 - size.log10().floor() as i32).clamp(0, 8) as usize),
    }
}

/// A duration as people say it.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.round();
    if !seconds.is_finite() || whole < 120.0 {
        return format!("{} s", if seconds < 10.0 { fixed(seconds, 2) } else { fixed(seconds, 1) });
    }
    let (minutes, seconds) = ((whole / 60.0).floor(), whole % 60.0);
    if minutes < 60.0 {
        return format!("{minutes} min {seconds} s");
    }
    format!("{} h {} min", (minutes / 60.0).floor(), minutes % 60.0)
}

/// `1 epoch`, `2 epochs`.
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A table; cells are HTML. Columns whose heading begins with `#` hold numbers.
pub(super) fn table(caption: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!("<div class=\"wide\"><table><caption>{caption}</caption><thead><tr>");
    let class = |heading: &str| if heading.starts_with('#') { " class=\"n\"" } else { "" };
    for heading in headings {
        let name = heading.trim_start_matches('#');
        // Writing to a String cannot fail.
        let _ = write!(html, "<th scope=\"col\"{}>{name}</th>", class(heading));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (heading, cell) in headings.iter().zip(row) {
            let _ = write!(html, "<td{}>{cell}</td>", class(heading));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_print() {
        assert_eq!((fixed(-1.25, 2), fixed(-0.001, 2)), ("−1.25".into(), "0.00".into()));
        assert_eq!(fixed(f64::NAN, 2), "not finite");
        for (value, text) in
            [(0.318_74, "0.3187"), (12.5, "12.50"), (20_000.0, "20000"), (0.0, "0")]
        {
            assert_eq!(significant(value, 4), text);
        }
        assert_eq!(significant(-1.6e-11, 2), "−1.6e−11");
        for (seconds, text) in
            [(2.356, "2.36 s"), (59.94, "59.9 s"), (150.0, "2 min 30 s"), (90_000.0, "25 h 0 min")]
        {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn text_stays_text_in_elements_attributes_and_scripts() {
        assert_eq!(escape("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
        let json = serde_json::to_string("</script><!--\u{2028}").unwrap_or_default();
        let held = in_script(&json);
        assert!(!held.contains('<') && !held.contains('\u{2028}'));
        assert_eq!(serde_json::from_str::<String>(&held).ok(), serde_json::from_str(&json).ok());
    }
}
