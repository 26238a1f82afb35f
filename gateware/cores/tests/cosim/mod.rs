//! Compares a block in rust-hdl's simulation with its Verilog in Icarus, and checks Verilog with Yosys and Verilator.

// Each test binary uses its part.
#![allow(dead_code)]

pub mod drawn;

use rust_hdl::prelude::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Iterations within which a block has to settle.
const SETTLE: usize = 100;

/// A port of the block under test.
struct Port {
    name: String,
    width: usize,
    is_input: bool,
    hex: String,
}

#[derive(Default)]
struct Ports {
    depth: usize,
    ports: Vec<Port>,
    /// Names of all ports in the order of the Verilog, the clock included.
    order: Vec<String>,
}

impl Probe for Ports {
    fn visit_start_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.depth += 1;
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        if self.depth != 1 || !signal.kind().is_parameter() {
            return;
        }
        self.order.push(name.to_owned());
        if name == "clock" {
            return;
        }
        let text = format!("{:x}", signal.verilog());
        let digits = signal.bits().div_ceil(4);
        let value = text.split_once("'h").map_or("", |(_, value)| value);
        self.ports.push(Port {
            name: name.to_owned(),
            width: signal.bits(),
            is_input: signal.kind() == AtomKind::InputParameter,
            hex: format!("{value:0>digits$}"),
        });
    }

    fn visit_end_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.depth -= 1;
    }
}

fn all_ports(uut: &dyn Block) -> Ports {
    let mut probe = Ports::default();
    uut.accept("uut", &mut probe);
    probe
}

fn ports(uut: &dyn Block) -> Vec<Port> {
    all_ports(uut).ports
}

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
/// `drive` sets the inputs of a cycle; `clock` gives the block's clock.
pub fn compare<B: Block>(
    name: &str,
    verilog: &str,
    uut: &mut B,
    cycles: usize,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
    mut drive: impl FnMut(&mut B, usize),
) {
    let mut stimulus = String::new();
    let mut expected = Vec::new();
    for cycle in 0..cycles {
        drive(uut, cycle);
        assert!(simulate(uut, SETTLE), "{name} does not settle");
        for port in ports(uut).iter().filter(|port| port.is_input) {
            writeln!(stimulus, "{}", port.hex).expect("a string");
        }
        expected.push(outputs(uut));
        clock(uut).next = true.into();
        assert!(simulate(uut, SETTLE), "{name} does not settle");
        expected.push(outputs(uut));
        clock(uut).next = false.into();
        assert!(simulate(uut, SETTLE), "{name} does not settle");
    }
    let dir = scratch(name);
    std::fs::write(dir.join("uut.v"), verilog).expect("write uut.v");
    std::fs::write(dir.join("stimulus.hex"), stimulus).expect("write stimulus.hex");
    std::fs::write(dir.join("bench.v"), bench(name, &all_ports(uut), cycles))
        .expect("write bench.v");
    run(&dir, "iverilog", &["-g2005", "-o", "bench", "bench.v", "uut.v"]);
    let printed = run(&dir, "vvp", &["-n", "bench"]);
    let printed: Vec<&str> = printed.lines().filter(|line| !line.starts_with("WARNING")).collect();
    let names: Vec<String> =
        ports(uut).into_iter().filter(|port| !port.is_input).map(|port| port.name).collect();
    assert_eq!(printed.len(), expected.len(), "{name}: lines of output");
    for (index, (line, expected)) in printed.iter().zip(&expected).enumerate() {
        assert_eq!(
            line.trim(),
            expected,
            "{name}: cycle {}, {} the edge, outputs {names:?}: Icarus left, Rust right, files in {}",
            index / 2,
            ["before", "after"][index % 2],
            dir.display()
        );
    }
    std::fs::remove_dir_all(&dir).expect("remove the scratch directory");
}

fn outputs(uut: &dyn Block) -> String {
    let values: Vec<String> =
        ports(uut).into_iter().filter(|port| !port.is_input).map(|port| port.hex).collect();
    values.join(" ")
}

fn bench(name: &str, all: &Ports, cycles: usize) -> String {
    let ports = &all.ports;
    let inputs: Vec<&Port> = ports.iter().filter(|port| port.is_input).collect();
    let outputs: Vec<&Port> = ports.iter().filter(|port| !port.is_input).collect();
    let widest = inputs.iter().map(|port| port.width).max().unwrap_or(1);
    let words = (inputs.len() * cycles).max(1);
    let mut out = String::from("`timescale 1ns / 1ps\nmodule bench;\n    reg p_clock = 0;\n");
    for port in ports {
        let kind = if port.is_input { "reg" } else { "wire" };
        let _ = writeln!(out, "    {kind} [{}:0] p_{};", port.width - 1, port.name);
    }
    let _ = writeln!(out, "    reg [{}:0] stimulus [0:{}];", widest - 1, words - 1);
    out += "    integer cycle;\n";
    // By position: the emitter may have renamed a port.
    let connections: Vec<String> = all.order.iter().map(|port| format!("p_{port}")).collect();
    let _ = writeln!(out, "    {name} uut ({});", connections.join(", "));
    let format = vec!["%h"; outputs.len()].join(" ");
    let values: Vec<String> = outputs.iter().map(|port| format!("p_{}", port.name)).collect();
    let show = format!("$display(\"{format}\", {});", values.join(", "));
    out += "    initial begin\n";
    if !inputs.is_empty() {
        out += "        $readmemh(\"stimulus.hex\", stimulus);\n";
    }
    let _ = writeln!(out, "        for (cycle = 0; cycle < {cycles}; cycle = cycle + 1) begin");
    for (index, port) in inputs.iter().enumerate() {
        let _ = writeln!(
            out,
            "            p_{} = stimulus[cycle * {} + {index}];",
            port.name,
            inputs.len()
        );
    }
    let _ = writeln!(out, "            #1 {show}");
    let _ = writeln!(out, "            #1 p_clock = 1;\n            #1 {show}");
    out += "            #1 p_clock = 0;\n        end\n        $finish(0);\n    end\nendmodule\n";
    out
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

/// Fails if Verilator refuses the text; `-Wall` but for what is unused.
pub fn check_with_verilator(name: &str, verilog: &str) {
    let dir = scratch(name);
    std::fs::write(dir.join("uut.v"), verilog).expect("write uut.v");
    let arguments = [
        "--lint-only",
        "-Wall",
        "-Wno-UNUSED",
        "-Wno-DECLFILENAME",
        "-Wno-PINCONNECTEMPTY",
        "--top-module",
        name,
        "uut.v",
    ];
    run(&dir, "verilator", &arguments);
    std::fs::remove_dir_all(&dir).expect("remove the scratch directory");
}
