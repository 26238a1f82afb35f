//! Who may command: idle controllers, tokens, other protocols.

use crate::program::{command, hge, json, refusal, TestFile};
use crate::served::{await_line, Served, LINEAR, PATIENCE};
use hge_needs::needs;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn address(served: &Served) -> &str {
    served.reached["tcp"].as_str().unwrap()
}

#[cfg(unix)]
#[test]
fn a_frozen_controller_is_out_after_the_stated_time() {
    let served = Served::new(&["--tcp", "0", "--keep", "--idle", "2", "--device", LINEAR]);
    let at = "--at=0.1,0.1,0.1,0.1,0.1,0.1,0.1";
    let arguments = ["capture", "--samples", "4000000000", at, "--link", served.link()];
    let frozen = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    await_line(&served.stderr, "takes control");
    let stop = |signal: &str| {
        let status = Command::new("kill").args([signal, &frozen.id().to_string()]).status();
        assert!(status.expect("kill").success());
    };
    stop("-STOP");
    // Reading goes on meanwhile; commanding does after the idle time.
    json(&["info", "--link", served.link()]);
    let begun = Instant::now();
    await_line(&served.stderr, "has lost control");
    json(&["set", "scratch=7", "--link", served.link()]);
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(json(&["info", "--link", served.link()])["armed"], Value::Null);
    // Awake again, it says why it ends.
    stop("-CONT");
    let output = frozen.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("control of the instrument has ended after 2 s without"), "{message}");
}

#[test]
fn a_browser_is_turned_away_and_keeps_nobody_out() {
    let served = Served::new(&["--tcp", "0", "--keep"]);
    let mut stay = TcpStream::connect(address(&served)).unwrap();
    stay.write_all(b"G").unwrap();
    let mut browser = TcpStream::connect(address(&served)).unwrap();
    browser.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    browser.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(matches!(browser.read(&mut [0; 100]), Ok(0) | Err(_)));
    await_line(&served.stderr, "is turned away: it sent something other than a request");
    json(&["set", "scratch=7", "--link", served.link()]);
}

#[test]
fn a_token_is_made_asked_for_and_shown() {
    let (file, wrong) = (TestFile::new("token"), TestFile::with("wrong", "0123456789abcdef\n"));
    let served = Served::new(&["--tcp", "0.0.0.0:0", "--keep", "--token-file", file.path()]);
    let token = served.reached["token"].as_str().unwrap();
    let written = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(written.trim(), token);
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let port = address(&served).rsplit(':').next().unwrap();
    let link = format!("tcp:127.0.0.1:{port}");
    for arguments in [&["info"][..], &["set", "scratch=1"], &["train", "xor"]] {
        let message = refusal(&[arguments, &["--link", &link]].concat());
        assert!(message.contains("the server requires a token: give the file"), "{message}");
        let message =
            refusal(&[arguments, &["--link", &link, "--token-file", wrong.path()]].concat());
        assert!(message.contains("the server rejects this token"), "{message}");
    }
    json(&["set", "scratch=7", "--link", &link, "--token-file", file.path()]);
    let output = command(&["get", "scratch", "--json", "--link", &link])
        .env("HGE_TOKEN_FILE", file.path())
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["registers"][0]["word"], 7);
    // The same file again: the same token.
    drop(served);
    let served = Served::new(&["--tcp", "0", "--token-file", file.path()]);
    assert_eq!(served.reached["token"], written.trim());
}

#[test]
fn serving_others_without_a_token_and_limits_without_sense_are_refused() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let message = refusal(&["serve", "--tcp", address]);
        assert!(message.contains("can be reached from other computers: give a --token-file"));
    }
    let short = TestFile::with("short", "abc\n");
    let message = refusal(&["serve", "--tcp", "0", "--token-file", short.path()]);
    assert!(message.contains("has no token: it has 3 characters"), "{message}");
    let message = refusal(&["info", "--link", "tcp:127.0.0.1:1", "--token-file", "/nowhere"]);
    assert!(message.contains("the token file /nowhere cannot be read"), "{message}");
    for option in ["--idle", "--watchdog"] {
        for seconds in ["0", "-1", "nan", "inf", "1e9", "x"] {
            let output = hge(&["serve", "--tcp", "0", &format!("{option}={seconds}")]);
            let message = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{message}");
            assert!(message.contains("write seconds from 1 to 3600"), "{message}");
        }
    }
}

#[test]
fn a_watchdog_of_days_is_cut_to_the_servers_limit() {
    let served = Served::new(&["--tcp", "0", "--keep", "--watchdog", "3"]);
    json(&["set", "watchdog=raw:0xffffffff", "--link", served.link()]);
    let got = json(&["get", "watchdog", "--link", served.link()]);
    let seconds = got["registers"][0]["value"].as_f64().unwrap();
    assert!((2.99..=3.0).contains(&seconds), "{got}");
}

#[needs(python)]
#[test]
fn the_client_in_python_says_at_once_who_is_in_control() {
    let file = TestFile::new("python-token");
    let served = Served::new(&["--tcp", "0", "--keep", "--token-file", file.path()]);
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/client.py");
    let port = address(&served).rsplit(':').next().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("python3").arg(client).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, message) = run(&[port]);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.starts_with("the server requires a token"), "{message}");
    assert_eq!(run(&[port, file.path()]), (Some(0), String::new()));
    let token = hge_driver::link::Token::parse(served.reached["token"].as_str().unwrap()).unwrap();
    let link = hge_driver::link::Tcp::open_with(address(&served), Some(&token)).unwrap();
    let instrument = hge_driver::Instrument::connect(Box::new(link)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while instrument.take_control().is_err() {
        assert!(Instant::now() < deadline, "control is not free");
    }
    let (code, message) = run(&[port, file.path()]);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.starts_with("the instrument is controlled by 127.0.0.1:"), "{message}");
}
