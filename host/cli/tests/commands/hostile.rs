//! Text from outside, in what commands print: no escape sequence reaches the terminal, no length is printed whole, no printed command is more than
//! the command.

use crate::program::{command, hge, TestFile};
use crate::served::Served;
use serde_json::Value;
use std::process::Output;

/// Colours, a title, a link, C1, DEL, a bidirectional override and an invisible character.
const HOSTILE: &str =
    "\u{1b}[31mred\u{1b}]0;title\u{7}\u{1b}]8;;x\u{1b}\\\u{9b}2J\u{7f}\u{202e}evil\u{200b}\r";

/// The same in a string of TOML, JSON or Python.
fn escaped() -> String {
    HOSTILE
        .chars()
        .map(|character| match character {
            plain if plain.is_ascii_graphic() && !"\\\"".contains(plain) => plain.to_string(),
            other => format!("\\u{:04x}", u32::from(other)),
        })
        .collect()
}

fn assert_safe(output: &Output, place: &str) {
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        let acts = |character: char| {
            character.is_control() && !matches!(character, '\n' | '\t')
                || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(acts), "{place}: {text:?}");
    }
}

#[test]
fn escapes_in_experiments_arguments_and_names_of_files_are_visible_in_every_message() {
    let text = escaped();
    for (number, file) in [
        format!("gate = \"{text}\"\n"),
        format!("device = \"{text}\"\n"),
        format!("device = \"onnx:{text}\"\n"),
        format!("device = \"process:{text}\"\n"),
        format!("device = \"linear:{text}\"\n"),
        format!("engine = \"{text}\"\n"),
        format!("\"{text}\" = 1\n"),
        format!("[bench]\n\"{text}\" = 1\n"),
        format!("[host]\nloss = \"{text}\"\n"),
        format!("gate = {text}\n"),
        format!("# {HOSTILE}\ngate = \"xor\n"),
        HOSTILE.into(),
    ]
    .into_iter()
    .enumerate()
    {
        let file = TestFile::with(&format!("hostile-{number}.toml"), &file);
        let output = hge(&["train", file.path()]);
        assert_eq!(output.status.code(), Some(1), "{number}: {output:?}");
        assert_safe(&output, &number.to_string());
    }
    let name = format!("{HOSTILE}.toml");
    let model = format!("onnx:{HOSTILE}");
    let link = format!("tcp:{HOSTILE}:1");
    for arguments in [
        &["train", name.as_str()][..],
        &["train", HOSTILE],
        &["train", "xor", HOSTILE],
        &["train", "xor", "--engine", HOSTILE],
        &["train", "xor", "--device", HOSTILE],
        &["train", "xor", "--device", &model],
        &["train", "xor", "--link", &link],
        &["train", "xor", "--link", HOSTILE],
        &["get", HOSTILE, "--link", "tcp:127.0.0.1:1"],
        &["get", HOSTILE],
        &["set", HOSTILE],
        &["report", HOSTILE],
        &["replay", HOSTILE],
        &["resume", HOSTILE],
        &["export", HOSTILE, "--format", "csv"],
        &["spectrum", HOSTILE],
        &["gateware", "verify", HOSTILE],
        &["gateware", "list", "--board", HOSTILE],
        &["reproduce", HOSTILE],
        &[HOSTILE],
    ] {
        let output = hge(arguments);
        assert_ne!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
        assert_safe(&output, &format!("{arguments:?}"));
    }
}

#[cfg(unix)]
#[test]
fn escapes_from_a_device_s_process_are_visible_whatever_it_says() {
    let text = escaped().replace("\\u001b", "\\\\u001b");
    let greeting = format!("{{\"hge_device\":1,\"electrodes\":7,\"name\":\"{text}\"}}");
    let hostile = HOSTILE.replace('\'', "");
    for (number, script) in [
        // A name, then an end; the last words; a first line that is none.
        format!("printf '%s\\n' '{}'; exec sleep 0.1\n", greeting.replace("\\\\u", "\\u")),
        format!("printf '%s\\n' '{hostile}' >&2; exit 1\n"),
        format!("printf '%s\\n' '{hostile}'\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = TestFile::with(&format!("hostile-{number}.sh"), &script);
        let device = format!("process:sh {}", file.path());
        for more in [&[][..], &["--live"], &["--json"]] {
            let arguments = [&["train", "xor", "--device", &device], more].concat();
            let output = hge(&arguments);
            assert_eq!(output.status.code(), Some(1), "{number}: {output:?}");
            assert_safe(&output, &number.to_string());
        }
    }
}

#[test]
fn escapes_from_a_server_are_visible() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let link = format!("tcp:{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(1..) = client.read(&mut bytes) {
                    // Text in place of frames.
                    if client.write_all(HOSTILE.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    let output = hge(&["info", "--link", &link]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_safe(&output, "info");
}

#[test]
fn json_on_standard_output_is_safe_and_means_the_same() {
    let served = Served::new(&["--tcp", "0"]);
    let folder =
        std::env::temp_dir().join(format!("hge-hostile-{}-\u{202e}\u{7f}x", std::process::id()));
    let path = folder.to_str().unwrap();
    let output =
        hge(&["train", "and", "--seed", "1", "--json", "-o", path, "--link", served.link()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_safe(&output, "train --json");
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["run"], path);
    for arguments in [
        &["runs", path][..],
        &["runs", "--json", path],
        &["replay", path],
        &["export", path, "--format", "csv"],
    ] {
        assert_safe(&hge(arguments), &format!("{arguments:?}"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn input_of_any_length_is_cut_in_messages() {
    let long = "x".repeat(100_000);
    let link = format!("tcp:{long}:1");
    let device = format!("process:{long}");
    for arguments in [
        &["train", long.as_str()][..],
        &["train", "xor", &long],
        &["train", "xor", "--engine", &long],
        &["train", "xor", "--device", &long],
        &["train", "xor", "--device", &device],
        &["train", "xor", "--link", &link],
        &["get", &long],
        &["replay", &long],
        &["gateware", "list", "--board", &long],
        &["reproduce", &long],
        &[&long],
    ] {
        let output = hge(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", arguments[0]);
        assert!(output.stderr.len() < 3000, "{}: {} bytes", arguments[0], output.stderr.len());
        assert!(output.stderr.ends_with(b"\n"));
    }
    for key in ["gate", "device", "engine", "loop", "seed"] {
        let file = TestFile::with(
            &format!("{key}.toml"),
            &format!("{key} = \"{}\"\n", "x".repeat(1_000_000)),
        );
        let output = hge(&["train", file.path()]);
        assert_eq!(output.status.code(), Some(1), "{key}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.len() < 3000, "{key}: {} bytes", message.len());
        assert!(message.contains(&format!("{key}.toml")), "{message}");
    }
}

#[test]
fn a_path_in_a_command_to_copy_is_quoted() {
    let folder = std::env::temp_dir().join(format!("hge-hostile-{}; touch P", std::process::id()));
    let path = folder.to_str().unwrap();
    let trained = command(&["train", "and", "--seed", "1", "-o", path]).output().unwrap();
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let again = hge(&["train", "and", "--seed", "1", "-o", path]);
    let message = String::from_utf8_lossy(&again.stderr);
    assert!(message.contains(&format!("hge resume '{path}'")), "{message}");
    std::fs::remove_dir_all(&folder).unwrap();
}
