//! The tools of a proof: Yosys writes the design as formulas, its yosys-smtbmc unrolls them, Yices solves them.

use hge_boards::tools::{self, find, wheel, ToolError, Yosys};
use hge_tests::testbench::Scratch;
use std::path::PathBuf;
use std::process::Command;

/// Seconds after which a proof is given up.
const MOST_SECONDS: &str = "600";

/// The solver's program.
const SOLVER: &str = "yices-smt2";

/// Located tools.
pub struct Prover {
    yosys: Yosys,
    unroller: PathBuf,
    /// Folder of the solver, where it is not on the search path.
    solver: Option<PathBuf>,
}

/// What the prover says.
pub struct Answer {
    pub passed: bool,
    /// Its lines.
    printed: String,
    /// Design, and `trace.vcd` of a failure; kept where the test fails.
    folder: Scratch,
}

impl Answer {
    /// Fails with `what` unless it passed.
    pub fn expect(&self, proof: &str, what: &str) {
        let folder = self.folder.path().display();
        assert!(self.passed, "{proof}: {what}, see {folder}/trace.vcd:\n{}", self.printed);
    }
}

/// What precedes the states of a query: the solver's theory, and the design without options of its own.
fn query(design: &str) -> String {
    let own = design.lines().filter(|line| !line.starts_with("(set-"));
    own.fold(String::from("(set-logic QF_AUFBV)\n"), |text, line| text + line + "\n")
}

/// Numbers and names of the assertions of a design.
fn assertions(design: &str) -> Vec<(&str, &str)> {
    let told = design.lines().filter_map(|line| line.strip_prefix("; yosys-smt2-assert "));
    told.filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?))
    })
    .collect()
}

impl Prover {
    /// The system's Yosys, and the system's Yices or that of the wheel.
    pub fn locate() -> Result<Self, ToolError> {
        let missing = || ToolError::Missing {
            tool: "yosys-smtbmc".into(),
            remedy: "install Yosys, to which it belongs".into(),
        };
        let unroller = find("yosys-smtbmc").ok_or_else(missing)?;
        let solver = match find(SOLVER) {
            Some(_) => None,
            None => Some(wheel::YICES.fetch()?.1.join("bin")),
        };
        Ok(Self { yosys: Yosys::locate()?, unroller, solver })
    }

    /// The solver, which is found with the search path of the command.
    fn with_solver(&self, command: &mut Command) {
        if let Some(solver) = &self.solver {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(solver.clone()).chain(std::env::split_paths(&path));
            command.env("PATH", std::env::join_paths(folders).unwrap_or(path));
        }
    }

    /// Runs Yosys's `script` in the folder, and asks of the assertions of module `top`, or of the one with the name `only`, each alone: may it fail
    /// in a state that follows `steps` in which all hold? Names of those that may. The solver takes seconds for each, and hours for all at once.
    pub fn not_inductive(
        &self,
        scratch: &Scratch,
        script: &str,
        top: &str,
        steps: u32,
        only: Option<&str>,
    ) -> Result<Vec<String>, ToolError> {
        let folder = scratch.path();
        self.yosys.run(folder, script)?;
        let file = |error: std::io::Error| ToolError::Failed {
            tool: "a query".into(),
            output: error.to_string(),
        };
        let design = std::fs::read_to_string(folder.join("design.smt2")).map_err(file)?;
        let mut states = query(&design);
        for state in 0..=steps {
            states += &format!("(declare-fun s{state} () |{top}_s|)\n");
            states += &format!("(assert (|{top}_u| s{state}))\n(assert (|{top}_h| s{state}))\n");
        }
        for state in 0..steps {
            let next = state + 1;
            states +=
                &format!("(assert (|{top}_a| s{state}))\n(assert (|{top}_t| s{state} s{next}))\n");
        }
        let mut failing = Vec::new();
        let chosen = |(_, name): &(&str, &str)| only.is_none_or(|only| only == *name);
        for (number, name) in assertions(&design).into_iter().filter(chosen) {
            let fails = format!("(assert (not (|{top}_a {number}| s{steps})))\n(check-sat)\n");
            std::fs::write(folder.join("query.smt2"), format!("{states}{fails}")).map_err(file)?;
            let program = self.solver.as_ref().map_or(SOLVER.into(), |bin| bin.join(SOLVER));
            let mut command = Command::new(program);
            command.args(["--timeout", MOST_SECONDS, "query.smt2"]).current_dir(folder);
            let output = tools::output(&mut command, SOLVER)?;
            match String::from_utf8_lossy(&output.stdout).trim() {
                "unsat" => {}
                "sat" => failing.push(name.to_owned()),
                other => {
                    let output = format!("{name}: {other}");
                    return Err(ToolError::Failed { tool: SOLVER.into(), output });
                }
            }
        }
        Ok(failing)
    }

    /// Runs Yosys's `script` in the folder, which leaves `design.smt2`, and proves it to `steps` steps.
    pub fn ask(
        &self,
        scratch: Scratch,
        script: &str,
        options: &[&str],
        steps: u32,
    ) -> Result<Answer, ToolError> {
        let folder = scratch.path();
        self.yosys.run(folder, script)?;
        let mut command = Command::new(&self.unroller);
        command.args(["--noprogress", "-s", "yices", "--timeout", MOST_SECONDS]).args(options);
        command.args(["--dump-vcd", "trace.vcd"]);
        command.args(["-t", &steps.to_string(), "design.smt2"]).current_dir(folder);
        self.with_solver(&mut command);
        let output = tools::output(&mut command, "yosys-smtbmc")?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let passed = output.status.success() && printed.contains("Status: PASSED");
        if !passed && !printed.contains("Status: FAILED") {
            let errors = String::from_utf8_lossy(&output.stderr);
            let output = format!("{printed}{errors}");
            return Err(ToolError::Failed { tool: "yosys-smtbmc".into(), output });
        }
        let lines = printed.lines().filter(|line| !line.contains("in step"));
        let printed = lines.map(|line| format!("{line}\n")).collect();
        Ok(Answer { passed, printed, folder: scratch })
    }
}
