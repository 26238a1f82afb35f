//! A connected instrument with its experiment, and whether it is armed.

use crate::errors::Failure;
use crate::experiment::Experiment;
use hge_core::experiment::Task;
use hge_core::measure::gradient;
use hge_core::plan::{Configuration, Plan};
use hge_core::session::Session;
use hge_driver::{Cause, Instrument};

/// A connected instrument with its experiment.
pub struct Bench {
    pub task: Task,
    /// Of measurements: tones on the controls, and empty lines beside them.
    plan: Plan,
    state: State,
}

/// Whether the instrument has been configured.
enum State {
    Connected(Box<Instrument>),
    Configured(Box<Session>),
    /// A training has failed and taken the instrument with it.
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
        Ok(Bench { task, plan, state: State::Connected(Box::new(instrument)) })
    }

    /// The plan of measurements, with these voltages of the inputs in place of the experiment's.
    pub fn plan(&self, inputs_v: Option<Vec<Vec<f64>>>) -> Result<Plan, Failure> {
        let Some(cases_v) = inputs_v else { return Ok(self.plan.clone()) };
        let configuration = Configuration { cases_v, ..self.plan.configuration().clone() };
        Plan::new(configuration, self.plan.parameters()).map_err(Failure::other)
    }

    /// Arms, with this host to watch over the instrument. Does nothing if it is armed.
    pub fn arm(&mut self) -> Result<(), Failure> {
        let plan = self.plan.clone();
        match &mut self.state {
            State::Configured(session) if session.is_armed() => Ok(()),
            State::Configured(session) => Ok(session.change(plan)?),
            State::Gone => Err(gone()),
            State::Connected(_) => {
                let instrument = self.take()?;
                let experiment = &self.task.experiment;
                let mut session = Session::open(instrument, plan, experiment.host.estimator)?;
                session.by(experiment.host.method, experiment.seed);
                session.read_all_inputs();
                self.state = State::Configured(Box::new(session));
                Ok(())
            }
        }
    }

    /// Sends the outputs to their safe values, and waits until they are there.
    pub fn disarm(&mut self) -> Result<(), Failure> {
        match &mut self.state {
            State::Configured(session) if session.is_armed() => {
                Ok(session.instrument().disarm()?)
            }
            _ => Ok(()),
        }
    }

    /// Whether this host has armed it.
    pub fn is_armed(&self) -> bool {
        match &self.state {
            State::Configured(session) => session.is_armed(),
            _ => false,
        }
    }

    fn session(&mut self) -> Result<&mut Session, Failure> {
        match &mut self.state {
            State::Configured(session) => Ok(session),
            State::Connected(_) => Err(Failure::Said(
                Cause::Refused,
                "the guard is not armed: arm first, or use the instrument in a `with` block".into(),
            )),
            State::Gone => Err(gone()),
        }
    }

    /// The armed session, with these cases.
    pub fn presenting(&mut self, inputs_v: Option<Vec<Vec<f64>>>) -> Result<&mut Session, Failure> {
        let plan = self.plan(inputs_v)?;
        let session = self.session()?;
        if *session.plan() != plan {
            session.present(plan)?;
        }
        Ok(session)
    }

    /// Lets `work` consume the instrument, and takes back what it returns, armed or not as before.
    pub fn lend<T>(
        &mut self,
        work: impl FnOnce(Instrument, Task) -> Result<(Session, T), Failure>,
    ) -> Result<T, Failure> {
        let was_armed = self.is_armed();
        let instrument = self.take()?;
        let (session, result) = work(instrument, self.task.clone())?;
        self.state = State::Connected(Box::new(session.close()?));
        if was_armed {
            self.arm()?;
        }
        Ok(result)
    }

    /// The instrument, disarmed; it is gone unless it is put back.
    fn take(&mut self) -> Result<Instrument, Failure> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Connected(instrument) => Ok(*instrument),
            State::Configured(session) => Ok(session.close()?),
            State::Gone => Err(gone()),
        }
    }
}

fn gone() -> Failure {
    Failure::Said(
        Cause::Lost,
        "the connection ended with the operation that failed: connect again".into(),
    )
}
