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
        if let Some(solver) = &self.solver {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(solver.clone()).chain(std::env::split_paths(&path));
            command.env("PATH", std::env::join_paths(folders).unwrap_or(path));
        }
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
