//! Benches that are wrong.

use crate::selftest::trial::{
    assert_fails, failed, note, CodeFault, OfAdc, OfCodes, Trial, OUTPUTS,
};
use hge_selftest::{Fixture, Settings, Verdict};
use hge_sim::bench::{AnalogueBench, Bench, Delayed};
use hge_tests::nightly;

fn same() -> OfAdc {
    Box::new(|code| code)
}

fn plain() -> OfCodes {
    Box::new(|_| ())
}

#[test]
fn a_sound_bench_passes_every_row_that_can_be_run() {
    let report = Trial::default().report();
    assert_fails("nothing", &report, &[]);
    assert!(report.passed());
    let not_run: Vec<String> = report
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::NotRun)
        .map(|row| row.name())
        .collect();
    let unconnected = (3..8).map(|output| format!("output {output} gain"));
    let virtual_bench = ["output switch", "watchdog"].map(String::from);
    assert_eq!(not_run, unconnected.chain(virtual_bench).collect::<Vec<_>>());
    let scale = report.row("scale", None).and_then(|row| row.measured).expect("a figure");
    assert!((scale - 100.0).abs() < 1.0, "{scale} nA/V through 10 MOhm");
}

#[test]
fn figures_of_the_chain_that_are_off_fail_their_own_row() {
    let all = |check: &str| OUTPUTS.map(|output| format!("output {output} {check}"));
    let benches = [
        ("gain 10 % high", Trial::of_chain(|chain| chain.adc_gain_error = 0.1), "scale"),
        ("gain 10 % low", Trial::of_chain(|chain| chain.dac_gain_error = -0.1), "scale"),
        ("sign", Trial::of_chain(|chain| chain.analogue.iv_gain_v_per_na *= -1.0), "polarity"),
        ("offset", Trial::of_chain(|chain| chain.adc_offset_v = -0.08), "offset"),
        ("noise", Trial::of_chain(|chain| chain.noise_na2_per_hz *= 16.0), "noise"),
        ("hum of 50 Hz", Trial::of_chain(|chain| chain.hum_na = 4.0), "mains hum"),
        (
            "hum of 60 Hz",
            Trial::of_chain(|chain| (chain.hum_na, chain.hum_hz) = (4.0, 60.0)),
            "mains hum",
        ),
    ];
    for (what, trial, expected) in benches.into_iter().step_by(nightly(1, 3)) {
        assert_fails(what, &trial.report(), &[expected]);
    }
    let clipped = Trial::of_chain(|chain| chain.analogue.iv_clip_v = 0.75).report();
    let ranges = all("range");
    assert_fails("clipped", &clipped, &ranges.each_ref().map(String::as_str));
    assert!(note(&clipped, "range", Some(0)).contains("clips"), "{clipped:?}");
    let resistor = Trial { resistor_mohm: 12.0, ..Trial::default() };
    assert_fails("another resistor", &resistor.report(), &["scale"]);
}

#[test]
fn a_loop_that_is_late_by_samples_fails_by_its_latency_and_a_pole_does_not() {
    for &samples in nightly(&[1, 2, 5][..], &[2]) {
        let around = move |bench: AnalogueBench| -> Box<dyn Bench> {
            Box::new(Delayed::new(Box::new(bench), 8, samples))
        };
        let report = Trial { around: Box::new(around), ..Trial::default() }.report();
        assert_fails("late", &report, &["latency"]);
        let found = report.row("latency", None).and_then(|row| row.measured).expect("a figure");
        assert!((found - 2.0 - samples as f64).abs() < 0.2, "{found} of {samples}");
    }
    let pole = Trial::of_chain(|chain| chain.iv_pole_hz = Some(800.0)).report();
    assert_fails("a pole of the I-V converter", &pole, &[]);
}

#[test]
fn nothing_connected_and_inputs_that_are_shorted_fail_and_leave_the_rest_not_run() {
    let gains = OUTPUTS.map(|output| format!("output {output} gain"));
    let gains = gains.each_ref().map(String::as_str);
    let open = Trial { resistor_mohm: 1e9, ..Trial::default() }.report();
    assert_fails("open circuit", &open, &gains);
    let grounded = Trial::miswired(plain, || Box::new(|_| 0)).report();
    assert_fails("input at ground", &grounded, &gains);
    for code in [i16::MAX, i16::MIN] {
        let shorted = match code {
            i16::MAX => Trial::miswired(plain, || Box::new(|_| i16::MAX)),
            _ => Trial::miswired(plain, || Box::new(|_| i16::MIN)),
        };
        let shorted = shorted.report();
        assert_fails("input at a rail", &shorted, &[&["offset"], &gains[..]].concat());
    }
    for report in [open, grounded] {
        for check in ["scale", "polarity", "latency", "over-current, high codes"] {
            assert_eq!(report.row(check, None).map(|row| row.verdict), Some(Verdict::NotRun));
        }
        assert_eq!(report.row("limits", None).map(|row| row.verdict), Some(Verdict::Pass));
    }
}

#[test]
fn an_output_that_is_dead_swapped_inverted_or_weak_fails_its_own_row() {
    let cases: [(&str, CodeFault, &str, &str); 6] = [
        ("dead", || Box::new(|row| row[1] = 0), "output 1 gain", "does not follow"),
        ("the first dead", || Box::new(|row| row[0] = 0), "output 0 gain", "does not follow"),
        ("swapped", || Box::new(|row| row.swap(1, 5)), "output 1 gain", "output 5 moves"),
        (
            "inverted",
            || Box::new(|row| row[2] = row[2].saturating_neg()),
            "output 2 gain",
            "opposite",
        ),
        (
            "weak",
            || Box::new(|row| row[1] = (f32::from(row[1]) * 0.9) as i16),
            "output 1 gain",
            "differs",
        ),
        (
            "leaking",
            || Box::new(|row| row[0] = row[0].saturating_add(row[6] / 10)),
            "output 0 isolation",
            "output 6",
        ),
    ];
    for (what, codes, expected, says) in cases {
        let report = Trial::miswired(codes, same).report();
        assert_fails(what, &report, &[expected]);
        let row = report.rows.iter().find(|row| row.name() == expected).expect("a row");
        assert!(row.note.as_deref().unwrap_or_default().contains(says), "{what}: {row:?}");
    }
}

#[test]
fn a_bit_of_a_dac_that_is_stuck_or_swapped_fails_its_steps() {
    // Bits of the 16-bit code; the DAC's own are four less.
    let cases: [(&str, CodeFault); 4] = [
        ("bit 3 at zero", || Box::new(|row| row[1] &= !(1 << 7))),
        ("bit 3 at one", || Box::new(|row| row[1] |= 1 << 7)),
        ("bits 2 and 3 swapped", || {
            Box::new(|row| {
                let (low, high) = (row[1] >> 6 & 1, row[1] >> 7 & 1);
                row[1] = row[1] & !(3 << 6) | low << 7 | high << 6;
            })
        }),
        ("bits 1 and 0 cut", || Box::new(|row| row[1] &= !(7 << 4))),
    ];
    for (what, codes) in cases {
        let report = Trial::miswired(codes, same).report();
        assert_fails(what, &report, &["output 1 steps"]);
        assert!(note(&report, "steps", Some(1)).contains("bit "), "{report:?}");
    }
    // A bit of this weight bends the line, too.
    for codes in [
        (|| Box::new(|row: &mut [i16]| row[1] &= !(1 << 11)) as OfCodes) as CodeFault,
        || Box::new(|row| row[1] |= 1 << 11),
        || Box::new(|row| row[1] &= !(1 << 13)),
    ] {
        let report = Trial::miswired(codes, same).report();
        let failed = failed(&report);
        assert!(failed.contains(&"output 1 steps".into()), "{failed:?}");
        assert!(failed.iter().all(|name| name.starts_with("output 1 ")), "{failed:?}");
    }
}

#[test]
fn a_wire_past_the_iv_converter_has_a_gain_of_one() {
    let settings = Settings { fixture: Fixture::Wire, ..Trial::default().settings };
    // What stands behind a converter of -0.025 V/nA then.
    let wired =
        |mohm| Trial { resistor_mohm: mohm, settings: settings.clone(), ..Trial::default() };
    assert_fails("a wire", &wired(-25.0).report(), &[]);
    assert_fails("reversed", &wired(25.0).report(), &["polarity"]);
    assert_fails("10 % low", &wired(-25.0 / 0.9).report(), &["scale"]);
}
