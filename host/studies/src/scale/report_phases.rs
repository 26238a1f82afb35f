//! What the trainings of beams and meshes found.

use super::phases::Trained;
use super::report::{median, Difference};
use super::{COUNTED_STARTS, LEVEL};
use crate::statistics::{difference_of_shares, discordant, mcnemar, wilson};
use crate::survival::{self, finite, shown};
use crate::{Claim, Findings, Table};
use serde_json::{json, Value};

/// Adds table, keys, arrays and claims.
pub fn report(trained: &[Trained], findings: &mut Findings) {
    let mut table = Table::new(&[
        "task", "controls", "outputs", "slopes", "solved", "share, %", "result", "median",
        "windows", "device time, s",
    ]);
    let rows: Vec<Value> = trained.iter().map(|task| of_task(task, &mut table, findings)).collect();
    findings.further.push(table);
    findings.add("tasks", rows);
}

fn of_task(task: &Trained, table: &mut Table, findings: &mut Findings) -> Value {
    let (starts, chance) = (task.extracted.len(), task.chance());
    let time = survival::median(&task.durations);
    let windows = survival::median_s(&task.windows);
    let solved = |results: &[f64]| results.iter().filter(|&&result| task.is_solved(result)).count();
    let spread = [time.time_s, time.low_s, time.high_s].map(|seconds| shown(seconds, 2));
    let spread = format!("{} ({} to {})", spread[0], spread[1], spread[2]);
    for (slopes, results, windows, spread) in [
        ("extracted", &task.extracted, shown(windows, 0), spread),
        ("exact", &task.exact, String::new(), String::new()),
        ("random settings", &task.untrained, String::new(), String::new()),
    ] {
        let (low, high) = wilson(solved(results), results.len());
        table.push([
            task.name.to_owned(),
            task.controls.to_string(),
            task.outputs.to_string(),
            slopes.to_owned(),
            format!("{} of {}", solved(results), results.len()),
            format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high),
            task.measure.text().to_owned(),
            format!("{:.3}", median(results)),
            windows,
            spread,
        ]);
        let name = slopes.replace(' ', "_");
        findings.array(&format!("{}_{name}", task.name), &[results.len()], results.clone());
    }
    let pairs = task.exact.iter().zip(&task.extracted);
    let (lost, gained) = discordant(
        pairs.map(|(&exact, &extracted)| (task.is_solved(exact), task.is_solved(extracted))),
    );
    let test = mcnemar(lost, gained);
    let counts = (solved(&task.extracted), starts);
    let (gain_low, gain_high) = difference_of_shares(counts, (chance.hits, chance.settings));
    if starts >= COUNTED_STARTS {
        let name = task.name;
        let claim = format!("{name}: p-value of a loss of starts by extraction, McNemar's test");
        findings.claims.push(Claim::at_least(claim, test.loss, LEVEL));
        let claim = format!("{name} by extracted slopes: gain in the share of starts over random settings, lower end of the 95 % interval");
        findings.claims.push(Claim::at_least(claim, gain_low, 0.0));
    }
    let (low, high) = wilson(counts.0, starts);
    let (exact_low, exact_high) = wilson(solved(&task.exact), starts);
    let (chance_low, chance_high) = chance.interval();
    json!({
        "task": task.name, "controls": task.controls, "outputs": task.outputs, "batch": task.batch, "result": task.measure.key(), "wanted": task.wanted,
        "starts": starts, "solved": counts.0, "share_low": low, "share_high": high,
        "exact_solved": solved(&task.exact), "exact_share_low": exact_low, "exact_share_high": exact_high,
        "settings": chance.settings, "chance": chance.share(), "chance_low": chance_low, "chance_high": chance_high,
        "gain_low": gain_low, "gain_high": gain_high,
        "median": median(&task.extracted), "exact_median": median(&task.exact), "untrained_median": median(&task.untrained),
        "of_extraction": Difference::of_pairs(&task.extracted, &task.exact).json(),
        "lost": lost, "gained": gained, "p_loss": test.loss, "p_two_sided": test.two_sided,
        "windows": finite(windows), "median_s": finite(time.time_s), "median_low_s": finite(time.low_s), "median_high_s": finite(time.high_s),
    })
}

#[cfg(test)]
mod tests {
    use super::super::phases::Measure;
    use super::*;
    use crate::survival::Duration;

    fn task(extracted: Vec<f64>, exact: Vec<f64>, untrained: Vec<f64>) -> Trained {
        let times = |unit: f64| {
            let time =
                |n: usize| Duration { time_s: unit * (n + 1) as f64, solved: n.is_multiple_of(2) };
            (0..extracted.len()).map(time).collect()
        };
        Trained {
            name: "unitary",
            measure: Measure::RmsErrorNa,
            wanted: 0.1,
            controls: 56,
            outputs: 8,
            batch: 8,
            durations: times(1.0),
            windows: times(8.0),
            extracted,
            exact,
            untrained,
        }
    }

    #[test]
    fn shares_pairs_and_medians_of_a_task_are_those_by_hand() {
        // Exact slopes solve the first 12 of 32 starts; extraction loses four of them and gains two others.
        let exact: Vec<f64> = (0..32).map(|n| if n < 12 { 0.05 } else { 0.3 }).collect();
        let extracted: Vec<f64> =
            (0..32).map(|n| if (4..14).contains(&n) { 0.1 } else { 0.4 }).collect();
        let mut findings = Findings::default();
        report(&[task(extracted, exact, vec![0.9; 100])], &mut findings);
        let row = &findings.json["tasks"][0];
        let counts = ["solved", "exact_solved", "lost", "gained"].map(|key| row[key].as_u64());
        assert_eq!(counts, [10, 12, 4, 2].map(Some));
        // P(X >= 4) of six fair draws: (15 + 6 + 1) / 64.
        assert!((row["p_loss"].as_f64().unwrap() - 22.0 / 64.0).abs() < 1e-9, "{row}");
        assert_eq!((&row["median"], &row["untrained_median"]), (&json!(0.4), &json!(0.9)));
        // Of the pairs 18 differ by 0.1, eight by 0.05, four by 0.35 and two by -0.2.
        let behind = row["of_extraction"]["value"].as_f64().unwrap();
        assert!((behind - 0.1).abs() < 1e-12, "{row}");
        // Every other start is censored: Kaplan and Meier's product over those before, each of those left.
        let share = |n: usize| (0..=n).step_by(2).map(|k| 1.0 - 1.0 / (32 - k) as f64);
        let least = (0..32).step_by(2).find(|&n| share(n).product::<f64>() <= 0.5).unwrap();
        assert_eq!(row["median_s"], (least + 1) as f64);
        assert_eq!(row["windows"], 8.0 * (least + 1) as f64);
        assert!(findings.hold() && findings.claims.len() == 2, "{:?}", findings.claims);
    }

    #[test]
    fn a_loss_of_starts_or_none_above_chance_does_not_hold_and_few_starts_claim_nothing() {
        let claims = |extracted: Vec<f64>, untrained: f64| {
            let mut findings = Findings::default();
            let exact = vec![0.05; extracted.len()];
            report(&[task(extracted, exact, vec![untrained; 50])], &mut findings);
            findings.claims.iter().map(|claim| claim.holds).collect::<Vec<_>>()
        };
        let lossy: Vec<f64> = (0..32).map(|n| if n < 27 { 0.05 } else { 0.3 }).collect();
        assert_eq!(claims(lossy, 0.9), [false, true]);
        assert_eq!(claims(vec![0.05; 32], 0.05), [true, false]);
        assert_eq!(claims(vec![0.05; 31], 0.9), [false; 0]);
    }
}
