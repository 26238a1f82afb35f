//! A network of devices against single ones on the same task, from the same number of starts.
//!
//! All ways descend along the loss of the experiment and keep the point of the widest gap, which the instrument then measures without tones. Both ways of the
//! network begin at the same controls. The best specimen is chosen by other starts than those that are compared.

use crate::chance::Chance;
use crate::descent::{descend, DescentConfig, Exact, GradientSource};
use crate::sim_setup::{self, SimSetup};
use crate::statistics::mean;
use crate::{parallel, ProgressObserver, ReproduceError, Setup};
use hge_core::experiment::{ElectrodeKeys, Job, Task};
use hge_core::optimiser::chain_rule;
use hge_core::plan::Plan;
use hge_core::targets::Targets;
use hge_driver::DriverError;
use hge_protocol::Parameters;
use hge_sim::device::network::{self, MemberKeys, PREFIX};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

/// The seed's streams of the starts that are compared, of those by which a specimen is chosen, and of the random settings.
const STARTS: u64 = 10_000;
const SPECIMEN_STARTS: u64 = 11_000;
const SETTINGS: u64 = 12_000;

/// Random settings of a stream.
const PIECE: usize = 250;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    starts: usize,
    epochs: u32,
    gap_na: f64,
    stop_gap_na: f64,
    specimen_starts: usize,
    settings: usize,
}

/// Where slopes come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slopes {
    /// By the instrument, all at once.
    Extracted,
    /// By the chain rule.
    Exact,
}

impl Slopes {
    /// In tables.
    pub fn name(self) -> &'static str {
        match self {
            Slopes::Extracted => "extracted",
            Slopes::Exact => "exact",
        }
    }
}

/// A training from one start.
#[derive(Clone, Debug)]
pub struct Run {
    /// Without tones, at the best point.
    pub gap_na: f64,
    /// Share of the cases on the correct side of the best threshold, the same.
    pub accuracy: f64,
    /// Widest gap up to every epoch.
    pub widest_na: Vec<f64>,
    /// Of all runs of the instrument, in seconds: of exact slopes none.
    pub device_s: f64,
}

/// All starts of a way.
pub struct Group {
    /// In tables.
    pub name: &'static str,
    /// Where slopes came from.
    pub slopes: Slopes,
    /// Controls that were trained.
    pub controls: usize,
    /// In the order of the starts.
    pub runs: Vec<Run>,
    /// Gap of a solution.
    pub solved_na: f64,
}

impl Group {
    /// In legends.
    pub fn label(&self) -> String {
        format!("{}, {}", self.name, self.slopes.name())
    }

    /// Starts that solve the task.
    pub fn solved(&self) -> usize {
        (0..self.runs.len()).filter(|&n| self.is_solved(n)).count()
    }

    /// Whether this start does.
    pub fn is_solved(&self, start: usize) -> bool {
        self.runs[start].gap_na >= self.solved_na
    }

    /// A value of every start.
    pub fn values(&self, of: impl Fn(&Run) -> f64) -> Vec<f64> {
        self.runs.iter().map(of).collect()
    }
}

/// A device with its task and instrument.
struct Machine<'a> {
    setup: Setup,
    plan: Plan,
    targets: Targets,
    keys: &'a Keys,
}

impl<'a> Machine<'a> {
    fn new(setup: Setup, keys: &'a Keys) -> Result<Self, ReproduceError> {
        let Task { plan, data, .. } = Job::new(setup.experiment.clone(), &setup.source)?.task;
        Ok(Machine { setup, plan, targets: data.train.targets, keys })
    }

    /// Trains from the start of a stream of the seed.
    fn train(&self, stream: u64, slopes: Slopes) -> Result<Run, ReproduceError> {
        let Machine { setup, plan, targets, keys } = self;
        let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
        random.set_stream(stream);
        let start_v = plan.draw_controls_v(&mut random);
        let mut instrument = SimSetup::open(setup, plan, random.random())?;
        let device = sim_setup::device(setup)?;
        let mut exact = Exact { device: device.as_ref(), plan };
        let cases_v = &plan.configuration().cases_v;
        let loss = setup.experiment.loss(targets);
        let ranges_v = plan.control_ranges_v();
        let config = DescentConfig {
            ranges_v: &ranges_v,
            rate_v: setup.experiment.host.adam_rate_v,
            steps: keys.epochs,
            stop_loss: -keys.stop_gap_na,
            cancel: &setup.cancel,
        };
        let source: &mut dyn GradientSource = match slopes {
            Slopes::Extracted => &mut instrument,
            Slopes::Exact => &mut exact,
        };
        // Points are compared by their gap, which decides in the end.
        let path = descend(&config, start_v, &mut |controls_v| {
            let response = source.respond(cases_v, controls_v)?;
            let (_, slope) = loss.evaluate(&response.outputs_na, targets);
            let gap_na = targets.separation_na(&response.outputs_na);
            Ok((-gap_na, chain_rule(&response.slopes_na_per_v, &slope)))
        })?;
        let device_s = instrument.samples() as f64 / plan.grid().rate_hz;
        let readings = instrument.readings(cases_v, &path.best_v, false)?;
        instrument.close()?;
        let outputs_na: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
        let widest_na = path.losses.iter().scan(f64::NEG_INFINITY, |widest, &loss| {
            *widest = widest.max(-loss);
            Some(*widest)
        });
        Ok(Run {
            gap_na: targets.separation_na(&outputs_na),
            accuracy: targets.accuracy(&outputs_na),
            widest_na: widest_na.collect(),
            device_s,
        })
    }

    /// Random settings that solve the task on the device model.
    fn chance(&self) -> Result<Chance, ReproduceError> {
        let settings = self.keys.settings;
        let pieces = parallel::map(settings.div_ceil(PIECE), |piece| {
            if self.setup.cancel.is_cancelled() {
                return Err(DriverError::Cancelled.into());
            }
            let device = sim_setup::device(&self.setup)?;
            let exact = Exact { device: device.as_ref(), plan: &self.plan };
            let mut random = ChaCha8Rng::seed_from_u64(self.setup.experiment.seed);
            random.set_stream(SETTINGS + piece as u64);
            let hits = (0..PIECE.min(settings - piece * PIECE)).filter(|_| {
                let controls_v = self.plan.draw_controls_v(&mut random);
                let outputs_na = exact.outputs_na(&self.plan.configuration().cases_v, &controls_v);
                self.targets.separation_na(&outputs_na) >= self.keys.gap_na
            });
            Ok::<_, ReproduceError>(hits.count())
        })?;
        Ok(Chance { hits: pieces.into_iter().sum(), settings })
    }
}

/// All of the comparison.
pub struct Compared {
    /// Random settings of the network and of the best specimen that solve the task.
    pub chances: [Chance; 2],
    /// All of them.
    pub specimens: Vec<Specimen>,
    /// Place of the best one.
    pub best: usize,
    /// Network by extracted slopes, by exact ones; its devices without wires; best specimen as the network; of every start the best of all specimens.
    pub groups: [Group; 6],
}

/// A device on its own, when the best one was chosen.
pub struct Specimen {
    /// Specification.
    pub device: String,
    /// Starts that it solved.
    pub solved: usize,
    /// Mean over them all.
    pub accuracy: f64,
}

/// Trains and measures everything.
///
/// # Errors
/// The experiment is no network, or the instrument fails.
pub fn compare(
    setup: &Setup,
    keys: &Keys,
    observer: &dyn ProgressObserver,
) -> Result<Compared, ReproduceError> {
    let mut setup = setup.clone();
    // Another device has other electrodes: the study keeps its own.
    setup.experiment.device = Setup::of(&super::STUDY, false)?.experiment.device;
    setup.source.overrule("device");
    let members = members(&setup)?;
    let singles = members.iter().map(|member| Machine::new(single(&setup, member), keys));
    let singles: Vec<Machine> = singles.collect::<Result<_, ReproduceError>>()?;
    let unwired = Machine::new(unwired(&setup, &members)?, keys)?;
    let network = Machine::new(setup, keys)?;
    let starts = |part: &str, machine: &Machine, slopes| {
        observer.begin(part, keys.starts as u64);
        parallel::map(keys.starts, |start| {
            let run = machine.train(STARTS + start as u64, slopes);
            observer.step();
            run
        })
    };
    let group = |name, machine: &Machine, slopes: Slopes| {
        let runs = starts(&format!("{name}, {}", slopes.name()), machine, slopes)?;
        let controls = machine.plan.configuration().controls.len();
        Ok::<_, ReproduceError>(Group { name, slopes, controls, runs, solved_na: keys.gap_na })
    };
    let specimens = choose(&singles, keys, observer)?;
    let better = |&a: &usize, &b: &usize| {
        let (a, b) = (&specimens[a], &specimens[b]);
        a.solved.cmp(&b.solved).then(a.accuracy.total_cmp(&b.accuracy))
    };
    let best = (0..specimens.len()).max_by(better).unwrap_or(0);
    let one = &singles[best];
    let each =
        singles.iter().map(|machine| starts("single devices, exact", machine, Slopes::Exact));
    let each: Vec<Vec<Run>> = each.collect::<Result<_, _>>()?;
    let widest = |start: usize| {
        let runs = each.iter().map(|runs| &runs[start]);
        runs.max_by(|a, b| a.gap_na.total_cmp(&b.gap_na)).cloned()
    };
    let of_each = Group {
        name: "best of the single devices",
        slopes: Slopes::Exact,
        controls: singles.iter().map(|machine| machine.plan.configuration().controls.len()).sum(),
        runs: (0..keys.starts).filter_map(widest).collect(),
        solved_na: keys.gap_na,
    };
    observer.begin("random settings", 2);
    let chance = |machine: &Machine| {
        let chance = machine.chance();
        observer.step();
        chance
    };
    let chances = [chance(&network)?, chance(one)?];
    let groups = [
        group("network", &network, Slopes::Extracted)?,
        group("network", &network, Slopes::Exact)?,
        group("the same without wires", &unwired, Slopes::Exact)?,
        group("best specimen", one, Slopes::Extracted)?,
        group("best specimen", one, Slopes::Exact)?,
        of_each,
    ];
    Ok(Compared { chances, specimens, best, groups })
}

/// Trains every specimen by exact slopes.
fn choose(
    singles: &[Machine],
    keys: &Keys,
    observer: &dyn ProgressObserver,
) -> Result<Vec<Specimen>, ReproduceError> {
    let starts = keys.specimen_starts.max(1);
    observer.begin("choice of a specimen", (singles.len() * starts) as u64);
    let runs = parallel::map(singles.len() * starts, |n| {
        let run = singles[n / starts].train(SPECIMEN_STARTS + (n % starts) as u64, Slopes::Exact);
        observer.step();
        run
    })?;
    let of_specimen = |(machine, runs): (&Machine, &[Run])| Specimen {
        device: machine.setup.experiment.device.clone(),
        solved: runs.iter().filter(|run| run.gap_na >= keys.gap_na).count(),
        accuracy: mean(&runs.iter().map(|run| run.accuracy).collect::<Vec<_>>()),
    };
    Ok(singles.iter().zip(runs.chunks(starts)).map(of_specimen).collect())
}

fn members(setup: &Setup) -> Result<Vec<MemberKeys>, ReproduceError> {
    let members = setup.experiment.device.strip_prefix(PREFIX);
    let members = members.and_then(|text| serde_json::from_str(text).ok());
    members.ok_or_else(|| ReproduceError::Keys {
        name: setup.name.clone(),
        reason: "the device is no network".into(),
    })
}

/// The setup of the same devices with the inputs on the electrodes that wires drove.
fn unwired(setup: &Setup, members: &[MemberKeys]) -> Result<Setup, ReproduceError> {
    let mut setup = setup.clone();
    let lined = members.iter().map(|member| MemberKeys {
        lines: members[0].lines.clone(),
        wires: Vec::new(),
        ..member.clone()
    });
    let spec = network::spec(&lined.collect::<Vec<_>>());
    setup.experiment.device = spec.map_err(|error| ReproduceError::Keys {
        name: setup.name.clone(),
        reason: error.to_string(),
    })?;
    Ok(setup)
}

/// The setup of one specimen alone: the default electrodes are those that the network's devices have, with the same ranges.
fn single(setup: &Setup, member: &MemberKeys) -> Setup {
    let mut setup = setup.clone();
    let Parameters { outputs, slots, .. } = Parameters::default();
    setup.experiment.device.clone_from(&member.device);
    setup.experiment.electrodes = ElectrodeKeys::default();
    setup.experiment.instrument.outputs = outputs;
    setup.experiment.instrument.slots = slots;
    setup
}
