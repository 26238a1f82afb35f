//! Errors of a plan, with their remedies.

use crate::tones::ToneError;
use hge_driver::scale::OvercurrentError;
use hge_driver::text::number;
use hge_protocol::ParameterError;
use thiserror::Error;

/// A run that cannot be.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// A generic of the gateware is out of range.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// See [`ToneError`].
    #[error(transparent)]
    Tones(#[from] ToneError),
    /// Codes or the cost asked of a gateware that has neither.
    #[error("this gateware supports only sines and demodulation of the current: use a gateware with carriers = \"codes\"")]
    Sines,
    /// More controls than there are codes.
    #[error("{asked} controls need a code each, but there are {most} codes: use fewer controls")]
    Codes {
        /// Controls.
        asked: usize,
        /// Codes.
        most: usize,
    },
    /// A code whose chips cannot all last as long.
    #[error("a code of 256 chips cannot be played {cycles} times in a window of {window_samples} samples: choose an odd number below the window, and a window of 256 samples or more")]
    Chips {
        /// Number of repetitions.
        cycles: u32,
        /// The window.
        window_samples: u32,
    },
    /// A cost that does not fit the cases or its register.
    #[error("the cost has {targets} targets and shifts by {shift} bits, for {cases} cases: give each case a target, and shift by 31 at most")]
    Cost {
        /// Targets given.
        targets: usize,
        /// Cases.
        cases: usize,
        /// Requested shift.
        shift: u32,
    },
    /// A tone off the grid, because the rate differs from the requested one.
    #[error("{problem} (the clock gives {} samples a second instead of {})", number(*actual_hz), number(*asked_hz))]
    TonesAtRate {
        /// The fault.
        problem: ToneError,
        /// Requested rate.
        asked_hz: f64,
        /// Rate that the clock gives.
        actual_hz: f64,
    },
    /// No whole number of clocks gives the rate.
    #[error("a sample rate of {} Hz is out of reach: a clock of {clock_hz} Hz gives {lowest_hz:.1} to {highest_hz:.1} Hz, change rate_hz or clock_hz", number(*rate_hz))]
    Rate {
        /// Asked for.
        rate_hz: f64,
        /// Clock.
        clock_hz: u32,
        /// Least rate.
        lowest_hz: f64,
        /// Greatest rate.
        highest_hz: f64,
    },
    /// The window is no power of two, or out of range.
    #[error("a window of {window_samples} samples is not possible: choose a power of two from 16 to 65536")]
    Window {
        /// Asked for.
        window_samples: u32,
    },
    /// A time or rate that the registers cannot hold.
    #[error("{name} of {} is not possible: choose a value from {} to {}", number(*value), number(*lowest), number(*highest))]
    Time {
        /// Key in the experiment file.
        name: &'static str,
        /// Asked for.
        value: f64,
        /// Least possible.
        lowest: f64,
        /// Greatest possible.
        highest: f64,
    },
    /// More rows than the table has.
    #[error("{asked} cases, but the case table of this gateware holds {rows}: use fewer cases or a gateware with more")]
    Cases {
        /// Requested cases.
        asked: usize,
        /// Rows.
        rows: u32,
    },
    /// The number of a case's voltages differs from that of inputs.
    #[error(
        "{found} voltages are given for electrodes {}: give one for each, in this order",
        list(electrodes)
    )]
    Voltages {
        /// Given.
        found: usize,
        /// Electrodes that need one each.
        electrodes: Vec<usize>,
    },
    /// Continuous mode for several cases, or without the update in hardware.
    #[error("continuous mode updates one case in hardware, but there are {cases} cases and the update is in {update}: give one case and an instrument with update = \"hardware\", or set timing.continuous to false")]
    Continuous {
        /// Cases of an epoch.
        cases: usize,
        /// Where the gateware computes the update.
        update: &'static str,
    },
    /// More controls and noise slots than slots.
    #[error("{asked} frequencies are to be demodulated, but this gateware has {slots} slots: use fewer controls or a gateware with more slots")]
    Slots {
        /// Requested controls.
        asked: usize,
        /// Slots.
        slots: u32,
    },
    /// An output that does not exist.
    #[error("electrode {output} is not on this instrument, which has 0 to {last}: name another or raise instrument.outputs")]
    Missing {
        /// Output.
        output: usize,
        /// Last output there is.
        last: u32,
    },
    /// An output used twice.
    #[error("electrode {output} is named {times} times as input or control: give every electrode one role")]
    Output {
        /// Output.
        output: usize,
        /// Roles it has.
        times: usize,
    },
    /// See [`OvercurrentError`].
    #[error(transparent)]
    Overcurrent(#[from] OvercurrentError),
    /// A range beyond the guard or the DAC.
    #[error("electrode {output} cannot be set to {} V: {whose} limits are {} to {} V, choose a voltage between them", number(*volts), number(*low_v), number(*high_v))]
    Beyond {
        /// Electrode.
        output: usize,
        /// Requested voltage.
        volts: f64,
        /// Origin of the limits.
        whose: &'static str,
        /// Low limit.
        low_v: f64,
        /// High limit.
        high_v: f64,
    },
    /// A tone that leaves no room or cannot be made.
    #[error("an amplitude of {} V on electrode {output} does not fit: {why}", number(*amplitude_v))]
    Amplitude {
        /// Electrode.
        output: usize,
        /// Requested amplitude.
        amplitude_v: f64,
        /// The remedy.
        why: String,
    },
    /// The guard's step is too small for the run.
    #[error("the {mover} steps by up to {} V a sample but step_v allows {} V: lower {lower}, or raise step_v", number(*needed_v), number(*step_v))]
    Step {
        /// The fastest signal.
        mover: &'static str,
        /// Keys that slow it.
        lower: &'static str,
        /// Step it makes.
        needed_v: f64,
        /// Step allowed.
        step_v: f64,
    },
}

/// Numbers of electrodes for a sentence.
pub(crate) fn list(electrodes: &[usize]) -> String {
    electrodes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
