//! Allowed range of each value of an experiment, by the rule that is declared with its key.
//!
//! Every float is finite, whatever its rule, so no later check has to think of NaN and the infinities.

use super::Experiment;
use hge_driver::scale::Scale;
use hge_driver::text::number;
use hge_protocol::keys::{Keys, Rule};
use toml::Value;

/// A wrong value: its key and what to change.
pub(super) struct Wrong(pub String, pub String);

pub(super) fn require(
    sound: bool,
    key: impl Into<String>,
    problem: impl FnOnce() -> String,
) -> Result<(), Wrong> {
    if sound {
        Ok(())
    } else {
        Err(Wrong(key.into(), problem()))
    }
}

/// Ranges of the widest output and of the ADC.
#[derive(Clone, Copy)]
struct Ranges {
    dac_v: f64,
    adc_v: f64,
}

/// Checks every value by the rule of its key.
pub(super) fn check(experiment: &Experiment, scale: &Scale) -> Result<(), Wrong> {
    let dac_v = (0..scale.outputs).map(|output| scale.output(output).range_v).fold(0.0, f64::max);
    let ranges = Ranges { dac_v, adc_v: scale.analogue.adc_range_v };
    // TOML has no integers above 2^63 - 1, and the seeds that studies derive are above it.
    let document = Value::try_from(Experiment { seed: 0, ..experiment.clone() })
        .map_err(|error| Wrong(String::new(), error.to_string()))?;
    check_value(&document, "", Rule::Section(Experiment::KEYS), ranges)
}

fn check_value(value: &Value, key: &str, rule: Rule, ranges: Ranges) -> Result<(), Wrong> {
    let inside = |part: &str| if key.is_empty() { part.into() } else { format!("{key}.{part}") };
    match (value, rule) {
        (Value::Float(value), _) => {
            let (holds, wanted) = float(*value, rule, ranges);
            require(holds && value.is_finite(), key, || {
                format!("{} is {}: it must {wanted}", plain(key), number(*value))
            })
        }
        (Value::Integer(count), Rule::Count { least, most, problem }) => {
            require((i64::from(least)..=i64::from(most)).contains(count), key, || {
                let name = key.rsplit('.').next().unwrap_or(key);
                let choice = match most {
                    u32::MAX => format!("{least} or more"),
                    _ => format!("from {least} to {most}"),
                };
                format!("{count} {name} {problem}: choose {choice}")
            })
        }
        (Value::Array(list), _) => list
            .iter()
            .enumerate()
            .try_for_each(|(n, value)| check_value(value, &inside(&n.to_string()), rule, ranges)),
        (Value::Table(table), Rule::Section(keys) | Rule::Entries(keys)) => {
            let mut given = keys.iter().filter_map(|key| Some((key, table.get(key.name)?)));
            given.try_for_each(|(key, value)| {
                check_value(value, &inside(key.name), key.rule, ranges)
            })
        }
        (Value::Table(table), _) => table
            .iter()
            .try_for_each(|(name, value)| check_value(value, &inside(name), rule, ranges)),
        _ => Ok(()),
    }
}

/// Whether a float is as its rule says, and how it must be.
fn float(value: f64, rule: Rule, ranges: Ranges) -> (bool, String) {
    let within = |low: f64, high: f64| {
        let wanted = format!("lie from {} to {}", number(low), number(high));
        ((low..=high).contains(&value), wanted)
    };
    match rule {
        Rule::Positive => (value > 0.0, "be above zero and finite".into()),
        Rule::NotNegative => (value >= 0.0, "be zero or more and finite".into()),
        Rule::Share => ((0.0..1.0).contains(&value), "be at least 0 and below 1".into()),
        Rule::Within(low, high) => within(low, high),
        Rule::WithinDacRange => within(-ranges.dac_v, ranges.dac_v),
        Rule::WithinAdcRange => within(-ranges.adc_v, ranges.adc_v),
        Rule::PositiveToDacRange => {
            let most = number(ranges.dac_v);
            let wanted = format!("be above zero and at most the DAC's range, {most} V");
            (value > 0.0 && value <= ranges.dac_v, wanted)
        }
        _ => (true, "be a finite number".into()),
    }
}

/// A key without the numbers of entries: `standalone.targets rate_v2_per_na2`.
fn plain(key: &str) -> String {
    let mut text = String::new();
    let mut entry = false;
    for part in key.split('.') {
        if part.parse::<usize>().is_ok() {
            entry = true;
            continue;
        }
        if !text.is_empty() {
            text.push(if entry { ' ' } else { '.' });
        }
        entry = false;
        text.push_str(part);
    }
    text
}
