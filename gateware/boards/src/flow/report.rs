//! Results of the tools: resources used, clock reached.

use super::error::FlowError;
use super::family;
use crate::fpga::Fpga;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Output of Yosys, with success, where `synth_ice40 -dsp` has deleted a multiplier.
const CONFLICT: &str = "Driver-driver conflict";

/// The last line of a log of Yosys that is complete.
const COMPLETE: &str = "End of script.";

/// Used of available.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Used by the design.
    pub used: u64,
    /// In the part.
    pub available: u64,
}

/// Parts of the FPGA that the design takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Look-up tables; of iCE40, logic cells with a table, a flip-flop or both.
    pub lut: Count,
    /// Flip-flops.
    pub ff: Count,
    /// Multipliers.
    pub dsp: Count,
    /// Block memories.
    pub ram: Count,
    /// Large single-port memories, which the UltraPlus has.
    pub spram: Count,
}

/// nextpnr's report.
#[derive(Debug, Deserialize)]
pub struct PlaceReport {
    fmax: BTreeMap<String, Frequency>,
    utilization: BTreeMap<String, Count>,
}

#[derive(Debug, Deserialize)]
struct Frequency {
    achieved: f64,
}

impl PlaceReport {
    /// Reads it.
    ///
    /// # Errors
    /// It is not in nextpnr's format.
    pub fn read(text: &str) -> Result<Self, FlowError> {
        serde_json::from_str(text).map_err(|error| FlowError::Report {
            tool: "nextpnr".into(),
            problem: error.to_string(),
        })
    }

    /// The slowest clock in MHz.
    ///
    /// # Errors
    /// The report has no clock.
    pub fn reached_mhz(&self) -> Result<f64, FlowError> {
        let slowest = self.fmax.values().map(|clock| clock.achieved).reduce(f64::min);
        slowest.ok_or_else(|| FlowError::Report {
            tool: "nextpnr".into(),
            problem: "it has no clock".into(),
        })
    }

    /// Resources used; `cells` is Yosys's count, the only source of an iCE40's flip-flops.
    pub fn usage(&self, fpga: &Fpga, cells: &[(String, u64)]) -> Usage {
        let of = |names: &[&str]| {
            let found = names.iter().filter_map(|name| self.utilization.get(*name));
            found.fold(Count::default(), |sum, count| Count {
                used: sum.used + count.used,
                available: sum.available + count.available,
            })
        };
        match fpga {
            Fpga::Ice40 { .. } => {
                let lut = of(&["ICESTORM_LC"]);
                let registers = cells.iter().filter(|(name, _)| name.starts_with("SB_DFF"));
                let used = registers.map(|(_, count)| count).sum();
                Usage {
                    lut,
                    ff: Count { used, available: lut.available },
                    dsp: of(&["ICESTORM_DSP"]),
                    ram: of(&["ICESTORM_RAM"]),
                    spram: of(&["ICESTORM_SPRAM"]),
                }
            }
            Fpga::Ecp5 { .. } => Usage {
                lut: of(&["TRELLIS_COMB"]),
                ff: of(&["TRELLIS_FF"]),
                dsp: of(&["MULT18X18D"]),
                ram: of(&["DP16KD"]),
                spram: Count::default(),
            },
            Fpga::Gowin { .. } | Fpga::Xilinx { .. } => Usage {
                lut: of(&["LUT4"]),
                ff: of(&["DFF"]),
                dsp: of(&["MULT18X18", "MULT9X9", "MULTALU18X18"]),
                ram: of(&["BSRAM"]),
                spram: Count::default(),
            },
        }
    }
}

/// The clock in MHz that icetime allows: the end of its longest path.
///
/// # Errors
/// The report is not as icetime writes it.
pub fn icetime_mhz(text: &str) -> Result<f64, FlowError> {
    #[derive(Deserialize)]
    struct Place {
        delay_ns: f64,
    }
    let refuse = |problem: String| FlowError::Report { tool: "icetime".into(), problem };
    let paths: Vec<Vec<Place>> =
        serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let ends = paths.iter().filter_map(|path| path.last()).map(|place| place.delay_ns);
    let longest_ns = ends.reduce(f64::max).ok_or_else(|| refuse("it has no path".into()))?;
    Ok(1000.0 / longest_ns)
}

/// The counts of the last table of Yosys's `stat`.
pub fn cells(stat: &str) -> Vec<(String, u64)> {
    let table = stat.rsplit("===").next().unwrap_or_default();
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            // Yosys 0.23 writes the name first, 0.70 the number.
            [name, count] | [count, name] if count.parse::<u64>().is_ok() => {
                Some((name.to_owned(), count.parse().ok()?))
            }
            _ => None,
        }
    };
    table.lines().filter_map(row).collect()
}

/// A fault in the log of a successful Yosys run.
pub fn hidden_fault(log: &str) -> Option<String> {
    if let Some(line) = log.lines().find(|line| line.contains(CONFLICT)) {
        return Some(format!("a multiplier was deleted ({})", line.trim()));
    }
    let complete = log.lines().any(|line| line.starts_with(COMPLETE));
    (!complete).then(|| format!("the log of Yosys ends before \"{COMPLETE}\""))
}

/// Exceeded resources in a log, from nextpnr's table of the device; Gowin's dummy cells always count 0 available.
pub fn too_many(log: &str) -> Vec<(String, Count)> {
    let row = |line: &str| {
        let (name, counts) = line.strip_prefix("Info:")?.trim().split_once(':')?;
        let (used, rest) = counts.split_once('/')?;
        let available = rest.split_whitespace().next()?.parse().ok()?;
        let count = Count { used: used.trim().parse().ok()?, available };
        (count.available > 0 && count.used > count.available && !name.contains(' '))
            .then(|| (name.to_owned(), count))
    };
    log.lines().filter_map(row).collect()
}

/// The line of a log that says why its tool failed.
pub fn why(log: &str) -> String {
    let line = log.lines().find(|line| line.contains("ERROR"));
    let line = line.or(log.lines().rfind(|line| !line.trim().is_empty()));
    let text = line.unwrap_or("it printed nothing").trim().trim_start_matches("ERROR:").trim();
    text.trim_end_matches('.').to_owned()
}

/// Whether nextpnr failed because something does not fit.
pub fn does_not_fit(log: &str) -> bool {
    [
        "no BELs remaining",
        "Unable to find a placement location",
        "failed to place",
        "No Bels available",
    ]
    .iter()
    .any(|sign| log.contains(sign))
        || !too_many(log).is_empty()
}

/// Whether nextpnr failed to route a net.
pub fn is_unroutable(log: &str) -> bool {
    ["Routing design failed", "Failed to route"].iter().any(|sign| log.contains(sign))
}

/// The log of a step.
pub fn log_of(step: &str) -> &'static str {
    match step {
        "synthesis" => family::SYNTHESIS_LOG,
        "packing" => family::PACK_LOG,
        "timing" => family::TIMING_LOG,
        _ => family::PLACE_LOG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_with_a_driver_conflict_or_without_an_end_is_refused() {
        let end = "End of script. Logfile hash: 0\n";
        assert_eq!(hidden_fault(&format!("all is well\n{end}")), None);
        let conflict = "Warning: Driver-driver conflict for \\p [3] between cell a and constant\n";
        assert!(hidden_fault(&format!("{conflict}{end}")).unwrap().contains("[3]"));
        assert!(hidden_fault("ABC: aborted\n").unwrap().contains("ends before"));
    }

    #[test]
    fn cells_are_counted_in_both_layouts_of_yosys() {
        let old = "=== top ===\n\n   Number of cells:  3\n     SB_MAC16   2\n     SB_LUT4   1\n";
        assert_eq!(cells(old), [("SB_MAC16".into(), 2), ("SB_LUT4".into(), 1)]);
        let new = "=== top ===\n\n        3 cells\n        2   SB_MAC16\n";
        assert_eq!(cells(new), [("cells".into(), 3), ("SB_MAC16".into(), 2)]);
    }

    #[test]
    fn what_there_is_too_much_of_is_named() {
        let log = "Info: Device utilisation:\nInfo: \t         ICESTORM_LC:  7244/ 5280   137%\n\
                   Info: \t        ICESTORM_RAM:    30/   30   100%\nERROR: Unable to place cell 'x'\n";
        let over = Count { used: 7244, available: 5280 };
        assert_eq!(too_many(log), [("ICESTORM_LC".to_owned(), over)]);
        assert!(does_not_fit(log));
        assert_eq!(why(log), "Unable to place cell 'x'");
        assert!(
            !does_not_fit("ERROR: cannot open file\n")
                && too_many("Info: a: 1/ 2 50%\n").is_empty()
        );
        assert!(is_unroutable("ERROR: Routing design failed.\n") && !is_unroutable(log));
    }

    #[test]
    fn the_longest_path_of_icetime_counts() {
        let text = r#"[[{"net": "a", "delay_ns": 0.1}, {"delay_ns": 10.0}], [{"delay_ns": 40.0}], [{"delay_ns": 3}]]"#;
        assert_eq!(icetime_mhz(text).unwrap(), 25.0);
        assert!(icetime_mhz("[]").unwrap_err().to_string().contains("no path"));
        assert!(icetime_mhz("{").is_err());
    }

    #[test]
    fn the_slowest_clock_and_the_parts_are_read_from_a_report() {
        let text = r#"{"critical_paths": [], "fmax": {"a": {"achieved": 30.5, "constraint": 24}, "b": {"achieved": 26.0, "constraint": 24}},
            "utilization": {"ICESTORM_LC": {"available": 5280, "used": 4000}, "ICESTORM_RAM": {"available": 30, "used": 7},
            "ICESTORM_DSP": {"available": 8, "used": 3}, "ICESTORM_SPRAM": {"available": 4, "used": 2}}}"#;
        let report = PlaceReport::read(text).unwrap();
        assert_eq!(report.reached_mhz().unwrap(), 26.0);
        let fpga = Fpga::Ice40 { device: "up5k".into(), package: "sg48".into() };
        let cells =
            [("SB_DFF".to_owned(), 5), ("SB_DFFE".to_owned(), 6), ("SB_LUT4".to_owned(), 9)];
        let usage = report.usage(&fpga, &cells);
        assert_eq!(usage.lut, Count { used: 4000, available: 5280 });
        assert_eq!(
            (usage.ff.used, usage.dsp.used, usage.ram.used, usage.spram.used),
            (11, 3, 7, 2)
        );
        assert!(PlaceReport::read("{}").is_err());
    }
}
