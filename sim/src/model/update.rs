//! Reference model of the update: loss of a case, descent step of every slot, new controls.

use hge_protocol::frame::SlotSums;

/// Outcome of one case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseError {
    /// Weighted error, saturated to 16 bits.
    pub weighted: i16,
    /// Share of the case in the loss, 32 squared codes.
    pub loss: u32,
    /// Something saturated.
    pub saturated: bool,
}

/// Weight of a case's target word, 8192 is one.
pub fn weight(target_word: u32) -> i16 {
    (target_word >> 16 & 0x3fff) as i16
}

/// Error of a case: the mean of the window against the case's target word.
pub fn case_error(first: i32, second: i32, window_log2: u32, target_word: u32) -> CaseError {
    let sum = i64::from(first) + i64::from(second);
    let mean = (sum >> window_log2) as i32;
    let target = i32::from(target_word as u16 as i16);
    let weight = i32::from(weight(target_word));
    let (difference, cut) = saturate_16(mean - target);
    let counts = match target_word >> 30 {
        1 => difference < 0,
        2 => difference > 0,
        3 => false,
        _ => true,
    };
    let difference = if counts { difference } else { 0 };
    let (weighted, cut_again) = saturate_16((weight * i32::from(difference)) >> 13);
    let square = i32::from(weighted) * i32::from(difference);
    CaseError { weighted, loss: (square >> 5) as u32, saturated: cut || cut_again }
}

/// Addition to a slot's step from one case, its response times `factor`, and whether something saturated.
///
/// `coefficients` holds the in-phase factor in its low half, the quadrature factor in its high half.
pub fn step_addition(
    sums: SlotSums,
    coefficients: u32,
    factor: i16,
    window_log2: u32,
    gradient_shift: u32,
    step_shift: u32,
) -> (i32, bool) {
    let in_phase = sums.in_phase >> window_log2;
    let quadrature = sums.quadrature >> window_log2;
    let factor_i = i64::from(coefficients as u16 as i16);
    let factor_q = i64::from((coefficients >> 16) as u16 as i16);
    let response = (in_phase * factor_i + quadrature * factor_q) >> gradient_shift;
    let limit = (1_i64 << 30) - 1;
    let gradient = response.clamp(-limit - 1, limit);
    let step = (gradient * i64::from(factor)) >> step_shift;
    let (cut, saturated) = saturate_32(step);
    (cut, saturated || gradient != response)
}

/// Sum of two steps, saturating.
pub fn add_step(step: i32, addition: i32) -> (i32, bool) {
    saturate_32(i64::from(step) + i64::from(addition))
}

/// New control word: the old one less the step, clipped to the limits word's codes.
pub fn apply(control: i32, step: i32, limits_word: u32) -> i32 {
    let low = i32::from(limits_word as u16 as i16) << 16;
    let high = i32::from((limits_word >> 16) as u16 as i16) << 16;
    let moved = saturate_32(i64::from(control) - i64::from(step)).0;
    if moved < low {
        low
    } else if moved > high {
        high
    } else {
        moved
    }
}

fn saturate_16(value: i32) -> (i16, bool) {
    let cut = value.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
    (cut as i16, cut != value)
}

fn saturate_32(value: i64) -> (i32, bool) {
    let cut = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    (cut as i32, cut != value)
}
