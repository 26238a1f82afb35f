//! What the records of a plan's windows ask of the line to the host, and what the line carries.

use super::{Configuration, Plan};
use hge_driver::link::LinkSpec;
use hge_protocol::frame::window_words;
use hge_protocol::registers::gap;
use hge_protocol::wire::most_frame_bytes;
use serde::Serialize;
use std::fmt;

/// Windows that an instrument makes, and those that its line carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LineLoad {
    /// Bytes on the line of the records of a window, of all inputs, at most.
    pub record_bytes: usize,
    /// Windows a second, one after the other without a ramp.
    pub windows_per_s: f64,
    /// Bytes a second of the line.
    pub line_bytes_per_s: f64,
    /// Windows a second that the line carries.
    pub carried_windows_per_s: f64,
}

impl LineLoad {
    /// For `inputs` records of `slots` slots, `windows_per_s` times a second.
    pub fn of_line(
        slots: usize,
        inputs: u32,
        is_compact: bool,
        windows_per_s: f64,
        line_bytes_per_s: f64,
    ) -> Self {
        let record_bytes = inputs as usize * most_frame_bytes(window_words(slots, is_compact));
        let carried_windows_per_s = line_bytes_per_s / record_bytes as f64;
        LineLoad { record_bytes, windows_per_s, line_bytes_per_s, carried_windows_per_s }
    }

    /// Whether the instrument makes windows faster than the line carries them.
    pub fn is_too_much(&self) -> bool {
        self.windows_per_s > self.carried_windows_per_s
    }
}

impl fmt::Display for LineLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LineLoad { record_bytes, windows_per_s, line_bytes_per_s, carried_windows_per_s } =
            self;
        write!(
            f,
            "the line carries {carried_windows_per_s:.0} windows/s of up to {windows_per_s:.0}: {record_bytes} bytes each, at {:.1} kB/s; a run waits for the line, or loses frames where the gateware closes the loop: use a faster line, longer windows, fewer slots or timing.compact_records",
            line_bytes_per_s / 1e3
        )
    }
}

impl Plan {
    /// What its windows ask of this link; `None`: it has no rate of its own.
    pub fn line_load(&self, link: &LinkSpec) -> Option<LineLoad> {
        let line_bytes_per_s = link.bytes_per_s(self.parameters.clock_hz)?;
        let word = self.gap_written();
        let Configuration { cases_v, continuous, .. } = &self.configuration;
        let gap_samples = match gap::short(word) {
            short if short > 0 && (*continuous || cases_v.len() > 1) => short,
            _ => gap::long(word),
        };
        let samples = self.grid.window_samples + self.lead_in_samples() + gap_samples;
        let windows_per_s = self.grid.rate_hz / f64::from(samples);
        let is_compact = self.configuration.compact_records;
        let (slots, inputs) = (self.slots_used() as usize, self.parameters.inputs);
        Some(LineLoad::of_line(slots, inputs, is_compact, windows_per_s, line_bytes_per_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_3_megabaud_carries_370_windows_of_64_slots() {
        let carried = |link: &str, is_compact| {
            let link: LinkSpec = link.parse().unwrap();
            link.bytes_per_s(90_000_000).map(|line_bytes_per_s| {
                LineLoad::of_line(64, 1, is_compact, 3906.0, line_bytes_per_s)
            })
        };
        // 8 + 3 x 64 words and the checksum are 804 bytes, 4 of stuffing and the delimiter: 300000 / 809.
        let load = carried("serial:/dev/ttyUSB0", false).unwrap();
        assert_eq!(load.record_bytes, 809);
        assert!((load.carried_windows_per_s - 370.8).abs() < 0.1);
        // 9 + 64 words and the checksum are 296 bytes, 2 of stuffing and the delimiter.
        assert_eq!(carried("serial:/dev/ttyUSB0", true).unwrap().record_bytes, 299);
        assert!(load.is_too_much() && load.to_string().contains("371 windows/s of up to 3906"));
        assert!(!carried("udp:192.168.1.50", false).unwrap().is_too_much());
        assert_eq!(carried("sim", false), None);
        // 8 MB/s over 809 bytes.
        let fifo = carried("ft245:/dev/ttyUSB0", false).unwrap();
        assert!((fifo.carried_windows_per_s - 9888.8).abs() < 0.1 && !fifo.is_too_much());
    }
}
