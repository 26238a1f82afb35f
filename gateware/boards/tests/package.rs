//! What is written beside the Verilog works: the lint is clean but for the waivers, and the testbench agrees.

use hge_boards::package::{core, instrument_of_build, instrument_on_line, vectors, Core, File};
use hge_gateware::build::Build;
use hge_gateware::link::line::Line;
use hge_needs::needs;
use hge_protocol::{Carriers, Parameters, Update};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of every core, and of the instrument in both forms of its engine.
fn packages() -> Vec<Vec<File>> {
    let default = Parameters::default();
    let sines = Parameters { carriers: Carriers::Sines, ..default };
    let mut out = Vec::new();
    let late = Parameters { clock_hz: 90_000_000, ..default };
    let hardware = Parameters { update: Update::Hardware, ..default };
    for parameters in [default, sines, late, hardware] {
        for which in Core::ALL {
            out.push(core(which, &parameters).expect("a core"));
        }
    }
    let small = Parameters { outputs: 2, slots: 2, cases: 2, starts: 2, ..default };
    for update in [Update::Microcode, Update::Hardware] {
        let small = Parameters { update, ..small };
        out.push(instrument_of_build(&small, &Build::default()).expect("an instrument"));
    }
    let build = Build::default();
    for line in [Line::Uart { baud: 1_000_000 }, Line::Ft245] {
        out.push(instrument_on_line(&small.in_steps(), line, &build).expect("generics"));
    }
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
    let wrong = files[0].text.replace("assign sine = sine_7;", "assign sine = cosine_7;");
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

/// Plays the tables of a folder with cocotb; whether all agree, and what was printed.
fn play_with_cocotb(folder: &Path) -> (bool, String) {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/cocotb");
    let others = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let paths = std::iter::once(fetched).chain(std::env::split_paths(&others));
    let mut python = Command::new("python3");
    python.arg("hge_cocotb.py").current_dir(folder);
    python.env("PYTHONPATH", std::env::join_paths(paths).expect("paths"));
    let output = python.output().expect("python3");
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.success(), text.concat())
}

#[needs(icarus, cocotb)]
#[test]
fn cocotb_finds_every_core_and_the_instrument_as_their_vectors_say_and_a_wrong_word() {
    let small = Parameters { outputs: 2, slots: 2, cases: 2, starts: 2, ..Parameters::default() };
    let files = vectors(&small, &Build::default()).expect("generics");
    let folder = written(&files, 200);
    let names = ["hge_nco", "hge_lockin", "hge_update", "hge_guard", "hge_instrument"];
    let (agree, printed) = play_with_cocotb(&folder);
    assert!(agree, "{printed}");
    for name in names {
        assert!(printed.contains(&format!("{name} agrees")), "{name}: {printed}");
    }
    // Another bit of the last output in the last clock of one table.
    for name in &names[..4] {
        std::fs::remove_file(folder.join(format!("{name}_vectors.csv"))).expect("a table");
    }
    let table = folder.join("hge_instrument_vectors.csv");
    let mut text = std::fs::read_to_string(&table).expect("a table").trim_end().to_owned();
    let last = text.pop().expect("a digit").to_digit(16).expect("a digit");
    text += &format!("{:x}\n", last ^ 1);
    std::fs::write(&table, text).expect("a table");
    let (agree, printed) = play_with_cocotb(&folder);
    assert!(!agree && printed.contains("clock 399") && printed.contains("expected"), "{printed}");
    std::fs::remove_dir_all(&folder).expect("it was written");
}

#[test]
fn tables_of_vectors_have_the_words_of_the_testbench() {
    let small = Parameters { outputs: 2, slots: 2, cases: 2, starts: 2, ..Parameters::default() };
    let files = vectors(&small, &Build::default()).expect("generics");
    let text = |name: &str| &files.iter().find(|file| file.name == name).expect(name).text;
    let tables = files.iter().filter(|file| file.name.ends_with("_vectors.csv"));
    assert_eq!(tables.clone().count(), Core::ALL.len() + 1);
    for table in tables {
        let name = table.name.trim_end_matches("_vectors.csv");
        let mut rows = table.text.lines();
        let verilog = text(&format!("{name}.v"));
        let (_, top) = verilog.split_once(&format!("module {name} ")).expect("a top");
        let widths: Vec<usize> = rows
            .next()
            .expect("a head")
            .split(',')
            .map(|column| {
                let port = column.split_once('.').expect("a kind").1;
                let ends = [format!(" {port},"), format!(" {port} //"), format!(" {port}\n")];
                let line = top.lines().find(|line| {
                    let line = format!("{line}\n");
                    line.contains("put ") && ends.iter().any(|end| line.contains(end.as_str()))
                });
                let line = line.unwrap_or_else(|| panic!("{name} has no port {port}"));
                let declared = line.split_once("//").map_or(line, |(before, _)| before);
                let top_bit = declared.split_once('[').and_then(|(_, rest)| rest.split_once(':'));
                top_bit.map_or(1, |(bit, _)| 1 + bit.parse::<usize>().expect("a number"))
            })
            .collect();
        let data = text(&format!("{name}_tb.hex"));
        assert_eq!(rows.clone().count(), data.lines().count());
        for (row, word) in rows.zip(data.lines()) {
            let values = row.split(',').zip(&widths).map(|(value, &width)| {
                let bits: String = value.chars().map(four_bits).collect();
                format!("{:0>width$}", bits[bits.len().saturating_sub(width)..].to_owned())
            });
            let joined: String = values.collect();
            let whole: String = word.chars().map(four_bits).collect();
            assert_eq!(joined, whole[whole.len() - joined.len()..], "{name}");
        }
    }
}

fn four_bits(digit: char) -> String {
    format!("{:04b}", digit.to_digit(16).expect("a digit"))
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
