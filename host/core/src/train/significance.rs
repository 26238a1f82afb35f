//! Significance test of the gap between outputs.
//!
//! A training searches many settings and selects by noisy readings. Therefore the selected setting is measured again, and the readings of the search are not
//! used. The gap exceeds the requirement if each high case is that far above each low one; each pair is tested by Welch's t-test at the same level. All of
//! them must pass, so no correction for their number is needed (R. L. Berger, Technometrics 24, 295, 1982). The level is [`LEVEL`], divided by the number of epochs and
//! starts searched and by the number of tests at growing numbers of passes (Bonferroni).

use super::presentation::outputs;
use super::{means, Outcome, TrainError};
use crate::dataset::Cases;
use crate::experiment::Experiment;
use crate::measure::confidence::Confidence;
use crate::session::{Reading, Session};
use crate::targets::{Group, Targets, Wanted};

/// Largest probability that a training of a device with too small a gap counts as solved.
const LEVEL: f64 = 1e-3;

/// Passes over all cases after which the gap is tested; while it is undecided, the next number applies.
const LOOKS: [usize; 5] = [4, 8, 16, 32, 64];

/// A gap between outputs and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gap {
    /// Least high mean less greatest low one.
    pub gap_na: f64,
    /// Standard error of the gap: that of the two cases of the gap.
    pub error_na: f64,
    /// Ends of one-sided intervals: below and above which the gap lies with the level as chance.
    pub lower_na: f64,
    pub upper_na: f64,
}

impl Gap {
    /// From repeated readings of every row. `None`: a row was read less than twice, or there is nothing to compare.
    fn of(outputs_na: &[Vec<f64>], targets: &Targets, level: f64) -> Option<Self> {
        let known = outputs_na.iter().map(|values| {
            let mean_na = values.iter().sum::<f64>() / values.len() as f64;
            Some((mean_na, Confidence::of_spread(values)?))
        });
        Gap::between(&known.collect::<Option<Vec<(f64, Confidence)>>>()?, targets, level)
    }

    /// From the mean and the standard error of every row. `None`: there is nothing to compare.
    pub(super) fn between(
        known: &[(f64, Confidence)],
        targets: &Targets,
        level: f64,
    ) -> Option<Self> {
        if let Wanted::Currents(_) = targets.wanted {
            return Gap::of_errors(known, targets, level);
        }
        let means_na: Vec<f64> = known.iter().map(|row| row.0).collect();
        let means_na = targets.compared(&means_na);
        let mut gap: Option<Gap> = None;
        for Group { above, below } in targets.groups() {
            for (&high, &low) in
                above.iter().flat_map(|high| below.iter().map(move |low| (high, low)))
            {
                let error = known[high].1.and(known[low].1);
                let (apart_na, half_na) = (means_na[high] - means_na[low], error.one_sided(level));
                let pair = Gap {
                    gap_na: apart_na,
                    error_na: error.error,
                    lower_na: apart_na - half_na,
                    upper_na: apart_na + half_na,
                };
                let least = gap.get_or_insert(pair);
                if pair.gap_na < least.gap_na {
                    (least.gap_na, least.error_na) = (pair.gap_na, pair.error_na);
                }
                least.lower_na = least.lower_na.min(pair.lower_na);
                least.upper_na = least.upper_na.min(pair.upper_na);
            }
        }
        gap
    }

    /// The weighted RMS error, negated. Noise of the means makes it greater, never less, in the mean; its standard error is that of the mean error along the direction
    /// of the weighted errors, and at least that of one row.
    fn of_errors(known: &[(f64, Confidence)], targets: &Targets, level: f64) -> Option<Self> {
        let means_na: Vec<f64> = known.iter().map(|known| known.0).collect();
        let (rms_na, total) = (targets.rms_error_na(&means_na), targets.total_weight());
        let of_weights = known.iter().enumerate().map(|(row, known)| {
            (known.0 - targets.target_na(row), targets.weight(row) * known.1.error)
        });
        let along: f64 = of_weights.clone().map(|(error, of_mean)| (error * of_mean).powi(2)).sum();
        let least = of_weights.map(|(_, of_mean)| of_mean.powi(2)).sum::<f64>() / total.powi(2);
        let error = (along / (total * rms_na.max(f64::MIN_POSITIVE)).powi(2)).max(least).sqrt();
        let degrees_of_freedom = known.first()?.1.degrees_of_freedom;
        let half_na = Confidence { error, degrees_of_freedom }.one_sided(level);
        Some(Gap {
            gap_na: -rms_na,
            error_na: error,
            lower_na: -rms_na - half_na,
            upper_na: -rms_na + half_na,
        })
    }
}

/// The requirement, and the number of settings searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    /// Least gap, or RMS error, negated.
    pub wanted_na: f64,
    /// Least share of right cases, in place of the gap.
    pub accuracy: Option<f64>,
    /// Epochs and starts so far.
    pub searched: u32,
}

impl Test {
    /// The experiment's requirement, after this number of epochs and starts.
    pub(super) fn of(experiment: &Experiment, targets: &Targets, searched: u32) -> Self {
        Test { wanted_na: experiment.wanted_na(targets), accuracy: experiment.accuracy, searched }
    }

    /// Whether another measurement may show that the outcome meets the requirement.
    pub(super) fn is_worthwhile(self, outcome: &Outcome) -> bool {
        match self.accuracy {
            Some(wanted) => outcome.accuracy >= wanted,
            None => outcome.is_promising(self.wanted_na),
        }
    }

    /// Level of one look.
    pub(super) fn level(self) -> f64 {
        LEVEL / f64::from(self.searched.max(1)) / LOOKS.len() as f64
    }
}

/// How well a single window's mean is known, by the noise that its least and greatest code tell, if that noise is white: the greatest of N normal values lies
/// b - (ln ln N + ln 4 pi)/(2 b) + 0.577/b standard deviations above their mean, b = sqrt(2 ln N) (E. J. Gumbel, Statistics of Extremes, 1958).
pub(super) fn of_span(span_na: f64, samples: u32) -> Confidence {
    let count = f64::from(samples);
    let b = (2.0 * count.ln()).sqrt();
    let greatest =
        b - (count.ln().ln() + (4.0 * std::f64::consts::PI).ln()) / (2.0 * b) + 0.577 / b;
    let error = span_na / (2.0 * greatest) / count.sqrt();
    Confidence { error, degrees_of_freedom: count - 1.0 }
}

/// Measures an outcome again, without tones, until it is clear whether it meets the requirement, or [`LOOKS`] are over.
///
/// # Errors
/// The instrument fails.
pub(super) fn confirm(
    session: &mut Session,
    cases: &Cases,
    outcome: Outcome,
    test: Test,
    loss: impl Fn(&[f64]) -> f64,
) -> Result<Outcome, TrainError> {
    let targets = &cases.targets;
    let mut passes: Vec<Vec<Reading>> = Vec::new();
    let mut confirmed = outcome;
    for look in LOOKS {
        while passes.len() < look {
            passes.push(outputs(session, cases, &confirmed.controls_v)?);
        }
        let of_row = |row: usize| passes.iter().map(|pass| pass[row].mean_na).collect();
        let outputs_na: Vec<Vec<f64>> = (0..targets.rows()).map(of_row).collect();
        let means_na: Vec<f64> =
            outputs_na.iter().map(|values| values.iter().sum::<f64>() / look as f64).collect();
        let loss = loss(&means_na);
        confirmed = Outcome { loss, ..confirmed.measured(means_na, targets) };
        confirmed.clipped = passes.iter().flatten().any(|reading| reading.clipped);
        let Some(gap) = Gap::of(&outputs_na, targets, test.level()) else { break };
        if let Some(wanted) = test.accuracy {
            let right = |pass: &Vec<Reading>| targets.accuracy(&means(pass)) >= wanted;
            confirmed.judge_accuracy(gap, passes.iter().all(right));
            // With this number of cases a device without any gap passes with 2^-64 at most.
            if !confirmed.solved || look * targets.cases() >= 64 {
                break;
            }
            continue;
        }
        confirmed.judge(gap, test.wanted_na);
        if confirmed.solved || gap.upper_na < test.wanted_na || confirmed.clipped {
            break;
        }
    }
    Ok(confirmed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    /// Readings of four cases (low, high, high, low) with this noise, the high ones `apart_na` above.
    fn readings(apart_na: f64, noise_na: f64, passes: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = || -> f64 { StandardNormal.sample(&mut random) };
        let mut case = |at_na: f64| (0..passes).map(|_| at_na + noise_na * draw()).collect();
        vec![case(0.0), case(apart_na), case(apart_na), case(0.0)]
    }

    const HIGH: [bool; 4] = [false, true, true, false];

    fn labels(high: &[bool]) -> Targets {
        Targets::labels(high.to_vec(), 0.0, 0.0)
    }

    #[test]
    fn an_rms_error_at_what_is_wanted_passes_no_more_often_than_the_level() {
        let level = 0.05;
        let targets = Targets::new(Wanted::Currents(vec![0.0, 1.0, 1.0, 0.0]), 1);
        // Errors of -0.5, 0.5, 0.5, -0.5 nA.
        let lower = |seed| {
            let mut readings = readings(2.0, 0.4, 8, seed);
            readings.iter_mut().flatten().for_each(|value| *value -= 0.5);
            Gap::of(&readings, &targets, level).expect("errors").lower_na
        };
        let passed = (0..4000).filter(|&seed| lower(seed) > -0.5).count() as f64 / 4000.0;
        // Noise makes the error greater: the test is on the safe side. It is not far from it.
        assert!(passed < level && passed > level / 20.0, "{passed}");
    }

    #[test]
    fn a_gap_at_what_is_wanted_passes_no_more_often_than_the_level() {
        let level = 0.05;
        // The worst case: one pair alone decides, the others are far apart.
        let passed = (0..4000).filter(|&seed| {
            let mut readings = readings(1.5, 1.0, 8, seed);
            readings[1].iter_mut().for_each(|value| *value += 20.0);
            readings[3].iter_mut().for_each(|value| *value -= 20.0);
            Gap::of(&readings, &labels(&HIGH), level).is_some_and(|gap| gap.lower_na > 1.5)
        });
        let share = passed.count() as f64 / 4000.0;
        // Four standard errors of a binomial share.
        assert!((share - level).abs() < 4.0 * (level * (1.0 - level) / 4000.0).sqrt(), "{share}");
    }

    #[test]
    fn a_clear_gap_has_the_error_of_its_two_cases() {
        let gap = Gap::of(&readings(10.0, 0.1, 64, 1), &labels(&HIGH), 1e-6).expect("a gap");
        assert!((gap.gap_na - 10.0).abs() < 0.1, "{gap:?}");
        // sqrt(2) 0.1 nA / sqrt(64), known to a tenth.
        assert!((gap.error_na / 0.0177 - 1.0).abs() < 0.3, "{gap:?}");
        assert!(gap.lower_na < gap.gap_na - 4.0 * gap.error_na && gap.lower_na > 9.8, "{gap:?}");
    }

    #[test]
    fn the_gap_is_between_the_nearest_two_cases_and_needs_both_labels() {
        let steady = |na: f64| vec![na; 2];
        let readings = [steady(1.0), steady(5.0), steady(3.0), steady(-2.0)];
        let gap = Gap::of(&readings, &labels(&HIGH), 1e-3).expect("a gap");
        assert_eq!((gap.gap_na, gap.error_na, gap.lower_na), (2.0, 0.0, 2.0));
        assert_eq!(Gap::of(&readings, &labels(&[true; 4]), 1e-3), None);
        assert_eq!(Gap::of(&[vec![1.0], vec![2.0]], &labels(&[false, true]), 1e-3), None);
    }

    #[test]
    fn the_span_of_white_noise_tells_its_mean_s_error() {
        for (samples, seed) in [(256, 1), (1024, 2), (4096, 3)] {
            let windows = readings(0.0, 0.3, samples as usize, seed);
            for window in windows {
                let ends = window.iter().fold((0.0_f64, 0.0_f64), |(low, high), &value| {
                    (low.min(value), high.max(value))
                });
                let error = of_span(ends.1 - ends.0, samples).error;
                let exact = 0.3 / f64::from(samples).sqrt();
                assert!((error / exact - 1.0).abs() < 0.3, "{samples}: {error} for {exact}");
            }
        }
    }

    #[test]
    fn every_setting_that_was_searched_makes_the_level_smaller() {
        let level = |searched| Test { wanted_na: 1.5, accuracy: None, searched }.level();
        assert_eq!(level(0), level(1));
        assert!((level(1) / level(1000) - 1000.0).abs() < 1e-6);
        assert!(level(1) * 5.0 <= LEVEL);
    }
}
