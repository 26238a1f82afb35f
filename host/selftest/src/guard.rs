//! Checks of the guard without a trip: limits, step limit, the ramp to the safe values, the output switch.

use super::stand::Stand;
use super::{Error, Row, Settings};
use hge_driver::scale::OutputScale;
use hge_driver::{ArmMode, DriverError};
use hge_protocol::registers as map;
use hge_protocol::DacCode;
use std::f64::consts::TAU;

pub(super) const LIMITS: &str = "limits";
pub(super) const STEP_LIMIT: &str = "step limit";
pub(super) const DISARM: &str = "disarm";
pub(super) const SWITCH: &str = "output switch";

/// In the order of the table.
pub(super) const CHECKS: [&str; 4] = [LIMITS, STEP_LIMIT, DISARM, SWITCH];

/// Window of a run that only holds voltages.
pub(super) const HOLD_SAMPLES: u32 = 65_536;

/// Samples of the limited ramp: short compared with a mains period.
const RAMP: u32 = 16;

/// Ramps that are measured.
const RAMPS: u32 = 4;

/// Share by which its length may be off.
const RAMP_TOLERANCE: f64 = 0.15;

/// Share of the reach at which voltages are held: an input that clips early is another check's.
const SHARE: f64 = 0.25;

/// Share of the connected output's answer by which a level may be off.
const LEVEL: f64 = 0.05;

/// Codes of a level.
const LEVEL_SAMPLES: u32 = 256;

/// Every check, in order. `connected`: the output that moves the input, and its gain.
pub(super) fn check(
    stand: &mut Stand,
    settings: &Settings,
    connected: Option<(usize, f64)>,
    each: &mut dyn FnMut(Row),
) -> Result<(), Error> {
    each(limits(stand, settings, connected)?);
    let not_seen = |check| Row::not_run(check, "no output moves the input");
    match connected {
        None => {
            each(not_seen(STEP_LIMIT));
            each(disarm(stand, settings, None)?);
            each(not_seen(SWITCH));
        }
        Some((output, gain)) => {
            each(step_limit(stand, settings, output, gain)?);
            each(disarm(stand, settings, connected)?);
            each(switch(stand, output, gain)?);
        }
    }
    Ok(())
}

/// Voltages for all outputs that may be driven: only one if each has its own resistor.
fn everywhere(stand: &Stand, settings: &Settings, driven: usize, volts: f64) -> Vec<f64> {
    if settings.connected_at_once {
        return stand.row(driven, volts);
    }
    vec![volts; stand.outputs()]
}

/// Arms and holds voltages in a run until they are reached; the run continues until the guard is disarmed.
fn reached(stand: &mut Stand) -> Result<(), Error> {
    stand.hold(ArmMode::Host)?;
    let samples = stand.ramp_samples();
    stand.wait_samples(samples)
}

/// Drives outputs beyond narrowed limits, on both sides.
fn limits(
    stand: &mut Stand,
    settings: &Settings,
    connected: Option<(usize, f64)>,
) -> Result<Row, Error> {
    let driven = connected.map_or(0, |(output, _)| output);
    let inner_v = stand.reach_v() * SHARE;
    let rest_v = level(stand, driven, 0.0)?;
    let scales: Vec<OutputScale> =
        (0..stand.outputs()).map(|output| stand.scale().output(output)).collect();
    let code = |output: usize, volts: f64| scales[output].code_below(volts).0;
    let narrow: Vec<(u16, u32)> = (0..stand.outputs())
        .flat_map(|output| {
            let words = [-inner_v, inner_v].map(|volts| u32::from(code(output, volts) as u16));
            (map::GUARD + 4 * output as u16..).zip(words)
        })
        .collect();
    let (mut worst, mut problem) = ((0_i32, driven), None);
    for sign in [-1.0, 1.0] {
        let beyond_v = 2.0 * sign * inner_v;
        let volts = everywhere(stand, settings, driven, beyond_v);
        stand.prepare(&volts, 0.0, HOLD_SAMPLES, &narrow)?;
        reached(stand)?;
        for (output, present) in stand.present_codes()?.into_iter().enumerate() {
            let off = i32::from(present) - i32::from(code(output, sign * inner_v));
            if volts[output] != 0.0 && off.abs() > worst.0.abs() {
                worst = (off, output);
            }
        }
        let Some((_, gain)) = connected else { continue };
        // Alone: others may leak.
        let row = stand.row(driven, beyond_v);
        stand.prepare(&row, 0.0, HOLD_SAMPLES, &narrow)?;
        reached(stand)?;
        let limit_v = scales[driven].volts(DacCode(code(driven, sign * inner_v)));
        let expected_v = gain * limit_v;
        let found_v = mean(&stand.capture(LEVEL_SAMPLES, 1)?) - rest_v;
        if (found_v - expected_v).abs() > LEVEL * expected_v.abs() + noise_of_mean(stand) {
            let share = found_v / expected_v;
            problem = Some(format!("the input shows {share:.3} of the limit's voltage: the guard's code differs from the DAC's output"));
        }
    }
    stand.home()?;
    let basis = "largest distance of an output from its limit, driven to twice the limit on both sides; the input agrees to 5 %";
    let advice = format!(
        "output {} leaves its limits: do not connect a device, build and flash the gateware again",
        worst.1
    );
    let row = Row::judged(LIMITS, f64::from(worst.0), "codes", (0.0, 0.0), basis, advice);
    Ok(match problem {
        Some(problem) if worst.0 == 0 => row.failed(problem),
        _ => row,
    })
}

/// The input while this voltage is held on one output.
fn level(stand: &mut Stand, output: usize, volts: f64) -> Result<f64, Error> {
    let row = stand.row(output, volts);
    Ok(stand.levels(&[row.clone(), row])?.iter().map(|level| level.adc_v).sum::<f64>() / 2.0)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Five standard errors of the mean of a short capture, and a step of the ADC.
fn noise_of_mean(stand: &Stand) -> f64 {
    5.0 * stand.noise_v / f64::from(LEVEL_SAMPLES).sqrt() + stand.adc_step_v()
}

/// A fast ramp under a slow step limit, as the input sees it.
fn step_limit(
    stand: &mut Stand,
    settings: &Settings,
    output: usize,
    gain: f64,
) -> Result<Row, Error> {
    let volts = stand.reach_v() * SHARE;
    let scale = stand.scale().output(output);
    let code = f64::from(scale.code(volts).0) - f64::from(scale.code(0.0).0);
    let step = (code / f64::from(RAMP)).floor().max(1.0);
    let overrides = [
        (map::STEP_LIMIT, step as u32),
        (map::RAMP_STEP, (code / 4.0 * 65_536.0) as u32),
        (map::SETTLE, 4 * RAMP),
    ];
    let row = stand.row(output, volts);
    // Cycles of the mains a sample.
    let mains: Vec<f64> = settings.mains().iter().map(|hz| hz / stand.rate_hz()).collect();
    let mut found = 0.0;
    for _ in 0..RAMPS {
        stand.prepare(&row, 0.0, 64, &overrides)?;
        let instrument = stand.instrument();
        instrument.arm(ArmMode::Host)?;
        let captured = instrument.run_captured(0, 1, |_| ());
        stand.home()?;
        let codes = match captured {
            Ok((_, captured)) if captured.missing.is_empty() => captured.codes,
            Ok(_) | Err(DriverError::Capture { .. } | DriverError::EndLost) => {
                let reason =
                    "codes were lost: the line is too slow for this sample rate, lower rate_hz";
                return Ok(Row::not_run(STEP_LIMIT, reason));
            }
            Err(error) => return Err(error.into()),
        };
        let values: Vec<f64> = codes.iter().map(|&code| stand.adc_v(f64::from(code))).collect();
        found += ramp_length(values, gain * volts, &mains) / f64::from(RAMPS);
    }
    let expected = code / step;
    let bounds = (expected * (1.0 - RAMP_TOLERANCE) - 2.0, expected * (1.0 + RAMP_TOLERANCE) + 2.0);
    let basis = format!("samples that the input takes for {code} codes at {step} a sample, after a ramp four times as fast: 15 % for noise");
    let advice = "the guard does not limit the step: do not connect a device, build and flash the gateware again";
    Ok(Row::judged(STEP_LIMIT, found, "samples", bounds, basis, advice))
}

/// Samples of the linear rise by `rise` that fits `values` best, for any begin and level, with hum at `mains` in cycles a sample.
fn ramp_length(mut values: Vec<f64>, rise: f64, mains: &[f64]) -> f64 {
    let count = values.len();
    let disturbances = disturbances(count, mains);
    take_off(&mut values, &disturbances);
    let values = Sums::of(&values);
    let disturbances: Vec<Sums> = disturbances.iter().map(|along| Sums::of(along)).collect();
    let mut best = (f64::INFINITY, 0);
    let mut costs = Vec::new();
    for length in 1..=(3 * RAMP as usize).min(count) {
        let steps = length as f64;
        // Squared distance of the rise, disturbances taken off, from the values, whose own square is the same for every rise.
        costs.clear();
        costs.extend((0..=count - length).map(|begin| {
            let flat = (count - begin - length) as f64;
            rise * rise * ((steps + 1.0) * (2.0 * steps + 1.0) / (6.0 * steps) + flat)
        }));
        for along in &disturbances {
            along.of_rises(length, &mut costs, |cost, product| cost - (rise * product).powi(2));
        }
        values.of_rises(length, &mut costs, |cost, product| cost - 2.0 * rise * product);
        for &cost in &costs {
            if cost < best.0 {
                best = (cost, length);
            }
        }
    }
    best.1 as f64
}

/// Sums of the first values, and of these values times their places.
struct Sums {
    plain: Vec<f64>,
    placed: Vec<f64>,
}

impl Sums {
    fn of(values: &[f64]) -> Self {
        let mut sums = Sums { plain: vec![0.0], placed: vec![0.0] };
        for (n, value) in values.iter().enumerate() {
            sums.plain.push(sums.plain[n] + value);
            sums.placed.push(sums.placed[n] + n as f64 * value);
        }
        sums
    }

    /// Changes the cost of each begin by the inner product with what rises by 1 in `length` equal steps from there on.
    fn of_rises(&self, length: usize, costs: &mut [f64], change: impl Fn(f64, f64) -> f64) {
        let (all, share) = (self.plain[self.plain.len() - 1], 1.0 / length as f64);
        let plain = self.plain.iter().zip(&self.plain[length..]);
        let placed = self.placed.iter().zip(&self.placed[length..]);
        for (begin, ((plain, placed), cost)) in plain.zip(placed).zip(costs).enumerate() {
            let risen = (placed.1 - placed.0) - (begin as f64 - 1.0) * (plain.1 - plain.0);
            *cost = change(*cost, risen * share + all - plain.1);
        }
    }
}

/// A level and hum of any phase, as orthonormal directions of a capture (Gram and Schmidt).
fn disturbances(count: usize, mains: &[f64]) -> Vec<Vec<f64>> {
    let hum = mains.iter().flat_map(|cycles| {
        let phases = move || (0..count).map(move |n| TAU * cycles * n as f64);
        [phases().map(f64::cos).collect(), phases().map(f64::sin).collect()]
    });
    let mut directions: Vec<Vec<f64>> = Vec::new();
    for mut column in std::iter::once(vec![1.0; count]).chain(hum) {
        take_off(&mut column, &directions);
        let length = column.iter().map(|value| value * value).sum::<f64>().sqrt();
        // A capture that is short beside the mains' period does not tell all of them apart.
        if length > 1e-6 * (count as f64).sqrt() {
            column.iter_mut().for_each(|value| *value /= length);
            directions.push(column);
        }
    }
    directions
}

/// Takes what lies in orthonormal directions off.
fn take_off(values: &mut [f64], directions: &[Vec<f64>]) {
    for direction in directions {
        let part: f64 = values.iter().zip(direction).map(|(value, along)| value * along).sum();
        values.iter_mut().zip(direction).for_each(|(value, along)| *value -= part * along);
    }
}

/// From voltages away from the safe values, disarms.
fn disarm(
    stand: &mut Stand,
    settings: &Settings,
    connected: Option<(usize, f64)>,
) -> Result<Row, Error> {
    let driven = connected.map_or(0, |(output, _)| output);
    let held_v = stand.reach_v() * SHARE;
    let volts = everywhere(stand, settings, driven, held_v);
    stand.prepare(&volts, 0.0, HOLD_SAMPLES, &[])?;
    reached(stand)?;
    let before = stand.present_codes()?;
    stand.home()?;
    let present = stand.present_codes()?;
    let mut problem = None;
    let safe = stand.safe_codes();
    if before[driven] == safe[driven] {
        problem = Some("the outputs did not leave their safe values while armed".into());
    }
    if let Some((output, gain)) = connected {
        let row = stand.row(output, held_v);
        stand.prepare(&row, 0.0, HOLD_SAMPLES, &[])?;
        reached(stand)?;
        let armed_v = mean(&stand.capture(LEVEL_SAMPLES, 1)?);
        stand.home()?;
        // Disarmed, and the switch open where there is one: either way 0 V.
        let fell_v = armed_v - mean(&stand.capture(LEVEL_SAMPLES, 1)?);
        let expected_v = gain * held_v;
        let bound_v = LEVEL * expected_v.abs() + 2.0 * noise_of_mean(stand);
        if (fell_v - expected_v).abs() > bound_v {
            let share = fell_v / expected_v;
            problem = Some(format!("the input falls by {share:.3} of the expected step: the DAC or the switch does not change"));
        }
    }
    let distances =
        present.iter().zip(&safe).map(|(&code, &safe)| i32::from(code) - i32::from(safe));
    let farthest = distances.max_by_key(|distance| distance.abs());
    let farthest = f64::from(farthest.unwrap_or(0));
    let basis = "largest distance of an output from its safe value after disarming; the input falls with it";
    let advice = "outputs do not ramp to their safe values: do not connect a device, build and flash the gateware again";
    let row = Row::judged(DISARM, farthest, "codes", (0.0, 0.0), basis, advice);
    Ok(match problem {
        Some(problem) => row.failed(problem),
        None => row,
    })
}

/// Disarms with a safe value other than 0 V: with an open switch the input is at 0 V nevertheless.
fn switch(stand: &mut Stand, output: usize, gain: f64) -> Result<Row, Error> {
    let safe_v = stand.reach_v() * SHARE;
    let rest_v = level(stand, output, 0.0)?;
    let row = stand.row(output, safe_v);
    stand.prepare(&row, safe_v, HOLD_SAMPLES, &[])?;
    reached(stand)?;
    stand.instrument().disarm()?;
    let found_v = mean(&stand.capture(LEVEL_SAMPLES, 1)?) - rest_v;
    let is_simulated = stand.instrument().build_hash() == 0;
    let share = found_v / (gain * safe_v);
    // Back to a safe value of 0 V.
    let row = stand.row(output, 0.0);
    stand.prepare(&row, 0.0, HOLD_SAMPLES, &[])?;
    stand.instrument().arm(ArmMode::Host)?;
    stand.home()?;
    if is_simulated && share > 0.9 {
        return Ok(Row::not_run(SWITCH, "this simulated bench has no output switch"));
    }
    let bound = LEVEL + noise_of_mean(stand) / (gain * safe_v).abs();
    let basis = "remaining input from a safe value other than 0 V, disarmed: the switch is open";
    let advice = "the output switch does not open, or is missing: check its supply and the wire to output_enable before you connect a device";
    Ok(Row::judged(SWITCH, share, "", (-bound, bound), basis, advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn the_length_of_a_ramp_is_found_in_noise_of_a_tenth_of_its_height() {
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        for length in [2, 4, 16, 40] {
            let values: Vec<f64> = (0..500)
                .map(|n| {
                    let rise = ((f64::from(n) - 99.0) / f64::from(length)).clamp(0.0, 1.0);
                    let noise: f64 = StandardNormal.sample(&mut dice);
                    0.3 - 2.0 * rise + 0.2 * noise
                })
                .collect();
            let found = ramp_length(values, -2.0, &[0.01, 0.012]);
            assert!(
                (found - f64::from(length)).abs() < 2.0 + 0.1 * f64::from(length),
                "{length}: {found}"
            );
        }
    }

    #[test]
    fn hum_of_a_fifth_of_a_ramp_leaves_its_length() {
        for (phase, cycles) in (0..16).flat_map(|phase| [(phase, 0.01), (phase, 0.012)]) {
            let hum =
                |n: u32| 0.2 * (TAU * (f64::from(n) * cycles + f64::from(phase) / 16.0)).sin();
            let rise = |n: u32| ((f64::from(n) - 59.0) / 16.0).clamp(0.0, 1.0);
            let values = (0..128).map(|n| rise(n) + hum(n)).collect();
            assert_eq!(ramp_length(values, 1.0, &[0.01, 0.012]), 16.0, "{phase}, {cycles}");
        }
    }
}
