//! Gradients a second that a line allows, in closed form from the bytes of a record.

use crate::workload::Workload;
use hge_driver::link::udp;
use hge_protocol::frame::{flag, Frame, Record, SlotSums, Window};
use hge_protocol::ft245;
use serde::Serialize;

/// A line from the instrument.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Line {
    /// As in `--link`, with its rate.
    pub name: &'static str,
    /// Bytes a second.
    pub bytes_per_s: f64,
}

/// The lines of the boards, and those that boards of the same parts could have, for an instrument with this clock.
pub fn lines(clock_hz: u32) -> [Line; 5] {
    [
        Line { name: "serial, 115.2 kbaud", bytes_per_s: 11_520.0 },
        Line { name: "serial, 3 Mbaud", bytes_per_s: 300_000.0 },
        Line { name: "serial, 12 Mbaud", bytes_per_s: 1_200_000.0 },
        Line { name: "ft245", bytes_per_s: ft245::bytes_per_s(clock_hz) },
        Line { name: "udp, 100 Mbit/s", bytes_per_s: udp::BYTES_PER_S },
    ]
}

/// What a line allows.
#[derive(Clone, Debug, Serialize)]
pub struct Allowed {
    /// The line.
    pub line: Line,
    /// Bytes on the line of the records of a window.
    pub record_bytes: usize,
    /// Gradients a second that the line can carry.
    pub gradients_per_s: f64,
    /// The same over those that the instrument makes; 1 and more: the line keeps up.
    pub share: f64,
}

/// Bytes of the records of a window of all inputs.
pub fn record_bytes(workload: &Workload, is_compact: bool) -> usize {
    // A bit pattern without any zero byte, as almost all sums have.
    let sums = SlotSums { in_phase: 0x0123_4567_89ab, quadrature: -0x0123_4567_89ab };
    let record = |input: u32| {
        let window = Window {
            input: input as u8,
            epoch: 0x0101,
            case: 1,
            start: 1,
            sample_clock: 0x0101_0101,
            flags: if is_compact { flag::COMPACT } else { 0 },
            sum_first: 0x0101_0101,
            sum_second: 0x0101_0101,
            min: 0x0101,
            max: 0x0101,
            slots: vec![sums; workload.slots as usize],
        };
        Frame::Telemetry(0x0101_0101, Record::Window(window)).to_bytes().len()
    };
    (0..workload.inputs).map(record).sum()
}

/// Gradients a second over a line, for an instrument that makes `windows_per_s`.
pub fn allowed(workload: &Workload, line: Line, is_compact: bool, windows_per_s: f64) -> Allowed {
    let record_bytes = record_bytes(workload, is_compact);
    let gradients_per_s = line.bytes_per_s / record_bytes as f64;
    let made_per_s = windows_per_s / f64::from(workload.inputs);
    Allowed { line, record_bytes, gradients_per_s, share: gradients_per_s / made_per_s }
}
