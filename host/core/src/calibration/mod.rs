//! Lag and feed-through of every tone, measured with the device in place.
//!
//! With an I-V converter with a pole H, and a capacitance C from a control's contact to the output, the response to a tone of one volt is
//!
//! ```text
//! z = H(f) (g + C f_s (1 - exp(-i w)))          w = 2 pi f / f_s
//! ```
//!
//! since the DAC moves in steps. Only g varies with the operating point, so the responses lie on a [`mod@line`] with the angle of H.
//! The angles of all tones give the pole, and the pole gives |H|, which the line does not. The remaining quadrature is
//! b = C f_s sin(w); the hold of the DAC, half a sample, puts b tan(w/2) of it in phase, and
//!
//! ```text
//! g = Re(z / H) - b tan(w/2)
//! ```

pub mod codes;
mod fit;
pub mod line;
pub mod relaxation;
mod resistor;

pub use fit::{fit, LEAST_POINTS};
pub use resistor::{fit_open, fit_resistor, OpenContacts, OpenTone, MOST_OPEN_RAD};

use crate::drift::Shape;
use crate::plan::Plan;
use hge_driver::text::number;
use hge_sim::bench::{Pole, Response};
use relaxation::Relaxation;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use thiserror::Error;

/// A calibration that cannot be made or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// Too few operating points.
    #[error("{found} operating points do not show a line: ask for {LEAST_POINTS} or more")]
    Points {
        /// Requested points.
        found: u32,
    },
    /// The responses of an electrode do not lie on a line.
    #[error("the responses of electrode {electrode} do not lie on a line: they spread by {} nA/V and scatter by {}: is it dead? Measure more windows, widen the controls or raise its amplitude", number(*span_na_per_v), number(*scatter_na_per_v))]
    NoLine {
        /// Electrode.
        electrode: usize,
        /// Spread along the best line.
        span_na_per_v: f64,
        /// Spread across it.
        scatter_na_per_v: f64,
    },
    /// A lag that no pole explains.
    #[error("electrode {electrode} lags by {} degrees at {} Hz, more than a pole with a measurable signal: the loop latency differs from the one that the gateware reports, set converter_latency_samples", number(*lag_deg), number(*frequency_hz))]
    Latency {
        /// Electrode.
        electrode: usize,
        /// Angle.
        lag_deg: f64,
        /// Frequency of the tone.
        frequency_hz: f64,
    },
    /// The current leaves the range of the chain.
    #[error("the current reaches an end of the chain's range at {clipped} of {points} operating points: look for a shorted electrode with `hge iv`, lower the I-V gain (analogue.iv_gain_v_per_na) or narrow the electrodes' ranges")]
    Clipped {
        /// Operating points at which the current clips.
        clipped: u32,
        /// Operating points in all.
        points: u32,
    },
    /// The current spans too few steps of the ADC.
    #[error("the current spans {steps} steps of the ADC, noise included, too little to average below a step: raise the I-V gain (analogue.iv_gain_v_per_na) or the tones' amplitudes")]
    GainTooSmall {
        /// Steps from the least code of a window to the greatest.
        steps: u32,
    },
    /// A resistor without a current.
    #[error("electrode {electrode} responds with {} nA/V where the resistor gives {}: check its contact and the given resistance", number(*found_na_per_v), number(*given_na_per_v))]
    NoResistor {
        /// Electrode.
        electrode: usize,
        /// Magnitude of its response.
        found_na_per_v: f64,
        /// Conductance of the resistor.
        given_na_per_v: f64,
    },
    /// Responses of resistors in which lag and capacitance may have cancelled.
    #[error("the resistors' responses do not separate lag from capacitance: at {} Hz the lag may be anything from {least_lag_deg:.1} to {most_lag_deg:.1} degrees; measure the open contacts with `hge calibrate --open -o open.json` and give --open-contacts open.json, or average more windows", number(*frequency_hz))]
    Inseparable {
        /// Frequency of the fastest tone.
        frequency_hz: f64,
        /// Least lag compatible with the responses.
        least_lag_deg: f64,
        /// Greatest lag.
        most_lag_deg: f64,
    },
    /// Responses of resistors that no pole with parallel capacitances explains.
    #[error("the resistors' responses do not fit one pole with parallel capacitances: measure the open contacts with `hge calibrate --open -o open.json` and give --open-contacts open.json")]
    NotOnePole,
    /// An open contact that conducts.
    #[error("electrode {electrode} has an in-phase response of {} nA/V, impossible for an open contact: disconnect the device and every resistor", number(*found_na_per_v))]
    NotOpen {
        /// Electrode.
        electrode: usize,
        /// In-phase response of the electrode.
        found_na_per_v: f64,
    },
    /// Codes that cannot be distinguished.
    #[error("the code of control {control} responds like those before it: check the resistors, or widen the converter's bandwidth")]
    DependentCodes {
        /// Place of the control, from 0.
        control: usize,
    },
    /// Not applicable to the method.
    #[error("a calibration corrects lags of sines in the current, and the method {method} measures neither: leave it out, or measure by homodyne or single")]
    Method {
        /// Name of the method.
        method: &'static str,
    },
    /// Of one of several outputs of the device.
    #[error("output {output}: {error}")]
    Output {
        /// Output, which the input of the same number measures.
        output: usize,
        /// The fault, and the remedy.
        error: Box<CalibrationError>,
    },
    /// Made for another configuration.
    #[error("the calibration was made with another {what}: calibrate again")]
    Stale {
        /// What has changed.
        what: &'static str,
    },
}

impl CalibrationError {
    /// The fault, with the output's number if it is one of several.
    pub(crate) fn of_output(self, output: usize, outputs: usize) -> Self {
        match outputs {
            1 => self,
            _ => CalibrationError::Output { output, error: self.into() },
        }
    }
}

/// Calibration of one tone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToneCalibration {
    /// Electrode.
    pub electrode: usize,
    /// Whole periods in the window.
    #[serde(alias = "multiple")]
    pub cycles: u32,
    /// Frequency.
    pub frequency_hz: f64,
    /// Angle of the line.
    pub lag_rad: f64,
    /// Standard error of the angle.
    pub lag_error_rad: f64,
    /// H, in phase.
    pub in_phase: f64,
    /// H, in quadrature.
    pub quadrature: f64,
    /// Quadrature after correction of H.
    pub feed_through_na_per_v: f64,
    /// Quadrature as a capacitance.
    pub feed_through_pf: f64,
}

/// Minimum of a function with one valley between `low` and `high`: golden section, to a part in 10^9 of a few units.
fn least(mut low: f64, mut high: f64, of: impl Fn(f64) -> f64) -> f64 {
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..60 {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if of(left) < of(right) {
            high = right;
        } else {
            low = left;
        }
    }
    (low + high) / 2.0
}

/// Lag and feed-through of all tones, at every input that was calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Configuration of the calibration.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// The pole with the lags of the tones; none without a significant lag, or if the lags do not fit one pole.
    pub pole_hz: Option<f64>,
    /// One for each control.
    pub tones: Vec<ToneCalibration>,
    /// Settling of the current after a step, if measured and found.
    #[serde(default)]
    pub relaxation: Option<Relaxation>,
    /// Calibrations of the inputs from 1 on; this one is that of input 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Calibration>,
}

impl ToneCalibration {
    /// The slope of a response, in nA/V like the response.
    pub fn slope_na_per_v(&self, answer: [f64; 2], rate_hz: f64) -> f64 {
        let half_turn = PI * self.frequency_hz / rate_hz;
        self.slope_of_change(answer) - self.feed_through_na_per_v * half_turn.tan()
    }

    /// Change of the slope with a change of the response, in the unit of the change.
    pub fn slope_of_change(&self, [re, im]: [f64; 2]) -> f64 {
        Response { re, im }.over(self.response()).re
    }

    /// Gain between the device's current and the ADC at the tone: 1 without a lag.
    pub fn gain(&self) -> f64 {
        self.response().gain()
    }

    fn response(&self) -> Response {
        Response { re: self.in_phase, im: self.quadrature }
    }
}

/// Standard errors above which a lag is significant.
const SEEN: f64 = 3.0;

impl Calibration {
    /// The calibrations of inputs 0, 1, ... as one; none of none.
    pub fn joined(of_inputs: Vec<Calibration>) -> Option<Self> {
        let mut of_inputs = of_inputs.into_iter();
        let first = of_inputs.next()?;
        Some(Calibration { further: of_inputs.collect(), ..first })
    }

    /// Those of inputs 0, 1, ...
    pub fn inputs(&self) -> impl Iterator<Item = &Calibration> {
        std::iter::once(self).chain(&self.further)
    }

    /// Drift of the relaxation of the input's current, if there is one.
    pub fn drift(&self) -> Option<Shape> {
        self.relaxation.as_ref().map(Relaxation::shape)
    }

    /// Relaxations of all inputs.
    pub fn relaxations(&self) -> impl Iterator<Item = &Relaxation> {
        self.inputs().filter_map(|of_input| of_input.relaxation.as_ref())
    }

    /// Takes the relaxations of inputs 0, 1, ...; `None`: there is none.
    pub fn settle(&mut self, relaxations: Vec<Option<Relaxation>>) {
        let of_inputs = std::iter::once(&mut self.relaxation)
            .chain(self.further.iter_mut().map(|of_input| &mut of_input.relaxation));
        for (place, found) in of_inputs.zip(relaxations) {
            *place = found;
        }
    }

    /// Whether no tone's lag is significant: the pole is then at the end of the search range.
    pub fn lags_unseen(&self) -> bool {
        self.tones.iter().all(|tone| tone.lag_rad.abs() <= SEEN * tone.lag_error_rad)
    }

    /// The frequency above which the lags of a pole are not significant, in hertz.
    pub fn least_pole_hz(&self) -> f64 {
        let bound = |tone: &ToneCalibration| {
            let most_rad = tone.lag_rad.abs() + SEEN * tone.lag_error_rad;
            tone.frequency_hz / most_rad.clamp(1e-9, 1.5).tan()
        };
        self.tones.iter().map(bound).fold(0.0, f64::max)
    }

    /// Refuses a plan for which the calibration was not made.
    ///
    /// # Errors
    /// Rate, window, latency, converters or tones differ, or the instrument has fewer inputs.
    pub fn check(&self, plan: &Plan) -> Result<(), CalibrationError> {
        for (input, of_input) in self.inputs().enumerate() {
            let tones = of_input.tones.iter().map(|tone| (tone.electrode, tone.cycles));
            of_input.conditions.check(plan, input, tones)?;
        }
        Ok(())
    }

    /// Gain between the device's current and the ADC near the tone of `control`: the pole's, or else the tone's.
    pub fn gain_beside(&self, control: usize, frequency_hz: f64) -> f64 {
        let of_pole = |pole_hz| Pole::response(pole_hz, frequency_hz, self.conditions.rate_hz);
        self.pole_hz.map_or_else(|| self.tones[control].gain(), |pole_hz| of_pole(pole_hz).gain())
    }

    /// Slopes from the responses of all tones.
    pub fn slopes_na_per_v(&self, answers_na_per_v: &[[f64; 2]]) -> Vec<f64> {
        let tones = self.tones.iter().zip(answers_na_per_v);
        tones.map(|(tone, &answer)| tone.slope_na_per_v(answer, self.conditions.rate_hz)).collect()
    }
}

/// Configuration of a measurement with tones, without the tones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Sample rate.
    pub rate_hz: f64,
    /// Window.
    pub window_samples: u32,
    /// Corrected latency of the loop.
    pub latency_samples: u32,
    /// Gain of the input's I-V converter.
    pub iv_gain_v_per_na: f64,
}

impl Conditions {
    fn of(plan: &Plan, input: usize) -> Self {
        Conditions {
            rate_hz: plan.grid().rate_hz,
            window_samples: plan.grid().window_samples,
            latency_samples: plan.parameters().loop_latency_samples(),
            iv_gain_v_per_na: plan.scale().analogue.gain_v_per_na(input),
        }
    }

    /// Refuses a plan with another configuration of this input; `tones` are electrodes, and whole periods in the window.
    fn check(
        &self,
        plan: &Plan,
        input: usize,
        tones: impl Iterator<Item = (usize, u32)>,
    ) -> Result<(), CalibrationError> {
        let now = Conditions::of(plan, input);
        let controls = plan.configuration().controls.iter();
        let checks = [
            (input < plan.parameters().inputs as usize, "number of outputs"),
            ((self.rate_hz / now.rate_hz - 1.0).abs() < 1e-9, "sample rate"),
            (self.window_samples == now.window_samples, "window"),
            (self.latency_samples == now.latency_samples, "latency"),
            // As an instrument keeps it.
            (self.iv_gain_v_per_na as f32 == now.iv_gain_v_per_na as f32, "I-V converter"),
            (tones.eq(controls.map(|control| (control.output, control.cycles))), "set of tones"),
        ];
        match checks.into_iter().find(|(same, _)| !same) {
            Some((_, what)) => Err(CalibrationError::Stale { what }),
            None => Ok(()),
        }
    }
}
