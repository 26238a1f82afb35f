//! A connected instrument with its experiment, for programs that ask now for this and now for that: slopes, currents at any voltages, the
//! instrument itself. It is armed and disarmed as a whole, and configured anew where the next operation needs it.

use crate::calibration::Calibration;
use crate::experiment::{Experiment, ExperimentError, Source, Task};
use crate::measure::amplitudes::{self, Chosen};
use crate::measure::gradient;
use crate::measure::probe::Probe;
use crate::measure::MeasureError;
use crate::plan::{Configuration, Plan};
use crate::session::{Session, SessionError};
use hge_driver::link::{Kept, Link};
use hge_driver::{Cause, DriverError, Instrument, Settings};
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
}

impl ApparatusError {
    /// The class of this error.
    pub fn cause(&self) -> Cause {
        match self {
            ApparatusError::Experiment(_) => Cause::Other,
            ApparatusError::Measure(error) => error.cause(),
            ApparatusError::Unarmed => Cause::Refused,
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
    /// Dropped before the driver, which then ends it at once.
    link: Kept,
    task: Task,
    source: Source,
    /// Of measurements: tones on the controls, and empty lines beside them.
    plan: Plan,
    calibration: Option<Calibration>,
    /// `None` after an operation that has failed and ended its driver, which has disarmed: what follows has another one on the same link.
    state: Option<State>,
    settings: Settings,
}

/// What the instrument is configured for.
enum State {
    /// Nothing: it is not armed.
    Connected(Box<Instrument>),
    /// Slopes; armed, unless it has tripped.
    Measuring(Box<Session>),
    /// Currents at voltages of the caller; armed, unless it has tripped.
    Probing(Box<Probe>),
}

impl Apparatus {
    /// The experiment on the instrument at the end of `link`, as it is.
    ///
    /// # Errors
    /// There is no instrument, the experiment does not suit it, or an access fails.
    pub fn connect(
        link: Box<dyn Link>,
        settings: Settings,
        experiment: Experiment,
        source: &Source,
    ) -> Result<Self, ApparatusError> {
        let link = Kept::new(link).map_err(DriverError::from)?;
        let instrument = driver(&link, &settings)?;
        let (task, plan) = planned(&instrument, experiment, source)?;
        let state = Some(State::Connected(Box::new(instrument)));
        let source = source.clone();
        Ok(Apparatus { link, task, source, plan, calibration: None, state, settings })
    }

    /// The experiment, checked against the instrument.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Arms, with this host to watch over the instrument, after [`Apparatus::resolve_amplitudes`]. Does nothing if it is armed.
    ///
    /// # Errors
    /// The instrument refuses or fails.
    pub fn arm(&mut self) -> Result<(), ApparatusError> {
        if !self.is_armed() {
            self.resolve_amplitudes()?;
            self.session_anew()?;
        }
        Ok(())
    }

    /// Sends the outputs to their safe values, and waits until they are there.
    ///
    /// # Errors
    /// The instrument refuses or fails.
    pub fn disarm(&mut self) -> Result<(), ApparatusError> {
        if let Some(State::Measuring(_) | State::Probing(_)) = &self.state {
            self.state = Some(State::Connected(Box::new(self.take()?)));
        }
        Ok(())
    }

    /// Whether this host has armed it.
    pub fn is_armed(&self) -> bool {
        match &self.state {
            Some(State::Measuring(session)) => session.is_armed(),
            Some(State::Probing(probe)) => probe.is_armed(),
            Some(State::Connected(_)) | None => false,
        }
    }

    /// The instrument, for registers and codes.
    ///
    /// # Errors
    /// It is out of reach since an operation that failed.
    pub fn instrument(&mut self) -> Result<&mut Instrument, ApparatusError> {
        let state = match &mut self.state {
            Some(state) => state,
            none => {
                let instrument = driver(&self.link, &self.settings)?;
                none.insert(State::Connected(Box::new(instrument)))
            }
        };
        Ok(match state {
            State::Connected(instrument) => instrument,
            State::Measuring(session) => session.instrument(),
            State::Probing(probe) => probe.instrument(),
        })
    }

    /// The armed session, with these voltages of the inputs in place of the experiment's.
    ///
    /// # Errors
    /// It is not armed, no case or not a voltage for each input, the plan cannot be, or the instrument fails.
    pub fn presenting(
        &mut self,
        inputs_v: Option<Vec<Vec<f64>>>,
    ) -> Result<&mut Session, ApparatusError> {
        let plan = match inputs_v {
            None => self.plan.clone(),
            Some(cases_v) => {
                let configuration = self.plan.configuration().clone();
                if cases_v.is_empty() {
                    return Err(MeasureError::Nothing { what: "cases" }.into());
                }
                Plan::new(Configuration { cases_v, ..configuration }, self.plan.parameters())
                    .map_err(MeasureError::from)?
            }
        };
        if let Some(State::Probing(_)) = self.state {
            self.session_anew()?;
        }
        match &mut self.state {
            Some(State::Measuring(session)) => {
                if *session.plan() != plan {
                    session.present(plan)?;
                }
                Ok(session)
            }
            _ => Err(ApparatusError::Unarmed),
        }
    }

    /// The armed probe.
    ///
    /// # Errors
    /// It is not armed, or the instrument fails.
    pub fn probe(&mut self) -> Result<&mut Probe, ApparatusError> {
        if let Some(State::Measuring(_)) = self.state {
            let mut probe = Probe::new(self.take()?, self.task.plan.clone());
            probe.read_all_inputs();
            self.state = Some(State::Probing(Box::new(probe)));
        }
        match &mut self.state {
            Some(State::Probing(probe)) => Ok(probe),
            _ => Err(ApparatusError::Unarmed),
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
            Some(State::Measuring(_)) => self.session_anew(),
            _ => Ok(()),
        }
    }

    /// Chooses the amplitudes of the tones for slopes of one window each where the experiment leaves it to the program.
    ///
    /// # Errors
    /// As [`Apparatus::choose_amplitudes`].
    pub fn resolve_amplitudes(&mut self) -> Result<(), ApparatusError> {
        match self.task.experiment.tones.amplitude {
            Some(_) => self.choose_amplitudes(1).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Chooses the amplitudes of the tones for slopes of `windows` windows each ([`amplitudes`]), in force from now on; armed again if it was.
    ///
    /// # Errors
    /// No windows, half the amplitude is too small, or the instrument fails.
    pub fn choose_amplitudes(&mut self, windows: u32) -> Result<Chosen, ApparatusError> {
        if windows == 0 {
            return Err(MeasureError::Nothing { what: "windows" }.into());
        }
        let was_armed = self.is_armed();
        self.disarm()?;
        let chosen = self.lend(|instrument, Task { experiment, plan, .. }| {
            let plan = gradient::listening(&plan, experiment.noise_model());
            let plan = plan.map_err(MeasureError::from)?;
            let mut session = Session::open(instrument, plan, experiment.host.estimator)?;
            let chosen = amplitudes::choose(&mut session, windows, experiment.seed)?;
            Ok::<_, ApparatusError>((session.close()?, chosen))
        })?;
        let mut experiment = self.task.experiment.clone();
        experiment.tones.take(chosen.amplitudes_v.clone());
        let source = self.source.clone();
        (self.task, self.plan) = planned(self.instrument()?, experiment, &source)?;
        if was_armed {
            self.arm()?;
        }
        Ok(chosen)
    }

    /// Lets `work` have the instrument, disarmed, and takes it back; armed again if it was.
    ///
    /// # Errors
    /// Those of `work`, after which it is disarmed; or it cannot be disarmed or armed.
    pub fn lend<T, E: From<ApparatusError>>(
        &mut self,
        work: impl FnOnce(Instrument, Task) -> Result<(Instrument, T), E>,
    ) -> Result<T, E> {
        let was_armed = self.is_armed();
        let instrument = self.take()?;
        let (instrument, result) = work(instrument, self.task.clone())?;
        self.state = Some(State::Connected(Box::new(instrument)));
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
        self.state = Some(State::Measuring(Box::new(session)));
        Ok(())
    }

    /// The instrument, disarmed, until it is put back.
    fn take(&mut self) -> Result<Instrument, ApparatusError> {
        Ok(match self.state.take() {
            Some(State::Connected(instrument)) => *instrument,
            Some(State::Measuring(session)) => session.close()?,
            Some(State::Probing(probe)) => probe.close()?,
            None => driver(&self.link, &self.settings)?,
        })
    }
}

/// A driver on the link, which no other has.
fn driver(link: &Kept, settings: &Settings) -> Result<Instrument, DriverError> {
    Instrument::connect_with(link.lend(), settings.clone())
}

/// The experiment checked against an instrument, and the plan of its measurements.
fn planned(
    instrument: &Instrument,
    experiment: Experiment,
    source: &Source,
) -> Result<(Task, Plan), ApparatusError> {
    let (parameters, analogue) = (instrument.parameters(), instrument.analogue()?);
    let task = Task::on(experiment, source, parameters, analogue.as_ref())?;
    let method = task.experiment.host.method;
    let plan = if method.is_of_sines() {
        gradient::listening(&task.plan, task.experiment.noise_model())
    } else {
        method.plan(&task.plan, &task.data.train.targets)
    };
    Ok((task, plan.map_err(MeasureError::from)?))
}
