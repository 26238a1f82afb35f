//! Telemetry of a run: windows, epochs, its end.

/// Kind of a frame, bits 7..0 of its header word.
pub mod kind {
    /// One window: see [`Window`](super::Window).
    pub const WINDOW: u8 = 0x01;
    /// One epoch of the standalone loop: see [`Epoch`](super::Epoch).
    pub const EPOCH: u8 = 0x02;
    /// A run has ended: see [`End`](super::End).
    pub const END: u8 = 0x03;
    /// Something happened to the guard: see [`Event`](super::Event).
    pub const EVENT: u8 = 0x04;
    /// ADC codes of a capture: see [`Block`](super::Block).
    pub const BLOCK: u8 = 0x05;
    /// A sentence from the server of a simulated instrument.
    pub const NOTICE: u8 = 0x70;
    /// Answer to a request: see [`Reply`](super::super::Reply).
    pub const REPLY: u8 = 0x80;
}

/// Flags of a window record.
pub mod flag {
    /// The guard clamped an output to its limits.
    pub const CLAMPED: u16 = 1 << 0;
    /// The guard limited a step.
    pub const LIMITED: u16 = 1 << 1;
    /// Taken without perturbation.
    pub const UNPERTURBED: u16 = 1 << 2;
    /// Part of the final pass of a standalone run.
    pub const FINAL: u16 = 1 << 3;
    /// The gap before this case was longer than its setting: records or update were late.
    pub const LATE: u16 = 1 << 4;
    /// The update saturated somewhere since the run began.
    pub const SATURATED: u16 = 1 << 5;
    /// The record is compact: its sums are cut to 16 bits and one exponent.
    pub const COMPACT: u16 = 1 << 6;
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// All epochs and starts were done.
    Complete,
    /// The loss fell to the stop threshold.
    LossReached,
    /// The host requested it.
    Stopped,
    /// The guard was disarmed during the run.
    Disarmed,
    /// The guard tripped.
    Tripped,
}

impl EndReason {
    /// Code in the end frame.
    pub fn code(self) -> u8 {
        match self {
            EndReason::Complete => 0,
            EndReason::LossReached => 1,
            EndReason::Stopped => 2,
            EndReason::Disarmed => 3,
            EndReason::Tripped => 4,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        [
            EndReason::Complete,
            EndReason::LossReached,
            EndReason::Stopped,
            EndReason::Disarmed,
            EndReason::Tripped,
        ]
        .into_iter()
        .find(|reason| reason.code() == code)
    }
}

/// In-phase and quadrature sums of one slot over a window, in ADC codes times Q1.15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotSums {
    /// Sum of sample times sine, 48 bits signed.
    pub in_phase: i64,
    /// Sum of sample times cosine, 48 bits signed.
    pub quadrature: i64,
}

/// Words of a window's frame without its checksum.
pub const fn window_words(slots: usize, is_compact: bool) -> usize {
    if is_compact {
        9 + slots
    } else {
        8 + 3 * slots
    }
}

/// One window of one case, as one input measured it. An instrument with several inputs sends a frame for each, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// ADC input, from 0.
    pub input: u8,
    /// Epoch within the start, from 0.
    pub epoch: u16,
    /// Case, from 0.
    pub case: u8,
    /// Start (row of the table of initial controls), from 0.
    pub start: u8,
    /// Sample number of the window's first sample, counted from the start of the run.
    pub sample_clock: u32,
    /// See [`flag`].
    pub flags: u16,
    /// Sum of the ADC codes over the first half of the window.
    pub sum_first: i32,
    /// Sum of the ADC codes over the second half.
    pub sum_second: i32,
    /// Least ADC code.
    pub min: i16,
    /// Greatest ADC code.
    pub max: i16,
    /// Sums of the slots in use.
    pub slots: Vec<SlotSums>,
}

impl Window {
    /// Whether an epoch begins with this frame.
    pub fn begins_epoch(&self) -> bool {
        self.case == 0 && self.input == 0
    }
}

/// One epoch of the standalone loop, sent after its last case and before the update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Epoch within the start, from 0.
    pub epoch: u16,
    /// Start, from 0.
    pub start: u8,
    /// Loss of this epoch, in 32 squared ADC codes times weight.
    pub loss: u32,
    /// Least loss of the run so far.
    pub best_loss: u32,
    /// Control words of all outputs during the epoch, Q16.16.
    pub controls: Vec<i32>,
}

/// End of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// Start at which the best loss was found.
    pub best_start: u8,
    /// Least loss of the run.
    pub best_loss: u32,
    /// Samples since the start of the run.
    pub sample_clock: u32,
}

/// ADC codes of one block of a capture.
pub const BLOCK_SAMPLES: usize = 64;

/// The guard tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Cause, see [`registers::fault`](crate::registers::fault).
    pub cause: u8,
    /// [`TIME`](crate::registers::TIME) of the sample.
    pub time: u32,
}

/// ADC codes of a capture, at most [`BLOCK_SAMPLES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// ADC input, from 0.
    pub input: u8,
    /// [`TIME`](crate::registers::TIME) of the first sample.
    pub time: u32,
    /// Samples from one code to the next.
    pub decimation: u16,
    /// The codes.
    pub codes: Vec<i16>,
}
