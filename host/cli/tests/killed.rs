//! A host that is killed, or frozen and then killed, leaves the device safe: in real time, at random points of a training.

use hge_core::experiment::{Job, Source};
use hge_lab::server::{tcp, Pace, Server, Settings};
use hge_protocol::registers as map;
use hge_sim::bench::{AnalogueBench, Bench};
use hge_tests::nightly;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::{kill_process, Pid, Signal};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Points in time, by day and with `HGE_NIGHTLY=1`.
fn trials() -> usize {
    nightly(50, 6)
}

/// Seconds of the instrument in one second of the clock.
const FACTOR: f64 = 5.0;

/// What the host sent last may still be on its way through sockets and queues of a busy computer.
const ON_ITS_WAY_S: f64 = 0.05;

/// Longest time between two runs of a training, in which the outputs may be at their safe values.
const AT_WORK_SAMPLES: u64 = 2500;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the outputs did since the last power-up: samples, and the last at which any was away from its safe value or
/// beyond its limits.
#[derive(Clone, Copy, Default)]
struct Watched {
    power_ups: usize,
    samples: u64,
    last_away: Option<u64>,
    last_beyond: Option<u64>,
}

/// A bench that is watched.
struct Probe {
    inner: AnalogueBench,
    /// Limits of every output.
    limits: Vec<(i16, i16)>,
    watched: Arc<Mutex<Watched>>,
    /// Before the last call.
    before: Watched,
    codes: Vec<i16>,
}

impl Probe {
    fn look(&mut self, codes: &[i16]) {
        let mut watched = self.before;
        for row in codes.chunks_exact(self.limits.len()) {
            if row.iter().any(|&code| code != 0) {
                watched.last_away = Some(watched.samples);
            }
            let beyond = |(&code, &(low, high)): (&i16, &(i16, i16))| code < low || code > high;
            if row.iter().zip(&self.limits).any(beyond) {
                watched.last_beyond = Some(watched.samples);
            }
            watched.samples += 1;
        }
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = watched;
    }
}

impl Bench for Probe {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.inner.samples(codes, adc);
        self.before = *self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        self.codes = codes.to_vec();
        self.look(codes);
    }

    fn rewind(&mut self, samples: usize) {
        self.inner.rewind(samples);
        let kept = self.codes.len() - samples * self.limits.len();
        let codes = std::mem::take(&mut self.codes);
        self.look(&codes[..kept]);
    }
}

#[test]
fn a_host_killed_at_random_points_leaves_the_outputs_safe() {
    let (experiment, source) = Source::parse("xor.toml", "gate = \"xor\"\n".into()).unwrap();
    let task = Job::new(experiment.clone(), &source).unwrap().task;
    let writes = task.plan.writes();
    let word = |address: u16| writes.iter().find(|write| write.0 == address).unwrap().1;
    let code = |address: u16| word(address) as u16 as i16;
    let outputs = task.parameters.outputs as u16;
    let limits: Vec<(i16, i16)> = (0..outputs)
        .map(|output| (code(map::GUARD + 4 * output), code(map::GUARD + 4 * output + 1)))
        .collect();
    assert!((0..outputs).all(|output| code(map::GUARD + 4 * output + 2) == 0));
    let span = limits.iter().map(|(low, high)| high.abs_diff(*low)).max().unwrap();
    let ramp_samples = u64::from(span).div_ceil(u64::from(word(map::SAFE_STEP)));
    let rate_hz = task.plan.grid().rate_hz;
    let on_its_way_samples = (ON_ITS_WAY_S * FACTOR * rate_hz) as u64;
    let home_samples = u64::from(word(map::WATCHDOG)) + ramp_samples + on_its_way_samples;

    let watched = Arc::new(Mutex::new(Watched::default()));
    let seen = watched.clone();
    let factory = Box::new(move |seed| {
        let Job { task, chain, device } = Job::new(experiment.clone(), &source).expect("a job");
        hge_lab::engine(&task, chain, device, seed, |inner| {
            let mut last = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let before = Watched { power_ups: last.power_ups + 1, ..Watched::default() };
            *last = before;
            let (limits, watched) = (limits.clone(), seen.clone());
            Box::new(Probe { inner, limits, watched, before, codes: Vec::new() })
        })
    });
    let pace = Pace::Real { factor: FACTOR, baud: 3_000_000 };
    let server = Server::new(factory, Settings { pace, ..Settings::default() }).unwrap();
    let server = tcp::listen(server, "0").unwrap();
    let link = format!("tcp:{}", server.address());
    let now = || *watched.lock().unwrap_or_else(PoisonError::into_inner);

    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut at_work = 0;
    for trial in 0..trials() {
        let powered = now().power_ups;
        let mut host = Command::new(env!("CARGO_BIN_EXE_hge"))
            .args(["train", "xor", "--link", &link, "--restarts", "100"])
            .args(["--seed", &trial.to_string()])
            .env("HGE_RUNS", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // At work: powered up anew, and an output is away from its safe value.
        let begun = Instant::now();
        while now().power_ups == powered || now().last_away.is_none() {
            assert!(begun.elapsed() < PATIENCE, "trial {trial}: the training never began");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(dice.random_range(0..150)));
        let Watched { last_away, samples, .. } = now();
        at_work += usize::from(last_away.is_some_and(|away| away + AT_WORK_SAMPLES >= samples));
        // SIGKILL: no farewell, and the server disarms. SIGSTOP: the connection stands, and the watchdog trips.
        let frozen = trial % 2 == 1;
        if frozen {
            let id = Pid::from_child(&host);
            kill_process(id, Signal::STOP).unwrap();
        } else {
            host.kill().unwrap();
        }
        let killed = now().samples;
        let begun = Instant::now();
        while now().samples < killed + home_samples + 200 {
            assert!(begun.elapsed() < PATIENCE, "trial {trial}: time stands still");
            std::thread::sleep(Duration::from_millis(2));
        }
        let Watched { last_away, last_beyond, .. } = now();
        assert_eq!(last_beyond, None, "trial {trial}: beyond a limit");
        let away = last_away.unwrap();
        assert!(away < killed + home_samples, "trial {trial}: killed at {killed}, away at {away}");
        // Of one that is dead already this asks nothing more.
        host.kill().unwrap();
        host.wait().unwrap();
    }
    // A lucky training may be over before it is killed.
    assert!(at_work >= trials() * 9 / 10, "killed at work in {at_work} trials");
}
