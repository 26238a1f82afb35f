//! What commands refuse, each with one sentence.

use crate::program::{refusal, TestFile};
use crate::served::Served;
use std::net::TcpListener;

/// The refusal of `arguments` must say all of `parts`.
fn says(arguments: &[&str], parts: &[&str]) {
    let message = refusal(arguments);
    for part in parts {
        assert!(message.contains(part), "{arguments:?}: {message}");
    }
}

#[test]
fn wrong_names_and_values_are_answered_by_right_ones() {
    says(&["get", "settl"], &["no register `settl`", "perhaps `settle`"]);
    says(&["get", "tuning"], &["tuning[0] to tuning[255]"]);
    says(&["get", "tuning[1]"], &["tuning[1] cannot be read"]);
    says(&["set", "settle"], &["`settle` is not an assignment", "NAME=VALUE"]);
    says(&["set", "settle=ten"], &["`ten` is not a value of settle", " in s"]);
    says(&["set", "guard[0].high=7V"], &["out of range for guard", "-2 to"]);
    says(&["set", "status=1"], &["status cannot be written"]);
    says(
        &["set", "guard[0].code=0.1"],
        &["writing register guard", "was refused: no such register"],
    );
    says(&["set", "command=3"], &["writing register command", "set watchdog"]);
}

#[test]
fn links_that_lead_nowhere_say_so() {
    // Bound and then free again: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("tcp:{free}");
    for arguments in
        [&["info"][..], &["get", "status"], &["gradient"], &["iv"], &["monitor"], &["train", "or"]]
    {
        let message = refusal(&[arguments, &["--link", &nobody]].concat());
        assert!(
            message.contains("nothing listens at") && message.contains("hge serve"),
            "{message}"
        );
    }
    says(&["info", "--link", "tcp:localhost"], &["host and port"]);
    says(&["info", "--link", "/dev/ttyUSB0"], &["`serial:PATH`"]);
    says(&["info", "--link", "serial:/dev/ttyNOSUCH"], &["there is no serial port /dev/ttyNOSUCH"]);
    says(&["info", "--link", "tcp:host.invalid:4000"], &["host.invalid:4000 cannot be reached"]);
    says(&["monitor"], &["no other client to monitor"]);
}

#[test]
fn a_link_that_is_no_instrument_is_told() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let link = format!("tcp:{}", server.local_addr().unwrap());
    let listening = std::thread::spawn(move || drop(server.accept()));
    says(&["info", "--link", &link], &["has closed the connection"]);
    listening.join().unwrap();
}

#[test]
fn options_of_the_simulation_are_refused_elsewhere() {
    let served = Served::new(&["--tcp", "0"]);
    for (option, value) in [("--device", "builtin"), ("--seed", "3"), ("--dac-bits", "12")] {
        says(
            &["gradient", option, value, "--link", served.link()],
            &[option, "has no effect over tcp:"],
        );
    }
    says(&["gradient", "--exact", "--link", served.link()], &["leave out --exact or --link"]);
}

#[test]
fn devices_and_experiments_that_are_not_there_are_named() {
    for command in ["gradient", "iv"] {
        says(&[command, "nowhere.toml"], &["nowhere.toml"]);
        says(&[command, "foo"], &["unknown gate `foo`", "ends in .toml"]);
        says(&[command, "--device", "onnx:/nowhere/m.onnx"], &["/nowhere/m.onnx"]);
        says(&[command, "--device", "linear:1,2,3"], &["electrode 3 is not on the device"]);
    }
    let broken = TestFile::with("broken.toml", "gate = \"xor\"\n[bench]\nadc_range = 2\n");
    says(&["info", "--experiment", broken.path()], &[":3:1: unknown key `adc_range`"]);
    says(&["serve", "--tcp", "0", broken.path()], &[":3:1: unknown key `adc_range`"]);
}

#[test]
fn voltages_and_counts_that_cannot_be_are_named() {
    says(&["gradient", "--controls=0,0"], &["2 voltages", "electrodes 0, 3, 4, 5, 6"]);
    says(
        &["gradient", "--controls=0,0,0,0,0.3"],
        &["electrode 6 cannot be set to 0.3 V", "range is -0.6"],
    );
    says(&["gradient", "--windows", "0"], &["0 windows"]);
    says(&["iv", "--electrode", "7"], &["electrode 7 has no role", "0, 1, 2, 3, 4, 5, 6"]);
    says(&["iv", "--points", "4"], &["in 4 points", "5 points or more"]);
    says(&["iv", "--points", "4000000000"], &["up to a million"]);
    let wide = ["iv", "--sweep", "3:-1:0:2000,4:-1:0:2000"];
    says(&[&wide[..], &["-o", "wide.npy"]].concat(), &["electrode 4", "up to a million"]);
    // Before anything is measured for it, or even a link is opened.
    says(&[&wide[..], &["--link", "tcp:nowhere.invalid:1"]].concat(), &["add -o FILE.npy"]);
    says(&["iv", "--sweep", "3:-1:0.5"], &["`3:-1:0.5` is not a sweep"]);
    says(&["iv", "--sweep", "3:0.5:0.5:9"], &["two different voltages"]);
    says(&["iv", "--sweep", "3:nan:0.5:9"], &["two different voltages"]);
    says(
        &["iv", "--sweep", "3:-1:0:9,3:-1:0:9", "-o", "twice.npy"],
        &["electrode 3 is swept twice"],
    );
    says(
        &["iv", "--sweep", "3:-1.9:0.5:9"],
        &["electrode 3 cannot be set to -1.9 V", "the guard's"],
    );
    says(&["capture", "--samples", "0"], &["0 samples"]);
    says(&["capture", "--samples", "5", "--at=0,0"], &["2 voltages", "0, 1, 2, 3, 4, 5, 6"]);
    says(&["capture", "--samples", "5", "--at=0,0,0,0,0,0,1.5"], &["1.5", "the guard's"]);
}
