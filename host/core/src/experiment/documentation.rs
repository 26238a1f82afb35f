//! The tables of keys on the page about experiment files, from the declarations.

use super::{DataKeys, Experiment};
use hge_driver::text::number;
use hge_protocol::keys::{Key, Keys, Rule};
use hge_protocol::Analogue;
use std::fmt::Write;
use toml::{Table, Value};

/// Head of every table.
const HEAD: &str = "| key | default | meaning |\n|---|---|---|\n";

/// The page with its tables of keys made anew, in the order of the sections; one that the page lacks stands behind it.
pub fn with_tables(page: &str) -> String {
    let (analogue, data) = (Some(Analogue::default()), Some(DataKeys::default()));
    let experiment = Experiment { analogue, data, ..Experiment::default() };
    let defaults = Table::try_from(experiment).unwrap_or_default();
    let mut tables = vec![table(Experiment::KEYS, &defaults)];
    for key in Experiment::KEYS {
        if let (Rule::Section(keys), Some(Value::Table(defaults))) =
            (key.rule, defaults.get(key.name))
        {
            tables.push(table(keys, defaults));
        }
    }
    let mut parts = page.split(HEAD);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for table in tables {
        text += HEAD;
        text += &table;
        let behind = parts.next().unwrap_or_default().split_inclusive('\n');
        text.extend(behind.skip_while(|line| line.starts_with('|')));
    }
    text
}

fn table(keys: &[Key], defaults: &Table) -> String {
    let mut text = String::new();
    for key in keys.iter().filter(|key| !matches!(key.rule, Rule::Section(_))) {
        let default = defaults.get(key.name).map_or("-".into(), shown);
        // Writing to a String cannot fail.
        let _ = write!(text, "| `{}` | {default} | {}", key.name, key.documentation.trim());
        if let Rule::OneOf(choices) = key.rule {
            for (name, documentation) in choices {
                let _ = write!(text, " `{name}`: {}", documentation.trim());
            }
        }
        text += " |\n";
    }
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::Float(value) => number(*value),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().any(Value::is_table) => format!("{} sets", list.len()),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
