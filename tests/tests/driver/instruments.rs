//! What the tests connect to.

use hge_core::experiment::{Experiment, Job, LoopMode, Source, Task};
use hge_core::train::{train_on, Outcome};
use hge_driver::link::Link;
use hge_driver::{Instrument, Settings};
use hge_lab::server::{self, EngineFactory, InProcess, Server};
use hge_lab::{train, Options};
use hge_sim::engine::Engine;
use hge_tests::faults::{Fault, Harm};
use hge_tests::faulty_link::{FaultyLink, Traffic};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An experiment of a few epochs on a linear device with noise.
pub fn short(loop_mode: LoopMode) -> Experiment {
    let text = "gate = \"or\"\nrestarts = 1\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n\
                [timing]\nwindow_samples = 64\n[tones]\nband_hz = [150.0, 2000.0]\n\
                [host]\nepochs = 20\nstop_loss = 0.0\n[standalone]\nepochs = 6\n";
    let (experiment, _) = Source::parse("short.toml", text.into()).expect("an experiment");
    Experiment { loop_mode, ..experiment }
}

fn job(experiment: Experiment) -> Job {
    Job::new(experiment, &Source::default()).expect("a job")
}

/// Powers up the instrument of an experiment.
pub fn factory(experiment: Experiment) -> EngineFactory {
    hge_lab::factory(job(experiment))
}

/// The instrument of an experiment, powered up.
pub fn engine(experiment: Experiment) -> Box<dyn Engine> {
    factory(experiment)(1).expect("the model needs nothing")
}

pub fn task(loop_mode: LoopMode) -> Task {
    job(short(loop_mode)).task
}

/// A server of the short experiment.
pub fn server(settings: server::Settings) -> Server {
    Server::new(factory(short(LoopMode::Host)), settings).expect("the model needs nothing")
}

/// A link to a server in this process that can power up anew.
pub fn in_process() -> Box<dyn Link> {
    Box::new(InProcess::serve(server(server::Settings::default())))
}

/// The same behind a line that does `harm`.
pub fn behind(harm: Harm, seed: u64) -> (Box<dyn Link>, Arc<Mutex<Traffic>>) {
    FaultyLink::over(in_process(), Fault::Mixed(harm), seed)
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
    task(LoopMode::Host).plan.configure(&mut instrument).unwrap_or_else(|error| panic!("{error}"));
    instrument
}

/// The short training on an engine of its own.
pub fn reference(loop_mode: LoopMode) -> Outcome {
    train(job(short(loop_mode)), &Options::default(), &mut |_| ())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The short training over a link.
pub fn trained(link: Box<dyn Link>, settings: Settings, loop_mode: LoopMode) -> Outcome {
    let instrument =
        Instrument::connect_with(link, settings).unwrap_or_else(|error| panic!("{error}"));
    train_on(instrument, task(loop_mode), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}
