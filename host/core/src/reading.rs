//! What one case showed, in the units of the device.

/// Result of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Mean current over the window.
    pub mean_na: f64,
    /// Mean current of the window's second half less that of the first.
    pub step_na: f64,
    /// Slope of the current with every control; meaningless without perturbation, none where the lock-in has multiplied the cost.
    pub slopes_na_per_v: Vec<f64>,
    /// Slope of the squared distance from the case's target with every control, where the lock-in has multiplied that.
    pub cost_slopes_na2_per_v: Vec<f64>,
    /// Answers of every tone a volt of its amplitude, in phase and in quadrature, in nA/V.
    pub answers_na_per_v: Vec<[f64; 2]>,
    /// What the lines of the plan's noise slots hold, in phase and in quadrature: noise.
    pub empty_na: Vec<[f64; 2]>,
    /// The ADC or the I-V converter was at an end of its range.
    pub clipped: bool,
    /// Greatest less least ADC code, in steps of the converter.
    pub span_steps: u32,
    /// What the current's drift leaves on the tones does not matter, as far as a [drift corrector](crate::settling::DriftCorrector) looks.
    pub settled: bool,
}

impl Reading {
    /// Of nothing yet.
    pub(crate) fn blank(controls: usize, noise_slots: usize) -> Self {
        Reading {
            mean_na: 0.0,
            step_na: 0.0,
            slopes_na_per_v: vec![0.0; controls],
            cost_slopes_na2_per_v: Vec::new(),
            answers_na_per_v: vec![[0.0; 2]; controls],
            empty_na: vec![[0.0; 2]; noise_slots],
            clipped: false,
            span_steps: 0,
            settled: true,
        }
    }

    /// Adds the currents and flags of another window of the case.
    pub(crate) fn add(&mut self, other: &Reading) {
        self.mean_na += other.mean_na;
        self.step_na += other.step_na;
        self.clipped |= other.clipped;
        self.settled &= other.settled;
        self.span_steps = self.span_steps.max(other.span_steps);
    }
}
