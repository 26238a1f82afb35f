//! The instrument synthesised by Yosys for an FPGA: a netlist of the family's cells, with their simulation models.

use crate::testbench::put;
use hge_boards::flow::synth_ecp5;
use hge_boards::package;
use hge_boards::tools::{ToolError, Yosys};
use std::path::{Path, PathBuf};

/// What `synth_ice40 -dsp` prints, with success, where it has deleted a multiplier.
const CONFLICT: &str = "Driver-driver conflict";

/// Modules of Yosys's ECP5 cells that are empty (ours take their place) or that Icarus refuses and no netlist holds before
/// it is placed.
const ECP5_NOT_FROM_YOSYS: &[&str] =
    &["DP16KD", "MULT18X18D", "TRELLIS_COMB", "TRELLIS_IO", "TRELLIS_SLICE", "DPR16X4C"];

/// Gowin's block RAM of which Yosys has a black box among its models; those of the others stand elsewhere.
const GOWIN_NOT_FROM_YOSYS: &[&str] = &["SPX9"];
const GOWIN_MODELS: &[(&str, &str)] = &[("gowin_cells.v", include_str!("../models/gowin_cells.v"))];

/// Simulation models of ECP5 cells that Yosys lacks.
const ECP5_MODELS: &[(&str, &str)] = &[
    ("ecp5_mult18x18d.v", include_str!("../models/ecp5_mult18x18d.v")),
    ("ecp5_dp16kd.v", include_str!("../models/ecp5_dp16kd.v")),
];

/// A family of FPGAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Lattice iCE40 UltraPlus.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// Gowin GW1N and GW2A.
    Gowin,
}

impl Family {
    /// As the boards' bitstreams are made: from `design.v` to the netlist of `top`.
    fn synthesis(self, top: &str) -> String {
        match self {
            Family::Ice40 => {
                format!("read_verilog design.v; synth_ice40 -device u -abc9 -dsp -spram -top {top}")
            }
            Family::Ecp5 => synth_ecp5("design.v", top),
            Family::Gowin => format!("read_verilog design.v; synth_gowin -top {top}"),
        }
    }
}

/// A netlist with all that Icarus needs.
#[derive(Clone, Debug)]
pub struct Netlist {
    /// The netlist and the models of its cells.
    pub sources: Vec<PathBuf>,
    /// Options of iverilog.
    pub options: Vec<String>,
    /// What Yosys counted: name of the cell, and how many.
    pub cells: Vec<(String, u64)>,
}

impl Netlist {
    /// How many cells of a type there are.
    pub fn count(&self, cell: &str) -> u64 {
        self.cells.iter().find(|(name, _)| name == cell).map_or(0, |(_, count)| *count)
    }
}

/// The Yosys by which bitstreams of a family are made: of Gowin's the wheel, since the system has no nextpnr for them.
///
/// # Panics
/// It is missing.
pub fn yosys_of(family: Family) -> Yosys {
    let yosys = match family {
        Family::Gowin => Yosys::wheel(),
        Family::Ice40 | Family::Ecp5 => Yosys::locate(),
    };
    yosys.unwrap_or_else(|error| panic!("{error}"))
}

/// Synthesises `design` in `folder`; its file is named after its top.
///
/// # Errors
/// Yosys fails, or has deleted a multiplier.
pub fn synthesise(
    yosys: &Yosys,
    folder: &Path,
    family: Family,
    design: &package::File,
) -> Result<Netlist, ToolError> {
    put(folder, "design.v", &design.text)?;
    let synthesis = family.synthesis(design.name.trim_end_matches(".v"));
    let script = format!(
        "{synthesis}; delete t:$scopeinfo; check -assert; \
         tee -o stat.txt stat; write_verilog -noattr netlist.v"
    );
    let log = yosys.run(folder, &script)?;
    refuse_conflicts(&log)?;
    let stat = read(&folder.join("stat.txt"))?;
    let (models, options) = match family {
        Family::Ice40 => {
            let cells = yosys.share.join("ice40/cells_sim.v");
            (vec![cells], vec!["-DNO_ICE40_DEFAULT_ASSIGNMENTS".to_owned()])
        }
        Family::Ecp5 => {
            let cells = yosys.share.join("ecp5/cells_sim.v");
            (models(folder, &cells, ECP5_NOT_FROM_YOSYS, ECP5_MODELS)?, Vec::new())
        }
        Family::Gowin => {
            let cells = yosys.share.join("gowin/cells_sim.v");
            (models(folder, &cells, GOWIN_NOT_FROM_YOSYS, GOWIN_MODELS)?, Vec::new())
        }
    };
    let mut sources = vec![folder.join("netlist.v")];
    sources.extend(models);
    Ok(Netlist { sources, options, cells: cells(&stat) })
}

/// Yosys's models of cells without those named, and ours.
fn models(
    folder: &Path,
    cells: &Path,
    without_these: &[&str],
    ours: &[(&str, &str)],
) -> Result<Vec<PathBuf>, ToolError> {
    let mut files = vec![put(folder, "cells.v", &without(&read(cells)?, without_these))?];
    for (name, text) in ours {
        files.push(put(folder, name, text)?);
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, ToolError> {
    std::fs::read_to_string(path)
        .map_err(|source| ToolError::File { path: path.to_owned(), source })
}

/// # Errors
/// The log speaks of two drivers of one net.
fn refuse_conflicts(log: &str) -> Result<(), ToolError> {
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(CONFLICT)).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(ToolError::Failed { tool: "yosys".into(), output: lines.join("\n") })
}

/// A library without the modules `names` and without its `include`s.
fn without(library: &str, names: &[&str]) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in library.lines() {
        if let Some(rest) = line.strip_prefix("module ") {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            inside = names.contains(&&rest[..end.unwrap_or(rest.len())]);
        }
        if !inside && !line.starts_with("`include") {
            kept.push_str(line);
            kept.push('\n');
        }
        inside &= !line.starts_with("endmodule");
    }
    kept
}

/// The counts of the last table of `stat`.
fn cells(stat: &str) -> Vec<(String, u64)> {
    let table = stat.rsplit("===").next().unwrap_or_default();
    table
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Yosys 0.23 writes the name first, 0.70 the number.
            match words[..] {
                [name, count] | [count, name] if count.parse::<u64>().is_ok() => {
                    Some((name.to_owned(), count.parse().ok()?))
                }
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_with_a_driver_conflict_is_refused() {
        assert!(refuse_conflicts("all is well\n").is_ok());
        let log = "x\nWarning: Driver-driver conflict for \\p [3] between cell a and constant\n";
        assert!(refuse_conflicts(log).unwrap_err().to_string().contains("[3]"));
    }

    #[test]
    fn the_named_modules_and_includes_alone_are_left_out() {
        let library = "module A(input x);\nendmodule\nmodule AB (\n);\nendmodule\n`include \"b\"\n";
        assert_eq!(without(library, &["A"]), "module AB (\n);\nendmodule\n");
        assert_eq!(without(library, &["AB"]), "module A(input x);\nendmodule\n");
    }

    #[test]
    fn cells_are_counted_in_both_layouts_of_yosys() {
        let old = "=== top ===\n\n   Number of cells:  3\n     SB_MAC16   2\n     SB_LUT4   1\n";
        assert_eq!(cells(old), [("SB_MAC16".into(), 2), ("SB_LUT4".into(), 1)]);
        let new = "=== top ===\n\n        3 cells\n        2   SB_MAC16\n";
        assert_eq!(cells(new), [("cells".into(), 3), ("SB_MAC16".into(), 2)]);
    }
}
