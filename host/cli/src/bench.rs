//! `hge bench`: dead time, updates and gradients a second, and the speed of engines, links, devices and decoder.

use crate::bar::drawn;
use crate::interrupt;
use crate::output::{json_line, text};
use crate::streams::{note, print};
use clap::{Args, ValueEnum};
use hge_bench::decoder::{self, Decoder};
use hge_bench::devices::{self, Rows, DEVICES};
use hge_bench::engines::{self, Throughput};
use hge_bench::line::{self, Allowed};
use hge_bench::links::{self, Kind, Passed};
use hge_bench::pace::{self, Pace};
use hge_bench::training::{self, Trained};
use hge_bench::workload::{EIGHT_CHANNELS, ONE_CASE, WORKLOADS};
use hge_core::experiment::{EngineKind, LoopMode};
use hge_studies::Table;
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub struct Arguments {
    /// Measure these parts only
    #[arg(long, value_enum, value_name = "PART,..", value_delimiter = ',')]
    only: Vec<Part>,
    /// Shorter runs, one each: the ratios become less exact
    #[arg(long)]
    quick: bool,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Dead time and updates a second, in samples, and what lines allow
    Pace,
    /// Clocks and channel-samples a second of the engines
    Engines,
    /// Windows a second through links and driver
    Links,
    /// Rows of currents a second
    Devices,
    /// Bytes a second of the decoder
    Decoder,
    /// Time until a gate is learnt
    Training,
}

/// Result of `--json`: a key for each part that was measured.
#[derive(Default, Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pace: Vec<Paced>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    engines: Vec<Throughput>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Passed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    devices: Vec<Rows>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoder: Option<Decoder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    training: Vec<Trained>,
}

/// A run, and the gradients a second that lines allow of it.
#[derive(Serialize)]
struct Paced {
    #[serde(flatten)]
    pace: Pace,
    lines: Vec<Allowed>,
    compact_lines: Vec<Allowed>,
}

/// How long is measured.
struct Effort {
    runs: usize,
    least: Duration,
    epochs: u32,
    seeds: u32,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let effort = match arguments.quick {
        true => Effort { runs: 1, least: Duration::from_millis(100), epochs: 500, seeds: 1 },
        false => Effort { runs: 5, least: Duration::from_millis(500), epochs: 10_000, seeds: 5 },
    };
    let cancel = interrupt::cancel();
    let bar = drawn(arguments.json, "{spinner} {msg}");
    let mut report = Report::default();
    for &part in Part::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(&part) {
            continue;
        }
        if cancel.is_cancelled() {
            return Err("interrupted".into());
        }
        bar.set_message(format!("{part:?}"));
        measure(part, &effort, &mut report)?;
    }
    bar.finish_and_clear();
    if arguments.json {
        json_line(&report)?;
    } else {
        print(&tables(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(part: Part, effort: &Effort, report: &mut Report) -> Result<(), String> {
    let Effort { runs, least, epochs, seeds } = *effort;
    match part {
        Part::Pace => {
            for workload in &WORKLOADS {
                let pace = pace::measure(workload).map_err(text)?;
                let allowed = |is_compact| {
                    let windows_per_s = pace.windows_per_s;
                    line::lines(workload.clock_hz)
                        .map(|line| line::allowed(workload, line, is_compact, windows_per_s))
                };
                let (lines, compact_lines) = (allowed(false).to_vec(), allowed(true).to_vec());
                report.pace.push(Paced { pace, lines, compact_lines });
            }
        }
        Part::Engines => {
            for kind in [EngineKind::Model, EngineKind::Verilog, EngineKind::Rtl] {
                // A run of Rust-HDL's simulation takes half a minute.
                let runs = if kind == EngineKind::Rtl { 1 } else { runs };
                match engines::measure(kind, &EIGHT_CHANNELS, runs, least) {
                    Ok(found) => report.engines.push(found),
                    Err(error) => note(&format!("engine {}: {error}", kind.name())),
                }
            }
            engines::compare(&mut report.engines);
        }
        Part::Links => {
            for link in [Kind::Sim, Kind::Tcp, Kind::Udp] {
                report.links.push(links::measure(link, &ONE_CASE, epochs).map_err(text)?);
            }
        }
        Part::Devices => {
            for spec in DEVICES {
                report.devices.push(devices::measure(spec, runs, least / 2).map_err(text)?);
            }
        }
        Part::Decoder => {
            report.decoder = Some(decoder::measure(&ONE_CASE, runs, least).map_err(text)?);
        }
        Part::Training => {
            for loop_mode in [LoopMode::Host, LoopMode::Standalone] {
                report.training.push(training::measure("xor", loop_mode, seeds).map_err(text)?);
            }
        }
    }
    Ok(())
}

fn tables(report: &Report) -> String {
    let found = [
        paces(&report.pace),
        lines(&report.pace),
        throughputs(&report.engines),
        passed(&report.links),
        rows(&report.devices),
        decoded(report.decoder.as_ref()),
        trained(&report.training),
    ];
    let found = found.iter().filter(|table| !table.rows.is_empty()).map(Table::text);
    found.collect::<Vec<_>>().join("\n")
}

fn paces(paces: &[Paced]) -> Table {
    let mut table = Table::new(&[
        "run", "window", "kS/s", "epoch", "declared", "dead", "dead %", "epochs/s", "windows/s",
    ]);
    for Paced { pace, .. } in paces {
        table.push([
            pace.workload.name.to_owned(),
            pace.workload.window_samples.to_string(),
            format!("{:.1}", pace.rate_hz / 1e3),
            format!("{:.1}", pace.epoch_samples),
            format!("{:.0}", pace.declared_samples),
            format!("{:.1}", pace.dead_samples),
            format!("{:.1}", 100.0 * pace.dead_share),
            format!("{:.0}", pace.updates_per_s),
            format!("{:.0}", pace.windows_per_s),
        ]);
    }
    table
}

fn lines(paces: &[Paced]) -> Table {
    let measured = paces.iter().take(1).flat_map(|paced| &paced.lines);
    let names: Vec<&str> = measured.map(|allowed| allowed.line.name).collect();
    let mut table = Table::new(&[&["gradients/s that a line allows"], &names[..]].concat());
    for Paced { pace, lines, compact_lines } in paces {
        for (lines, records) in [(lines, ""), (compact_lines, ", compact")] {
            let allowed = lines.iter().map(|allowed| {
                let keeps_up = if allowed.share < 1.0 { "" } else { " (all)" };
                format!("{:.0}{keeps_up}", allowed.gradients_per_s)
            });
            let run = format!("{}{records}", pace.workload.name);
            table.push(std::iter::once(run).chain(allowed));
        }
    }
    table
}

fn throughputs(engines: &[Throughput]) -> Table {
    let mut table =
        Table::new(&["engine", "channels", "M channel-samples/s", "M clocks/s", "of the model"]);
    for found in engines {
        table.push([
            found.engine.to_owned(),
            found.channels.to_string(),
            format!("{:.3}", found.channel_samples_per_s / 1e6),
            format!("{:.3}", found.clocks_per_s / 1e6),
            format!("{:.2e}", found.share_of_model),
        ]);
    }
    table
}

fn passed(links: &[Passed]) -> Table {
    let mut table = Table::new(&[
        "link",
        "windows",
        "lost",
        "windows/s by the wall clock",
        "model's share of the time",
    ]);
    for found in links {
        table.push([
            format!("{:?}", found.link).to_lowercase(),
            found.windows.to_string(),
            found.lost.to_string(),
            format!("{:.0}", found.windows_per_s),
            format!("{:.2}", found.share_of_model),
        ]);
    }
    table
}

fn rows(devices: &[Rows]) -> Table {
    let mut table =
        Table::new(&["device", "electrodes", "outputs", "M rows/s", "M rows/s one by one"]);
    for found in devices {
        table.push([
            found.device.clone(),
            found.electrodes.to_string(),
            found.outputs.to_string(),
            format!("{:.3}", found.rows_per_s / 1e6),
            format!("{:.3}", found.single_rows_per_s / 1e6),
        ]);
    }
    table
}

fn decoded(decoder: Option<&Decoder>) -> Table {
    let mut table = Table::new(&["decoder, slots of a record", "MB/s", "k records/s"]);
    if let Some(found) = decoder {
        table.push([
            found.slots.to_string(),
            format!("{:.0}", found.bytes_per_s / 1e6),
            format!("{:.0}", found.records_per_s / 1e3),
        ]);
    }
    table
}

fn trained(trainings: &[Trained]) -> Table {
    let mut table =
        Table::new(&["training", "loop", "solved", "s of measurement", "s by the wall clock"]);
    for found in trainings {
        table.push([
            found.gate.clone(),
            found.loop_mode.to_owned(),
            format!("{} of {}", found.solved, found.seeds),
            format!("{:.1}", found.instrument_s),
            format!("{:.2}", found.wall_s),
        ]);
    }
    table
}
