//! Toggle coverage of the instrument's Verilog: which bits of its signals runs move, counted by Verilator.

use crate::scenario::Scenario;
use crate::testbench::{put, Scratch};
use hge_boards::package;
use hge_boards::tools::{self, ToolError};
use hge_protocol::Parameters;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Plays a host.
const PLAYER: &str = include_str!("../models/toggles.cpp");
/// Signals that need not move.
const WAIVERS: &str = include_str!("../models/toggles.toml");

/// A bit that has moved to and fro.
const MOVES: u64 = 2;

/// One bit of a signal of one instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Module of the instance, without the prefix of the project.
    pub module: String,
    /// Instances from the top to it.
    pub instance: String,
    /// Name of the signal.
    pub signal: String,
    /// Number of the bit; 0 of a signal of one bit.
    pub bit: u32,
}

/// How often every bit has changed.
pub type Counts = BTreeMap<Point, u64>;

/// Bits of a signal that need not move.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Module; any where it is `*`.
    pub module: String,
    /// Signals.
    pub signals: Vec<String>,
    /// Lowest bit.
    #[serde(default)]
    pub from: u32,
    /// Highest bit.
    #[serde(default = "highest")]
    pub to: u32,
    /// Why.
    pub reason: String,
}

fn highest() -> u32 {
    u32::MAX
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waivers {
    waiver: Vec<Waiver>,
}

/// The waivers of `tests/models/toggles.toml`.
///
/// # Errors
/// What is wrong in the file.
pub fn waivers() -> Result<Vec<Waiver>, toml::de::Error> {
    toml::from_str::<Waivers>(WAIVERS).map(|list| list.waiver)
}

impl Waiver {
    /// Whether it is of this bit.
    pub fn matches(&self, point: &Point) -> bool {
        let module = self.module == "*" || self.module == point.module;
        let signal = self.signals.contains(&point.signal);
        module && signal && (self.from..=self.to).contains(&point.bit)
    }
}

/// An instrument compiled to count.
pub struct Counter {
    scratch: Scratch,
    parameters: Parameters,
}

impl Counter {
    /// Compiles the instrument of `parameters`.
    ///
    /// # Errors
    /// Verilator or the C++ compiler fails, or a file cannot be written.
    pub fn compile(parameters: Parameters) -> Result<Self, ToolError> {
        let scratch = Scratch::new("toggles")
            .map_err(|source| ToolError::File { path: std::env::temp_dir(), source })?;
        let failed = |output: String| ToolError::Failed { tool: "the emitter".into(), output };
        let verilog =
            package::instrument(&parameters).map_err(|error| failed(error.to_string()))?;
        put(scratch.path(), "instrument.v", &verilog.text)?;
        put(scratch.path(), "player.cpp", PLAYER)?;
        let ports: Vec<String> =
            (0..parameters.inputs).map(|input| format!("&top.adc_{input}")).collect();
        let defines = format!(
            "-O1 -DHGE_INPUTS={} -DHGE_ADC_PORTS='{}'",
            parameters.inputs,
            ports.join(", ")
        );
        let mut command = Command::new("verilator");
        command
            .args(["--cc", "--exe", "--build", "--coverage-toggle", "-Wno-fatal", "-CFLAGS"])
            .arg(defines)
            .args(["--top-module", "hge_instrument", "instrument.v", "player.cpp"])
            .current_dir(scratch.path());
        tools::run(&mut command, "verilator")?;
        Ok(Counter { scratch, parameters })
    }

    /// Plays `scenario`, whose instrument must be the compiled one, and adds what moves to `counts`.
    ///
    /// # Errors
    /// The program fails, or says something else than the model.
    pub fn play(&self, scenario: &Scenario, counts: &mut Counts) -> Result<(), ToolError> {
        let failed = |output: &str| ToolError::Failed {
            tool: "the compiled instrument".into(),
            output: output.into(),
        };
        if scenario.parameters != self.parameters {
            return Err(failed("it was compiled for other parameters"));
        }
        let record = scenario.model_record().map_err(|error| failed(&error.to_string()))?;
        let items = record.lines.iter().flat_map(|line| {
            let last = line.len() - 1;
            let item = move |(place, &byte)| u16::from(byte) | u16::from(place == last) << 8;
            line.iter().enumerate().map(item)
        });
        let codes = record.samples.iter().flat_map(|(_, codes)| codes).map(|&code| code as u16);
        let mut input = Vec::new();
        for words in [items.collect::<Vec<u16>>(), codes.collect()] {
            input.extend((words.len() as u32).to_le_bytes());
            input.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        let program = self.scratch.path().join("obj_dir/Vhge_instrument");
        let start = |source| ToolError::Start { tool: "the compiled instrument".into(), source };
        let mut command = Command::new(program);
        command.current_dir(self.scratch.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(start)?;
        // It reads all before it says a byte.
        child
            .stdin
            .take()
            .into_iter()
            .try_for_each(|mut pipe| pipe.write_all(&input))
            .map_err(start)?;
        let output = child.wait_with_output().map_err(start)?;
        if !output.status.success() {
            return Err(failed("it does not come to rest"));
        }
        if output.stdout != record.received {
            return Err(failed("it sends something else than the model"));
        }
        let path = self.scratch.path().join("coverage.dat");
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ToolError::File { path: PathBuf::from(&path), source })?;
        for (point, count) in parse(&text) {
            *counts.entry(point).or_default() += count;
        }
        Ok(())
    }
}

/// Points and counts of Verilator's file: fields of a line are parted by byte 1, and a field's name from its value by byte 2.
fn parse(text: &str) -> impl Iterator<Item = (Point, u64)> + '_ {
    text.lines().filter_map(|line| {
        let (fields, count) = line.strip_prefix("C '")?.rsplit_once("' ")?;
        let field = |name: &str| {
            let fields = fields.split('\u{1}').filter_map(|field| field.split_once('\u{2}'));
            fields.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let page = field("page")?.strip_prefix("v_toggle/")?;
        let module = page.strip_prefix("hge_").unwrap_or(page);
        let (signal, bit) = match field("o")?.split_once('[') {
            Some((signal, bit)) => (signal, bit.trim_end_matches(']').parse().ok()?),
            None => (field("o")?, 0),
        };
        let point = Point {
            module: module.into(),
            instance: field("h")?.into(),
            signal: signal.into(),
            bit,
        };
        Some((point, count.trim().parse().ok()?))
    })
}

/// Bits of a module, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Bits that need to move.
    pub bits: usize,
    /// Of these, those that have moved to and fro.
    pub moved: usize,
    /// Bits that need not and did not.
    pub waived: usize,
}

impl Share {
    /// Percentage of the bits that need to move.
    pub fn percent(&self) -> f64 {
        100.0 * self.moved as f64 / self.bits.max(1) as f64
    }
}

/// Shares by module, and of all.
pub fn shares(counts: &Counts, waivers: &[Waiver]) -> (BTreeMap<String, Share>, Share) {
    let (mut modules, mut all) = (BTreeMap::<String, Share>::new(), Share::default());
    for (point, &count) in counts {
        let moved = count >= MOVES;
        let waived = !moved && waivers.iter().any(|waiver| waiver.matches(point));
        for share in [&mut all, modules.entry(point.module.clone()).or_default()] {
            share.bits += usize::from(!waived);
            share.moved += usize::from(moved);
            share.waived += usize::from(waived);
        }
    }
    (modules, all)
}

/// The shares as the table of docs/verification.md.
pub fn table(modules: &BTreeMap<String, Share>, all: Share) -> String {
    let mut text = String::from("| module | bits | moved | waived |\n|---|---|---|---|\n");
    let rows = modules.iter().map(|(module, &share)| (module.as_str(), share));
    for (module, share) in rows.chain([("all", all)]) {
        let Share { bits, waived, .. } = share;
        let _ = writeln!(text, "| {module} | {bits} | {:.1} % | {waived} |", share.percent());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_module_instance_signal_and_bit() {
        let line = |signal: &str, count: u32| {
            let fields = [
                ("f", "instrument.v"),
                ("l", "7"),
                ("page", "v_toggle/hge_nco"),
                ("o", signal),
                ("h", "TOP.hge_instrument.nco"),
            ];
            let fields: String =
                fields.iter().map(|(key, value)| format!("\u{1}{key}\u{2}{value}")).collect();
            format!("C '{fields}' {count}\n")
        };
        let text = format!("# SystemC::Coverage-3\n{}{}", line("phase[3]", 5), line("valid", 0));
        let point = |signal: &str, bit| Point {
            module: "nco".into(),
            instance: "TOP.hge_instrument.nco".into(),
            signal: signal.into(),
            bit,
        };
        let read: Vec<(Point, u64)> = parse(&text).collect();
        assert_eq!(read, [(point("phase", 3), 5), (point("valid", 0), 0)]);
    }

    #[test]
    fn a_bit_counts_when_it_has_moved_to_and_fro_and_a_waiver_when_it_has_not() {
        let point = |signal: &str, bit| Point {
            module: "supervisor".into(),
            instance: "a".into(),
            signal: signal.into(),
            bit,
        };
        let counts: Counts = [
            (point("time", 0), 9),
            (point("time", 1), 2),
            (point("time", 2), 1),
            (point("time", 3), 0),
        ]
        .into();
        let waiver = |from| Waiver {
            module: "*".into(),
            signals: vec!["time".into()],
            from,
            to: 3,
            reason: "long".into(),
        };
        let (modules, all) = shares(&counts, &[]);
        assert_eq!(all, Share { bits: 4, moved: 2, waived: 0 });
        assert_eq!(modules["supervisor"], all);
        assert_eq!(shares(&counts, &[waiver(1)]).1, Share { bits: 2, moved: 2, waived: 2 });
        assert_eq!(shares(&counts, &[waiver(3)]).1, Share { bits: 3, moved: 2, waived: 1 });
        assert_eq!(all.percent(), 50.0);
    }
}
