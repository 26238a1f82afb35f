//! A connected instrument with its experiment, for programs that ask now for this and now for that: slopes, currents at any voltages, the
//! instrument itself. It is armed and disarmed as a whole, and configured anew where the next operation needs it.

use crate::calibration::Calibration;
use crate::experiment::{Experiment, ExperimentError, Source, Task};
use crate::measure::gradient;
use crate::measure::probe::Probe;
use crate::measure::MeasureError;
use crate::plan::{Configuration, Plan};
use crate::session::{Session, SessionError};
use hge_driver::{Cause, DriverError, Instrument};
use thiserror::Error;

/// An operation of an [`Apparatus`] failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApparatusError {
    /// See [`ExperimentError`].
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// See [`MeasureError`].
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// It needs an armed guard.
    #[error("the guard is not armed: arm it first")]
    Unarmed,
    /// An operation has failed and taken the instrument with it.
    #[error("the connection ended with the operation that failed: connect again")]
    Gone,
}

impl ApparatusError {
    /// The class of this error.
    pub fn cause(&self) -> Cause {
        match self {
            ApparatusError::Experiment(_) => Cause::Other,
            ApparatusError::Measure(error) => error.cause(),
            ApparatusError::Unarmed => Cause::Refused,
            ApparatusError::Gone => Cause::Lost,
        }
    }
}

impl From<DriverError> for ApparatusError {
    fn from(error: DriverError) -> Self {
        ApparatusError::Measure(error.into())
    }
}

impl From<SessionError> for ApparatusError {
    fn from(error: SessionError) -> Self {
        ApparatusError::Measure(error.into())
    }
}

/// A connected instrument with its experiment.
pub struct Apparatus {
    task: Task,
    /// Of measurements: tones on the controls, and empty lines beside them.
    plan: Plan,
    calibration: Option<Calibration>,
    state: State,
}

/// What the instrument is configured for.
enum State {
    /// Nothing: it is not armed.
    Connected(Box<Instrument>),
    /// Slopes; armed, unless it has tripped.
    Measuring(Box<Session>),
    /// Currents at voltages of the caller; armed, unless it has tripped.
    Probing(Box<Probe>),
    /// An operation has failed and taken the instrument with it.
    Gone,
}

impl Apparatus {
    /// The experiment on this instrument, as it is.
    ///
    /// # Errors
    /// The experiment does not suit the instrument, or an access fails.
    pub fn new(
        instrument: Instrument,
        experiment: Experiment,
        source: &Source,
    ) -> Result<Self, ApparatusError> {
        let (parameters, analogue) = (instrument.parameters(), instrument.analogue()?);
        let task = Task::on(experiment, source, parameters, analogue.as_ref())?;
        let method = task.experiment.host.method;
        let plan = if method.is_of_sines() {
            gradient::listening(&task.plan, task.experiment.noise_model())
        } else {
            method.plan(&task.plan, &task.data.train.targets)
        };
        let plan = plan.map_err(MeasureError::from)?;
        let state = State::Connected(Box::new(instrument));
        Ok(Apparatus { task, plan, calibration: None, state })
    }

    /// The experiment, checked against the instrument.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Arms, with this host to watch over the instrument. Does nothing if it is armed.
    ///
    /// # Errors
    /// The instrument refuses or fails.
    pub fn arm(&mut self) -> Result<(), ApparatusError> {
        if !self.is_armed() {
            self.session_anew()?;
        }
        Ok(())
    }

    /// Sends the outputs to their safe values, and waits until they are there.
    ///
    /// # Errors
    /// The instrument refuses or fails.
    pub fn disarm(&mut self) -> Result<(), ApparatusError> {
        match &self.state {
            State::Measuring(_) | State::Probing(_) => {
                self.state = State::Connected(Box::new(self.take()?));
                Ok(())
            }
            State::Connected(_) | State::Gone => Ok(()),
        }
    }

    /// Whether this host has armed it.
    pub fn is_armed(&self) -> bool {
        match &self.state {
            State::Measuring(session) => session.is_armed(),
            State::Probing(probe) => probe.is_armed(),
            State::Connected(_) | State::Gone => false,
        }
    }

    /// The instrument, for registers and codes.
    ///
    /// # Errors
    /// An operation before has lost it.
    pub fn instrument(&mut self) -> Result<&mut Instrument, ApparatusError> {
        match &mut self.state {
            State::Connected(instrument) => Ok(instrument),
            State::Measuring(session) => Ok(session.instrument()),
            State::Probing(probe) => Ok(probe.instrument()),
            State::Gone => Err(ApparatusError::Gone),
        }
    }

    /// The armed session, with these voltages of the inputs in place of the experiment's.
    ///
    /// # Errors
    /// It is not armed, the plan cannot be, or the instrument fails.
    pub fn presenting(
        &mut self,
        inputs_v: Option<Vec<Vec<f64>>>,
    ) -> Result<&mut Session, ApparatusError> {
        let plan = match inputs_v {
            None => self.plan.clone(),
            Some(cases_v) => {
                let configuration = self.plan.configuration().clone();
                Plan::new(Configuration { cases_v, ..configuration }, self.plan.parameters())
                    .map_err(MeasureError::from)?
            }
        };
        if matches!(self.state, State::Probing(_)) {
            self.session_anew()?;
        }
        match &mut self.state {
            State::Measuring(session) => {
                if *session.plan() != plan {
                    session.present(plan)?;
                }
                Ok(session)
            }
            State::Gone => Err(ApparatusError::Gone),
            State::Connected(_) | State::Probing(_) => Err(ApparatusError::Unarmed),
        }
    }

    /// The armed probe.
    ///
    /// # Errors
    /// It is not armed, or the instrument fails.
    pub fn probe(&mut self) -> Result<&mut Probe, ApparatusError> {
        if matches!(self.state, State::Measuring(_)) {
            let mut probe = Probe::new(self.take()?, self.task.plan.clone());
            probe.read_all_inputs();
            self.state = State::Probing(Box::new(probe));
        }
        match &mut self.state {
            State::Probing(probe) => Ok(probe),
            State::Gone => Err(ApparatusError::Gone),
            State::Connected(_) | State::Measuring(_) => Err(ApparatusError::Unarmed),
        }
    }

    /// Reads slopes by this calibration from now on, or by none.
    ///
    /// # Errors
    /// It was made for another plan, or the instrument fails.
    pub fn calibrated(&mut self, calibration: Option<Calibration>) -> Result<(), ApparatusError> {
        if let Some(calibration) = &calibration {
            calibration.check(&self.plan).map_err(MeasureError::from)?;
        }
        self.calibration = calibration;
        match self.state {
            State::Measuring(_) => self.session_anew(),
            _ => Ok(()),
        }
    }

    /// Lets `work` have the instrument, disarmed, and takes it back; armed again if it was.
    ///
    /// # Errors
    /// Those of `work`, after which the instrument is gone; or it cannot be disarmed or armed.
    pub fn lend<T, E: From<ApparatusError>>(
        &mut self,
        work: impl FnOnce(Instrument, Task) -> Result<(Instrument, T), E>,
    ) -> Result<T, E> {
        let was_armed = self.is_armed();
        let instrument = self.take()?;
        let (instrument, result) = work(instrument, self.task.clone())?;
        self.state = State::Connected(Box::new(instrument));
        if was_armed {
            self.arm()?;
        }
        Ok(result)
    }

    /// Configures for slopes, and arms.
    fn session_anew(&mut self) -> Result<(), ApparatusError> {
        let instrument = self.take()?;
        let experiment = &self.task.experiment;
        let mut session = Session::open(instrument, self.plan.clone(), experiment.host.estimator)?;
        session.by(experiment.host.method, experiment.seed);
        session.read_all_inputs();
        if let Some(calibration) = &self.calibration {
            session.calibrate(calibration.clone()).map_err(MeasureError::from)?;
        }
        self.state = State::Measuring(Box::new(session));
        Ok(())
    }

    /// The instrument, disarmed; it is gone unless it is put back.
    fn take(&mut self) -> Result<Instrument, ApparatusError> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Connected(instrument) => Ok(*instrument),
            State::Measuring(session) => Ok(session.close()?),
            State::Probing(probe) => Ok(probe.close()?),
            State::Gone => Err(ApparatusError::Gone),
        }
    }
}
