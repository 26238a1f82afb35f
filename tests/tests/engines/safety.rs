//! Random descent on random devices never leaves what limits of outputs and current allow, at any sample.

use hge_protocol::frame::{Frame, Record as Item};
use hge_protocol::registers::{self as map, command, mode, protection};
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use hge_protocol::TuningWord;
use hge_sim::model::Model;
use hge_tests::nightly;
use hge_tests::scenario::{Record, Scenario, Script, LITTLE};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Outputs with a tone; the last output is an input of the device.
const TONES: u16 = 2;

/// Samples from the last over-current of a row that trips to the first step towards the safe values.
const REACTION_SAMPLES: usize = 2;

/// What is allowed in a run.
struct Allowed {
    /// Low limit, high limit and safe value of every output.
    limits: Vec<(i16, i16, i16)>,
    step: u16,
    safe_step: u16,
    /// Magnitude of a current that is too high, and how many in a row trip.
    overcurrent: u16,
    in_a_row: usize,
}

impl Allowed {
    fn drawn(dice: &mut ChaCha8Rng) -> Self {
        let limits = (0..LITTLE.outputs).map(|_| {
            let (low, high) = (dice.random_range(-15_000..=-500), dice.random_range(500..=15_000));
            (low, high, dice.random_range(low..=high))
        });
        Self {
            limits: limits.collect(),
            step: dice.random_range(300..=9000),
            safe_step: dice.random_range(100..=5000),
            overcurrent: dice.random_range(6000..=32_000),
            in_a_row: dice.random_range(1..=6),
        }
    }

    /// Steps to the codes of the next sample; the run is over once the outputs go to their safe values.
    fn check(&self, record: &Record) -> bool {
        let mut row = 0;
        let mut left_since_trip: Option<usize> = None;
        let step = u32::from(self.step.max(self.safe_step));
        for (number, pair) in record.samples.windows(2).enumerate() {
            let (before, current) = (&pair[0].0, pair[0].1[0]);
            for ((code, old), (low, high, safe)) in pair[1].0.iter().zip(before).zip(&self.limits) {
                assert!(
                    (low..=high).contains(&code),
                    "sample {number}: {code} beyond {low}, {high}"
                );
                let way = code.abs_diff(*old);
                assert!(u32::from(way) <= step, "sample {number}: a step of {way}");
                if left_since_trip == Some(0) {
                    let nearer = old.abs_diff(*safe).saturating_sub(self.safe_step);
                    assert_eq!(code.abs_diff(*safe), nearer, "sample {number} after a trip");
                }
            }
            if let Some(left) = &mut left_since_trip {
                *left = left.saturating_sub(1);
            }
            row = if current.unsigned_abs() >= self.overcurrent { row + 1 } else { 0 };
            if row == self.in_a_row && left_since_trip.is_none() {
                left_since_trip = Some(REACTION_SAMPLES);
            }
        }
        // The last scan's codes stand when no sample is taken any more.
        let (last, _) = record.samples.last().expect("samples");
        for (code, (_, _, safe)) in last.iter().zip(&self.limits) {
            assert!(code.abs_diff(*safe) <= self.safe_step, "{code} at the end, not near {safe}");
        }
        left_since_trip.is_some()
    }
}

/// A standalone run whose updates know no measure: any coefficients, controls up to the ends of their range.
fn scenario(seed: u64, allowed: &Allowed, dice: &mut ChaCha8Rng) -> Scenario {
    let layout = TableLayout::of(&LITTLE);
    let mut settings = vec![
        (map::SAMPLE_PERIOD, 0),
        (map::WINDOW_LOG2, 4),
        (map::SETTLE, dice.random_range(0..=3)),
        (map::LEAD_IN, dice.random_range(0..=5)),
        (map::GAP, 4),
        (map::SLOTS_USED, TONES.into()),
        (map::CASES_USED, 2),
        (map::EPOCHS, 200),
        (map::MODE, mode::PERTURB | mode::STANDALONE | mode::SHAPING),
        (map::INPUT_MASK, 1 << TONES),
        (map::TONE_MASK, (1 << TONES) - 1),
        (map::RAMP_STEP, dice.random_range(1 << 22..=1 << 29)),
        (map::GRADIENT_SHIFT, dice.random_range(8..=16)),
        (map::STEP_SHIFT, dice.random_range(0..=8)),
        (map::STEP_LIMIT, allowed.step.into()),
        (map::SAFE_STEP, allowed.safe_step.into()),
        (map::PROTECTION, protection::INTERLOCK | protection::OVERCURRENT),
        (map::RUN_LIMIT, u32::MAX),
        (map::OVERCURRENT, allowed.overcurrent.into()),
        (map::OVERCURRENT_SAMPLES, allowed.in_a_row as u32),
    ];
    for slot in 0..TONES {
        let word = SlotWord {
            amplitude: dice.random_range(0..=3000),
            output: slot as u8,
            drives: true,
            last: true,
            ..SlotWord::default()
        };
        settings.push((map::TUNING + slot, TuningWord::on_grid(1 + u32::from(slot), 4).0));
        settings.push((map::SLOT + slot, word.to_word()));
        settings.push((TABLE_BASE + (layout.coefficients as u16) + slot, dice.random()));
    }
    for (output, &(low, high, safe)) in allowed.limits.iter().enumerate() {
        let words = [low, high, safe].map(|code| u32::from(code as u16));
        settings.extend((map::GUARD + 4 * output as u16..).zip(words));
        let place = |index: u32| TABLE_BASE + index as u16;
        let output = output as u32;
        settings.push((place(layout.control_limits + output), 0x7fff_8000));
        settings.push((place(layout.start_control(0, output)), dice.random::<i16>() as u32));
        for case in 0..2 {
            settings.push((place(layout.case_input(case, output)), dice.random::<i16>() as u32));
        }
    }
    for case in 0..2 {
        let target =
            CaseTarget { target: dice.random(), weight: CaseTarget::UNIT_WEIGHT, side: Side::Both };
        settings.push((TABLE_BASE + (layout.case_targets + case) as u16, target.to_word()));
    }
    settings.sort_by_key(|&(address, _)| address);
    let mut script = Script::new(seed as u32);
    script.write_all(&settings);
    script.command(command::ARM_STANDALONE);
    script.command(command::RUN);
    script.command(command::DISARM);
    Scenario {
        parameters: LITTLE,
        lines: script.lines,
        patience: 0,
        later: Vec::new(),
        bench_seed: seed,
    }
}

fn updates(record: &Record) -> usize {
    let mut count = 0;
    Deframer::new(MOST_FRAME_WORDS).push(&record.received, |body| {
        let frame = Frame::from_words(body.expect("a sound line")).expect("a known frame");
        count += usize::from(matches!(frame, Frame::Telemetry(_, Item::Epoch(_))));
    });
    count
}

#[test]
fn updates_of_random_descent_never_leave_the_allowed_set_at_any_sample() {
    let wanted = nightly(1_000_000, 10_000);
    let (mut done, mut samples, mut trips) = (0, 0, 0);
    for seed in 0.. {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let allowed = Allowed::drawn(&mut dice);
        let scenario = scenario(seed, &allowed, &mut dice);
        let run = scenario.record(|bench| Ok(Model::new(LITTLE, bench)));
        let (_, record) = run.expect("the model is there");
        trips += usize::from(allowed.check(&record));
        samples += record.samples.len();
        done += updates(&record);
        if done >= wanted {
            break;
        }
    }
    println!("{done} updates, {samples} samples, {trips} runs tripped by over-current");
    assert!(trips >= 10, "{trips} trips");
}
