//! Cases of an experiment, from its gate, its tables or its file.

use super::one_or_many::OneOrMany;
use super::rule::{require, Wrong};
use super::{CaseKeys, DataKeys, Experiment};
use crate::dataset::{self, by_rows, Cases, Dataset};
use crate::gate::Gate;
use crate::loss::Loss;
use crate::targets::{Targets, Wanted};
use std::path::Path;

/// Random numbers of the split; those of the passes are of other streams.
fn split(all: &Cases, experiment: &Experiment, keys: &DataKeys) -> Dataset {
    let most = experiment.instrument.cases;
    let batch = keys.batch.unwrap_or(most) as usize;
    Dataset::split(all, batch, keys.validation_share, keys.test_share, experiment.seed)
}

/// Number of alternatives that are given.
fn count(given: [bool; 3]) -> usize {
    given.into_iter().filter(|&given| given).count()
}

/// Outputs of a task with these classes.
fn outputs_of(classes: &[usize]) -> usize {
    classes.iter().max().map_or(0, |most| most + 1)
}

/// The cases that an experiment names.
pub(super) fn dataset(experiment: &Experiment) -> Result<Dataset, Wrong> {
    let given =
        count([experiment.gate.is_some(), !experiment.cases.is_empty(), experiment.data.is_some()]);
    require(given > 0, "gate", || {
        "nothing to learn: give gate = \"xor\", case tables or a data section".into()
    })?;
    let key = if experiment.gate.is_some() { "gate" } else { "data" };
    require(given == 1, key, || {
        "more than one of gate, case tables and data are given: keep one".into()
    })?;
    let mut data = match (&experiment.gate, &experiment.data) {
        (Some(gate), _) => Dataset::whole(of_gate(*gate, experiment)?),
        (None, Some(keys)) => {
            let all = of_file(keys, experiment)?;
            let data = split(&all, experiment, keys);
            require(!data.train.is_empty(), "data", || {
                "no case is left to train on: give more cases, or lower validation_share and test_share".into()
            })?;
            let (batch, most) = (keys.batch.unwrap_or(0), experiment.instrument.cases);
            require(batch <= most, "data.batch", || {
                format!("a batch of {batch} cases, but the instrument has {most}: lower batch or raise instrument.cases")
            })?;
            data
        }
        (None, None) => Dataset::whole(of_tables(experiment)?),
    };
    check(experiment, &data.train)?;
    let host = &experiment.host;
    let parts = [Some(&mut data.train), data.validation.as_mut(), data.test.as_mut()];
    for part in parts.into_iter().flatten() {
        let targets = &mut part.targets;
        (targets.high_na, targets.low_na) = (host.high_na, host.low_na);
        targets.softmax_na = host.softmax_na;
    }
    Ok(data)
}

fn of_gate(gate: Gate, experiment: &Experiment) -> Result<Cases, Wrong> {
    let electrodes = &experiment.electrodes;
    let inputs = electrodes.inputs.len();
    require(inputs == 2, "electrodes.inputs", || {
        format!("a gate has two inputs, but electrodes.inputs names {inputs}: name two")
    })?;
    let volts = |bit| if bit { electrodes.input_high_v } else { electrodes.input_low_v };
    let cases_v = Gate::CASES.iter().map(|&(a, b)| vec![volts(a), volts(b)]).collect();
    let high = Gate::CASES.iter().map(|&(a, b)| gate.output(a, b)).collect();
    Ok(Cases { cases_v, targets: Targets::labels(high, 0.0, 0.0) })
}

/// Values of every case for every output, which are as many in all cases.
fn table<T: Clone>(
    key: &str,
    cases: &[CaseKeys],
    of: impl Fn(&CaseKeys) -> Option<Vec<T>>,
) -> Result<(Vec<T>, usize), Wrong> {
    let outputs = cases.first().and_then(&of).map_or(0, |values| values.len());
    let mut rows = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let values = of(case).unwrap_or_default();
        require(values.len() == outputs && outputs > 0, format!("case.{n}.{key}"), || {
            format!("case {n} has {} values of {key}, case 0 {outputs}: give one for every output in each case", values.len())
        })?;
        rows.extend(values);
    }
    Ok((rows, outputs))
}

fn of_tables(experiment: &Experiment) -> Result<Cases, Wrong> {
    let (cases, inputs) = (&experiment.cases, experiment.electrodes.inputs.len());
    let kinds =
        |case: &CaseKeys| [case.high.is_some(), case.class.is_some(), case.target_na.is_some()];
    let expected = kinds(&cases[0]);
    for (n, case) in cases.iter().enumerate() {
        let volts = case.inputs_v.len();
        require(volts == inputs, format!("case.{n}.inputs_v"), || {
            format!("case {n} has {volts} voltages for {inputs} inputs: give one for each")
        })?;
        require(count(kinds(case)) == 1 && kinds(case) == expected, format!("case.{n}"), || {
            format!("case {n}: give one of high, class and target_na, the same one in all cases")
        })?;
    }
    let (wanted, outputs) = if expected[0] {
        let (high, outputs) =
            table("high", cases, |case| case.high.as_ref().map(|high| high.to_vec()))?;
        (Wanted::Labels(high), outputs)
    } else if expected[2] {
        let (currents, outputs) =
            table("target_na", cases, |case| case.target_na.as_ref().map(|na| na.to_vec()))?;
        (Wanted::Currents(currents), outputs)
    } else {
        let classes: Vec<usize> = cases.iter().filter_map(|case| case.class).collect();
        let outputs = outputs_of(&classes);
        (Wanted::Classes(classes), outputs)
    };
    enough_inputs(experiment, outputs)?;
    let weights = weights(cases, outputs)?;
    let cases_v = cases.iter().map(|case| case.inputs_v.clone()).collect();
    Ok(Cases { cases_v, targets: Targets { weights, ..Targets::new(wanted, outputs) } })
}

/// An instrument reads every output of the cases.
fn enough_inputs(experiment: &Experiment, outputs: usize) -> Result<(), Wrong> {
    let inputs = experiment.instrument.inputs as usize;
    require(outputs <= inputs, "instrument.inputs", || {
        format!("the cases have {outputs} outputs, but the instrument {inputs} inputs: set instrument.inputs = {outputs}")
    })
}

/// Weights of the rows; `None`: no case gives one.
fn weights(cases: &[CaseKeys], outputs: usize) -> Result<Option<Vec<f64>>, Wrong> {
    let mut rows = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        match case.weight.as_ref().map(OneOrMany::to_vec).as_deref() {
            None => rows.resize(rows.len() + outputs, 1.0),
            Some(&[weight]) => rows.resize(rows.len() + outputs, weight),
            Some(list) => {
                require(list.len() == outputs, format!("case.{n}.weight"), || {
                    format!("case {n} has {} values of weight for {outputs} outputs: give one, or one for every output", list.len())
                })?;
                rows.extend(list);
            }
        }
    }
    Ok(cases.iter().any(|case| case.weight.is_some()).then_some(rows))
}

fn of_file(keys: &DataKeys, experiment: &Experiment) -> Result<Cases, Wrong> {
    let given = [keys.high.is_some(), keys.class.is_some(), keys.target_na.is_some()];
    require(count(given) == 1, "data.high", || {
        "give one of data.high, data.class and data.target_na: the columns of what is to be learnt"
            .into()
    })?;
    let (key, wanted) = match (&keys.high, &keys.class, &keys.target_na) {
        (Some(columns), ..) => ("high", columns.clone()),
        (_, Some(column), _) => ("class", vec![column.clone()]),
        (.., columns) => ("target_na", columns.clone().unwrap_or_default()),
    };
    let weighing = keys.weight.clone().unwrap_or_default();
    for (key, names) in [("inputs", &keys.inputs), (key, &wanted)] {
        require(!names.is_empty(), format!("data.{key}"), || {
            format!("data.{key} names no column: name one or more")
        })?;
    }
    let names = [keys.inputs.as_slice(), &wanted, &weighing].concat();
    let read = dataset::columns(Path::new(&keys.file), &names).map_err(|error| {
        let key = match error.column() {
            None => "file",
            Some(column) if keys.inputs.iter().any(|name| name == column) => "inputs",
            Some(column) if weighing.iter().any(|name| name == column) => "weight",
            Some(_) => key,
        };
        Wrong(format!("data.{key}"), error.to_string())
    })?;
    let (inputs, others) = read.split_at(keys.inputs.len());
    let (wanted, weights) = others.split_at(wanted.len());
    let (inputs, wanted, mut weights) = (inputs.concat(), wanted.concat(), weights.concat());
    let electrodes = experiment.electrodes.inputs.len();
    require(inputs.len() == electrodes, "data.inputs", || {
        format!(
            "data.inputs names {} columns for {electrodes} inputs: give one for each of electrodes.inputs",
            inputs.len()
        )
    })?;
    let integers = |limit: usize, words: &str| {
        let rows = dataset::whole(&by_rows(&wanted), limit);
        rows.map_err(|(row, value)| {
            let case = row / wanted.len().max(1) + 1;
            Wrong(
                format!("data.{key}"),
                format!("{}: data.{key} is {value} in case {case}: it must be {words}", keys.file),
            )
        })
    };
    let (wanted, outputs) = match key {
        "high" => {
            let rows = integers(2, "0 or 1")?;
            (Wanted::Labels(rows.into_iter().map(|row| row == 1).collect()), wanted.len())
        }
        "class" => {
            let most = experiment.instrument.inputs as usize;
            let words = format!("a whole number below instrument.inputs, {most}");
            let classes = integers(most, &words)?;
            let outputs = outputs_of(&classes);
            (Wanted::Classes(classes), outputs)
        }
        _ => (Wanted::Currents(by_rows(&wanted)), wanted.len()),
    };
    let mut cases = dataset::cases(&inputs, wanted, outputs);
    if keys.weight.is_some() {
        require(weights.len() == 1 || weights.len() == outputs, "data.weight", || {
            format!("data.weight names {} columns for {outputs} outputs: name one, or one for every output", weights.len())
        })?;
        weights = weights.into_iter().cycle().take(outputs).collect();
        cases.targets.weights = Some(by_rows(&weights));
    }
    Ok(cases)
}

/// Checks of all cases that are trained on.
fn check(experiment: &Experiment, cases: &Cases) -> Result<(), Wrong> {
    let (targets, cases_v) = (&cases.targets, &cases.cases_v);
    enough_inputs(experiment, targets.outputs)?;
    for (case, volts) in cases_v.iter().enumerate().filter(|_| experiment.data.is_none()) {
        let other = (0..case).find(|&other| cases_v[other] == *volts);
        let alike = other.is_none_or(|other| {
            let mut rows = targets.rows_of(case).zip(targets.rows_of(other));
            rows.all(|(a, b)| targets.level(a) == targets.level(b))
        });
        require(alike, format!("case.{case}"), || {
            format!(
                "case {case} has the inputs of case {} but another label or target, which no device can \
                 learn: change or drop one",
                other.unwrap_or(case)
            )
        })?;
    }
    let both = match &targets.wanted {
        Wanted::Labels(high) => (0..targets.outputs).all(|output| {
            let mut labels = targets.column(output).map(|row| high[row]);
            let first = labels.next();
            labels.any(|label| Some(label) != first)
        }),
        Wanted::Classes(classes) => classes.iter().any(|class| *class != classes[0]),
        Wanted::Currents(_) => true,
    };
    let key = if experiment.data.is_some() { "data" } else { "case" };
    require(both, key, || "all cases have the same label: add one of the other".into())
}

impl Experiment {
    /// The required score of [`Targets::separation_na`].
    pub fn wanted_na(&self, targets: &Targets) -> f64 {
        match targets.wanted {
            Wanted::Currents(_) => -self.rms_error_na,
            Wanted::Labels(_) | Wanted::Classes(_) => self.separation_na,
        }
    }

    /// [`Experiment::wanted_na`], unless an accuracy is required in its place.
    pub fn wanted_gap_na(&self, targets: &Targets) -> Option<f64> {
        self.accuracy.is_none().then(|| self.wanted_na(targets))
    }

    /// Whether these outputs seem to meet the requirement, noise not considered.
    pub(crate) fn is_met(&self, outputs_na: &[f64], targets: &Targets) -> bool {
        match self.accuracy {
            Some(wanted) => targets.accuracy(outputs_na) >= wanted,
            None => targets.separation_na(outputs_na) >= self.wanted_na(targets),
        }
    }

    /// The loss of the host loop: the one that is chosen, or that of such requirements.
    pub fn loss(&self, targets: &Targets) -> Loss {
        self.host.loss.unwrap_or_else(|| Loss::default_of(&targets.wanted))
    }
}
