//! The last epoch, once more, over a line that loses its first frames.

use crate::instruments::{configured, hasty, in_process};
use crate::losing::Losing;
use hge_driver::{ArmMode, DriverError};
use hge_protocol::frame::{EndReason, Record};
use hge_protocol::registers::{self as map, mode};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

fn begins_an_epoch(record: &Record) -> bool {
    matches!(record, Record::Window(window) if window.case == 0)
}

#[test]
fn an_epoch_without_its_first_window_is_asked_for_again_or_refused() {
    let losses = Arc::<AtomicU32>::default();
    let link =
        Box::new(Losing { inner: in_process(), losses: losses.clone(), is_lost: begins_an_epoch });
    let mut instrument = configured(link, hasty());
    instrument.arm(ArmMode::Host).unwrap();
    instrument.run(mode::PERTURB, |_| ()).unwrap();
    let whole = instrument.last_epoch().unwrap();
    // Four cases and the end of the run.
    assert_eq!(whole.len(), 5);
    assert!(matches!(&whole[0], Record::Window(window) if window.case == 0));
    losses.store(3, Ordering::Relaxed);
    assert_eq!(instrument.last_epoch().unwrap(), whole);
    assert_eq!(losses.load(Ordering::Relaxed), 0);
    losses.store(u32::MAX, Ordering::Relaxed);
    assert!(matches!(instrument.last_epoch(), Err(DriverError::EndLost)));
    assert_eq!(instrument.read(map::FRAMES).unwrap(), 5);
}

#[test]
fn a_run_whose_end_is_lost_beside_an_endless_capture_is_given_up() {
    let losses = Arc::new(AtomicU32::new(u32::MAX));
    let is_lost = |record: &Record| matches!(record, Record::End(_));
    let link = Box::new(Losing { inner: in_process(), losses: losses.clone(), is_lost });
    let mut instrument = configured(link, hasty());
    instrument.arm(ArmMode::Host).unwrap();
    let ended = instrument.run_captured(mode::PERTURB, 1, |_| ());
    assert!(matches!(ended, Err(DriverError::EndLost)), "{:?}", ended.map(|(end, _)| end));
    // The line is sound again: the next one ends.
    losses.store(0, Ordering::Relaxed);
    let (end, _) = instrument.run_captured(mode::PERTURB, 1, |_| ()).unwrap();
    assert_eq!(end.reason, EndReason::Complete);
}
