//! What a design takes of its part, and the clocks it reaches with several seeds.

use super::placing::severest;
use super::report::{self, Usage};
use super::toolset::Choice;
use super::{family, in_own_folder, refuse_vendor_only, sources, FlowError, Progress};
use crate::board_file::Board;
use serde::Serialize;

/// Size and clocks of a board's design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Survey {
    /// The board.
    pub board: String,
    /// Its part.
    pub part: String,
    /// DAC channels.
    pub outputs: u32,
    /// ADC inputs.
    pub inputs: u32,
    /// Demodulators.
    pub slots: u32,
    /// Slot pipelines side by side.
    pub lanes: u32,
    /// Used of the part.
    pub usage: Usage,
    /// The clock that the board asks for.
    pub clock_asked_mhz: f64,
    /// Clocks reached, by the slowest judge, one for each seed that could be routed, in the order of the seeds.
    pub reached_mhz: Vec<f64>,
    /// Their median.
    pub median_mhz: f64,
    /// Seeds tried.
    pub seeds: u32,
    /// Lock-in channels at the median clock: slots and inputs times the sample rate at the shortest period, a second.
    pub channel_samples_per_s: f64,
}

/// Synthesises the board's design, and places it with the seeds from 1 to `seeds`.
///
/// # Errors
/// Something is missing, fails or does not fit; no seed can be routed.
pub fn measure(
    board: &Board,
    seeds: u32,
    choice: Choice,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Survey, FlowError> {
    refuse_vendor_only(board)?;
    let files = sources(board, 0, None)?;
    in_own_folder(board, None, choice, on_progress, |build, tools| {
        build.synthesise(tools, &files)?;
        let mut reached_mhz = Vec::new();
        let mut usage = None;
        let mut failure = None;
        for seed in 1..=seeds.max(1) {
            match build.placed_from(tools, seed) {
                Ok(placed) => {
                    reached_mhz.push(severest(&placed.judges_mhz).1);
                    usage = Some(placed.report);
                }
                Err(error @ FlowError::Step { .. }) if build.is_unroutable() => {
                    failure = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        let Some(placed) = usage else {
            let nothing = || build.failed("placing and routing", "no seed was tried".into());
            return Err(failure.unwrap_or_else(nothing));
        };
        let (file, parameters) = (&board.file, board.parameters());
        let cells = report::cells(&build.text(family::CELLS)?);
        let median_mhz = median(&reached_mhz);
        let channels = f64::from(parameters.slots * parameters.inputs);
        let period_clocks = f64::from(parameters.least_sample_period_clocks());
        Ok(Survey {
            board: file.name.clone(),
            part: file.fpga.part(),
            outputs: parameters.outputs,
            inputs: parameters.inputs,
            slots: parameters.slots,
            lanes: parameters.lanes,
            usage: placed.usage(&file.fpga, &cells),
            clock_asked_mhz: build.asked_mhz(),
            reached_mhz,
            median_mhz,
            seeds,
            channel_samples_per_s: channels * median_mhz * 1e6 / period_clocks,
        })
    })
}

/// The middle one, or the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    (sorted[low] + sorted[high]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_the_mean_of_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
