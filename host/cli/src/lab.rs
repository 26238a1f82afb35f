//! The instrument a command works with: behind a link, or simulated in this process with a device of choice.

use crate::interrupt;
use crate::output::text;
use clap::{Args, ValueHint};
use hge_core::experiment::{context, EngineKind, Experiment, Job, Source, Task, GREATEST_SEED};
use hge_core::gate::Gate;
use hge_driver::link::{self, Link, LinkSpec, Token};
use hge_driver::quantity::Context;
use hge_driver::scale::{Scale, NO_SCALE};
use hge_driver::{Cancel, Instrument, Settings};
use hge_lab as lab;
use hge_lab::server::{InProcess, Pace, Server};
use hge_protocol::registers as map;
use hge_protocol::Analogue;
use hge_sim::engine::EngineError;
use hge_system::file;
use std::path::{Path, PathBuf};

/// Names the file that holds the token, where no option does.
const TOKEN_VARIABLE: &str = "HGE_TOKEN_FILE";

/// Most bytes of such a file.
const TOKEN_FILE_BYTES: u64 = 4096;

/// Where the instrument is.
#[derive(Args)]
pub struct LinkOptions {
    /// Where the instrument is: sim, tcp:HOST:PORT or serial:PATH[@BAUD]
    #[arg(long, value_name = "LINK", default_value = "sim")]
    link: String,
    #[command(flatten)]
    token: TokenOption,
}

/// What a server may ask for.
#[derive(Args)]
pub struct TokenOption {
    /// File that holds the token a server asks for; else the one that HGE_TOKEN_FILE names
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    token_file: Option<PathBuf>,
}

/// What is simulated where nothing else is connected, or where others connect to.
#[derive(Args)]
pub struct Simulation {
    /// Simulated device: builtin, hopping:SEED[@KELVIN], mzi[:SEED], crossbar[:SEED], onnx:PATH, process:COMMAND or linear:G0,G1,...
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// What executes the simulated gateware
    #[arg(long)]
    engine: Option<EngineKind>,
    /// Fixes the simulated noise, and of a training the random starts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=GREATEST_SEED))]
    seed: Option<u64>,
    /// Bits of the simulated DAC
    #[arg(long, value_name = "N")]
    dac_bits: Option<u32>,
    /// Bits of the simulated ADC
    #[arg(long, value_name = "N")]
    adc_bits: Option<u32>,
}

/// The experiment of commands that need little of it.
#[derive(Args)]
pub struct ExperimentOption {
    /// Gate or experiment file: pace, and a scale that the instrument's must equal
    #[arg(long = "experiment", value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    pub what: String,
}

/// A connected instrument and the experiment and scale that go with it.
pub struct Lab {
    pub instrument: Instrument,
    pub experiment: Experiment,
    pub source: Source,
    pub link: LinkSpec,
    /// The analogue scale that the instrument keeps.
    pub analogue: Option<Analogue>,
}

impl Simulation {
    /// The experiment that `what` names, overruled by the options.
    pub fn read(&self, what: &str) -> Result<(Experiment, Source), String> {
        let path = Path::new(what);
        let (mut experiment, mut source) = if path.extension().is_some() || path.exists() {
            Source::load(path).map_err(text)?
        } else {
            let gate: Gate = what
                .parse()
                .map_err(|error| format!("{error}, or name a file that ends in .toml"))?;
            (Experiment { gate: Some(gate), ..Experiment::default() }, Source::default())
        };
        self.overrule(&mut experiment, &mut source);
        crate::tones::warn_of_crosstalk(&experiment);
        Ok((experiment, source))
    }

    /// Puts the options in place of what the experiment says.
    pub fn overrule(&self, experiment: &mut Experiment, source: &mut Source) {
        for (option, _) in self.given() {
            source.overrule(match option {
                "--dac-bits" => "instrument.dac_bits",
                "--adc-bits" => "instrument.adc_bits",
                option => &option[2..],
            });
        }
        if let Some(device) = &self.device {
            experiment.device.clone_from(device);
        }
        experiment.engine = self.engine.unwrap_or(experiment.engine);
        experiment.seed = self.seed.unwrap_or(experiment.seed);
        let instrument = &mut experiment.instrument;
        instrument.dac_bits = self.dac_bits.unwrap_or(instrument.dac_bits);
        instrument.adc_bits = self.adc_bits.unwrap_or(instrument.adc_bits);
    }

    /// Whether a device is named.
    pub fn has_device(&self) -> bool {
        self.device.is_some()
    }

    fn given(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let given = [
            ("--device", self.device.is_some()),
            ("--engine", self.engine.is_some()),
            ("--seed", self.seed.is_some()),
            ("--dac-bits", self.dac_bits.is_some()),
            ("--adc-bits", self.adc_bits.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given)
    }

    /// Refuses what only a simulation in this process can do; `seeded`: a seed decides more than its noise.
    pub fn check_link(&self, link: &LinkSpec, seeded: bool) -> Result<(), String> {
        let mut useless = self.given().filter(|(option, _)| !seeded || *option != "--seed");
        match useless.next().filter(|_| *link != LinkSpec::Simulated) {
            Some((option, _)) => Err(format!(
                "{option} has no effect over {link}: give it to `hge serve`, or leave it out"
            )),
            None => Ok(()),
        }
    }
}

impl LinkOptions {
    /// What the option says.
    pub fn spec(&self) -> Result<LinkSpec, String> {
        self.link.parse().map_err(text)
    }

    /// What a server there is shown.
    pub fn token(&self) -> Result<Option<Token>, String> {
        self.token.read()
    }
}

impl TokenOption {
    /// The token, where a file is named.
    pub fn read(&self) -> Result<Option<Token>, String> {
        let named = self.token_file.clone();
        let path = named.or_else(|| std::env::var_os(TOKEN_VARIABLE).map(PathBuf::from));
        path.map(|path| read_token(&path)).transpose()
    }
}

/// The token in a file.
pub fn read_token(path: &Path) -> Result<Token, String> {
    let place = path.display();
    let content = file::read_text(path, TOKEN_FILE_BYTES).map_err(|error| {
        format!("the token file {place} cannot be read: {error}; choose another file")
    })?;
    Token::parse(&content).map_err(|error| format!("the token file {place} has no token: {error}"))
}

impl Lab {
    /// Connects and reads the instrument's scale; an interrupt ends every wait of the instrument.
    pub fn open(
        link: &LinkOptions,
        simulation: &Simulation,
        what: &str,
    ) -> Result<(Self, Cancel), String> {
        Lab::open_with(link, simulation, what, Lab::simulated)
    }

    /// The same, where a simulated instrument is what `simulate` makes of the experiment.
    pub fn open_with(
        link: &LinkOptions,
        simulation: &Simulation,
        what: &str,
        simulate: impl FnOnce(Job) -> Result<Server, EngineError>,
    ) -> Result<(Self, Cancel), String> {
        let (mut lab, cancel) = Lab::reach(link, simulation, what, simulate)?;
        lab.analogue = lab.instrument.analogue().map_err(text)?;
        Ok((lab, cancel))
    }

    /// The same as [`Lab::open`], whatever the instrument's scale may be.
    pub fn connect(
        link: &LinkOptions,
        simulation: &Simulation,
        what: &str,
    ) -> Result<(Self, Cancel), String> {
        Lab::reach(link, simulation, what, Lab::simulated)
    }

    fn simulated(job: Job) -> Result<Server, EngineError> {
        lab::server(job, Pace::Virtual, true)
    }

    fn reach(
        link: &LinkOptions,
        simulation: &Simulation,
        what: &str,
        simulate: impl FnOnce(Job) -> Result<Server, EngineError>,
    ) -> Result<(Self, Cancel), String> {
        let (link, token) = (link.spec()?, link.token()?);
        simulation.check_link(&link, false)?;
        let (experiment, source) = simulation.read(what)?;
        let cancel = interrupt::cancel();
        let pipe: Box<dyn Link> = if link == LinkSpec::Simulated {
            let job = Job::new(experiment.clone(), &source).map_err(text)?;
            Box::new(InProcess::serve(simulate(job).map_err(text)?))
        } else {
            remote(&link, token.as_ref())?
        };
        let settings = Settings { cancel: cancel.clone(), ..Settings::default() };
        let instrument = Instrument::connect_with(pipe, settings).map_err(text)?;
        Ok((Lab { instrument, experiment, source, link, analogue: None }, cancel))
    }

    /// The experiment on this instrument, checked.
    pub fn task(&self) -> Result<Task, String> {
        let parameters = self.instrument.parameters();
        let analogue = self.analogue.as_ref();
        Task::on(self.experiment.clone(), &self.source, parameters, analogue).map_err(text)
    }

    /// Pace as the experiment wants it, and the instrument's scale.
    pub fn planned(&self) -> Result<Context, String> {
        let (parameters, analogue) = (self.instrument.parameters(), self.analogue.as_ref());
        context(&self.experiment, &self.source, parameters, analogue).map_err(text)
    }

    /// Pace as the instrument has it now, and its scale.
    pub fn present(&self) -> Result<Context, String> {
        let period = self.instrument.read(map::SAMPLE_PERIOD).map_err(text)?;
        Ok(Context { period_clocks: f64::from(period.max(1)), ..self.planned()? })
    }
}

/// The scale that volts and nanoamperes need.
pub fn known(scale: Option<Scale>) -> Result<Scale, String> {
    scale.ok_or_else(|| NO_SCALE.into())
}

/// A link to elsewhere; a server is shown the token.
pub fn remote(link: &LinkSpec, token: Option<&Token>) -> Result<Box<dyn Link>, String> {
    link::open(link, token).map_err(text)
}
