//! From Verilog to a program.

use crate::engine::EngineError;
use hge_gateware::package;
use hge_gateware::tools::{cache_folder, find, run, ToolError, Yosys};
use hge_protocol::Parameters;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Text of the program around the compiled instrument.
const HARNESS: &str = include_str!("harness.cpp");

/// What compiles the Verilog.
#[derive(Clone, Debug)]
pub enum Compiler {
    /// Verilator, from the system.
    Verilator,
    /// Yosys's CXXRTL, from the wheel, which brings the headers.
    Cxxrtl(Yosys),
}

impl From<ToolError> for EngineError {
    fn from(error: ToolError) -> Self {
        EngineError::Tool(error.to_string())
    }
}

impl Compiler {
    /// Verilator if it is installed, else CXXRTL.
    ///
    /// # Errors
    /// There is no C++ compiler, or neither tool.
    pub fn locate() -> Result<Self, EngineError> {
        if find("verilator").is_some() && find("make").is_some() {
            return Ok(Compiler::Verilator);
        }
        Self::cxxrtl()
    }

    /// By what the Verilog would be compiled, without fetching anything.
    ///
    /// # Errors
    /// There is no C++ compiler, or neither tool.
    pub fn survey() -> Result<String, EngineError> {
        let compiler = cpp_compiler()?;
        if find("verilator").is_some() && find("make").is_some() {
            return Ok(format!("Verilator and {}", compiler.display()));
        }
        let fetched = Yosys::wheel_is_fetched()?;
        let when = if fetched { "" } else { ", which pip fetches at the first run" };
        Ok(format!("Yosys's CXXRTL{when} and {}", compiler.display()))
    }

    /// CXXRTL, whatever else is installed.
    ///
    /// # Errors
    /// The wheel is not to be had.
    pub fn cxxrtl() -> Result<Self, EngineError> {
        Ok(Compiler::Cxxrtl(Yosys::wheel()?))
    }

    fn name(&self) -> &'static str {
        match self {
            Compiler::Verilator => "verilator",
            Compiler::Cxxrtl(_) => "cxxrtl",
        }
    }

    /// The program for an instrument made for `parameters`; made at the first call, then kept.
    ///
    /// # Errors
    /// A generic out of range; a tool fails.
    pub fn compile(&self, parameters: &Parameters) -> Result<PathBuf, EngineError> {
        let verilog = package::instrument(parameters)
            .map_err(|error| EngineError::Tool(error.to_string()))?;
        let mut hash = DefaultHasher::new();
        (&verilog.text, HARNESS, self.name()).hash(&mut hash);
        let folder = cache_folder().join(format!("engine-{}-{:016x}", self.name(), hash.finish()));
        let program = folder.join("engine");
        if program.is_file() {
            return Ok(program);
        }
        let work = folder.with_extension(std::process::id().to_string());
        std::fs::create_dir_all(&work)
            .and_then(|()| std::fs::write(work.join("design.v"), &verilog.text))
            .and_then(|()| std::fs::write(work.join("harness.cpp"), HARNESS))
            .map_err(|source| ToolError::File { path: work.clone(), source })?;
        match self {
            Compiler::Verilator => verilator(&work)?,
            Compiler::Cxxrtl(yosys) => cxxrtl(yosys, &work)?,
        }
        // Whoever comes second finds the folder there; its own copy is as good and is dropped.
        if std::fs::rename(&work, &folder).is_err() {
            let _ = std::fs::remove_dir_all(&work);
        }
        Ok(program)
    }
}

fn verilator(work: &Path) -> Result<(), EngineError> {
    let mut command = Command::new("verilator");
    command
        .args(["--cc", "--exe", "--build", "-O3", "--Mdir", "build", "-Wno-fatal"])
        .args(["--top-module", "hge_instrument", "-CFLAGS", "-O2 -DHGE_VERILATOR"])
        .args(["-o", "../engine", "design.v", "harness.cpp"])
        .current_dir(work);
    run(&mut command, "verilator")?;
    Ok(())
}

fn cxxrtl(yosys: &Yosys, work: &Path) -> Result<(), EngineError> {
    yosys.run(work, "read_verilog design.v; prep -top hge_instrument; write_cxxrtl design.cc")?;
    let compiler = cpp_compiler()?;
    let mut command = Command::new(compiler);
    command
        .args(["-O2", "-std=c++17", "-I"])
        .arg(yosys.share.join("include/backends/cxxrtl/runtime"))
        .args(["-o", "engine", "harness.cpp"])
        .current_dir(work);
    run(&mut command, "the C++ compiler")?;
    Ok(())
}

fn cpp_compiler() -> Result<PathBuf, ToolError> {
    find("c++").or_else(|| find("g++")).or_else(|| find("clang++")).ok_or_else(|| {
        ToolError::Missing {
            tool: "a C++ compiler".into(),
            remedy: "install g++ or clang++ to compile the gateware".into(),
        }
    })
}
