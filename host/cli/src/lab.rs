//! The instrument of a command: behind a link, or simulated in this process with a selectable device.

use crate::interrupt;
use crate::output::text;
use clap::{Args, ValueHint};
use hge_core::experiment::{context, EngineKind, Experiment, Job, Source, Task, GREATEST_SEED};
use hge_driver::link::{self, Link, LinkSpec, Token};
use hge_driver::quantity::Context;
use hge_driver::scale::{Scale, NO_SCALE};
use hge_driver::{Cancel, Instrument, Settings};
use hge_lab::server::{InProcess, Pace, Server};
use hge_protocol::registers as map;
use hge_protocol::Analogue;
use hge_sim::device;
use hge_sim::engine::EngineError;
use hge_system::file;
use std::path::{Path, PathBuf};

/// Environment variable with the path of the token file.
const TOKEN_VARIABLE: &str = "HGE_TOKEN_FILE";

/// Maximum bytes of such a file.
const TOKEN_FILE_BYTES: u64 = 4096;

/// Link of the instrument.
#[derive(Args)]
pub struct LinkOptions {
    /// Instrument: sim, tcp:HOST:PORT, udp:HOST[:PORT], serial:PATH[@BAUD] or ft245:PATH
    #[arg(long, value_name = "LINK", default_value = link::SIMULATED)]
    link: String,
    #[command(flatten)]
    token: TokenOption,
}

/// Credentials for a server.
#[derive(Args)]
pub struct TokenOption {
    /// File with the token of a server; default from HGE_TOKEN_FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    token_file: Option<PathBuf>,
}

/// Options of a simulated instrument.
#[derive(Args)]
pub struct Simulation {
    #[arg(long, value_name = "DEVICE", help = format!("Simulated device: {}", device::forms().replace('`', "")))]
    device: Option<String>,
    /// Simulator of the gateware
    #[arg(long)]
    engine: Option<EngineKind>,
    /// Seed of the simulated noise, and of the random starts of a training
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=GREATEST_SEED))]
    seed: Option<u64>,
    /// Bits of the simulated DAC
    #[arg(long, value_name = "N")]
    dac_bits: Option<u32>,
    /// Bits of the simulated ADC
    #[arg(long, value_name = "N")]
    adc_bits: Option<u32>,
}

/// Options of commands that use little of the experiment.
#[derive(Args)]
pub struct LabOptions {
    #[command(flatten)]
    pub link: LinkOptions,
    /// Gate or experiment file: timing, and a scale that must equal the instrument's
    #[arg(long, value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    pub experiment: String,
    #[command(flatten)]
    pub simulation: Simulation,
}

impl LabOptions {
    /// As [`Lab::open`].
    pub fn open(&self) -> Result<Lab, String> {
        Lab::open(&self.link, &self.simulation, &self.experiment)
    }

    /// As [`Simulation::read`].
    pub fn read(&self) -> Result<(Experiment, Source), String> {
        self.simulation.read(&self.experiment)
    }
}

/// A connected instrument with its experiment and scale.
pub struct Lab {
    pub instrument: Instrument,
    pub experiment: Experiment,
    pub source: Source,
    pub link: LinkSpec,
    /// The scale stored in the instrument.
    pub analogue: Option<Analogue>,
    /// Ends every wait for the instrument.
    pub cancel: Cancel,
}

impl Simulation {
    /// The experiment named by `what`, overridden by the options.
    pub fn read(&self, what: &str) -> Result<(Experiment, Source), String> {
        let (mut experiment, mut source) = Source::named(what)?;
        self.overrule(&mut experiment, &mut source);
        crate::tones::warn_of_crosstalk(&experiment);
        Ok((experiment, source))
    }

    /// Overrides the experiment by the options.
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

    /// Whether a device is given.
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

    /// Refuses options that need a simulation in this process; `seeded`: a seed decides more than its noise.
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
    /// The link option.
    pub fn spec(&self) -> Result<LinkSpec, String> {
        self.link.parse().map_err(text)
    }

    /// Credentials for a server.
    pub fn token(&self) -> Result<Option<Token>, String> {
        self.token.read()
    }
}

impl TokenOption {
    /// The token, if a file is given.
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
    /// Connects and reads the instrument's scale; an interrupt ends every wait for the instrument.
    pub fn open(link: &LinkOptions, simulation: &Simulation, what: &str) -> Result<Self, String> {
        Lab::open_with(link, simulation, what, Lab::simulated)
    }

    /// As [`Lab::open`], with a simulated instrument from `simulate`.
    pub fn open_with(
        link: &LinkOptions,
        simulation: &Simulation,
        what: &str,
        simulate: impl FnOnce(Job) -> Result<Server, EngineError>,
    ) -> Result<Self, String> {
        let mut lab = Lab::reach(link, simulation, what, simulate)?;
        lab.analogue = lab.instrument.analogue().map_err(text)?;
        Ok(lab)
    }

    /// As [`Lab::open`], for any scale of the instrument.
    pub fn connect(options: &LabOptions) -> Result<Self, String> {
        let LabOptions { link, experiment, simulation } = options;
        Lab::reach(link, simulation, experiment, Lab::simulated)
    }

    fn simulated(job: Job) -> Result<Server, EngineError> {
        hge_lab::server(job, Pace::Virtual, true)
    }

    fn reach(
        link: &LinkOptions,
        simulation: &Simulation,
        what: &str,
        simulate: impl FnOnce(Job) -> Result<Server, EngineError>,
    ) -> Result<Self, String> {
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
        Ok(Lab { instrument, experiment, source, link, analogue: None, cancel })
    }

    /// The experiment on this instrument, checked.
    pub fn task(&self) -> Result<Task, String> {
        let parameters = self.instrument.parameters();
        let analogue = self.analogue.as_ref();
        Task::on(self.experiment.clone(), &self.source, parameters, analogue).map_err(text)
    }

    /// Timing of the experiment, and the instrument's scale.
    pub fn planned(&self) -> Result<Context, String> {
        let (parameters, analogue) = (self.instrument.parameters(), self.analogue.as_ref());
        context(&self.experiment, &self.source, parameters, analogue).map_err(text)
    }

    /// Present timing of the instrument, and its scale.
    pub fn present(&self) -> Result<Context, String> {
        let period = self.instrument.read(map::SAMPLE_PERIOD).map_err(text)?;
        Ok(Context { period_clocks: f64::from(period.max(1)), ..self.planned()? })
    }
}

/// The scale for volts and nanoamperes.
pub fn known(scale: Option<Scale>) -> Result<Scale, String> {
    scale.ok_or_else(|| NO_SCALE.into())
}

/// A link to another process; a server receives the token.
pub fn remote(link: &LinkSpec, token: Option<&Token>) -> Result<Box<dyn Link>, String> {
    link::open(link, token).map_err(text)
}
