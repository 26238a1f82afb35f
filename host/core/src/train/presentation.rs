//! Cases of a dataset on an instrument that holds fewer.

use super::TrainError;
use crate::dataset::Cases;
use crate::plan::{Configuration, Plan};
use crate::session::{Reading, Session};

/// Writes these cases into the instrument, unless they are there.
///
/// # Errors
/// They do not fit, or the instrument refuses.
pub(super) fn present(session: &mut Session, cases_v: &[Vec<f64>]) -> Result<(), TrainError> {
    let configuration = session.plan().configuration();
    if configuration.cases_v == cases_v {
        return Ok(());
    }
    let configuration = Configuration { cases_v: cases_v.to_vec(), ..configuration.clone() };
    let plan = Plan::new(configuration, session.plan().parameters())?;
    Ok(session.present(plan)?)
}

/// Every case once at these controls, without tones, as many at a time as the instrument holds.
///
/// # Errors
/// The instrument fails.
pub(super) fn outputs(
    session: &mut Session,
    cases: &Cases,
    controls_v: &[f64],
) -> Result<Vec<Reading>, TrainError> {
    let most = session.plan().parameters().cases as usize;
    let mut readings = Vec::with_capacity(cases.targets.rows());
    for cases_v in cases.cases_v.chunks(most) {
        present(session, cases_v)?;
        readings.extend(session.pass(controls_v, false)?);
    }
    Ok(readings)
}
