//! What training a gate costs by each method: epochs and device time of single starts.

use crate::experiment::{Experiment, Job};
use crate::method::Method;
use crate::reproduce::{crowd, ReproduceError, Setup, Watch};
use crate::train::{train, Options};

/// One start.
pub struct Run {
    /// Whether the gate was learnt.
    pub solved: bool,
    /// Epochs that were measured.
    pub epochs: u32,
    /// Time that the instrument measured.
    pub device_s: f64,
}

/// All starts of a method.
pub struct Trained {
    /// How slopes were measured.
    pub method: Method,
    /// One a start.
    pub runs: Vec<Run>,
}

impl Trained {
    /// Starts that learnt the gate.
    pub fn solved(&self) -> usize {
        self.runs.iter().filter(|run| run.solved).count()
    }

    /// Median of the starts that learnt the gate; not a number where none did.
    pub fn median(&self, of: impl Fn(&Run) -> f64) -> f64 {
        let mut values: Vec<f64> = self.runs.iter().filter(|run| run.solved).map(of).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => values[middle],
            _ => (values[middle - 1] + values[middle]) / 2.0,
        }
    }
}

/// The same starts by every method.
pub fn run(
    setup: &Setup,
    starts: usize,
    watch: &dyn Watch,
) -> Result<Vec<Trained>, ReproduceError> {
    let count = Method::ALL.len() * starts;
    watch.begin("trainings", count as u64);
    let mut runs = crowd::map(count, |n| {
        let mut experiment: Experiment = setup.experiment.clone();
        experiment.host.method = Method::ALL[n / starts];
        experiment.seed += (n % starts) as u64;
        experiment.restarts = 1;
        let job = Job::new(experiment, &setup.source)?;
        let rate_hz = job.task.plan.grid().rate_hz;
        let options = Options { cancel: setup.cancel.clone(), ..Options::default() };
        let outcome = train(job, &options, &mut |_| ())?;
        watch.step();
        let device_s = outcome.samples as f64 / rate_hz;
        Ok::<_, ReproduceError>(Run { solved: outcome.solved, epochs: outcome.epochs, device_s })
    })?
    .into_iter();
    Ok(Method::ALL
        .map(|method| Trained { method, runs: runs.by_ref().take(starts).collect() })
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_the_starts_that_learnt() {
        let run = |solved, epochs| Run { solved, epochs, device_s: 1.0 };
        let runs = vec![run(true, 30), run(false, 1), run(true, 10), run(true, 20), run(true, 90)];
        let trained = Trained { method: Method::Walsh, runs };
        assert_eq!((trained.solved(), trained.median(|run| f64::from(run.epochs))), (4, 25.0));
        let none = Trained { method: Method::Walsh, runs: vec![run(false, 1)] };
        assert!(none.median(|run| run.device_s).is_nan());
    }
}
