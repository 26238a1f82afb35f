//! The analogue scales of an experiment and of the instrument.

use super::{Experiment, ExperimentError, Source};
use hge_driver::scale::Scale;
use hge_protocol::analogue::Difference;
use hge_protocol::{Analogue, Parameters};

/// Keys of `[analogue]` that older files have under `[bench]`.
const MOVED: [&str; 4] = ["dac_range_v", "adc_range_v", "iv_gain_v_per_na", "iv_clip_v"];

/// Renamed keys of `[bench]`.
const RENAMED: [(&str, &str); 8] = [
    ("sway_v", "drift_v"),
    ("sways_v", "electrode_drifts_v"),
    ("sway_s", "drift_period_s"),
    ("jolt_v", "step_v"),
    ("jolt_electrode", "step_electrode"),
    ("jolt_s", "step_at_s"),
    ("wander_na", "slow_drift_na"),
    ("wander_s", "slow_drift_period_s"),
];

/// The first moved or renamed key of an older file, and the remedy.
pub(super) fn moved(source: &Source) -> Option<(String, String)> {
    let moved = MOVED.map(|key| {
        let problem = format!("bench.{key} is now analogue.{key}, also in the files of older run folders: move it to a section [analogue]");
        (key, problem)
    });
    let renamed = RENAMED.map(|(old, new)| {
        let problem = format!(
            "bench.{old} is now bench.{new}, also in the files of older run folders: rename it"
        );
        (old, problem)
    });
    moved.into_iter().chain(renamed).find_map(|(old, problem)| {
        let old = format!("bench.{old}");
        source.span(&old).map(|_| (old, problem))
    })
}

impl Experiment {
    /// The scale for a gateware's converters: that of `[analogue]`, or the default of a simulation.
    pub fn scale(&self, parameters: &Parameters) -> Scale {
        Scale::new(self.analogue.clone().unwrap_or_default(), parameters)
    }

    /// Reconciles the experiment's scale with that of an instrument: without a section `[analogue]` the instrument's is
    /// used.
    ///
    /// # Errors
    /// Both have one, and they differ, or that of the experiment is not possible.
    pub fn join_scale(
        &mut self,
        source: &Source,
        instrument: Option<&Analogue>,
        parameters: &Parameters,
    ) -> Result<(), ExperimentError> {
        let (outputs, inputs) = (parameters.outputs as usize, parameters.inputs as usize);
        let Some(theirs) = instrument else { return Ok(()) };
        let Some(ours) = &self.analogue else {
            self.analogue = Some(theirs.clone());
            return Ok(());
        };
        let invalid = |key: &str, problem| {
            let key = format!("analogue.{key}");
            ExperimentError::Invalid { place: source.locate(&key), key, problem }
        };
        ours.check(outputs, inputs).map_err(|error| invalid(&error.key, error.problem))?;
        match ours.differences(theirs, outputs, inputs).into_iter().next() {
            None => Ok(()),
            Some(Difference { key, first, second }) => Err(invalid(
                &key,
                format!(
                    "analogue.{key} is {first} in the experiment but {second} in the instrument: correct the experiment, or replace the instrument's scale with `hge set analogue --experiment FILE.toml --link LINK`"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Job, Task};

    fn parsed(text: &str) -> Result<(Experiment, Source), String> {
        Source::parse("x.toml", text.into()).map_err(|error| error.to_string())
    }

    fn on(text: &str, instrument: Option<&Analogue>) -> Result<Task, String> {
        let (experiment, source) = parsed(text)?;
        Task::on(experiment, &source, &Parameters::default(), instrument)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_of_an_older_file_is_told_with_its_place_and_its_new_name() {
        for key in MOVED {
            let message = parsed(&format!("gate = \"xor\"\n[bench]\nhum_na = 1.0\n{key} = 2.5\n"));
            let message = message.map(|_| ()).unwrap_err();
            let wanted = format!("bench.{key} is now analogue.{key}");
            assert!(message.starts_with("x.toml:4:") && message.contains(&wanted), "{message}");
        }
        assert!(parsed("gate = \"xor\"\n[bench]\ndac_offset_v = 0.01\n").is_ok());
    }

    #[test]
    fn an_experiment_without_a_scale_takes_the_instruments_and_with_neither_it_is_refused() {
        let theirs = Analogue { iv_gain_v_per_na: -0.0125, ..Analogue::default() };
        let task = on("gate = \"xor\"\n", Some(&theirs)).unwrap();
        assert_eq!(task.plan.scale().analogue, theirs);
        assert_eq!(task.experiment.analogue, Some(theirs));
        let refused = on("gate = \"xor\"\n", None).map(|_| ()).unwrap_err();
        assert!(refused.contains("has no analogue scale") && refused.contains("hge set analogue"));
        let own = on("gate = \"xor\"\n[analogue]\niv_gain_v_per_na = -0.02\n", None).unwrap();
        assert_eq!(own.plan.scale().analogue.iv_gain_v_per_na, -0.02);
        // A simulation has the default one.
        let (experiment, source) = parsed("gate = \"xor\"\n").unwrap();
        let job = Job::new(experiment, &source).unwrap();
        assert_eq!(job.task.experiment.analogue, Some(Analogue::default()));
        assert_eq!(job.chain.analogue, Analogue::default());
    }

    #[test]
    fn scales_that_differ_are_refused_with_the_key_its_place_and_both_values() {
        let text = "gate = \"xor\"\n[analogue]\niv_gain_v_per_na = -0.01\n\
                    dac_range_v = [2.0, 2, 2, 2, 2, 2, 2, 1.5]\n";
        let mut theirs = Analogue { iv_gain_v_per_na: -0.0033, ..Analogue::default() };
        let refused = on(text, Some(&theirs)).map(|_| ()).unwrap_err();
        for part in ["x.toml:3:20: ", "-0.01 V/nA", "-0.0033 V/nA", "`hge set analogue"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        let short = on("gate = \"xor\"\n[analogue]\ndac_offset_v = [0.1]\n", Some(&theirs));
        let short = short.map(|_| ()).unwrap_err();
        assert!(short.starts_with("x.toml:3:16: analogue.dac_offset_v has 1 entries"), "{short}");
        theirs.iv_gain_v_per_na = -0.01;
        let refused = on(text, Some(&theirs)).map(|_| ()).unwrap_err();
        assert!(refused.starts_with("x.toml:4:39: analogue.dac_range_v.7 is 1.5 V"), "{refused}");
    }

    #[test]
    fn wrong_values_are_told_with_key_and_place() {
        for (keys, expected) in [
            ("dac_range_v = [2.0, 2.0]", "x.toml:3:15: analogue.dac_range_v has 2 entries for 8"),
            (
                "dac_range_v = \"2 V\"",
                "x.toml:3:15: analogue.dac_range_v: expected a number, or a list",
            ),
            ("level_shift_v = 2.5", "x.toml:3:17: analogue.level_shift_v is 2.5"),
            ("iv_gain_v_per_na = 0", "x.toml:3:20: analogue.iv_gain_v_per_na is 0: its magnitude"),
            ("iv_gain = 1", "x.toml:3:1: unknown key `iv_gain`"),
        ] {
            let text = format!("gate = \"xor\"\n[analogue]\n{keys}\n");
            let message = match parsed(&text) {
                Ok((experiment, source)) => Job::new(experiment, &source)
                    .map(|_| ())
                    .map_err(|error| error.to_string())
                    .unwrap_err(),
                Err(message) => message,
            };
            assert!(message.contains(expected), "{keys}: {message}");
        }
    }

    #[test]
    fn the_guard_of_a_range_without_zero_volts_reaches_to_zero() {
        let text = "gate = \"xor\"\n[electrodes]\ninput_low_v = 0.2\ninput_high_v = 0.6\n\
                    control_low_v = [0.3, -1.0, -1.2, -0.7, -0.7]\n\
                    control_high_v = [0.6, -0.4, 0.6, 0.3, 0.3]\n";
        let limits = on(text, Some(&Analogue::default())).unwrap();
        let limits = &limits.plan.configuration().limits;
        for (output, range) in [(1, (0.0, 0.6)), (0, (0.0, 0.6)), (3, (-1.0, 0.0)), (7, (0.0, 0.0))]
        {
            assert_eq!((limits[output].low_v, limits[output].high_v), range, "output {output}");
            assert_eq!(limits[output].safe_v, 0.0);
        }
    }

    #[test]
    fn an_over_current_limit_that_one_sign_cannot_reach_is_refused_at_its_place() {
        for (bits, keys, limit_na, taken) in [
            (8, "", 99.3, false),
            (8, "", 99.2, true),
            (12, "iv_clip_v = 2.0", 80.0, false),
            (12, "iv_clip_v = 2.0", 79.9, true),
            (16, "iv_gain_v_per_na = 0.025\nlevel_shift_v = -0.25", 100.0, false),
            (16, "iv_gain_v_per_na = 0.025\nlevel_shift_v = -0.25", 99.9, true),
            (16, "level_shift_v = 0.25", 20.0, false),
            (16, "level_shift_v = 0.25", 20.1, true),
        ] {
            let text = format!(
                "gate = \"xor\"\n[instrument]\nadc_bits = {bits}\n[guard]\novercurrent_na = {limit_na}\n\
                 [analogue]\n{keys}\n"
            );
            let (experiment, source) = parsed(&text).unwrap();
            match Job::new(experiment, &source) {
                Ok(_) => assert!(taken, "{bits} {keys} {limit_na}"),
                Err(error) => {
                    assert!(!taken, "{error}");
                    assert!(error.to_string().starts_with("x.toml:5:18: "), "{error}");
                }
            }
        }
    }
}
