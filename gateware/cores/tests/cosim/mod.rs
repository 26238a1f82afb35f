//! Compares a block in rust-hdl's simulation with its Verilog in Icarus, and checks Verilog with Yosys and Verilator.

// Each test binary uses its part.
#![allow(dead_code)]

use hge_verilog::testbench::Vectors;
use rust_hdl::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory of this test's own.
pub fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("hge-{}-{number}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a scratch directory");
    path
}

/// Runs a tool in a directory and returns what it printed; fails if the tool does.
pub fn run(dir: &Path, tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap_or_else(|error| panic!("{tool}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?} in {}:\n{text}", dir.display());
    text
}

/// Steps the block with random or chosen inputs and compares every output, before and after every clock edge, with Icarus.
///
/// `drive` sets the inputs of a clock; `clock` gives the block's clock.
pub fn compare<B: Block>(
    name: &str,
    verilog: &str,
    uut: &mut B,
    clocks: usize,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
    drive: impl FnMut(&mut B, usize),
) {
    let vectors = Vectors::record(uut, clocks, clock, drive).expect("the block settles");
    let dir = scratch(name);
    for (file, text) in [
        ("uut.v", verilog),
        ("vectors.hex", &vectors.data()),
        ("testbench.v", &vectors.testbench(name, "vectors.hex")),
    ] {
        std::fs::write(dir.join(file), text).expect("a writable directory");
    }
    run(&dir, "iverilog", &["-g2012", "-o", "testbench", "testbench.v", "uut.v"]);
    let printed = run(&dir, "vvp", &["-n", "testbench"]);
    assert!(printed.contains(&format!("{clocks} clocks agree")), "{printed}");
    std::fs::remove_dir_all(&dir).expect("remove the scratch directory");
}

/// Fails if Yosys finds a latch, a driver conflict or anything else that `check -assert` refuses.
pub fn check_with_yosys(name: &str, verilog: &str) {
    let dir = scratch(name);
    std::fs::write(dir.join("uut.v"), verilog).expect("write uut.v");
    let script = format!(
        "read_verilog uut.v; hierarchy -check -top {name}; proc; select -assert-none t:$dlatch; \
         flatten; opt_clean; check -assert"
    );
    run(&dir, "yosys", &["-q", "-p", &script]);
    std::fs::remove_dir_all(&dir).expect("remove the scratch directory");
}

/// What Verilator's -Wall says of written Verilog, and why it stands.
const WAIVERS: &str = include_str!("../../../boards/src/package/waivers.vlt");

/// Fails if Verilator refuses the text; `-Wall` but for the waivers.
pub fn check_with_verilator(name: &str, verilog: &str) {
    let dir = scratch(name);
    std::fs::write(dir.join("uut.v"), verilog).expect("write uut.v");
    std::fs::write(dir.join("waivers.vlt"), WAIVERS).expect("write waivers.vlt");
    let arguments = ["--lint-only", "-Wall", "--top-module", name, "waivers.vlt", "uut.v"];
    run(&dir, "verilator", &arguments);
    std::fs::remove_dir_all(&dir).expect("remove the scratch directory");
}
