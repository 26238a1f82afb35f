//! One set of derivatives: every case's answers at given controls, each with its standard error.
//!
//! The error comes from the noise beside the tone: in each window the lines that listen beside it hold an in-phase and a quadrature
//! amplitude of what the tone's own line holds besides the answer. Of W windows with two lines that is 4 W values, where the spread of
//! the W slopes itself has W - 1. Where no line is free beside a tone, the spread it is.

use super::confidence::Confidence;
use super::MeasureError;
use crate::calibration::Calibration;
use crate::drift::{leaks, Leaks, Shape};
use crate::plan::{NoiseSlot, Plan, PlanError};
use crate::session::{Reading, Session};
use crate::settling::{is_harmless, left_share};
use crate::tones::{assess, NoiseModel, Order, ToneSpec, EMPTY_LINES};
use hge_sim::device::Device;
use serde::{Deserialize, Serialize};

/// Windows of a case, where nothing else is asked.
pub const WINDOWS: u32 = 8;

/// Standard errors above which an answer in quadrature is no noise.
pub const QUADRATURE_ERRORS: f64 = 6.0;

/// Share of the answer in phase below which one in quadrature does no harm: a lag whose tangent is 0.1 takes 0.5 % off the slope.
pub const QUADRATURE_SHARE: f64 = 0.1;

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Windows of every case; with `snr` at least.
    pub windows: u32,
    /// Go on until every slope is this many standard errors.
    pub snr: Option<f64>,
    /// But no further than to so many windows.
    pub most_windows: u32,
    /// Take off what a drift of this shape puts on the tones; `None`: only say where it matters.
    pub drift: Option<Shape>,
}

impl Effort {
    /// Whether every slope is known as well as is asked, if it is.
    pub(super) fn snr_reached(&self, cases: &[CaseSlopes]) -> Option<bool> {
        self.snr.map(|wanted| {
            let mut slopes = cases.iter().flat_map(|case| &case.slopes);
            slopes.all(|slope| slope.snr().is_some_and(|reached| reached >= wanted))
        })
    }

    /// So many windows.
    pub fn windows(windows: u32) -> Self {
        Effort { windows, snr: None, most_windows: windows, drift: None }
    }
}

/// What an interval holds 19 times of 20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Intervals {
    /// The device's slope at amplitude zero: measured at three amplitudes, the bias of the amplitude taken off and its uncertainty included.
    #[default]
    Slope,
    /// The lock-in's mean answer at the amplitude in force, which curvature keeps from the slope.
    Answer,
}

/// One derivative.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slope {
    /// Electrode with whose voltage the current was derived.
    pub electrode: usize,
    /// Frequency of its tone.
    pub tone_hz: f64,
    /// Amplitude of its tone, as it leaves the DAC.
    pub amplitude_v: f64,
    /// At amplitude zero, or the mean answer over the windows: see [`Intervals`].
    pub slope_na_per_v: f64,
    /// Mean answer in quadrature with the tone, which a device that follows at once does not have; 0 where carriers are no sines. Its standard error is that of
    /// the slope.
    pub quadrature_na_per_v: f64,
    /// Standard error of the slope; `None` of a single window without a free line beside the tone.
    pub error_na_per_v: Option<f64>,
    /// Ends of the interval that holds the slope 19 times of 20.
    pub interval_na_per_v: Option<[f64; 2]>,
    /// Values that the error is known from, less those taken from them: the more, the better it is known.
    pub degrees_of_freedom: Option<f64>,
    /// Answer at the amplitude in force less the slope at amplitude zero, noise apart; `None` where it was not measured.
    pub bias_na_per_v: Option<f64>,
    /// Its standard error.
    pub bias_error_na_per_v: Option<f64>,
}

/// What one case showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseSlopes {
    /// Voltages of the inputs.
    pub inputs_v: Vec<f64>,
    /// Mean current over the windows, tones on.
    pub current_na: f64,
    /// Standard error of this mean; `None` of a single window.
    pub current_error_na: Option<f64>,
    /// How much the second half of the windows lies above the first, tones apart.
    pub step_na: f64,
    /// Whether what that puts on the tones, as far as it is not taken off, is below 2 % of every slope or below its error.
    pub settled: bool,
    /// Something between the DAC and the ADC lags or feeds through, and no calibration undoes it: an answer in quadrature is above [`QUADRATURE_ERRORS`]
    /// standard errors and above [`QUADRATURE_SHARE`] of the one in phase, so that the slopes may be wrong by more than their errors.
    pub uncalibrated: bool,
    /// ADC or I-V converter was at an end of its range in some window: the slopes are lost.
    pub clipped: bool,
    /// One for each control.
    pub slopes: Vec<Slope>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// What the intervals hold.
    pub intervals: Intervals,
    /// Windows of every case, at all amplitudes.
    pub windows: u32,
    /// Whether every slope is known as well as was asked, if it was.
    pub snr_reached: Option<bool>,
    /// One for each case.
    pub cases: Vec<CaseSlopes>,
}

/// The plan with noise slots on free lines beside its tones, as far as there are lines and slots.
///
/// # Errors
/// None that a plan which could be made once would meet.
pub fn listening(plan: &Plan, noise_model: NoiseModel) -> Result<Plan, PlanError> {
    let multiples: Vec<u32> =
        plan.configuration().controls.iter().map(|control| control.multiple).collect();
    let free = (plan.parameters().slots as usize).saturating_sub(multiples.len());
    let wanted = ToneSpec {
        grid: plan.grid(),
        count: multiples.len(),
        band_hz: [0.0, plan.grid().rate_hz / 2.0],
        empty_lines: EMPTY_LINES,
        order: Order::Compact,
        noise_model,
    };
    let tones = assess(&wanted, &multiples).tones;
    // A line for every tone before the second one for any.
    let noise_slots = (0..EMPTY_LINES as usize).flat_map(|round| {
        tones.iter().enumerate().filter_map(move |(control, tone)| {
            let multiple = *tone.empty_lines.get(round)?;
            Some(NoiseSlot { multiple, control })
        })
    });
    plan.with_noise_slots(noise_slots.take(free).collect())
}

/// Measures every case's answers at `controls_v` and the amplitudes in force. The session's plan should be one that is [`listening`].
///
/// # Errors
/// Too few or too many controls, one that is out of its range, no windows; or the instrument fails.
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

/// Every case's slopes from all passes at the amplitude in force.
pub(super) fn cases(
    session: &Session,
    passes: &[Vec<Reading>],
    drift: Option<Shape>,
) -> Vec<CaseSlopes> {
    let plan = session.plan();
    let cases = plan.configuration().cases_v.iter().enumerate();
    let cases = cases.map(|(case, inputs_v)| {
        let readings: Vec<&Reading> = passes.iter().map(|pass| &pass[case]).collect();
        let case = summary(session, inputs_v, &readings, drift);
        let uncalibrated = case.slopes.iter().any(Slope::has_quadrature);
        CaseSlopes { uncalibrated: uncalibrated && session.calibration().is_none(), ..case }
    });
    cases.collect()
}

impl Slope {
    /// Whether its answer in quadrature is above noise and large enough to matter.
    fn has_quadrature(&self) -> bool {
        let noise = QUADRATURE_ERRORS * self.error_na_per_v.unwrap_or(f64::INFINITY);
        let harmless = QUADRATURE_SHARE * self.slope_na_per_v.abs();
        self.quadrature_na_per_v.abs() > noise.max(harmless)
    }

    /// How many standard errors it is; `None` where the error is not known.
    pub fn snr(&self) -> Option<f64> {
        self.error_na_per_v.map(|error| self.slope_na_per_v.abs() / error)
    }
}

fn summary(
    session: &Session,
    inputs_v: &[f64],
    readings: &[&Reading],
    shape: Option<Shape>,
) -> CaseSlopes {
    let (plan, calibration) = (session.plan(), session.calibration());
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
        let beside = noise_na(session, readings, k, on_empty_na);
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
        current_na: mean(&currents),
        current_error_na: Confidence::of_spread(&currents).map(|known| known.error),
        uncalibrated: false,
        clipped: readings.iter().any(|reading| reading.clipped),
        slopes,
    }
}

/// What a mean window's drift puts where.
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

/// The most that a line with a mean window's step can put on anything that is two levels: half of the step.
fn most(plan: &Plan, readings: &[&Reading]) -> Leaks {
    let windows = readings.len() as f64;
    let step_na = readings.iter().map(|reading| reading.step_na).sum::<f64>() / windows;
    let tones_na = vec![[step_na / 2.0, 0.0]; plan.configuration().controls.len()];
    Leaks { tones_na, empty_na: Vec::new(), step_na }
}

/// Whether what a drift leaves on the tones does not matter.
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

/// What the lines beside a tone held.
struct Beside {
    squares_na2: f64,
    values: usize,
}

/// The noise of the device's current beside a tone: what its lines held, over the gain at each. Noise of the ADC alone, behind the pole, is
/// overestimated at lines above the tone and underestimated below it.
fn noise_na(
    session: &Session,
    readings: &[&Reading],
    control: usize,
    taken_off_na: Option<&[[f64; 2]]>,
) -> Beside {
    let plan = session.plan();
    let noise_slots = plan.configuration().noise_slots.iter().enumerate();
    let places: Vec<(usize, f64)> = noise_slots
        .filter(|(_, noise_slot)| noise_slot.control == control)
        .map(|(n, noise_slot)| {
            let frequency_hz = plan.grid().frequency_hz(noise_slot.multiple);
            let calibration = session.calibration();
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
    check(plan, controls_v)?;
    match effort.windows {
        0 => Err(MeasureError::Nothing { what: "windows" }),
        _ => Ok(()),
    }
}

pub(super) fn check(plan: &Plan, controls_v: &[f64]) -> Result<(), MeasureError> {
    let controls = &plan.configuration().controls;
    if controls_v.len() != controls.len() {
        let electrodes = controls.iter().map(|control| control.output).collect();
        return Err(MeasureError::Voltages { found: controls_v.len(), electrodes });
    }
    for (k, (control, &volts)) in controls.iter().zip(controls_v).enumerate() {
        let (low_v, high_v) = plan.control_range_v(k);
        // A voltage that is an end but for the last bits of its decimals is inside.
        let slack_v = plan.output_scale(k).step_v() / 2.0;
        if !(low_v - slack_v..=high_v + slack_v).contains(&volts) {
            let electrode = control.output;
            return Err(MeasureError::Beyond { electrode, volts, low_v, high_v });
        }
    }
    Ok(())
}

/// What a device says of itself: the slope of every case with every control, without tones. `None`: it cannot tell.
pub fn exact(device: &dyn Device, plan: &Plan, controls_v: &[f64]) -> Option<Vec<Vec<f64>>> {
    let configuration = plan.configuration();
    let mut volts = vec![0.0; device.electrodes()];
    for (electrode, limits) in configuration.limits.iter().enumerate().take(volts.len()) {
        volts[electrode] = limits.safe_v;
    }
    for (control, &controlled) in configuration.controls.iter().zip(controls_v) {
        *volts.get_mut(control.output)? = controlled;
    }
    let cases = configuration.cases_v.iter();
    cases
        .map(|inputs_v| {
            for (&input, &given) in configuration.inputs.iter().zip(inputs_v) {
                *volts.get_mut(input)? = given;
            }
            let slopes = device.gradient_na_per_v(&volts)?;
            Some(configuration.controls.iter().map(|control| slopes[control.output]).collect())
        })
        .collect()
}
