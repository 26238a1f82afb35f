//! Testbench of the instrument's Verilog in Icarus: plays the host of a scenario and compares with the model.

use crate::scenario::Record;
use hge_boards::tools::{self, ToolError};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Seconds after which a simulation is given up.
const MOST_SECONDS: u64 = 900;

/// The test bench in Verilog.
const BENCH: &str = include_str!("../models/bench.v");

/// How the test bench plays.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Clocks of rest before the next line.
    pub quiet: u32,
    /// Seed of the clocks in which no byte is taken; 0 takes every byte at once.
    pub stutter: u32,
    /// Clocks after which the instrument should have come to rest.
    pub most_clocks: u32,
}

impl Default for Pace {
    /// As the engine in rust-hdl's simulation.
    fn default() -> Self {
        Pace { quiet: 8, stutter: 0, most_clocks: 2_000_000 }
    }
}

/// What a test bench has found.
#[derive(Clone, Debug)]
pub struct Played {
    /// Bytes received from the instrument.
    pub received: Vec<u8>,
    /// DAC codes at every tick.
    pub codes: Vec<Vec<i16>>,
    /// Clocks it took.
    pub clocks: u64,
}

/// A folder of a test's own, removed at its end unless the test fails.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new folder.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn new(name: &str) -> std::io::Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hge-{}-{number}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Scratch(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Writes `text` to the file `name` in `folder`.
///
/// # Errors
/// It cannot be written.
pub fn put(folder: &Path, name: &str, text: &str) -> Result<PathBuf, ToolError> {
    let path = folder.join(name);
    std::fs::write(&path, text).map_err(|source| ToolError::File { path: path.clone(), source })?;
    Ok(path)
}

/// Compiles `sources` with Icarus and runs their top module `top` in `folder`; what it printed.
///
/// # Errors
/// Icarus refuses the sources, or the simulation ends with `$fatal`.
pub fn icarus(
    folder: &Path,
    top: &str,
    sources: &[PathBuf],
    options: &[String],
) -> Result<String, ToolError> {
    let mut compile = Command::new("iverilog");
    compile.args(["-g2012", "-o", "simulation", "-s", top]).args(options).args(sources);
    tools::run(compile.current_dir(folder), "iverilog")?;
    let mut simulate = Command::new("vvp");
    run_for(simulate.args(["-n", "simulation"]).current_dir(folder), folder, MOST_SECONDS)
}

/// Runs a simulation to its end and returns its output. One that never settles never reaches its next clock, so it is stopped.
fn run_for(command: &mut Command, folder: &Path, seconds: u64) -> Result<String, ToolError> {
    let path = folder.join("printed.txt");
    let at = |source| ToolError::File { path: path.clone(), source };
    let printed = File::create(&path).map_err(at)?;
    let errors = printed.try_clone().map_err(at)?;
    let start = |source| ToolError::Start { tool: "vvp".into(), source };
    let mut child = command.stdout(printed).stderr(errors).spawn().map_err(start)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(start)? {
            break status;
        }
        if Instant::now() > end {
            child.kill().and_then(|()| child.wait()).map_err(start)?;
            let output =
                format!("stopped after {seconds} s: too long, or signals that never settle");
            return Err(ToolError::Failed { tool: "vvp".into(), output });
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let output = std::fs::read_to_string(&path).map_err(at)?;
    if status.success() {
        return Ok(output);
    }
    Err(ToolError::Failed { tool: "vvp".into(), output })
}

/// Plays the host of `record` to the `hge_instrument` in `sources`.
///
/// # Errors
/// Icarus fails, or the instrument never rests.
pub fn play(
    folder: &Path,
    sources: &[PathBuf],
    options: &[String],
    record: &Record,
    pace: Pace,
) -> Result<Played, ToolError> {
    let mut lines = String::new();
    for line in &record.lines {
        for (place, byte) in line.iter().enumerate() {
            // Bit 8 ends a line.
            let ends = place + 1 == line.len();
            let _ = writeln!(lines, "{:03x}", u16::from(*byte) | u16::from(ends) << 8);
        }
    }
    let mut adc = String::new();
    for code in record.samples.iter().flat_map(|(_, codes)| codes) {
        let _ = writeln!(adc, "{code:04x}");
    }
    put(folder, "lines.hex", &lines)?;
    put(folder, "adc.hex", &adc)?;
    let mut all = sources.to_vec();
    all.push(put(folder, "bench.v", BENCH)?);
    let outputs = record.samples.first().map_or(1, |(codes, _)| codes.len());
    let mut options = options.to_vec();
    for (name, value) in [
        ("OUTPUTS", outputs as u64),
        ("BYTES", record.lines.iter().map(Vec::len).sum::<usize>() as u64),
        ("SAMPLES", record.samples.len() as u64),
        ("QUIET", pace.quiet.into()),
        ("STUTTER", pace.stutter.into()),
        ("MOST_CLOCKS", pace.most_clocks.into()),
    ] {
        options.push(format!("-Pbench.{name}={value}"));
    }
    let printed = icarus(folder, "bench", &all, &options)?;
    let clocks = printed
        .lines()
        .find_map(|line| line.strip_prefix("figures: ")?.strip_suffix(" clocks")?.parse().ok())
        .unwrap_or(0);
    let received = read(folder, "bytes.txt")?.lines().map(|line| hex(line) as u8).collect();
    let codes = read(folder, "codes.txt")?
        .lines()
        .map(|line| line.split_whitespace().map(|code| hex(code) as i16).collect())
        .collect();
    Ok(Played { received, codes, clocks })
}

fn read(folder: &Path, name: &str) -> Result<String, ToolError> {
    let path = folder.join(name);
    std::fs::read_to_string(&path).map_err(|source| ToolError::File { path, source })
}

/// # Panics
/// On an unknown bit, which no byte and no code may hold.
fn hex(text: &str) -> u16 {
    u16::from_str_radix(text, 16).unwrap_or_else(|_| panic!("`{text}`: a bit is unknown"))
}

/// Compares what the Verilog sent with what the model sent.
///
/// # Errors
/// The first sample or byte that differs.
pub fn compare(record: &Record, played: &Played) -> Result<(), String> {
    let samples = record.samples.iter().zip(&played.codes).enumerate();
    for (number, ((model, _), verilog)) in samples {
        if model != verilog {
            return Err(format!("sample {number}: model {model:?}, Verilog {verilog:?}"));
        }
    }
    for (number, (model, verilog)) in record.received.iter().zip(&played.received).enumerate() {
        if model != verilog {
            return Err(format!("byte {number}: model {model:02x}, Verilog {verilog:02x}"));
        }
    }
    for (what, model, verilog) in [
        ("samples", record.samples.len(), played.codes.len()),
        ("bytes", record.received.len(), played.received.len()),
    ] {
        if model != verilog {
            return Err(format!("{what}: model {model}, Verilog {verilog}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> (Record, Played) {
        let samples = vec![(vec![1, -2], vec![5]), (vec![3, 4], vec![-6])];
        let record = Record { lines: Vec::new(), received: vec![7, 8, 9], samples };
        let codes = vec![vec![1, -2], vec![3, 4]];
        (record, Played { received: vec![7, 8, 9], codes, clocks: 1 })
    }

    #[test]
    fn equal_records_agree() {
        let (record, played) = record();
        assert_eq!(compare(&record, &played), Ok(()));
    }

    #[test]
    fn the_first_wrong_code_or_byte_is_named() {
        let (record, mut played) = record();
        played.received[1] = 0xaa;
        assert_eq!(compare(&record, &played), Err("byte 1: model 08, Verilog aa".into()));
        played.codes[1][0] = 2;
        let message = compare(&record, &played).unwrap_err();
        assert!(message.starts_with("sample 1: "), "{message}");
    }

    #[test]
    fn missing_and_surplus_bytes_and_samples_are_named() {
        let (record, mut played) = record();
        played.received.pop();
        assert_eq!(compare(&record, &played), Err("bytes: model 3, Verilog 2".into()));
        played.codes.push(vec![0, 0]);
        assert_eq!(compare(&record, &played), Err("samples: model 2, Verilog 3".into()));
    }
}
