//! The bitstream flow of a board: Verilog, synthesis, placing and routing, timing, packing, bundle.
//!
//! | module | content |
//! |---|---|
//! | [`top`] | the vendor's top around `hge_board` |
//! | [`toolset`] | the tools, from the system or as pinned wheels |
//! | `family` | commands for each tool |
//! | [`report`] | results of each tool |
//! | [`bundle`] | the resulting folder |
//!
//! Known faults of the tools are checked: a log of Yosys with a driver conflict, or an incomplete one, is an error; iCE40 timing is taken
//! from icetime as well as from nextpnr, which ignores the delay of an unregistered multiplier.

pub mod bundle;
mod error;
mod family;
mod placing;
pub mod report;
pub mod survey;
pub mod toolset;
pub mod top;

pub use error::FlowError;
pub use family::synth_ecp5;

use crate::board_file::Board;
use crate::package::File;
use crate::tools::{cache_folder, ToolError};
use bundle::{BuiltIn, Manifest};
use hge_gateware::build::Build as BuiltWith;
use hge_protocol::recording::Recording;
use hge_protocol::Analogue;
use hge_system::file::{self, Temporary};
use placing::{severest, Placed};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use toolset::{Choice, Ran, Tool, Toolset};

/// Name of a board's description in messages and logs.
const BOARD_FILE: &str = "board.toml";

/// Name of an experiment in messages and logs.
const EXPERIMENT_FILE: &str = "experiment.toml";

/// Builds begun by this process.
static BUILDS: AtomicU32 = AtomicU32::new(0);

/// Progress of a build.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Something is about to happen.
    Begins(String),
    /// A step has ended.
    Done(String),
}

/// An experiment that goes into a bitstream.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// Text of the experiment file.
    pub text: String,
    /// Recording of the board.
    pub recording: Recording,
    /// The scale it is played on.
    pub analogue: Analogue,
}

/// The scale with which the board's instrument powers up: the experiment's, which was compared with the board's, or the board's.
fn analogue(board: &Board, embedded: Option<&Embedded>) -> Option<Analogue> {
    embedded.map(|embedded| &embedded.analogue).or(board.file.analogue.as_ref()).cloned()
}

/// Complete input of a board's vendor tools, as files; `embedded` is the embedded experiment.
///
/// # Errors
/// The gateware or the PLL cannot be made.
pub fn sources(
    board: &Board,
    build_hash: u32,
    embedded: Option<&Embedded>,
) -> Result<Vec<File>, FlowError> {
    let file = &board.file;
    let title = format!(
        "Top of {} ({}).\nMade by hge {} from {BOARD_FILE}; do not edit.\n\nSPDX-License-Identifier: MIT OR Apache-2.0",
        file.title,
        file.fpga.part(),
        env!("CARGO_PKG_VERSION")
    );
    let build = BuiltWith { hash: build_hash, analogue: analogue(board, embedded) };
    let named = |name: &str, text: String| File { name: name.to_owned(), text };
    let none = Recording::default();
    let recording = embedded.map_or(&none, |embedded| &embedded.recording);
    let mut files = vec![
        named(family::BOARD_VERILOG, board.verilog(&build, recording)?),
        named(family::TOP_VERILOG, top::verilog(board, &title)?),
        named(file.fpga.pin_file(), board.pins.clone()),
        named(BOARD_FILE, board.text.clone()),
    ];
    files.extend(embedded.map(|embedded| named(EXPERIMENT_FILE, embedded.text.clone())));
    files.extend(family::vivado(board).map(|text| named("build.tcl", text)));
    Ok(files)
}

/// A build in progress, in its own folder in the cache.
struct Build<'a> {
    board: &'a Board,
    embedded: Option<&'a Embedded>,
    folder: PathBuf,
    on_progress: &'a mut dyn FnMut(Progress),
}

/// Builds `board` from the commit `build_hash` into the bundle `target`; `embedded` is the embedded experiment.
///
/// # Errors
/// Something is missing, fails, does not fit or misses its clock. Nothing is at `target` then that was not there before; the logs of what failed stay in the
/// cache.
pub fn build(
    board: &Board,
    build_hash: u32,
    embedded: Option<&Embedded>,
    choice: Choice,
    target: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Manifest, FlowError> {
    bundle::check_target(target)?;
    refuse_vendor_only(board)?;
    on_progress(Progress::Begins("Verilog".into()));
    let files = sources(board, build_hash, embedded)?;
    build_from(board, build_hash, embedded, &files, choice, target, on_progress)
}

/// As [`build`], from `files`, which replace [`sources`].
///
/// # Errors
/// As [`build`].
pub fn build_from(
    board: &Board,
    build_hash: u32,
    embedded: Option<&Embedded>,
    files: &[File],
    choice: Choice,
    target: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Manifest, FlowError> {
    bundle::check_target(target)?;
    in_own_folder(board, embedded, choice, on_progress, |build, tools| {
        build.run(tools, files, build_hash, target)
    })
}

/// Carries out `work` in a folder of its own in the cache; that of what failed stays there.
fn in_own_folder<T>(
    board: &Board,
    embedded: Option<&Embedded>,
    choice: Choice,
    on_progress: &mut dyn FnMut(Progress),
    work: impl FnOnce(&mut Build, &Toolset) -> Result<T, FlowError>,
) -> Result<T, FlowError> {
    let tools = Toolset::locate(&board.file.fpga, choice, &mut |what| {
        on_progress(Progress::Begins(what.into()))
    })?;
    let Some(tools) = tools else { return Err(vendor_only(board)) };
    let builds = cache_folder().join("builds");
    // Nobody else's, of this process or another.
    let number = BUILDS.fetch_add(1, Ordering::Relaxed);
    let own = format!("{}-{}-{number}", board.file.name, std::process::id());
    let folder = builds.join(own);
    let folder = Temporary::create(folder.clone()).map_err(FlowError::file(&folder))?;
    let mut build = Build { board, embedded, folder: folder.path().to_owned(), on_progress };
    work(&mut build, &tools).map_err(|error| match error {
        // Nothing failed.
        FlowError::Tool(ToolError::Cancelled { .. }) => error,
        _ => kept(error, folder.path(), &builds.join(format!("{}-failed", board.file.name))),
    })
}

fn vendor_only(board: &Board) -> FlowError {
    FlowError::VendorOnly { board: board.file.name.clone(), part: board.file.fpga.part() }
}

fn refuse_vendor_only(board: &Board) -> Result<(), FlowError> {
    board.file.fpga.is_buildable().then_some(()).ok_or_else(|| vendor_only(board))
}

/// Keeps what failed where the next failure of the board replaces it.
fn kept(error: FlowError, folder: &Path, failed: &Path) -> FlowError {
    let _ = std::fs::remove_dir_all(failed);
    let _ = std::fs::rename(folder, failed);
    match error {
        FlowError::Step { step, message, log } => {
            let log = failed.join(log.file_name().unwrap_or_default());
            FlowError::Step { step, message, log }
        }
        other => other,
    }
}

impl Build<'_> {
    fn run(
        &mut self,
        tools: &Toolset,
        files: &[File],
        build_hash: u32,
        target: &Path,
    ) -> Result<Manifest, FlowError> {
        let fpga = &self.board.file.fpga;
        self.synthesise(tools, files)?;
        let Placed { seed, report: placed, judges_mhz } = self.placed(tools)?;
        self.step("packing", &tools.pack, &family::pack_arguments(fpga), Some(family::PACK_LOG))?;
        let asked_mhz = self.asked_mhz();
        let (_, reached_mhz) = severest(&judges_mhz);
        let file = &self.board.file;
        let manifest = Manifest {
            format: Manifest::format(),
            board: file.name.clone(),
            title: file.title.clone(),
            part: fpga.part(),
            bitstream: family::bitstream(fpga).to_owned(),
            openfpgaloader: file.flash.openfpgaloader.clone(),
            clock_asked_mhz: asked_mhz,
            clock_reached_mhz: reached_mhz,
            margin_percent: 100.0 * (reached_mhz / asked_mhz - 1.0),
            judges_mhz,
            seed,
            usage: placed.usage(fpga, &report::cells(&self.text(family::CELLS)?)),
            parameters: self.board.parameters(),
            baud: self.board.line().baud(),
            map_hash: Manifest::map(),
            build_hash: format!("{build_hash:08x}"),
            analogue: analogue(self.board, self.embedded),
            experiment: self.embedded.map(|embedded| BuiltIn {
                file: EXPERIMENT_FILE.to_owned(),
                sha256: bundle::text_digest(&embedded.text),
                bytes: embedded.recording.bytes().len(),
            }),
            tools: tools.versions(),
            files: BTreeMap::new(),
        };
        bundle::write(&self.folder, &self.contents(), target, manifest)
    }

    /// Netlist of `files`.
    fn synthesise(&mut self, tools: &Toolset, files: &[File]) -> Result<(), FlowError> {
        let fpga = &self.board.file.fpga;
        for file in files {
            let path = self.folder.join(&file.name);
            file::write(&path, &file.text).map_err(FlowError::file(path))?;
        }
        let arguments = family::synthesis_arguments(fpga);
        self.step("synthesis", &tools.synthesis, &arguments, None)?;
        let log = self.text(family::SYNTHESIS_LOG)?;
        if let Some(message) = report::hidden_fault(&log) {
            return Err(self.failed("synthesis", message));
        }
        Ok(())
    }

    fn asked_mhz(&self) -> f64 {
        f64::from(self.board.file.clock.system_hz) / 1e6
    }

    /// Files of the bundle that there are.
    fn contents(&self) -> Vec<&'static str> {
        let fpga = &self.board.file.fpga;
        let all = [
            family::bitstream(fpga),
            family::BOARD_VERILOG,
            family::TOP_VERILOG,
            fpga.pin_file(),
            BOARD_FILE,
            EXPERIMENT_FILE,
            family::NETLIST,
            family::CELLS,
            family::SYNTHESIS_LOG,
            family::PLACE_LOG,
            family::PLACE_REPORT,
            family::TIMING_LOG,
            family::TIMING_REPORT,
            family::PACK_LOG,
        ];
        all.into_iter().filter(|name| self.folder.join(name).is_file()).collect()
    }

    fn text(&self, name: &str) -> Result<String, FlowError> {
        let path = self.folder.join(name);
        file::read_text(&path, file::DATA_BYTES).map_err(FlowError::file(path))
    }

    fn failed(&self, step: &'static str, message: String) -> FlowError {
        FlowError::Step { step, message, log: self.folder.join(report::log_of(step)) }
    }

    /// Runs a tool; what it prints goes to the file `log` where it does not write one itself.
    fn step(
        &mut self,
        step: &'static str,
        tool: &Tool,
        arguments: &[String],
        log: Option<&str>,
    ) -> Result<(), FlowError> {
        let first = if tool.must_compile() {
            "; its first run compiles it, for up to 100 seconds"
        } else {
            ""
        };
        let Tool { name, version, .. } = tool;
        let origin = &version.origin;
        (self.on_progress)(Progress::Begins(format!("{step} ({name}, {origin}{first})")));
        let Ran { succeeded, text } = tool.run(&self.folder, arguments)?;
        if let Some(log) = log {
            let path = self.folder.join(log);
            file::write(&path, &text).map_err(FlowError::file(path))?;
        }
        if succeeded {
            (self.on_progress)(Progress::Done(step.to_owned()));
            return Ok(());
        }
        if report::does_not_fit(&text) {
            let counts: Vec<String> = report::too_many(&text)
                .iter()
                .map(|(name, count)| format!("{} of {} {name}", count.used, count.available))
                .collect();
            return Err(FlowError::TooBig {
                part: self.board.file.fpga.part(),
                counts: if counts.is_empty() {
                    "no placement seed is left".into()
                } else {
                    counts.join(", ")
                },
                message: report::why(&text),
            });
        }
        Err(self.failed(step, report::why(&text)))
    }
}

/// openFPGALoader's arguments for a bundle: into the flash, or only until power is lost.
pub fn loader_arguments(bundle: &Path, manifest: &Manifest, keep: bool) -> Vec<String> {
    let mut arguments = vec!["-b".to_owned(), manifest.openfpgaloader.clone()];
    if keep {
        arguments.push("-f".to_owned());
    }
    arguments.push(bundle.join(&manifest.bitstream).display().to_string());
    arguments
}
