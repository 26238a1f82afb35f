//! Values of an experiment at both sides of every limit that needs no instrument.

mod refusals;

use super::*;
use crate::gate::Gate;
use crate::loss::Loss;
use crate::method::Method;

fn experiment() -> Experiment {
    Experiment { gate: Some(Gate::Xor), ..Experiment::default() }
}

/// The key that is refused, if one is.
fn refused(change: impl FnOnce(&mut Experiment)) -> Option<String> {
    let mut experiment = experiment();
    change(&mut experiment);
    let checked = values::check(&experiment)
        .and_then(|()| cases::dataset(&experiment))
        .and_then(|data| values::aims(&experiment, &data.train.targets));
    checked.err().map(|rule::Wrong(key, _)| key)
}

type Set = fn(&mut Experiment, f64);

#[test]
fn every_rule_of_a_number_holds_up_to_its_ends() {
    const MOST: f64 = f64::MAX;
    let cases: [(&str, Set, &[f64], &[f64]); 9] = [
        ("separation_na", |e, v| e.separation_na = v, &[0.0, MOST], &[-1e-9, f64::INFINITY]),
        ("tones.amplitude_v", |e, v| e.tones.amplitude_v = v, &[1e-9, MOST], &[0.0, -1e-9]),
        ("host.momentum", |e, v| e.host.momentum = v, &[0.0, 0.999_999], &[1.0, -1e-9]),
        ("host.adam_rate_v", |e, v| e.host.adam_rate_v = v, &[1e-9, 2.0], &[0.0, 2.000_001]),
        ("host.relaxation_s", |e, v| e.host.relaxation_s = v, &[1e-6, 1e6], &[9.9e-7, 1.01e6]),
        ("tones.mains_hz", |e, v| e.tones.mains_hz = Some(v), &[1e-6, 1e9], &[0.0, 1.01e9]),
        ("guard.step_v", |e, v| e.guard.step_v = Some(v), &[1e-9, MOST], &[0.0, f64::NAN]),
        ("guard.low_v", |e, v| e.guard.low_v = Some(v), &[-MOST, MOST], &[f64::NAN]),
        ("host.stop_loss", |e, v| e.host.stop_loss = v, &[0.0, MOST], &[-1e-9, f64::NAN]),
    ];
    for (key, set, taken, wrong) in cases {
        for &value in taken {
            assert_eq!(refused(|e| set(e, value)), None, "{key} = {value}");
        }
        for &value in wrong {
            assert_eq!(refused(|e| set(e, value)).as_deref(), Some(key), "{key} = {value}");
        }
    }
}

#[test]
fn every_count_holds_up_to_its_ends() {
    type Count = fn(&mut Experiment, u32);
    let cases: [(&str, Count, &[u32], &[u32]); 5] = [
        ("host.epochs", |e, n| e.host.epochs = n, &[1, 65535], &[0, 65536]),
        ("standalone.epochs", |e, n| e.standalone.epochs = n, &[1, 65535], &[0, 65536]),
        ("restarts", |e, n| e.restarts = n, &[1, u32::MAX], &[0]),
        ("standalone.starts_per_run", |e, n| e.standalone.starts_per_run = n, &[1], &[0]),
        ("host.patience_epochs", |e, n| e.host.patience_epochs = n, &[1], &[0]),
    ];
    for (key, set, taken, wrong) in cases {
        for &count in taken {
            assert_eq!(refused(|e| set(e, count)), None, "{key} = {count}");
        }
        for &count in wrong {
            assert_eq!(refused(|e| set(e, count)).as_deref(), Some(key), "{key} = {count}");
        }
    }
    for (key, change) in [
        ("electrodes.inputs", (|e| e.electrodes.inputs.clear()) as fn(&mut Experiment)),
        ("electrodes.controls", |e| e.electrodes.controls.clear()),
        ("electrodes.control_low_v", |e| e.electrodes.control_low_v.push(-1.0)),
        ("electrodes.control_high_v", |e| e.electrodes.control_high_v.truncate(4)),
        ("tones.amplitudes_v", |e| e.tones.amplitudes_v = Some(vec![0.1; 4])),
        ("tones.frequencies_hz", |e| e.tones.frequencies_hz = Some(vec![156.25; 6])),
        ("standalone.targets", |e| e.standalone.targets.clear()),
    ] {
        assert_eq!(refused(change).as_deref(), Some(key));
    }
}

#[test]
fn low_ends_lie_below_high_ends() {
    // The share of the way from the high end down to the low one: equal ends are refused but by the guard, which may hold an output at one voltage.
    for (down_v, is_below) in [(1e-9, true), (0.0, false), (-1e-9, false)] {
        let key = |key: &str| (!is_below).then(|| key.to_owned());
        let inputs = refused(|e| e.electrodes.input_low_v = e.electrodes.input_high_v - down_v);
        assert_eq!(inputs, key("electrodes.input_low_v"), "{down_v}");
        for k in [0, 4] {
            let control = refused(|e| {
                e.electrodes.control_low_v[k] = e.electrodes.control_high_v[k] - down_v;
            });
            assert_eq!(control, key(&format!("electrodes.control_low_v.{k}")), "{down_v}");
        }
        let guard = refused(|e| {
            (e.guard.low_v, e.guard.high_v) = (Some(0.5 - down_v), Some(0.5));
        });
        assert_eq!(guard, (down_v < 0.0).then(|| "guard.low_v".to_owned()), "{down_v}");
    }
}

#[test]
fn targets_are_apart_and_within_the_chain_at_either_sign() {
    // The chain reads +-100 nA.
    let mse = |high_na: f64, low_na: f64| {
        refused(|e| {
            e.host = HostKeys { loss: Some(Loss::Mse), high_na, low_na, ..HostKeys::default() };
        })
    };
    let alone = |high_na: f64, low_na: f64| {
        refused(|e| {
            e.loop_mode = LoopMode::Standalone;
            e.standalone.stop_separation_na = 2.0;
            let target = TargetKeys { high_na, low_na, rate_v2_per_na2: 1e-4 };
            e.standalone.targets = vec![target.clone(), target];
        })
    };
    let of = |key: &str| Some(key.to_owned());
    for (high_na, low_na, is_taken) in [
        (100.0, -100.0, true),
        (100.1, 0.0, false),
        (0.0, -100.1, false),
        (-100.2, -150.0, false),
        (0.0, 0.0, false),
        (-1.0, 1.0, false),
    ] {
        let key = |key: &str| if is_taken { None } else { of(key) };
        assert_eq!(mse(high_na, low_na), key("host.high_na"), "{high_na} {low_na}");
        assert_eq!(alone(high_na, low_na), key("standalone.targets.0"), "{high_na} {low_na}");
    }
    // Further apart than where a run ends.
    assert_eq!(alone(2.01, 0.0), None);
    assert_eq!(alone(2.0, 0.0), of("standalone.targets.0"));
    // What is not used may lie anywhere.
    assert_eq!(refused(|e| e.host.high_na = 1000.0), None);
}

#[test]
fn the_gateware_s_loop_measures_by_homodyne_alone_and_the_cost_by_its_own_loss() {
    for method in Method::ALL {
        let by = |loop_mode, loss| {
            refused(|e| {
                (e.loop_mode, e.host.method, e.host.loss) = (loop_mode, method, Some(loss));
            })
        };
        let wrong = Some("host.method".to_owned());
        let alone = by(LoopMode::Standalone, Loss::Mse);
        assert_eq!(alone.is_none(), method == Method::Homodyne, "{method:?}");
        assert!(alone.is_none() || alone == wrong, "{method:?}");
        assert_eq!(by(LoopMode::Host, Loss::Mse), None, "{method:?}");
        for loss in [Loss::CorSigmoid, Loss::Correlation] {
            let found = by(LoopMode::Host, loss);
            assert_eq!(found, wrong.clone().filter(|_| method == Method::Cost), "{method:?}");
        }
    }
}

#[test]
fn a_float_that_is_no_finite_number_is_refused_wherever_it_stands() {
    /// Every float of a document, each once replaced.
    fn floats(value: &toml::Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let mut entries: Vec<(String, &toml::Value)> = Vec::new();
        match value {
            toml::Value::Float(_) => found.push(path.clone()),
            toml::Value::Array(list) => {
                entries.extend(list.iter().enumerate().map(|(n, value)| (n.to_string(), value)));
            }
            toml::Value::Table(table) => {
                entries.extend(table.iter().map(|(name, value)| (name.clone(), value)));
            }
            _ => {}
        }
        for (name, value) in entries {
            path.push(name);
            floats(value, path, found);
            path.pop();
        }
    }
    let text = "device = \"linear:1,2,3,4,5,6,7\"\n\
                [bench]\nfeed_throughs_pf = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]\niv_pole_hz = 1e3\n\
                [guard]\nlow_v = -1.5\nhigh_v = 1.5\nstep_v = 0.1\novercurrent_na = 50.0\n\
                [tones]\nmains_hz = 50.0\nfrequencies_hz = [156.25, 175.78125, 253.90625, 390.625, 449.21875]\n\
                [[case]]\ninputs_v = [0.0, 0.1]\nhigh = true\n[[case]]\ninputs_v = [0.1, 0.0]\nhigh = false\n";
    let (experiment, _) = Source::parse("t.toml", text.into()).unwrap();
    let document = toml::Value::try_from(&experiment).unwrap();
    let (mut found, checked) = (Vec::new(), super::values::check(&experiment));
    assert!(checked.is_ok());
    floats(&document, &mut Vec::new(), &mut found);
    assert!(found.len() > 70, "{} floats", found.len());
    for path in found {
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut document = document.clone();
            let place = path.iter().fold(&mut document, |value, part| match value {
                toml::Value::Array(list) => &mut list[part.parse::<usize>().unwrap()],
                table => &mut table[part.as_str()],
            });
            *place = toml::Value::Float(wrong);
            let experiment: Experiment = document.try_into().unwrap();
            let refused = super::values::check(&experiment);
            assert!(refused.is_err(), "{} = {wrong}", path.join("."));
        }
    }
}
