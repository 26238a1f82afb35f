//! One set of derivatives: every case's responses at given controls, with standard errors.
//!
//! The error comes from the noise near the tone: in each window, demodulated empty lines give an in-phase and a quadrature
//! amplitude with the noise of the tone's own line. W windows with two lines give 4 W values, where the spread of
//! the W slopes has W - 1. Without an empty line near a tone, the spread is used.

use super::confidence::Confidence;
use super::MeasureError;
use crate::calibration::Calibration;
use crate::drift::{leaks, left_share, Leaks, Shape};
use crate::plan::{Configuration, Control, NoiseSlot, Plan, PlanError};
use crate::session::{Reading, Session};
use crate::settling::is_harmless;
use crate::tones::{assess, NoiseModel, Order, ToneSpec, EMPTY_LINES};
use hge_sim::device::Device;
use serde::{Deserialize, Serialize};

/// Default number of windows of a case.
pub const WINDOWS: u32 = 8;

/// Standard errors above which a quadrature response is significant.
pub const QUADRATURE_ERRORS: f64 = 6.0;

/// Fraction of the in-phase response below which a quadrature response is harmless: a lag with tangent 0.1 reduces the slope by 0.5 %.
pub const QUADRATURE_SHARE: f64 = 0.1;

/// Duration of a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Windows of every case; with `snr` the minimum.
    pub windows: u32,
    /// Continue until every slope is this multiple of its standard error.
    pub snr: Option<f64>,
    /// Maximum number of windows.
    pub most_windows: u32,
    /// Subtract the effect of a drift of this shape on the tones; `None`: of the relaxation that the session's calibration knows, or else only report it where
    /// it matters.
    pub drift: Option<Shape>,
}

impl Effort {
    /// Whether every slope has reached the requested ratio, if any.
    pub(super) fn snr_reached(&self, cases: &[CaseSlopes]) -> Option<bool> {
        self.snr.map(|wanted| {
            let mut slopes = cases.iter().flat_map(|case| &case.slopes);
            slopes.all(|slope| slope.snr().is_some_and(|reached| reached >= wanted))
        })
    }

    /// This number of windows.
    pub fn windows(windows: u32) -> Self {
        Effort { windows, snr: None, most_windows: windows, drift: None }
    }
}

/// Quantity that a 95 % interval covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Intervals {
    /// The device's slope at amplitude zero: measured at three amplitudes, bias of the amplitude subtracted and its uncertainty included.
    #[default]
    Slope,
    /// The lock-in's mean response at the plan's amplitude, which differs from the slope by curvature.
    Answer,
}

/// One derivative.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slope {
    /// Electrode of the derivative.
    pub electrode: usize,
    /// Frequency of its tone.
    pub tone_hz: f64,
    /// Amplitude of its tone, as it leaves the DAC.
    pub amplitude_v: f64,
    /// Slope at amplitude zero, or the mean response over the windows: see [`Intervals`].
    pub slope_na_per_v: f64,
    /// Mean quadrature response, zero for a device without lag; 0 with carriers other than sines. Its standard error is that of
    /// the slope.
    pub quadrature_na_per_v: f64,
    /// Standard error of the slope; `None` for a single window without an empty line near the tone.
    pub error_na_per_v: Option<f64>,
    /// Ends of the slope's 95 % interval.
    pub interval_na_per_v: Option<[f64; 2]>,
    /// Degrees of freedom of the error.
    pub degrees_of_freedom: Option<f64>,
    /// Response at the plan's amplitude minus the slope at amplitude zero, without noise; `None` if not measured.
    pub bias_na_per_v: Option<f64>,
    /// Standard error of the bias.
    pub bias_error_na_per_v: Option<f64>,
}

/// Result of one case at one of the device's outputs: a row of the case's Jacobian.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseSlopes {
    /// Voltages of the inputs.
    pub inputs_v: Vec<f64>,
    /// Output of the device, from 0.
    pub output: usize,
    /// Mean current over the windows, tones on.
    pub current_na: f64,
    /// Standard error of this mean; `None` for a single window.
    pub current_error_na: Option<f64>,
    /// Mean of the second halves of the windows minus that of the first, without the tones.
    pub step_na: f64,
    /// Whether the remaining effect of this step on the tones is below 2 % of every slope or below its error.
    pub settled: bool,
    /// Uncorrected lag or feed-through between DAC and ADC: a quadrature response is above [`QUADRATURE_ERRORS`]
    /// standard errors and above [`QUADRATURE_SHARE`] of the in-phase response, so that the slopes may be wrong by more than their errors.
    pub uncalibrated: bool,
    /// ADC or I-V converter was at an end of its range in some window: the slopes are not valid.
    pub clipped: bool,
    /// One for each control.
    pub slopes: Vec<Slope>,
}

/// Result of a measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Quantity that the intervals cover.
    pub intervals: Intervals,
    /// Windows of every case, at all amplitudes.
    pub windows: u32,
    /// Whether every slope has reached the requested ratio, if any.
    pub snr_reached: Option<bool>,
    /// One for each case, and in it for each output of the device that is measured.
    pub cases: Vec<CaseSlopes>,
}

/// The plan with noise slots on empty lines next to its tones, as far as there are lines and slots.
///
/// # Errors
/// None, for a plan that could be made once.
pub fn listening(plan: &Plan, noise_model: NoiseModel) -> Result<Plan, PlanError> {
    let cycles: Vec<u32> =
        plan.configuration().controls.iter().map(|control| control.cycles).collect();
    let free = (plan.parameters().slots as usize).saturating_sub(cycles.len());
    let wanted = ToneSpec {
        grid: plan.grid(),
        count: cycles.len(),
        band_hz: [0.0, plan.grid().rate_hz / 2.0],
        empty_lines: EMPTY_LINES,
        order: Order::Compact,
        noise_model,
    };
    let tones = assess(&wanted, &cycles).tones;
    // A line for every tone before the second one for any.
    let noise_slots = (0..EMPTY_LINES as usize).flat_map(|round| {
        tones.iter().enumerate().filter_map(move |(control, tone)| {
            let cycles = *tone.empty_lines.get(round)?;
            Some(NoiseSlot { cycles, control })
        })
    });
    plan.with_noise_slots(noise_slots.take(free).collect())
}

/// Measures every case's responses at `controls_v` and the plan's amplitudes. The session's plan should be one that is [`listening`].
///
/// # Errors
/// Wrong number of controls, one out of its range, no windows; or the instrument fails.
pub fn measure(
    session: &mut Session,
    controls_v: &[f64],
    effort: Effort,
) -> Result<Measured, MeasureError> {
    check_effort(session.plan(), controls_v, effort)?;
    let mut passes: Vec<Vec<Reading>> = Vec::new();
    loop {
        passes.push(session.measure(controls_v, true)?);
        let windows = passes.len() as u32;
        if windows < effort.windows {
            continue;
        }
        let cases = cases(session, &passes, effort.drift);
        let snr_reached = effort.snr_reached(&cases);
        if snr_reached != Some(false) || windows >= effort.most_windows {
            return Ok(Measured { intervals: Intervals::Answer, windows, snr_reached, cases });
        }
    }
}

/// Slopes of every case and output from all passes at the plan's amplitude.
pub(super) fn cases(
    session: &Session,
    passes: &[Vec<Reading>],
    drift: Option<Shape>,
) -> Vec<CaseSlopes> {
    let cases = session.rows().enumerate().map(|(row, (inputs_v, output))| {
        let readings: Vec<&Reading> = passes.iter().map(|pass| &pass[row]).collect();
        let calibration = session.calibration(output);
        let shape = drift.or_else(|| calibration.and_then(Calibration::drift));
        let case = summary(session, inputs_v, output, &readings, shape);
        let uncalibrated = case.slopes.iter().any(Slope::has_quadrature);
        CaseSlopes { uncalibrated: uncalibrated && calibration.is_none(), ..case }
    });
    cases.collect()
}

impl Slope {
    /// Whether its quadrature response is significant and large enough to matter.
    fn has_quadrature(&self) -> bool {
        let noise = QUADRATURE_ERRORS * self.error_na_per_v.unwrap_or(f64::INFINITY);
        let harmless = QUADRATURE_SHARE * self.slope_na_per_v.abs();
        self.quadrature_na_per_v.abs() > noise.max(harmless)
    }

    /// The slope in standard errors; `None` if the error is unknown.
    pub fn snr(&self) -> Option<f64> {
        self.error_na_per_v.map(|error| self.slope_na_per_v.abs() / error)
    }
}

fn summary(
    session: &Session,
    inputs_v: &[f64],
    output: usize,
    readings: &[&Reading],
    shape: Option<Shape>,
) -> CaseSlopes {
    let (plan, calibration) = (session.plan(), session.calibration(output));
    let windows = readings.len();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / windows as f64;
    let configuration = plan.configuration();
    let currents: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
    let drift = if session.method().is_of_sines() {
        drift(plan, readings, shape.unwrap_or(Shape::Line))
    } else {
        most(plan, readings)
    };
    let on_empty_na = shape.map(|_| drift.empty_na.as_slice());
    let controls = configuration.controls.iter().zip(plan.tones_hz()).enumerate();
    let slopes = controls.map(|(k, (control, tone_hz))| {
        let values: Vec<f64> = readings.iter().map(|reading| reading.slopes_na_per_v[k]).collect();
        let (electrode, amplitude_v) = (control.output, plan.amplitude_v(k));
        let tone = calibration.map(|calibration| &calibration.tones[k]);
        let beside = noise_na(plan, calibration, readings, k, on_empty_na);
        let known = Confidence::of_noise(beside.squares_na2, beside.values, windows)
            .map(|of_noise| of_noise.scaled(1.0 / amplitude_v))
            .or_else(|| Confidence::of_spread(&values));
        let leak_na = drift.tones_na[k];
        let leak_na = tone.map_or(leak_na[0], |tone| tone.slope_of_change(leak_na));
        let taken_off = if shape.is_some() { leak_na / amplitude_v } else { 0.0 };
        let slope_na_per_v = mean(&values) - taken_off;
        let quadratures: Vec<f64> = readings
            .iter()
            .map(|reading| reading.answers_na_per_v.get(k).map_or(0.0, |a| a[1]))
            .collect();
        Slope {
            electrode,
            tone_hz,
            amplitude_v,
            slope_na_per_v,
            quadrature_na_per_v: mean(&quadratures),
            error_na_per_v: known.map(|known| known.error),
            interval_na_per_v: known.map(|known| known.interval(slope_na_per_v)),
            degrees_of_freedom: known.map(|known| known.degrees_of_freedom),
            bias_na_per_v: None,
            bias_error_na_per_v: None,
        }
    });
    let slopes: Vec<Slope> = slopes.collect();
    CaseSlopes {
        step_na: drift.step_na,
        settled: is_settled(&slopes, &drift, shape, calibration),
        inputs_v: inputs_v.to_vec(),
        output,
        current_na: mean(&currents),
        current_error_na: Confidence::of_spread(&currents).map(|known| known.error),
        uncalibrated: false,
        clipped: readings.iter().any(|reading| reading.clipped),
        slopes,
    }
}

/// Effect of a mean window's drift.
fn drift(plan: &Plan, readings: &[&Reading], shape: Shape) -> Leaks {
    let windows = readings.len() as f64;
    let of = |k: usize, axis: usize| {
        let sum: f64 = readings.iter().map(|reading| reading.answers_na_per_v[k][axis]).sum();
        sum / windows * plan.amplitude_v(k)
    };
    let tones = 0..plan.configuration().controls.len();
    let answers_na: Vec<[f64; 2]> = tones.map(|k| [of(k, 0), of(k, 1)]).collect();
    let step_na = readings.iter().map(|reading| reading.step_na).sum::<f64>() / windows;
    leaks(plan, shape, &answers_na, step_na)
}

/// Bound of the effect of a line with a mean window's step on a code of two levels: half of the step.
fn most(plan: &Plan, readings: &[&Reading]) -> Leaks {
    let windows = readings.len() as f64;
    let step_na = readings.iter().map(|reading| reading.step_na).sum::<f64>() / windows;
    let tones_na = vec![[step_na / 2.0, 0.0]; plan.configuration().controls.len()];
    Leaks { tones_na, empty_na: Vec::new(), step_na }
}

/// Whether the remaining effect of a drift on the tones is negligible.
fn is_settled(
    slopes: &[Slope],
    drift: &Leaks,
    taken_off: Option<Shape>,
    calibration: Option<&Calibration>,
) -> bool {
    let share = left_share(taken_off);
    slopes.iter().zip(&drift.tones_na).enumerate().all(|(k, (slope, leak_na))| {
        let per_slope = slope.amplitude_v * calibration.map_or(1.0, |known| known.tones[k].gain());
        let leak = leak_na.map(|part| part / per_slope);
        is_harmless(share, leak, slope.slope_na_per_v, slope.error_na_per_v.unwrap_or(0.0))
    })
}

/// Amplitudes of the empty lines next to a tone.
struct Beside {
    squares_na2: f64,
    values: usize,
}

/// The noise of the device's current near a tone: amplitudes of its empty lines, over the gain at each. ADC noise, behind the pole, is
/// overestimated at lines above the tone and underestimated below it.
fn noise_na(
    plan: &Plan,
    calibration: Option<&Calibration>,
    readings: &[&Reading],
    control: usize,
    taken_off_na: Option<&[[f64; 2]]>,
) -> Beside {
    let noise_slots = plan.configuration().noise_slots.iter().enumerate();
    let places: Vec<(usize, f64)> = noise_slots
        .filter(|(_, noise_slot)| noise_slot.control == control)
        .map(|(n, noise_slot)| {
            let frequency_hz = plan.grid().frequency_hz(noise_slot.cycles);
            (n, calibration.map_or(1.0, |known| known.gain_beside(control, frequency_hz)))
        })
        .collect();
    let mut beside = Beside { squares_na2: 0.0, values: 0 };
    for reading in readings {
        for &(n, gain) in &places {
            let off_na = taken_off_na.map_or([0.0; 2], |leaks| leaks[n]);
            for (held_na, off_na) in reading.empty_na[n].iter().zip(off_na) {
                beside.squares_na2 += ((held_na - off_na) / gain).powi(2);
                beside.values += 1;
            }
        }
    }
    beside
}

/// [`check`], and that there is a window.
pub(super) fn check_effort(
    plan: &Plan,
    controls_v: &[f64],
    effort: Effort,
) -> Result<(), MeasureError> {
    if effort.windows == 0 {
        return Err(MeasureError::Nothing { what: "windows" });
    }
    check(plan, controls_v)
}

/// Checks that there is a voltage for every control, and that its tone fits there.
///
/// # Errors
/// Wrong number of controls, or one out of its range.
pub fn check(plan: &Plan, controls_v: &[f64]) -> Result<(), MeasureError> {
    let controls = &plan.configuration().controls;
    if controls_v.len() != controls.len() {
        let electrodes = controls.iter().map(|control| control.output).collect();
        return Err(PlanError::Voltages { found: controls_v.len(), electrodes }.into());
    }
    for (k, (control, &volts)) in controls.iter().zip(controls_v).enumerate() {
        let (low_v, high_v) = plan.control_range_v(k);
        // A voltage that is an end but for the last bits of its decimals is inside.
        let slack_v = plan.output_scale(k).step_v() / 2.0;
        if !(low_v - slack_v..=high_v + slack_v).contains(&volts) {
            return Err(MeasureError::Beyond { electrode: control.output, volts, low_v, high_v });
        }
    }
    Ok(())
}

/// Exact slopes of a device: for every case, and in it for every input of the instrument, those with every control, without tones. `None`: the device does not provide them.
pub fn exact(device: &dyn Device, plan: &Plan, controls_v: &[f64]) -> Option<Vec<Vec<f64>>> {
    let Configuration { cases_v, controls, .. } = plan.configuration();
    let electrodes = device.electrodes();
    let mut rows = Vec::new();
    for inputs_v in cases_v {
        let mut volts = plan.outputs_v(inputs_v, controls_v);
        volts.resize(electrodes, 0.0);
        let jacobian = device.jacobian_na_per_v(&volts)?;
        for output in 0..plan.parameters().inputs as usize {
            // An input without an output of the device is open.
            let slope = |control: &Control| match output < device.outputs() {
                true => jacobian.get(output * electrodes + control.output).copied(),
                false => Some(0.0),
            };
            rows.push(controls.iter().map(slope).collect::<Option<Vec<f64>>>()?);
        }
    }
    Some(rows)
}
