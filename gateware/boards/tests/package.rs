//! What is written beside the Verilog works: the lint is clean but for the waivers, and the testbench agrees.

use hge_boards::package::{core, instrument_of_build, serial_instrument_of_build, Core, File};
use hge_gateware::build::Build;
use hge_needs::needs;
use hge_protocol::{Carriers, Parameters};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of every core, and of the instrument in both forms of its engine.
fn packages() -> Vec<Vec<File>> {
    let default = Parameters::default();
    let sines = Parameters { carriers: Carriers::Sines, ..default };
    let mut out = Vec::new();
    let late = Parameters { clock_hz: 90_000_000, ..default };
    for parameters in [default, sines, late] {
        for which in [Core::Nco, Core::Lockin, Core::Update, Core::Guard] {
            out.push(core(which, &parameters).expect("a core"));
        }
    }
    let small = Parameters { outputs: 2, slots: 2, cases: 2, starts: 2, ..default };
    out.push(instrument_of_build(&small, &Build::default()).expect("an instrument"));
    let build = Build::default();
    out.push(serial_instrument_of_build(&small.in_steps(), 1_000_000, &build).expect("generics"));
    out
}

/// A folder with the files, removed by the caller.
fn written(files: &[File], number: usize) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hge-package-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a writable directory");
    for file in files {
        std::fs::write(folder.join(&file.name), &file.text).expect("a writable directory");
    }
    folder
}

fn run(folder: &Path, tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool).args(arguments).current_dir(folder).output().expect(tool);
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let text = text.concat();
    assert!(output.status.success(), "{tool} {arguments:?}: {text}");
    text
}

#[needs(verilator, icarus)]
#[test]
fn every_package_passes_its_own_lint_and_testbench() {
    for (number, files) in packages().iter().enumerate() {
        let folder = written(files, number);
        let name = files[0].name.strip_suffix(".v").expect("Verilog comes first");
        let source = files[0].name.as_str();
        let lint = ["--lint-only", "-Wall", "--top-module", name, "hge_waivers.vlt", source];
        assert_eq!(run(&folder, "verilator", &lint), "", "{name}");
        let testbench = format!("{name}_tb");
        let bench = format!("{testbench}.v");
        run(&folder, "iverilog", &["-g2012", "-s", &testbench, "-o", "sim", &bench, source]);
        let printed = run(&folder, "vvp", &["-n", "sim"]);
        assert!(printed.contains("400 clocks agree"), "{name}: {printed}");
        // What the core file names is there.
        let description = &files[1].text;
        let named = files.iter().filter(|file| description.contains(&file.name));
        assert_eq!(named.count(), files.len() - 1, "{description}");
        std::fs::remove_dir_all(&folder).expect("it was written");
    }
}

#[needs(icarus)]
#[test]
fn a_testbench_names_the_port_that_differs() {
    let files = core(Core::Nco, &Parameters::default()).expect("a core");
    let folder = written(&files, 100);
    let wrong = files[0].text.replace("assign sine = sine_4;", "assign sine = cosine_4;");
    assert_ne!(wrong, files[0].text);
    std::fs::write(folder.join("hge_nco.v"), wrong).expect("a writable directory");
    run(
        &folder,
        "iverilog",
        &["-g2012", "-s", "hge_nco_tb", "-o", "sim", "hge_nco_tb.v", "hge_nco.v"],
    );
    let output = Command::new("vvp").args(["-n", "sim"]).current_dir(&folder).output();
    let output = output.expect("vvp");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{text}");
    assert!(text.contains(": sine is ") && text.contains("expected"), "{text}");
    std::fs::remove_dir_all(&folder).expect("it was written");
}

#[test]
fn no_line_is_longer_than_120_characters_and_no_comment_has_a_link_of_rustdoc() {
    for files in packages() {
        for file in files.iter().filter(|file| file.name.ends_with(".v")) {
            for line in file.text.lines() {
                assert!(line.chars().count() <= 120, "{}: {line}", file.name);
                assert!(!line.contains("[`") && !line.contains("crate::"), "{}: {line}", file.name);
            }
        }
    }
}
