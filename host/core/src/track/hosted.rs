//! Tracking with the host loop.

use super::{Moment, TrackSpec};
use crate::experiment::Experiment;
use crate::session::Session;
use crate::settling::Counts;
use crate::targets::Targets;
use crate::train::{means, optimiser, take_step, Outcome, Progress, TrainError};
use hge_driver::Topic;

pub(super) fn run(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    trained: &Outcome,
    wanted: TrackSpec,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Vec<Moment>, TrainError> {
    let keys = &experiment.host;
    let rate_hz = session.plan().grid().rate_hz;
    let mut controls_v = trained.controls_v.clone();
    let mut optimiser = optimiser(keys, controls_v.len());
    let mut moments = Vec::new();
    for epoch in 1..=wanted.epochs {
        let mut counts = Counts::default();
        let readings = session.measure_settled(&controls_v, keys.unsettled, &mut counts)?;
        let outputs_na = means(&readings);
        let time_s = session.samples() as f64 / rate_hz;
        let moment = Moment::of(time_s, &outputs_na, targets, controls_v.clone());
        let (loss, _) = experiment.loss(targets).evaluate(&outputs_na, targets);
        let report = Progress {
            epoch,
            loss,
            separation_na: moment.separation_na,
            controls_v: controls_v.clone(),
            errors_na_per_v: session.slope_errors_na_per_v(),
            samples: session.samples(),
            ..Progress::of(&readings)
        };
        session.note(Topic::Epoch, &report)?;
        progress(&report);
        moments.push(moment);
        // The slopes of a clipped case are lost: the next epoch may find it inside the range again.
        if !wanted.frozen && !report.clipped {
            let plan = session.plan();
            take_step(&mut optimiser, &mut controls_v, experiment, plan, &readings, targets);
        }
    }
    Ok(moments)
}
