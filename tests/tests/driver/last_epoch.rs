//! The last epoch, once more, over a line that loses its first frames.

use crate::instruments::{configured, hasty, in_process};
use hge_host::driver::{ArmMode, DriverError};
use hge_host::link::{Ends, Link, LinkError, Received, Sink, Source};
use hge_protocol::frame::{Frame, Record};
use hge_protocol::registers::{self as map, mode};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// A link that loses so many windows of case 0.
struct Beheaded {
    inner: Box<dyn Link>,
    losses: Arc<AtomicU32>,
}

struct BeheadedSource {
    inner: Box<dyn Source>,
    losses: Arc<AtomicU32>,
    frame: Vec<u8>,
}

impl Link for Beheaded {
    fn name(&self) -> String {
        "a line".into()
    }

    fn reply_timeout(&self) -> Duration {
        self.inner.reply_timeout()
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let (inner, sink): (_, Box<dyn Sink>) = self.inner.split()?;
        let source = BeheadedSource { inner, losses: self.losses, frame: Vec::new() };
        Ok((Box::new(source), sink))
    }
}

fn begins_an_epoch(frame: &[u8]) -> bool {
    let mut begins = false;
    Deframer::new(MOST_FRAME_WORDS).push(frame, |body| {
        let read = body.map(Frame::from_words);
        begins = matches!(read, Some(Ok(Frame::Telemetry(_, Record::Window(w)))) if w.case == 0);
    });
    begins
}

impl Source for BeheadedSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let mut bytes = Vec::new();
        let received = self.inner.receive(&mut bytes, timeout)?;
        for byte in bytes {
            self.frame.push(byte);
            if byte == 0 {
                let frame = std::mem::take(&mut self.frame);
                let left = self.losses.load(Ordering::Relaxed);
                if left > 0 && begins_an_epoch(&frame) {
                    self.losses.store(left - 1, Ordering::Relaxed);
                } else {
                    into.extend(frame);
                }
            }
        }
        Ok(received)
    }
}

#[test]
fn an_epoch_without_its_first_window_is_asked_for_again_or_refused() {
    let losses = Arc::<AtomicU32>::default();
    let link = Box::new(Beheaded { inner: in_process(), losses: losses.clone() });
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
