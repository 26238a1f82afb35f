//! What the comparison of the network with single devices found.

use super::network::{Compared, Group, Slopes};
use super::{COUNTED_STARTS, LEVEL};
use crate::bootstrap::{interval_95, resampled};
use crate::statistics::{difference_of_shares, discordant, mcnemar, mean, wilson};
use crate::{Claim, Findings, Table};
use serde_json::{json, Value};

/// Least gain of the share of starts and of the mean accuracy.
const LEAST_GAIN: f64 = 0.25;
const LEAST_ACCURACY_GAIN: f64 = 0.1;

/// Seed of the resampling.
const SEED: u64 = 96;

/// A difference with its 95 % interval.
#[derive(Clone, Copy)]
pub struct Difference {
    /// Of the values as they are.
    pub value: f64,
    /// Low end of the interval.
    pub low: f64,
    /// High end of it.
    pub high: f64,
}

impl Difference {
    /// For programs.
    pub fn json(self) -> Value {
        json!({ "value": self.value, "low": self.low, "high": self.high })
    }

    /// Of a statistic of two independent groups.
    fn of_groups(one: &[f64], other: &[f64], of: impl Fn(&[f64]) -> f64) -> Self {
        let values = resampled(&[one, other], SEED, |drawn| of(&drawn[0]) - of(&drawn[1]));
        let (low, high) = interval_95(&values);
        Difference { value: of(one) - of(other), low, high }
    }

    /// Median of the differences of pairs.
    pub fn of_pairs(one: &[f64], other: &[f64]) -> Self {
        let differences: Vec<f64> = one.iter().zip(other).map(|(one, other)| one - other).collect();
        let (low, high) = interval_95(&resampled(&[&differences], SEED, |drawn| median(&drawn[0])));
        Difference { value: median(&differences), low, high }
    }

    /// Of the shares of solved starts.
    fn of_shares(one: &Group, other: &Group) -> Self {
        let counts = |group: &Group| (group.solved(), group.runs.len());
        let share = |(hits, trials): (usize, usize)| hits as f64 / trials as f64;
        let (low, high) = difference_of_shares(counts(one), counts(other));
        Difference { value: share(counts(one)) - share(counts(other)), low, high }
    }
}

impl Compared {
    /// Adds table, keys, arrays and claims.
    pub fn report(&self, findings: &mut Findings) {
        let [extracted, exact, _, single, single_exact, each] = &self.groups;
        findings
            .add("device", format!("network of {} devices, and each alone", self.specimens.len()));
        let chances = [Some(0), Some(0), None, Some(1), Some(1), None];
        let mut table = Table::new(&[
            "way", "slopes", "controls", "solved", "share, %", "chance, %", "accuracy",
            "median gap, nA", "median epochs", "device time, s",
        ]);
        let mut ways = Vec::new();
        for (group, chance) in self.groups.iter().zip(chances) {
            let chance = chance.map(|n: usize| self.chances[n]);
            let (solved, starts) = (group.solved(), group.runs.len());
            let (low, high) = wilson(solved, starts);
            let accuracy = mean(&group.values(|run| run.accuracy));
            let gap_na = median(&group.values(|run| run.gap_na));
            let epochs = median(&group.values(|run| run.widest_na.len() as f64));
            let device_s = mean(&group.values(|run| run.device_s));
            let is_extracted = group.slopes == Slopes::Extracted;
            table.push([
                group.name.to_owned(),
                group.slopes.name().to_owned(),
                group.controls.to_string(),
                format!("{solved} of {starts}"),
                format!("{:.0} to {:.0}", 100.0 * low, 100.0 * high),
                chance.map(|chance| chance.text()).unwrap_or_default(),
                format!("{accuracy:.3}"),
                format!("{gap_na:.2}"),
                format!("{epochs:.0}"),
                if is_extracted { format!("{device_s:.0}") } else { String::new() },
            ]);
            ways.push(json!({
                "way": group.name, "slopes": group.slopes.name(), "controls": group.controls, "starts": starts, "solved": solved,
                "share_low": low, "share_high": high, "chance": chance.map(|chance| chance.share()), "accuracy": accuracy, "gap_na": gap_na,
                "epochs": epochs, "device_s": is_extracted.then_some(device_s),
            }));
            let name = format!("{}_{}", group.name.replace(' ', "_"), group.slopes.name());
            findings.array(&format!("gap_{name}"), &[starts], group.values(|run| run.gap_na));
            findings.array(
                &format!("accuracy_{name}"),
                &[starts],
                group.values(|run| run.accuracy),
            );
        }
        let over_single = Difference::of_shares(extracted, single);
        let over_exact = Difference::of_shares(extracted, single_exact);
        let over_each = Difference::of_shares(extracted, each);
        let accuracies = |group: &Group| group.values(|run| run.accuracy);
        let accuracy = Difference::of_groups(&accuracies(extracted), &accuracies(single), mean);
        let gaps = |group: &Group| group.values(|run| run.gap_na);
        // The gaps of starts that got stuck reach far down: medians.
        let gap = Difference::of_groups(&gaps(extracted), &gaps(single), median);
        let behind = Difference::of_pairs(&gaps(extracted), &gaps(exact));
        let starts = 0..exact.runs.len();
        let (lost, gained) =
            discordant(starts.map(|start| (exact.is_solved(start), extracted.is_solved(start))));
        let test = mcnemar(lost, gained);
        findings.table = table;
        findings.add("ways", ways);
        let specimens = self.specimens.iter().map(|specimen| {
            json!({ "device": specimen.device, "solved": specimen.solved, "accuracy": specimen.accuracy })
        });
        findings.add("specimens", specimens.collect::<Vec<_>>());
        findings.add("best_specimen", self.specimens[self.best].device.clone());
        findings.add("share_gain", over_single.json());
        findings.add("share_gain_over_exact", over_exact.json());
        findings.add("share_gain_over_each", over_each.json());
        findings.add("accuracy_gain", accuracy.json());
        findings.add("gap_gain_na", gap.json());
        findings.add("gap_of_extraction_na", behind.json());
        let pairs = json!({ "lost": lost, "gained": gained, "p_loss": test.loss, "p_two_sided": test.two_sided });
        findings.add("extraction", pairs);
        if extracted.runs.len() < COUNTED_STARTS {
            return;
        }
        let text =
            |of: &str| format!("network by extracted slopes: {of}, lower end of the 95 % interval");
        for (other, gain) in [
            ("the best specimen by extracted slopes", over_single),
            ("the best specimen by exact slopes", over_exact),
            ("the best of all specimens by exact slopes", over_each),
        ] {
            let claim = text(&format!("gain in the share of starts over {other}"));
            findings.claims.push(Claim::at_least(claim, gain.low, LEAST_GAIN));
        }
        let claim = text("gain in mean accuracy over the best specimen by extracted slopes");
        findings.claims.push(Claim::at_least(claim, accuracy.low, LEAST_ACCURACY_GAIN));
        let claim = "network: p-value of a loss of starts by extraction, McNemar's test";
        findings.claims.push(Claim::at_least(claim, test.loss, LEVEL));
    }
}

/// The middle value, of an even number the upper one; NaN without values.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::scale::network::{Run, Specimen};

    fn group(name: &'static str, slopes: Slopes, solved: &[bool]) -> Group {
        let run = |&solved: &bool| Run {
            gap_na: if solved { 2.0 } else { -3.0 },
            accuracy: if solved { 1.0 } else { 0.7 },
            widest_na: vec![-3.0, 2.0],
            device_s: 1.0,
        };
        let runs = solved.iter().map(run).collect();
        Group { name, slopes, controls: 60, runs, solved_na: 1.5 }
    }

    fn findings(extracted: &[bool], exact: &[bool]) -> Findings {
        let none = vec![false; exact.len()];
        let chance = Chance { hits: 0, settings: 100 };
        let compared = Compared {
            chances: [chance; 2],
            specimens: vec![Specimen { device: "a".into(), solved: 0, accuracy: 0.7 }],
            best: 0,
            groups: [
                group("network", Slopes::Extracted, extracted),
                group("network", Slopes::Exact, exact),
                group("the same without wires", Slopes::Exact, exact),
                group("best specimen", Slopes::Extracted, &none),
                group("best specimen", Slopes::Exact, &none),
                group("best of the single devices", Slopes::Exact, &none),
            ],
        };
        let mut findings = Findings::default();
        compared.report(&mut findings);
        findings
    }

    #[test]
    fn gains_and_a_loss_of_starts_are_those_by_hand() {
        // Of 32 starts the exact slopes solve the first 24; the extracted ones lose the first two and gain the last.
        let exact: Vec<bool> = (0..32).map(|n| n < 24).collect();
        let extracted: Vec<bool> = (0..32).map(|n| (2..24).contains(&n) || n == 31).collect();
        let found = findings(&extracted, &exact);
        assert_eq!(found.json["extraction"]["lost"], 2);
        assert_eq!(found.json["extraction"]["gained"], 1);
        // P(X >= 2) of three fair draws.
        let p_loss = found.json["extraction"]["p_loss"].as_f64().unwrap();
        assert!((p_loss - 0.5).abs() < 1e-9, "{p_loss}");
        assert_eq!(found.json["share_gain"]["value"], 23.0 / 32.0);
        let gain = found.json["accuracy_gain"]["value"].as_f64().unwrap();
        assert!((gain - 0.3 * 23.0 / 32.0).abs() < 1e-12, "{gain}");
        // Most starts end alike by either slopes, and solved ones 5 nA above the others.
        assert_eq!(found.json["gap_of_extraction_na"]["value"], 0.0);
        assert_eq!(found.json["gap_gain_na"]["value"], 5.0);
        assert!(found.hold() && found.claims.len() == 5, "{:?}", found.claims);
    }

    #[test]
    fn a_network_that_gains_little_or_loses_starts_does_not_hold_and_few_starts_claim_nothing() {
        let few: Vec<bool> = (0..32).map(|n| n < 8).collect();
        assert!(!findings(&few, &few).hold());
        let all = vec![true; 32];
        let lossy: Vec<bool> = (0..32).map(|n| n < 27).collect();
        let failed: Vec<bool> = findings(&lossy, &all).claims.iter().map(|c| c.holds).collect();
        assert_eq!(failed, [true, true, true, true, false]);
        assert!(findings(&[true; 31], &[true; 31]).claims.is_empty());
    }
}
