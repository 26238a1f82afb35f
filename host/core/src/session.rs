//! A configured instrument that measures one epoch at a time.

use crate::calibration::codes::CodeCalibration;
use crate::calibration::{Calibration, CalibrationError};
use crate::gradient::{Estimator, Response};
use crate::method::Method;
use crate::plan::Plan;
use crate::settling::Watch;
use hge_driver::{ArmMode, DriverError, Instrument, RunEvent};
use hge_protocol::frame::{flag, Window};
use hge_protocol::registers::{self as map, mode};
use hge_protocol::AdcCode;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
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
    /// Slope of the current with every control; meaningless without perturbation, none where the lock-in has multiplied the cost.
    pub slopes_na_per_v: Vec<f64>,
    /// Slope of the squared distance from the case's target with every control, where the lock-in has multiplied that.
    pub cost_slopes_na2_per_v: Vec<f64>,
    /// Answers of every tone a volt of its amplitude, in phase and in quadrature, in nA/V.
    pub answers_na_per_v: Vec<[f64; 2]>,
    /// What the lines of the plan's noise slots hold, in phase and in quadrature: noise.
    pub empty_na: Vec<[f64; 2]>,
    /// The ADC or the I-V converter was at an end of its range.
    pub clipped: bool,
    /// Greatest less least ADC code, in steps of the converter.
    pub span_steps: u32,
    /// What the current's drift leaves on the tones does not matter, as far as a [`Watch`] looks.
    pub settled: bool,
}

impl Reading {
    /// Of nothing yet.
    pub(crate) fn blank(controls: usize, noise_slots: usize) -> Self {
        Reading {
            mean_na: 0.0,
            step_na: 0.0,
            slopes_na_per_v: vec![0.0; controls],
            cost_slopes_na2_per_v: Vec::new(),
            answers_na_per_v: vec![[0.0; 2]; controls],
            empty_na: vec![[0.0; 2]; noise_slots],
            clipped: false,
            span_steps: 0,
            settled: true,
        }
    }

    /// Adds the currents of another window of the case, and what was wrong with it.
    pub(crate) fn add(&mut self, other: &Reading) {
        self.mean_na += other.mean_na;
        self.step_na += other.step_na;
        self.clipped |= other.clipped;
        self.settled &= other.settled;
        self.span_steps = self.span_steps.max(other.span_steps);
    }
}

/// A configured instrument with its plan.
pub struct Session {
    instrument: Instrument,
    plan: Plan,
    estimator: Estimator,
    calibration: Option<Calibration>,
    codes: Option<CodeCalibration>,
    watch: Option<Watch>,
    method: Method,
    random: ChaCha8Rng,
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
        plan.configure(&mut instrument)?;
        let random = ChaCha8Rng::seed_from_u64(0);
        Ok(Session {
            instrument,
            plan,
            estimator,
            calibration: None,
            codes: None,
            watch: None,
            method: Method::default(),
            random,
        })
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
        plan.configure(&mut self.instrument)?;
        self.instrument.arm(ArmMode::Host)?;
        self.plan = plan;
        self.watch = None;
        Ok(())
    }

    /// [`Session::change`], unless the plan is in force.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn switch_to(&mut self, plan: &Plan) -> Result<(), SessionError> {
        if self.plan == *plan {
            return Ok(());
        }
        self.change(plan.clone())
    }

    /// Writes the plan in force anew, for single passes after a run of the gateware's own loop.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn reconfigure(&mut self) -> Result<(), SessionError> {
        let watch = self.watch.take();
        self.change(self.plan.clone())?;
        self.watch = watch;
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

    /// Reads the slopes of the plan's codes by this calibration from now on.
    pub fn calibrate_codes(&mut self, codes: CodeCalibration) {
        self.codes = Some(codes);
    }

    /// The calibration that slopes are read by.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref().filter(|_| self.method.is_of_sines())
    }

    /// Looks at every window from now on, and takes drifts off, until the plan is changed.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// Measures slopes by this method from now on, whose plan the session's must be; `seed` draws the codes of [`Method::Random`].
    pub fn by(&mut self, method: Method, seed: u64) {
        (self.method, self.random) = (method, ChaCha8Rng::seed_from_u64(seed));
    }

    /// Standard error of every control's slope from one window, by the noise that a [`Watch`] was told of; none without one, or of other carriers.
    pub fn slope_errors_na_per_v(&self) -> Vec<f64> {
        let watch = self.watch.as_ref().filter(|_| self.method.is_of_sines());
        let errors = watch.map_or(&[] as &[f64], Watch::tone_errors_na).iter().enumerate();
        errors.map(|(k, error_na)| error_na / self.plan.amplitude_v(k)).collect()
    }

    /// How slopes are measured.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Goes on where another session was left: with its random codes, and its count of samples.
    pub(crate) fn resume(&mut self, random: ChaCha8Rng, samples: u64) {
        self.random = random;
        self.instrument.count_from(samples);
    }

    /// Tells whoever keeps a record what was worked out.
    pub fn note(&self, topic: &'static str, what: &impl Serialize) -> Result<(), SessionError> {
        Ok(self.instrument.notes().note(topic, what)?)
    }

    pub(crate) fn random(&mut self) -> &mut ChaCha8Rng {
        &mut self.random
    }

    /// Goes on with a plan whose registers are written already.
    pub(crate) fn replan(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// Waits `factor` times the plan's settle time from now on.
    pub fn wait(&mut self, factor: u32) -> Result<(), SessionError> {
        let settle = self.plan.writes().iter().find(|&&(address, _)| address == map::SETTLE);
        let Some(&(address, samples)) = settle else { return Ok(()) };
        let most = (1 << 24) - 1;
        Ok(self.instrument.write(address, samples.saturating_mul(factor).min(most))?)
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

    /// Every case at these controls: one window, or perturbed as many as the session's method takes.
    ///
    /// # Errors
    /// The instrument fails, or the guard had to act.
    pub fn measure(
        &mut self,
        controls_v: &[f64],
        perturb: bool,
    ) -> Result<Vec<Reading>, SessionError> {
        if perturb {
            self.extract(controls_v)
        } else {
            self.pass(controls_v, false)
        }
    }

    /// One window of every case at these controls.
    pub(crate) fn pass(
        &mut self,
        controls_v: &[f64],
        perturb: bool,
    ) -> Result<Vec<Reading>, SessionError> {
        self.instrument.write_all(&self.plan.control_writes(controls_v))?;
        let mut windows = Vec::new();
        let bits = self.plan.mode_bits() | if perturb { mode::PERTURB } else { 0 };
        self.instrument.run(bits, |said| {
            if let RunEvent::Window(window) = said {
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
        if let Some(watch) = self.watch.as_ref().filter(|_| self.method.is_of_sines()) {
            reading.settled = watch.pass(&self.plan, &mut reading);
            let answers = reading.answers_na_per_v.iter();
            reading.slopes_na_per_v = answers.map(|&answer| self.estimator.of(answer)).collect();
        }
        if let Some(calibration) = self.calibration() {
            reading.slopes_na_per_v = calibration.slopes_na_per_v(&reading.answers_na_per_v);
        }
        if let Some(codes) = self.codes.as_ref().filter(|_| self.method == Method::Walsh) {
            reading.slopes_na_per_v = codes.slopes_na_per_v(&reading.answers_na_per_v);
        }
        Ok(reading)
    }

    /// Sends the outputs to their safe values, and gives the instrument back.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn close(mut self) -> Result<Instrument, SessionError> {
        self.instrument.disarm()?;
        Ok(self.instrument)
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
    let sums = window.slots.iter().enumerate();
    let answers = controls.zip(sums).map(|(control, (k, &sums))| match plan.code(k) {
        Some(code) => {
            let total = i64::from(window.sum_first) + i64::from(window.sum_second);
            let amplitude_v = plan.amplitude_v(k);
            [code.slope_na_per_v(sums, total, samples, amplitude_v, scale), 0.0]
        }
        None => Response::of(sums, control.multiple, samples, latency)
            .answer_na_per_v(plan.amplitude_v(k), scale),
    });
    let mut answers_na_per_v: Vec<[f64; 2]> = answers.collect();
    let mut cost_slopes_na2_per_v = Vec::new();
    if let Some(cost) = &plan.configuration().cost {
        // The same sums, of the cost's codes in place of the ADC's.
        let codes_per_na = scale.adc_codes_per_na();
        let slopes = answers_na_per_v
            .drain(..)
            .map(|[in_phase, _]| cost.slope_na2_per_v(in_phase * codes_per_na, 1.0, scale));
        cost_slopes_na2_per_v = slopes.collect();
    }
    let slopes = answers_na_per_v.iter().map(|&answer| estimator.of(answer));
    let noise_slots = &plan.configuration().noise_slots;
    let behind = window.slots.iter().skip(plan.configuration().controls.len());
    let empty_na = noise_slots.iter().zip(behind).map(|(noise_slot, &sums)| {
        let response = Response::of(sums, noise_slot.multiple, samples, latency);
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
        cost_slopes_na2_per_v,
        answers_na_per_v,
        clipped: scale.clips(AdcCode(window.min), AdcCode(window.max)),
        span_steps: scale.adc_steps(AdcCode(window.min), AdcCode(window.max)),
        settled: true,
    })
}

#[cfg(test)]
mod tests;
