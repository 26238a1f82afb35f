//! A self-test of a simulated instrument that may be wrong.

use hge_core::experiment::{Experiment, Job, Source};
use hge_driver::Instrument;
use hge_lab::server::{InProcess, Pace, Server, Settings as ServerSettings};
use hge_protocol::registers as map;
use hge_selftest::bench::SimulatedBench;
use hge_selftest::{Fixture, Report, Row, Settings, Verdict};
use hge_sim::bench::{AnalogueBench, Bench, Chain};
use hge_sim::engine::Engine;

/// Outputs that the wire is moved to.
pub const OUTPUTS: [usize; 3] = [0, 1, 2];

/// What the DAC gets in place of a row of codes.
pub type OfCodes = Box<dyn Fn(&mut [i16]) + Send>;

/// What the instrument gets in place of the ADC's code.
pub type OfAdc = Box<dyn Fn(i16) -> i16 + Send>;

/// A bench whose wires are wrong.
pub struct Miswired {
    pub bench: Box<dyn Bench>,
    pub outputs: usize,
    pub codes: OfCodes,
    pub adc: OfAdc,
}

impl Bench for Miswired {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        let mut codes = codes.to_vec();
        codes.chunks_exact_mut(self.outputs).for_each(|row| (self.codes)(row));
        self.bench.samples(&codes, adc);
        adc.iter_mut().for_each(|code| *code = (self.adc)(*code));
    }

    fn rewind(&mut self, samples: usize) {
        self.bench.rewind(samples);
    }
}

/// Puts wires or converters around the simulated bench.
pub type AroundBench = Box<dyn Fn(AnalogueBench) -> Box<dyn Bench>>;

/// Puts faults around the engine.
pub type AroundEngine = Box<dyn Fn(Box<dyn Engine>) -> Box<dyn Engine>>;

/// A fault of the codes on their way to the DAC.
pub type CodeFault = fn() -> OfCodes;

/// The value that a register gets in place of the one written to an address.
pub type WriteFault = fn(u16, u32) -> u32;

/// What is tested.
pub struct Trial {
    pub experiment: Experiment,
    pub chain: Box<dyn Fn(&mut Chain)>,
    pub around: AroundBench,
    pub engine: AroundEngine,
    /// Registers keep what is written.
    pub is_faithful: bool,
    pub resistor_mohm: f64,
    pub pace: Pace,
    pub settings: Settings,
}

impl Default for Trial {
    /// Nothing is wrong: 12 bits, 10 megohms.
    fn default() -> Self {
        let text = "gate = \"xor\"\n[instrument]\ndac_bits = 12\n";
        let parsed = Source::parse("experiment.toml", text.into());
        let (experiment, _) = parsed.unwrap_or_else(|error| panic!("{error}"));
        let settings = Settings::new(Fixture::Resistor(10.0), (-2.0, 1.999));
        Trial {
            experiment,
            chain: Box::new(|_| ()),
            around: Box::new(|bench| Box::new(bench)),
            engine: Box::new(|engine| engine),
            is_faithful: true,
            resistor_mohm: 10.0,
            pace: Pace::Virtual,
            settings: Settings { outputs: OUTPUTS.to_vec(), ..settings },
        }
    }
}

impl Trial {
    /// The bench's wires are wrong.
    pub fn miswired(codes: fn() -> OfCodes, adc: fn() -> OfAdc) -> Self {
        let around = move |bench: AnalogueBench| -> Box<dyn Bench> {
            let bench = Box::new(bench);
            Box::new(Miswired { bench, outputs: 8, codes: codes(), adc: adc() })
        };
        Trial { around: Box::new(around), ..Trial::default() }
    }

    /// The chain has other figures than the experiment.
    pub fn of_chain(chain: impl Fn(&mut Chain) + 'static) -> Self {
        Trial { chain: Box::new(chain), ..Trial::default() }
    }

    /// The instrument, its plan, and its bench's wire.
    pub fn instrument(&self) -> (Instrument, hge_core::plan::Plan, SimulatedBench) {
        let job = Job::new(self.experiment.clone(), &Source::default());
        let Job { task, mut chain, .. } = job.unwrap_or_else(|error| panic!("{error}"));
        (self.chain)(&mut chain);
        let wire = SimulatedBench::default();
        let device = wire.resistor(task.parameters.outputs as usize, 1000.0 / self.resistor_mohm);
        let engine = hge_lab::engine(&task, chain, device, 11, &self.around).expect("an engine");
        let engine = wire.interlocked((self.engine)(engine));
        let chunk_samples = task.experiment.engine.chunk_samples();
        let settings =
            ServerSettings { pace: self.pace, chunk_samples, ..ServerSettings::default() };
        let server = Server::with_engine(engine, settings);
        let instrument = Instrument::connect(Box::new(InProcess::serve(server)));
        (instrument.expect("a link"), task.plan, wire)
    }

    /// All rows; afterwards the instrument is as it was found.
    pub fn report(&self) -> Report {
        let (instrument, plan, mut wire) = self.instrument();
        let words = |instrument: &Instrument| {
            let guard = instrument.read_many(map::GUARD, 3).expect("registers");
            let settings = instrument.read_many(map::SAMPLE_PERIOD, 4).expect("registers");
            let protection = instrument.read_many(map::STEP_LIMIT, 8).expect("registers");
            [guard, settings, protection].concat()
        };
        let found = words(&instrument);
        let tested =
            hge_selftest::run(instrument, &plan, &self.settings, &mut wire, &mut |_: &Row| ());
        let (report, instrument) = tested.unwrap_or_else(|error| panic!("{error}"));
        if self.is_faithful {
            assert_eq!(words(&instrument), found, "registers are as they were");
        }
        assert_eq!(instrument.state().expect("a link").armed, None);
        report
    }

    /// The watchdog's row.
    pub fn watchdog(&self) -> Row {
        let (instrument, plan, _) = self.instrument();
        let settings = Settings { real_time: true, ..self.settings.clone() };
        let tested = hge_selftest::watchdog(instrument, &plan, &settings);
        tested.unwrap_or_else(|error| panic!("{error}")).0
    }
}

/// Names of the rows that failed.
pub fn failed(report: &Report) -> Vec<String> {
    let failed = report.rows.iter().filter(|row| row.verdict == Verdict::Fail);
    failed.map(Row::name).collect()
}

/// Exactly these rows failed, and each says what to look at.
pub fn assert_fails(what: &str, report: &Report, expected: &[&str]) {
    assert_eq!(failed(report), expected, "{what}: {report:#?}");
    for row in report.rows.iter().filter(|row| row.verdict != Verdict::Pass) {
        let note = row.note.as_deref().unwrap_or_default();
        assert!(note.len() > 20, "{what}: {row:?}");
    }
}

/// The note of a row.
pub fn note<'a>(report: &'a Report, check: &str, output: Option<usize>) -> &'a str {
    report.row(check, output).and_then(|row| row.note.as_deref()).unwrap_or_default()
}
