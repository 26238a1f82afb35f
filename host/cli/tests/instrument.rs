//! The driver and a session against known devices.

use hge_core::experiment::{Job, Source};
use hge_core::gradient::Estimator;
use hge_core::session::Session;
use hge_driver::Instrument;
use hge_lab::server::InProcess;

fn session(text: &str) -> Session {
    let (experiment, source) = Source::parse("test.toml", text.into()).unwrap();
    let job = Job::new(experiment, &source).unwrap();
    let plan = job.task.plan.clone();
    let link = InProcess::new(hge_lab::factory(job)(1).unwrap());
    let instrument = Instrument::connect(Box::new(link)).unwrap();
    Session::open(instrument, plan, Estimator::InPhase).unwrap()
}

#[test]
fn slopes_of_a_linear_device_are_exact_to_a_thousandth_of_the_largest() {
    let slopes = [4.0, 6.0, -3.0, -8.0, 2.0, 10.0, -5.0];
    for (gain, bits) in [(-0.025, 16), (0.025, 16)] {
        let mut session = session(&format!(
            "gate = \"xor\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n\
             [bench]\nnoise_na2_per_hz = 0.0\n[analogue]\niv_gain_v_per_na = {gain}\n\
             [instrument]\ndac_bits = {bits}\nadc_bits = {bits}\n\
             [timing]\nwindow_samples = 4096\n[tones]\namplitude_v = 0.1\n"
        ));
        let controls_v = [0.1, -0.2, -0.3, 0.05, -0.1];
        let readings = session.measure(&controls_v, true).unwrap();
        let resting: f64 =
            [0, 3, 4, 5, 6].iter().zip(controls_v).map(|(&e, v)| slopes[e] * v).sum();
        for (reading, (a, b)) in
            readings.iter().zip([(-1.2, -1.2), (-1.2, 0.6), (0.6, -1.2), (0.6, 0.6)])
        {
            let mean_na = resting + slopes[1] * a + slopes[2] * b;
            assert!((reading.mean_na - mean_na).abs() < 0.002, "{reading:?} {mean_na}");
            for (slope, electrode) in reading.slopes_na_per_v.iter().zip([0, 3, 4, 5, 6]) {
                assert!((slope - slopes[electrode]).abs() < 0.01, "{electrode}: {slope}");
            }
        }
    }
}

#[test]
fn an_unperturbed_measurement_shows_no_tone_and_the_same_mean() {
    let mut session = session(
        "gate = \"xor\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n[bench]\nnoise_na2_per_hz = 0.0\n",
    );
    let controls_v = [0.1, -0.2, -0.3, 0.05, -0.1];
    let perturbed = session.measure(&controls_v, true).unwrap();
    let still = session.measure(&controls_v, false).unwrap();
    for (perturbed, still) in perturbed.iter().zip(&still) {
        assert!((perturbed.mean_na - still.mean_na).abs() < 0.005);
        assert!(still.slopes_na_per_v.iter().all(|slope| slope.abs() < 1e-6));
    }
}

#[test]
fn noise_spreads_a_slope_by_the_root_of_density_over_time_by_amplitude() {
    let mut session = session("gate = \"xor\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n");
    let mut squares = 0.0;
    let mut count = 0.0;
    for _ in 0..100 {
        for reading in session.measure(&[0.0; 5], true).unwrap() {
            for (slope, exact) in reading.slopes_na_per_v.iter().zip([4.0, -8.0, 2.0, 10.0, -5.0]) {
                squares += (slope - exact) * (slope - exact);
                count += 1.0;
            }
        }
    }
    let expected = (2.5e-4_f64 / 0.0512).sqrt() / 0.03;
    // 2000 slopes: the spread itself is known to 1.6 %.
    assert!((f64::sqrt(squares / count) / expected - 1.0).abs() < 0.06);
}
