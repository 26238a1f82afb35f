//! Device time to combine beams coherently: tones, Walsh functions and SPGD in the same gateware, at equal peak.
//!
//! The combined power I is climbed from random phases. Tones and Walsh functions show the slopes with all phases in one window, and the step is
//! `dV_k = gain dI/dV_k`. SPGD (stochastic parallel gradient descent; Vorontsov and Sivokon, J. Opt. Soc. Am. A 15, 2745 (1998)) moves all
//! phases at once by +-A along random signs s, and the step is `dV_k = gain (I+ - I-) / (2 A) s_k`: gain times the slope in the mean.
//!
//! Each way has the best of equally many settings (window, wait, gain, amplitude), drawn from its grid and compared on other starts than the reported ones. A
//! start ends when the exact power of its phases is reached; starts that last for the budget are censored.

mod ascent;
mod report;

use super::survival::{quickest, Duration};
use super::{parallel, Findings, ProgressObserver, ReproduceError, Setup, Study};
use ascent::{Ascent, Climbed};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::f64::consts::PI;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "beams",
    about: "device time to combine beams: tones, Walsh functions and SPGD",
    file: include_str!("../../experiments/beams.toml"),
    run,
};

/// The seed's streams of the reported starts, of those by which settings are compared, and of the settings.
const STARTS: u64 = 9000;
const TUNING_STARTS: u64 = 10_000;
const SETTINGS: u64 = 11_000;

/// Settings that are drawn at most, for each that is compared: windows too short for tones or codes are drawn again.
const DRAWS: usize = 10;

/// Voltage limit of the modulators; a start lies within a turn about zero, 2 V.
const LIMIT_V: f64 = 3.9;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    beams: Vec<usize>,
    full_na: f64,
    share: f64,
    starts: usize,
    tunings: usize,
    tuning_starts: usize,
    budget_s: f64,
    amplitudes_v: Vec<f64>,
    waits_samples: Vec<u32>,
    windows_samples: ByWay<u32>,
    rates: ByWay<f64>,
}

/// Values for each way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByWay<T> {
    tones: Vec<T>,
    walsh: Vec<T>,
    spgd: Vec<T>,
}

impl<T> ByWay<T> {
    fn of(&self, way: Way) -> &[T] {
        match way {
            Way::Tones => &self.tones,
            Way::Walsh => &self.walsh,
            Way::Spgd => &self.spgd,
        }
    }
}

/// How the slopes are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A tone on every phase.
    Tones,
    /// A Walsh function on every phase.
    Walsh,
    /// Differences of the power, all phases together.
    Spgd,
}

impl Way {
    /// All of them, the reference first.
    const ALL: [Way; 3] = [Way::Tones, Way::Walsh, Way::Spgd];

    /// Name in tables.
    fn name(self) -> &'static str {
        match self {
            Way::Tones => "homodyne",
            Way::Walsh => "walsh",
            Way::Spgd => "spgd",
        }
    }
}

/// Parameters of a way.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    window_samples: u32,
    wait_samples: u32,
    /// Gain times the curvature of the power near all beams in phase.
    rate: f64,
    /// Peak of a tone or code, or of an SPGD step.
    amplitude_v: f64,
}

/// All starts of a way.
struct Group {
    way: Way,
    settings: Settings,
    climbed: Vec<Climbed>,
}

impl Group {
    fn durations(&self) -> Vec<Duration> {
        self.climbed.iter().map(|one| one.duration).collect()
    }
}

/// All ways for a number of beams.
struct Compared {
    beams: usize,
    groups: Vec<Group>,
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut compared = Vec::new();
    for &beams in &keys.beams {
        observer.begin(&format!("{beams} beams"), Way::ALL.len() as u64);
        let mut groups = Vec::new();
        for way in Way::ALL {
            let settings = tune(setup, &keys, beams, way)?;
            let climbed = parallel::map(keys.starts, |start| {
                climb(setup, &keys, (beams, way, &settings), STARTS + start as u64)
            })?;
            groups.push(Group { way, settings, climbed });
            observer.step();
        }
        compared.push(Compared { beams, groups });
    }
    let rate_hz = setup.experiment.timing.rate_hz;
    Ok(report::findings(&compared, rate_hz, keys.budget_s))
}

/// The experiment with this number of beams, all but the first with a modulator.
fn with_beams(setup: &Setup, beams: usize, settings: &Settings) -> Setup {
    let mut setup = setup.clone();
    let controls = beams - 1;
    let experiment = &mut setup.experiment;
    experiment.device = format!("beams:{beams}");
    experiment.electrodes.controls = (1..beams).collect();
    experiment.electrodes.control_low_v = vec![-LIMIT_V; controls];
    experiment.electrodes.control_high_v = vec![LIMIT_V; controls];
    experiment.timing.settle_s = f64::from(settings.wait_samples) / experiment.timing.rate_hz;
    experiment.tones.amplitude_v = settings.amplitude_v;
    setup.source.overrule("device");
    setup
}

/// One start, its phases and noise drawn from a stream of the seed.
fn climb(
    setup: &Setup,
    keys: &Keys,
    (beams, way, settings): (usize, Way, &Settings),
    stream: u64,
) -> Result<Climbed, ReproduceError> {
    let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
    random.set_stream(stream);
    // The power is full |sum of exp(i phase) / N|^2: near its maximum its second derivative with a phase is 2 full / N, and a volt is pi.
    let curvature_na_per_v2 = 2.0 * PI * PI * keys.full_na / beams as f64;
    let ascent = Ascent {
        setup: &with_beams(setup, beams, settings),
        way,
        window_samples: settings.window_samples,
        gain_v2_per_na: settings.rate / curvature_na_per_v2,
        amplitude_v: settings.amplitude_v,
        wanted_na: keys.share * keys.full_na,
        budget_s: keys.budget_s,
    };
    ascent.run(&mut random)
}

/// The settings of the least mean time, cut at the budget, over the starts for tuning.
fn tune(setup: &Setup, keys: &Keys, beams: usize, way: Way) -> Result<Settings, ReproduceError> {
    fn of<T: Copy>(values: &[T], random: &mut ChaCha8Rng) -> T {
        values[random.random_range(0..values.len())]
    }
    let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
    random.set_stream(SETTINGS);
    let drawn = std::iter::repeat_with(|| Settings {
        window_samples: of(keys.windows_samples.of(way), &mut random),
        wait_samples: of(&keys.waits_samples, &mut random),
        rate: of(keys.rates.of(way), &mut random),
        amplitude_v: of(&keys.amplitudes_v, &mut random),
    });
    let mut refused = String::new();
    let possible = drawn.take(DRAWS * keys.tunings).filter(|settings| {
        let setup = with_beams(setup, beams, settings);
        let plan = ascent::plan(&setup, way, settings.window_samples);
        plan.map_err(|error| refused = error.to_string()).is_ok()
    });
    let settings: Vec<Settings> = possible.take(keys.tunings).collect();
    let best = quickest(&settings, keys.tuning_starts, |settings, start| {
        let stream = TUNING_STARTS + start as u64;
        Ok(climb(setup, keys, (beams, way, &settings), stream)?.duration)
    })?;
    best.ok_or_else(|| ReproduceError::Keys {
        name: setup.name.clone(),
        reason: format!("no setting of {} is possible: {refused}", way.name()),
    })
}
