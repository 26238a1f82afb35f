use super::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{PI, TAU};

const RATE_HZ: f64 = 5000.0;

fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| StandardNormal.sample(&mut dice)).collect()
}

fn add(samples: &mut [f64], frequency_hz: f64, amplitude: f64) {
    let turn = TAU * frequency_hz / RATE_HZ;
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample += amplitude * (turn * n as f64).sin();
    }
}

fn of<'a>(spectrum: &'a Spectrum, label: &str) -> &'a Line {
    let line = spectrum.lines.iter().find(|line| line.label == label);
    line.unwrap_or_else(|| panic!("no {label}: {:?}", spectrum.lines))
}

#[test]
fn the_floor_is_the_noise_s_density_in_amperes() {
    let samples = noise(1 << 16, 1);
    let spectrum = Spectrum::of(&samples, RATE_HZ, Some(2048), &Known::default()).unwrap();
    let wanted = (2.0 / RATE_HZ).sqrt();
    assert!((spectrum.floor_na_per_rt_hz / wanted - 1.0).abs() < 0.01);
    assert!((spectrum.floor_a_per_rt_hz * 1e9 / wanted - 1.0).abs() < 0.01);
    assert!((spectrum.rms_na - 1.0).abs() < 0.01 && spectrum.frequencies_hz[1024] == 2500.0);
    assert_eq!(spectrum.lines, []);
}

#[test]
fn noise_shows_a_line_in_about_one_spectrum_of_a_thousand() {
    let known = Known { tones_hz: vec![313.0, 401.0, 577.0], mains_hz: Some(50.0) };
    for (segment, flicker) in [(256, false), (1024, false), (1024, true)] {
        let with_lines: usize = (0..200)
            .map(|seed| {
                let mut samples = noise(5120, seed);
                if flicker {
                    let mut state = 0.0;
                    for sample in &mut samples {
                        state = 0.99 * state + *sample;
                        *sample += state;
                    }
                }
                let spectrum = Spectrum::of(&samples, RATE_HZ, Some(segment), &known).unwrap();
                usize::from(!spectrum.lines.is_empty())
            })
            .sum();
        // Twice 0.001 of 200 are expected; more than 4 would come once in ten thousand tests.
        assert!(with_lines <= 4, "{segment} {flicker}: {with_lines} of 200");
    }
}

#[test]
fn tones_products_mains_and_strangers_are_told_apart_with_their_amplitudes() {
    let (f1, f2) = (RATE_HZ * 100.0 / 2048.0, RATE_HZ * 141.0 / 2048.0);
    let mut samples = noise(1 << 16, 2).iter().map(|y| 0.05 * y).collect::<Vec<f64>>();
    for (frequency_hz, amplitude) in [
        (f1, 10.0),
        (f2, 4.0),
        (2.0 * f1, 0.3),
        (f2 - f1, 0.2),
        (2.0 * f2 + f1, 0.1),
        (50.03, 1.0),
        (150.09, 0.4),
        (1717.3, 0.15),
    ] {
        add(&mut samples, frequency_hz, amplitude);
    }
    let known = Known { tones_hz: vec![f1, f2], mains_hz: Some(50.0) };
    let spectrum = Spectrum::of(&samples, RATE_HZ, Some(2048), &known).unwrap();
    for (label, kind, amplitude) in [
        ("f1", Kind::Tone, 10.0),
        ("f2", Kind::Tone, 4.0),
        ("2 f1", Kind::Harmonic, 0.3),
        ("f2 - f1", Kind::SecondOrder, 0.2),
        ("f1 + 2 f2", Kind::ThirdOrder, 0.1),
        ("mains", Kind::Mains, 1.0),
        ("3 mains", Kind::Mains, 0.4),
        ("unknown", Kind::Unknown, 0.15),
    ] {
        let line = of(&spectrum, label);
        assert_eq!(line.kind, kind, "{label}");
        assert!((line.amplitude_na / amplitude - 1.0).abs() < 0.02, "{line:?}");
    }
    assert_eq!(spectrum.lines.len(), 8, "{:?}", spectrum.lines);
    assert!((of(&spectrum, "unknown").frequency_hz - 1717.3).abs() < 0.3);
    let sfdr_db = spectrum.sfdr_db.unwrap();
    assert!((sfdr_db - 20.0).abs() < 0.1, "{sfdr_db}");
    assert_eq!(spectrum.sfdr_line.as_deref(), Some("mains"));
    assert!((spectrum.floor_na_per_rt_hz / (0.05 * (2.0 / RATE_HZ).sqrt()) - 1.0).abs() < 0.02);
}

#[test]
fn a_product_above_half_the_rate_is_found_where_it_is_folded() {
    let tone_hz = RATE_HZ * 700.0 / 2048.0;
    let mut samples = noise(1 << 15, 3).iter().map(|y| 0.01 * y).collect::<Vec<f64>>();
    add(&mut samples, tone_hz, 1.0);
    add(&mut samples, 2.0 * tone_hz, 0.1);
    let known = Known { tones_hz: vec![tone_hz, 620.0], mains_hz: None };
    let spectrum = Spectrum::of(&samples, RATE_HZ, Some(2048), &known).unwrap();
    let line = of(&spectrum, "2 f1");
    assert!(line.folded && (line.frequency_hz - (RATE_HZ - 2.0 * tone_hz)).abs() < 0.1);
    assert_eq!(spectrum.unseen, ["f2"]);
}

#[test]
fn a_thinned_density_keeps_every_peak_and_has_no_more_points_than_asked_for() {
    let mut samples = noise(1 << 15, 4);
    add(&mut samples, 1234.0, 5.0);
    let spectrum = Spectrum::of(&samples, RATE_HZ, Some(4096), &Known::default()).unwrap();
    let all = &spectrum.density_a_per_rt_hz[1..];
    let greatest = all.iter().fold(0.0_f64, |most, &value| most.max(value));
    for points in [1, 7, 300, 100_000] {
        let thinned = spectrum.thin(points);
        assert!(!thinned.frequencies_hz.is_empty() && thinned.frequencies_hz.len() <= points);
        let most = thinned.greatest_a_per_rt_hz.iter().fold(0.0_f64, |most, &v| most.max(v));
        assert_eq!(most, greatest);
        assert!(thinned.frequencies_hz.windows(2).all(|pair| pair[0] < pair[1]));
        let pairs = thinned.greatest_a_per_rt_hz.iter().zip(&thinned.median_a_per_rt_hz);
        assert!(pairs.into_iter().all(|(greatest, median)| greatest >= median));
    }
    assert!(spectrum.thin(0).frequencies_hz.is_empty());
    assert_eq!(spectrum.thin(100_000).frequencies_hz.len(), 2048);
}

#[test]
fn sines_without_noise_and_constants_make_spectra_without_strangers() {
    let mut samples = vec![0.0; 8192];
    add(&mut samples, RATE_HZ / 16.0, 1.0);
    let known = Known { tones_hz: vec![RATE_HZ / 16.0], mains_hz: None };
    let spectrum = Spectrum::of(&samples, RATE_HZ, Some(1024), &known).unwrap();
    assert_eq!(spectrum.lines.len(), 1, "{:?}", spectrum.lines);
    assert!((spectrum.lines[0].amplitude_na - 1.0).abs() < 1e-9);
    assert_eq!(spectrum.sfdr_db, None);
    let constant = Spectrum::of(&vec![PI; 8192], RATE_HZ, None, &known).unwrap();
    assert_eq!((constant.lines.len(), constant.unseen.len()), (0, 1), "{:?}", constant.lines);
    assert!(serde_json::to_string(&constant).unwrap().contains("\"sfdr_db\":null"));
}

#[test]
fn what_cannot_be_is_refused_in_a_sentence() {
    let known = Known::default();
    let refusal = |samples: &[f64], rate_hz: f64, segment, known: &Known| {
        Spectrum::of(samples, rate_hz, segment, known).unwrap_err().to_string()
    };
    let some = vec![0.0; 1000];
    assert!(refusal(&[], 1.0, None, &known).starts_with("0 contiguous samples are too few"));
    assert!(refusal(&some, 1.0, Some(2000), &known).contains("1000 contiguous samples"));
    assert!(refusal(&some, 1.0, Some(65), &known).contains("an even number"));
    assert!(refusal(&some, f64::NAN, None, &known).contains("NaN Hz is not possible"));
    let mut holed = some.clone();
    holed[7] = f64::NAN;
    assert!(refusal(&holed, 1.0, None, &known).contains("sample 7 is NaN"));
    let known = Known { tones_hz: vec![0.0], mains_hz: None };
    assert!(refusal(&some, 1.0, None, &known).contains("a tone of 0 Hz"));
}
