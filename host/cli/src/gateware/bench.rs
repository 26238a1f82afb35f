//! `hge gateware bench`: size and clock of designs, over boards and slots, with the median of several seeds.

use super::build::{Changes, Tools};
use crate::interrupt;
use crate::output::{json_line, text};
use crate::streams::{note, print};
use clap::Args;
use hge_boards::flow::survey::{self, Survey};
use hge_boards::flow::Progress;
use hge_studies::Table;
use serde::Serialize;
use std::process::ExitCode;

#[derive(Args)]
pub struct Bench {
    /// Names of `hge gateware list`, or paths of folders with a board.toml
    #[arg(
        long,
        value_name = "BOARD,..",
        value_delimiter = ',',
        default_value = "icebreaker,colorlight-i5"
    )]
    boards: Vec<String>,
    /// Demodulators, one design for each number [default: those of each board]
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    slots: Vec<u32>,
    #[command(flatten)]
    changes: Changes,
    /// Seeds of nextpnr for each design
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    seeds: u32,
    /// Origin of the FPGA tools
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    tools: Tools,
    /// One JSON object on the last line
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Report {
    designs: Vec<Survey>,
    failed: Vec<Failed>,
}

/// A design that could not be built.
#[derive(Serialize)]
struct Failed {
    board: String,
    slots: u32,
    why: String,
}

pub fn run(bench: &Bench) -> Result<ExitCode, String> {
    let mut designs = Vec::new();
    for name in &bench.boards {
        if bench.slots.is_empty() {
            designs.push(bench.changes.board(name, None)?);
        }
        for &slots in &bench.slots {
            designs.push(bench.changes.board(name, Some(slots))?);
        }
    }
    // An interrupt ends the tool that runs.
    let cancel = interrupt::cancel();
    let mut report = Report { designs: Vec::new(), failed: Vec::new() };
    let count = designs.len();
    for (number, board) in designs.iter().enumerate() {
        let (name, slots) = (&board.file.name, board.parameters().slots);
        let mut steps = 0;
        let mut on_progress = |progress| {
            if let Progress::Begins(what) = progress {
                steps += 1;
                note(&format!(
                    "design {} of {count}, {name}, {slots} slots, step {steps}: {what} ...",
                    number + 1
                ));
            }
        };
        match survey::measure(board, bench.seeds, bench.tools.into(), &mut on_progress) {
            Ok(found) => report.designs.push(found),
            Err(error) if cancel.is_cancelled() => return Err(text(error)),
            Err(error) => {
                report.failed.push(Failed { board: name.clone(), slots, why: text(error) });
            }
        }
    }
    if bench.json {
        json_line(&report)?;
    } else {
        print(&table(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(report: &Report) -> String {
    let mut table = Table::new(&[
        "board", "outputs", "inputs", "slots", "lanes", "LUT", "FF", "DSP", "RAM", "median MHz",
        "from", "to", "M channel-samples/s",
    ]);
    for found in &report.designs {
        let usage = &found.usage;
        let least = found.reached_mhz.iter().copied().fold(f64::INFINITY, f64::min);
        let most = found.reached_mhz.iter().copied().fold(0.0, f64::max);
        table.push([
            found.board.clone(),
            found.outputs.to_string(),
            found.inputs.to_string(),
            found.slots.to_string(),
            found.lanes.to_string(),
            usage.lut.used.to_string(),
            usage.ff.used.to_string(),
            usage.dsp.used.to_string(),
            usage.ram.used.to_string(),
            format!("{:.1}", found.median_mhz),
            format!("{least:.1}"),
            format!("{most:.1}"),
            format!("{:.1}", found.channel_samples_per_s / 1e6),
        ]);
    }
    let failed = report.failed.iter();
    let failed =
        failed.map(|Failed { board, slots, why }| format!("{board}, {slots} slots: {why}\n"));
    table.text() + &failed.collect::<String>()
}
