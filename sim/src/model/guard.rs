//! Reference model of the guard: the last stage before the DAC.

/// Limits of one output, DAC codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Low limit.
    pub low: i16,
    /// High limit.
    pub high: i16,
    /// Where the output goes when disarmed.
    pub safe: i16,
}

/// Result of the guard for one output in one sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Code for the DAC.
    pub code: i16,
    /// The requested code was outside the limits.
    pub clamped: bool,
    /// The step was cut.
    pub limited: bool,
}

/// Clamps `wanted` to the limits (or goes to the safe value when not armed), then limits the step from
/// `last`, the output's present code.
pub fn judge(wanted: i16, last: i16, limits: Limits, armed: bool, step: u16) -> Verdict {
    let goal = if armed { wanted } else { limits.safe };
    // Low wins where the limits cross, as in the gateware.
    let inside = if goal < limits.low {
        limits.low
    } else if goal > limits.high {
        limits.high
    } else {
        goal
    };
    let way = i32::from(inside) - i32::from(last);
    let step = i32::from(step);
    let (code, limited) = if way > step {
        (i32::from(last) + step, true)
    } else if way < -step {
        (i32::from(last) - step, true)
    } else {
        (i32::from(inside), false)
    };
    Verdict { code: code as i16, clamped: inside != goal, limited }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_leaves_the_limits_once_inside_and_no_step_is_longer_than_told() {
        let limits = Limits { low: -20000, high: 15000, safe: 100 };
        let mut last = 0;
        for wanted in [i16::MAX, i16::MIN, 0, -32767, 14999, 15001] {
            for armed in [true, false, true] {
                for _ in 0..50 {
                    let verdict = judge(wanted, last, limits, armed, 700);
                    assert!((limits.low..=limits.high).contains(&verdict.code));
                    assert!((i32::from(verdict.code) - i32::from(last)).abs() <= 700);
                    last = verdict.code;
                }
            }
        }
    }
}
