//! Calibration with resistors in place of the device, and with open contacts.
//!
//! The response of a resistor of conductance g with a parallel capacitance, through a response H that includes the chain's gain error, is
//!
//! ```text
//! z = H (g + b tan(w/2) + i b)
//! ```
//!
//! The response of open contacts is z_o = H (b tan(w/2) + i b), so that H = (z - z_o) / g for each tone. Without it a lagging pole and a leading capacitance
//! cancel: C / g = 1 / (2 pi f_pole) gives the response g at every tone. For an assumed pole p only
//! Re(z / H_p) - tan(w/2) Im(z / H_p), which must be equal at all tones, can be tested. All poles within three standard errors of the best are
//! kept; if their lags at the fastest tone differ by more than [`MOST_OPEN_RAD`] the calibration is refused.

use super::fit::{
    calibration, pole, tone, Lag, LEAST_ERROR_RAD, MOST_DISAGREEMENT, MOST_LAG_RAD, POLES,
};
use super::{Calibration, CalibrationError, Conditions};
use crate::plan::{Control, Plan};
use hge_sim::bench::{Pole, Response};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Fraction of the current below which a resistor is missing, or the pole leaves no signal.
const LEAST_OF_RESISTOR: f64 = 0.3;

/// Range of lags that the responses may leave open: half of it is 2.5 % of a quadrature response.
pub const MOST_OPEN_RAD: f64 = 0.05;

/// Standard errors up to which a pole is possible.
const POSSIBLE: f64 = 3.0;

/// Number of poles tried.
const TRIED: u32 = 2000;

/// Standard errors above which the response of an open contact is significant.
const SEEN: f64 = 6.0;

/// Responses of all tones with open contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenContacts {
    /// Configuration of the measurement.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// One for each control.
    pub tones: Vec<OpenTone>,
    /// Those at the inputs from 1 on; these are those at input 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<OpenContacts>,
}

/// Response of one tone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenTone {
    /// Electrode.
    pub electrode: usize,
    /// Whole periods in the window.
    #[serde(alias = "multiple")]
    pub cycles: u32,
    /// Frequency.
    pub frequency_hz: f64,
    /// In-phase response.
    pub in_phase_na_per_v: f64,
    /// Quadrature response.
    pub quadrature_na_per_v: f64,
    /// Standard error of each.
    pub error_na_per_v: f64,
    /// Capacitance with this response, through the chain.
    pub feed_through_pf: f64,
}

impl OpenContacts {
    fn of(plan: &Plan, input: usize, tones: Vec<OpenTone>) -> Self {
        OpenContacts { conditions: Conditions::of(plan, input), tones, further: Vec::new() }
    }

    /// Those at inputs 0, 1, ... as one; none of none.
    pub fn joined(at_inputs: Vec<OpenContacts>) -> Option<Self> {
        let mut at_inputs = at_inputs.into_iter();
        let first = at_inputs.next()?;
        Some(OpenContacts { further: at_inputs.collect(), ..first })
    }

    /// Those at inputs 0, 1, ...
    pub fn inputs(&self) -> impl Iterator<Item = &OpenContacts> {
        std::iter::once(self).chain(&self.further)
    }

    /// Of a bench without a capacitance across the device, at input 0.
    pub fn without_capacitance(plan: &Plan) -> Self {
        let controls = plan.configuration().controls.iter().zip(plan.tones_hz());
        let tones = controls.map(|(control, frequency_hz)| OpenTone {
            electrode: control.output,
            cycles: control.cycles,
            frequency_hz,
            in_phase_na_per_v: 0.0,
            quadrature_na_per_v: 0.0,
            error_na_per_v: 0.0,
            feed_through_pf: 0.0,
        });
        OpenContacts::of(plan, 0, tones.collect())
    }

    /// Refuses a plan of which they were not measured at this input.
    ///
    /// # Errors
    /// Rate, window, latency, converter or tones differ.
    fn check(&self, plan: &Plan, input: usize) -> Result<(), CalibrationError> {
        let tones = self.tones.iter().map(|tone| (tone.electrode, tone.cycles));
        self.conditions.check(plan, input, tones)
    }
}

/// The mean of a tone's responses.
#[derive(Clone, Copy)]
struct Mean {
    answer: Response,
    /// Standard error of either part.
    error: f64,
}

impl Mean {
    fn of(points: &[[f64; 2]]) -> Self {
        let count = points.len() as f64;
        let mean = |axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / count;
        let answer = Response { re: mean(0), im: mean(1) };
        let squares =
            points.iter().map(|[re, im]| (re - answer.re).powi(2) + (im - answer.im).powi(2));
        let variance = squares.sum::<f64>() / (2.0 * (count - 1.0).max(1.0)) / count;
        Mean { answer, error: variance.sqrt().max(LEAST_ERROR_RAD * answer.gain()) }
    }
}

/// A control's tone and its responses.
struct Place<'a> {
    control: &'a Control,
    frequency_hz: f64,
    mean: Mean,
}

fn places<'a>(plan: &'a Plan, answers: &[Vec<[f64; 2]>]) -> Vec<Place<'a>> {
    let controls = plan.configuration().controls.iter().zip(plan.tones_hz()).zip(answers);
    controls
        .map(|((control, frequency_hz), points)| Place {
            control,
            frequency_hz,
            mean: Mean::of(points),
        })
        .collect()
}

/// Responses of open contacts at an input.
///
/// # Errors
/// A contact that conducts.
pub fn fit_open(
    plan: &Plan,
    input: usize,
    answers: &[Vec<[f64; 2]>],
) -> Result<OpenContacts, CalibrationError> {
    let rate_hz = plan.grid().rate_hz;
    let tones = places(plan, answers).into_iter().map(|place| {
        let Place { control, frequency_hz, mean: Mean { answer, error } } = place;
        // A capacitance leads by a quarter of a turn, and the chain lags by MOST_LAG_RAD at most.
        if answer.re.abs() > (SEEN * error).max(MOST_LAG_RAD.tan() * answer.im.abs()) {
            let found_na_per_v = answer.re;
            return Err(CalibrationError::NotOpen { electrode: control.output, found_na_per_v });
        }
        // |1 - exp(-iw)|; nA/V are nS, F = S / (1/s), in pF.
        let step = 2.0 * (PI * frequency_hz / rate_hz).sin();
        Ok(OpenTone {
            electrode: control.output,
            cycles: control.cycles,
            frequency_hz,
            in_phase_na_per_v: answer.re,
            quadrature_na_per_v: answer.im,
            error_na_per_v: error,
            feed_through_pf: answer.gain() * 1e3 / (rate_hz * step),
        })
    });
    Ok(OpenContacts::of(plan, input, tones.collect::<Result<_, _>>()?))
}

/// A calibration of an input from the responses of resistors in place of the device, on some controls or all, and those of open contacts at this input, if measured.
///
/// # Errors
/// No control responds, a lag without a pole, open contacts of another plan; without those, responses that do not separate lag from capacitance.
pub fn fit_resistor(
    plan: &Plan,
    input: usize,
    answers: &[Vec<[f64; 2]>],
    conductance_na_per_v: f64,
    open: Option<&OpenContacts>,
) -> Result<Calibration, CalibrationError> {
    let mut places = places(plan, answers);
    let mut open_answers = vec![Response { re: 0.0, im: 0.0 }; places.len()];
    if let Some(open) = open {
        open.check(plan, input)?;
        for ((place, tone), kept) in places.iter_mut().zip(&open.tones).zip(&mut open_answers) {
            let without = Response { re: tone.in_phase_na_per_v, im: tone.quadrature_na_per_v };
            let with = place.mean.answer;
            place.mean = Mean {
                answer: Response { re: with.re - without.re, im: with.im - without.im },
                error: place.mean.error.hypot(tone.error_na_per_v),
            };
            *kept = without;
        }
    }
    let least = LEAST_OF_RESISTOR * conductance_na_per_v;
    let is_there = |place: &&Place| place.mean.answer.gain() >= least;
    let there: Vec<&Place> = places.iter().filter(is_there).collect();
    let greatest =
        places.iter().max_by(|a, b| a.mean.answer.gain().total_cmp(&b.mean.answer.gain()));
    let Some(greatest) = greatest.filter(|_| !there.is_empty()) else {
        return Err(missing(greatest, conductance_na_per_v));
    };
    for place in &there {
        let lag_rad = -place.mean.answer.phase_rad();
        if lag_rad > MOST_LAG_RAD || open.is_some() && lag_rad < -MOST_LAG_RAD {
            let (electrode, frequency_hz) = (place.control.output, place.frequency_hz);
            let lag_deg = lag_rad.to_degrees();
            return Err(CalibrationError::Latency { electrode, lag_deg, frequency_hz });
        }
    }
    if open.is_none() {
        return separated(plan, input, &places, &there, conductance_na_per_v);
    }
    let lag_of = |place: &Place| Lag {
        frequency_hz: place.frequency_hz,
        angle_rad: place.mean.answer.phase_rad(),
        error_rad: (place.mean.error / place.mean.answer.gain()).max(LEAST_ERROR_RAD),
    };
    let lags: Vec<Lag> = there.iter().map(|place| lag_of(place)).collect();
    let rate_hz = plan.grid().rate_hz;
    let pole_hz = pole(&lags, rate_hz);
    let tones = places.iter().zip(&open_answers).map(|(place, open)| {
        let of_pole =
            || pole_hz.map(|pole_hz| Pole::response(pole_hz, place.frequency_hz, rate_hz));
        let measured =
            is_there(&place).then(|| place.mean.answer.times(1.0 / conductance_na_per_v));
        let response = measured
            .or_else(of_pole)
            .ok_or_else(|| missing(Some(greatest), conductance_na_per_v))?;
        let error_rad = if measured.is_some() { lag_of(place).error_rad } else { 0.0 };
        let lag =
            Lag { frequency_hz: place.frequency_hz, angle_rad: response.phase_rad(), error_rad };
        Ok(tone(plan, place.control, &lag, response, open.over(response).im))
    });
    let tones = tones.collect::<Result<Vec<_>, CalibrationError>>()?;
    Ok(calibration(plan, input, pole_hz, tones))
}

fn missing(greatest: Option<&Place>, given_na_per_v: f64) -> CalibrationError {
    CalibrationError::NoResistor {
        electrode: greatest.map_or(0, |place| place.control.output),
        found_na_per_v: greatest.map_or(0.0, |place| place.mean.answer.gain()),
        given_na_per_v,
    }
}

/// A trial pole.
struct Tried {
    pole_hz: f64,
    /// Gain of the chain without it, relative to the expected one.
    gain: f64,
    /// Sum of squared distances, in standard errors.
    distance: f64,
}

impl Tried {
    fn of(pole_hz: f64, there: &[&Place], conductance_na_per_v: f64, rate_hz: f64) -> Self {
        let gains = there.iter().map(|place| {
            let response = Pole::response(pole_hz, place.frequency_hz, rate_hz);
            let behind = place.mean.answer.over(response);
            let half = (PI * place.frequency_hz / rate_hz).tan();
            let error = place.mean.error / response.gain() * half.hypot(1.0);
            ((behind.re - half * behind.im) / conductance_na_per_v, error / conductance_na_per_v)
        });
        let gains: Vec<(f64, f64)> = gains.collect();
        let weights: f64 = gains.iter().map(|(_, error)| error.powi(-2)).sum();
        let gain = gains.iter().map(|(gain, error)| gain / error.powi(2)).sum::<f64>() / weights;
        let distance = gains.iter().map(|(one, error)| ((one - gain) / error).powi(2)).sum();
        Tried { pole_hz, gain, distance }
    }
}

/// Lag and capacitances from the resistors only, if they are distinguishable.
fn separated(
    plan: &Plan,
    input: usize,
    places: &[Place],
    there: &[&Place],
    conductance_na_per_v: f64,
) -> Result<Calibration, CalibrationError> {
    let rate_hz = plan.grid().rate_hz;
    let ratio = (POLES.1 / POLES.0).powf(f64::from(TRIED).recip());
    let tried: Vec<Tried> = (0..=TRIED)
        .map(|n| POLES.0 * rate_hz * ratio.powi(n as i32))
        .map(|pole_hz| Tried::of(pole_hz, there, conductance_na_per_v, rate_hz))
        .filter(|tried| tried.gain > 0.0 && tried.distance.is_finite())
        .collect();
    let best = tried.iter().min_by(|a, b| a.distance.total_cmp(&b.distance));
    let freedom = there.len() as f64 - 2.0;
    // A gain and a pole are two unknowns.
    let fits = |best: &&Tried| best.distance <= MOST_DISAGREEMENT * freedom || freedom <= 0.0;
    let best = best.filter(fits).ok_or(CalibrationError::NotOnePole)?;
    let possible = best.distance + POSSIBLE.powi(2) * (best.distance / freedom.max(1.0)).max(1.0);
    let open_lag_rad = |frequency_hz: f64| {
        let lags = tried.iter().filter(|tried| tried.distance <= possible);
        let lags =
            lags.map(|tried| -Pole::response(tried.pole_hz, frequency_hz, rate_hz).phase_rad());
        lags.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), lag| {
            (least.min(lag), most.max(lag))
        })
    };
    let fastest_hz = places.iter().map(|place| place.frequency_hz).fold(0.0, f64::max);
    let (least, most) = open_lag_rad(fastest_hz);
    if there.len() < 2 || most - least > MOST_OPEN_RAD {
        return Err(CalibrationError::Inseparable {
            frequency_hz: fastest_hz,
            least_lag_deg: least.to_degrees(),
            most_lag_deg: most.to_degrees(),
        });
    }
    let tones = places.iter().map(|place| {
        let frequency_hz = place.frequency_hz;
        let response = Pole::response(best.pole_hz, frequency_hz, rate_hz).times(best.gain);
        let (least, most) = open_lag_rad(frequency_hz);
        let error_rad = (most - least) / (2.0 * POSSIBLE);
        let lag = Lag { frequency_hz, angle_rad: response.phase_rad(), error_rad };
        tone(plan, place.control, &lag, response, place.mean.answer.over(response).im)
    });
    Ok(calibration(plan, input, Some(best.pole_hz), tones.collect()))
}
