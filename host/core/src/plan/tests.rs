//! Refusals of a plan, at both sides of every limit, and the registers of accepted plans.

use super::*;
use hge_protocol::registers::protection;
use hge_protocol::table::SlotWord;
use hge_protocol::{PerOutput, TuningWord, Update};

const RATE_HZ: f64 = 5000.0;

/// Two inputs, two controls and two cases on outputs of +-2 V.
fn configuration() -> Configuration {
    let control =
        |output, cycles| Control { output, low_v: -1.0, high_v: 1.0, cycles, amplitude_v: 0.1 };
    Configuration {
        scale: Scale::with_bits(16),
        timing: Timing {
            rate_hz: RATE_HZ,
            window_samples: 256,
            settle_s: 0.01,
            lead_in_s: 0.02,
            ramp_v_per_s: 100.0,
            gap_samples: 40,
        },
        inputs: vec![0, 1],
        cases_v: vec![vec![0.0, 0.5], vec![-0.5, 0.0]],
        controls: vec![control(2, 16), control(3, 27)],
        noise_slots: Vec::new(),
        limits: vec![OutputLimits { low_v: -1.0, high_v: 1.0, safe_v: 0.0 }; 8],
        step_v: None,
        carrier: Carrier::Sine,
        cost: None,
        shaping: false,
        compact_records: false,
        continuous: false,
        protection: Protection::default(),
    }
}

fn planned(change: impl FnOnce(&mut Configuration)) -> Result<Plan, PlanError> {
    let mut configuration = configuration();
    change(&mut configuration);
    let bits = configuration.scale.dac_bits;
    let parameters = Parameters { dac_bits: bits, adc_bits: bits, ..Parameters::default() };
    Plan::new(configuration, &parameters)
}

fn refusal(change: impl FnOnce(&mut Configuration)) -> PlanError {
    planned(change).map(|_| ()).unwrap_err()
}

/// What `plan` writes to a register last.
fn written(plan: &Plan, address: u16) -> u32 {
    let found = plan.writes().iter().rfind(|write| write.0 == address);
    found.unwrap_or_else(|| panic!("0x{address:04x} is not written")).1
}

#[test]
fn a_window_is_a_power_of_two_from_16_to_65536() {
    let possible: Vec<u32> =
        (0..200_000).filter(|&window_samples| window(window_samples).is_ok()).collect();
    assert_eq!(possible, [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]);
    let error = refusal(|c| c.timing.window_samples = 255);
    assert_eq!(error, PlanError::Window { window_samples: 255 });
}

#[test]
fn every_time_of_a_plan_has_a_least_and_a_greatest_value() {
    // The loop's latency is two samples of 0.2 ms.
    type Set = fn(&mut Configuration, f64);
    let times: [(&str, Set, f64, f64); 4] = [
        ("lead_in_s", |c, value| c.timing.lead_in_s = value, 0.0004, 10.0),
        ("settle_s", |c, value| c.timing.settle_s = value, 0.0, 100.0),
        ("ramp_v_per_s", |c, value| c.timing.ramp_v_per_s = value, 0.01, 2500.0),
        ("gap_samples", |c, value| c.timing.gap_samples = value as u32, 1.0, 65535.0),
    ];
    for (key, set, least, greatest) in times {
        for value in [least, greatest] {
            assert!(planned(|c| set(c, value)).is_ok(), "{key} {value}");
        }
        let below = if key == "gap_samples" { 0.0 } else { least - 1e-4 };
        for value in [below, greatest + 1.0] {
            let error = refusal(|c| set(c, value));
            assert!(matches!(error, PlanError::Time { name, .. } if name == key), "{error}");
        }
    }
    // A register of 24 bits: 83.886 s at 200 kS/s.
    let settling = |settle_s| {
        planned(|c| {
            c.timing = Timing { rate_hz: 200_000.0, settle_s, ..c.timing.clone() };
        })
    };
    assert_eq!(written(&settling(83.88).unwrap(), map::SETTLE), 16_776_000);
    assert!(matches!(settling(83.89), Err(PlanError::Time { name: "settle_s", .. })));
}

#[test]
fn an_output_has_one_role_and_is_there() {
    for (change, times) in [
        ((|c| c.controls[0].output = 1) as fn(&mut Configuration), 2),
        (|c| c.controls[0].output = 3, 2),
        (|c| c.inputs[0] = 1, 2),
        (
            |c| {
                c.inputs = vec![3, 3];
            },
            3,
        ),
    ] {
        let error = refusal(change);
        assert!(matches!(error, PlanError::Output { times: t, .. } if t == times), "{error}");
    }
    assert!(planned(|c| c.controls[0].output = 7).is_ok());
    let missing = refusal(|c| c.controls[0].output = 8);
    assert_eq!(missing, PlanError::Missing { output: 8, last: 7 });
}

#[test]
fn cases_and_slots_are_as_many_as_the_gateware_has_at_most() {
    let cases = |count: usize| move |c: &mut Configuration| c.cases_v = vec![vec![0.0, 0.1]; count];
    assert!(planned(cases(16)).is_ok());
    assert_eq!(refusal(cases(17)), PlanError::Cases { asked: 17, rows: 16 });
    let listening = |count: usize| {
        move |c: &mut Configuration| {
            c.noise_slots = vec![NoiseSlot { cycles: 50, control: 0 }; count]
        }
    };
    assert_eq!(written(&planned(listening(22)).unwrap(), map::SLOTS_USED), 24);
    assert_eq!(refusal(listening(23)), PlanError::Slots { asked: 25, slots: 24 });
}

#[test]
fn no_voltage_lies_beyond_the_guard_nor_a_limit_of_the_guard_beyond_the_dac() {
    // A step of the DAC is allowed, as the guard's codes are rounded outward.
    let step_v = 2.0 / 2048.0;
    let beyond = |change: &dyn Fn(&mut Configuration)| match planned(|c| {
        c.scale = Scale::with_bits(12);
        change(c);
    }) {
        Err(PlanError::Beyond { output, whose, .. }) => Some((output, whose)),
        other => {
            other.unwrap();
            None
        }
    };
    for sign in [-1.0, 1.0] {
        for (share, guarded) in [(0.9, false), (1.1, true)] {
            let volts = sign * (1.0 + share * step_v);
            let of = |output| guarded.then_some((output, "the guard's"));
            assert_eq!(beyond(&|c| c.cases_v[1][0] = volts), of(0), "{volts}");
            assert_eq!(beyond(&|c| c.cases_v[0][1] = volts), of(1), "{volts}");
            let control = |c: &mut Configuration, k: usize| match sign < 0.0 {
                true => c.controls[k].low_v = volts,
                false => c.controls[k].high_v = volts,
            };
            assert_eq!(beyond(&|c| control(c, 0)), of(2), "{volts}");
            assert_eq!(beyond(&|c| control(c, 1)), of(3), "{volts}");
        }
        let safe = |safe_v| beyond(&move |c| c.limits[6].safe_v = safe_v);
        assert_eq!((safe(sign), safe(1.001 * sign)), (None, Some((6, "the guard's"))));
    }
    let low = |low_v| beyond(&move |c| c.limits[5].low_v = low_v);
    assert_eq!((low(-2.0), low(-2.001)), (None, Some((5, "the DAC's"))));
    let high = |high_v| beyond(&move |c| c.limits[5].high_v = high_v);
    assert_eq!((high(2.0 - step_v), high(2.0)), (None, Some((5, "the DAC's"))));
}

#[test]
fn an_amplitude_is_at_least_a_step_of_the_dac_or_a_quarter_of_one_with_shaping() {
    let taken = |bits, shaping, amplitude_v| {
        let plan = planned(|c| {
            c.scale = Scale::with_bits(bits);
            c.shaping = shaping;
            c.controls[1].amplitude_v = amplitude_v;
        });
        match plan {
            Err(PlanError::Amplitude { output: 3, .. }) => false,
            other => other.map(|_| true).unwrap(),
        }
    };
    // Of 16 bits a quarter of a step would be no code.
    for (bits, shaping, least_v) in [
        (12, false, 2.0 / 2048.0),
        (12, true, 0.5 / 2048.0),
        (16, false, 2.0 / 32768.0),
        (16, true, 2.0 / 32768.0),
    ] {
        assert!(taken(bits, shaping, least_v), "{bits} {shaping}");
        assert!(!taken(bits, shaping, 0.99 * least_v), "{bits} {shaping}");
    }
    assert!(!taken(16, false, f64::NAN));
    // A range of 2 V holds a tone of 1 V less a step.
    assert!(taken(16, false, 0.9998) && !taken(16, false, 1.0));
}

#[test]
fn a_control_stays_so_far_from_its_ends_that_its_tone_and_a_step_fit() {
    let mut configuration = configuration();
    let scale = &mut configuration.scale;
    scale.dac_bits = 12;
    scale.analogue.dac_range_v = PerOutput::Each(vec![2.0, 2.0, 2.0, 5.0, 2.0, 2.0, 2.0, 2.0]);
    let parameters = Parameters { dac_bits: 12, ..Parameters::default() };
    let plan = Plan::new(configuration, &parameters).unwrap();
    for (k, range_v) in [(0, 2.0), (1, 5.0)] {
        let step_v = range_v / 2048.0;
        // The amplitude is a whole number of codes.
        assert!((plan.amplitude_v(k) - 0.1).abs() <= range_v / 32768.0);
        let (low_v, high_v) = plan.control_range_v(k);
        assert!((low_v - (-1.0 + plan.amplitude_v(k) + step_v)).abs() < 1e-12, "{low_v}");
        assert!((high_v - (1.0 - plan.amplitude_v(k) - step_v)).abs() < 1e-12, "{high_v}");
    }
}

/// Greatest difference of two samples of a tone, by playing it.
fn steepest_v(plan: &Plan, k: usize) -> f64 {
    let turn = std::f64::consts::TAU * f64::from(plan.configuration().controls[k].cycles) / 256.0;
    let at = |n: u32| plan.amplitude_v(k) * (turn * f64::from(n)).sin();
    (0..256).map(|n| (at(n + 1) - at(n)).abs()).fold(0.0, f64::max)
}

#[test]
fn the_guard_s_step_is_that_of_the_ramp_or_of_the_steepest_tone_and_the_dac_s_rounding() {
    for bits in [12, 16] {
        let (code_v, step_v) = (2.0 / 32768.0, 2.0 / f64::from(1 << (bits - 1)));
        for (shaping, rounding_steps) in [(false, 1.0), (true, 2.0)] {
            for (ramp_v_per_s, ramps) in [(1.0, false), (1000.0, true)] {
                let set = |c: &mut Configuration| {
                    c.scale = Scale::with_bits(bits);
                    c.shaping = shaping;
                    c.timing.ramp_v_per_s = ramp_v_per_s;
                };
                let plan = planned(set).unwrap();
                assert_eq!(plan.ramp_is_steepest(), ramps);
                let steepest_v = if ramps { ramp_v_per_s / RATE_HZ } else { steepest_v(&plan, 1) };
                let wanted_v = steepest_v + rounding_steps * step_v;
                let limit_v = f64::from(written(&plan, map::STEP_LIMIT)) * code_v;
                // The limit is a whole code. Samples beside the steepest point of a tone see 1 / 10 000 less.
                let room_v = limit_v - wanted_v;
                assert!((-1e-9..1.0001 * code_v + 1e-4 * steepest_v).contains(&room_v), "{room_v}");
                // An experiment's own limit has to allow as much.
                let limited = |step_v| {
                    planned(|c| {
                        set(c);
                        c.step_v = Some(step_v);
                    })
                };
                assert!(limited(1.001 * wanted_v).is_ok());
                let mover = if ramps { "ramp" } else { "steepest tone" };
                match limited(0.999 * wanted_v) {
                    Err(PlanError::Step { mover: named, .. }) => assert_eq!(named, mover),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn what_trips_the_guard_is_two_seconds_of_silence_four_times_the_run_and_every_protection() {
    let plan = planned(|c| {
        c.protection = Protection { overcurrent_na: Some(50.0), run_epochs: 3 };
    })
    .unwrap();
    let all = protection::INTERLOCK | protection::OVERCURRENT | protection::LINK;
    assert_eq!(written(&plan, map::PROTECTION), all);
    assert_eq!(written(&plan, map::WATCHDOG), 10_000);
    // 50 of 100 nA.
    assert_eq!(written(&plan, map::OVERCURRENT), 16384);
    assert_eq!(written(&plan, map::OVERCURRENT_SAMPLES), 4);
    assert_eq!(written(&plan, map::LINK_ERROR_LIMIT), 32);
    // Two cases of 100 samples of ramp over 2 V, 50 to settle, 100 of lead-in, a window of 256 and a gap of 40; three epochs and a last pass; four
    // times all that.
    assert_eq!(written(&plan, map::RUN_LIMIT), 4 * 4 * 2 * (100 + 50 + 100 + 256 + 40));
    let none = planned(|_| ()).unwrap();
    assert_eq!(written(&none, map::OVERCURRENT), 65535);
}

#[test]
fn the_guard_s_limits_hold_every_voltage_asked_for_and_less_than_a_step_more() {
    let mut limits = configuration().limits;
    let volts = [(-1.2, 0.6, 0.1), (-0.3, 0.7, -0.2), (-1.0, 1.0, 0.0), (-1.9, 1.9, 1.5)];
    for (limit, (low_v, high_v, safe_v)) in limits.iter_mut().zip(volts) {
        *limit = OutputLimits { low_v, high_v, safe_v };
    }
    let plan = planned(|c| {
        c.scale = Scale::with_bits(12);
        c.cases_v = vec![vec![0.0, 0.0]];
        c.limits = limits.clone();
    })
    .unwrap();
    let step_v = 2.0 / 2048.0;
    for (output, limit) in limits.iter().enumerate() {
        let word = |n: u16| written(&plan, map::GUARD + 4 * output as u16 + n) as u16 as i16;
        let volts = |n: u16| f64::from(word(n)) * 2.0 / 32768.0;
        let (low_v, high_v) = (volts(0), volts(1));
        assert!(low_v <= limit.low_v && low_v > limit.low_v - step_v, "{output}: {low_v}");
        assert!(high_v >= limit.high_v && high_v < limit.high_v + step_v, "{output}: {high_v}");
        assert!((volts(2) - limit.safe_v).abs() <= 1.0 / 32768.0, "{output}: {}", volts(2));
    }
}

#[test]
fn with_the_update_in_hardware_the_gap_is_shorter_within_an_epoch() {
    let mut configuration = configuration();
    configuration.timing.gap_samples = 1;
    configuration.timing.rate_hz = 100_000.0;
    let gap = |update| {
        let parameters = Parameters { update, ..Parameters::default() };
        let plan = Plan::new(configuration.clone(), &parameters).unwrap();
        written(&plan, map::GAP)
    };
    // 240 clocks a sample, eight outputs, two slots: 585 + 32 + 24 + 24 + 192, and 330 + 72, each rounded up and one sample more.
    assert_eq!(gap(Update::Hardware), 3 << 16 | 5);
    assert!(gap(Update::Microcode) > 40 && gap(Update::Microcode) < 1 << 16);
}

#[test]
fn continuous_mode_is_of_one_case_in_hardware_and_its_ramps_carry_the_steepest_tone() {
    let plan = |cases: usize, update, continuous| {
        let mut configuration = configuration();
        configuration.cases_v.truncate(cases);
        configuration.continuous = continuous;
        Plan::new(configuration, &Parameters { update, ..Parameters::default() })
    };
    for (cases, update) in [(1, Update::Microcode), (2, Update::Hardware)] {
        let refused = plan(cases, update, true).map(|_| ());
        assert_eq!(refused, Err(PlanError::Continuous { cases, update: update.name() }));
        assert_eq!(plan(cases, update, false).unwrap().continuous_gap(), None);
    }
    let flows = plan(1, Update::Hardware, true).unwrap();
    let turns = plan(1, Update::Hardware, false).unwrap();
    // Only the run of the gateware's own loop is in continuous mode.
    assert_eq!(written(&flows, map::GAP), written(&turns, map::GAP));
    assert_eq!(flows.continuous_gap(), Some((map::GAP, 1 << 31 | written(&turns, map::GAP))));
    // 16384 codes a volt, and one for the rounding: a ramp of 20 mV a sample, a tone of 0.1 V that turns by 27 / 256.
    let tone_v = 2.0 * flows.amplitude_v(1) * (std::f64::consts::PI * 27.0 / 256.0).sin();
    let codes = |volts: f64| (16384.0 * volts + 1.0).ceil() as u32;
    assert_eq!(written(&turns, map::STEP_LIMIT), codes(tone_v.max(0.02)));
    assert_eq!(written(&flows, map::STEP_LIMIT), codes(tone_v + 0.02));
}

#[test]
fn registers_hold_pace_roles_tones_and_cases() {
    let plan = planned(|c| c.noise_slots.push(NoiseSlot { cycles: 30, control: 1 })).unwrap();
    for (address, word) in [
        (map::SAMPLE_PERIOD, 4800),
        (map::WINDOW_LOG2, 8),
        (map::SETTLE, 50),
        (map::LEAD_IN, 100),
        (map::GAP, 40),
        (map::SLOTS_USED, 3),
        (map::CASES_USED, 2),
        (map::INPUT_MASK, 0b0011),
        (map::TONE_MASK, 0b1100),
        // 20 mV a sample, 16384 codes a volt.
        (map::RAMP_STEP, (0.02_f64 * 16384.0 * 65536.0).round() as u32),
        (map::SAFE_STEP, 327),
        (map::TUNING, TuningWord::on_grid(16, 8).0),
        (map::TUNING + 1, 27 << 24),
        (map::TUNING + 2, 30 << 24),
        (map::SLOT + 2, 0),
    ] {
        assert_eq!(written(&plan, address), word, "0x{address:04x}");
    }
    for (slot, output) in [(0, 2), (1, 3)] {
        let word = SlotWord {
            amplitude: 1638,
            start_phase: 0,
            is_code: false,
            output,
            drives: true,
            last: true,
        };
        assert_eq!(SlotWord::from_word(written(&plan, map::SLOT + slot)), word);
    }
    for (case, output, code) in [(0, 0, 0), (0, 1, 8192), (1, 0, -8192), (1, 1, 0)] {
        let index = plan.layout().case_input(case, output);
        assert_eq!(written(&plan, plan.table_address(index)) as i32, code, "{case} {output}");
    }
}
