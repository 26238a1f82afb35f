//! Valid values of an experiment, and relations between them.
//!
//! Every float is checked to be finite, so no later check has to consider NaN and infinities.

use super::{Experiment, LoopMode};
use crate::loss::Loss;
use crate::method::Method;
use hge_driver::scale::Scale;
use hge_driver::text::number;

/// A wrong value: its key and the remedy.
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

/// Valid range of a float.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    Positive,
    NotNegative,
    /// From 0 to below 1.
    Share,
    Within(f64, f64),
    /// Above zero, at most this voltage, the range of the DAC.
    PositiveTo(f64),
}

impl Rule {
    fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Rule::Positive => value > 0.0,
                Rule::NotNegative => value >= 0.0,
                Rule::Share => (0.0..1.0).contains(&value),
                Rule::Within(low, high) => (low..=high).contains(&value),
                Rule::PositiveTo(high) => value > 0.0 && value <= high,
            }
    }

    fn text(self) -> String {
        match self {
            Rule::Positive => "must be above zero and finite".into(),
            Rule::NotNegative => "must be zero or more and finite".into(),
            Rule::Share => "must be at least 0 and below 1".into(),
            Rule::Within(low, high) => {
                format!("must lie from {} to {}", number(low), number(high))
            }
            Rule::PositiveTo(high) => {
                format!("must be above zero and at most the DAC's range, {} V", number(high))
            }
        }
    }
}

/// Floats with a range.
fn floats(experiment: &Experiment, scale: &Scale) -> Vec<(String, f64, Rule)> {
    let dac_range_v =
        (0..scale.outputs).map(|output| scale.output(output).range_v).fold(0.0, f64::max);
    let Experiment { bench, timing, tones, guard, host, standalone, .. } = experiment;
    let single = [
        ("separation_na", experiment.separation_na, Rule::NotNegative),
        ("timing.rate_hz", timing.rate_hz, Rule::Positive),
        ("timing.settle_s", timing.settle_s, Rule::NotNegative),
        ("timing.lead_in_s", timing.lead_in_s, Rule::NotNegative),
        ("timing.ramp_v_per_s", timing.ramp_v_per_s, Rule::Positive),
        ("tones.amplitude_v", tones.amplitude_v, Rule::Positive),
        ("host.adam_rate_v", host.adam_rate_v, Rule::PositiveTo(dac_range_v)),
        ("host.descent_rate_v2", host.descent_rate_v2, Rule::Positive),
        ("host.momentum", host.momentum, Rule::Share),
        ("host.relaxation_s", host.relaxation_s, Rule::Within(1e-6, 1e6)),
        ("host.stop_loss", host.stop_loss, Rule::NotNegative),
        ("standalone.stop_separation_na", standalone.stop_separation_na, Rule::NotNegative),
    ];
    let mut floats = super::bench::floats(bench, dac_range_v, scale.analogue.adc_range_v);
    floats.extend(single.into_iter().map(|(key, value, rule)| (key.to_string(), value, rule)));
    let optional = [
        ("tones.mains_hz", tones.mains_hz, Rule::Within(1e-6, 1e9)),
        ("guard.step_v", guard.step_v, Rule::Positive),
        ("guard.overcurrent_na", guard.overcurrent_na, Rule::Positive),
    ];
    floats.extend(
        optional.into_iter().filter_map(|(key, value, rule)| Some((key.into(), value?, rule))),
    );
    let list = |list: &Option<Vec<f64>>| list.clone().unwrap_or_default();
    let lists = [
        ("tones.amplitudes_v", list(&tones.amplitudes_v), Rule::Positive),
        ("tones.band_hz", tones.band_hz.to_vec(), Rule::NotNegative),
    ];
    for (key, values, rule) in lists {
        floats.extend(values.into_iter().enumerate().map(|(n, v)| (format!("{key}.{n}"), v, rule)));
    }
    for (n, run) in standalone.targets.iter().enumerate() {
        let key = |name: &str| format!("standalone.targets.{n}.{name}");
        floats.push((key("rate_v2_per_na2"), run.rate_v2_per_na2, Rule::Positive));
    }
    floats
}

/// Checks every value that needs neither gateware nor device.
pub(super) fn check(experiment: &Experiment) -> Result<(), Wrong> {
    let scale = experiment.scale(&experiment.instrument);
    let sound = scale.analogue.check(scale.outputs);
    sound.map_err(|error| Wrong(format!("analogue.{}", error.key), error.problem))?;
    for (key, value, rule) in floats(experiment, &scale) {
        require(rule.holds(value), key.clone(), || {
            format!("{} is {}: it {}", plain(&key), number(value), rule.text())
        })?;
    }
    // TOML has no integers above 2^63 - 1, and the seeds that studies derive are above it.
    let document = toml::Value::try_from(Experiment { seed: 0, ..experiment.clone() });
    finite(&document.map_err(|error| Wrong(String::new(), error.to_string()))?, "")?;
    super::bench::noise(&experiment.bench, experiment.timing.rate_hz)?;
    counts(experiment)?;
    order(experiment)?;
    aims(experiment, &scale)
}

/// Checks that every float is finite.
fn finite(value: &toml::Value, key: &str) -> Result<(), Wrong> {
    let within = |part: &str| if key.is_empty() { part.into() } else { format!("{key}.{part}") };
    match value {
        toml::Value::Float(number) => require(number.is_finite(), key, || {
            format!("{} is {number}: it must be a finite number", plain(key))
        }),
        toml::Value::Array(list) => {
            let mut entries = list.iter().enumerate();
            entries.try_for_each(|(n, value)| finite(value, &within(&n.to_string())))
        }
        toml::Value::Table(table) => {
            table.iter().try_for_each(|(name, value)| finite(value, &within(name)))
        }
        _ => Ok(()),
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

fn counts(experiment: &Experiment) -> Result<(), Wrong> {
    let Experiment { electrodes, tones, host, standalone, .. } = experiment;
    for (key, epochs) in [("host.epochs", host.epochs), ("standalone.epochs", standalone.epochs)] {
        require((1..=65535).contains(&epochs), key, || {
            format!("{epochs} epochs cannot be run: choose from 1 to 65535")
        })?;
    }
    let least_one = [
        ("restarts", experiment.restarts, "0 restarts would try no start"),
        (
            "standalone.starts_per_run",
            standalone.starts_per_run,
            "0 starts_per_run would try no start",
        ),
        (
            "host.patience_epochs",
            host.patience_epochs,
            "0 patience_epochs would end every start at once",
        ),
    ];
    for (key, value, problem) in least_one {
        require(value >= 1, key, || format!("{problem}: choose 1 or more"))?;
    }
    let count = electrodes.controls.len();
    require(count >= 1, "electrodes.controls", || "no controls to learn: name one or more".into())?;
    require(!electrodes.inputs.is_empty(), "electrodes.inputs", || {
        "no inputs to distinguish the cases: name one electrode or more, two for a gate".into()
    })?;
    let lists = [
        ("electrodes.control_low_v", Some(electrodes.control_low_v.len())),
        ("electrodes.control_high_v", Some(electrodes.control_high_v.len())),
        ("tones.amplitudes_v", tones.amplitudes_v.as_ref().map(Vec::len)),
        ("tones.frequencies_hz", tones.frequencies_hz.as_ref().map(Vec::len)),
    ];
    for (key, length) in lists {
        let length = length.unwrap_or(count);
        require(length == count, key, || {
            format!("{key} has {length} entries for {count} controls: give one for each")
        })?;
    }
    require(tones.amplitude.is_none() || tones.amplitudes_v.is_none(), "tones.amplitude", || {
        "amplitudes_v are given, and amplitude = \"auto\" would choose them: leave one of the two out".into()
    })?;
    require(!standalone.targets.is_empty(), "standalone.targets", || {
        "there are no targets: give one or more".into()
    })
}

/// Low ends below high ends.
fn order(experiment: &Experiment) -> Result<(), Wrong> {
    let Experiment { electrodes, guard, .. } = experiment;
    let (low, high) = (electrodes.input_low_v, electrodes.input_high_v);
    require(low < high, "electrodes.input_low_v", || {
        format!("input_low_v of {} V is not below input_high_v of {} V: a logic 0 is the lower voltage, change one of them", number(low), number(high))
    })?;
    let ranges = electrodes.control_low_v.iter().zip(&electrodes.control_high_v);
    for (k, (&low, &high)) in ranges.enumerate() {
        require(low < high, format!("electrodes.control_low_v.{k}"), || {
            format!(
                "control_low_v of electrode {} is {} V, {} control_high_v, which is {} V: swap them or widen the range",
                electrodes.controls[k],
                number(low),
                if low > high { "above" } else { "equal to" },
                number(high)
            )
        })?;
    }
    if let (Some(low), Some(high)) = (guard.low_v, guard.high_v) {
        require(low <= high, "guard.low_v", || {
            format!(
                "guard low_v of {} V is above high_v of {} V: swap them",
                number(low),
                number(high)
            )
        })?;
    }
    Ok(())
}

/// The band below half the sample rate, once that is known to be possible.
pub(super) fn band(experiment: &Experiment) -> Result<(), Wrong> {
    let Experiment { tones, timing, .. } = experiment;
    let ([low, high], limit) = (tones.band_hz, timing.rate_hz / 2.0);
    require(
        tones.frequencies_hz.is_some() || (low < high && high <= limit),
        "tones.band_hz",
        || {
            format!(
            "a band of {} to {} Hz cannot hold tones: the first must be below the second and that \
             at most half the sample rate, {} Hz",
            number(low),
            number(high),
            number(limit)
        )
        },
    )
}

/// Targets within the range of the chain.
fn aims(experiment: &Experiment, scale: &Scale) -> Result<(), Wrong> {
    let Experiment { host, standalone, .. } = experiment;
    let full_na = scale.full_scale_na();
    let within = |key: String, high: f64, low: f64| {
        let reached = [high, low].iter().all(|target| target.abs() <= full_na);
        require(reached, key, || {
            format!(
                "targets of {} and {} nA cannot be measured: the range of the chain is +-{} nA, \
                 move them inside or lower iv_gain_v_per_na",
                number(high),
                number(low),
                number(full_na)
            )
        })
    };
    let by_cost = host.method == Method::Cost;
    require(!by_cost || host.loss == Loss::Mse, "host.method", || {
        "the method cost demodulates the squared distance from targets: set host.loss = \"mse\" (--loss mse) or take another method".into()
    })?;
    let alone = experiment.loop_mode == LoopMode::Standalone;
    require(!alone || host.method == Method::Homodyne, "host.method", || {
        format!("the standalone loop measures by homodyne, not by {}: set loop = \"host\" or leave the method out", host.method.name())
    })?;
    if host.loss == Loss::Mse && experiment.loop_mode == LoopMode::Host {
        require(host.high_na > host.low_na, "host.high_na", || {
            format!(
                "high_na of {} nA is not above low_na of {} nA: move them apart",
                number(host.high_na),
                number(host.low_na)
            )
        })?;
        within("host.high_na".into(), host.high_na, host.low_na)?;
    }
    for (n, run) in standalone.targets.iter().enumerate() {
        let key = format!("standalone.targets.{n}");
        let (high, low) = (number(run.high_na), number(run.low_na));
        require(run.high_na > run.low_na, key.clone(), || {
            format!("high_na of {high} nA is not above low_na of {low} nA: move them apart")
        })?;
        let stop = standalone.stop_separation_na;
        require(run.high_na - run.low_na > stop, key.clone(), || {
            format!(
                "targets of {high} and {low} nA are not further apart than stop_separation_na, {} \
                 nA: move them apart or lower it",
                number(stop)
            )
        })?;
        if experiment.loop_mode == LoopMode::Standalone {
            within(key, run.high_na, run.low_na)?;
        }
    }
    Ok(())
}
