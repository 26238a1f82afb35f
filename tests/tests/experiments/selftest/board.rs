//! The same on a board's top at its pins: its UART, models of its converters, its output switch.

use crate::selftest::trial::{assert_fails, Trial};
use hge_core::experiment::{EngineKind, Source};
use hge_needs::needs;
use hge_selftest::{Settings, Verdict};
use std::path::Path;

fn board() -> Trial {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/board.toml");
    let (mut experiment, _) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    experiment.engine = EngineKind::Board;
    // Every clock of a ramp is simulated.
    experiment.timing.ramp_v_per_s = 20_000.0;
    let settings = Trial::default().settings;
    let settings = Settings { outputs: vec![1], noise_samples: 512, hum_s: 0.02, ..settings };
    Trial { experiment, settings, ..Trial::default() }
}

#[needs(compiler)]
#[test]
#[ignore = "at night: 30 s"]
fn at_night_a_sound_board_passes_at_its_pins_output_switch_and_watchdog_included() {
    let report = board().report();
    assert_fails("nothing", &report, &[]);
    for check in ["output switch", "watchdog", "interlock", "latency", "over-current, low codes"] {
        let verdict = report.row(check, None).map(|row| row.verdict);
        assert_eq!(verdict, Some(Verdict::Pass), "{check}: {report:#?}");
    }
}
