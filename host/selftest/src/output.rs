//! Checks of one output: gain, steps of its DAC, range, and isolation from other outputs.

use super::stand::Stand;
use super::{Error, Row};
use hge_driver::text::number;
use hge_protocol::DacCode;

/// Repetitions of a step at first, and at most.
const FEWEST: usize = 8;
const MOST: usize = 64;

/// Standard errors within which a figure lies.
const SIGMAS: f64 = 5.0;

/// Share by which a DAC's step may be off: of two bits that are swapped the larger is off by half or more.
const STEP_TOLERANCE: f64 = 0.4;

/// Tolerance for a step partly hidden by noise and rounding: a stuck bit, or the smaller of two swapped bits, is off by its complete step.
const HIDDEN_TOLERANCE: f64 = 0.6;

/// Below this share of the declared gain the output counts as not connected.
const DEAD: f64 = 0.2;

/// Share of the span by which the range may bend; `hge iv` calls 1 % linear.
const BEND: f64 = 0.01;

/// Share of the connected output's answer that another output may have.
const LEAK: f64 = 0.02;

/// Share of its own DAC's gain that an output may differ from the others: two resistors of 1 % in the level shift, and one in the reference.
pub(super) const MATCH: f64 = 0.03;

/// Windows at each voltage of another output.
const ISOLATION_REPEATS: usize = 4;

/// Points of the range.
const POINTS: usize = 17;

/// One bit of a DAC: its step, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    bit: u32,
    volts: f64,
    /// Change at the ADC.
    adc_v: f64,
    /// Allowance for noise and quantisation.
    error_v: f64,
    clipped: bool,
}

/// What is connected.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Gain {
    /// Volts at the ADC a volt of the output.
    Found(f64),
    /// The input does not follow.
    Dead,
    /// The input is at an end of its range at every voltage.
    Clipped,
}

/// An output after its steps.
pub(super) struct Examined {
    pub(super) output: usize,
    pub(super) gain: Gain,
    steps: Vec<Step>,
}

impl Examined {
    /// Steps every bit of the output's DAC that the range allows, the largest first, until noise hides the next.
    pub(super) fn of(stand: &mut Stand, output: usize) -> Result<Self, Error> {
        let scale = stand.scale().output(output);
        let declared = stand.declared_gain();
        let high_v = stand.span_v(output).1;
        let zero_v = scale.volts(DacCode(0));
        let least = 16 - scale.bits;
        let mut steps: Vec<Step> = Vec::new();
        for bit in (least..15).rev() {
            let at_v = scale.volts(DacCode(1 << bit));
            if at_v > high_v {
                continue;
            }
            let volts = at_v - zero_v;
            let step = step(stand, output, bit, [zero_v, at_v])?;
            // By what is measured: a gain that is off must not hide bits.
            let seen = median_gain(&steps).unwrap_or(declared).abs().max(DEAD * declared.abs());
            if step.error_v > HIDDEN_TOLERANCE * seen * volts && !step.clipped {
                break;
            }
            steps.push(step);
            let is_dead =
                steps.len() == 4 && median_gain(&steps).is_none_or(|g| is_dead(g, declared));
            if is_dead {
                break;
            }
        }
        let gain = match median_gain(&steps) {
            None if !steps.is_empty() => Gain::Clipped,
            Some(gain) if !is_dead(gain, declared) => Gain::Found(gain),
            _ => Gain::Dead,
        };
        Ok(Examined { output, gain, steps })
    }

    /// The DAC's steps, each against its share of the gain. `ceiling_v`: the input clips there.
    pub(super) fn steps_row(&self, stand: &Stand, ceiling_v: Option<f64>) -> Row {
        const CHECK: &str = "steps";
        let Gain::Found(gain) = self.gain else {
            return Row::not_run(CHECK, not_reached(self.output)).of_output(self.output);
        };
        let dac_bits = stand.scale().output(self.output).bits;
        let own = |bit: u32| bit - (16 - dac_bits);
        let ratio = |step: &Step| step.adc_v / (gain * step.volts);
        let allowed = |step: &Step| STEP_TOLERANCE.max(step.error_v / (gain * step.volts).abs());
        let is_cut = |step: &Step| {
            step.clipped
                || ceiling_v.is_some_and(|v| ratio(step) < 1.0 && step.adc_v.abs() > 0.9 * v)
        };
        let seen: Vec<&Step> = self.steps.iter().filter(|step| !is_cut(step)).collect();
        let share = |step: &Step| (ratio(step) - 1.0).abs() / allowed(step);
        let worst = seen.iter().max_by(|a, b| share(a).total_cmp(&share(b)));
        let (Some(worst), Some(least)) = (worst, seen.last()) else {
            let reason =
                "no step of the DAC is above the noise: lower the noise or use a smaller resistor";
            return Row::not_run(CHECK, reason).of_output(self.output);
        };
        let wrong = seen.iter().filter(|step| share(step) > 1.0);
        let wrong: Vec<String> = wrong
            .map(|step| {
                format!("bit {} moves the input by {:.2} of its step", own(step.bit), ratio(step))
            })
            .collect();
        let hidden = match own(least.bit) {
            0 => String::new(),
            1 => ", bit 0 is lost in noise and rounding".into(),
            least => format!(", bits 0 to {} are lost in noise and rounding", least - 1),
        };
        let basis = format!(
            "largest relative deviation of a DAC step, bits {} to {} of {dac_bits}, least step {} mV{hidden}",
            own(least.bit),
            seen.first().map_or(0, |step| own(step.bit)),
            number((least.volts * 1e6).round() / 1e3),
        );
        let advice = format!(
            "{}: a data line of the DAC is stuck or swapped, or its codes are truncated",
            wrong.join(", ")
        );
        let bounds = (1.0 - allowed(worst), 1.0 + allowed(worst));
        Row::judged(CHECK, ratio(worst), "", bounds, basis, advice).of_output(self.output)
    }
}

/// Why a figure of this output is not there.
pub(super) fn not_reached(output: usize) -> String {
    format!("output {output} does not move the input")
}

fn is_dead(gain: f64, declared: f64) -> bool {
    gain.abs() < DEAD * declared.abs()
}

/// Median over the larger steps, independent of one or two wrong bits; none where all clip.
fn median_gain(steps: &[Step]) -> Option<f64> {
    let largest = steps.iter().map(|step| step.volts).fold(0.0, f64::max);
    let sound = steps.iter().filter(|step| !step.clipped && step.volts > largest / 20.0);
    let mut gains: Vec<f64> = sound.map(|step| step.adc_v / step.volts).collect();
    gains.sort_unstable_by(f64::total_cmp);
    let count = gains.len();
    (count > 0).then(|| (gains[(count - 1) / 2] + gains[count / 2]) / 2.0)
}

/// Between the voltages of code 0 and of one bit, as often as it takes to know the step to its tolerance.
fn step(stand: &mut Stand, output: usize, bit: u32, ends_v: [f64; 2]) -> Result<Step, Error> {
    let volts = ends_v[1] - ends_v[0];
    let wanted_v = STEP_TOLERANCE * stand.declared_gain().abs() * volts * 0.5;
    let (mut differences, mut clipped) = (Vec::new(), false);
    let mut repeats = FEWEST;
    loop {
        let more = repeats - differences.len();
        let pair = ends_v.map(|volts| stand.row(output, volts));
        let rows: Vec<Vec<f64>> = (0..more).flat_map(|_| pair.clone()).collect();
        for pair in stand.levels(&rows)?.chunks_exact(2) {
            differences.push(pair[1].adc_v - pair[0].adc_v);
            clipped |= pair[0].clipped || pair[1].clipped;
        }
        let (adc_v, error_v) = mean(stand, &differences);
        if error_v <= wanted_v || clipped || repeats >= MOST {
            return Ok(Step { bit, volts, adc_v, error_v, clipped });
        }
        repeats *= 2;
    }
}

/// Mean of differences of two windows, and what noise and quantisation may make of it.
fn mean(stand: &Stand, differences: &[f64]) -> (f64, f64) {
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let variance =
        differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    let white = stand.noise_v * (2.0 / f64::from(stand.window_samples())).sqrt();
    let error = (variance.sqrt().max(white)) / count.sqrt();
    // Noise below half a step of the ADC does not dither its rounding.
    let step_v = stand.adc_step_v();
    let rounding = if stand.noise_v < 0.5 * step_v { step_v } else { 0.0 };
    (mean, SIGMAS * error + rounding)
}

/// The gain of an output compared with `reference`, the gain of all outputs.
pub(super) fn gain_row(
    examined: &Examined,
    stand: &Stand,
    reference: Option<f64>,
    found: Option<usize>,
) -> Row {
    const CHECK: &str = "gain";
    let output = examined.output;
    let basis = format!(
        "gain of this output over that of all tested outputs: its DAC and its level shift to {} %",
        number(MATCH * 100.0)
    );
    let bounds = (1.0 - MATCH, 1.0 + MATCH);
    let dead = match found {
        Some(other) => format!("output {other} moves the input instead: channels {output} and {other} are swapped, or the wire is on output {other}"),
        None => format!("the input does not follow: check wire, resistor, supply and switch of output {output}, and whether the input is shorted to ground"),
    };
    let row = match (&examined.gain, reference) {
        (Gain::Found(gain), Some(reference)) => {
            let ratio = gain / reference;
            let advice = if ratio < 0.0 {
                "its sign is opposite to that of the other outputs: swap the two inputs of its level shift"
            } else {
                "its DAC, reference or level shift differs from the others: measure its voltage"
            };
            Row::judged(CHECK, ratio, "", bounds, basis, advice)
        }
        (Gain::Clipped, _) => Row::held(CHECK, basis, Some(
            "the input is at an end of its range at every voltage: look for a short of the input, a wrong resistor or a missing supply of the I-V converter".into(),
        )),
        _ => {
            let seen = examined.steps.iter().map(|step| step.adc_v / step.volts).next_back();
            let ratio = seen.unwrap_or(0.0) / reference.unwrap_or(stand.declared_gain());
            Row::judged(CHECK, ratio, "", bounds, basis, "").failed(dead)
        }
    };
    row.of_output(output)
}

/// The voltages that the limits and the ADC allow, against the straight line of the gain. Returns the row, and where the input clips before them.
pub(super) fn range_row(
    stand: &mut Stand,
    examined: &Examined,
) -> Result<(Row, Option<f64>), Error> {
    const CHECK: &str = "range";
    let output = examined.output;
    let Gain::Found(gain) = examined.gain else {
        return Ok((Row::not_run(CHECK, not_reached(output)).of_output(output), None));
    };
    let (low_v, high_v) = stand.span_v(output);
    let scale = stand.scale().output(output);
    let step_v = scale.step_v();
    let (least_v, most_v) = scale.ends_v();
    let volts: Vec<f64> = (0..POINTS)
        .map(|n| low_v + (high_v - low_v) * n as f64 / (POINTS - 1) as f64)
        .map(|volts| scale.volts(scale.code_below(volts)).clamp(low_v, high_v))
        .collect();
    let rows: Vec<Vec<f64>> = volts.iter().map(|&v| stand.row(output, v)).collect();
    let mut sums = [0.0; POINTS];
    let mut clips = [false; POINTS];
    for _ in 0..2 {
        for (n, level) in stand.levels(&rows)?.into_iter().enumerate() {
            sums[n] += level.adc_v / 2.0;
            clips[n] |= level.clipped;
        }
    }
    let residues: Vec<f64> = sums.iter().zip(&volts).map(|(adc_v, v)| adc_v - gain * v).collect();
    let mut sorted = residues.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let offset = sorted[POINTS / 2];
    let seen_v = gain.abs() * (high_v - low_v);
    let (worst, residue) = residues.iter().enumerate().fold((0, 0.0_f64), |(at, most), (n, r)| {
        let residue = (r - offset).abs();
        if residue > most {
            (n, residue)
        } else {
            (at, most)
        }
    });
    let noise = stand.noise_v / (2.0 * f64::from(stand.window_samples())).sqrt();
    let bound = BEND + (SIGMAS * noise + stand.adc_step_v()) / seen_v;
    let whole = if low_v < least_v + step_v && high_v > most_v - step_v {
        String::new()
    } else {
        format!(
            " of the DAC's {} to {} V (the guard's limits and the input's range end there)",
            number(least_v),
            number(most_v)
        )
    };
    let text = |v: f64| number((v * 1e3).round() / 1e3);
    let basis = format!(
        "largest distance from a straight line over the span, {} to {} V{whole}: 1 %, noise and rounding",
        text(low_v),
        text(high_v)
    );
    let at = text(volts[worst]);
    let is_at_end = worst == 0 || worst == POINTS - 1;
    let is_short = (sums[worst] - offset).abs() < (gain * volts[worst]).abs();
    let is_clipped = clips.iter().any(|&clipped| clipped);
    let cuts = is_clipped || (residue / seen_v > bound && is_at_end && is_short);
    let advice = if cuts {
        format!("the input clips before {at} V: check supply and clipping of the I-V converter and iv_clip_v, or use a larger resistor")
    } else {
        format!("the line breaks at {at} V: a bit of the DAC is stuck, or the output is loaded or oscillates")
    };
    let row = Row::judged(CHECK, residue / seen_v, "", (0.0, bound), basis, advice.clone());
    let row = if is_clipped { row.failed(advice) } else { row };
    Ok((row.of_output(output), cuts.then_some((sums[worst] - offset).abs())))
}

/// Every other output in turn, compared with the response of the connected one. Returns the row, and the output that responds in its place.
pub(super) fn isolation_row(
    stand: &mut Stand,
    examined: &Examined,
) -> Result<(Row, Option<usize>), Error> {
    const CHECK: &str = "isolation";
    let output = examined.output;
    let expected = match examined.gain {
        Gain::Found(gain) => gain.abs(),
        _ => stand.declared_gain().abs(),
    };
    let volts = stand.reach_v() / 2.0;
    let others: Vec<usize> = (0..stand.outputs()).filter(|&other| other != output).collect();
    let rows: Vec<Vec<f64>> = others
        .iter()
        .flat_map(|&other| [stand.row(other, -volts), stand.row(other, volts)])
        .collect();
    let mut levels = vec![0.0; rows.len()];
    for _ in 0..ISOLATION_REPEATS {
        for (sum, level) in levels.iter_mut().zip(stand.levels(&rows)?) {
            *sum += level.adc_v / ISOLATION_REPEATS as f64;
        }
    }
    let share = |pair: &[f64]| (pair[1] - pair[0]).abs() / (2.0 * volts * expected);
    let shares = others.iter().zip(levels.chunks_exact(2).map(share));
    let Some((&worst, largest)) = shares.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Ok((Row::not_run(CHECK, "there is no other output").of_output(output), None));
    };
    let noise = stand.noise_v * (2.0 / f64::from(stand.window_samples())).sqrt();
    let bound = LEAK + (SIGMAS * noise + stand.adc_step_v()) / (2.0 * volts * expected);
    if examined.gain == Gain::Dead {
        let reason = not_reached(output);
        let found = (largest > 0.5).then_some(worst);
        return Ok((Row::not_run(CHECK, reason).of_output(output), found));
    }
    let basis = format!("largest response to another output over that to output {output}: crosstalk, noise and rounding");
    let advice = format!("output {worst} moves the input too: look for a second wire or a bridge between outputs {output} and {worst}");
    Ok((Row::judged(CHECK, largest, "", (0.0, bound), basis, advice).of_output(output), None))
}
