//! Everything a run needs, in SI units.

use crate::carrier::Carrier;
use crate::cost::Cost;
use hge_driver::scale::Scale;

/// Pace of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Samples a second.
    pub rate_hz: f64,
    /// Samples of a window, a power of two.
    pub window_samples: u32,
    /// Wait after a ramp, tones off.
    pub settle_s: f64,
    /// Time with tones on before the window.
    pub lead_in_s: f64,
    /// Rate of all ramps.
    pub ramp_v_per_s: f64,
    /// Samples between a window and the next ramp; more where the gateware's work takes longer.
    pub gap_samples: u32,
}

/// Limits of the guard for one output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputLimits {
    /// Least voltage.
    pub low_v: f64,
    /// Greatest voltage.
    pub high_v: f64,
    /// Voltage when disarmed.
    pub safe_v: f64,
}

/// A control: an output whose voltage is trained, and its tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// Output, from 0.
    pub output: usize,
    /// Least voltage, tone included.
    pub low_v: f64,
    /// Greatest voltage, tone included.
    pub high_v: f64,
    /// Periods in the window.
    pub cycles: u32,
    /// Requested amplitude.
    pub amplitude_v: f64,
}

/// Everything a run needs, in SI units.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Converters and I-V converter.
    pub scale: Scale,
    /// Pace.
    pub timing: Timing,
    /// Outputs that carry inputs.
    pub inputs: Vec<usize>,
    /// Input voltages of every case, in the order of `inputs`.
    pub cases_v: Vec<Vec<f64>>,
    /// The controls; slot k demodulates control k.
    pub controls: Vec<Control>,
    /// Lines without a tone that are demodulated too, in the following slots.
    pub noise_slots: Vec<NoiseSlot>,
    /// The guard, one entry an output.
    pub limits: Vec<OutputLimits>,
    /// The guard's greatest step a sample; `None`: just above that of the run.
    pub step_v: Option<f64>,
    /// Carriers of the controls' slots; for a code the tone's periods are its repetitions in a window.
    pub carrier: Carrier,
    /// Input of the lock-in in place of the ADC code. One slot more, after all others, sums it.
    pub cost: Option<Cost>,
    /// First-order noise shaping while tones are on.
    pub shaping: bool,
    /// Window records with 16 bits a sum and one exponent.
    pub compact_records: bool,
    /// Tones run on between the windows of a standalone run.
    pub continuous: bool,
    /// Enabled trips of the guard.
    pub protection: Protection,
}

/// A slot without a tone at a line near a tone, for the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseSlot {
    /// Whole periods in the window.
    pub cycles: u32,
    /// The control with that tone, by its place among the controls.
    pub control: usize,
}

/// Trips of the guard besides the interlock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protection {
    /// Magnitude of the current from which on it is too high; `None`: never.
    pub overcurrent_na: Option<f64>,
    /// Epochs of the longest standalone run, of all its starts: it may take four times as long as expected.
    pub run_epochs: u32,
}

impl Default for Protection {
    /// No over-current, runs of one epoch.
    fn default() -> Self {
        Protection { overcurrent_na: None, run_epochs: 1 }
    }
}
