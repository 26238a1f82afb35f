//! Methods of measuring slopes, with one sequencer, one lock-in and one window.
//!
//! | method | carriers | windows of every case |
//! |---|---|---|
//! | homodyne | a sine on every control, all at once | 1 |
//! | single | one sine at a time | controls |
//! | finite-difference | none: each control is set to plus, then to minus its amplitude | 2 controls |
//! | walsh | a Walsh function on every control, all at once | 1 |
//! | random | a random code on every control, drawn for every window, all at once | 1 |
//! | cost | as homodyne, but the lock-in demodulates the squared distance from the case's target (multiplexed gradient descent, McCaughan et al. 2023) | 1 |
//!
//! The variance of a slope after N samples of white noise sigma, all controls M together, at equal peak amplitude A, in sigma^2 / (N A^2): homodyne and single 2 and
//! 2 M, finite differences M, Walsh 1.

use crate::carrier::Carrier;
use crate::cost::Cost;
use crate::plan::{Configuration, Plan, PlanError};
use crate::targets::Targets;
use hge_protocol::table::{CaseTarget, Side};

choices! {
    /// A method of measuring slopes.
    pub enum Method else Homodyne {
        /// All tones at once.
        Homodyne = "homodyne",
        /// One tone at a time.
        Single = "single",
        /// Two levels of one control at a time.
        FiniteDifference = "finite-difference",
        /// All Walsh functions at once.
        Walsh = "walsh",
        /// All random codes at once.
        Random = "random",
        /// All tones at once, on the cost.
        Cost = "cost",
    }
}

impl Method {
    /// Whether it measures responses of the current to sines: lag, drift and noise near a tone are known only for these.
    pub fn is_of_sines(self) -> bool {
        matches!(self, Method::Homodyne | Method::Single)
    }

    /// Windows of every case in a set of slopes.
    pub fn windows(self, controls: usize) -> usize {
        match self {
            Method::Single => controls,
            Method::FiniteDifference => 2 * controls,
            _ => 1,
        }
    }

    /// The plan for this method.
    ///
    /// # Errors
    /// The gateware supports only sines, or a window is too short for codes.
    pub fn plan(self, plan: &Plan, targets: &Targets) -> Result<Plan, PlanError> {
        let mut configuration = plan.configuration().clone();
        match self {
            Method::Homodyne | Method::Single | Method::FiniteDifference => (),
            Method::Walsh => code(&mut configuration, Carrier::Walsh),
            Method::Random => code(&mut configuration, Carrier::Random { seed: 0 }),
            Method::Cost => configuration.cost = Some(cost(plan, targets)),
        }
        Plan::new(configuration, plan.parameters())
    }
}

/// Codes are repeated once a window, for the longest possible chips.
fn code(configuration: &mut Configuration, carrier: Carrier) {
    configuration.carrier = carrier;
    configuration.controls.iter_mut().for_each(|control| control.cycles = 1);
}

/// Squared distances from the targets, without saturation.
fn cost(plan: &Plan, targets: &Targets) -> Cost {
    let scale = plan.scale();
    let cases = 0..targets.rows();
    let targets_na: Vec<f64> = cases.map(|case| targets.target_na(case)).collect();
    let greatest = targets_na.iter().fold(0.0, |most: f64, target| most.max(target.abs()));
    let words = targets_na.iter().map(|&target| CaseTarget {
        target: scale.adc_code(target).0,
        weight: CaseTarget::UNIT_WEIGHT,
        side: Side::Both,
    });
    Cost {
        shift: Cost::shift_for(greatest + scale.full_scale_na(), scale),
        targets: words.collect(),
    }
}
