//! Tracking of a drifting device: the highest rate of drift.
//!
//! All effective electrode voltages drift as triangles at one rate. Adam moves a control by at most its step an epoch, which bounds the rate.
//! How close a loop comes to the bound depends on the effect of the device's other voltages on the error.

use super::sim_setup::power_up;
use super::{parallel, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table};
use hge_core::experiment::{Experiment, Job, LoopMode};
use hge_core::track::{bound_v_per_s, track, Track, TrackSpec, FOLLOWED};
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel, REFERENCE};
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "track",
    about: "a device whose operating point moves, followed and frozen",
    file: include_str!("../experiments/track.toml"),
    run,
};

/// Maximum share of right epochs of a frozen device at slow drifts.
const FROZEN: f64 = 0.8;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    paces_v_per_s: Vec<f64>,
    epochs: u32,
    seeds: usize,
}

/// Treatment of the controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Variant {
    name: &'static str,
    loop_mode: LoopMode,
    frozen: bool,
}

const VARIANTS: [Variant; 3] = [
    Variant { name: "host", loop_mode: LoopMode::Host, frozen: false },
    Variant { name: "standalone", loop_mode: LoopMode::Standalone, frozen: false },
    Variant { name: "frozen", loop_mode: LoopMode::Host, frozen: true },
];

/// One rate, one variant, every seed.
struct Place {
    pace_v_per_s: f64,
    variant: Variant,
    tracks: Vec<Track>,
}

impl Place {
    /// Mean of the seeds whose training found a solution.
    fn right_share(&self) -> f64 {
        let trained = || self.tracks.iter().filter(|track| track.trained.solved);
        trained().map(Track::right_share).sum::<f64>() / trained().count() as f64
    }
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut wanted = Vec::new();
    for &pace in &keys.paces_v_per_s {
        wanted.extend(VARIANTS.map(|variant| (pace, variant)));
    }
    observer.begin("runs", (wanted.len() * keys.seeds) as u64);
    let mut tracks = parallel::map(wanted.len() * keys.seeds, |n| {
        let (pace, variant) = wanted[n / keys.seeds];
        let done = one(setup, pace, variant, keys.epochs, (n % keys.seeds) as u64)?;
        observer.step();
        Ok::<_, ReproduceError>(done)
    })?
    .into_iter();
    let places = wanted.into_iter().map(|(pace_v_per_s, variant)| {
        let tracks = tracks.by_ref().take(keys.seeds).collect();
        Place { pace_v_per_s, variant, tracks }
    });
    Ok(findings(setup, &places.collect::<Vec<_>>()))
}

fn one(
    setup: &Setup,
    pace_v_per_s: f64,
    variant: Variant,
    epochs: u32,
    seed: u64,
) -> Result<Track, ReproduceError> {
    let mut experiment: Experiment = setup.experiment.clone();
    experiment.loop_mode = variant.loop_mode;
    experiment.seed += seed;
    experiment.bench.drift_period_s = 4.0 * experiment.bench.drift_v / pace_v_per_s;
    let job = Job::new(experiment, &setup.source)?;
    let task = job.task.clone();
    let wanted = TrackSpec { epochs, frozen: variant.frozen };
    let (_, track) = track(power_up(setup, job)?, task, wanted, &mut |_| ())?;
    Ok(track)
}

fn findings(setup: &Setup, places: &[Place]) -> Findings {
    let mut findings = Findings::default();
    let mut table = Table::new(&["pace, V/s", "controls", "epochs right", "least of the seeds"]);
    let mut entries = Vec::new();
    for place in places {
        let shares: Vec<f64> = place.tracks.iter().map(Track::right_share).collect();
        let least = shares.iter().copied().fold(1.0, f64::min);
        table.push([
            format!("{}", place.pace_v_per_s),
            place.variant.name.to_owned(),
            format!("{:.1} %", place.right_share() * 1e2),
            format!("{:.1} %", least * 1e2),
        ]);
        entries.push(json!({
            "pace_v_per_s": place.pace_v_per_s, "controls": place.variant.name,
            "right_share": place.right_share(), "right_shares": shares,
        }));
    }
    let seeds = places.first().map_or(0, |place| place.tracks.len());
    let rows = places.iter().flat_map(|place| place.tracks.iter().map(Track::right_share));
    findings.array("right_shares", &[places.len(), seeds], rows.collect());
    findings.table = table;
    findings.add("places", entries);
    let of =
        |variant: &'static str| places.iter().filter(move |place| place.variant.name == variant);
    let epoch_s = of("host").flat_map(|place| &place.tracks).map(Track::epoch_s).next();
    let bound = epoch_s.and_then(|epoch_s| bound_v_per_s(&setup.experiment, epoch_s));
    let fastest = |variant: &'static str| {
        let followed = of(variant).filter(|place| place.right_share() >= FOLLOWED);
        followed.map(|place| place.pace_v_per_s).fold(0.0, f64::max)
    };
    findings.add("bound_v_per_s", bound);
    findings.add("fastest_followed_v_per_s", json!({
        "host": fastest("host"), "standalone": fastest("standalone"), "frozen": fastest("frozen"),
    }));
    let slowest = |variant: &'static str| of(variant).next().map_or(f64::NAN, Place::right_share);
    let claim = "slowest pace, host: share of epochs with the wanted separation";
    findings.claims.push(Claim::at_least(claim, slowest("host"), FOLLOWED));
    let claim = "the same of the frozen device";
    findings.claims.push(Claim::at_most(claim, slowest("frozen"), FROZEN));
    findings.figures = vec![figure(places, bound)];
    findings
}

fn figure(places: &[Place], bound: Option<f64>) -> Figure {
    let of = |variant: Variant| places.iter().filter(move |place| place.variant == variant);
    let shares = VARIANTS.iter().enumerate().map(|(n, &variant)| {
        let points = of(variant).map(|place| (place.pace_v_per_s, place.right_share()));
        Layer::new(variant.name, n, Mark::Line, points)
    });
    let mut shares: Vec<Layer> = shares.collect();
    let bound = bound.into_iter().flat_map(|bound| [(bound, 0.0), (bound, 1.0)]);
    shares.push(Layer::new("a step an epoch", REFERENCE, Mark::Dashed, bound));
    let courses = VARIANTS.iter().enumerate().filter_map(|(n, &variant)| {
        let track = of(variant).next()?.tracks.first()?;
        let points = track.moments.iter().map(|moment| (moment.time_s, moment.separation_na));
        Some(Layer::new(variant.name, n, Mark::Line, points))
    });
    let panels = vec![
        Panel {
            title: "pace of every voltage".into(),
            x: Axis::logarithmic("pace, V/s"),
            y: Axis::linear("share of epochs with the wanted separation").over(0.0, 1.05),
            layers: shares,
        },
        Panel {
            title: "first seed, slowest pace".into(),
            x: Axis::linear("time, s"),
            y: Axis::linear("separation, nA"),
            layers: courses.collect(),
        },
    ];
    Figure { name: "track".into(), columns: 2, panels }
}
