//! A self-checking testbench from a block's behaviour in rust-hdl's simulation.

mod drawn;

pub use drawn::{put, Drawn, Driven, Random};

use super::names::Names;
use super::scope::array_name;
use super::EmitError;
use rust_hdl::prelude::*;

/// Iterations within which a block has to settle.
const SETTLE: usize = 100;

/// A port of the block.
struct Port {
    name: String,
    width: usize,
    is_input: bool,
    /// Value of the signal, the highest bit first.
    bits: String,
}

/// The ports of a block in the order of the Verilog, the clock among them.
#[derive(Default)]
struct Ports {
    depth: usize,
    ports: Vec<Port>,
}

impl Probe for Ports {
    fn visit_start_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.depth += 1;
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        if self.depth != 1 || !signal.kind().is_parameter() {
            return;
        }
        let text = format!("{:x}", signal.verilog());
        let hex = text.split_once("'h").map_or("", |(_, hex)| hex);
        let bits = hex.chars().filter_map(|digit| digit.to_digit(16));
        let bits: String = bits.map(|digit| format!("{digit:04b}")).collect();
        let width = signal.bits();
        let known = bits.len().min(width);
        self.ports.push(Port {
            name: name.to_owned(),
            width,
            is_input: signal.kind() == AtomKind::InputParameter,
            bits: format!("{:0>width$}", &bits[bits.len() - known..]),
        });
    }

    fn visit_end_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.depth -= 1;
    }
}

fn ports(uut: &dyn Block) -> Vec<Port> {
    let mut probe = Ports::default();
    uut.accept("uut", &mut probe);
    probe.ports
}

/// Inputs of a block in every clock, and its outputs before and after the clock edge.
pub struct Vectors {
    ports: Vec<Port>,
    /// A clock's values, in binary.
    bits: Vec<String>,
}

impl Vectors {
    /// Simulates a block that has the clock `clock`; `drive` sets its other inputs for a clock.
    ///
    /// # Errors
    /// The block does not settle.
    pub fn record<B: Block>(
        uut: &mut B,
        clocks: usize,
        clock: fn(&mut B) -> &mut Signal<In, Clock>,
        mut drive: impl FnMut(&mut B, usize),
    ) -> Result<Self, EmitError> {
        let settle = |uut: &mut B| match simulate(uut, SETTLE) {
            true => Ok(()),
            false => Err(EmitError::Unsettled),
        };
        let mut words = Vec::new();
        for number in 0..clocks {
            drive(uut, number);
            settle(uut)?;
            let mut word = bits(&ports(uut), true);
            word += &bits(&ports(uut), false);
            clock(uut).next = true.into();
            settle(uut)?;
            word += &bits(&ports(uut), false);
            clock(uut).next = false.into();
            settle(uut)?;
            words.push(word);
        }
        Ok(Self { ports: ports(uut), bits: words })
    }

    /// The data of the testbench, for `$readmemh`.
    pub fn data(&self) -> String {
        self.bits.iter().map(|word| hexadecimal(word) + "\n").collect()
    }

    /// The same as a table of hexadecimal numbers, comma-separated: a row a clock, a column `in.PORT` for every input but the clock,
    /// `low.PORT` and `high.PORT` for every output before and after the rising edge. Ports are named as in the Verilog.
    pub fn table(&self) -> String {
        let mut names = Names::default();
        let named: Vec<(String, &Port)> =
            self.ports.iter().map(|port| (names.claim(self.array_name(port)), port)).collect();
        let inputs = named.iter().filter(|(_, port)| is_driven(port));
        let outputs = || named.iter().filter(|(_, port)| !port.is_input);
        let columns = (inputs.map(|column| ("in", column)))
            .chain(outputs().map(|column| ("low", column)))
            .chain(outputs().map(|column| ("high", column)));
        let columns: Vec<(&str, &(String, &Port))> = columns.collect();
        let head: Vec<String> =
            columns.iter().map(|(kind, (name, _))| format!("{kind}.{name}")).collect();
        let mut out = head.join(",") + "\n";
        for word in &self.bits {
            let mut left = word.as_str();
            let row: Vec<String> = columns
                .iter()
                .map(|(_, (_, port))| {
                    let (value, rest) = left.split_at(port.width);
                    left = rest;
                    hexadecimal(value)
                })
                .collect();
            out += &format!("{}\n", row.join(","));
        }
        out
    }

    fn array_name<'a>(&'a self, port: &'a Port) -> &'a str {
        array_name(&port.name, self.ports.iter().map(|port| port.name.as_str()))
    }

    /// A module `NAME_tb` that gives the module `name` these inputs, read from `data_file`, and compares its outputs: it
    /// prints that they agree, or ends with an error that names the clock, the port and both values.
    pub fn testbench(&self, name: &str, data_file: &str) -> String {
        let inputs = || self.ports.iter().filter(|port| is_driven(port));
        let outputs = || self.ports.iter().filter(|port| !port.is_input);
        let width =
            |ports: &mut dyn Iterator<Item = &Port>| ports.map(|port| port.width).sum::<usize>();
        let (given, shown) = (width(&mut inputs()), width(&mut outputs()));
        let clocks = self.bits.len();
        let mut out = format!(
            "`timescale 1ns / 1ps\n\n\
             // Compares {name} with the simulation of its source, {clocks} clocks.\n\
             module {name}_tb;\n    reg p_clock;\n"
        );
        for port in self.ports.iter().filter(|port| is_driven(port) || !port.is_input) {
            let kind = if port.is_input { "reg" } else { "wire" };
            out += &format!("    {kind} [{}:0] p_{};\n", port.width - 1, port.name);
        }
        let top = given + 2 * shown - 1;
        out += &format!("    reg [{top}:0] vectors [0:{}];\n", clocks.saturating_sub(1));
        out += &format!("    reg [{top}:0] vector;\n    integer clocks;\n\n");
        // By position: the writer may have renamed a port.
        let connections: Vec<String> =
            self.ports.iter().map(|port| format!("p_{}", port.name)).collect();
        out +=
            &format!("    {name} uut (\n        {}\n    );\n\n", connections.join(",\n        "));
        out +=
            &format!("    task check(input [{}:0] expected);\n        begin\n", shown.max(1) - 1);
        let mut at = shown;
        for port in outputs() {
            at -= port.width;
            let (shown, range) = (&port.name, format!("expected[{}:{at}]", at + port.width - 1));
            out += &format!(
                "            if (p_{shown} !== {range}) begin\n                \
                 $display(\"clock %0d: {shown} is %h, expected %h\", clocks, p_{shown}, {range});\n                \
                 $fatal(1);\n            end\n"
            );
        }
        out += "        end\n    endtask\n\n    initial begin\n        p_clock = 1'b0;\n";
        out += &format!("        $readmemh(\"{data_file}\", vectors);\n");
        out += &format!(
            "        for (clocks = 0; clocks < {clocks}; clocks = clocks + 1) begin\n            \
             vector = vectors[clocks];\n"
        );
        if given > 0 {
            let names: Vec<String> = inputs().map(|port| format!("p_{}", port.name)).collect();
            out +=
                &format!("            {{{}}} = vector[{top}:{}];\n", names.join(", "), 2 * shown);
        }
        for (edge, low) in [("", shown), ("            #1 p_clock = 1'b1;\n", 0)] {
            out += edge;
            if shown > 0 {
                out += &format!("            #1 check(vector[{}:{low}]);\n", low + shown - 1);
            }
        }
        out += "            #1 p_clock = 1'b0;\n        end\n";
        out += &format!("        $display(\"{name}: {clocks} clocks agree\");\n        $finish;\n");
        out += "    end\nendmodule\n";
        super::wrap::wrapped(&out)
    }
}

fn is_driven(port: &Port) -> bool {
    port.is_input && port.name != "clock"
}

/// The values of the inputs without the clock, or of the outputs, the highest bit first.
fn bits(ports: &[Port], of_inputs: bool) -> String {
    let chosen = ports.iter().filter(|port| match of_inputs {
        true => is_driven(port),
        false => !port.is_input,
    });
    chosen.map(|port| port.bits.as_str()).collect()
}

fn hexadecimal(bits: &str) -> String {
    let padded = format!("{}{bits}", "0".repeat((4 - bits.len() % 4) % 4));
    let digit = |digit: &[u8]| {
        let value = digit.iter().fold(0, |value, bit| 2 * value + u32::from(*bit == b'1'));
        char::from_digit(value, 16).unwrap_or('0')
    };
    padded.as_bytes().chunks(4).map(digit).collect()
}
