//! A configured instrument that measures one epoch at a time.

use crate::calibration::codes::CodeCalibration;
use crate::calibration::{Calibration, CalibrationError};
use crate::gradient::Estimator;
use crate::method::Method;
use crate::plan::Plan;
use crate::settling::DriftCorrector;
use hge_driver::{ArmMode, Cause, DriverError, Instrument, RunEvent, Topic};
use hge_protocol::frame::Window;
use hge_protocol::registers::{self as map, mode};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use thiserror::Error;

mod flow;
mod passes;
mod reading;

pub use crate::reading::Reading;
pub use reading::reading;

use flow::Flow;

/// A measurement failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// See [`DriverError`].
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The guard changed the voltages at the device.
    #[error("the guard limited the outputs of case {case} (flags 0x{flags:04x}): its limits or step limit are too tight for this plan, widen them")]
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

impl SessionError {
    /// The class of this error.
    pub fn cause(&self) -> Cause {
        match self {
            SessionError::Driver(error) => error.cause(),
            SessionError::Windows { .. } => Cause::Lost,
            SessionError::Guard { .. } => Cause::Other,
        }
    }
}

/// A configured instrument with its plan.
pub struct Session {
    instrument: Instrument,
    plan: Plan,
    estimator: Estimator,
    calibration: Option<Calibration>,
    codes: Option<CodeCalibration>,
    corrector: Option<DriftCorrector>,
    method: Method,
    random: ChaCha8Rng,
    /// Inputs that are read: the first, or all.
    inputs: usize,
    /// Slopes are measured in continuous mode.
    flows: bool,
    /// The run in continuous mode that goes on.
    flow: Option<Flow>,
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
            corrector: None,
            method: Method::default(),
            random,
            inputs: 1,
            flows: false,
            flow: None,
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

    /// Changes the plan: the outputs ramp to their safe values, and the instrument is armed again.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn change(&mut self, plan: Plan) -> Result<(), SessionError> {
        self.end_flow()?;
        self.instrument.disarm()?;
        plan.configure(&mut self.instrument)?;
        self.instrument.arm(ArmMode::Host)?;
        self.plan = plan;
        self.corrector = None;
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

    /// Writes the present plan again, for single passes after a standalone run.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn reconfigure(&mut self) -> Result<(), SessionError> {
        let corrector = self.corrector.take();
        self.change(self.plan.clone())?;
        self.corrector = corrector;
        Ok(())
    }

    /// Changes to a plan that differs only in its cases: the instrument stays armed.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn present(&mut self, plan: Plan) -> Result<(), SessionError> {
        self.end_flow()?;
        self.instrument.write_all(&plan.case_writes())?;
        self.plan = plan;
        Ok(())
    }

    /// Reads slopes by this calibration from now on, those of every input by its own.
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

    /// The calibration that the slopes of an input are read by.
    pub fn calibration(&self, input: usize) -> Option<&Calibration> {
        let calibration = self.calibration.as_ref().filter(|_| self.method.is_of_sines());
        calibration.and_then(|known| known.inputs().nth(input))
    }

    /// Looks at every window from now on, and takes drifts off, until the plan is changed.
    pub fn correct_drift(&mut self, corrector: DriftCorrector) {
        self.corrector = Some(corrector);
    }

    /// Measures slopes by this method from now on, whose plan the session's must be; `seed` draws the codes of [`Method::Random`].
    pub fn by(&mut self, method: Method, seed: u64) {
        (self.method, self.random) = (method, ChaCha8Rng::seed_from_u64(seed));
    }

    /// Standard error of every control's slope from one window, by the noise model of the [`DriftCorrector`]; none without one, or with other carriers.
    pub fn slope_errors_na_per_v(&self) -> Vec<f64> {
        let corrector = self.corrector.as_ref().filter(|_| self.method.is_of_sines());
        let errors =
            corrector.map_or(&[] as &[f64], DriftCorrector::tone_errors_na).iter().enumerate();
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

    /// Passes a result to the recorder, if there is one.
    pub fn note(&self, topic: Topic, what: &impl Serialize) -> Result<(), SessionError> {
        Ok(self.instrument.notes().note(topic, what)?)
    }

    /// Draws the codes to come.
    pub(crate) fn random(&self) -> &ChaCha8Rng {
        &self.random
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

    /// The instrument, for other operations.
    pub fn instrument(&mut self) -> &mut Instrument {
        &mut self.instrument
    }

    /// Whether the guard was armed, and has not tripped or been disarmed since.
    pub fn is_armed(&self) -> bool {
        self.instrument.is_armed()
    }

    /// Samples of all runs so far.
    pub fn samples(&self) -> u64 {
        self.instrument.samples() + self.flow.as_ref().map_or(0, Flow::samples)
    }

    /// Reads all inputs from now on, not only the first.
    pub fn read_all_inputs(&mut self) {
        self.read_inputs(self.plan.parameters().inputs as usize);
    }

    /// Reads the first `count` inputs from now on.
    pub fn read_inputs(&mut self, count: usize) {
        self.inputs = count;
    }

    /// Inputs that are read.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Voltages of the inputs, and output of the device, of every reading of [`Session::measure`].
    pub fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        let cases_v = self.plan.configuration().cases_v.iter();
        cases_v.flat_map(|inputs_v| (0..self.inputs).map(move |output| (&inputs_v[..], output)))
    }

    /// Every case at these controls: one window, or perturbed as many as the session's method takes. A reading for every case, and in it for every
    /// input that is read.
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
        let windows = if perturb && self.flows {
            self.next_windows(controls_v)?
        } else {
            self.windows(controls_v, perturb, self.plan.configuration().cases_v.len())?
        };
        windows.iter().map(|window| self.reading(window)).collect()
    }

    /// The windows of a run at these controls, which are as many as are expected, with a record of every input that is read.
    ///
    /// # Errors
    /// The instrument fails, or windows are missing.
    pub fn windows(
        &mut self,
        controls_v: &[f64],
        perturb: bool,
        expected: usize,
    ) -> Result<Vec<Window>, SessionError> {
        self.end_flow()?;
        self.instrument.write_all(&self.plan.control_writes(controls_v))?;
        let bits = self.plan.mode_bits() | if perturb { mode::PERTURB } else { 0 };
        windows(&mut self.instrument, bits, expected, self.inputs)
    }

    /// Evaluates a window.
    ///
    /// # Errors
    /// The guard had to act.
    pub fn reading(&self, window: &Window) -> Result<Reading, SessionError> {
        let input = usize::from(window.input);
        let mut reading = reading(&self.plan, self.estimator, window)?;
        if let Some(corrector) = self.corrector.as_ref().filter(|_| self.method.is_of_sines()) {
            reading.settled = corrector.pass(&self.plan, input, &mut reading);
            let answers = reading.answers_na_per_v.iter();
            reading.slopes_na_per_v = answers.map(|&answer| self.estimator.of(answer)).collect();
        }
        if let Some(calibration) = self.calibration(input) {
            reading.slopes_na_per_v = calibration.slopes_na_per_v(&reading.answers_na_per_v);
        }
        if let Some(codes) = self.codes.as_ref().filter(|_| self.method == Method::Walsh) {
            reading.slopes_na_per_v = codes.slopes_na_per_v(&reading.answers_na_per_v);
        }
        Ok(reading)
    }

    /// Ramps the outputs to their safe values, and returns the instrument.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn close(mut self) -> Result<Instrument, SessionError> {
        self.end_flow()?;
        self.instrument.disarm()?;
        Ok(self.instrument)
    }
}

/// The windows of a run in `mode`, which are as many as are expected, with a record of each of the first `inputs` inputs.
///
/// # Errors
/// The instrument fails, or windows are missing.
pub fn windows(
    instrument: &mut Instrument,
    mode: u32,
    expected: usize,
    inputs: usize,
) -> Result<Vec<Window>, SessionError> {
    let mut windows = Vec::new();
    instrument.run(mode, |event| {
        if let RunEvent::Window(window) = event {
            if usize::from(window.input) < inputs {
                windows.push(window);
            }
        }
    })?;
    match windows.len() {
        found if found == expected * inputs => Ok(windows),
        found => Err(SessionError::Windows { found: found / inputs, expected }),
    }
}

#[cfg(test)]
mod tests;
