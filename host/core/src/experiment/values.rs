//! Relations between the values of an experiment.

use super::rule::{self, require, Wrong};
use super::{Experiment, LoopMode};
use crate::loss::Loss;
use crate::method::Method;
use crate::optimiser::Rule;
use crate::targets::{Targets, Wanted};
use hge_driver::text::number;
use hge_protocol::table::CaseTarget;

/// Checks every value that needs neither gateware nor device.
pub(super) fn check(experiment: &Experiment) -> Result<(), Wrong> {
    let scale = experiment.scale(&experiment.instrument);
    let sound = scale.analogue.check(scale.outputs, scale.inputs);
    sound.map_err(|error| Wrong(format!("analogue.{}", error.key), error.problem))?;
    rule::check(experiment, &scale)?;
    super::bench::noise(&experiment.bench, experiment.timing.rate_hz)?;
    counts(experiment)?;
    order(experiment)
}

fn counts(experiment: &Experiment) -> Result<(), Wrong> {
    let Experiment { electrodes, tones, standalone, .. } = experiment;
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

/// The loss fits the task, and its targets lie within the range of the chain.
pub(super) fn aims(experiment: &Experiment, targets: &Targets) -> Result<(), Wrong> {
    let Experiment { host, standalone, .. } = experiment;
    let loss = experiment.loss(targets);
    let scale = experiment.scale(&experiment.instrument);
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
    require(loss.suits(&targets.wanted), "host.loss", || {
        let (loss, kind, other) =
            (loss.name(), kind(&targets.wanted), Loss::default_of(&targets.wanted).name());
        format!("the loss {loss} is not defined for {kind}: set host.loss = \"{other}\" (--loss {other}) or leave it out")
    })?;
    let by_cost = host.method == Method::Cost;
    require(!by_cost || loss == Loss::Mse, "host.method", || {
        "the method cost demodulates the squared distance from targets: set host.loss = \"mse\" (--loss mse) or take another method".into()
    })?;
    require(!by_cost || host.optimiser != Rule::Natural, "host.optimiser", || {
        "the natural gradient needs the slopes of the current, which the method cost does not measure: take another optimiser or method".into()
    })?;
    second_order(experiment, loss)?;
    require(!by_cost || targets.outputs == 1, "host.method", || {
        "the method cost demodulates the squared distance of one output: take another method".into()
    })?;
    let alone = experiment.loop_mode == LoopMode::Standalone;
    require(!alone || host.method == Method::Homodyne, "host.method", || {
        format!("the standalone loop measures by homodyne, not by {}: set loop = \"host\" or leave the method out", host.method.name())
    })?;
    require(!alone || experiment.data.is_none(), "data", || {
        "the standalone loop has all its cases in the instrument: set loop = \"host\", or give case tables".into()
    })?;
    weights(experiment, targets)?;
    if let Wanted::Currents(currents) = &targets.wanted {
        for (row, &na) in currents.iter().enumerate() {
            let full_na = scale.input(targets.place(row).1).full_scale_na();
            let key = match experiment.data {
                Some(_) => "data.target_na".into(),
                None => format!("case.{}.target_na", targets.place(row).0),
            };
            require(na.abs() <= full_na, key, || {
                format!(
                    "target_na of {} nA cannot be measured: the range of the chain is +-{} nA, move it inside or lower iv_gain_v_per_na",
                    number(na),
                    number(full_na)
                )
            })?;
        }
        require(experiment.accuracy.is_none(), "accuracy", || {
            "accuracy is the share of right labels or classes, but the cases have target currents: use rms_error_na".into()
        })?;
        return Ok(());
    }
    if loss.has_targets() && experiment.loop_mode == LoopMode::Host {
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

/// What steps of second order need.
fn second_order(experiment: &Experiment, loss: Loss) -> Result<(), Wrong> {
    let rule = experiment.host.optimiser;
    if experiment.loop_mode == LoopMode::Standalone || !rule.is_of_second_order() {
        return Ok(());
    }
    let (key, name, method) = ("host.optimiser", rule.name(), experiment.host.method);
    let by_slopes = match rule {
        Rule::Newton => method == Method::Homodyne,
        _ => method != Method::Cost,
    };
    require(by_slopes, key, || {
        format!("the optimiser {name} needs derivatives that the method {} does not measure: set host.method = \"homodyne\" or take another optimiser", method.name())
    })?;
    require(rule == Rule::Newton || loss == Loss::Mse, key, || {
        format!("the optimiser {name} is for the sum of squares, but the loss is {}: set host.loss = \"mse\" (--loss mse) or take another optimiser", loss.name())
    })?;
    let (tones, slots) =
        (experiment.electrodes.controls.len(), experiment.instrument.slots as usize);
    let needed = tones * (tones + 3) / 2;
    require(rule != Rule::Newton || needed <= slots, key, || {
        format!("the optimiser {name} needs {needed} slots, for {tones} tones and all of their products, but the instrument has {slots}: raise instrument.slots, train fewer controls, or take another optimiser")
    })
}

/// Weights are of squared errors from target currents, and those of the gateware within its register.
fn weights(experiment: &Experiment, targets: &Targets) -> Result<(), Wrong> {
    let Some(weights) = &targets.weights else { return Ok(()) };
    let alone = experiment.loop_mode == LoopMode::Standalone;
    let key = |row: usize| match experiment.data {
        Some(_) => "data.weight".into(),
        None => format!("case.{}.weight", targets.place(row).0),
    };
    let given = experiment.cases.iter().position(|case| case.weight.is_some()).unwrap_or(0);
    let first = targets.row(given, 0);
    require(matches!(targets.wanted, Wanted::Currents(_)), key(first), || {
        "a weight is that of the squared error from target_na: give target_na, or leave weight out"
            .into()
    })?;
    require(alone || experiment.loss(targets) == Loss::Mse, "host.loss", || {
        "the cases have weights, which count under the loss mse alone: leave host.loss (--loss) or weight out".into()
    })?;
    for (row, &weight) in weights.iter().enumerate() {
        require(weight >= 0.0, key(row), || {
            format!("a weight is {}: it must be zero or more", number(weight))
        })?;
        let unit = f64::from(CaseTarget::UNIT_WEIGHT);
        let most = f64::from(CaseTarget::MOST_WEIGHT) / unit;
        let holds = weight == 0.0 || (1.0 / unit..=most).contains(&weight);
        require(!alone || holds, key(row), || {
            format!("a weight of {} does not fit the gateware's register: in the standalone loop it is 0, or from 1/8192 to 16383/8192; scale all weights and, the other way, rate_v2_per_na2", number(weight))
        })?;
    }
    require(targets.total_weight() > 0.0, key(first), || {
        "no case has a weight above zero: nothing would be learnt".into()
    })
}

fn kind(wanted: &Wanted) -> &'static str {
    match wanted {
        Wanted::Labels(_) => "labels",
        Wanted::Classes(_) => "classes",
        Wanted::Currents(_) => "target currents",
    }
}
