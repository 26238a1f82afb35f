//! A device whose operating point moves is followed, where one that was trained once fails.

use hge_core::experiment::Job;
use hge_core::track::{bound_v_per_s, track, Track, TrackSpec, FOLLOWED};
use hge_tests::laboratory;

fn job(loop_mode: &str, drift_period_s: f64) -> Job {
    laboratory::job(&format!(
        "gate = \"xor\"\nloop = \"{loop_mode}\"\n[bench]\ndrift_v = 0.3\ndrift_period_s = {drift_period_s}\nstep_v = 0.1\nstep_at_s = 60.0\n"
    ))
}

fn tracked(loop_mode: &str, drift_period_s: f64, frozen: bool) -> Track {
    let job = job(loop_mode, drift_period_s);
    let task = job.task.clone();
    let wanted = TrackSpec { epochs: 400, frozen };
    track(laboratory::instrument(job), task, wanted, &mut |_| ()).unwrap().1
}

#[test]
fn both_loops_follow_where_the_frozen_device_fails() {
    for loop_mode in ["host", "standalone"] {
        let (follows, frozen) = (tracked(loop_mode, 240.0, false), tracked(loop_mode, 240.0, true));
        println!(
            "{loop_mode}: right in {:.1} % of the epochs, frozen in {:.1} %",
            follows.right_share() * 1e2,
            frozen.right_share() * 1e2
        );
        assert!(follows.trained.solved && follows.trained == frozen.trained);
        assert_eq!((follows.moments.len(), frozen.moments.len()), (400, 400));
        assert!(follows.right_share() >= FOLLOWED, "{loop_mode} {}", follows.right_share());
        assert!(frozen.right_share() < 0.7, "{loop_mode} {}", frozen.right_share());
        // The frozen one's controls stay, to the DAC's step at most, and the other's move.
        let moved = |track: &Track| {
            let (first, last) = (&track.moments[0], &track.moments[399]);
            let pairs = first.controls_v.iter().zip(&last.controls_v);
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        assert!(moved(&frozen) == 0.0 && moved(&follows) > 0.1, "{}", moved(&follows));
    }
}

#[test]
fn what_moves_faster_than_the_steps_is_lost() {
    // 4 x 0.3 V in 4 s are 0.3 V/s; a step of 0.02 V in an epoch of 0.28 s makes 0.07.
    let fast = tracked("host", 4.0, false);
    let bound = bound_v_per_s(&job("host", 4.0).task.experiment, fast.epoch_s()).unwrap();
    assert!((bound - 0.02 / fast.epoch_s()).abs() < 1e-12 && bound < 0.1, "{bound}");
    assert!(fast.right_share() < 0.8, "{}", fast.right_share());
}
