//! Compiles Verilog to a program.

use crate::engine::EngineError;
use hge_boards::package;
use hge_boards::tools::{cache_folder, find, run, ToolError, Yosys};
use hge_gateware::board::Converters;
use hge_gateware::build::Build;
use hge_gateware::converter::chips;
use hge_gateware::link::line::Line;
use hge_protocol::recording::Recording;
use hge_protocol::Parameters;
use hge_system::file::Temporary;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

/// A lock for each folder of the cache: the second thread that asks for a program waits for the first.
static FOLDERS: Mutex<Option<HashMap<PathBuf, Arc<Mutex<()>>>>> = Mutex::new(None);

/// Sources of Verilator's runtime that every program has: 3.1 of 6.8 s of a program.
const RUNTIME: [&str; 2] = ["verilated", "verilated_threads"];

/// Options of the C++ compiler for what runs at every clock: as fast as with -O2, for half the time of compilation.
const OPTIMISED: &str = "-O1";

/// The program around the compiled instrument: files and their texts.
const HARNESS: [(&str, &str); 4] = [
    ("harness.cpp", include_str!("harness.cpp")),
    ("line.hpp", include_str!("line.hpp")),
    ("pipe.hpp", include_str!("pipe.hpp")),
    ("converters.hpp", include_str!("converters.hpp")),
];

/// Compilers of the Verilog.
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
        if find("verilator").is_some() {
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
        if find("verilator").is_some() {
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
        self.compile_top(package::instrument(parameters), "hge_instrument", parameters.inputs, "")
    }

    /// The same on a line.
    ///
    /// # Errors
    /// A generic or the rate out of range; a tool fails.
    pub fn compile_on_line(
        &self,
        parameters: &Parameters,
        line: Line,
    ) -> Result<PathBuf, EngineError> {
        let made = package::instrument_on_line(parameters, line, &Build::default());
        let verilog = made.map(|mut files| files.swap_remove(0));
        let define = of_line(line, parameters.clock_hz);
        self.compile_top(verilog, package::top_on_line(line), parameters.inputs, &define)
    }

    /// The board's top with these converters, this line and what is played after power-up.
    ///
    /// # Errors
    /// A generic, the rate or the clock out of range; a tool fails.
    pub fn compile_board(
        &self,
        parameters: &Parameters,
        converters: Converters,
        line: Line,
        recording: &Recording,
    ) -> Result<PathBuf, EngineError> {
        let verilog =
            package::board_of_build(parameters, converters, line, &Build::default(), recording)
                .map_err(|error| EngineError::Tool(error.to_string()))?;
        self.compile_board_text(&verilog[0].text, parameters, line)
    }

    /// A board's top for `parameters` whose Verilog is given, such as a netlist with the models of its cells.
    ///
    /// # Errors
    /// A tool fails.
    pub fn compile_board_text(
        &self,
        verilog: &str,
        parameters: &Parameters,
        line: Line,
    ) -> Result<PathBuf, EngineError> {
        let Parameters { outputs, inputs, clock_hz, .. } = *parameters;
        let (dacs, line) = (chips(outputs), of_line(line, clock_hz));
        let define = format!("-DHGE_INPUTS={inputs} -DHGE_DACS={dacs} -DHGE_BOARD {line}");
        self.compile_text(verilog, "hge_board", &define)
    }

    fn compile_top(
        &self,
        verilog: Result<package::File, package::PackageError>,
        top: &str,
        inputs: u32,
        define: &str,
    ) -> Result<PathBuf, EngineError> {
        let define = format!("-DHGE_INPUTS={inputs} {define}");
        let verilog = verilog.map_err(|error| EngineError::Tool(error.to_string()))?;
        self.compile_text(&verilog.text, top, &define)
    }

    fn compile_text(&self, verilog: &str, top: &str, define: &str) -> Result<PathBuf, EngineError> {
        let mut hash = DefaultHasher::new();
        (verilog, HARNESS, self.name(), define).hash(&mut hash);
        let folder = cache_folder().join(format!("engine-{}-{:016x}", self.name(), hash.finish()));
        kept(&folder, |work| {
            for (name, text) in [("design.v", verilog)].iter().chain(&HARNESS) {
                let path = work.join(name);
                std::fs::write(&path, text).map_err(|source| ToolError::File { path, source })?;
            }
            match self {
                Compiler::Verilator => verilator(work, top, define),
                Compiler::Cxxrtl(yosys) => cxxrtl(yosys, work, top, define),
            }
        })?;
        Ok(folder.join("engine"))
    }
}

/// What the program around the instrument is told of its line.
fn of_line(line: Line, clock_hz: u32) -> String {
    match line {
        Line::Uart { baud } => format!("-DHGE_SERIAL={}", clock_hz / baud.max(1)),
        Line::Ft245 => format!("-DHGE_FT245={clock_hz}"),
    }
}

fn verilator(work: &Path, top: &str, define: &str) -> Result<(), EngineError> {
    let mut command = Command::new("verilator");
    command
        .args(["--cc", "-O3", "--Mdir", "build", "-Wno-fatal", "--top-module", top, "design.v"])
        .current_dir(work);
    run(&mut command, "verilator")?;
    let runtime = Runtime::locate()?;
    let (at_clocks, at_start) = sources(&work.join("build"))?;
    let failed = |source| ToolError::File { path: work.to_owned(), source };
    std::fs::write(work.join("clocks.cpp"), includes("harness.cpp", &at_clocks)).map_err(failed)?;
    std::fs::write(work.join("start.cpp"), includes("verilated.h", &at_start)).map_err(failed)?;
    for (unit, level) in [("clocks", OPTIMISED), ("start", "-O0")] {
        let defines = define.split_whitespace().chain(["-DHGE_VERILATOR", "-Ibuild", level]);
        runtime.compile(work, &format!("{unit}.cpp"), defines)?;
    }
    let mut link = Command::new(cpp_compiler()?);
    link.args(["-pthread", "-o", "engine", "clocks.o", "start.o"])
        .args(RUNTIME.map(|name| runtime.objects.join(name).with_extension("o")))
        .current_dir(work);
    run(&mut link, "the C++ compiler")?;
    Ok(())
}

/// Names of the C++ files in `build`: those that run at every clock, and those that run once (408 of 889 kB).
fn sources(build: &Path) -> Result<(Vec<String>, Vec<String>), ToolError> {
    let failed = |source| ToolError::File { path: build.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(build).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name.ends_with(".cpp"));
    names.sort();
    let once = |name: &String| ["Slow", "Syms", "ConstPool"].iter().any(|part| name.contains(part));
    Ok(names.into_iter().partition(|name| !once(name)))
}

/// A unit of C++ of these files: headers are read once, and calls from one file to another may be expanded.
fn includes(first: &str, names: &[String]) -> String {
    std::iter::once(first)
        .chain(names.iter().map(String::as_str))
        .map(|name| format!("#include \"{name}\"\n"))
        .collect()
}

/// Verilator's runtime: compiled once for each Verilator and compiler, and kept.
struct Runtime {
    /// Folder of the sources and headers.
    include: PathBuf,
    /// Folder of the objects.
    objects: PathBuf,
}

impl Runtime {
    fn locate() -> Result<Self, EngineError> {
        let root =
            run(Command::new("verilator").args(["--getenv", "VERILATOR_ROOT"]), "verilator")?;
        let include = Path::new(root.trim()).join("include");
        let mut hash = DefaultHasher::new();
        for (program, name) in [(PathBuf::from("verilator"), "verilator"), (cpp_compiler()?, "c++")]
        {
            run(Command::new(program).arg("--version"), name)?.hash(&mut hash);
        }
        OPTIMISED.hash(&mut hash);
        let objects = cache_folder().join(format!("verilator-runtime-{:016x}", hash.finish()));
        let runtime = Self { include, objects };
        kept(&runtime.objects, |work| {
            RUNTIME.iter().try_for_each(|name| {
                let source = runtime.include.join(name).with_extension("cpp");
                runtime.compile(work, &source.to_string_lossy(), [OPTIMISED])
            })
        })?;
        Ok(runtime)
    }

    /// Compiles `source` to an object in `folder`.
    fn compile<'a>(
        &self,
        folder: &Path,
        source: &str,
        options: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), EngineError> {
        let mut command = Command::new(cpp_compiler()?);
        command
            .args(["-c", "-std=gnu++17", "-w"])
            .args(options)
            .args(["-I".into(), self.include.clone(), "-I".into(), self.include.join("vltstd")])
            .arg(source)
            .current_dir(folder);
        run(&mut command, "the C++ compiler")?;
        Ok(())
    }
}

/// Keeps a folder of the cache: `fill` fills it at the first call, in a folder beside it.
fn kept(
    folder: &Path,
    fill: impl FnOnce(&Path) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let lock = {
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        folders.get_or_insert_default().entry(folder.to_owned()).or_default().clone()
    };
    let _lock = lock.lock().unwrap_or_else(PoisonError::into_inner);
    if folder.is_dir() {
        return Ok(());
    }
    // Another process may be at the same folder.
    let work = folder.with_extension(std::process::id().to_string());
    let temporary = Temporary::create(work.clone())
        .map_err(|source| ToolError::File { path: work.clone(), source })?;
    fill(&work)?;
    // Whoever comes second finds the folder there; its own copy is as good and is dropped.
    let _ = std::fs::rename(temporary.path(), folder);
    Ok(())
}

fn cxxrtl(yosys: &Yosys, work: &Path, top: &str, define: &str) -> Result<(), EngineError> {
    yosys.run(work, &format!("read_verilog design.v; prep -top {top}; write_cxxrtl design.cc"))?;
    let compiler = cpp_compiler()?;
    let mut command = Command::new(compiler);
    command
        .args(define.split_whitespace())
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
