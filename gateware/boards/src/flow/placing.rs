//! Placing and routing with several seeds.

use super::toolset::Toolset;
use super::{family, report, Build, FlowError};
use std::collections::BTreeMap;

/// The step that is tried with several seeds.
const PLACING: &str = "placing and routing";

/// Fraction of the required clock below which no other seed is tried: seeds differ by about 10 %.
const HOPELESS: f64 = 0.85;

/// A placement, nextpnr's report on it, and the clock of each tool.
pub(super) struct Placed {
    pub(super) seed: u32,
    pub(super) report: report::PlaceReport,
    pub(super) judges_mhz: BTreeMap<String, f64>,
}

impl Build<'_> {
    /// The first place that can be routed and exceeds the clock by its margin.
    pub(super) fn placed(&mut self, tools: &Toolset) -> Result<Placed, FlowError> {
        let mut fastest: Option<FlowError> = None;
        let mut fastest_mhz = 0.0;
        for seed in family::SEEDS {
            let placed = match self.placed_from(tools, seed) {
                Ok(placed) => placed,
                Err(error @ FlowError::Step { .. }) if self.is_unroutable() => {
                    fastest = fastest.or(Some(error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let asked_mhz = self.asked_mhz();
            let (judge, reached_mhz) = severest(&placed.judges_mhz);
            let clock = self.board.file.clock;
            if reached_mhz >= clock.needed_mhz() {
                return Ok(placed);
            }
            if reached_mhz > fastest_mhz {
                fastest_mhz = reached_mhz;
                fastest = Some(FlowError::TooSlow {
                    reached_mhz,
                    asked_mhz,
                    margin_percent: clock.margin_percent,
                    judge,
                });
            }
            // No luck makes up for that.
            if reached_mhz < HOPELESS * clock.needed_mhz() {
                break;
            }
        }
        Err(fastest.unwrap_or_else(|| self.failed(PLACING, "nothing was tried".into())))
    }

    pub(super) fn is_unroutable(&self) -> bool {
        self.text(family::PLACE_LOG).is_ok_and(|log| report::is_unroutable(&log))
    }

    pub(super) fn placed_from(&mut self, tools: &Toolset, seed: u32) -> Result<Placed, FlowError> {
        let arguments = family::place_arguments(self.board, seed);
        self.step(PLACING, &tools.place, &arguments, Some(family::PLACE_LOG))?;
        let report = report::PlaceReport::read(&self.text(family::PLACE_REPORT)?)?;
        let mut judges_mhz = BTreeMap::from([("nextpnr".to_owned(), report.reached_mhz()?)]);
        let timing = tools.timing.as_ref().zip(family::timing_arguments(self.board));
        if let Some((icetime, arguments)) = timing {
            self.step("timing", icetime, &arguments, None)?;
            let reached_mhz = report::icetime_mhz(&self.text(family::TIMING_REPORT)?)?;
            judges_mhz.insert(icetime.name.to_owned(), reached_mhz);
        }
        Ok(Placed { seed, report, judges_mhz })
    }
}

/// The judge that allows the slowest clock.
pub(super) fn severest(judges_mhz: &BTreeMap<String, f64>) -> (String, f64) {
    let slowest = judges_mhz.iter().min_by(|one, other| one.1.total_cmp(other.1));
    slowest.map_or((String::new(), 0.0), |(judge, mhz)| (judge.clone(), *mhz))
}
