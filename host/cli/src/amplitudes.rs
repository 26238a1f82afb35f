//! Automatic choice of amplitudes, `tones.amplitude = "auto"`.

use crate::output::text;
use hge_core::experiment::Task;
use hge_core::measure::{amplitudes, gradient};
use hge_core::session::Session;
use hge_driver::Instrument;

/// Chooses amplitudes for slopes of `windows` windows each; returns the instrument.
pub fn choose(
    instrument: Instrument,
    task: &Task,
    windows: u32,
) -> Result<(Vec<f64>, Instrument), String> {
    let experiment = &task.experiment;
    let plan = gradient::listening(&task.plan, experiment.noise_model()).map_err(text)?;
    let mut session = Session::open(instrument, plan, experiment.host.estimator).map_err(text)?;
    let chosen = amplitudes::choose(&mut session, windows, experiment.seed);
    let instrument = session.close().map_err(text)?;
    Ok((chosen.map_err(text)?.amplitudes_v, instrument))
}
