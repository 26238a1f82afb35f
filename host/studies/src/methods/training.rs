//! Device time to train a gate with each method, on the instrument, restarts included.

use crate::survival::{self, Duration, Median};
use crate::{parallel, ProgressObserver, ReproduceError, Setup};
use hge_core::experiment::{Experiment, Job};
use hge_core::method::Method;
use hge_lab::{train, Options};

/// All trainings by a method.
pub struct Trained {
    /// How slopes were measured.
    pub method: Method,
    /// One a training; censored where all restarts were used up.
    pub durations: Vec<Duration>,
}

impl Trained {
    /// Trainings that solved the gate.
    pub fn solved(&self) -> usize {
        self.durations.iter().filter(|duration| duration.solved).count()
    }

    /// Median device time with its interval.
    pub fn median(&self) -> Median {
        survival::median(&self.durations)
    }

    /// Ratio of the median to another's, with its interval.
    pub fn to(&self, other: &Trained) -> Median {
        let (low_s, high_s) = survival::ratio_interval(&self.durations, &other.durations);
        Median { time_s: self.median().time_s / other.median().time_s, low_s, high_s }
    }
}

/// Trains from the same starts by every method.
pub fn run(
    setup: &Setup,
    starts: usize,
    observer: &dyn ProgressObserver,
) -> Result<Vec<Trained>, ReproduceError> {
    let count = Method::ALL.len() * starts;
    observer.begin("trainings", count as u64);
    let mut durations = parallel::map(count, |n| {
        let mut experiment: Experiment = setup.experiment.clone();
        experiment.host.method = Method::ALL[n / starts];
        experiment.seed += (n % starts) as u64;
        let job = Job::new(experiment, &setup.source)?;
        let rate_hz = job.task.plan.grid().rate_hz;
        let options = Options { cancel: setup.cancel.clone(), ..Options::default() };
        let outcome = train(job, &options, &mut |_| ())?;
        observer.step();
        let time_s = outcome.samples as f64 / rate_hz;
        Ok::<_, ReproduceError>(Duration { time_s, solved: outcome.solved })
    })?
    .into_iter();
    Ok(Method::ALL
        .map(|method| Trained { method, durations: durations.by_ref().take(starts).collect() })
        .into())
}
