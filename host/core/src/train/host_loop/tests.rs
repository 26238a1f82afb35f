use super::*;

#[test]
fn slopes_of_the_loss_are_summed_over_the_cases_and_those_of_a_cost_averaged_by_weight() {
    let mut readings = vec![Reading::blank(2, 0); 4];
    for (case, reading) in (0..).zip(&mut readings) {
        reading.slopes_na_per_v = vec![1.0 + f64::from(case), -2.0];
    }
    // 1 * 0.5 + 2 * 0 - 3 * 0.25 + 4 * 1.
    let mut targets = Targets::new(Wanted::Currents(vec![0.0; 4]), 1);
    assert_eq!(loss_slopes(&readings, &[0.5, 0.0, -0.25, 1.0], &targets), [3.75, -2.5]);
    for (case, reading) in (0..).zip(&mut readings) {
        reading.cost_slopes_na2_per_v = vec![10.0 * f64::from(case), 6.0];
    }
    assert_eq!(loss_slopes(&readings, &[0.5, 0.0, -0.25, 1.0], &targets), [15.0, 6.0]);
    targets.weights = Some(vec![0.5, 0.0, 1.0, 0.5]);
    assert_eq!(loss_slopes(&readings, &[0.5, 0.0, -0.25, 1.0], &targets), [17.5, 6.0]);
}
