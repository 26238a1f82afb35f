//! A connected instrument with its experiment, and what it is configured for.

use crate::errors::Failure;
use crate::experiment::Experiment;
use hge_core::calibration::Calibration;
use hge_core::experiment::Task;
use hge_core::measure::gradient;
use hge_core::measure::probe::Probe;
use hge_core::plan::{Configuration, Plan};
use hge_core::session::Session;
use hge_driver::{Cause, Instrument};

/// A connected instrument with its experiment.
pub struct Bench {
    pub task: Task,
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

impl Bench {
    /// The experiment on this instrument, as it is.
    pub fn new(instrument: Instrument, experiment: &Experiment) -> Result<Self, Failure> {
        let (parameters, analogue) = (instrument.parameters(), instrument.analogue()?);
        let Experiment { keys, source } = experiment;
        let task = Task::on(keys.clone(), source, parameters, analogue.as_ref())?;
        let method = task.experiment.host.method;
        let plan = if method.is_of_sines() {
            gradient::listening(&task.plan, task.experiment.noise_model())
        } else {
            method.plan(&task.plan, &task.data.train.targets)
        };
        let plan = plan.map_err(Failure::other)?;
        let state = State::Connected(Box::new(instrument));
        Ok(Bench { task, plan, calibration: None, state })
    }

    /// Arms, with this host to watch over the instrument. Does nothing if it is armed.
    pub fn arm(&mut self) -> Result<(), Failure> {
        if !self.is_armed() {
            self.session_anew()?;
        }
        Ok(())
    }

    /// Sends the outputs to their safe values, and waits until they are there.
    pub fn disarm(&mut self) -> Result<(), Failure> {
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
    pub fn instrument(&mut self) -> Result<&mut Instrument, Failure> {
        match &mut self.state {
            State::Connected(instrument) => Ok(instrument),
            State::Measuring(session) => Ok(session.instrument()),
            State::Probing(probe) => Ok(probe.instrument()),
            State::Gone => Err(gone()),
        }
    }

    /// The armed session, with these voltages of the inputs in place of the experiment's.
    pub fn presenting(&mut self, inputs_v: Option<Vec<Vec<f64>>>) -> Result<&mut Session, Failure> {
        let plan = match inputs_v {
            None => self.plan.clone(),
            Some(cases_v) => {
                let configuration = self.plan.configuration().clone();
                Plan::new(Configuration { cases_v, ..configuration }, self.plan.parameters())
                    .map_err(Failure::other)?
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
            State::Gone => Err(gone()),
            State::Connected(_) | State::Probing(_) => Err(unarmed()),
        }
    }

    /// The armed probe.
    pub fn probe(&mut self) -> Result<&mut Probe, Failure> {
        if matches!(self.state, State::Measuring(_)) {
            let mut probe = Probe::new(self.take()?, self.task.plan.clone());
            probe.read_all_inputs();
            self.state = State::Probing(Box::new(probe));
        }
        match &mut self.state {
            State::Probing(probe) => Ok(probe),
            State::Gone => Err(gone()),
            State::Connected(_) | State::Measuring(_) => Err(unarmed()),
        }
    }

    /// Reads slopes by this calibration from now on, or by none.
    pub fn calibrated(&mut self, calibration: Option<Calibration>) -> Result<(), Failure> {
        if let Some(calibration) = &calibration {
            calibration.check(&self.plan).map_err(Failure::other)?;
        }
        self.calibration = calibration;
        match self.state {
            State::Measuring(_) => self.session_anew(),
            _ => Ok(()),
        }
    }

    /// Lets `work` have the instrument, disarmed, and takes it back; armed again if it was.
    pub fn lend<T>(
        &mut self,
        work: impl FnOnce(Instrument, Task) -> Result<(Instrument, T), Failure>,
    ) -> Result<T, Failure> {
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
    fn session_anew(&mut self) -> Result<(), Failure> {
        let instrument = self.take()?;
        let experiment = &self.task.experiment;
        let mut session = Session::open(instrument, self.plan.clone(), experiment.host.estimator)?;
        session.by(experiment.host.method, experiment.seed);
        session.read_all_inputs();
        if let Some(calibration) = &self.calibration {
            session.calibrate(calibration.clone()).map_err(Failure::other)?;
        }
        self.state = State::Measuring(Box::new(session));
        Ok(())
    }

    /// The instrument, disarmed; it is gone unless it is put back.
    fn take(&mut self) -> Result<Instrument, Failure> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Connected(instrument) => Ok(*instrument),
            State::Measuring(session) => Ok(session.close()?),
            State::Probing(probe) => Ok(probe.close()?),
            State::Gone => Err(gone()),
        }
    }
}

fn gone() -> Failure {
    let sentence = "the connection ended with the operation that failed: connect again";
    Failure::Said(Cause::Lost, sentence.into())
}

fn unarmed() -> Failure {
    let sentence = "the guard is not armed: arm first, or use the instrument in a `with` block";
    Failure::Said(Cause::Refused, sentence.into())
}
