//! A short standalone run, for simulators that do a few hundred clocks a second.

use crate::scenario::{Scenario, Script};
use hge_protocol::registers::{self as map, command, mode};
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout, CHIPS, TABLE_BASE};
use hge_protocol::{Parameters, TuningWord};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Window of 16 samples, the least.
const WINDOW_LOG2: u32 = 4;

/// What a short run has.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Cases in an epoch.
    pub cases: u32,
    /// Slots visited, of which the first `tones` drive an output of the same number.
    pub slots: u32,
    /// Driving slots.
    pub tones: u32,
    /// Epochs of the start.
    pub epochs: u32,
}

/// A standalone run with windows of 16 samples, one start, and all that can be left out left out. Targets are far off and
/// shifts small, so that every step moves the controls.
///
/// `shaping` needs a DAC of fewer than 16 bits to matter.
pub fn small(seed: u64, parameters: Parameters, size: Size, shaping: bool) -> Scenario {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let layout = TableLayout::of(&parameters);
    let period = parameters.least_sample_period_clocks();
    let last_output = parameters.outputs - 1;
    let mut settings: Vec<(u16, u32)> = vec![
        (map::SAMPLE_PERIOD, period),
        (map::WINDOW_LOG2, WINDOW_LOG2),
        // Record, update and loading, in clocks; the rest is slack.
        (map::GAP, (1600 + 160 * parameters.outputs + 900 * size.slots).div_ceil(period)),
        (map::SLOTS_USED, size.slots),
        (map::CASES_USED, size.cases),
        (map::EPOCHS, size.epochs),
        (map::MODE, mode::PERTURB | mode::STANDALONE | if shaping { mode::SHAPING } else { 0 }),
        (map::INPUT_MASK, 1 << last_output),
        (map::TONE_MASK, (1 << size.tones) - 1),
        (map::RAMP_STEP, 1 << 29),
        (map::GRADIENT_SHIFT, 8),
        (map::STEP_SHIFT, 4),
        (map::STEP_LIMIT, 9000),
        (map::SAFE_STEP, 20_000),
        (map::RUN_LIMIT, u32::MAX),
    ];
    for slot in 0..size.slots {
        let drives = slot < size.tones;
        let tuning = TuningWord::on_grid(1 + slot % 7, WINDOW_LOG2).0;
        let word = SlotWord {
            amplitude: dice.random_range(500..=3000),
            start_phase: dice.random(),
            output: if drives { slot as u8 } else { 31 },
            drives,
            last: drives,
            is_code: parameters.carriers.has_codes() && slot % 2 == 1,
        };
        settings.push((map::TUNING + slot as u16, tuning));
        settings.push((map::SLOT + slot as u16, word.to_word()));
        let index = layout.coefficients + slot;
        settings.push((TABLE_BASE + index as u16, dice.random()));
    }
    if parameters.carriers.has_codes() {
        // The chips that tones of this window visit.
        for chip in (0..CHIPS as u16).step_by(CHIPS >> WINDOW_LOG2) {
            settings.push((map::CODES + chip, dice.random()));
        }
    }
    for output in 0..parameters.outputs {
        let guard = map::GUARD + 4 * output as u16;
        settings.push((guard, -12_000_i32 as u32));
        settings.push((guard + 1, 12_000));
        settings.push((guard + 2, dice.random_range(-500..=500_i32) as u32));
        let index = layout.control_limits + output;
        settings.push((TABLE_BASE + index as u16, (11_000 << 16) | (-11_000_i16 as u16 as u32)));
        let index = layout.start_control(0, output);
        let control = dice.random_range(-4000..=4000_i32) as u32;
        settings.push((TABLE_BASE + index as u16, control));
    }
    for case in 0..size.cases {
        let index = layout.case_input(case, last_output);
        let input = dice.random_range(-9000..=9000_i32) as u32;
        settings.push((TABLE_BASE + index as u16, input));
        let target = CaseTarget {
            target: dice.random_range(-20_000..=20_000),
            weight: CaseTarget::UNIT_WEIGHT,
            side: Side::Both,
        };
        let index = layout.case_targets + case;
        settings.push((TABLE_BASE + index as u16, target.to_word()));
    }
    // Addresses in order, so that many go in one request.
    settings.sort_by_key(|&(address, _)| address);
    let mut script = Script::new(seed as u32);
    script.read(map::IDENTITY, 2);
    script.read(0x00ff, 1);
    script.write_all(&settings);
    script.command(command::ARM_STANDALONE);
    script.command(command::RUN);
    script.command(command::REPEAT);
    Scenario {
        parameters,
        lines: script.lines,
        patience: 0,
        later: Vec::new(),
        bench_seed: seed ^ 0x5eed,
    }
}
