//! Telemetry in SI units, one line a frame.

use hge_driver::scale::Scale;
use hge_driver::FaultFlags;
use hge_protocol::frame::{flag, EndReason, Record, Window};
use hge_protocol::number::SINE_PEAK;
use hge_protocol::ControlWord;
use serde::Serialize;
use std::fmt;

/// Names of a window's flags.
const FLAGS: [(u16, &str); 6] = [
    (flag::CLAMPED, "clamped"),
    (flag::LIMITED, "limited"),
    (flag::UNPERTURBED, "unperturbed"),
    (flag::FINAL, "final"),
    (flag::LATE, "late"),
    (flag::SATURATED, "saturated"),
];

/// Scale of the codes of telemetry.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// Analogue scale.
    pub scale: Scale,
    /// Samples of a window.
    pub window_samples: u32,
}

/// Response at one slot's frequency, not corrected for the two samples of latency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sums {
    /// Amplitude in phase.
    pub in_phase_na: f64,
    /// Amplitude in quadrature.
    pub quadrature_na: f64,
}

/// One frame, or a gap.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Line {
    /// A window has ended.
    Window {
        /// Number of the frame.
        number: u32,
        /// Epoch of the start.
        epoch: u16,
        /// Case.
        case: u8,
        /// Start.
        start: u8,
        /// First sample of the window in the run.
        sample: u32,
        /// Mean current.
        mean_na: f64,
        /// Least current.
        min_na: f64,
        /// Greatest current.
        max_na: f64,
        /// Flags.
        flags: Vec<&'static str>,
        /// One for each slot in use.
        slots: Vec<Sums>,
    },
    /// An epoch of the standalone loop has ended.
    Epoch {
        /// Number of the frame.
        number: u32,
        /// Epoch of the start.
        epoch: u16,
        /// Start.
        start: u8,
        /// Loss.
        loss_na2: f64,
        /// Least loss so far.
        best_loss_na2: f64,
        /// Value of every output.
        controls_v: Vec<f64>,
    },
    /// A run has ended.
    End {
        /// Number of the frame.
        number: u32,
        /// Reason.
        reason: &'static str,
        /// Start of the least loss.
        best_start: u8,
        /// Least loss.
        best_loss_na2: f64,
        /// Samples of the run.
        samples: u32,
    },
    /// The guard tripped.
    Event {
        /// Number of the frame.
        number: u32,
        /// Causes.
        cause: String,
        /// Sample since power-up.
        time_samples: u32,
    },
    /// Codes of a capture.
    Block {
        /// Number of the frame.
        number: u32,
        /// Sample since power-up of the first code.
        time_samples: u32,
        /// Samples from one code to the next.
        decimation: u16,
        /// The codes.
        codes: Vec<i16>,
    },
    /// Missing frames.
    Gap {
        /// Number of missing frames.
        lost: u32,
    },
}

impl Meaning {
    /// A frame in SI units.
    pub fn line(&self, number: u32, record: &Record) -> Line {
        match record {
            Record::Window(window) => self.window(number, window),
            Record::Epoch(epoch) => Line::Epoch {
                number,
                epoch: epoch.epoch,
                start: epoch.start,
                loss_na2: self.scale.loss_na2(epoch.loss),
                best_loss_na2: self.scale.loss_na2(epoch.best_loss),
                controls_v: epoch
                    .controls
                    .iter()
                    .enumerate()
                    .map(|(k, &word)| self.scale.output(k).control_volts(ControlWord(word)))
                    .collect(),
            },
            Record::End(end) => Line::End {
                number,
                reason: reason(end.reason),
                best_start: end.best_start,
                best_loss_na2: self.scale.loss_na2(end.best_loss),
                samples: end.sample_clock,
            },
            Record::Event(event) => Line::Event {
                number,
                cause: FaultFlags(event.cause.into()).to_string(),
                time_samples: event.time,
            },
            Record::Block(block) => Line::Block {
                number,
                time_samples: block.time,
                decimation: block.decimation,
                codes: block.codes.clone(),
            },
        }
    }

    fn window(&self, number: u32, window: &Window) -> Line {
        let scale = self.scale.input(window.input.into());
        let samples = f64::from(self.window_samples);
        let sum = f64::from(window.sum_first) + f64::from(window.sum_second);
        // An I-V converter that inverts makes the least code of the greatest current.
        let ends = [window.min, window.max].map(|code| scale.current_na(f64::from(code)));
        let amplitude = |sum: i64| {
            scale.current_difference_na(sum as f64 * 2.0 / (samples * f64::from(SINE_PEAK)))
        };
        let slots = window.slots.iter().map(|sums| Sums {
            in_phase_na: amplitude(sums.in_phase),
            quadrature_na: amplitude(sums.quadrature),
        });
        let flags = FLAGS.iter().filter(|(bit, _)| window.flags & bit != 0);
        Line::Window {
            number,
            epoch: window.epoch,
            case: window.case,
            start: window.start,
            sample: window.sample_clock,
            mean_na: scale.current_na(sum / samples),
            min_na: ends[0].min(ends[1]),
            max_na: ends[0].max(ends[1]),
            flags: flags.map(|(_, name)| *name).collect(),
            slots: slots.collect(),
        }
    }
}

/// Reason of the end of a run, as a word.
pub fn reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Complete => "complete",
        EndReason::LossReached => "loss-reached",
        EndReason::Stopped => "stopped",
        EndReason::Disarmed => "disarmed",
        EndReason::Tripped => "tripped",
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Window { epoch, case, start, mean_na, min_na, max_na, flags, slots, .. } => {
                write!(f, "window  start {start} epoch {epoch} case {case}: {mean_na:+.3} nA ")?;
                write!(f, "({min_na:+.3} to {max_na:+.3})")?;
                for Sums { in_phase_na, quadrature_na } in slots {
                    write!(f, "  {in_phase_na:+.3}{quadrature_na:+.3}i")?;
                }
                flags.iter().try_for_each(|flag| write!(f, " {flag}"))
            }
            Line::Epoch { epoch, start, loss_na2, best_loss_na2, controls_v, .. } => {
                write!(f, "epoch   start {start} epoch {epoch}: loss {loss_na2:.3} nA^2, ")?;
                write!(f, "least {best_loss_na2:.3} nA^2, at")?;
                controls_v.iter().try_for_each(|volts| write!(f, " {volts:+.4}"))?;
                write!(f, " V")
            }
            Line::End { reason, samples, .. } => {
                write!(f, "end     {reason} after {samples} samples")
            }
            Line::Event { cause, time_samples, .. } => {
                write!(f, "event   at sample {time_samples} the guard tripped: {cause}")
            }
            Line::Block { time_samples, decimation, codes, .. } => {
                write!(f, "block   at sample {time_samples}, every {decimation}:")?;
                codes.iter().try_for_each(|code| write!(f, " {code}"))
            }
            Line::Gap { lost } => write!(f, "gap     {lost} frames are missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::{End, Epoch, SlotSums};

    #[test]
    fn a_window_in_nanoamperes_is_that_of_its_codes() {
        let scale = Scale::with_bits(16);
        let meaning = Meaning { scale, window_samples: 16 };
        // 10 nA, 327.68 codes each and the converter inverts; the sum of a sine of 5 nA times itself is half of
        // 16 samples.
        let window = Window {
            input: 0,
            epoch: 1,
            case: 2,
            start: 3,
            sample_clock: 4,
            flags: flag::UNPERTURBED | flag::LATE,
            sum_first: -26214,
            sum_second: -26214,
            min: -6554,
            max: 3277,
            slots: vec![SlotSums {
                in_phase: (-5.0 * 327.68 * 8.0 * 32767.0) as i64,
                quadrature: 0,
            }],
        };
        let line = meaning.line(9, &Record::Window(window));
        let Line::Window { mean_na, min_na, max_na, flags, slots, .. } = &line else {
            panic!("{line:?}");
        };
        assert!((mean_na - 10.0).abs() < 1e-3, "{line:?}");
        assert!((min_na + 10.0).abs() < 1e-2 && (max_na - 20.0).abs() < 1e-2, "{line:?}");
        assert_eq!(flags, &["unperturbed", "late"]);
        assert!((slots[0].in_phase_na - 5.0).abs() < 1e-6, "{line:?}");
    }

    #[test]
    fn every_kind_of_frame_is_a_line_in_si_units() {
        let scale = Scale::with_bits(16);
        let loss_na2 = scale.loss_na2(64);
        let meaning = Meaning { scale, window_samples: 16 };
        // A quarter of the range of +-2 V, and the loss's unit of 32 squared codes of 1/327.68 nA.
        let epoch =
            Epoch { epoch: 7, start: 1, loss: 64, best_loss: 0, controls: vec![0x2000_0000] };
        let line = meaning.line(0, &Record::Epoch(epoch));
        assert!((loss_na2 - 64.0 * 32.0 / 327.68f64.powi(2)).abs() < 1e-9, "{loss_na2}");
        assert_eq!(
            line.to_string(),
            format!(
                "epoch   start 1 epoch 7: loss {loss_na2:.3} nA^2, least 0.000 nA^2, at +0.5000 V"
            )
        );
        let end = End {
            reason: EndReason::LossReached,
            best_start: 2,
            best_loss: 64,
            sample_clock: 1000,
        };
        let line = meaning.line(1, &Record::End(end));
        assert_eq!(line.to_string(), "end     loss-reached after 1000 samples");
        let json = serde_json::to_value(&line).unwrap();
        assert_eq!((&json["kind"], &json["best_start"]), (&"end".into(), &2.into()));
        let line =
            Line::Block { number: 2, time_samples: 5, decimation: 3, codes: vec![-1, 32767] };
        assert_eq!(line.to_string(), "block   at sample 5, every 3: -1 32767");
        assert_eq!(Line::Gap { lost: 4 }.to_string(), "gap     4 frames are missing");
        for (ended, word) in [
            (EndReason::Complete, "complete"),
            (EndReason::Stopped, "stopped"),
            (EndReason::Disarmed, "disarmed"),
            (EndReason::Tripped, "tripped"),
        ] {
            assert_eq!(reason(ended), word);
        }
    }
}
