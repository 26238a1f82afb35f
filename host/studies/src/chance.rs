//! Chance levels: the share of random settings that solve a task.
//!
//! Settings are uniform in the control ranges and evaluated with the device model, without noise or tones. With a share p the
//! expected number of random settings up to the first solution is 1/p. A task is hard if the upper end of Wilson's 95 % interval is below 1 %.

use super::statistics::wilson;
use super::task::{self, Solved, Task};
use super::{
    parallel, sim_setup, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table,
};
use hge_driver::DriverError;
use hge_sim::device::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "chance",
    about: "chance level of every task: share of random settings that solve it",
    file: include_str!("../experiments/chance.toml"),
    run,
};

/// Share below which a task is hard.
pub const HARD: f64 = 0.01;

/// The seed's first stream of settings, and the number of settings of each.
const SETTINGS: u64 = 5000;
const PIECE: usize = 250;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    settings: usize,
    gap_na: f64,
    loss: f64,
    ring_accuracy: f64,
    sphere_accuracy: f64,
}

/// Random settings that solve a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Settings that solve it.
    pub hits: usize,
    /// Settings drawn.
    pub settings: usize,
}

impl Chance {
    /// Share of the settings.
    pub fn share(self) -> f64 {
        self.hits as f64 / self.settings as f64
    }

    /// 95 % interval of the share by Wilson.
    pub fn interval(self) -> (f64, f64) {
        wilson(self.hits, self.settings)
    }

    /// Whether the complete interval is below [`HARD`].
    pub fn is_hard(self) -> bool {
        self.interval().1 < HARD
    }

    /// Share and interval in percent.
    pub fn text(self) -> String {
        let (low, high) = self.interval();
        format!("{:.2} ({:.2} to {:.2})", 100.0 * self.share(), 100.0 * low, 100.0 * high)
    }

    /// Mean number of settings up to the first solution, as an interval.
    pub fn tries_text(self) -> String {
        let (low, high) = self.interval();
        if low > 0.0 {
            format!("{:.0} to {:.0}", 1.0 / high, 1.0 / low)
        } else {
            format!("over {:.0}", 1.0 / high)
        }
    }
}

/// Chances of a task by several criteria, of the same settings.
///
/// # Errors
/// The device cannot be opened, or the study is cancelled.
pub fn chances(task: &Task, by: &[Solved], settings: usize) -> Result<Vec<Chance>, ReproduceError> {
    let pieces = parallel::map(settings.div_ceil(PIECE), |piece| {
        if task.setup.cancel.is_cancelled() {
            return Err(DriverError::Cancelled.into());
        }
        let device = sim_setup::device(&task.setup)?;
        let mut random = ChaCha8Rng::seed_from_u64(task.setup.experiment.seed);
        random.set_stream(SETTINGS + piece as u64);
        Ok::<_, ReproduceError>(hits(
            task,
            &*device,
            by,
            PIECE.min(settings - piece * PIECE),
            &mut random,
        ))
    })?;
    let total = |n: usize| pieces.iter().map(|hits| hits[n]).sum();
    Ok((0..by.len()).map(|n| Chance { hits: total(n), settings }).collect())
}

/// Share of this number of random settings that solve the task, by each criterion.
fn hits(
    task: &Task,
    device: &dyn Device,
    by: &[Solved],
    settings: usize,
    random: &mut impl Rng,
) -> Vec<usize> {
    let mut hits = vec![0; by.len()];
    for _ in 0..settings {
        let outputs_na = task.outputs_na(device, &task.plan.draw_controls_v(random));
        for (hits, &by) in hits.iter_mut().zip(by) {
            *hits += usize::from(task.is_solved(&outputs_na, by));
        }
    }
    hits
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    observer.begin("tasks", task::NAMES.len() as u64);
    let mut findings = Findings::default();
    let mut table =
        Table::new(&["task", "solved", "share of random settings, %", "mean tries", "hard"]);
    let mut rows = Vec::new();
    let mut hard = 0_u32;
    for name in task::NAMES {
        let by = match name {
            "ring" => vec![Solved::Accuracy(keys.ring_accuracy)],
            "sphere" => vec![Solved::Accuracy(keys.sphere_accuracy)],
            _ => vec![Solved::Gap(keys.gap_na), Solved::Loss(keys.loss)],
        };
        let found = chances(&Task::new(setup, name)?, &by, keys.settings)?;
        for (&by, &chance) in by.iter().zip(&found) {
            let hard_text = if chance.is_hard() { "yes" } else { "no" };
            hard += u32::from(chance.is_hard());
            let cells = [name, &by.text(), &chance.text(), &chance.tries_text(), hard_text];
            table.push(cells.map(str::to_owned));
            let (low, high) = chance.interval();
            rows.push(json!({
                "task": name, "solved": by.text(), "hits": chance.hits, "settings": chance.settings,
                "share": chance.share(), "share_low": low, "share_high": high, "hard": chance.is_hard(),
            }));
        }
        let hits = found.iter().map(|chance| chance.hits as f64).collect();
        findings.array(&format!("hits_{name}"), &[found.len()], hits);
        observer.step();
    }
    findings.table = table;
    findings.add("tasks", rows);
    let claim = "tasks and criteria whose chance level is below 1 %, the interval's upper end";
    findings.claims.push(Claim::at_least(claim, f64::from(hard), 1.0));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_sim::device::PolynomialDevice;

    #[test]
    fn the_chance_of_a_task_is_the_known_share_of_its_range() {
        // I = 10 V0 (2 V1 + V2) nA: four levels in order, 18 V0 apart, so that V0 above 1.5/18 V solves it.
        let terms = vec![([0, 1], 20.0), ([0, 2], 10.0)];
        let device = PolynomialDevice::new(0.0, vec![0.0; 7], terms, Vec::new()).unwrap();
        let task = Task::new(&Setup::of(&STUDY, true).unwrap(), "levels").unwrap();
        let (low_v, high_v) = task.plan.control_range_v(0);
        let known = (high_v - 1.5 / 18.0) / (high_v - low_v);
        let by = [Solved::Gap(1.5), Solved::Accuracy(0.0)];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let found = hits(&task, &device, &by, 4000, &mut random);
        let chance = Chance { hits: found[0], settings: 4000 };
        let (low, high) = chance.interval();
        assert!(low < known && known < high, "{low} {known} {high}");
        assert!((0.27..0.29).contains(&known), "{known}");
        assert!(!chance.is_hard() && found[1] == 0);
    }

    #[test]
    fn on_a_linear_device_no_setting_makes_xor_and_every_one_makes_and() {
        let mut setup = Setup::of(&STUDY, true).unwrap();
        setup.experiment.device = "linear:3,5,5,-2,1,1,1".into();
        let share = |name| {
            let task = Task::new(&setup, name).unwrap();
            chances(&task, &[Solved::Gap(1.5)], 300).unwrap()[0].share()
        };
        assert_eq!(
            (share("xor"), share("parity"), share("and"), share("or")),
            (0.0, 0.0, 1.0, 1.0)
        );
    }
}
