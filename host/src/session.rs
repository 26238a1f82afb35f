//! A configured instrument that measures one epoch at a time.

use crate::calibration::{Calibration, CalibrationError};
use crate::driver::{ArmMode, DriverError, Instrument, Said};
use crate::gradient::{Estimator, Response};
use crate::plan::Plan;
use hge_protocol::frame::{flag, Window};
use hge_protocol::registers::mode;
use hge_protocol::AdcCode;
use thiserror::Error;

/// A measurement failed.
#[derive(Debug, Error)]
pub enum SessionError {
    /// See [`DriverError`].
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The guard changed what the device saw.
    #[error("the guard cut the drive of case {case} (flags 0x{flags:04x}): its limits or step are too tight for this plan, widen them")]
    Guard {
        /// Case.
        case: u8,
        /// Flags of its window.
        flags: u16,
    },
    /// Windows are missing.
    #[error("{found} windows arrived instead of {expected}, and the instrument no longer has the others: use a faster line or a gateware with more telemetry_words")]
    Windows {
        /// Arrived.
        found: usize,
        /// One a case.
        expected: usize,
    },
}

/// What one case showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Mean current over the window.
    pub mean_na: f64,
    /// Mean current of the window's second half less that of the first.
    pub step_na: f64,
    /// Slope of the current with every control; meaningless without perturbation.
    pub slopes_na_per_v: Vec<f64>,
    /// Answers of every tone a volt of its amplitude, in phase and in quadrature, in nA/V.
    pub answers_na_per_v: Vec<[f64; 2]>,
    /// What the lines of the plan's listeners hold, in phase and in quadrature: noise.
    pub empty_na: Vec<[f64; 2]>,
    /// The ADC or the I-V converter was at an end of its range.
    pub clipped: bool,
}

/// A configured instrument with its plan.
pub struct Session {
    instrument: Instrument,
    plan: Plan,
    estimator: Estimator,
    calibration: Option<Calibration>,
}

impl Session {
    /// Configures `instrument`.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn configured(
        mut instrument: Instrument,
        plan: Plan,
        estimator: Estimator,
    ) -> Result<Self, SessionError> {
        instrument.configure(&plan)?;
        Ok(Session { instrument, plan, estimator, calibration: None })
    }

    /// Configures `instrument` and arms it, with this host to watch over it.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn open(
        instrument: Instrument,
        plan: Plan,
        estimator: Estimator,
    ) -> Result<Self, SessionError> {
        let mut session = Session::configured(instrument, plan, estimator)?;
        session.instrument.arm(ArmMode::Host)?;
        Ok(session)
    }

    /// Goes on with another plan: the outputs go to their safe values, and the instrument is armed anew.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn change(&mut self, plan: Plan) -> Result<(), SessionError> {
        self.instrument.disarm()?;
        self.instrument.configure(&plan)?;
        self.instrument.arm(ArmMode::Host)?;
        self.plan = plan;
        Ok(())
    }

    /// Goes on with a plan that differs from the one in force in its cases alone: the instrument stays armed.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn present(&mut self, plan: Plan) -> Result<(), SessionError> {
        self.instrument.write_all(&plan.case_writes())?;
        self.plan = plan;
        Ok(())
    }

    /// Reads slopes by this calibration from now on.
    ///
    /// # Errors
    /// It was made for another plan.
    pub fn calibrate(&mut self, calibration: Calibration) -> Result<(), CalibrationError> {
        calibration.check(&self.plan)?;
        self.calibration = Some(calibration);
        Ok(())
    }

    /// The plan in force.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How derivatives are read.
    pub fn estimator(&self) -> Estimator {
        self.estimator
    }

    /// The instrument, for what a session does not do.
    pub fn instrument(&mut self) -> &mut Instrument {
        &mut self.instrument
    }

    /// Samples of all runs so far.
    pub fn samples(&self) -> u64 {
        self.instrument.samples()
    }

    /// One window of every case at these controls.
    ///
    /// # Errors
    /// The instrument fails, or the guard had to act.
    pub fn measure(
        &mut self,
        controls_v: &[f64],
        perturb: bool,
    ) -> Result<Vec<Reading>, SessionError> {
        self.instrument.write_all(&self.plan.control_writes(controls_v))?;
        let shaping = if self.plan.configuration().shaping { mode::SHAPING } else { 0 };
        let mut windows = Vec::new();
        let bits = shaping | if perturb { mode::PERTURB } else { 0 };
        self.instrument.run(bits, |said| {
            if let Said::Window(window) = said {
                windows.push(window);
            }
        })?;
        let expected = self.plan.configuration().cases_v.len();
        if windows.len() != expected {
            return Err(SessionError::Windows { found: windows.len(), expected });
        }
        windows.iter().map(|window| self.reading(window)).collect()
    }

    /// What a window means.
    ///
    /// # Errors
    /// The guard had to act.
    pub fn reading(&self, window: &Window) -> Result<Reading, SessionError> {
        let mut reading = reading(&self.plan, self.estimator, window)?;
        if let Some(calibration) = &self.calibration {
            reading.slopes_na_per_v = calibration.slopes_na_per_v(&reading.answers_na_per_v);
        }
        Ok(reading)
    }

    /// Sends the outputs to their safe values.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn close(mut self) -> Result<(), SessionError> {
        Ok(self.instrument.disarm()?)
    }
}

/// What a window means, measured by this plan.
///
/// # Errors
/// The guard had to act.
pub fn reading(
    plan: &Plan,
    estimator: Estimator,
    window: &Window,
) -> Result<Reading, SessionError> {
    if window.flags & (flag::CLAMPED | flag::LIMITED) != 0 {
        return Err(SessionError::Guard { case: window.case, flags: window.flags });
    }
    let (scale, samples) = (plan.scale(), plan.grid().window_samples);
    let latency = plan.parameters().loop_latency_samples();
    let controls = plan.configuration().controls.iter();
    let responses: Vec<Response> = controls
        .zip(&window.slots)
        .map(|(control, &sums)| Response::of(sums, control.multiple, samples, latency))
        .collect();
    let slopes = responses
        .iter()
        .enumerate()
        .map(|(k, response)| response.slope_na_per_v(plan.amplitude_v(k), scale, estimator));
    let answers = responses.iter().enumerate().map(|(k, response)| {
        let codes_per_v = scale.adc_codes_per_na() * plan.amplitude_v(k);
        [response.in_phase_codes / codes_per_v, response.quadrature_codes / codes_per_v]
    });
    let listeners = &plan.configuration().listeners;
    let behind = window.slots.iter().skip(plan.configuration().controls.len());
    let empty_na = listeners.iter().zip(behind).map(|(listener, &sums)| {
        let response = Response::of(sums, listener.multiple, samples, latency);
        let codes_per_na = scale.adc_codes_per_na();
        [response.in_phase_codes / codes_per_na, response.quadrature_codes / codes_per_na]
    });
    let sum = f64::from(window.sum_first) + f64::from(window.sum_second);
    let half = f64::from(samples) / 2.0;
    let step_codes = (f64::from(window.sum_second) - f64::from(window.sum_first)) / half;
    Ok(Reading {
        step_na: step_codes / scale.adc_codes_per_na(),
        empty_na: empty_na.collect(),
        mean_na: scale.current_na(sum / f64::from(samples)),
        slopes_na_per_v: slopes.collect(),
        answers_na_per_v: answers.collect(),
        clipped: scale.clips(AdcCode(window.min), AdcCode(window.max)),
    })
}
