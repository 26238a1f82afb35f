//! A link that loses chosen records of telemetry.

use hge_driver::link::{Ends, Link, LinkError, Received, Sink, Source};
use hge_protocol::frame::{Frame, Record};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Loses the next `losses` records that `is_lost` picks.
pub struct Losing {
    pub inner: Box<dyn Link>,
    pub losses: Arc<AtomicU32>,
    pub is_lost: fn(&Record) -> bool,
}

struct LosingSource {
    inner: Box<dyn Source>,
    losses: Arc<AtomicU32>,
    is_lost: fn(&Record) -> bool,
    frame: Vec<u8>,
}

impl Link for Losing {
    fn name(&self) -> String {
        "a line".into()
    }

    fn reply_timeout(&self) -> Duration {
        self.inner.reply_timeout()
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let (inner, sink): (_, Box<dyn Sink>) = self.inner.split()?;
        let (losses, is_lost) = (self.losses, self.is_lost);
        Ok((Box::new(LosingSource { inner, losses, is_lost, frame: Vec::new() }), sink))
    }
}

impl LosingSource {
    fn is_picked(&self, frame: &[u8]) -> bool {
        let mut picked = false;
        Deframer::new(MOST_FRAME_WORDS).push(frame, |body| {
            if let Some(Ok(Frame::Telemetry(_, record))) = body.map(Frame::from_words) {
                picked = (self.is_lost)(&record);
            }
        });
        picked
    }
}

impl Source for LosingSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let mut bytes = Vec::new();
        let received = self.inner.receive(&mut bytes, timeout)?;
        for byte in bytes {
            self.frame.push(byte);
            if byte == 0 {
                let frame = std::mem::take(&mut self.frame);
                let left = self.losses.load(Ordering::Relaxed);
                if left > 0 && self.is_picked(&frame) {
                    self.losses.store(left - 1, Ordering::Relaxed);
                } else {
                    into.extend(frame);
                }
            }
        }
        Ok(received)
    }
}
