//! Tasks for the comparison of searches, and their criteria.
//!
//! | task | cases | solved |
//! |---|---|---|
//! | the six gates | 4, two inputs | at a gap, or at a loss |
//! | `majority`, `parity` | 8, three inputs | at a gap, or at a loss |
//! | `levels` | 4, two inputs; the output is the number that they encode, four classes in the order 00, 01, 10, 11 | the same, of the least gap between neighbouring classes |
//! | `ring`, `sphere` | the training points of these studies | at an accuracy of the best threshold |

mod levels;

use super::classify::{self, data::Points, data::Threshold, loss::ClassLoss};
use super::descent::Exact;
use super::{sim_setup, ReproduceError, Setup, Study};
use hge_core::experiment::CaseKeys;
use hge_core::gate::Gate;
use hge_core::plan::Plan;
use hge_sim::device::Device;

/// Names of all tasks.
pub const NAMES: [&str; 11] =
    ["and", "or", "nand", "nor", "xor", "xnor", "majority", "parity", "levels", "ring", "sphere"];

/// Criterion of a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solved {
    /// Neighbouring classes are this far apart, nA.
    Gap(f64),
    /// The loss is below this.
    Loss(f64),
    /// The best threshold has at least this share of the points on their side.
    Accuracy(f64),
}

impl Solved {
    /// As a condition, for tables.
    pub fn text(self) -> String {
        match self {
            Solved::Gap(gap_na) => format!("gap >= {gap_na} nA"),
            Solved::Loss(loss) => format!("loss < {loss}"),
            Solved::Accuracy(share) => format!("accuracy >= {share}"),
        }
    }
}

/// TaskSpec outputs.
#[derive(Clone, Debug, PartialEq)]
enum TaskSpec {
    /// Class of every case; outputs rise with the class.
    Levels(Vec<usize>),
    /// Classes on the two sides of any threshold.
    Sides(Vec<bool>),
}

/// A task on a device.
pub struct Task {
    /// Name of the task.
    pub name: String,
    /// The study's setup, with the electrodes and cases of the task.
    pub setup: Setup,
    /// Roles and ranges of the electrodes.
    pub plan: Plan,
    /// Input voltages of every case.
    pub cases_v: Vec<Vec<f64>>,
    wanted: TaskSpec,
}

impl Task {
    /// The task of this name, on the device, noise and timing of `setup`.
    ///
    /// # Errors
    /// There is none of this name, or the experiment is wrong.
    pub fn new(setup: &Setup, name: &str) -> Result<Self, ReproduceError> {
        if let Some(gate) =
            Gate::ALL.into_iter().find(|gate| gate.name().eq_ignore_ascii_case(name))
        {
            let classes = Gate::CASES.iter().map(|&(a, b)| usize::from(gate.output(a, b)));
            return Task::logic(setup.clone(), name, classes.collect());
        }
        match name {
            "levels" => Task::logic(setup.clone(), name, vec![0, 1, 2, 3]),
            "majority" | "parity" => {
                let class = |case: u32| match name {
                    "majority" => usize::from(case.count_ones() >= 2),
                    _ => case.count_ones() as usize % 2,
                };
                Task::logic(
                    electrodes_of(setup, &classify::SPHERE)?,
                    name,
                    (0..8).map(class).collect(),
                )
            }
            "ring" => Task::points(setup, &classify::RING),
            "sphere" => Task::points(setup, &classify::SPHERE),
            _ => Err(ReproduceError::Keys {
                name: setup.name.clone(),
                reason: format!("there is no task {name}: choose {}", NAMES.join(", ")),
            }),
        }
    }

    /// Cases count up in binary, the first input the most significant.
    fn logic(mut setup: Setup, name: &str, classes: Vec<usize>) -> Result<Self, ReproduceError> {
        let electrodes = &setup.experiment.electrodes;
        let inputs = electrodes.inputs.len();
        let (low_v, high_v) = (electrodes.input_low_v, electrodes.input_high_v);
        let volts = |case: usize, input: usize| {
            if case >> (inputs - 1 - input) & 1 == 1 {
                high_v
            } else {
                low_v
            }
        };
        let cases_v: Vec<Vec<f64>> = (0..classes.len())
            .map(|case| (0..inputs).map(|input| volts(case, input)).collect())
            .collect();
        let cases = cases_v.iter().zip(&classes);
        let cases = cases.map(|(inputs_v, &class)| CaseKeys::labelled(inputs_v.clone(), class > 0));
        setup.experiment.cases = cases.collect();
        setup.experiment.gate = None;
        let plan = sim_setup::plan(&setup, &vec![(low_v, high_v); inputs])?;
        let wanted = TaskSpec::Levels(classes);
        Ok(Task { name: name.into(), setup, plan, cases_v, wanted })
    }

    fn points(setup: &Setup, study: &Study) -> Result<Self, ReproduceError> {
        let setup = electrodes_of(setup, study)?;
        let (training, _) = classify::points(&Setup::of(study, false)?)?;
        let corners = &setup.experiment.cases;
        let ends = |input: usize| {
            let of = corners.iter().map(|corner| corner.inputs_v[input]);
            of.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        let inputs = setup.experiment.electrodes.inputs.len();
        let ranges_v: Vec<(f64, f64)> = (0..inputs).map(ends).collect();
        let plan = sim_setup::plan(&setup, &ranges_v)?;
        let Points { at, inside } = training;
        let volts = |x: &f64, &(low_v, high_v): &(f64, f64)| {
            (low_v + high_v) / 2.0 + x * (high_v - low_v) / 2.0
        };
        let cases_v =
            at.iter().map(|at| at.iter().zip(&ranges_v).map(|(x, ends)| volts(x, ends)).collect());
        let cases_v = cases_v.collect();
        Ok(Task { name: study.name.into(), setup, plan, cases_v, wanted: TaskSpec::Sides(inside) })
    }

    /// Loss and its derivative with respect to every output: that of the gates with the gap between neighbouring classes, or Fisher's ratio.
    pub fn evaluate(&self, outputs_na: &[f64]) -> (f64, Vec<f64>) {
        match &self.wanted {
            TaskSpec::Levels(classes) => levels::evaluate(outputs_na, classes),
            TaskSpec::Sides(inside) => ClassLoss::Fisher.evaluate(outputs_na, inside),
        }
    }

    /// Whether these outputs solve it. A gap or loss does not apply to points, an accuracy not to levels.
    pub fn is_solved(&self, outputs_na: &[f64], by: Solved) -> bool {
        match (&self.wanted, by) {
            (TaskSpec::Levels(classes), Solved::Gap(gap_na)) => {
                levels::gap(outputs_na, classes).0 >= gap_na
            }
            (TaskSpec::Levels(classes), Solved::Loss(loss)) => {
                levels::evaluate(outputs_na, classes).0 < loss
            }
            (TaskSpec::Sides(inside), Solved::Accuracy(share)) => {
                Threshold::best(outputs_na, inside).1 >= share
            }
            _ => false,
        }
    }

    /// The device's own outputs.
    pub fn outputs_na(&self, device: &dyn Device, controls_v: &[f64]) -> Vec<f64> {
        Exact { device, plan: &self.plan }.outputs_na(&self.cases_v, controls_v)
    }
}

/// The setup with the electrodes, corner cases and I-V gain of another study.
fn electrodes_of(setup: &Setup, study: &Study) -> Result<Setup, ReproduceError> {
    let other = Setup::of(study, false)?.experiment;
    let mut setup = setup.clone();
    setup.experiment.gate = None;
    setup.experiment.electrodes = other.electrodes;
    setup.experiment.analogue = other.analogue;
    setup.experiment.instrument.cases = other.instrument.cases;
    setup.experiment.cases = other.cases;
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance;

    fn task(name: &str) -> Task {
        let mut setup = Setup::of(&chance::STUDY, true).unwrap();
        setup.experiment.device = "linear:1,2,4,0,0,0,0".into();
        Task::new(&setup, name).unwrap()
    }

    #[test]
    fn cases_and_classes_are_those_of_the_truth_tables() {
        let parity = task("parity");
        assert_eq!(parity.cases_v[5], [0.6, -1.2, 0.6]);
        assert_eq!(parity.wanted, TaskSpec::Levels(vec![0, 1, 1, 0, 1, 0, 0, 1]));
        assert_eq!(task("majority").wanted, TaskSpec::Levels(vec![0, 0, 0, 1, 0, 1, 1, 1]));
        assert_eq!(task("xor").cases_v[1], [-1.2, 0.6]);
        assert_eq!(task("xor").wanted, TaskSpec::Levels(vec![0, 1, 1, 0]));
        assert!(NAMES.iter().all(|name| task(name).cases_v.len() >= 4));
        assert!(Task::new(&task("xor").setup, "nothing").is_err());
    }

    #[test]
    fn a_task_is_solved_by_its_own_criterion_alone() {
        let and = task("and");
        assert!(and.is_solved(&[0.0, 0.0, 0.0, 1.5], Solved::Gap(1.5)));
        assert!(!and.is_solved(&[0.0, 0.1, 0.0, 1.5], Solved::Gap(1.5)));
        assert!(!and.is_solved(&[0.0, 0.0, 0.0, 9.0], Solved::Accuracy(0.5)));
        assert!(and.is_solved(&[0.0, 0.0, 0.0, 20.0], Solved::Loss(0.35)));
        let ring = task("ring");
        let TaskSpec::Sides(inside) = &ring.wanted else { panic!("the ring has two sides") };
        let apart: Vec<f64> = inside.iter().map(|&inside| f64::from(u8::from(inside))).collect();
        assert!(ring.is_solved(&apart, Solved::Accuracy(1.0)));
        assert!(!ring.is_solved(&apart, Solved::Gap(0.5)));
    }
}
