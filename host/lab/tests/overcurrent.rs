//! Over-current limits against the simulated chain.

use hge_driver::scale::{OvercurrentError, Scale};
use hge_sim::bench::{Chain, Converter, IvConverter};

fn scales() -> impl Iterator<Item = Scale> {
    let widths = [8, 10, 12, 14, 16].into_iter();
    widths.flat_map(|bits| {
        [0.025, -0.025].into_iter().flat_map(move |gain_v_per_na| {
            [(2.5, 0.0), (5.0, 0.0), (2.0, 0.0), (2.5, 0.3), (2.5, -0.3), (1.0, 0.2)].map(
                |(clip_v, shift_v)| {
                    let mut scale = Scale::with_bits(bits);
                    scale.analogue.iv_gain_v_per_na = gain_v_per_na;
                    scale.analogue.iv_clip_v = clip_v;
                    scale.analogue.level_shift_v = shift_v;
                    scale
                },
            )
        })
    })
}

/// The code of a current, by the simulated chain.
fn magnitude(scale: &Scale, current_na: f64) -> u32 {
    let chain =
        Chain { analogue: scale.analogue.clone(), adc_bits: scale.adc_bits, ..Chain::default() };
    let volts = IvConverter::new(&chain, 1e4, 0.0).pass(current_na);
    u32::from(Converter::adc(&chain).code(volts).unsigned_abs())
}

#[test]
fn whatever_limit_is_taken_trips_at_both_signs_and_not_without_a_current() {
    for scale in scales() {
        let mut taken = 0;
        for tenths in 1..1100 {
            let limit_na = f64::from(tenths) / 10.0;
            let Ok(code) = scale.overcurrent_code(limit_na) else { continue };
            taken += 1;
            let code = u32::from(code);
            for current_na in [limit_na, -limit_na, 1e3, -1e3] {
                assert!(magnitude(&scale, current_na) >= code, "{scale:?} {current_na}");
            }
            assert!(magnitude(&scale, 0.0) < code, "{scale:?} {limit_na}");
            let step_codes = 65536.0 / f64::from(1_u32 << scale.adc_bits);
            let step_na = step_codes / scale.adc_codes_per_na().abs();
            assert!((scale.overcurrent_na(code) - limit_na).abs() <= step_na / 2.0 + 1e-9);
        }
        assert!(taken > 100, "{scale:?}");
    }
}

#[test]
fn limits_from_the_greatest_code_of_either_sign_on_are_refused() {
    for scale in scales() {
        let most_na = match scale.overcurrent_code(1e6) {
            Err(OvercurrentError::Beyond { most_na, .. }) => most_na,
            other => panic!("{other:?}"),
        };
        assert!(scale.overcurrent_code(most_na).is_err(), "{scale:?}");
        assert!(scale.overcurrent_code(most_na - 0.01).is_ok(), "{scale:?} {most_na}");
        assert!(scale.overcurrent_code(f64::NAN).is_err());
    }
    // 8 bits end at code 127 of 128: 99.21875 nA.
    let scale = Scale::with_bits(8);
    assert!(scale.overcurrent_code(99.3).is_err());
    assert_eq!(scale.overcurrent_code(99.2), Ok(127 * 256));
}
