//! What the tests connect to.

use hge_host::driver::{Instrument, Settings};
use hge_host::experiment::{Closing, Experiment, Job, Source, Task};
use hge_host::link::{InProcess, Link};
use hge_host::server::{self, EngineFactory, Server};
use hge_host::train::{train, train_on, Options, Outcome};
use hge_sim::bench::AnalogueBench;
use hge_sim::engine::{Engine, EngineError};
use hge_sim::model::Model;
use std::time::Duration;

/// An experiment of a few epochs on a linear device with noise.
pub fn short(closing: Closing) -> Experiment {
    let text = "gate = \"or\"\nrestarts = 1\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n\
                [timing]\nwindow_samples = 64\n[tones]\nband_hz = [150.0, 2000.0]\n\
                [host]\nepochs = 20\nstop_loss = 0.0\n[standalone]\nepochs = 6\n";
    let (experiment, _) = Source::parse("short.toml", text.into()).expect("an experiment");
    Experiment { closing, ..experiment }
}

/// Powers up the instrument of an experiment.
pub fn factory(experiment: Experiment) -> EngineFactory {
    Box::new(move |seed| Ok(engine(&experiment, seed)))
}

/// The model on the bench of an experiment.
pub fn engine(experiment: &Experiment, seed: u64) -> Box<dyn Engine> {
    let Job { task, chain, device } =
        Job::new(experiment.clone(), &Source::default()).expect("a job");
    let (rate_hz, outputs) = (task.plan.grid().rate_hz, task.parameters.outputs as usize);
    let bench = AnalogueBench::new(chain, device, outputs, rate_hz, seed);
    Box::new(Model::new(task.parameters, Box::new(bench)))
}

pub fn task(closing: Closing) -> Task {
    Job::new(short(closing), &Source::default()).expect("a job").task
}

/// A server of the short experiment.
pub fn server(settings: server::Settings) -> Server {
    let made: Result<Server, EngineError> = Server::new(factory(short(Closing::Host)), settings);
    made.expect("the model needs nothing")
}

/// A link to a server in this process that can power up anew.
pub fn in_process() -> Box<dyn Link> {
    Box::new(InProcess::serve(server(server::Settings::default())))
}

/// Not patient: what is lost on these lines is lost at once.
pub fn hasty() -> Settings {
    Settings {
        reply_timeout: Some(Duration::from_millis(40)),
        attempts: 40,
        poll_interval: Duration::from_millis(40),
        nonce_seed: Some(7),
        ..Settings::default()
    }
}

/// An instrument over a link, configured for the short experiment.
pub fn configured(link: Box<dyn Link>, settings: Settings) -> Instrument {
    let mut instrument =
        Instrument::connect_with(link, settings).unwrap_or_else(|error| panic!("{error}"));
    instrument.configure(&task(Closing::Host).plan).unwrap_or_else(|error| panic!("{error}"));
    instrument
}

/// The short training on an engine of its own.
pub fn reference(closing: Closing) -> Outcome {
    let job = Job::new(short(closing), &Source::default()).expect("a job");
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// The short training over a link.
pub fn trained(link: Box<dyn Link>, settings: Settings, closing: Closing) -> Outcome {
    let instrument =
        Instrument::connect_with(link, settings).unwrap_or_else(|error| panic!("{error}"));
    train_on(instrument, task(closing), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}
