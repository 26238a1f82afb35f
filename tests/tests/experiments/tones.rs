//! Planned tones: the best set by brute force, and crosstalk from the NCO's own samples and on the emitted Verilog.

use hge_core::carrier::Carrier;
use hge_core::tones::crosstalk::Crosstalk;
use hge_core::tones::{assess, plan, Grid, NoiseModel, Order, TonePlan, ToneSpec};
use hge_needs::needs;
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::LinearDevice;
use hge_sim::model::nco::Oscillator;
use hge_sim::verilog::VerilogEngine;
use hge_tests::laboratory::Laboratory;
use hge_tests::nightly;
use rustfft::num_complex::Complex;
use rustfft::FftPlanner;
use std::collections::BTreeSet;

/// Lines on either side of a tone that may be its empty ones, as docs/theory.md has it.
const REACH: i64 = 8;

/// Pairs above this are not planned, as docs/theory.md has it.
const PLANNED_DB: f64 = -105.0;

/// Tones at 1 Hz a line, in white noise.
fn wanted(window_samples: u32, lines: [u32; 2], count: usize, empty_lines: u32) -> ToneSpec {
    ToneSpec {
        grid: Grid { rate_hz: f64::from(window_samples), window_samples },
        count,
        band_hz: lines.map(f64::from),
        empty_lines,
        order: Order::Compact,
        noise_model: NoiseModel { white_na2_per_hz: 2.5e-4, ..NoiseModel::default() },
    }
}

/// A window of what the NCO plays: sine and cosine, Q1.15.
fn played(window_samples: u32, cycles: u32, start_phase: u8) -> Vec<(i64, i64)> {
    let tuning = cycles << (32 - window_samples.trailing_zeros());
    let mut oscillator = Oscillator::default();
    let samples = (0..window_samples).map(|n| {
        let wave = oscillator.step(tuning, start_phase, n == 0, true);
        (i64::from(wave.sine), i64::from(wave.cosine))
    });
    samples.collect()
}

/// What the lock-in of tone `reference` reads of tone `signal`, in dB of what its own reads.
fn read_db(signal: &[(i64, i64)], reference: &[(i64, i64)]) -> f64 {
    let sums = |reference: &[(i64, i64)]| {
        let both = signal.iter().zip(reference);
        both.fold((0_i64, 0_i64), |(i, q), (&(sine, _), &(in_phase, quadrature))| {
            (i + sine * in_phase, q + sine * quadrature)
        })
    };
    let size = |(i, q): (i64, i64)| (i as f64).hypot(q as f64);
    20.0 * (size(sums(reference)) / size(sums(signal))).log10()
}

fn folded(product: i64, samples: i64) -> i64 {
    let wrapped = product.rem_euclid(samples);
    wrapped.min(samples - wrapped)
}

/// Signed sums of `order` tones that do not cancel in part, with the weight of each, one of every two mirror images.
fn products(tones: &[i64], order: usize) -> Vec<(i64, u32)> {
    let mut sums: BTreeSet<Vec<i64>> = BTreeSet::new();
    let signed: Vec<i64> = tones.iter().flat_map(|&tone| [tone, -tone]).collect();
    let mut tuples: Vec<Vec<i64>> = vec![Vec::new()];
    for _ in 0..order {
        let longer = tuples
            .iter()
            .flat_map(|tuple| signed.iter().map(move |&tone| [&tuple[..], &[tone]].concat()));
        tuples = longer.collect();
    }
    for mut tuple in tuples {
        let cancels = tuple.iter().any(|tone| tuple.contains(&-tone));
        let mirror: Vec<i64> = tuple.iter().map(|tone| -tone).collect();
        let sorted = |mut tuple: Vec<i64>| {
            tuple.sort_unstable();
            tuple
        };
        tuple.sort_unstable();
        if !cancels {
            sums.insert(tuple.max(sorted(mirror)));
        }
    }
    let weighed = sums.into_iter().map(|tuple| {
        let distinct: BTreeSet<&i64> = tuple.iter().collect();
        (tuple.iter().sum(), [1, 3, 6][distinct.len() - 1])
    });
    weighed.collect()
}

/// Whether no second-order product is on a tone; weight and number of those of third; missing empty lines, which are no lines
/// that are `refused` with a tone.
fn judged(
    tones: &[u32],
    samples: u32,
    empty_lines: usize,
    refused: &BTreeSet<[u32; 2]>,
) -> (bool, u32, u32, usize) {
    let clashes: BTreeSet<i64> = refused
        .iter()
        .flat_map(|&[a, b]| [(a, b), (b, a)])
        .filter(|(tone, _)| tones.contains(tone))
        .map(|(_, line)| i64::from(line))
        .collect();
    let samples = i64::from(samples);
    let tones: Vec<i64> = tones.iter().map(|&tone| i64::from(tone)).collect();
    let second: BTreeSet<i64> =
        products(&tones, 2).iter().map(|&(sum, _)| folded(sum, samples)).collect();
    let is_free = tones.iter().all(|tone| !second.contains(tone));
    let third = products(&tones, 3);
    let hits = third.iter().filter(|&&(sum, _)| tones.contains(&folded(sum, samples)));
    let (weight, count) = hits.fold((0, 0), |(weight, count), hit| (weight + hit.1, count + 1));
    // The theorem of Hall: the lines missing are those of the set of tones that has fewest lines for its number.
    let lines = |tone: i64| {
        let free =
            |line: &i64| !second.contains(line) && !tones.contains(line) && !clashes.contains(line);
        (tone - REACH..=tone + REACH).filter(|&line| 0 < line && line < samples / 2).filter(free)
    };
    let lines: Vec<BTreeSet<i64>> =
        tones.iter().map(|&tone| lines(tone).collect::<Vec<_>>().into_iter().collect()).collect();
    let lacking = (0..1_usize << tones.len()).map(|subset| {
        let of = (0..tones.len()).filter(|tone| subset >> tone & 1 == 1);
        let union: BTreeSet<&i64> = of.clone().flat_map(|tone| &lines[tone]).collect();
        (empty_lines * of.count()).saturating_sub(union.len())
    });
    let lacking = if empty_lines == 0 { 0 } else { lacking.max().unwrap_or_default() };
    (is_free, weight, count, lacking)
}

/// Pairs of lines that read more than [`PLANNED_DB`] of each other: one tone's line on the other's reference and the other way, from
/// Fourier transforms of what the NCO plays.
fn pairs_above(window_samples: u32, lines: [u32; 2]) -> BTreeSet<[u32; 2]> {
    let transform = FftPlanner::new().plan_fft_forward(window_samples as usize);
    let spectra: Vec<Vec<f64>> = (lines[0]..=lines[1])
        .map(|line| {
            let wave = played(window_samples, line, 0);
            let mut wave: Vec<Complex<f64>> =
                wave.iter().map(|&(sine, _)| Complex::from(sine as f64)).collect();
            transform.process(&mut wave);
            wave.iter().map(|bin| bin.norm() / wave[line as usize].norm()).collect()
        })
        .collect();
    let at = |tone: u32, line: u32| spectra[(tone - lines[0]) as usize][line as usize];
    let pairs = (lines[0]..=lines[1]).flat_map(|a| (a + 1..=lines[1]).map(move |b| [a, b]));
    pairs.filter(|&[a, b]| 20.0 * (at(a, b) + at(b, a)).log10() > PLANNED_DB).collect()
}

/// Every set of `count` lines, in ascending order.
fn sets(lines: [u32; 2], count: usize, visit: &mut impl FnMut(&[u32])) {
    fn grow(
        set: &mut Vec<u32>,
        from: u32,
        last: u32,
        count: usize,
        visit: &mut impl FnMut(&[u32]),
    ) {
        if set.len() == count {
            return visit(set);
        }
        for line in from..=last {
            set.push(line);
            grow(set, line + 1, last, count, visit);
            set.pop();
        }
    }
    grow(&mut Vec::new(), lines[0], lines[1], count, visit);
}

#[test]
fn no_set_of_all_there_are_is_better_than_a_planned_one() {
    for (samples, lines, count, empty_lines) in [
        (256, [8, 24], 5, 2),
        (256, [8, 24], 5, 0),
        (256, [8, 24], 4, 2),
        (256, [8, 20], 6, 1),
        (128, [40, 60], 3, 2),
        (64, [1, 14], 5, 0),
        (64, [18, 31], 4, 1),
        (32, [1, 15], 3, 2),
    ] {
        let refused = pairs_above(samples, [1, samples / 2 - 1]);
        let mut best: Option<(u32, usize, Vec<u32>)> = None;
        sets(lines, count, &mut |set| {
            let clashes = set.iter().any(|&a| set.iter().any(|&b| refused.contains(&[a, b])));
            let (is_free, weight, _, lacking) =
                judged(set, samples, empty_lines as usize, &refused);
            // Of equals the one whose highest line is lowest, then the second highest.
            let key = (weight, lacking, set.iter().rev().copied().collect::<Vec<u32>>());
            if !clashes && is_free && best.as_ref().is_none_or(|best| key < *best) {
                best = Some(key);
            }
        });
        let found = plan(&wanted(samples, lines, count, empty_lines)).unwrap();
        let (weight, lacking, mut tones) = best.expect("a set");
        tones.reverse();
        println!("{samples} samples, {lines:?}: {tones:?}, weight {weight}, {lacking} missing");
        assert_eq!(found.cycles(), tones);
        assert_eq!(found.third_order_weight, weight);
        assert!(found.is_optimal);
        let (_, _, hits, _) = judged(&tones, samples, empty_lines as usize, &refused);
        assert_eq!(found.on_tones_count, hits);
        let empty: usize = found.tones.iter().map(|tone| tone.empty_lines.len()).sum();
        assert_eq!(empty + lacking, count * empty_lines as usize);
    }
}

#[test]
fn five_tones_from_line_eight_end_at_line_22_and_at_20_without_empty_lines() {
    let highest = |empty_lines| {
        let found = plan(&wanted(256, [8, 32], 5, empty_lines)).unwrap();
        assert_eq!((found.on_tones_count, found.without_empty_lines.len()), (0, 0));
        found.cycles()[4]
    };
    assert_eq!((highest(2), highest(0)), (22, 20));
}

#[test]
fn up_to_eight_tones_are_proved_to_be_the_best() {
    for &window_samples in nightly(&[256, 1024, 4096, 65536][..], &[256, 4096]) {
        for count in 1..=8 {
            for empty_lines in [0, 1, 2] {
                let wanted = wanted(window_samples, [8, window_samples / 8], count, empty_lines);
                let found = plan(&wanted).unwrap();
                assert!(found.is_optimal, "{count} of {window_samples}, {empty_lines}");
            }
        }
    }
}

#[test]
fn twenty_tones_in_a_fifth_of_a_second_are_hit_less_than_half_as_often_as_by_a_crude_search() {
    let found = plan(&wanted(1024, [8, 128], 20, 0)).unwrap();
    let (is_free, _, hits, _) = judged(&found.cycles(), 1024, 0, &BTreeSet::new());
    println!("20 tones: {hits} products of third order on tones");
    assert!(is_free);
    assert_eq!(hits, found.on_tones_count);
    // 737 by a crude search, 2598 of the first odd lines.
    assert!(hits <= 368, "{hits}");
}

/// Sets for a window: few tones and up to 64, in the band of `hge tones plan` and nearly up to half the rate.
fn planned(window_samples: u32) -> Vec<TonePlan> {
    let wide = window_samples * 45 / 100;
    let asked = [(5, window_samples / 8), (8, wide), (20, window_samples / 8), (64, wide)];
    let plans = asked.map(|(count, highest)| plan(&wanted(window_samples, [8, highest], count, 0)));
    // 64 tones do not fit 256 samples, nor 20 an eighth of the rate there.
    plans.into_iter().flatten().collect()
}

#[test]
fn every_planned_tone_reads_less_than_minus_a_hundred_decibels_of_every_other_on_the_model() {
    let mut sets = 0;
    for bits in 8..=16 {
        let window_samples = 1 << bits;
        let mut worst_db = f64::NEG_INFINITY;
        for plan in planned(window_samples) {
            sets += 1;
            let limit = plan.crosstalk.map_or(f64::NEG_INFINITY, |pair| pair.level_db);
            assert!(limit <= PLANNED_DB, "{limit}");
            let tones = plan.cycles();
            // The longest windows of the largest set are nine tenths of the work.
            if bits > 13 && tones.len() > 20 && nightly(false, true) {
                continue;
            }
            let waves: Vec<_> = tones.iter().map(|&tone| played(window_samples, tone, 0)).collect();
            for (i, signal) in waves.iter().enumerate() {
                for (k, reference) in waves.iter().enumerate().filter(|&(k, _)| k != i) {
                    let db = read_db(signal, reference);
                    assert!(db < -100.0, "{db:.1} dB of {} in {}", tones[i], tones[k]);
                    worst_db = worst_db.max(db);
                }
            }
        }
        println!("{window_samples} samples: worst {worst_db:.1} dB");
    }
    assert_eq!(sets, 9 * 4 - 2);
}

#[test]
fn the_planners_level_bounds_what_is_read_whatever_the_phases_and_names_the_pairs_that_show() {
    // Images stand at 4096 k +- 1 times a tone, modulo the window; the table's rounding at its odd harmonics.
    for (window_samples, a, b, least_db) in [
        (65536, 9512, 23256, -66.0),
        (65536, 2047, 2049, -85.0),
        (8192, 1001, 3095, -85.0),
        (1024, 64, 192, -104.0),
        (4096, 37, 255, -200.0),
    ] {
        let grid = Grid { rate_hz: f64::from(window_samples), window_samples };
        let level_db = 20.0 * Crosstalk::new(grid).level(a, b).log10();
        let mut worst_db = f64::NEG_INFINITY;
        for start_phase in [0, 64, 1, 101, 200] {
            let (one, other) =
                (played(window_samples, a, start_phase), played(window_samples, b, 0));
            worst_db = worst_db.max(read_db(&one, &other)).max(read_db(&other, &one));
        }
        println!("{a} and {b} of {window_samples}: {worst_db:.1} dB, bound {level_db:.1} dB");
        assert!(worst_db < level_db + 0.05, "{worst_db} {level_db}");
        assert!(worst_db > least_db, "{worst_db}");
        let above = assess(&wanted(window_samples, [1, 2], 2, 0), &[a, b]).crosstalk_above;
        assert_eq!(!above.is_empty(), level_db > -100.0);
    }
}

#[needs(compiler)]
#[test]
fn planned_tones_read_less_than_minus_a_hundred_decibels_of_each_other_on_the_emitted_verilog() {
    let sets = [(256, [8, 100], 7), (4096, [8, 512], 8), (65536, [8192, 24000], 3)];
    for (window_samples, lines, count) in sets.into_iter().take(nightly(3, 1)) {
        let cycles = plan(&wanted(window_samples, lines, count, 0)).unwrap().cycles();
        let laboratory = Laboratory {
            // 200 clocks a sample in place of 2400.
            parameters: Parameters { clock_hz: 2_000_000, ..Parameters::default() },
            chain: Chain { noise_na2_per_hz: 0.0, ..Chain::default() },
            window_samples,
            // 90 % of the DAC's range, and of the ADC's with 50 nA/V.
            amplitudes_v: vec![1.8; count],
            cycles: cycles.clone(),
            controls_v: vec![0.0; count],
            carrier: Carrier::Sine,
            cost: None,
            shaping: true,
            seed: 1,
        };
        let mut worst_db = f64::NEG_INFINITY;
        for driven in 0..count {
            let mut slopes = vec![0.0; count];
            slopes[driven] = 50.0;
            let device = LinearDevice::new(0.0, slopes).unwrap();
            let bench = laboratory.bench(Box::new(device));
            let engine = VerilogEngine::new(laboratory.parameters, bench).unwrap();
            let (plan, instrument) = laboratory.instrument_with(Box::new(engine)).unwrap();
            let (plan, windows) = laboratory.windows_of(plan, instrument, 1).unwrap();
            let found = laboratory.slopes_na_per_v(&plan, &windows[0]);
            assert!((found[driven] / 50.0 - 1.0).abs() < 1e-3, "{found:?}");
            for (k, slope) in found.iter().enumerate().filter(|&(k, _)| k != driven) {
                let db = 20.0 * (slope.abs() / found[driven].abs()).log10();
                let (from, to) = (cycles[driven], cycles[k]);
                assert!(db < -100.0, "{db:.1} dB of {from} in {to}");
                worst_db = worst_db.max(db);
            }
        }
        println!("{window_samples} samples, {cycles:?} in Verilog: worst {worst_db:.1} dB");
    }
}
