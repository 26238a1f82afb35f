//! Reading of experiment files, with the line of an error.

use super::analogue::moved;
use super::Experiment;
use crate::gate::Gate;
use crate::plan::PlanError;
use hge_driver::scale::NO_SCALE;
use hge_driver::text::{quoted, shortened};
use hge_sim::device::network::{self, MemberKeys};
use hge_sim::device::{self, DeviceError};
use hge_system::{file, wording};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::de::{DeTable, DeValue};
use toml::Spanned;

/// Position in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// File name; empty for defaults and the command line.
    pub file: String,
    /// Line and column from 1, where known.
    pub position: Option<(usize, usize)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.position) {
            ("", _) => Ok(()),
            (file, None) => write!(f, "{file}: "),
            (file, Some((line, column))) => write!(f, "{file}:{line}:{column}: "),
        }
    }
}

/// An experiment that cannot be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// The file cannot be read.
    #[error("cannot read the experiment {}: {source}; check the path", path.display())]
    Read {
        /// Path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or has an unknown key or a value of the wrong kind.
    #[error("{place}{message}")]
    Parse {
        /// Where.
        place: Place,
        /// Message of the parser.
        message: String,
    },
    /// An invalid value.
    #[error("{place}{}{problem}", named(key, problem))]
    Invalid {
        /// Where.
        place: Place,
        /// Dotted key.
        key: String,
        /// The fault, and the remedy.
        problem: String,
    },
    /// Neither the experiment nor the instrument has an analogue scale.
    #[error("{place}{NO_SCALE}")]
    Scale {
        /// The experiment.
        place: Place,
    },
    /// A run that is not possible.
    #[error("{place}{}{problem}", named(key, &problem.to_string()))]
    Plan {
        /// Where.
        place: Place,
        /// Dotted key.
        key: String,
        /// The fault, and the remedy.
        problem: Box<PlanError>,
    },
    /// The device cannot be opened.
    #[error("{place}{problem}")]
    Device {
        /// Where.
        place: Place,
        /// The fault, and the remedy.
        problem: DeviceError,
    },
}

/// The dotted key of the innermost value that contains `span`, entries of lists without their numbers. A table has no span of
/// its own: its keys may be anywhere after its header.
fn key_in(table: &DeTable, span: &Range<usize>) -> Option<String> {
    fn find(value: &Spanned<DeValue>, span: &Range<usize>) -> Option<String> {
        let held = value.span();
        let here = (held.start <= span.start && span.end <= held.end).then(String::new);
        match value.get_ref() {
            DeValue::Table(inner) => key_in(inner, span).map(|key| format!(".{key}")).or(here),
            DeValue::Array(list) => list.iter().find_map(|entry| find(entry, span)).or(here),
            _ => here,
        }
    }
    table.iter().find_map(|(name, value)| Some(format!("{}{}", name.get_ref(), find(value, span)?)))
}

/// The key of a problem that does not name it.
fn named(key: &str, problem: &str) -> String {
    let names = key.split('.').filter(|part| part.parse::<usize>().is_err());
    match names.clone().next_back() {
        Some(last) if !problem.contains(last) => {
            format!("{}: ", names.collect::<Vec<_>>().join("."))
        }
        _ => String::new(),
    }
}

/// The largest integer that every TOML parser reads: run folders store the seed in a TOML file.
pub const GREATEST_SEED: u64 = i64::MAX as u64;

/// Maximum characters of a parser's message.
const PARSER_CHARS: usize = 400;

/// The text of an experiment, for positions.
#[derive(Clone, Debug, Default)]
pub struct Source {
    file: String,
    text: String,
    overruled: Vec<&'static str>,
}

impl Source {
    /// The complete file; empty for defaults.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads `path` and the experiment in it.
    ///
    /// # Errors
    /// It cannot be read, or is not an experiment.
    pub fn load(path: &Path) -> Result<(Experiment, Source), ExperimentError> {
        let text = file::read_text(path, file::TEXT_BYTES)
            .map_err(|source| ExperimentError::Read { path: path.into(), source })?;
        let (mut experiment, source) = Source::parse(&path.display().to_string(), text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(device) = device::beside(&experiment.device, folder) {
            experiment.device = device;
        }
        if let Some(data) = &mut experiment.data {
            // A path from the root stays as it is.
            data.file = folder.join(&data.file).display().to_string();
        }
        Ok((experiment, source))
    }

    /// The experiment that a user names: a gate, or a file.
    ///
    /// # Errors
    /// One sentence: there is no such gate, or as [`Source::load`].
    pub fn named(what: &str) -> Result<(Experiment, Source), String> {
        let path = Path::new(what);
        if path.extension().is_some() || path.exists() {
            return Source::load(path).map_err(|error| error.to_string());
        }
        let gate: Gate =
            what.parse().map_err(|error| format!("{error}, or name a file that ends in .toml"))?;
        Ok((Experiment { gate: Some(gate), ..Experiment::default() }, Source::default()))
    }

    /// Marks the value of this key as not coming from the file.
    pub fn overrule(&mut self, key: &'static str) {
        self.overruled.push(key);
    }

    /// Parses the experiment in `text`; `file` names it in errors.
    ///
    /// # Errors
    /// It is not an experiment.
    pub fn parse(file: &str, text: String) -> Result<(Experiment, Source), ExperimentError> {
        let source = Source { file: file.into(), text, overruled: Vec::new() };
        if let Some((key, message)) = moved(&source) {
            return Err(ExperimentError::Parse { place: source.locate(&key), message });
        }
        match toml::from_str(&source.text) {
            Ok(Experiment { seed, .. }) if seed > GREATEST_SEED => Err(ExperimentError::Invalid {
                place: source.locate("seed"),
                key: "seed".into(),
                problem: format!("seed is {seed}: choose one from 0 to {GREATEST_SEED}"),
            }),
            Ok(experiment) => Ok((experiment, source)),
            Err(error) => Err(ExperimentError::Parse {
                place: source.place(error.span()),
                message: parser_message(error.message(), &source.key_at(error.span())),
            }),
        }
    }

    /// Position of the value of a dotted key, entries of lists by number: `case.2.inputs_v`. Only the
    /// file if it does not contain that key, nothing if the command line gives it.
    pub fn locate(&self, key: &str) -> Place {
        if self.overruled.contains(&key) {
            return Place { file: String::new(), position: None };
        }
        self.place(self.span(key))
    }

    fn place(&self, span: Option<Range<usize>>) -> Place {
        let position = span.map(|span| {
            let before = &self.text[..span.start.min(self.text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
            (line, column)
        });
        Place { file: self.file.clone(), position }
    }

    /// The dotted key of the innermost value at `span`; empty where there is none, as between values.
    fn key_at(&self, span: Option<Range<usize>>) -> String {
        let root = DeTable::parse(&self.text).ok();
        let key = span.zip(root.as_ref()).and_then(|(span, root)| key_in(root.get_ref(), &span));
        key.unwrap_or_default()
    }

    pub(super) fn span(&self, key: &str) -> Option<Range<usize>> {
        let root = DeTable::parse(&self.text).ok()?;
        let mut parts = key.split('.');
        let mut value = root.get_ref().get(parts.next()?)?;
        for part in parts {
            value = match value.get_ref() {
                DeValue::Table(inner) => inner.get(part)?,
                DeValue::Array(list) => list.get(part.parse::<usize>().ok()?)?,
                _ => break,
            };
        }
        Some(value.span())
    }
}

/// The parser's message, shortened to one line: it quotes complete keys and values.
fn parser_message(message: &str, key: &str) -> String {
    let line = quoted(&wording::of_data(message, key), usize::MAX);
    shortened(&line, PARSER_CHARS).into_owned()
}

/// A specification, or tables of devices that are wired to each other.
pub(super) fn device<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct TextOrTables;

    impl<'de> Visitor<'de> for TextOrTables {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: serde::de::Error>(self, spec: &str) -> Result<String, E> {
            Ok(spec.into())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, tables: A) -> Result<String, A::Error> {
            let members = Vec::<MemberKeys>::deserialize(SeqAccessDeserializer::new(tables))?;
            network::spec(&members).map_err(A::Error::custom)
        }
    }

    deserializer.deserialize_any(TextOrTables)
}

/// Exactly two numbers.
pub(super) fn pair<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f64; 2], D::Error> {
    let list = Vec::<f64>::deserialize(deserializer)?;
    let length = list.len();
    list.try_into().map_err(|_| {
        D::Error::custom(format!(
            "{length} values where two are wanted: give the low and the high end"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Source::parse("x.toml", text.into()).unwrap_err().to_string()
    }

    #[test]
    fn what_exists_is_read_as_a_file_whether_it_has_an_ending_or_not() {
        let folder = env!("CARGO_MANIFEST_DIR");
        let read = Source::load(Path::new(folder)).map(|_| ()).unwrap_err().to_string();
        assert!(read.contains(folder), "{read}");
        assert_eq!(Source::named(folder).map(|_| ()), Err(read));
    }

    #[test]
    fn unknown_keys_and_wrong_kinds_name_line_and_column() {
        let unknown = message("gate = \"xor\"\n[tones]\namplitud_v = 0.03\n");
        assert!(
            unknown.starts_with(
                "x.toml:3:1: unknown key `amplitud_v`: choose `amplitude`, `amplitude_v`,"
            ),
            "{unknown}"
        );
        let kind = message("seed = \"one\"\n");
        assert_eq!(kind, "x.toml:1:8: seed is \"one\": it must be a whole number, 0 or more");
        let inner = message("[host]\nepochs = 1\nmomentum = true\n");
        assert_eq!(inner, "x.toml:3:12: host.momentum is true: it must be a number");
        let entry = message("[electrodes]\ninputs = [-1, 2]\n");
        assert_eq!(
            entry,
            "x.toml:2:11: electrodes.inputs is -1: it must be a whole number, 0 or more"
        );
        let case = message("[[case]]\ninputs_v = [0]\nhigh = 1\n");
        assert_eq!(case, "x.toml:3:8: case.high is 1: it must be true or false");
        let seed = message("seed = 9223372036854775808\n");
        assert_eq!(
            seed,
            "x.toml:1:8: seed is 9223372036854775808: choose one from 0 to 9223372036854775807"
        );
        let renamed = message("[bench]\nsways_v = [0.1]\n");
        assert!(renamed.starts_with("x.toml:2:11: bench.sways_v is now bench.electrode_drifts_v, "));
        let gate = message("seed = 1\ngate = \"foo\"\n");
        assert!(gate.starts_with("x.toml:2:8: unknown gate `foo`: choose"), "{gate}");
        assert!(message("gate = \n").starts_with("x.toml:1:"));
    }

    #[test]
    fn keys_and_values_of_any_length_and_with_escapes_are_short_and_visible_in_messages() {
        let long = "x".repeat(1_000_000);
        let hostile = "\\u001b]0;title\\u0007\\u202e";
        for value in [long.as_str(), hostile] {
            for text in [
                format!("gate = \"{value}\"\n"),
                format!("engine = \"{value}\"\n"),
                format!("seed = \"{value}\"\n"),
                format!("\"{value}\" = 1\n"),
                format!("[host]\nloss = \"{value}\"\n"),
                format!("[tones]\n\"{value}\" = 1\n"),
            ] {
                let message = message(&text);
                assert!(message.chars().count() < 700, "{} characters", message.chars().count());
                assert!(!message.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{message:?}");
            }
        }
    }

    #[test]
    fn a_key_is_found_where_it_stands() {
        let text = "gate = \"xor\"\n\n[host]\nepochs = 0\n";
        let (_, source) = Source::parse("x.toml", text.into()).unwrap();
        assert_eq!(source.locate("host.epochs").to_string(), "x.toml:4:10: ");
        assert_eq!(source.locate("host.loss").to_string(), "x.toml: ");
        assert_eq!(Source::default().locate("host.epochs").to_string(), "");
    }
}
