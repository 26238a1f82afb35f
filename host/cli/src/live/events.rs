//! The worker's end of the view.

use crossbeam::channel::{Receiver, Sender};
use hge_core::train::Progress;
use hge_driver::{ArmMode, Cancel, FaultFlags};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Interval at which a paused worker checks whether to continue.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Events from the worker.
#[derive(Debug)]
pub enum Event {
    /// An epoch has ended, or the part of one received so far.
    Now(Box<Progress>),
    /// A point of the loss curve.
    Loss { start: u32, epoch: u32, loss: f64 },
    /// State of the guard, where this program does not arm it.
    Guard(Guard),
    /// A note for the user.
    Notice(String),
}

/// The guard, as seen by a client that does not arm it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guard {
    /// Not readable.
    Unknown,
    /// As read from the instrument.
    RunEvent { armed: Option<ArmMode>, fault: Option<FaultFlags> },
}

/// Commands to a worker that only receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Disarm,
}

/// Whether the worker must pause, and whether it has paused.
#[derive(Clone, Default)]
pub struct Pause(Arc<[AtomicBool; 2]>);

impl Pause {
    /// Toggles the pause. Returns whether the worker must pause now.
    pub fn toggle(&self) -> bool {
        !self.0[0].fetch_xor(true, Ordering::Relaxed)
    }

    /// The worker has paused.
    pub fn holds(&self) -> bool {
        self.0[1].load(Ordering::Relaxed)
    }

    /// Waits while paused, or until the work is cancelled.
    fn wait(&self, cancel: &Cancel) {
        while self.0[0].load(Ordering::Relaxed) && !cancel.is_cancelled() {
            self.0[1].store(true, Ordering::Relaxed);
            std::thread::sleep(LOOK_INTERVAL);
        }
        self.0[1].store(false, Ordering::Relaxed);
    }
}

/// Sends an event and waits for the view.
pub struct EventSender {
    pub(super) events: Sender<Event>,
    pub(super) commands: Receiver<Command>,
    pub(super) pause: Pause,
    pub(super) cancel: Cancel,
}

impl EventSender {
    /// Sends an epoch, and waits while paused.
    pub fn epoch(&self, progress: &Progress) {
        let (start, epoch, loss) = (progress.restart, progress.epoch, progress.loss);
        self.send(Event::Loss { start, epoch, loss });
        self.send(Event::Now(Box::new(progress.clone())));
        self.pause.wait(&self.cancel);
    }

    /// Sends an event. A closed view does not end the work.
    pub fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// The commands of the user since the last call.
    pub fn command(&self) -> Option<Command> {
        self.commands.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam::channel::unbounded;
    use std::time::Instant;

    fn sender() -> (EventSender, Receiver<Event>) {
        let (events, receiver) = unbounded();
        let (_, commands) = unbounded();
        (
            EventSender { events, commands, pause: Pause::default(), cancel: Cancel::default() },
            receiver,
        )
    }

    #[test]
    fn a_paused_worker_waits_after_its_epoch_until_it_may_go_on() {
        let (sender, receiver) = sender();
        let pause = sender.pause.clone();
        assert!(pause.toggle());
        let worker = std::thread::spawn(move || {
            sender.epoch(&Progress { epoch: 1, ..Progress::default() });
            sender.epoch(&Progress { epoch: 2, ..Progress::default() });
        });
        while !pause.holds() {
            std::thread::yield_now();
        }
        assert_eq!(receiver.len(), 2, "the first epoch was sent, the second has not begun");
        assert!(!pause.toggle());
        worker.join().unwrap();
        assert_eq!(receiver.len(), 4);
        assert!(!pause.holds());
    }

    #[test]
    fn to_cancel_ends_a_pause() {
        let (sender, _heard) = sender();
        sender.pause.toggle();
        sender.cancel.cancel();
        let begun = Instant::now();
        sender.epoch(&Progress::default());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
