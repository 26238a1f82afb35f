//! The page: headings, tables, data and scripts in one file.

use super::markup::{escape, in_script};
use super::tables::{self, absent};
use super::{Report, ReportError};
use crate::figure::COLOURS;
use hge_driver::text::number;
use hmac_sha256::Hash;
use serde::Serialize;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// The library that draws, and the plots made with it; scripts of a page share their names.
const LIBRARY: &str = include_str!("../../assets/plotly-basic.min.js");
const FRAME: &str = include_str!("frame.js");
const PLOTS: [&str; 3] =
    [include_str!("plots.js"), include_str!("gradients.js"), include_str!("tones.js")];
const BEGIN: &str = include_str!("begin.js");

/// Data for the scripts.
#[derive(Serialize)]
struct Data<'a> {
    report: &'a Report,
    /// See [`COLOURS`].
    colours: Vec<String>,
}

/// The report as one HTML file without network access.
///
/// # Errors
/// The report cannot be written as JSON; no known input causes it.
pub fn html(report: &Report) -> Result<String, ReportError> {
    let colour = |&(red, green, blue): &(u8, u8, u8)| format!("#{red:02x}{green:02x}{blue:02x}");
    let data = Data { report, colours: COLOURS.iter().map(colour).collect() };
    let json = serde_json::to_string(&data)
        .map_err(|error| ReportError { name: name(report), reason: error.to_string() })?;
    let script = [&[FRAME], &PLOTS[..], &[BEGIN]].concat().concat();
    let hashes = [LIBRARY, &script].map(|text| format!("'sha256-{}'", base64_of_sum(text)));
    let (class, verdict) = tables::verdict(report.verdict);
    let with = [
        ("policy", format!(
            "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
            hashes.join(" ")
        )),
        ("style", STYLE.into()),
        ("title", escape(&name(report))),
        ("class", class.into()),
        ("verdict", verdict.into()),
        ("notes", notes(report)),
        ("figures", tables::figures(report)),
        ("result", result(report)),
        ("waveform", waveform(report)),
        ("course", course(report)),
        ("gradients", gradients(report)),
        ("tones", tones(report)),
        ("spectrum", spectrum(report)),
        ("settings", format!("<pre>{}</pre>", escape(&report.settings))),
        ("provenance", tables::provenance(report)),
        ("data", in_script(&json)),
        ("library", LIBRARY.into()),
        ("script", script),
    ];
    Ok(fill(TEMPLATE, &with))
}

fn name(report: &Report) -> String {
    format!("{} on {}", report.task, report.device)
}

/// The template with `{{name}}` replaced once each; replacements are not scanned again.
fn fill(template: &str, with: &[(&str, String)]) -> String {
    let room: usize = with.iter().map(|(_, text)| text.len()).sum();
    let mut page = String::with_capacity(template.len() + room);
    for (n, piece) in template.split("{{").enumerate() {
        match piece.split_once("}}").filter(|_| n > 0) {
            Some((name, rest)) => {
                let text = with.iter().find(|(known, _)| *known == name);
                page.push_str(text.map_or("", |(_, text)| text));
                page.push_str(rest);
            }
            None => page.push_str(piece),
        }
    }
    page
}

fn notes(report: &Report) -> String {
    let note = |text: &String| format!("<p class=\"note\">{}</p>\n", escape(text));
    report.notes.iter().map(note).collect()
}

/// A place for a plot, which the script of this name draws.
fn plot(name: &str, caption: &str) -> String {
    format!(
        "<figure><div class=\"plot\" id=\"plot-{name}\"></div><figcaption>{caption}</figcaption></figure>\n"
    )
}

fn result(report: &Report) -> String {
    let tables = format!(
        "<div class=\"pair\">{}{}</div>\n",
        tables::cases(report),
        tables::controls(report)
    );
    let measured = report.outcome.as_ref().is_some_and(|outcome| {
        outcome.outputs_na.len() == report.cases.len() && !report.cases.is_empty()
    });
    let picture = if measured {
        plot("outputs", "Output of every case without perturbation. The dashed line is the best threshold: midway between the lowest output that should be high and the highest that should be low.")
    } else {
        absent("The outputs were not measured without perturbation.")
    };
    tables + &picture
}

fn waveform(report: &Report) -> String {
    match &report.waveform {
        Some(waveform) if !waveform.samples.is_empty() => {
            let thinned = if waveform.samples.len() < waveform.total {
                format!(
                    " {} of {} samples, with all extremes.",
                    waveform.samples.len(),
                    waveform.total
                )
            } else {
                String::new()
            };
            plot("waveform", &format!("Current over one pass over the cases at the best controls. Shaded: windows that should be high (▲); outlined: low (▽). Thick: mean of a window.{thinned}"))
        }
        _ => absent("No waveform was recorded."),
    }
}

fn course(report: &Report) -> String {
    let epochs = &report.epochs;
    if epochs.number.is_empty() {
        return absent("No epoch was recorded.");
    }
    let thinned = if (epochs.number.len() as u64) < epochs.total {
        format!(
            " {} of {} epochs are drawn: first, last, best, and the extremes of the loss between.",
            epochs.number.len(),
            epochs.total
        )
    } else {
        String::new()
    };
    let unit = report.loss.unit.map_or(String::new(), |unit| format!(" {unit}"));
    let stop = report.loss.stop.map_or(String::new(), |stop| {
        format!(
            " A start may end below {}{unit} (dashed where visible) once its outputs are far enough apart.",
            number(stop)
        )
    });
    [
        plot(
            "loss",
            &format!("Loss, tones on. Dotted: a new start. Ring: the best epoch.{stop}{thinned}"),
        ),
        plot(
            "course",
            "Mean current of every case, tones on; full lines should be high, dashed ones low.",
        ),
        plot("controls", "Controls. The dashed limits are the range of each, without its tone."),
    ]
    .concat()
}

fn gradients(report: &Report) -> String {
    let epochs = &report.epochs;
    let any = epochs.slopes_na_per_v.iter().flatten().flatten().any(|slope| slope.is_finite());
    let Some(best) = epochs.best.filter(|_| any) else {
        return absent("No slopes were recorded.");
    };
    let answer = if report.slope_unit == "nA/V" { "current" } else { "cost" };
    let bars = if epochs.errors_na_per_v.is_empty() {
        "There are no error bars: they are not known for this method, or without noise in the experiment."
    } else {
        "Bars: one standard error of a window, from the noise density of the experiment."
    };
    let last = epochs.number.len() - 1;
    let at = |which: &str, point: usize| {
        format!(
            "Slopes of the {answer} of every case at the {which} epoch, number {}. {bars}",
            epochs.number[point]
        )
    };
    let mut text = plot("gradient-best", &at("best", best));
    if best == last {
        text += &absent("The last epoch is the best one.");
    } else {
        text += &plot("gradient-last", &at("last", last));
    }
    let option = |(k, control): (usize, &super::ShownControl)| {
        format!("<option value=\"{k}\">{}</option>", control.electrode)
    };
    let options: String = report.controls.iter().enumerate().map(option).collect();
    text += &format!("<p class=\"choice\"><label>Electrode <select id=\"control\">{options}</select></label></p>\n");
    text + &plot("gradient-course", &format!("Slopes of the {answer} of every case with one control, over the epochs; full lines should be high, dashed ones low."))
}

fn tones(report: &Report) -> String {
    if report.controls.is_empty() {
        return absent("There are no tones.");
    }
    let played = match report.method {
        "homodyne" | "cost" => "All are on at once.",
        "single" => "One is on at a time.",
        _ => "This is the plan; the chosen method does not use sines.",
    };
    let caption =
        format!("Amplitude and frequency of every tone; the number is its electrode. {played}");
    plot("tones", &caption) + &tables::tones(report)
}

fn spectrum(report: &Report) -> String {
    match &report.spectrum {
        Some(spectrum) if !spectrum.frequencies_hz.is_empty() => {
            let floor = match spectrum.floor_a_per_rt_hz {
                Some(_) => " Dashed: the floor between the lines.",
                None => "",
            };
            plot("spectrum", &format!("Noise density of the current, and the lines in it.{floor}"))
        }
        _ => absent("No spectrum was measured."),
    }
}

/// SHA-256 in base 64, as a content policy names a script.
fn base64_of_sum(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for bytes in Hash::hash(text.as_bytes()).chunks(3) {
        let at = |n: usize| u32::from(bytes.get(n).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place) & 63) as usize];
            encoded.push(if place > bytes.len() { '=' } else { char::from(letter) });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_scripts_by_their_sum() {
        // SHA-256 of "abc" from FIPS 180-4, in base 64.
        assert_eq!(base64_of_sum("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn what_is_put_in_is_not_filled_again() {
        let with = [("a", "{{b}}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(fill("x {{a}} {{b}} {{c}}.", &with), "x {{b}} 2 .");
    }
}
