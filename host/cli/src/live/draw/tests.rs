//! Content of a picture at several sizes.

use super::super::dashboard::{Dashboard, Ending, Phase};
use super::super::events::{Event, Guard};
use super::super::Setting;
use super::{draw, Theme};
use hge_core::experiment::{Job, Source};
use hge_core::train::Progress;
use hge_driver::{ArmMode, FaultFlags, LinkStatistics};
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use ratatui::{buffer::Buffer, Terminal};

/// Sizes with all panels.
const WHOLE: [(u16, u16); 3] = [(80, 24), (200, 60), (40, 10)];

/// A training of XOR after its second start's third epoch: the third case is wrong.
fn dashboard() -> Dashboard {
    let (experiment, source) = Source::parse("xor.toml", "gate = \"xor\"\n".into()).unwrap();
    let task = Job::new(experiment, &source).unwrap().task;
    let mut dashboard = Dashboard::new(Setting::of(&task, "train", "builtin"));
    for (start, epoch, loss) in
        [(1, 1, 20.0), (1, 2, 11.5), (2, 1, 8.0), (2, 2, 3.0), (2, 3, 0.7654)]
    {
        dashboard.take(Event::Loss { start, epoch, loss });
    }
    dashboard.take(Event::Now(Box::new(Progress {
        restart: 2,
        epoch: 3,
        loss: 0.7654,
        separation_na: -3.25,
        controls_v: vec![0.111, -0.222, 0.333, -0.444, 0.121],
        outputs_na: vec![-1.125, 2.375, -0.875, 0.625],
        slopes_na_per_v: vec![vec![12.5, -7.25, 0.5, 3.75, -1.5]; 4],
        errors_na_per_v: vec![0.75; 5],
        clipped: false,
        samples: 123_456,
    })));
    dashboard.signs = LinkStatistics {
        frames: 4321,
        missing: 17,
        damaged: 5,
        armed: Some(ArmMode::Host),
        tripped: None,
    };
    dashboard
}

fn picture(dashboard: &Dashboard, theme: &Theme, (columns, rows): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(frame, dashboard, theme)).unwrap();
    terminal.backend().buffer().clone()
}

fn rows(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let symbols: Vec<&str> = buffer.content.iter().map(|cell| cell.symbol()).collect();
    symbols.chunks(width).map(|row| row.concat()).collect()
}

fn text(dashboard: &Dashboard, size: (u16, u16)) -> String {
    rows(&picture(dashboard, &Theme::coloured(), size)).join("\n")
}

#[test]
fn loss_epoch_and_start_are_shown_at_every_size() {
    for size in WHOLE {
        let text = text(&dashboard(), size);
        assert!(text.contains("loss 0.7654  epoch 3/"), "{text}");
        assert!(text.contains("start 2/"), "{text}");
    }
}

#[test]
fn every_case_stands_with_its_output_and_whether_it_is_right() {
    for size in WHOLE {
        let text = text(&dashboard(), size);
        // Wanted: low, high, high, low; the threshold is midway between -0.875 and +0.625.
        for (wanted, output, mark) in [
            ("low", "-1.125", '✓'),
            ("high", "+2.375", '✓'),
            ("high", "-0.875", '✗'),
            ("low", "+0.625", '✗'),
        ] {
            let place = text.find(output).unwrap_or_else(|| panic!("{output}: {text}"));
            let behind: String = text[place + output.len()..].chars().take(2).collect();
            assert_eq!(behind.trim(), mark.to_string(), "{output}: {text}");
            // Nearest before the output, on the same row.
            let row = text[..place].rsplit('\n').next().unwrap();
            let before = row.rfind("high").max(row.rfind("low")).unwrap();
            assert!(row[before..].starts_with(wanted), "{output}: {text}");
        }
    }
}

#[test]
fn every_control_stands_between_its_limits() {
    for size in WHOLE {
        let dashboard = dashboard();
        let text = text(&dashboard, size);
        for (control, volts) in
            dashboard.setting.controls.iter().zip(["+0.11", "-0.22", "+0.33", "-0.44", "+0.12"])
        {
            let line = text.lines().find(|line| line.contains(volts));
            let line = line.unwrap_or_else(|| panic!("{volts}: {text}"));
            for limit in [control.low_v, control.high_v] {
                let forms = [format!("{limit:+.1}"), format!("{limit:+.2}")];
                assert!(forms.iter().any(|form| line.contains(form)), "{limit}: {line}");
            }
            assert!(line.contains(&format!("e{}", control.electrode)), "{line}");
        }
    }
}

#[test]
fn a_control_at_its_limit_is_marked() {
    let mut dashboard = dashboard();
    dashboard.now.controls_v[2] = dashboard.setting.controls[2].high_v;
    for size in WHOLE {
        let text = text(&dashboard, size);
        assert_eq!(text.matches('!').count(), 1, "{text}");
    }
}

#[test]
fn nothing_is_cut_at_the_width_of_a_terminal_nor_a_little_below() {
    let mut dashboard = dashboard();
    dashboard.now.clipped = true;
    dashboard.now.samples = 12_345_678;
    dashboard.phase = Phase::Ended(Ending::Done { text: "not solved".into(), good: false });
    for columns in 78..=81 {
        let text = text(&dashboard, (columns, 24));
        for whole in [
            "loss (log) · start 2, • before ",
            "-0.12 nA, gap -1.50, CLIPPED",
            "+3.75 ",
            "-1.50 ",
            "+0.121",
            "12345678 samples",
            "within two errors of 0)",
        ] {
            assert!(text.contains(whole), "{whole} at {columns}: {text}");
        }
        assert_eq!(text.matches("±0.75").count(), 5, "{text}");
        assert!(!text.contains('…') && !text.contains("more"), "{text}");
    }
}

#[test]
fn slopes_stand_with_their_errors_and_those_that_may_be_noise_are_marked() {
    for size in [(80, 24), (200, 60)] {
        let text = text(&dashboard(), size);
        let row = text.lines().find(|line| line.contains("+12.50")).unwrap();
        // Errors are 0.75: 0.5 and 1.5 are not beyond two of them, but 1.5 is at them.
        for slope in ["+12.50 ", "-7.25 ", "+0.50~", "+3.75 ", "-1.50 "] {
            assert!(row.contains(slope), "{slope}: {row}");
        }
        assert_eq!(text.matches("±0.75").count(), 5, "{text}");
    }
}

#[test]
fn both_starts_are_in_the_chart_each_with_its_glyph() {
    let text = text(&dashboard(), (200, 60));
    assert!(text.contains("start 2, • before"), "{text}");
    // Two dots of the first start, and the one that explains them; the second is a line of Braille.
    assert_eq!(text.matches('•').count(), 3, "{text}");
    assert!(text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "{text}");
    // 20 over 0.77: a logarithmic axis, with its ends.
    assert!(text.contains("loss (log)") && text.contains("20.000") && text.contains("0.765"));
}

#[test]
fn link_and_guard_say_how_they_are() {
    for size in WHOLE {
        let text = text(&dashboard(), size);
        assert!(text.contains("17 missing, 5 damaged, 4321"), "{text}");
        assert!(text.contains("guard  armed, watched by a host"), "{text}");
    }
    let mut tripped = dashboard();
    (tripped.signs.armed, tripped.signs.tripped) = (None, Some(FaultFlags(8)));
    for size in WHOLE {
        let text = text(&tripped, size);
        assert!(text.contains("TRIPPED: the device's curr"), "{text}");
    }
    assert!(text(&tripped, (200, 60)).contains("narrow the electrodes' ranges"));
    let mut watching = dashboard();
    watching.guard = Some(Guard::Unknown);
    assert!(text(&watching, (80, 24)).contains("guard  known only to the client in control"));
}

#[test]
fn where_the_work_stands_is_said_in_words() {
    let mut dashboard = dashboard();
    for (phase, words) in [
        (Phase::Running, "running"),
        (Phase::Pausing, "pausing after this epoch"),
        (Phase::Paused, "PAUSED"),
        (Phase::Stopping, "disarming"),
        (Phase::Ended(Ending::Done { text: "solved".into(), good: true }), "ENDED: solved"),
        (Phase::Ended(Ending::Failed("the cable is out".into())), "ENDED: the cable is out"),
    ] {
        dashboard.phase = phase;
        for size in WHOLE {
            assert!(text(&dashboard, size).contains(words), "{words}");
        }
    }
    dashboard.signs.armed = None;
    assert!(text(&dashboard, (80, 24)).contains("disarmed, outputs at their safe values"));
}

#[test]
fn keys_stand_in_the_last_row_until_help_or_a_notice_takes_it() {
    let mut dashboard = dashboard();
    let last = |dashboard: &Dashboard, size| {
        rows(&picture(dashboard, &Theme::coloured(), size)).pop().unwrap()
    };
    for size in WHOLE {
        assert!(last(&dashboard, size).starts_with("p pause · d disarm · q quit · ? help"));
    }
    dashboard.help = true;
    assert!(last(&dashboard, (80, 24)).contains("2x ^C: at once"));
    dashboard.take(Event::Notice("nothing to pause".into()));
    assert!(last(&dashboard, (80, 24)).starts_with("nothing to pause"));
}

#[test]
fn a_terminal_that_is_too_small_is_told_in_one_line() {
    for size in [(20, 5), (39, 60), (200, 9), (1, 1)] {
        let rows = rows(&picture(&dashboard(), &Theme::coloured(), size));
        let wanted: String = "view needs 40x10".chars().take(usize::from(size.0)).collect();
        assert_eq!(rows[0].trim_end(), wanted);
        assert!(rows[1..].iter().all(|row| row.trim().is_empty()), "{rows:?}");
    }
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    let mut dashboard = dashboard();
    let case = || super::super::setting::Case { inputs: "+0.10 +0.20".into(), high: Some(true) };
    dashboard.setting.cases.extend((0..60).map(|_| case()));
    dashboard.now.outputs_na.extend([1.0; 60]);
    for size in [(80, 24), (40, 10)] {
        assert!(text(&dashboard, size).contains(" more"), "{}", text(&dashboard, size));
    }
}

#[test]
fn before_the_first_epoch_and_after_the_first_case_nothing_is_made_up() {
    let fresh = Dashboard::new(dashboard().setting);
    for size in WHOLE {
        let text = text(&fresh, size);
        assert!(text.contains("loss -"), "{text}");
        assert!(!text.contains("NaN") && !text.contains('✓') && !text.contains('✗'), "{text}");
    }
    let mut partly = dashboard();
    partly.now.outputs_na[3] = f64::NAN;
    let text = text(&partly, (80, 24));
    assert!(text.contains("threshold not known yet") && !text.contains("NaN"), "{text}");
}

#[test]
fn without_colour_there_is_none_and_the_words_are_the_same() {
    let coloured = picture(&dashboard(), &Theme::coloured(), (80, 24));
    let plain = picture(&dashboard(), &Theme::colourless(), (80, 24));
    assert_eq!(rows(&coloured), rows(&plain));
    let has_colour = |buffer: &Buffer| {
        buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(has_colour(&coloured));
    assert!(!has_colour(&plain));
}

#[test]
fn a_long_training_keeps_a_bounded_curve_that_begins_and_ends_where_it_did() {
    let mut dashboard = Dashboard::new(dashboard().setting);
    for epoch in 1..=20_000_u32 {
        dashboard.take(Event::Loss { start: 1, epoch, loss: 1.0 / f64::from(epoch) });
    }
    let points = &dashboard.curves[0].points;
    assert!(points.len() <= 4096, "{}", points.len());
    assert_eq!(points[0], (1.0, 1.0));
    assert_eq!(points.last().unwrap().0, 20_000.0);
    for start in 2..100 {
        dashboard.take(Event::Loss { start, epoch: 1, loss: 1.0 });
    }
    assert_eq!(dashboard.curves.len(), 32);
    assert_eq!(dashboard.curves[31].start, 99);
}
