//! A report in a browser: every plot is drawn, nothing is asked of a network, nothing is cut or lies on other text.

use hge_core::experiment::{Job, Source};
use hge_core::measure::waveform::{Span, Waveform};
use hge_core::train::{Outcome, Progress};
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_record::report::{html, DrawnSpectrum, Report, SpectrumLine};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ends every element and comment that it could stand in.
const HOSTILE: &str = "</script></pre></style>--><script>alert(1)</script><img src=x onerror=alert(2)>\" onload='alert(3)'{{data}}";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn job(text: &str) -> Job {
    let (experiment, source) =
        Source::parse("report.toml", text.into()).unwrap_or_else(|error| panic!("{error}"));
    Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"))
}

/// A current as a pass over the cases would show it: a window each, noiseless tones on it.
fn waveform(outcome: &Outcome) -> Waveform {
    let (rate_hz, samples) = (10_000.0, 400);
    let current = |s: usize, n: usize| {
        let inside = (n as f64 / rate_hz * 500.0 * TAU).sin();
        outcome.outputs_na[s] + 0.4 * inside
    };
    let cases = outcome.outputs_na.len();
    let window = |case: usize| Span {
        case,
        begin_s: (case * samples + 100) as f64 / rate_hz,
        end_s: ((case + 1) * samples) as f64 / rate_hz,
    };
    Waveform {
        rate_hz,
        currents_na: (0..cases * samples).map(|n| current(n / samples, n)).collect(),
        windows: (0..cases).map(window).collect(),
        clipped: false,
    }
}

/// White noise of 16 pA/sqrt(Hz) with 1/f below 100 Hz, tones and mains on it.
fn spectrum(tones_hz: &[f64]) -> DrawnSpectrum {
    let floor = 1.6e-11;
    let frequencies_hz: Vec<f64> = (1..=2500).map(|n| 2.0 * f64::from(n)).collect();
    let line = |frequency_hz: f64, kind: &str| SpectrumLine {
        frequency_hz,
        kind: kind.into(),
        label: format!("{kind} at {frequency_hz:.0} Hz"),
    };
    let mut lines: Vec<SpectrumLine> = tones_hz.iter().map(|&hz| line(hz, "tone")).collect();
    lines.extend([line(50.0, "mains"), line(150.0, "mains")]);
    let density = |&hz: &f64| {
        let on_line = lines.iter().any(|line| (line.frequency_hz - hz).abs() < 1.0);
        let ripple = 1.0 + 0.3 * (hz * 1.7).sin() * (hz * 0.31).cos();
        floor * (1.0 + 100.0 / hz).sqrt() * if on_line { 60.0 } else { ripple }
    };
    let density_a_per_rt_hz = frequencies_hz.iter().map(density).collect();
    DrawnSpectrum { density_a_per_rt_hz, frequencies_hz, floor_a_per_rt_hz: Some(floor), lines }
}

/// A training that is solved, with everything a report can show.
fn complete() -> Report {
    let path = root().join("experiments/short.toml");
    let (experiment, source) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    let job = Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"));
    let task = job.task.clone();
    let mut epochs = Vec::new();
    let outcome = train(job, &Options::default(), &mut |progress| epochs.push(progress.clone()))
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(outcome.solved && epochs.len() >= 2);
    Report::of(&task, Some(&outcome))
        .epochs(epochs)
        .waveform(waveform(&outcome))
        .spectrum(spectrum(&task.plan.tones_hz()))
        .wall_s(2.5)
        .provenance("program", "hge 0.1.0")
        .provenance("command", "hge train experiments/short.toml")
        .build()
}

/// A long search over many starts, ended by an error; every text that comes from outside is hostile.
fn hostile() -> Report {
    let cases: String = (0..9)
        .map(|n| {
            format!("[[case]]\ninputs_v = [{:.2}, 0.1]\nhigh = {}\n", 0.05 * f64::from(n), n < 4)
        })
        .collect();
    let mut task = job(&format!("restarts = 90\n[host]\nloss = \"mse\"\n{cases}")).task;
    task.experiment.device = format!("process:{HOSTILE}");
    let ranges_v = task.plan.control_ranges_v();
    let epoch = |n: u32| {
        let (restart, epoch) = (n / 200, n % 200);
        let phase = f64::from(n) / 37.0;
        let decay = (-f64::from(epoch) / 60.0).exp();
        let control = |(k, &(low_v, high_v)): (usize, &(f64, f64))| {
            low_v + (high_v - low_v) * (0.5 + 0.5 * (f64::from(restart) + k as f64 + decay).sin())
        };
        Progress {
            restart: restart + 1,
            epoch: epoch + 1,
            loss: if n == 777 { f64::NAN } else { 900.0 * decay + 4.0 + phase.sin() },
            separation_na: phase.cos(),
            controls_v: ranges_v.iter().enumerate().map(control).collect(),
            outputs_na: (0..9).map(|s| 10.0 * (phase + f64::from(s)).sin()).collect(),
            slopes_na_per_v: (0..9).map(|s| vec![(phase * f64::from(s)).cos(); 5]).collect(),
            errors_na_per_v: vec![0.2; 5],
            clipped: false,
            samples: u64::from(n) * 1200,
        }
    };
    let mut spectrum = spectrum(&task.plan.tones_hz());
    spectrum.lines[0].kind = "<a href=\"http://example.invalid/\">tone</a>".into();
    spectrum.lines[0].label = HOSTILE.into();
    Report::of(&task, None)
        .failed(HOSTILE)
        .spectrum(spectrum)
        .epochs((0..18_000).map(epoch))
        .provenance(HOSTILE, HOSTILE)
        .build()
}

/// A run that did nothing yet.
fn empty() -> Report {
    Report::of(&job("gate = \"and\"").task, None).build()
}

fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).flat_map(|folder| names.map(|n| folder.join(n)));
    places.find(|place| place.is_file())
}

/// Python, with the packages that `.ci/run` fetches.
fn python() -> Command {
    let mut python = Command::new("python3");
    let others = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let fetched = root().join("target/playwright");
    let places = std::iter::once(fetched).chain(std::env::split_paths(&others));
    if let Ok(places) = std::env::join_paths(places) {
        python.env("PYTHONPATH", places);
    }
    python
}

#[needs(browser)]
#[test]
fn a_report_is_whole_at_every_size_and_on_paper_and_asks_nothing_of_any_host() {
    let folder = root().join("target/report");
    std::fs::create_dir_all(&folder).unwrap();
    // Complete: outputs, waveform, 3 of the course, 2 of gradients, tones, spectrum (its last epoch is the best one). Of the failed one there are no
    // outputs and waveform, but another best epoch; of the empty one there are tones alone.
    let reports = [("complete", complete(), 9), ("hostile", hostile(), 8), ("empty", empty(), 1)];
    let mut expected = Vec::new();
    for (name, report, plots) in reports {
        let page = html(&report).unwrap();
        let path = folder.join(format!("{name}.html"));
        std::fs::write(&path, page).unwrap();
        expected.push(format!("{}={plots}", path.display()));
    }
    let browser = browser().expect("a browser");
    let script = root().join("tests/browser/report.py");
    let output = python().arg(script).arg(browser).arg(&folder).args(expected).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
