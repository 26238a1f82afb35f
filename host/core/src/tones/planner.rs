//! Planner of tones and of empty lines near them.

use super::crosstalk::{Crosstalk, Pair, REPORTED_DB};
use super::products::{on_lines, Product};
use super::set::{Cost, ToneSet};
use super::{exact, grid, local, Grid, NoiseModel, ToneError};
use serde::Serialize;

/// Tones up to which the best set is searched for exactly.
pub const EXACT_TONES: usize = 8;

/// Tones up to which products of third order are listed: their number grows with the third power.
const THIRD_ORDER_TONES: usize = 64;

/// Products that are listed of those that could not be avoided.
const LISTED: usize = 100;

/// Lines whose expected errors differ by less than this count as equally good, and the lower one is taken.
const EQUALLY_GOOD: f64 = 0.02;

/// Empty lines near a tone: one on each side.
pub const EMPTY_LINES: u32 = 2;

/// Empty lines that each of `count` tones can have: a tone and an empty line take a slot each.
pub fn empty_lines_in(slots: u32, count: usize) -> u32 {
    let left = (slots as usize).saturating_sub(count) / count.max(1);
    EMPTY_LINES.min(left as u32)
}

/// Preference among sets with the same products on tones and as many empty lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The worst line as good as can be, then the second worst: where noise is white, the lowest highest line.
    #[default]
    Compact,
    /// The best line as good as can be, then the second best: the order of trainings, whose seeds keep their tones with it.
    BestFirst,
}

/// Requirements of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneSpec {
    /// Sample rate and window.
    pub grid: Grid,
    /// Tones.
    pub count: usize,
    /// Lowest and highest frequency.
    pub band_hz: [f64; 2],
    /// Empty lines near each tone, where possible.
    pub empty_lines: u32,
    /// Preference among equally clean sets.
    pub order: Order,
    /// Noise, mains and pole.
    pub noise_model: NoiseModel,
}

/// A tone of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tone {
    /// Whole periods in the window.
    pub cycles: u32,
    /// Frequency.
    pub frequency_hz: f64,
    /// Gain of the I-V converter's pole for its response.
    pub gain: f64,
    /// Standard error of its in-phase amplitude after one window, in nA: the derivative's is this over the tone's amplitude.
    pub error_na: f64,
    /// Multiples of empty lines near it, for measuring the noise.
    pub empty_lines: Vec<u32>,
}

/// Tones, and what they could not avoid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TonePlan {
    /// One for each parameter: of a plan in ascending order, of a user's own set in the user's.
    pub tones: Vec<Tone>,
    /// Products that fall on tones: of second order, then of third; the first hundred of each.
    pub on_tones: Vec<Product>,
    /// Number of these products.
    pub on_tones_count: u32,
    /// Tones that a harmonic of the mains reaches.
    pub on_mains: Vec<u32>,
    /// Tones with fewer empty lines than requested.
    pub without_empty_lines: Vec<u32>,
    /// Amplitudes of the third-order products on tones, added up: 6 for f +- g +- h, 3 for 2 f +- g, 1 for 3 f.
    pub third_order_weight: u32,
    /// The pair of tones with the most crosstalk from the NCO's table; none where all are exactly orthogonal.
    pub crosstalk: Option<Pair>,
    /// Pairs above -100 dB, planned only where every set in the band has some.
    pub crosstalk_above: Vec<Pair>,
    /// The set was chosen, and it is proved that there is no better.
    pub is_optimal: bool,
}

impl TonePlan {
    /// The tones' multiples.
    pub fn cycles(&self) -> Vec<u32> {
        self.tones.iter().map(|tone| tone.cycles).collect()
    }
}

/// Chooses tones, by what is more important first: no second-order product on a tone and no pair above [`PLANNED_DB`](super::crosstalk::PLANNED_DB);
/// least [weight](TonePlan::third_order_weight) of third-order products on tones; fewest missing empty lines that are free of second order;
/// the [`Order`], lines with the least expected error being best, and the lower of equally good ones. Up to [`EXACT_TONES`] that is searched for exactly, above by annealing with a fixed seed.
/// Where every set in the band has a pair above [`PLANNED_DB`](super::crosstalk::PLANNED_DB), as in windows of 16 samples, such pairs are admitted and [listed](TonePlan::crosstalk_above).
///
/// # Errors
/// The band is too narrow.
pub fn plan(wanted: &ToneSpec) -> Result<TonePlan, ToneError> {
    let ToneSpec { grid, count, band_hz: [low_hz, high_hz], .. } = *wanted;
    let crosstalk = Crosstalk::new(grid);
    let lines = candidates(wanted);
    let (mut cycles, is_optimal) = best(&mut ToneSet::new(wanted, &crosstalk), &lines, count)
        .or_else(|| best(&mut ToneSet::new(wanted, &crosstalk.admitting_all()?), &lines, count))
        .ok_or(ToneError::NoRoom { count, low_hz, high_hz })?;
    cycles.sort_unstable();
    Ok(TonePlan { is_optimal, ..assess(wanted, &cycles) })
}

/// The best set, and whether that is proved.
fn best(set: &mut ToneSet, lines: &[u32], count: usize) -> Option<(Vec<u32>, bool)> {
    let is_exact = count <= EXACT_TONES;
    if is_exact {
        if let Some(found) = exact::search(set, lines, count, Cost::NONE).found {
            return Some((found.tones, true));
        }
    }
    let near = local::search(set, lines, count);
    if !is_exact {
        return Some((near?.0, false));
    }
    let ceiling = near.as_ref().map_or(Cost::ANY, |&(_, cost)| cost);
    let outcome = exact::search(set, lines, count, ceiling);
    let tones = outcome.found.map(|found| found.tones).or(near.map(|(tones, _)| tones))?;
    Some((tones, outcome.is_complete))
}

/// Assesses given tones; ignores `count` and `band_hz` of `wanted`.
pub fn assess(wanted: &ToneSpec, cycles: &[u32]) -> TonePlan {
    let ToneSpec { grid, noise_model, .. } = wanted;
    let crosstalk = Crosstalk::new(*grid);
    let mut set = ToneSet::new(wanted, &crosstalk);
    cycles.iter().for_each(|&tone| set.push(tone));
    let tones = cycles.iter().zip(set.empty_lines()).map(|(&cycles, empty_lines)| {
        let frequency_hz = grid.frequency_hz(cycles);
        let (gain, error_na) = (noise_model.gain(frequency_hz), noise_model.error_na(grid, cycles));
        Tone { cycles, frequency_hz, gain, error_na, empty_lines }
    });
    let tones: Vec<Tone> = tones.collect();
    let (second, third) = set.tally().on_tones();
    let mut on_tones = on_lines(grid, cycles, 2, cycles, LISTED);
    if third > 0 && cycles.len() <= THIRD_ORDER_TONES {
        on_tones.extend(on_lines(grid, cycles, 3, cycles, LISTED));
    }
    let of = |is: &dyn Fn(&Tone) -> bool| {
        tones.iter().filter(|tone| is(tone)).map(|tone| tone.cycles).collect()
    };
    TonePlan {
        on_tones,
        on_tones_count: second + third,
        on_mains: of(&|tone| noise_model.mains_reaches(grid, tone.cycles)),
        without_empty_lines: of(&|tone| tone.empty_lines.len() < wanted.empty_lines as usize),
        third_order_weight: set.tally().weight(),
        crosstalk: crosstalk.worst(cycles),
        crosstalk_above: crosstalk.above(cycles, REPORTED_DB),
        is_optimal: false,
        tones,
    }
}

/// Lines of the band that the mains do not reach, best first.
fn candidates(wanted: &ToneSpec) -> Vec<u32> {
    let ToneSpec { grid, band_hz: [low_hz, high_hz], noise_model, .. } = wanted;
    let low = ((low_hz / grid.step_hz() - grid::TOLERANCE).ceil() as u32).max(1);
    let high = ((high_hz / grid.step_hz() + grid::TOLERANCE).floor() as u32)
        .min(grid.window_samples / 2 - 1);
    let mut lines: Vec<u32> =
        (low..=high).filter(|&line| !noise_model.mains_reaches(grid, line)).collect();
    let least_na =
        lines.iter().map(|&line| noise_model.error_na(grid, line)).fold(f64::INFINITY, f64::min);
    // Without noise every line is as good as another.
    let rank = |line: u32| {
        let ratio = noise_model.error_na(grid, line) / least_na;
        if ratio.is_nan() {
            0
        } else {
            (ratio.ln() / EQUALLY_GOOD) as u64
        }
    };
    lines.sort_by_cached_key(|&line| (rank(line), line));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::empty::EMPTY_REACH;
    use super::*;

    const GRID: Grid = Grid { rate_hz: 5120.0, window_samples: 256 };

    fn wanted(count: usize, low_hz: f64, high_hz: f64) -> ToneSpec {
        ToneSpec {
            grid: GRID,
            count,
            band_hz: [low_hz, high_hz],
            empty_lines: 2,
            order: Order::Compact,
            noise_model: NoiseModel { white_na2_per_hz: 2.5e-4, ..NoiseModel::default() },
        }
    }

    #[test]
    fn a_planned_set_has_no_product_of_second_or_third_order_on_a_tone() {
        let found = plan(&wanted(5, 150.0, 1000.0)).unwrap();
        let tones = found.cycles();
        assert_eq!(tones.len(), 5);
        assert!(on_lines(&GRID, &tones, 2, &tones, 1).is_empty());
        assert!(on_lines(&GRID, &tones, 3, &tones, 1).is_empty());
        assert_eq!((found.on_tones_count, found.on_tones), (0, Vec::new()));
    }

    #[test]
    fn empty_lines_are_no_tones_and_hold_no_product_of_second_order() {
        let found = plan(&wanted(7, 150.0, 1000.0)).unwrap();
        let tones = found.cycles();
        let lines: Vec<u32> =
            found.tones.iter().flat_map(|tone| tone.empty_lines.iter().copied()).collect();
        assert_eq!(lines.len(), 14);
        assert!(on_lines(&GRID, &tones, 2, &lines, 1).is_empty());
        let mut distinct = [lines.clone(), tones.clone()].concat();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 21);
        for tone in &found.tones {
            let near = |line: &u32| line.abs_diff(tone.cycles) <= EMPTY_REACH;
            assert!(tone.empty_lines.iter().all(near), "{tone:?}");
        }
        assert!(found.without_empty_lines.is_empty());
    }

    #[test]
    fn empty_lines_hold_a_product_of_third_order_only_where_no_other_line_is_free() {
        let mut mattered = 0;
        for count in 3..=9 {
            let found = plan(&wanted(count, 150.0, 1000.0)).unwrap();
            let tones = found.cycles();
            let chosen: Vec<u32> =
                found.tones.iter().flat_map(|tone| tone.empty_lines.iter().copied()).collect();
            let is_hit =
                |line: u32, order: usize| !on_lines(&GRID, &tones, order, &[line], 1).is_empty();
            for tone in &found.tones {
                let reach = tone.cycles - EMPTY_REACH..=tone.cycles + EMPTY_REACH;
                let left = reach.filter(|&line| line > 0);
                let left = left.filter(|line| !tones.contains(line) && !chosen.contains(line));
                let left: Vec<u32> = left.filter(|&line| !is_hit(line, 2)).collect();
                let hit = tone.empty_lines.iter().filter(|&&line| is_hit(line, 3)).count();
                let is_choice = left.iter().any(|&line| !is_hit(line, 3));
                assert!(hit == 0 || !is_choice, "{tone:?} of {tones:?}");
                let away = |line: &u32| line.abs_diff(tone.cycles);
                let furthest = tone.empty_lines.iter().map(away).max().unwrap_or(0);
                mattered +=
                    left.iter().filter(|&line| away(line) < furthest && is_hit(*line, 3)).count();
            }
        }
        // Nearer lines were passed over for their products.
        assert!(mattered > 0);
    }

    #[test]
    fn a_crowded_band_gives_up_third_order_before_second_and_says_so() {
        let found = plan(&wanted(24, 150.0, 1800.0)).unwrap();
        assert_eq!(GRID.check(&found.cycles()), Ok(()));
        assert!(found.on_tones_count > 0);
        assert!(found.on_tones.iter().all(|product| product.factors.len() == 3));
        let narrow = plan(&wanted(24, 150.0, 500.0));
        assert!(matches!(narrow, Err(ToneError::NoRoom { .. })));
    }

    #[test]
    fn as_many_odd_lines_as_there_are_fit_without_second_order() {
        // 21 odd lines from 9 to 49.
        let found = plan(&wanted(21, 180.0, 990.0)).unwrap();
        assert_eq!(GRID.check(&found.cycles()), Ok(()));
    }

    #[test]
    fn a_training_takes_the_lowest_clean_lines_in_turn_and_a_plan_the_lowest_highest() {
        let compact = ToneSpec { empty_lines: 0, ..wanted(5, 150.0, 510.0) };
        let best_first = ToneSpec { order: Order::BestFirst, ..compact };
        assert_eq!(plan(&best_first).unwrap().cycles(), [8, 9, 13, 20, 23]);
        assert_eq!(plan(&compact).unwrap().cycles(), [8, 13, 17, 19, 20]);
    }

    #[test]
    fn lines_low_in_flicker_noise_come_first_and_the_pole_holds_against_it() {
        let base = wanted(5, 100.0, 2000.0);
        let mean_hz = |noise_model| {
            let found = plan(&ToneSpec { noise_model, ..base }).unwrap();
            found.tones.iter().map(|tone| tone.frequency_hz).sum::<f64>() / 5.0
        };
        let white = base.noise_model;
        let flicker = NoiseModel { flicker_na2_per_hz_at_1khz: 1e-3, ..white };
        let both = NoiseModel { pole_hz: Some(159.0), ..flicker };
        assert!(mean_hz(white) < 600.0);
        assert!(mean_hz(flicker) > 1400.0);
        assert!(mean_hz(both) < mean_hz(flicker) - 300.0);
    }

    #[test]
    fn no_tone_and_no_empty_line_is_on_the_mains() {
        let mut wanted = wanted(5, 50.0, 1500.0);
        wanted.noise_model.mains_hz = Some(60.0);
        let found = plan(&wanted).unwrap();
        for tone in &found.tones {
            for line in tone.empty_lines.iter().chain([&tone.cycles]) {
                assert_ne!(line % 3, 0, "60 Hz is line 3");
            }
        }
        assert!(found.on_mains.is_empty());
        assert_eq!(assess(&wanted, &[9, 11]).on_mains, [9]);
    }

    #[test]
    fn a_window_too_short_for_tones_without_crosstalk_has_them_with_the_pairs_listed() {
        // The three odd lines of 16 samples have -98 dB of each other; 2 and 4, or 4 and 6, meet at second order.
        let mut wanted = wanted(3, 320.0, 2240.0);
        wanted.grid.window_samples = 16;
        let found = plan(&wanted).unwrap();
        assert_eq!(wanted.grid.check(&found.cycles()), Ok(()));
        assert!(!found.crosstalk_above.is_empty());
    }

    #[test]
    fn a_given_set_is_assessed_with_the_products_on_each_tone() {
        let found = assess(&wanted(0, 0.0, 0.0), &[9, 11, 20, 31]);
        let second: Vec<&Product> =
            found.on_tones.iter().filter(|product| product.factors.len() == 2).collect();
        assert!(second.contains(&&Product { factors: vec![9, 11], line: 20 }));
        assert!(second.contains(&&Product { factors: vec![11, 20], line: 31 }));
        assert!(found.on_tones_count as usize >= found.on_tones.len());
    }
}
