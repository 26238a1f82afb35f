//! Ports, engines and registers.

use crate::program::{hge, json, TestFile};
use crate::served::Served;

#[test]
fn the_list_names_engines_and_what_verilog_needs() {
    let list = json(&["list"]);
    assert!(list["ports"].is_array());
    let engines = list["engines"].as_array().unwrap();
    let names: Vec<&str> =
        engines.iter().map(|engine| engine["engine"].as_str().unwrap()).collect();
    assert_eq!(names, ["model", "rtl", "verilog", "board"]);
    assert_eq!(engines[0]["available"], true);
    let bare =
        crate::program::command(&["list", "--json"]).env("PATH", "/nowhere").output().unwrap();
    let bare: serde_json::Value = serde_json::from_slice(&bare.stdout).unwrap();
    assert_eq!(bare["engines"][2]["available"], false);
    assert_eq!(bare["engines"][3]["available"], false);
    assert!(bare["engines"][2]["by"].as_str().unwrap().contains("C++ compiler is not installed"));
}

#[cfg(unix)]
#[test]
fn a_probe_tells_an_instrument_from_what_is_none() {
    let served = Served::new(&["--pty"]);
    let path = served.reached["pty"].as_str().unwrap();
    let unasked = json(&["list", path]);
    assert_eq!(unasked["ports"][0]["instrument"], serde_json::Value::Null);
    let list = json(&["list", "--probe", path, "/dev/ttyNOSUCH", "/dev/null"]);
    let ports = &list["ports"];
    assert_eq!(ports[0]["link"], served.link());
    assert_eq!(ports[0]["instrument"]["parameters"]["outputs"], 8, "{ports}");
    assert_eq!(ports[0]["trouble"], serde_json::Value::Null, "{ports}");
    assert!(ports[1]["trouble"].as_str().unwrap().contains("no serial port /dev/ttyNOSUCH"));
    assert!(ports[2]["trouble"].as_str().unwrap().contains("cannot be opened as a serial port"));
}

#[test]
fn the_map_is_printed_in_three_forms() {
    let page = hge(&["regs", "--markdown"]).stdout;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/registers.md");
    assert_eq!(page, std::fs::read(path).unwrap(), "make it again: hge regs --markdown > {path}");
    let map = json(&["regs"]);
    let registers = map["registers"].as_array().unwrap();
    let text = String::from_utf8(hge(&["regs"]).stdout).unwrap();
    assert_eq!(text.lines().count(), registers.len());
    for register in registers {
        assert!(text.contains(register["name"].as_str().unwrap()), "{register}");
    }
    assert_eq!(map["map_hash"], json(&["info"])["map_hash"]);
}

#[test]
fn waveforms_of_telemetry_are_no_arrays() {
    let file = TestFile::new("codes.txt");
    let message = crate::program::refusal(&["capture", "--samples", "9", "-o", file.path()]);
    assert!(message.contains("name it .npz, or .npy"), "{message}");
    let message = crate::program::refusal(&["capture", "--samples", "9", "-o", "/nowhere/a.npy"]);
    assert!(message.contains("/nowhere/a.npy cannot be written"), "{message}");
}
