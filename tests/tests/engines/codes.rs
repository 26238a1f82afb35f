//! Slopes from binary codes and from a demodulated cost, against closed forms.

use hge_core::carrier::{Carrier, Code};
use hge_core::cost::Cost;
use hge_core::plan::Plan;
use hge_driver::scale::Scale;
use hge_driver::{ArmMode, RunEvent};
use hge_protocol::frame::{flag, Window};
use hge_protocol::number::SINE_PEAK;
use hge_protocol::registers::{self as map, mode};
use hge_protocol::table::{CaseTarget, Side};
use hge_protocol::{AdcCode, Carriers, DacCode, Parameters};
use hge_sim::bench::Chain;
use hge_sim::device::{Device, LinearDevice, PolynomialDevice};
use hge_tests::laboratory::Laboratory;

const SLOPES_NA_PER_V: [f64; 5] = [80.0, -55.0, 15.0, 2.0, -98.0];
const CONTROLS_V: [f64; 5] = [0.11, -0.23, 0.0, 0.37, -0.41];

/// Five codes of 0.36 V, which a sum of slopes of 250 nA/V spreads over 90 % of the ADC's +-100 nA.
fn wide(carrier: Carrier, window_samples: u32) -> Laboratory {
    Laboratory {
        parameters: Parameters::default(),
        chain: Chain { noise_na2_per_hz: 0.0, ..Chain::default() },
        window_samples,
        amplitudes_v: vec![0.36; 5],
        cycles: vec![1; 5],
        controls_v: CONTROLS_V.to_vec(),
        carrier,
        cost: None,
        shaping: true,
        seed: 1,
    }
}

/// The working point draws 65 nA without the offset; with it the codes have the range to themselves.
fn linear() -> LinearDevice {
    LinearDevice::new(-62.0, SLOPES_NA_PER_V.to_vec()).unwrap()
}

/// Plan and one window, in which the guard had nothing to do.
fn window(laboratory: &Laboratory, device: impl Device + 'static) -> (Plan, Window) {
    let (plan, mut windows) = laboratory.windows(Box::new(device), 1).unwrap();
    let window = windows.remove(0);
    assert_eq!(window.flags & (flag::CLAMPED | flag::LIMITED), 0);
    (plan, window)
}

fn codes(plan: &Plan) -> Vec<Code> {
    (0..plan.configuration().controls.len()).map(|k| plan.code(k).expect("a code")).collect()
}

fn slopes_na_per_v(laboratory: &Laboratory, plan: &Plan, window: &Window) -> Vec<f64> {
    let total = i64::from(window.sum_first) + i64::from(window.sum_second);
    let samples = laboratory.window_samples;
    let slots = codes(plan).into_iter().zip(&window.slots).enumerate();
    slots
        .map(|(k, (code, &sums))| {
            code.slope_na_per_v(sums, total, samples, plan.amplitude_v(k), plan.scale())
        })
        .collect()
}

/// Greatest difference as a part of the greatest slope.
fn worst(found: &[f64], exact: &[f64]) -> f64 {
    let largest = exact.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs()));
    found.iter().zip(exact).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs())) / largest
}

/// An ADC code beside the answer of a code of 0.36 V to the greatest slope.
fn adc_step(plan: &Plan) -> f64 {
    1.0 / (plan.scale().adc_codes_per_na().abs() * 98.0 * 0.36)
}

#[test]
fn walsh_codes_give_every_slope_of_a_linear_device_to_a_step_of_the_adc() {
    for window_samples in [256, 4096] {
        let laboratory = wide(Carrier::Walsh, window_samples);
        let (plan, window) = window(&laboratory, linear());
        let error = worst(&slopes_na_per_v(&laboratory, &plan, &window), &SLOPES_NA_PER_V);
        println!("{window_samples} samples: {error:.2e} of the largest");
        assert!(error < adc_step(&plan), "{error}");
    }
}

#[test]
fn the_loops_latency_is_undone_whatever_it_is() {
    for converter_latency_samples in 0..=3 {
        let laboratory = Laboratory {
            parameters: Parameters { converter_latency_samples, ..Parameters::default() },
            ..wide(Carrier::Walsh, 256)
        };
        let (plan, window) = window(&laboratory, linear());
        let error = worst(&slopes_na_per_v(&laboratory, &plan, &window), &SLOPES_NA_PER_V);
        assert!(error < adc_step(&plan), "{converter_latency_samples} more: {error}");
    }
}

#[test]
fn a_walsh_code_does_not_show_in_the_slots_of_others() {
    for driven in 0..5 {
        let mut slopes = vec![0.0; 5];
        slopes[driven] = 240.0;
        let laboratory = Laboratory { controls_v: vec![0.0; 5], ..wide(Carrier::Walsh, 1024) };
        let device = LinearDevice::new(0.0, slopes.clone()).unwrap();
        let (plan, window) = window(&laboratory, device);
        let found = slopes_na_per_v(&laboratory, &plan, &window);
        // A step of the ADC beside an answer 240/98 times as large.
        assert!(worst(&found, &slopes) < adc_step(&plan) * 98.0 / 240.0, "{driven}: {found:?}");
    }
}

#[test]
fn curvature_stays_off_the_slots_of_every_code() {
    // Every product of two voltages, none of which is any control's code.
    let pairs = (0..5).flat_map(|i| (i..5).map(move |j| ([i, j], 20.0 - 7.0 * (i + j) as f64)));
    let device =
        PolynomialDevice::new(0.0, vec![20.0, -15.0, 5.0, 2.0, -18.0], pairs.collect(), Vec::new())
            .unwrap();
    let laboratory = wide(Carrier::Walsh, 1024);
    let exact = device.jacobian_na_per_v(&CONTROLS_V).unwrap();
    let (plan, window) = window(&laboratory, device);
    let error = worst(&slopes_na_per_v(&laboratory, &plan, &window), &exact);
    println!("quadratic: {error:.2e} of the largest");
    assert!(error < 3.0 * adc_step(&plan), "{error}");
}

#[test]
fn random_codes_show_in_each_other_as_they_are_correlated() {
    for seed in 1..=3 {
        let laboratory = wide(Carrier::Random { seed }, 1024);
        let samples = laboratory.window_samples;
        let (plan, window) = window(&laboratory, linear());
        let codes = codes(&plan);
        let mean = |code: &Code| code.sum(samples) as f64 / f64::from(samples);
        let expected: Vec<f64> = codes
            .iter()
            .map(|one| {
                let shown = codes.iter().zip(SLOPES_NA_PER_V).map(|(other, slope)| {
                    slope * (one.correlation(other, samples) - mean(one) * mean(other))
                });
                shown.sum::<f64>() / (1.0 - mean(one).powi(2))
            })
            .collect();
        let found = slopes_na_per_v(&laboratory, &plan, &window);
        assert!(worst(&found, &expected) < adc_step(&plan), "{found:?} {expected:?}");
        assert!(worst(&expected, &SLOPES_NA_PER_V) > 0.01, "{expected:?}");
    }
}

/// A target 30 nA off the working point, and the slopes of its squared error. Codes of 0.25 V take it to 92.5 nA: the error holds 100.
fn cost(laboratory: &Laboratory) -> (Laboratory, Vec<f64>) {
    let scale: Scale = laboratory.plan().unwrap().scale().clone();
    let mut working_point_na = [0.0];
    linear().currents_na(&CONTROLS_V, &mut working_point_na);
    let AdcCode(target) = scale.adc_code(working_point_na[0] + 30.0);
    let target = CaseTarget { target, weight: CaseTarget::UNIT_WEIGHT, side: Side::Both };
    let slopes = SLOPES_NA_PER_V.map(|slope| 2.0 * -30.0 * slope);
    let shift = Cost::shift_for(95.0, &scale);
    let cost = Some(Cost { shift, targets: vec![target] });
    let amplitudes_v = vec![0.25; 5];
    let wide = wide(laboratory.carrier, laboratory.window_samples);
    (Laboratory { cost, amplitudes_v, ..wide }, slopes.to_vec())
}

#[test]
fn the_demodulated_cost_of_a_linear_device_is_twice_error_times_slope() {
    let (laboratory, exact) = cost(&wide(Carrier::Walsh, 1024));
    let (plan, window) = window(&laboratory, linear());
    let cost = laboratory.cost.clone().unwrap();
    let codes = codes(&plan).into_iter().zip(&window.slots).enumerate();
    let found: Vec<f64> = codes
        .map(|(k, (code, &sums))| {
            let response = code.response(sums, 0, laboratory.window_samples);
            cost.slope_na2_per_v(response, plan.amplitude_v(k), plan.scale())
        })
        .collect();
    println!("{found:.1?} {exact:.1?}");
    // A unit of the cost is lost at random in the shift of every sample.
    assert!(worst(&found, &exact) < 1e-3, "{found:?} {exact:?}");
}

#[test]
fn unbalanced_codes_are_read_beside_the_costs_sum() {
    let (laboratory, exact) = cost(&wide(Carrier::Random { seed: 3 }, 1024));
    // One code at a time, so that no other shows.
    for driven in 0..5 {
        let mut slopes = [0.0; 5];
        slopes[driven] = SLOPES_NA_PER_V[driven];
        let rest: f64 =
            (0..5).filter(|&k| k != driven).map(|k| SLOPES_NA_PER_V[k] * CONTROLS_V[k]).sum();
        let device = LinearDevice::new(-62.0 + rest, slopes.to_vec()).unwrap();
        let (plan, window) = window(&laboratory, device);
        let code = plan.code(driven).unwrap();
        let samples = laboratory.window_samples;
        let sums = window.slots[plan.cost_slot().unwrap()];
        assert_eq!(sums.in_phase, sums.quadrature);
        let total = sums.in_phase / i64::from(SINE_PEAK);
        let response = code.response(window.slots[driven], total, samples);
        let cost = laboratory.cost.clone().unwrap();
        let found = cost.slope_na2_per_v(response, plan.amplitude_v(driven), plan.scale());
        assert_ne!(code.sum(samples), 0, "code {driven}");
        assert!((found - exact[driven]).abs() < 6.0, "{found} {}", exact[driven]);
        // The mean of error^2 is what the carrier adds to that of the working point.
        let mean = total as f64 / f64::from(samples) * f64::from(1_u32 << cost.shift)
            / plan.scale().adc_codes_per_na().powi(2);
        let swing_na = plan.amplitude_v(driven) * slopes[driven];
        let mean_code = code.sum(samples) as f64 / f64::from(samples);
        let expected = 900.0 + swing_na * swing_na - 60.0 * swing_na * mean_code;
        assert!((mean / expected - 1.0).abs() < 0.002, "{mean} {expected}");
    }
}

#[test]
fn the_gateware_descends_the_demodulated_cost_as_the_closed_form_says() {
    const EPOCHS: u32 = 10;
    const SHIFTS: [u32; 2] = [14, 14];
    const COEFFICIENT: u32 = 16384;
    let (laboratory, _) = cost(&wide(Carrier::Walsh, 256));
    let (plan, mut instrument) = laboratory.instrument(Box::new(linear())).unwrap();
    let (layout, scale) = (*plan.layout(), plan.scale());
    let mut writes = vec![
        (map::EPOCHS, EPOCHS),
        (map::GRADIENT_SHIFT, SHIFTS[0]),
        (map::STEP_SHIFT, SHIFTS[1]),
        (map::RUN_LIMIT, u32::MAX),
    ];
    for (k, &volts) in CONTROLS_V.iter().enumerate() {
        let control = k as u32;
        let DacCode(code) = scale.output(k).code(volts);
        writes.extend([
            // Of the quadrature: it is the answer.
            (plan.table_address(layout.coefficients + control), COEFFICIENT << 16),
            (plan.table_address(layout.start_control(0, control)), i32::from(code) as u32),
            (plan.table_address(layout.control_limits + control), 0x7fff_8000),
        ]);
    }
    instrument.write_all(&writes).unwrap();
    instrument.arm(ArmMode::Standalone).unwrap();
    let mut losses = Vec::new();
    let bits = plan.mode_bits() | mode::PERTURB | mode::STANDALONE;
    instrument
        .run(bits, |event| match event {
            RunEvent::Epoch(epoch) => losses.push(f64::from(epoch.loss)),
            RunEvent::Window(window) => assert_eq!(window.flags & flag::SATURATED, 0),
            RunEvent::Gap { lost } => panic!("{lost} frames lost"),
        })
        .unwrap();
    assert_eq!(losses.len(), EPOCHS as usize);
    // An epoch moves control k by -eta 2 error slope_k amplitude_k: what is left of the error is 1 - 2 eta sum slope^2 amplitude.
    let cost = laboratory.cost.clone().unwrap();
    let codes_per_na = scale.adc_codes_per_na();
    let unit = f64::from(SINE_PEAK) * f64::from(COEFFICIENT) * f64::from(CaseTarget::UNIT_WEIGHT)
        / f64::from(1_u32 << (SHIFTS[0] + SHIFTS[1]))
        / f64::from(1_u32 << cost.shift);
    let moved: f64 = SLOPES_NA_PER_V
        .iter()
        .enumerate()
        .map(|(k, slope)| (slope * codes_per_na).powi(2) * plan.amplitude_v(k))
        .sum();
    let left = 1.0 - 2.0 * unit * moved / (65536.0 * scale.least_dac_codes_per_v());
    println!("{left:.4} of the error is left: {losses:?}");
    assert!((0.2..0.8).contains(&left), "{left}");
    for pair in losses[..5].windows(2) {
        assert!(((pair[1] / pair[0]).sqrt() - left).abs() < 2e-3, "{pair:?} {left}");
    }
}

#[test]
fn what_cannot_be_played_is_refused_with_what_to_do() {
    let refused = |laboratory: Laboratory| laboratory.plan().unwrap_err().to_string();
    let walsh = |window_samples| wide(Carrier::Walsh, window_samples);
    let sines = Parameters { carriers: Carriers::Sines, ..Parameters::default() };
    let message = refused(Laboratory { parameters: sines, ..walsh(1024) });
    assert!(message.contains("carriers"), "{message}");
    let message = refused(Laboratory { parameters: sines, ..cost(&walsh(1024)).0 });
    assert!(message.contains("carriers"), "{message}");
    let message = refused(walsh(128));
    assert!(message.contains("256 samples"), "{message}");
    let message = refused(Laboratory { cycles: vec![1, 1, 8, 1, 1], ..walsh(1024) });
    assert!(message.contains("8 times"), "{message}");
    let targets = Cost { shift: 12, targets: Vec::new() };
    let message = refused(Laboratory { cost: Some(targets), ..walsh(1024) });
    assert!(message.contains("each case a target"), "{message}");
    let message = Parameters { carriers: Carriers::Codes, ..Parameters::default().in_steps() }
        .check()
        .unwrap_err()
        .to_string();
    assert!(message.contains("set carriers to sines"), "{message}");
}
