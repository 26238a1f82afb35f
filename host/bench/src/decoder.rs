//! Throughput of the host's decoder: window records from bytes, on one core.

use crate::workload::Workload;
use crate::{pace, rate, BenchError};
use hge_protocol::frame::{Frame, Record};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use serde::Serialize;
use std::hint::black_box;
use std::time::Duration;

/// Epochs in the stream.
const EPOCHS: u32 = 500;

/// Bytes that a read of a port or socket gives at once.
const PIECE_BYTES: usize = 4096;

/// Throughput of the decoder.
#[derive(Clone, Debug, Serialize)]
pub struct Decoder {
    /// Slots of a record.
    pub slots: u32,
    /// Bytes a second.
    pub bytes_per_s: f64,
    /// Records a second.
    pub records_per_s: f64,
}

/// Decodes the records of a run of the workload.
///
/// # Errors
/// The model refuses the workload.
pub fn measure(workload: &Workload, runs: usize, least: Duration) -> Result<Decoder, BenchError> {
    let mut model = pace::model(workload)?;
    model.configure(workload, EPOCHS)?;
    let (mut line, mut number) = (Vec::new(), 0);
    model.run(|window| {
        line.extend(Frame::Telemetry(number, Record::Window(window)).to_bytes());
        number += 1;
    })?;
    let bytes_per_s = rate(runs, least, || {
        let (mut deframer, mut found) = (Deframer::new(MOST_FRAME_WORDS), 0_u64);
        for piece in line.chunks(PIECE_BYTES) {
            deframer.push(piece, |body| {
                found += u64::from(body.map(Frame::from_words).is_some_and(|frame| frame.is_ok()));
            });
        }
        black_box(found);
        line.len() as u64
    });
    let record_bytes = line.len() as f64 / f64::from(number);
    Ok(Decoder { slots: workload.slots, bytes_per_s, records_per_s: bytes_per_s / record_bytes })
}
