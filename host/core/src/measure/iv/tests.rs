use super::*;

const AXIS: Axis = Axis { electrode: 3, low_v: -1.2, high_v: 0.6, points: 19, back: false };

fn judged(current_na: impl Fn(f64) -> f64, clipped: bool) -> Contact {
    let current =
        |volts| Current { current_na: current_na(volts), halves_na: 0.02, clipped, sample: 0 };
    let currents = AXIS.volts().into_iter().map(current).collect();
    judge(&AXIS, &Sweep { currents, error_na: 0.01 }, 100.0)
}

#[test]
fn an_ohmic_contact_shows_its_conductance_and_no_nonlinearity() {
    let contact = judged(|volts| 0.3 + 8.0 * volts, false);
    assert_eq!(contact.verdict, Verdict::Ok);
    assert!((contact.conductance_na_per_v - 8.0).abs() < 1e-9);
    assert!((contact.offset_na - 0.3).abs() < 1e-9);
    assert!(contact.nonlinearity < 1e-9);
}

#[test]
fn the_slope_at_zero_of_a_curved_contact_is_that_at_zero() {
    let contact = judged(|volts| 2.0 * volts + 3.0 * volts * volts, false);
    assert!((contact.conductance_na_per_v - 2.0).abs() < 1e-9);
    assert!(contact.nonlinearity > 0.05);
}

#[test]
fn standard_errors_are_those_of_least_squares() {
    // At -2 to 2 in steps of one: sums of x^2 and x^4 are 10 and 34. Slope: 1 / sqrt(10). Offset: the inverse of
    // [[5, 10], [10, 34]] begins with 34 / 70.
    let x = [-2.0, -1.0, 0.0, 1.0, 2.0];
    let spreads = fit(3, &x, &x).spreads;
    assert!((spreads[1] - 0.1_f64.sqrt()).abs() < 1e-12);
    assert!((spreads[0] - (34.0_f64 / 70.0).sqrt()).abs() < 1e-12);
}

#[test]
fn errors_of_conductance_and_offset_are_those_of_the_three_points_next_to_zero() {
    // At -0.1, 0 and 0.1 V: slope (y3 - y1) / 0.2, offset y2; each current is 0.01 nA uncertain, and twice that.
    let contact = |error_na| {
        let currents = AXIS.volts().into_iter().map(|volts| Current {
            current_na: 8.0 * volts,
            halves_na: 0.02,
            clipped: false,
            sample: 0,
        });
        judge(&AXIS, &Sweep { currents: currents.collect(), error_na }, 100.0)
    };
    for error_na in [0.01, 0.02] {
        let contact = contact(error_na);
        let wanted = error_na * 2_f64.sqrt() / 0.2;
        assert!((contact.conductance_error_na_per_v / wanted - 1.0).abs() < 1e-9);
        assert!((contact.offset_error_na / error_na - 1.0).abs() < 1e-9);
        assert_eq!(contact.error_na, error_na);
    }
}

#[test]
fn a_contact_is_shorted_where_it_clips_at_four_fifths_of_all_voltages_but_zero() {
    // 18 voltages and zero, the thirteenth of 19.
    let judged = |clipped: usize| {
        let currents = AXIS.volts().into_iter().enumerate().map(|(n, volts)| Current {
            current_na: 8.0 * volts,
            halves_na: 0.02,
            clipped: n < clipped,
            sample: 0,
        });
        judge(&AXIS, &Sweep { currents: currents.collect(), error_na: 0.01 }, 100.0).verdict
    };
    assert_eq!((judged(0), judged(1), judged(12)), (Verdict::Ok, Verdict::Clips, Verdict::Clips));
    // With the zero itself 15: 14 of 18 are 78 %, 15 of 18 are 83 %.
    assert_eq!((judged(15), judged(16)), (Verdict::Clips, Verdict::Shorted));
}

#[test]
fn dead_leaking_and_clipping_contacts_are_told_apart() {
    assert_eq!(judged(|_| 0.5, false).verdict, Verdict::Dead);
    // 0.05 nA over the range is below five errors of a difference, 0.1 nA is above.
    assert_eq!(judged(|volts| 0.05 / 1.8 * volts, false).verdict, Verdict::Dead);
    assert_eq!(judged(|volts| 0.1 / 1.8 * volts, false).verdict, Verdict::Ok);
    assert_eq!(judged(|volts| 6.0 + volts, false).verdict, Verdict::Leaks);
    assert_eq!(judged(|volts| 4.0 + volts, false).verdict, Verdict::Ok);
    assert_eq!(judged(|volts| volts, true).verdict, Verdict::Shorted);
    let some = |clipped| Current { current_na: 1.0, halves_na: 0.02, clipped, sample: 0 };
    let currents = (0..19).map(|n| some(n < 10)).collect();
    let swept = Sweep { currents, error_na: 0.01 };
    assert_eq!(judge(&AXIS, &swept, 100.0).verdict, Verdict::Clips);
}

#[test]
fn a_sweep_there_and_back_shows_the_largest_difference_at_one_voltage() {
    let axis = Axis { points: 3, low_v: -1.0, high_v: 1.0, back: true, ..AXIS };
    assert_eq!(axis.volts(), [-1.0, 0.0, 1.0, 1.0, 0.0, -1.0]);
    let current = |na| Current { current_na: na, halves_na: 0.0, clipped: false, sample: 0 };
    let currents = [1.0, 2.0, 4.0, 4.1, 2.9, 0.8].map(current).to_vec();
    let (largest_na, error_na) = Sweep { currents, error_na: 0.1 }.hysteresis_na();
    assert!((largest_na - 0.9).abs() < 1e-12 && (error_na - 0.02_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_contact_is_sound_if_one_output_responds_and_none_shows_another_fault() {
    let with = |verdict| Contact { verdict, ..judged(|volts| volts, false) };
    assert!(is_sound(&[with(Verdict::Dead), with(Verdict::Ok)]));
    assert!(!is_sound(&[with(Verdict::Dead), with(Verdict::Dead)]));
    assert!(!is_sound(&[with(Verdict::Ok), with(Verdict::Clips)]));
}

#[test]
fn axes_that_go_nowhere_are_refused() {
    for axis in [
        Axis { points: 4, ..AXIS },
        Axis { points: 20, ..AXIS },
        Axis { high_v: -1.2, ..AXIS },
        Axis { low_v: f64::NAN, ..AXIS },
    ] {
        assert!(matches!(axis.check(LEAST_POINTS, 19), Err(MeasureError::Sweep { .. })));
    }
    assert!(AXIS.check(LEAST_POINTS, 19).is_ok());
    assert_eq!(AXIS.volts().len(), 19);
    assert!((AXIS.volts()[18] - 0.6).abs() < 1e-12);
}
