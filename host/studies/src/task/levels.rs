//! Classes by the level of the output, two or more: the loss of the gates, with the least gap between neighbouring classes as separation.

use hge_core::loss::{cor_sigmoid, correlation};

/// Least output of a class less the greatest of the class below, the least of these over all pairs of neighbours, nA; and the two cases between
/// which it lies, lower first.
pub fn gap(outputs_na: &[f64], classes: &[usize]) -> (f64, [usize; 2]) {
    let most = classes.iter().copied().max().unwrap_or(0);
    let of = |class: usize| (0..classes.len()).filter(move |&case| classes[case] == class);
    let by_output = |a: &usize, b: &usize| outputs_na[*a].total_cmp(&outputs_na[*b]);
    let between = |class: usize| {
        let below = of(class - 1).max_by(by_output)?;
        let above = of(class).min_by(by_output)?;
        Some((outputs_na[above] - outputs_na[below], [below, above]))
    };
    let gaps = (1..=most).filter_map(between);
    gaps.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::NEG_INFINITY, [0, 0]))
}

/// Loss and its derivative with respect to every output.
pub fn evaluate(outputs_na: &[f64], classes: &[usize]) -> (f64, Vec<f64>) {
    let labels: Vec<f64> = classes.iter().map(|&class| class as f64).collect();
    let (gap_na, [below, above]) = gap(outputs_na, classes);
    let mut slope = vec![0.0; outputs_na.len()];
    if above != below {
        (slope[above], slope[below]) = (1.0, -1.0);
    }
    cor_sigmoid(correlation(outputs_na, &labels), (gap_na, slope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_core::loss::Loss;
    use hge_core::targets::Targets;

    #[test]
    fn of_two_classes_it_is_the_loss_of_the_gates() {
        let outputs_na = [1.0, 7.5, 6.0, -3.0];
        let targets = Targets::labels(vec![false, true, true, false], 1.0, 0.0);
        let found = evaluate(&outputs_na, &[0, 1, 1, 0]);
        assert_eq!(found, Loss::CorSigmoid.evaluate(&outputs_na, &targets));
        assert_eq!(gap(&outputs_na, &[0, 1, 1, 0]).0, targets.separation_na(&outputs_na));
    }

    #[test]
    fn of_four_classes_the_derivative_is_that_of_differences_and_the_gap_the_least() {
        let (outputs_na, classes) = ([0.0, 4.0, 6.0, 11.0], [0, 1, 2, 3]);
        assert_eq!(gap(&outputs_na, &classes), (2.0, [1, 2]));
        assert_eq!(gap(&[0.0, 4.0, 3.0, 11.0], &classes).0, -1.0);
        let (_, slope) = evaluate(&outputs_na, &classes);
        for case in 0..4 {
            let at = |step: f64| {
                let mut moved = outputs_na;
                moved[case] += step;
                evaluate(&moved, &classes).0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((difference - slope[case]).abs() < 1e-8, "{difference} {}", slope[case]);
        }
    }
}
