//! Compact records through the host: the same readings, rounded.

use hge_core::gradient::Estimator;
use hge_core::session::Reading;
use hge_tests::laboratory::{job, session};

/// Readings of every case of a gate on a linear device with noise; the gap is longer than either record takes, so that the noise is the same.
fn readings(compact_records: bool) -> Vec<Reading> {
    let job = job(&format!(
        "gate = \"or\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n[timing]\ngap_samples = 40\ncompact_records = {compact_records}\n"
    ));
    let plan = job.task.plan.clone();
    let controls_v = plan.middle_controls_v();
    let mut session = session(job, plan, Estimator::InPhase);
    let readings = session.measure(&controls_v, true).unwrap_or_else(|error| panic!("{error}"));
    session.close().unwrap_or_else(|error| panic!("{error}"));
    readings
}

#[test]
fn answers_from_compact_records_are_those_of_whole_ones_to_a_part_in_2_to_the_14_of_the_largest() {
    let (whole, compact) = (readings(false), readings(true));
    assert_eq!((whole.len(), compact.len()), (4, 4));
    let mut differ = 0;
    for (whole, compact) in whole.iter().zip(&compact) {
        assert_eq!((whole.mean_na, whole.step_na), (compact.mean_na, compact.step_na));
        let magnitudes = whole.answers_na_per_v.iter().map(|[x, y]| x.hypot(*y));
        let largest = magnitudes.fold(0.0, f64::max);
        assert!(largest > 7.0, "{whole:?}");
        for (one, other) in whole.answers_na_per_v.iter().zip(&compact.answers_na_per_v) {
            let off = (one[0] - other[0]).hypot(one[1] - other[1]);
            // Half of the last bit, in phase and in quadrature.
            assert!(off <= 2.0_f64.sqrt() * largest / 16384.0, "{one:?} {other:?}");
            differ += u32::from(off > 0.0);
        }
    }
    assert!(differ > 15, "{differ} of 20");
}
