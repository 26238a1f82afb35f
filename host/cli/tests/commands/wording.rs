//! Every wrong value is answered in the user's words: the key or option and its place, no type of Rust, no debug text.

use crate::program::{hge, json};
use hge_core::experiment::{Job, Source};

const PAGE: &str = include_str!("../../../../docs/experiments.md");

/// Values of every kind that a file can have, as TOML.
const VALUES: [&str; 14] = [
    "-1", "0", "70000", "5000000000", "99999999999999999999", "1.5", "-1e300", "nan", "\"one\"",
    "true", "[]", "[-1, \"x\"]", "[[1.5]]", "{ a = 1 }",
];

/// What no user writes or should read.
const FORBIDDEN: [&str; 20] = [
    "usize", "isize", "u64", "i64", "u32", "i32", "u16", "u8", "f64", "f32", "Option", "Some(",
    "None", "Err(", "struct", "variant", "serde", "..=", "Os {", "invalid type",
];

/// Every dotted key of the page.
fn keys() -> Vec<String> {
    let mut table = String::new();
    let mut keys = Vec::new();
    for line in PAGE.lines() {
        if let Some(name) = line.strip_prefix("`[").and_then(|rest| rest.split_once("]`")) {
            table = format!("{}.", name.0);
        } else if line.starts_with("## Cases of your own") {
            break;
        }
        let Some(row) = line.strip_prefix("| `") else { continue };
        let names = row.split(" | ").next().unwrap_or_default().split(", ");
        keys.extend(names.map(|name| format!("{table}{}", name.trim_matches('`'))));
    }
    // Tables of lists.
    keys.extend(
        [
            "case.inputs_v",
            "case.high",
            "case.class",
            "case.target_na",
            "standalone.targets.high_na",
        ]
        .map(String::from),
    );
    keys
}

/// A file in which the key stands in line `3`.
fn file(key: &str, value: &str) -> String {
    match key {
        "case.inputs_v" => format!(
            "seed = 1\n[[case]]\ninputs_v = {value}\nhigh = true\n[[case]]\ninputs_v = [0, 0]\nhigh = false\n"
        ),
        "case.high" | "case.class" | "case.target_na" => {
            let name = &key["case.".len()..];
            let other = if name == "high" { "false" } else { "0" };
            format!("seed = 1\n[[case]]\n{name} = {value}\ninputs_v = [0, 1]\n[[case]]\ninputs_v = [0, 0]\n{name} = {other}\n")
        }
        "standalone.targets.high_na" => {
            format!("gate = \"xor\"\n[[standalone.targets]]\nhigh_na = {value}\nlow_na = 0.0\nrate_v2_per_na2 = 1e-4\n")
        }
        _ if key.starts_with("data.") => {
            let name = &key["data.".len()..];
            let rows = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/regions.csv");
            let others = [
                ("file", format!("{rows:?}")),
                ("inputs", "[\"x_v\", \"y_v\"]".into()),
                ("high", "[\"disc\"]".into()),
            ];
            // One requirement only.
            let is_requirement = ["high", "class", "target_na"].contains(&name);
            let others = others
                .iter()
                .filter(|other| other.0 != name && !(is_requirement && other.0 == "high"));
            let others: String = others.map(|(key, value)| format!("{key} = {value}\n")).collect();
            format!("seed = 1\n[data]\n{name} = {value}\n{others}")
        }
        _ => match key.split_once('.') {
            Some((table, name)) => format!("gate = \"xor\"\n[{table}]\n{name} = {value}\n"),
            None if key == "gate" => format!("\n\ngate = {value}\n"),
            None => format!("gate = \"xor\"\n\n{key} = {value}\n"),
        },
    }
}

fn is_camel(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    // Units such as kHz and MiB are short.
    letters.len() > 4
        && letters.iter().all(|letter| letter.is_ascii_alphabetic())
        && letters.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase())
}

fn assert_plain(message: &str, of: &str) {
    for word in FORBIDDEN {
        let is_there = match word.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            true => {
                message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|w| w == word)
            }
            false => message.contains(word),
        };
        assert!(!is_there, "{word} in the answer to {of}: {message}");
    }
    let camel = message.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| is_camel(word));
    assert_eq!(camel, None, "{of}: {message}");
}

#[test]
fn every_wrong_value_of_every_key_is_answered_with_key_and_line() {
    let keys = keys();
    assert!(keys.len() > 90, "{keys:?}");
    for key in keys {
        let (mut refused, mut named) = (0, 0);
        for value in VALUES {
            let text = file(&key, value);
            let made = Source::parse("x.toml", text)
                .and_then(|(experiment, source)| Job::new(experiment, &source));
            let Err(error) = made else { continue };
            let message = error.to_string();
            refused += 1;
            assert_plain(&message, &format!("{key} = {value}"));
            let last = key.rsplit('.').next().unwrap_or(&key);
            // A number that another key does not go with may be answered there.
            let is_there = message.starts_with("x.toml:3:") && message.contains(last);
            let may_be_elsewhere =
                value.parse::<f64>().is_ok_and(|value| value.is_finite() && value < 1e19);
            assert!(is_there || may_be_elsewhere, "{key} = {value}: {message}");
            named += usize::from(is_there);
            assert!(!message.contains('\n') && message.len() < 500, "{message}");
        }
        assert!(named >= 4, "{key}: {refused} values refused, {named} of them there");
    }
}

#[test]
fn the_values_of_the_report_are_answered_in_its_words() {
    let of = |text: &str| {
        let made = Source::parse("x.toml", text.into())
            .and_then(|(experiment, source)| Job::new(experiment, &source));
        made.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for (text, words) in [
        ("gate = \"xor\"\n[electrodes]\ninputs = [-1, 2]\n", "3:11: electrodes.inputs is -1: it must be a whole number, 0 or more"),
        ("gate = \"xor\"\nseed = -1\n", "2:8: seed is -1: it must be a whole number, 0 or more"),
        ("gate = \"xor\"\n[instrument]\ndac_bits = 20\n", "dac_bits is 20, but must lie from 8 to 16"),
        ("gate = \"xor\"\n[electrodes]\ninput_high_v = 6\n", "3:16: electrodes.input_high_v: electrode 1 cannot be set to 6 V: the DAC's limits are -2 to"),
        ("gate = \"xor\"\n[electrodes]\ncontrol_low_v = -1.0\n", "3:17: electrodes.control_low_v is -1.0: it must be a list in square brackets"),
        ("gate = \"xor\"\n[electrodes]\ncontrol_low_v = [-9, -1.2, -1.2, -0.7, -0.7]\n", "3:18: electrodes.control_low_v: electrode 0 cannot be set to -9 V"),
        ("gate = \"xor\"\n[guard]\nhigh_v = 7\n", "3:10: guard.high_v: electrode 0 cannot be set to 7 V"),
        ("[[case]]\ninputs_v = [0, 1]\nhigh = true\n[[case]]\ninputs_v = [0, 8]\nhigh = false\n", "5:16: case.inputs_v: electrode 2 cannot be set to 8 V"),
        ("gate = \"xor\"\n[instrument]\nslot_clocks = 3\n", "3:15: slot_clocks"),
    ] {
        let message = of(text);
        assert!(message.contains(words), "{message}");
    }
}

/// Every command that takes arguments, by its words, with the options that take a value.
fn options() -> Vec<(Vec<String>, Vec<String>)> {
    let help = |path: &[String]| {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        String::from_utf8(hge(&words).stdout).expect("text")
    };
    let mut found = Vec::new();
    let mut waiting = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let text = help(&path);
        let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in commands.take_while(|line| line.starts_with("  ")) {
            let name = line[2..].split(' ').next().unwrap_or("");
            if !name.is_empty() && name != "help" {
                waiting.push([&path[..], &[name.to_owned()]].concat());
            }
        }
        let option = |line: &str| {
            let at = line.find("--")?;
            let (name, rest) = line[at..].split_once(' ')?;
            (line.starts_with("  ") && rest.starts_with('<')).then(|| name.to_owned())
        };
        found.push((path, text.lines().filter_map(option).collect()));
    }
    found
}

#[test]
fn every_wrong_number_of_every_option_is_answered_in_words() {
    let mut numbers = 0;
    for (path, names) in options() {
        for name in names {
            for value in ["x", "-5", "1.5", "99999999999999999999999", ""] {
                let words: Vec<&str> = path.iter().map(String::as_str).collect();
                // Nothing runs: where the value is taken, the help follows.
                let output = hge(&[&words[..], &[&name, value, "--help"]].concat());
                if output.status.success() {
                    continue;
                }
                let message = String::from_utf8(output.stderr).expect("text");
                assert_plain(&message, &format!("{path:?} {name} {value}"));
                for parser in
                    ["digit found", "float literal", "cannot parse", "target type", "-- -5"]
                {
                    assert!(!message.contains(parser), "{path:?} {name} {value}: {message}");
                }
                if message.contains("invalid value") {
                    assert!(message.contains(&name), "{path:?} {name} {value}: {message}");
                    numbers += usize::from(message.contains("whole number"));
                }
            }
        }
    }
    assert!(numbers > 100, "{numbers} answers name a whole number");
}

#[test]
fn a_negative_number_is_a_value_and_a_sweep_goes_either_way() {
    let message = String::from_utf8(hge(&["train", "xor", "--epochs", "-5"]).stderr).unwrap();
    assert!(
        message.contains("'-5' for '--epochs <N>': write a whole number, 0 or more"),
        "{message}"
    );
    let device = ["--device", "linear:10,0,0,-8,15,6,20"];
    let swept = |sweep: &str| -> Vec<f64> {
        let found = json(&[&["iv", "--sweep", sweep], &device[..]].concat());
        let currents = found["current_na"].as_array().unwrap().iter();
        currents.map(|current| current.as_f64().unwrap()).collect()
    };
    let (up, mut down) = (swept("3:-1:0.5:31"), swept("3:0.5:-1:31"));
    down.reverse();
    for (up, down) in up.iter().zip(&down) {
        assert!((up - down).abs() < 0.2, "{up} {down}");
    }
    assert!((up[0] - up[30] - 12.0).abs() < 0.2, "{} {}", up[0], up[30]);
}

#[test]
fn an_index_out_of_range_is_answered_with_the_range() {
    let message = String::from_utf8(hge(&["get", "guard[99].high"]).stderr).unwrap();
    assert!(message.contains("write guard[0] to guard[63], each with .low, .high"), "{message}");
}

#[test]
fn every_option_o_names_what_it_writes_by_the_rule_of_the_book() {
    let rule = include_str!("../../../../docs/commands.md");
    assert!(rule.contains("**`-o`**"));
    let mut found = 0;
    for (path, _) in options() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = String::from_utf8(hge(&words).stdout).expect("text");
        let mut lines = help.lines().skip_while(|line| !line.trim_start().starts_with("-o"));
        let Some(line) = lines.next() else { continue };
        found += 1;
        let name = line.split(['<', '>']).nth(1).unwrap_or_default();
        let kinds = ["DIR", "FILE", "BASE"];
        assert!(kinds.iter().any(|kind| name.starts_with(kind)), "{path:?}: {line}");
        let meaning = format!("{line} {}", lines.next().unwrap_or_default()).to_lowercase();
        let word = if name == "DIR" { ["folder", "directory"] } else { ["file", "write"] };
        assert!(word.iter().any(|word| meaning.contains(word)), "{path:?}: {meaning}");
    }
    assert!(found >= 12, "{found}");
}

#[test]
fn a_monitor_of_an_idle_instrument_says_that_nothing_comes() {
    let served = crate::served::Served::new(&["--tcp", "0", "--keep"]);
    let mut command = crate::program::command(&["monitor", "--link", served.link()]);
    let piped = std::process::Stdio::piped;
    let mut child = command.stdout(piped()).stderr(piped()).spawn().expect("hge starts");
    let lines = crate::served::lines_of(child.stderr.take().expect("piped"));
    crate::served::await_line(&lines, "no telemetry: the instrument sends frames during a run");
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn formats_that_this_program_cannot_write_are_not_offered() {
    let help = String::from_utf8(hge(&["export", "--help"]).stdout).unwrap();
    assert!(help.contains("csv"), "{help}");
    assert_eq!(help.to_lowercase().contains("parquet"), cfg!(feature = "parquet"), "{help}");
}

#[test]
fn room_is_asked_for_only_where_there_is_none() {
    let message = String::from_utf8(hge(&["train", "xor", "-o", "/proc/hge"]).stderr).unwrap();
    assert!(
        !message.contains("free some space") && message.contains("name another folder with -o"),
        "{message}"
    );
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull).to_string();
    for what in [full.as_str(), "No space left on device (os error 28)", "Disk quota exceeded"] {
        let error = hge_record::RecordError::Write { path: "x".into(), what: what.into() };
        assert!(
            error.to_string().contains("free some space there or give another folder"),
            "{error}"
        );
    }
}
