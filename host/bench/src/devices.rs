//! Rows of currents a second of device models, on one core.

use crate::{rate, BenchError};
use hge_sim::device;
use serde::Serialize;
use std::hint::black_box;
use std::time::Duration;

/// Rows of a batch, as the model asks for them.
const ROWS: usize = 1024;

/// Devices that need no file.
pub const DEVICES: [&str; 6] =
    ["linear:1,2,3,4,5,6,7", "builtin", "mzi", "crossbar", "mesh:8", "beams:32"];

/// Throughput of a device.
#[derive(Clone, Debug, Serialize)]
pub struct Rows {
    /// As in `--device`.
    pub device: String,
    /// Electrodes.
    pub electrodes: usize,
    /// Outputs.
    pub outputs: usize,
    /// Rows a second, 1024 at once.
    pub rows_per_s: f64,
    /// Rows a second one by one, as engines ask that simulate every clock.
    pub single_rows_per_s: f64,
}

/// Evaluates the device `spec`.
///
/// # Errors
/// There is none such.
pub fn measure(spec: &str, runs: usize, least: Duration) -> Result<Rows, BenchError> {
    let device = device::open(spec)?;
    let (electrodes, outputs) = (device.electrodes(), device.outputs());
    // Between -1 and 1 without a pattern: the golden ratio never repeats.
    let volts: Vec<f64> =
        (0..ROWS * electrodes).map(|n| 2.0 * (n as f64 * 0.618_033_988_75).fract() - 1.0).collect();
    let mut current_na = vec![0.0; ROWS * outputs];
    let mut rows_per_s = |rows: usize| {
        rate(runs, least, || {
            for volts in volts.chunks_exact(rows * electrodes) {
                device.currents_na(black_box(volts), &mut current_na[..rows * outputs]);
                black_box(&current_na);
            }
            ROWS as u64
        })
    };
    Ok(Rows {
        device: spec.into(),
        electrodes,
        outputs,
        rows_per_s: rows_per_s(ROWS),
        single_rows_per_s: rows_per_s(1),
    })
}
