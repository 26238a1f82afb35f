//! The current over time beside a run, and its spectrum, of devices that are known.

use hge_core::carrier::Carrier;
use hge_core::experiment::{EngineKind, Job, Source};
use hge_core::gradient::Estimator;
use hge_core::measure::waveform;
use hge_core::session::Session;
use hge_core::spectrum::{Kind, Known, Spectrum};
use hge_driver::{ArmMode, RunEvent, RUN_CODES};
use hge_needs::needs;
use hge_protocol::frame::Window;
use hge_protocol::registers::{self as map, mode};
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::PolynomialDevice;
use hge_tests::laboratory::{self, Laboratory};
use std::path::Path;

#[test]
fn a_quadratic_device_s_harmonics_and_products_stand_where_they_belong() {
    let laboratory = Laboratory {
        parameters: Parameters::default(),
        chain: Chain { noise_na2_per_hz: 2e-8, ..Chain::default() },
        window_samples: 256,
        amplitudes_v: vec![0.1, 0.05],
        cycles: vec![23, 81],
        controls_v: vec![0.0, 0.0],
        carrier: Carrier::Sine,
        cost: None,
        shaping: true,
        seed: 3,
    };
    let (g, c00, c01, c11) = (20.0, 40.0, 60.0, 80.0);
    let mut linear = vec![0.0; laboratory.parameters.outputs as usize];
    linear[..2].fill(g);
    let quadratic = vec![([0, 0], c00), ([0, 1], c01), ([1, 1], c11)];
    let device = PolynomialDevice::new(0.0, linear, quadratic, Vec::new()).unwrap();
    let (plan, instrument) = laboratory.instrument(Box::new(device)).unwrap();
    let (a, b) = (plan.amplitude_v(0), plan.amplitude_v(1));
    let known = Known { tones_hz: plan.tones_hz(), mains_hz: None };
    let mut session = Session::open(instrument, plan, Estimator::InPhase).unwrap();
    let waveform = waveform::of_tones(&mut session, &[0.0, 0.0], 0, 1 << 14).unwrap();
    assert_eq!(waveform.currents_na.len(), 1 << 14);
    let spectrum =
        Spectrum::of_pieces(&waveform.pieces_na(), waveform.rate_hz, Some(2048), &known).unwrap();
    let step_hz = laboratory::RATE_HZ / 256.0;
    // sin^2 is half a constant and half a cosine of twice the frequency; 2 f2 lies above half the rate.
    for (label, kind, cycles, amplitude_na, folded) in [
        ("f1", Kind::Tone, 23.0, g * a, false),
        ("f2", Kind::Tone, 81.0, g * b, false),
        ("2 f1", Kind::Harmonic, 46.0, c00 * a * a / 2.0, false),
        ("2 f2", Kind::Harmonic, 256.0 - 162.0, c11 * b * b / 2.0, true),
        ("f1 + f2", Kind::SecondOrder, 104.0, c01 * a * b / 2.0, false),
        ("f2 - f1", Kind::SecondOrder, 58.0, c01 * a * b / 2.0, false),
    ] {
        let found = spectrum.lines.iter().find(|line| line.label == label);
        let found = found.unwrap_or_else(|| panic!("no {label}: {:?}", spectrum.lines));
        assert_eq!((found.kind, found.folded), (kind, folded), "{label}");
        assert!((found.frequency_hz - cycles * step_hz).abs() < 0.05, "{found:?}");
        assert!((found.amplitude_na / amplitude_na - 1.0).abs() < 0.01, "{found:?} {amplitude_na}");
    }
    assert_eq!(spectrum.lines.len(), 6, "{:?}", spectrum.lines);
    // The strongest tone is 2 nA, the strongest other line 0.2.
    assert!((spectrum.sfdr_db.unwrap() - 20.0).abs() < 0.1, "{:?}", spectrum.sfdr_db);
    assert_eq!(spectrum.sfdr_line.as_deref(), Some("2 f1"));
}

/// Of electrodes 0, 3, 4, 5 and 6.
const CONTROLS_V: [f64; 5] = [0.0, 0.1, -0.1, 0.0, 0.1];

/// The short experiment on a linear device, where a clock of 1 MHz leaves 100 clocks a sample.
fn short(engine: EngineKind) -> (Session, Vec<f64>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/short.toml");
    let (mut experiment, source) = Source::load(&path).unwrap();
    experiment.engine = engine;
    experiment.device = "linear:10,20,30,-10,12,15,-20".into();
    let job = Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"));
    let plan = job.task.plan.clone();
    let inputs = plan.configuration().cases_v.iter();
    let slopes = [10.0, -10.0, 12.0, 15.0, -20.0];
    let of_controls: f64 = slopes.iter().zip(CONTROLS_V).map(|(slope, volts)| slope * volts).sum();
    let wanted_na = inputs.map(|volts| 20.0 * volts[0] + 30.0 * volts[1] + of_controls).collect();
    let session = laboratory::session(job, plan, Estimator::InPhase);
    (session, wanted_na)
}

fn follows(engine: EngineKind) {
    let (mut session, wanted_na) = short(engine);
    let pass = waveform::of_cases(&mut session, &CONTROLS_V, false).unwrap();
    assert_eq!(pass.windows.len(), 4);
    // 100 clocks a sample are fewer than the jobs of a gap take: the pass is decimated, a held case is not.
    assert!(pass.rate_hz < session.plan().grid().rate_hz && !pass.clipped);
    for (case, (window, wanted_na)) in pass.windows.iter().zip(wanted_na).enumerate() {
        assert_eq!(window.case, case);
        let samples = pass.of_window(window);
        let mean_na = samples.iter().sum::<f64>() / samples.len() as f64;
        // 1.1 nA of noise a sample, 43 samples: 0.17 nA; between cases the current moves by 18 nA or more.
        assert!((mean_na - wanted_na).abs() < 1.2, "{engine:?} {case}: {mean_na} {wanted_na}");
        assert!((window.end_s - window.begin_s - 0.0128).abs() < 1e-9);
    }
    let held = waveform::of_tones(&mut session, &CONTROLS_V, 1, 1024).unwrap();
    assert_eq!(held.rate_hz, session.plan().grid().rate_hz);
    assert!(held.currents_na.len() > 1024 - 128, "{}", held.currents_na.len());
    assert_eq!(session.measure(&CONTROLS_V, false).unwrap().len(), 4);
}

#[test]
fn a_pass_over_all_cases_is_followed_on_the_model() {
    follows(EngineKind::Model);
}

#[needs(compiler)]
#[test]
fn a_pass_over_all_cases_is_followed_on_the_compiled_verilog_where_blocks_wait_for_the_run_s_jobs()
{
    follows(EngineKind::Verilog);
}

/// The codes beside a run of several windows: with the place of the first window found by its sums, those of all others follow from their sample clocks.
#[test]
fn codes_captured_beside_a_run_have_the_sums_of_every_window_to_the_last_bit() {
    let laboratory = Laboratory {
        parameters: Parameters::default(),
        chain: Chain::default(),
        window_samples: 256,
        amplitudes_v: vec![0.1],
        cycles: vec![23],
        controls_v: vec![0.0],
        carrier: Carrier::Sine,
        cost: None,
        shaping: true,
        seed: 5,
    };
    let mut linear = vec![0.0; laboratory.parameters.outputs as usize];
    linear[0] = 20.0;
    let device = PolynomialDevice::new(0.0, linear, Vec::new(), Vec::new()).unwrap();
    let (plan, mut instrument) = laboratory.instrument(Box::new(device)).unwrap();
    instrument.write_all(&plan.control_writes(&[0.1])).unwrap();
    instrument.write(map::EPOCHS, 4).unwrap();
    instrument.write(map::CAPTURE_SAMPLES, RUN_CODES).unwrap();
    instrument.arm(ArmMode::Host).unwrap();
    let mut windows = Vec::new();
    let (_, beside) = instrument
        .run_captured(mode::PERTURB, 1, |event| {
            if let RunEvent::Window(window) = event {
                windows.push(window);
            }
        })
        .unwrap();
    assert_eq!((beside.missing.as_slice(), windows.len()), (&[][..], 4));
    let half = 128;
    let sums_at = |begin: usize| {
        let sum = |codes: &[i16]| codes.iter().map(|&code| i32::from(code)).sum::<i32>();
        let codes = beside.codes.get(begin..begin + 2 * half)?;
        Some((sum(&codes[..half]), sum(&codes[half..])))
    };
    let of = |window: &Window| Some((window.sum_first, window.sum_second));
    let places: Vec<usize> =
        (0..beside.codes.len()).filter(|&place| sums_at(place) == of(&windows[0])).collect();
    assert_eq!(places.len(), 1, "places of the first window");
    for window in &windows {
        let later = window.sample_clock - windows[0].sample_clock;
        let begin = places[0] + later as usize;
        assert_eq!(sums_at(begin), of(window), "window {}", window.epoch);
        let codes = &beside.codes[begin..begin + 2 * half];
        assert_eq!(codes.iter().min(), Some(&window.min));
        assert_eq!(codes.iter().max(), Some(&window.max));
    }
}
