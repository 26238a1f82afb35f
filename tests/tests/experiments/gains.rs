//! Inputs with gains and level shifts of their own.

use crate::by_formula::{job, trained};
use hge_core::train::Progress;

/// Two outputs, one case, no noise; `analogue` has keys of the scale.
fn text(head: &str, analogue: &str, requirement: &str) -> String {
    format!(
        "device = \"linear:4,6,-3;-2,5,7\"\nrestarts = 1\n{head}\n[bench]\nnoise_na2_per_hz = 0.0\n[instrument]\ninputs = 2\n[analogue]\n{analogue}\n\
         [electrodes]\ninputs = [0]\ncontrols = [1, 2]\ncontrol_low_v = [-1.5, -1.5]\ncontrol_high_v = [1.5, 1.5]\n\
         [host]\nloss = \"mse\"\noptimiser = \"sgd\"\ndescent_rate_v2 = 2e-4\nepochs = 10\n[standalone]\nepochs = 10\nstop_separation_na = 0.0\n[[standalone.targets]]\nhigh_na = 9.0\nlow_na = -9.0\nrate_v2_per_na2 = 1e-4\n\
         [[case]]\ninputs_v = [0.1]\n{requirement}\n[[case]]\ninputs_v = [-0.4]\n{}\n",
        requirement.replace("true, false", "false, true")
    )
}

/// The second converter does not invert and has a third of the gain, and a level shift.
const UNEQUAL: &str = "iv_gains_v_per_na = [-0.024, 0.008]\nlevel_shifts_v = [0.0, 0.3]";
const EQUAL: &str = "iv_gain_v_per_na = -0.024";

fn assert_alike(one: &[Progress], other: &[Progress]) {
    assert_eq!((one.len(), other.len()), (10, 10));
    let way_v = (one[0].controls_v[0] - one[9].controls_v[0]).abs();
    assert!(way_v > 0.02, "{way_v}");
    for (one, other) in one.iter().zip(other) {
        // A step of the second ADC is 9 pA, of which weights and slopes are off by a thousandth.
        for (a, b) in one.controls_v.iter().zip(&other.controls_v) {
            assert!((a - b).abs() < 2e-3 * way_v + 1e-4, "{one:?} {other:?}");
        }
        for (a, b) in one.outputs_na.iter().zip(&other.outputs_na) {
            assert!((a - b).abs() < 0.03, "{one:?} {other:?}");
        }
        assert!((one.loss / other.loss - 1.0).abs() < 5e-3, "{one:?} {other:?}");
    }
}

#[test]
fn gains_and_level_shifts_of_the_inputs_change_nothing_of_a_training_in_either_loop() {
    for head in ["", "loop = \"standalone\""] {
        for requirement in
            ["target_na = [4.5, -11.25]\nweight = [0.5, 1.5]", "high = [true, false]"]
        {
            let epochs = |analogue| trained(&text(head, analogue, requirement)).1;
            assert_alike(&epochs(EQUAL), &epochs(UNEQUAL));
        }
    }
}

#[test]
fn gains_of_inputs_are_one_for_each_and_targets_lie_within_the_range_of_their_own() {
    let refused = |analogue: &str, requirement: &str| {
        job(&text("", analogue, requirement)).err().map(|error| error.to_string())
    };
    let labels = "high = [true, false]";
    let short = refused("iv_gains_v_per_na = [-0.025]", labels).expect("a refusal");
    assert!(
        short.starts_with("t.toml:9:21: analogue.iv_gains_v_per_na has 1 entries for 2 inputs"),
        "{short}"
    );
    let zero = refused("iv_gains_v_per_na = [-0.025, 0.0]", labels).expect("a refusal");
    assert!(
        zero.starts_with("t.toml:9:30: analogue.iv_gains_v_per_na is 0: its magnitude"),
        "{zero}"
    );
    let shifted = refused("level_shifts_v = [0.0, 2.5]", labels).expect("a refusal");
    assert!(
        shifted.starts_with("t.toml:9:24: analogue.level_shifts_v is 2.5: it must lie inside"),
        "{shifted}"
    );
    // 2.5 V over 0.024 and 2.2 V over 0.008 V/nA.
    for (targets, is_taken) in [("[104, 270]", true), ("[105, 270]", false), ("[104, 280]", false)]
    {
        let found = refused(UNEQUAL, &format!("target_na = {targets}"));
        assert_eq!(found.is_none(), is_taken, "{targets}: {found:?}");
    }
}
