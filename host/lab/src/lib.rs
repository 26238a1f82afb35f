//! A simulated laboratory: an experiment's device on its bench, behind an engine of its choice.
//!
//! ```
//! use hge_core::experiment::{Job, Source};
//! use hge_lab::{train, Options};
//!
//! let text = "gate = \"or\"\ndevice = \"linear:2,4,4,3,-2,5,1\"\nrestarts = 1\n[host]\nepochs = 5";
//! let (experiment, source) = Source::parse("or.toml", text.into())?;
//! let job = Job::new(experiment, &source)?;
//! let outcome = train(job, &Options::default(), &mut |epoch| println!("loss {}", epoch.loss))?;
//! assert!(outcome.separation_na.is_finite());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | content |
//! |---|---|
//! | [`mod@server`] | an instrument for clients: TCP, a pseudo-terminal, this process |
//! | [`scpi`] | a SCPI socket in front of an instrument |
//! | `engine` | opening of the engines |
//! | [`simulate`](simulate()) | an instrument and a training in this process |
//! | [`trace`] | waveforms of a run |

mod engine;
pub mod scpi;
pub mod server;
mod simulate;
pub mod trace;

pub use engine::open_engine;
pub use simulate::{simulate, train, Options, SimGuard, SimulateError};

use crate::server::{EngineFactory, Pace, Server, Settings};
use hge_core::experiment::{Experiment, Job, LoopMode, Task};
use hge_core::train::noise_seed;
use hge_driver::scale::Scale;
use hge_protocol::frame::{Frame, Operation, Request, Status, MOST_REGISTERS};
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_sim::bench::{AnalogueBench, Bench, Chain};
use hge_sim::device::{self, Device, DeviceError, Health};
use hge_sim::engine::{Engine, EngineError, Passed, Time};

/// A server of the experiment's instrument, powered up with the noise of its seed.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn server(job: Job, pace: Pace, keep: bool) -> Result<Server, EngineError> {
    let settings = settings(&job.task.experiment, pace, keep);
    Server::new(factory(job), settings)
}

/// How a server of the experiment's instrument runs.
pub fn settings(experiment: &Experiment, pace: Pace, keep: bool) -> Settings {
    let chunk_samples = experiment.engine.chunk_samples();
    let parameters = experiment.instrument;
    let seed = noise_seed(experiment);
    let is_led_by_host = experiment.loop_mode == LoopMode::Host && experiment.timing.continuous;
    Settings { pace, parameters, chunk_samples, is_led_by_host, keep, seed, ..Settings::default() }
}

/// A server of the task's instrument on `chain`, with a device from `open` at every power-up.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn server_with(
    task: Task,
    chain: Chain,
    open: impl FnMut() -> Result<Box<dyn Device>, DeviceError> + Send + 'static,
    pace: Pace,
    keep: bool,
) -> Result<Server, EngineError> {
    let settings = settings(&task.experiment, pace, keep);
    Server::new(factory_with(task, chain, open, |bench| Box::new(bench)), settings)
}

/// Powers up the experiment's instrument with its device, any number of times.
pub fn factory(job: Job) -> EngineFactory {
    factory_around(job, |bench| Box::new(bench))
}

/// [`factory`], on what `around` makes of the bench every time.
pub fn factory_around(
    job: Job,
    around: impl Fn(AnalogueBench) -> Box<dyn Bench> + Send + 'static,
) -> EngineFactory {
    let Job { task, chain, device } = job;
    let mut first = Some(device);
    let spec = task.experiment.device.clone();
    // It was opened before: this fails only when a model's file has gone since.
    let open = move || first.take().map_or_else(|| device::open(&spec), Ok);
    factory_with(task, chain, open, around)
}

fn factory_with(
    task: Task,
    chain: Chain,
    mut open: impl FnMut() -> Result<Box<dyn Device>, DeviceError> + Send + 'static,
    around: impl Fn(AnalogueBench) -> Box<dyn Bench> + Send + 'static,
) -> EngineFactory {
    Box::new(move |seed| {
        let device = open().map_err(|error| EngineError::Tool(error.to_string()))?;
        engine(&task, chain.clone(), device, seed, &around)
    })
}

/// Powers up the experiment's instrument once, with its analogue scale, on what `around` makes of the bench with its device.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn engine(
    task: &Task,
    chain: Chain,
    device: Box<dyn Device>,
    seed: u64,
    around: impl FnOnce(AnalogueBench) -> Box<dyn Bench>,
) -> Result<Box<dyn Engine>, EngineError> {
    let rate_hz = task.plan.grid().rate_hz;
    let (outputs, inputs) = (task.parameters.outputs as usize, task.parameters.inputs as usize);
    let health = device.health();
    let bench = AnalogueBench::new(chain, device, outputs, inputs, rate_hz, seed);
    let mut engine = open_engine(task.experiment.engine, task.parameters, around(bench))?;
    power_up(engine.as_mut(), task.plan.scale())?;
    Ok(match health {
        Some(health) => Box::new(Watched { engine, health }),
        None => engine,
    })
}

/// Nonce of the session in which a simulated instrument gets its analogue scale. The next session forgets it.
const POWER_UP_NONCE: u32 = 0x706f_7765;

/// Times that a request at power-up is sent: a board's line receives nothing until its reset has ended.
const POWER_UP_ATTEMPTS: u32 = 8;

/// Samples in which a board has taken the longest request and replied: 2 ms at its first sample period.
const REPLY_SAMPLES: u32 = 20;

/// Sets the analogue scale, as a bitstream has it built in.
fn power_up(engine: &mut dyn Engine, scale: &Scale) -> Result<(), EngineError> {
    let mut requests = vec![(Operation::Hello, 0, Vec::new())];
    let writes = scale.analogue.writes(scale.outputs, scale.inputs);
    let runs = writes.chunk_by(|before, after| before.0 + 1 == after.0);
    for run in runs.flat_map(|run| run.chunks(MOST_REGISTERS)) {
        let values = run.iter().map(|write| write.1).collect();
        requests.push((Operation::Write, run[0].0, values));
    }
    for (sequence, (operation, address, values)) in (0..).zip(requests) {
        let (nonce, count) = (POWER_UP_NONCE, values.len() as u8);
        let request = Request { operation, nonce, sequence, address, count, values };
        if carry_out(engine, &request)? != Some(Status::Ok) {
            let problem = "the simulated instrument did not accept its analogue scale";
            return Err(EngineError::Lost(problem.into()));
        }
    }
    Ok(())
}

/// The status of the reply to a request; `None`: there was no reply to any attempt.
fn carry_out(engine: &mut dyn Engine, request: &Request) -> Result<Option<Status>, EngineError> {
    let (mut deframer, mut bytes) = (Deframer::new(MOST_FRAME_WORDS), Vec::new());
    seal(&request.to_words(), &mut bytes);
    for _ in 0..POWER_UP_ATTEMPTS {
        engine.send(&bytes)?;
        let (mut received, mut status) = (Vec::new(), None);
        engine.advance(Time::Virtual, REPLY_SAMPLES, usize::MAX, &mut received)?;
        deframer.push(&received, |body| {
            if let Some(Ok(Frame::Reply(reply))) = body.map(Frame::from_words) {
                status = Some(reply.status);
            }
        });
        if status.is_some() {
            return Ok(status);
        }
    }
    Ok(None)
}

/// An engine that is lost with its device: the device's last answer is invalid.
struct Watched {
    engine: Box<dyn Engine>,
    health: Health,
}

impl Engine for Watched {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.engine.send(bytes)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        let passed = self.engine.advance(time, samples, room, into)?;
        match self.health.failure() {
            Some(failure) => Err(EngineError::Device(failure.to_owned())),
            None => Ok(passed),
        }
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.engine.set_interlock(closed)
    }

    fn peek(&mut self, address: u16) -> Option<Result<u32, Status>> {
        self.engine.peek(address)
    }
}
