//! Hours of the instrument's time: every window has the sums of the first, at its place in time, and none is lost.

use hge_bench::bare::Bare;
use hge_bench::workload::Workload;
use hge_protocol::frame::Window;
use hge_protocol::Update;
use hge_sim::bench::Bench;
use hge_sim::model::Model;

/// A device without memory: the weighted sum of its voltages.
struct Weighted;

impl Bench for Weighted {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        for (row, code) in codes.chunks_exact(WORKLOAD.outputs as usize).zip(adc) {
            let sum: i32 = (1..).zip(row).map(|(weight, &code)| weight * i32::from(code)).sum();
            *code = (sum >> 6) as i16;
        }
    }

    fn rewind(&mut self, _samples: usize) {}
}

/// Eight outputs with a tone each, a megasample a second: 71 clocks a sample.
const WORKLOAD: Workload = Workload {
    name: "eight tones",
    clock_hz: 71_000_000,
    outputs: 8,
    inputs: 1,
    slots: 8,
    cases: 1,
    window_samples: 65_536,
    standalone: false,
    update: Update::Microcode,
    continuous: false,
};

/// Runs of at most 60 000 windows, until these have `samples` samples; the number of windows.
fn soak(workload: &Workload, samples: u64) -> u64 {
    const MOST_EPOCHS: u32 = 60_000;
    let epochs = samples.div_ceil(workload.window_samples.into()) as u32;
    let engine = Model::new(workload.parameters(), Box::new(Weighted));
    let mut bare = Bare::new(Box::new(engine)).unwrap();
    let (mut passed, mut windows) = (0, 0_u64);
    let mut first: Option<Window> = None;
    let mut period_samples = None;
    for run in 0..epochs.div_ceil(MOST_EPOCHS) {
        let of_run = MOST_EPOCHS.min(epochs - run * MOST_EPOCHS);
        bare.configure(workload, of_run).unwrap();
        let mut before: Option<Window> = None;
        passed += bare
            .run(|window| {
                if let Some(before) = &before {
                    let period = window.sample_clock.wrapping_sub(before.sample_clock);
                    assert_eq!(period, *period_samples.get_or_insert(period));
                    assert_eq!(window.epoch, before.epoch + 1, "a window is lost");
                }
                let begin = first.get_or_insert_with(|| window.clone());
                let (epoch, sample_clock) = (window.epoch, window.sample_clock);
                assert_eq!(window, Window { epoch, sample_clock, ..begin.clone() });
                windows += 1;
                before = Some(window);
            })
            .unwrap();
        assert_eq!(before.map(|last| u32::from(last.epoch) + 1), Some(of_run));
        bare.disarm().unwrap();
    }
    let first = first.expect("a window");
    assert!(first.slots.iter().all(|sums| sums.in_phase != 0), "{first:?}");
    assert!(passed >= samples, "{passed} of {samples} samples");
    windows
}

#[test]
fn every_window_of_a_million_samples_is_the_first() {
    assert_eq!(soak(&WORKLOAD, 1_000_000), 16);
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_every_window_of_an_hour_at_a_megasample_and_of_a_day_at_five_kilosamples_is_the_first()
{
    assert_eq!(soak(&WORKLOAD, 3600 * 1_000_000), 54_932);
    let short = Workload { window_samples: 4096, ..WORKLOAD };
    assert_eq!(soak(&short, 24 * 3600 * 5_000), 105_469);
}
