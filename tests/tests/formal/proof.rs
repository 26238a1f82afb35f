//! A proof: properties that stand in an emitted module, and what Yosys and an SMT solver say of them.

use super::prover::{Answer, Prover};
use hge_tests::testbench::{put, Scratch};
use hge_verilog::{verilog_prefixed, SourceDocs};
use rust_hdl::prelude::*;
use std::path::Path;

/// Prefix of the modules below a top.
const PREFIX: &str = "hge_";

/// Properties of one emitted module.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Name in the tables and in `mutants.toml`.
    pub name: &'static str,
    /// What is proved, and what is taken for granted, for the page.
    pub claim: &'static str,
    pub given: &'static str,
    /// The emitted Verilog, and its top module.
    pub verilog: String,
    pub top: &'static str,
    /// Properties, each with the module that it is put into, before its `endmodule`.
    pub properties: Vec<(&'static str, String)>,
    /// Macros of the properties.
    pub defines: Vec<(&'static str, String)>,
    /// Instances whose outputs take any value.
    pub cuts: Vec<&'static str>,
    /// Steps of the induction.
    pub depth: u32,
    /// Whether the induction asks of each assertion alone, and faults show in its step instead of in a run from power-up.
    pub is_apart: bool,
    /// Clocks in which covers are reached and faults are found; 0: another form of the proof shows that.
    pub clocks: u32,
}

/// A file of `tests/formal`.
pub fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("formal");
    let path = folder.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Verilog of a block as top module `name`.
pub fn emitted<B: Block>(name: &str, mut block: B) -> String {
    block.connect_all();
    verilog_prefixed(PREFIX, name, &block, &SourceDocs::default(), "").expect("Verilog")
}

impl Proof {
    /// Names of the assertions.
    pub fn names(&self) -> Vec<String> {
        let texts = self.properties.iter().flat_map(|(_, text)| text.lines());
        let before = texts.filter_map(|line| line.split_once(": assert (")).map(|(name, _)| name);
        before.filter_map(|text| text.split_whitespace().last()).map(str::to_owned).collect()
    }

    /// Number of covers.
    pub fn covers(&self) -> usize {
        self.properties.iter().map(|(_, text)| text.matches("cover (").count()).sum()
    }

    /// The modules with their properties.
    ///
    /// # Panics
    /// A module is not there.
    fn text(&self, verilog: &str) -> String {
        let mut text = verilog.to_owned();
        for (module, properties) in &self.properties {
            let head = format!("module {module} ");
            let begin = text.find(&head).unwrap_or_else(|| panic!("{}: no {head}", self.name));
            let end = text[begin..].find("endmodule").expect("an end") + begin;
            text.insert_str(end, properties);
        }
        let define = |(name, value): &(&str, String)| format!("`define {name} {value}\n");
        self.defines.iter().map(define).collect::<String>() + &text
    }

    /// A folder with `verilog`, of whose assertions only `only` stays, and Yosys's script that makes formulas of it.
    fn prepared(&self, verilog: &str, only: Option<&str>, is_narrow: bool) -> (Scratch, String) {
        let folder = Scratch::new(self.name).expect("a scratch folder");
        put(folder.path(), "design.sv", &self.text(verilog)).expect("a writable folder");
        let cut = |name: &&str| format!("select -assert-count 1 {name}; cutpoint {name}; ");
        let cuts: String = self.cuts.iter().map(cut).collect();
        let others = only.map_or(String::new(), |name| {
            format!("delete */t:$assert */c:{name} %d; select -assert-count 1 */c:{name}; ")
        });
        let top = self.top;
        let narrow = if is_narrow { "-DNARROW" } else { "" };
        // As on a part, memories hold anything at power-up; to unroll the loop that clears 65536 words takes Yosys an hour.
        let script = format!(
            "read_verilog -DSYNTHESIS {narrow} -sv -formal design.sv; hierarchy -top {top}; {cuts}proc -norom; {others}\
             prep -top {top} -flatten; async2sync; dffunmap; write_smt2 -wires design.smt2"
        );
        (folder, script)
    }

    /// Asks the prover of `verilog`, of whose assertions only `only` stays.
    fn ask(&self, verilog: &str, only: Option<&str>, mode: &[&str], steps: u32) -> Answer {
        // Runs are looked for among fewer inputs, where the properties say so; a proof is of all.
        let (folder, script) = self.prepared(verilog, only, only.is_some() || mode == ["-c"]);
        let prover = Prover::locate().unwrap_or_else(|error| panic!("{error}"));
        let answer = prover.ask(folder, &script, mode, steps);
        answer.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Fails unless all properties hold in every state that can be reached, and every cover is reached.
    pub fn holds(&self) {
        let base = self.ask(&self.verilog, None, &[], self.depth + 1);
        base.expect(self.name, "fails after power-up");
        if self.is_apart {
            let failing = self.not_inductive(&self.verilog, None);
            assert!(failing.is_empty(), "{}: not inductive: {failing:?}", self.name);
        } else {
            let step = self.ask(&self.verilog, None, &["-i"], self.depth);
            step.expect(self.name, "not inductive");
        }
        if self.covers() > 0 && self.clocks > 0 {
            let covers = self.ask(&self.verilog, None, &["-c"], self.clocks);
            covers.expect(self.name, "never reached");
        }
    }

    /// Assertions, or that with the name `only`, that may fail after `depth` states in which all hold.
    fn not_inductive(&self, verilog: &str, only: Option<&str>) -> Vec<String> {
        let (folder, script) = self.prepared(verilog, None, false);
        let prover = Prover::locate().unwrap_or_else(|error| panic!("{error}"));
        let failing = prover.not_inductive(&folder, &script, self.top, self.depth, only);
        failing.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Puts one text in place of another in the Verilog, and looks for a run from power-up that breaks the assertion `property`, or whether it
    /// is inductive still.
    ///
    /// # Errors
    /// The text is not there exactly once, or there is no such run of at most `clocks` clocks.
    pub fn dies_of(&self, find: &str, replace: &str, property: &str) -> Result<(), String> {
        let name = self.name;
        match self.verilog.matches(find).count() {
            1 => {}
            count => {
                return Err(format!("{name}: `{find}` is {count} times in the Verilog, not once"))
            }
        }
        let mutant = self.verilog.replacen(find, replace, 1);
        let survives = match self.is_apart {
            true => self.not_inductive(&mutant, Some(property)).is_empty(),
            false => self.ask(&mutant, Some(property), &[], self.clocks).passed,
        };
        match survives {
            true => Err(format!("{name}: {property} survives `{replace}`")),
            false => Ok(()),
        }
    }
}
