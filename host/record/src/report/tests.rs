use super::epochs::Thinner;
use super::samples::extremes;
use super::*;
use hge_core::experiment::{Job, Source, Task};
use hge_core::settling::Counts;
use hge_core::train::Progress;
use hmac_sha256::Hash;
use serde_json::Value;

const HOSTILE: &str = "</script><script>alert(1)</script><!-- \"'&{{data}}";

fn task() -> Task {
    let parsed = Source::parse("x.toml", "gate = \"xor\"".into());
    let (experiment, source) = parsed.unwrap_or_else(|error| panic!("{error}"));
    Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}")).task
}

fn epoch(n: u32, loss: f64) -> Progress {
    Progress {
        restart: 1 + n / 1000,
        epoch: 1 + n % 1000,
        loss,
        separation_na: 1.0,
        controls_v: vec![f64::from(n); 5],
        outputs_na: vec![0.0, 1.0, 2.0, 3.0],
        slopes_na_per_v: vec![vec![1.0 / 3.0; 5]; 4],
        errors_na_per_v: vec![0.1; 5],
        clipped: false,
        samples: 1000,
    }
}

fn outcome(solved: bool) -> Outcome {
    Outcome {
        solved,
        loss: 0.25,
        accuracy: 1.0,
        separation_na: 5.0,
        separation_error_na: Some(0.05),
        rms_error_na: None,
        offsets_na: vec![0.0],
        separation_above_na: Some(4.6),
        outputs_na: vec![0.0, 5.0, 6.0, -1.0],
        controls_v: vec![7.0; 5],
        epochs: 12,
        restarts: 1,
        saturated: false,
        clipped: false,
        clipped_starts: 0,
        starts_clipped: false,
        unsettled: Counts::default(),
        samples: 10_000,
    }
}

/// What the scripts of a page read.
fn data(page: &str) -> Value {
    let begin = page.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    let length = page[begin..].find("</script>").unwrap();
    serde_json::from_str(&page[begin..begin + length]).unwrap()
}

#[test]
fn of_a_long_run_first_last_best_and_extremes_of_the_loss_are_kept_and_no_more_than_may_be() {
    let (total, least, greatest) = (425_000, 123_457, 300_001);
    let loss = |n: u32| match n {
        _ if n == least => -1.0,
        _ if n == greatest => 9.0,
        _ if n.is_multiple_of(7) => f64::NAN,
        _ => 1.0 + f64::from(n % 11) / 11.0,
    };
    let mut thinner = Thinner::new(MOST_EPOCHS, None);
    (0..total).for_each(|n| thinner.push(epoch(n, loss(n))));
    let epochs = thinner.finish(4, 5);
    let count = epochs.number.len();
    assert!(count <= MOST_EPOCHS && count > MOST_EPOCHS / 4, "{count}");
    assert!(epochs.number.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(epochs.total, u64::from(total));
    assert_eq!(epochs.not_finite, u64::from(total.div_ceil(7)));
    for n in [0, total - 1, least, greatest] {
        assert!(epochs.number.contains(&(u64::from(n) + 1)), "{n}");
    }
    assert_eq!(epochs.best.map(|best| epochs.number[best]), Some(u64::from(least) + 1));
    assert_eq!(epochs.starts.len(), 425);
    assert_eq!(epochs.starts[1], Start { restart: 2, number: 1001 });
    let slopes: usize = epochs.slopes_na_per_v.iter().flatten().map(Vec::len).sum();
    assert!(slopes > 10_000 && slopes <= 110_000, "{slopes}");
}

#[test]
fn a_short_run_keeps_every_epoch() {
    for total in [1, 2, 1000, 1990] {
        let report = Report::of(&task(), None).epochs((0..total).map(|n| epoch(n, 1.0))).build();
        assert_eq!(report.epochs.number, (1..=u64::from(total)).collect::<Vec<_>>());
        assert_eq!(report.epochs.controls_v[4].len(), total as usize);
    }
}

#[test]
fn the_best_epoch_is_that_of_the_outcome_even_where_another_start_had_less_loss() {
    let losses = (0..40).map(|n| epoch(n, if n == 30 { 0.1 } else { 1.0 + f64::from(n) }));
    let report = Report::of(&task(), Some(&outcome(true))).epochs(losses.clone()).build();
    assert_eq!(report.epochs.best.map(|best| report.epochs.number[best]), Some(8));
    let report = Report::of(&task(), None).epochs(losses).build();
    assert_eq!(report.epochs.best.map(|best| report.epochs.number[best]), Some(31));
}

#[test]
fn a_thinned_curve_keeps_its_ends_and_its_extremes() {
    let mut values: Vec<f64> = (0..100_000).map(|n| f64::from(n % 97)).collect();
    values[50_001] = 1e6;
    values[70_003] = -1e6;
    values[10..40].fill(f64::NAN);
    let kept = extremes(&values, 300);
    assert!(kept.len() <= 300 && kept.is_sorted());
    for n in [0, 50_001, 70_003, 99_999] {
        assert!(kept.contains(&n), "{n}");
    }
    assert_eq!(extremes(&values, 100_000).len(), 100_000);
    assert!(extremes(&[], 10).is_empty());
    assert!(extremes(&[f64::NAN; 1000], 10).len() <= 10);
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let mut task = task();
    task.experiment.device = format!("process:{HOSTILE}");
    let spectrum = DrawnSpectrum {
        frequencies_hz: vec![1.0, 2.0],
        density_a_per_rt_hz: vec![1e-12, 2e-12],
        floor_a_per_rt_hz: None,
        lines: vec![SpectrumLine {
            frequency_hz: 1.0,
            kind: HOSTILE.into(),
            label: HOSTILE.into(),
        }],
    };
    let report = Report::of(&task, None)
        .failed(HOSTILE)
        .spectrum(spectrum)
        .provenance(HOSTILE, HOSTILE)
        .on(HOSTILE, HOSTILE)
        .build();
    let page = html(&report).unwrap();
    // The library holds none of these; the page has its data and two scripts, which end where they should.
    assert_eq!(page.matches("<script").count(), 3);
    assert_eq!(page.matches("</script").count(), 3);
    assert!(!page.contains("<!--") && !page.contains("<script>alert"));
    assert_eq!(data(&page)["report"]["provenance"][0][1], HOSTILE);
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
}

#[test]
fn a_page_asks_nothing_of_a_network_and_runs_only_its_own_scripts() {
    let page = html(&Report::of(&task(), None).build()).unwrap();
    let policy = page.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains("script-src 'unsafe"), "{policy}");
}

#[test]
fn numbers_that_are_not_finite_are_null_and_are_told() {
    let mut broken = epoch(1, f64::INFINITY);
    broken.outputs_na = vec![f64::NAN];
    broken.slopes_na_per_v = Vec::new();
    let all = [epoch(0, 2.0), broken, epoch(2, 1.0)];
    let report = Report::of(&task(), None).epochs(all).build();
    let page = html(&report).unwrap();
    let epochs = &data(&page)["report"]["epochs"];
    assert_eq!(epochs["loss"], serde_json::json!([2.0, null, 1.0]));
    assert_eq!(epochs["outputs_na"][3], serde_json::json!([3.0, null, 3.0]));
    assert_eq!(epochs["slopes_na_per_v"][3][4], serde_json::json!([0.3333333, null, 0.3333333]));
    assert!(page.contains("The loss of 1 of 3 epochs is not finite"));
    assert_eq!(report.epochs.best, Some(2));
}

#[test]
fn the_verdict_says_how_the_run_ended() {
    let of = |outcome: Option<&Outcome>, failure: Option<&str>| {
        let builder = Report::of(&task(), outcome);
        match failure {
            Some(reason) => builder.failed(reason),
            None => builder,
        }
        .build()
    };
    for (report, verdict, expected) in [
        (of(Some(&outcome(true)), None), Verdict::Solved, "✓ solved"),
        (of(Some(&outcome(false)), None), Verdict::NotSolved, "✗ not solved"),
        (of(None, None), Verdict::Incomplete, "The run is not complete"),
        (of(None, Some("the line broke")), Verdict::Failed, "by an error: the line broke"),
    ] {
        assert_eq!(report.verdict, verdict);
        assert!(html(&report).unwrap().contains(expected), "{expected}");
    }
}

#[test]
fn a_run_without_epochs_has_a_page_that_says_what_is_absent() {
    let report = Report::of(&task(), None).epochs(std::iter::empty()).build();
    assert_eq!(report.epochs.total, 0);
    assert_eq!(report.measured_s, 0.0);
    let page = html(&report).unwrap();
    for expected in ["No epoch was", "No waveform was", "No spectrum was", "No slopes were"] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(!page.contains("id=\"plot-loss\"") && page.contains("id=\"plot-tones\""));
}

#[test]
fn the_library_is_the_one_that_is_named() {
    let readme = include_str!("../../assets/README.md");
    let library = include_str!("../../assets/plotly-basic.min.js");
    let sum: String =
        Hash::hash(library.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(readme.contains(&format!("`{sum}`")), "{sum}");
    assert!(library.contains("v4.1.1") && readme.contains("| 4.1.1 | MIT |"), "its version");
    // Else the page's script would end within it.
    assert!(!library.contains("</script") && !library.contains("<!--"));
}
