//! Lock-in and noise against the Fourier transform of a library that knows nothing of either.

use hge_protocol::number::SINE_PEAK;
use hge_protocol::TuningWord;
use hge_sim::bench::{AnalogueBench, Bench, Chain};
use hge_sim::device::LinearDevice;
use hge_sim::model::lockin::{Lockin, Samples};
use hge_sim::model::nco::sine_cosine;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustfft::num_complex::Complex;
use rustfft::FftPlanner;
use std::f64::consts::PI;

fn transform(samples: &[f64]) -> Vec<Complex<f64>> {
    let mut bins: Vec<Complex<f64>> = samples.iter().map(|&y| Complex::new(y, 0.0)).collect();
    FftPlanner::new().plan_fft_forward(bins.len()).process(&mut bins);
    bins
}

#[test]
fn the_lock_in_reads_the_bin_of_the_fourier_transform() {
    const LOG2: u32 = 12;
    const N: usize = 1 << LOG2;
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let samples: Vec<i16> = (0..N).map(|_| dice.random()).collect();
    let bins = transform(&samples.iter().map(|&y| f64::from(y)).collect::<Vec<_>>());
    let largest = bins.iter().fold(0.0_f64, |largest, bin| largest.max(bin.norm()));
    let mut lockin = Lockin::new(1);
    let mut divided = Samples::default();
    divided.set(samples.iter().copied());
    for cycles in [1, 2, 37, 512, 1023, 2047] {
        lockin.clear();
        let tuning = TuningWord::on_grid(cycles, LOG2).0;
        let waves = (0..N as u32).map(|n| sine_cosine(tuning.wrapping_mul(n)));
        let (sines, cosines): (Vec<i16>, Vec<i16>) = waves.unzip();
        lockin.accumulate(0, &divided, &sines, &cosines);
        let (i, q) = (lockin.sums[0].in_phase as f64, lockin.sums[0].quadrature as f64);
        // The table is sampled half a step of 1/4096 turn off; the transform multiplies by cos - i sin.
        let half_step = Complex::from_polar(1.0, PI / 4096.0);
        let found = Complex::new(q, -i) / f64::from(SINE_PEAK) * half_step;
        let error = (found - bins[cycles as usize]).norm() / largest;
        assert!(error < 2e-5, "{cycles} cycles: {error:.1e}");
    }
}

#[test]
fn the_noise_of_the_bench_is_white_with_the_density_asked_for() {
    const N: usize = 256;
    const SEGMENTS: usize = 4000;
    let rate_hz = 10_000.0;
    let chain = Chain::default();
    let device = LinearDevice::new(0.0, vec![0.0, 0.0]).unwrap();
    let mut bench = AnalogueBench::new(chain.clone(), Box::new(device), 2, 1, rate_hz, 3);
    let mut adc = vec![0; N * SEGMENTS];
    bench.samples(&vec![0; 2 * N * SEGMENTS], &mut adc);
    let mut density = vec![0.0; N / 2];
    for segment in adc.chunks_exact(N) {
        let currents: Vec<f64> =
            segment.iter().map(|&code| chain.current_na(f64::from(code))).collect();
        for (sum, bin) in density.iter_mut().zip(transform(&currents)) {
            *sum += 2.0 * bin.norm_sqr() / (rate_hz * N as f64) / SEGMENTS as f64;
        }
    }
    // A bin's mean over 4000 segments scatters by 1.6 %; the mean over a band of 42 bins by 0.25 %.
    for band in density[1..].chunks(42) {
        let mean = band.iter().sum::<f64>() / band.len() as f64;
        assert!((mean / chain.noise_na2_per_hz - 1.0).abs() < 0.015, "{mean}");
    }
}
