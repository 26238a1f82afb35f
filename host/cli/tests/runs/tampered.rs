//! Messages that were changed under a right checksum are found by working the run out again.

use crate::chunks::rewritten;
use crate::folders::{content, log_bytes, Scratch};
use crate::program::{hge, outcome, refusal};
use std::path::Path;

/// Changes the last digit of the number behind a key.
fn change(text: &[u8], key: &str) -> Vec<u8> {
    let mut text = text.to_vec();
    let key = format!("\"{key}\":");
    let place = text.windows(key.len()).position(|part| part == key.as_bytes());
    let begin = place.expect("the key") + key.len();
    let end = text[begin..].iter().position(|byte| b",}]".contains(byte)).expect("an end");
    let digits = &mut text[begin..begin + end];
    let digit = digits.iter_mut().rfind(|byte| byte.is_ascii_digit()).expect("a number");
    *digit = if *digit == b'1' { b'2' } else { b'1' };
    text
}

#[test]
fn a_changed_message_under_a_right_checksum_makes_a_difference() {
    let scratch = Scratch::new("tampered");
    let run = scratch.killed("run", 400_000, &["--restarts", "1000"]);
    let log = Path::new(&run).join("log/00001.mcap");
    let whole = content(&run, "log/00001.mcap");
    let flipped = |data: &[u8], byte: usize| {
        let mut data = data.to_vec();
        data[byte] ^= 1;
        data
    };
    let same = rewritten(&whole, "epoch", 3, <[u8]>::to_vec);
    assert_eq!(same, whole, "the reader of this test writes what it reads");
    // The value of a register, the mode of a run, the host's loss, and the controls it goes on from.
    for (topic, number, changed) in [
        ("writes", 20, rewritten(&whole, "writes", 20, |data| flipped(data, 4))),
        ("runs", 3, rewritten(&whole, "runs", 3, |data| flipped(data, 0))),
        ("epoch", 3, rewritten(&whole, "epoch", 3, |data| change(data, "loss"))),
        ("epoch", 4, rewritten(&whole, "epoch", 4, |data| change(data, "separation_na"))),
    ] {
        std::fs::write(&log, &changed).expect("a writable log");
        let what = format!("message {number} of {topic}");
        let (code, replayed) = outcome(&["replay", &run]);
        assert_eq!(code, Some(2), "{what}: {replayed}");
        assert_eq!(replayed["agrees"], false, "{what}: {replayed}");
        let difference = replayed["difference"].as_str().expect("a sentence");
        assert!(difference.contains("epoch") && !difference.contains('{'), "{difference}");
        let text = hge(&["replay", &run]);
        assert_eq!(text.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&text.stdout).contains(difference));
        let before = (content(&run, "provenance.json"), log_bytes(&run));
        assert!(refusal(&["resume", &run]).contains("--as-it-is"), "{what}");
        assert_eq!((content(&run, "provenance.json"), log_bytes(&run)), before, "{what}");
    }
    // A frame is what the instrument sent: a simulation that is powered up anew sends another.
    std::fs::write(&log, rewritten(&whole, "frames", 10, |data| flipped(data, data.len() - 4)))
        .expect("a writable log");
    assert!(refusal(&["resume", &run]).contains("--as-it-is"));
    // The digits of a seal are those of no file.
    let seal = rewritten(&whole, "seal", 0, |data| flipped(data, data.len() - 3));
    std::fs::write(&log, seal).expect("a writable log");
    for command in ["replay", "resume", "report"] {
        assert!(refusal(&[command, &run]).contains("experiment.toml"), "{command}");
    }
    std::fs::write(&log, &whole).expect("a writable log");
    assert_eq!(outcome(&["replay", &run]).1["agrees"], true);
}
