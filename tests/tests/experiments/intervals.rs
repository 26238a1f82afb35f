//! Intervals of the slope hold the device's slope at amplitude zero, on devices that curve and that have kinks.

use hge_core::gradient::Estimator;
use hge_core::measure::gradient::{self, Effort, Intervals, Slope};
use hge_core::measure::zero_amplitude;
use hge_core::plan::{Configuration, Plan};
use hge_core::session::Session;
use hge_core::tones::NoiseModel;
use hge_needs::needs;
use hge_sim::device::{self, PolynomialDevice};
use hge_tests::{laboratory, nightly};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SURROGATE: &str =
    concat!("onnx:", env!("CARGO_MANIFEST_DIR"), "/../../shared/devices/rnpu_measured.onnx");

/// At 150 to 500 Hz the 1/f noise is 6.7e-4 to 2e-4 nA^2/Hz.
const NOISES: [(&str, &str); 2] = [
    ("white", "noise_na2_per_hz = 2.5e-4"),
    ("1/f", "noise_na2_per_hz = 0.0\nflicker_na2_per_hz_at_1khz = 1e-4"),
];

/// Range of an input.
const INPUT_V: std::ops::Range<f64> = -1.2..0.6;

/// Coverage and widths of the intervals at random points.
#[derive(Default)]
struct Tally {
    slopes: u32,
    held: u32,
    plain_held: u32,
    unresolved: u32,
    widths: Vec<f64>,
    plain_widths: Vec<f64>,
}

impl Tally {
    fn add(&mut self, found: &Slope, plain: &Slope, exact: f64) {
        let holds = |[low, high]: [f64; 2]| u32::from((low..=high).contains(&exact));
        let of_answer = plain.interval_na_per_v.expect("a known error");
        self.plain_held += holds(of_answer);
        self.plain_widths.push(of_answer[1] - of_answer[0]);
        self.slopes += 1;
        match found.interval_na_per_v {
            None => self.unresolved += 1,
            Some(interval) => {
                self.held += holds(interval);
                self.widths.push(interval[1] - interval[0]);
            }
        }
    }

    fn coverage(&self) -> f64 {
        f64::from(self.held) / f64::from(self.slopes - self.unresolved)
    }

    fn unresolved(&self) -> f64 {
        f64::from(self.unresolved) / f64::from(self.slopes)
    }

    fn row(&self, name: &str) -> String {
        let median = |widths: &[f64]| {
            let mut widths = widths.to_vec();
            widths.sort_by(f64::total_cmp);
            widths[widths.len() / 2]
        };
        format!(
            "{name}: {} slopes, {:.1} % hold, {:.1} % of the answer's intervals; median width {:.2} and {:.2} nA/V; {:.1} % not resolved",
            self.slopes,
            self.coverage() * 1e2,
            f64::from(self.plain_held) / f64::from(self.slopes) * 1e2,
            median(&self.widths),
            median(&self.plain_widths),
            self.unresolved() * 1e2
        )
    }
}

/// Both intervals at `points` random operating points a seed, 8 windows at each amplitude.
fn tally(device: &str, bench: &str, seeds: &[u64], points: u32) -> Tally {
    let mut tally = Tally::default();
    for &seed in seeds {
        let text = format!(
            "seed = {seed}\ndevice = \"{device}\"\n[bench]\n{bench}\n[[case]]\ninputs_v = [-1.2, -1.2]\nhigh = true\n\
             [[case]]\ninputs_v = [0.6, 0.6]\nhigh = false\n"
        );
        let job = laboratory::job(&text);
        let exact_of = device::open(device).expect("a device");
        let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
        let mut session: Session = laboratory::session(job, plan.clone(), Estimator::InPhase);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..points {
            let inputs_v: Vec<f64> = (0..2).map(|_| random.random_range(INPUT_V)).collect();
            let controls_v = plan.draw_controls_v(&mut random);
            // A run has two cases at least: both are the same point.
            let cases_v = vec![inputs_v.clone(), inputs_v];
            let here = Configuration { cases_v, ..plan.configuration().clone() };
            let here = Plan::new(here, plan.parameters()).expect("a plan");
            session.present(here.clone()).expect("a session");
            let effort = Effort::windows(gradient::WINDOWS);
            let plain = gradient::measure(&mut session, &controls_v, effort).expect("answers");
            let found = zero_amplitude::measure(&mut session, &controls_v, effort).expect("slopes");
            assert_eq!(found.intervals, Intervals::Slope);
            let exact = gradient::exact(exact_of.as_ref(), &here, &controls_v).expect("slopes");
            let of_case = found.cases[0].slopes.iter().zip(&plain.cases[0].slopes);
            for ((found, plain), &exact) in of_case.zip(&exact[0]) {
                tally.add(found, plain, exact);
            }
        }
        session.close().expect("a way home");
    }
    tally
}

/// By day 200 slopes a row: a share of 95 % spreads by 1.5 %, more where the slopes of a point err together.
fn assert_held(device: &str) {
    let (seeds, points, least) = nightly((&[11, 12, 13, 14][..], 200, 0.93), (&[11][..], 20, 0.85));
    for (noise, bench) in NOISES {
        let tally = tally(device, bench, seeds, points);
        let row = tally.row(&format!("{device}, {noise}"));
        println!("{row}");
        assert!(tally.coverage() >= least && tally.unresolved() <= 0.1, "{row}");
    }
}

#[test]
#[ignore = "at night: by day the measured surrogate"]
fn at_night_intervals_of_the_slope_hold_the_exact_slopes_of_the_built_in_device() {
    assert_held("builtin");
}

#[needs(surrogate)]
#[test]
fn intervals_of_the_slope_hold_the_exact_slopes_of_the_measured_surrogate_with_its_kinks() {
    assert_held(SURROGATE);
}

#[test]
fn intervals_of_the_slope_hold_the_exact_slopes_of_interferometers() {
    assert_held("mzi");
}

#[test]
#[ignore = "at night: by day the measured surrogate"]
fn at_night_intervals_of_the_slope_hold_the_exact_slopes_of_a_crossbar() {
    assert_held("crossbar");
}

#[test]
fn shifts_of_third_order_are_told_as_bias_and_go_away_at_amplitude_zero() {
    const SLOPE_NA_PER_V: f64 = 10.0;
    let text = "gate = \"xor\"\n[bench]\nnoise_na2_per_hz = 0.0\n";
    let mut job = laboratory::job(text);
    // c A^2 / 2 and 3 c A^2 / 4 at 30 mV: 0.45 and 0.675 nA/V.
    let cubic = vec![([0, 3, 3], 1000.0), ([4, 4, 4], 1000.0)];
    let device = PolynomialDevice::new(0.0, vec![SLOPE_NA_PER_V; 7], Vec::new(), cubic).unwrap();
    job.device = Box::new(device.clone());
    let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
    // Where the third order's own current is small.
    let controls_v = vec![-0.02, 0.01, 0.03, -0.2, -0.2];
    let exact = gradient::exact(&device, &plan, &controls_v).unwrap();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
    let plain = gradient::measure(&mut session, &controls_v, Effort::windows(1)).unwrap();
    let found = zero_amplitude::measure(&mut session, &controls_v, Effort::windows(1)).unwrap();
    session.close().expect("a way home");
    // Of the electrodes 0, 3, 4, 5 and 6.
    for (k, bias) in [0.45, 0.0, 0.675, 0.0, 0.0].into_iter().enumerate() {
        let (plain, found) = (&plain.cases[0].slopes[k], &found.cases[0].slopes[k]);
        assert!((plain.slope_na_per_v - exact[0][k] - bias).abs() < 0.02, "{plain:?}");
        // It cannot know that there are no kinks.
        assert!((found.slope_na_per_v - exact[0][k]).abs() < 0.1, "{found:?}");
        assert!((found.bias_na_per_v.unwrap() - bias).abs() < 0.1, "{found:?}");
        let [low, high] = found.interval_na_per_v.unwrap();
        assert!((low..=high).contains(&exact[0][k]), "{found:?}");
    }
}
