//! A link with random faults in both directions.

use crate::faults::{Fault, Wire};
use hge_driver::link::{Link, LinkError, Received, Sink, Source};
use hge_protocol::frame::{Frame, Record};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What has entered a faulty link.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Frames, both ways.
    pub frames: u64,
    /// Of these, how many a fault struck.
    pub struck: u64,
    /// Telemetry as the instrument sent it, by number.
    pub sent: Vec<(u32, Record)>,
    /// Numbers of telemetry frames that came through whole, right behind a delimiter.
    pub clean: Vec<u32>,
}

impl Traffic {
    /// Telemetry frames that did not come through whole, or not at once.
    pub fn telemetry_lost(&self) -> u32 {
        (self.sent.len() - self.clean.len()) as u32
    }
}

/// A link with faults of one kind in both directions.
pub struct FaultyLink {
    inner: Box<dyn Link>,
    fault: Fault,
    seed: u64,
    traffic: Arc<Mutex<Traffic>>,
}

impl FaultyLink {
    /// Spoils what passes `inner`; and what passes, as it passes.
    pub fn over(
        inner: Box<dyn Link>,
        fault: Fault,
        seed: u64,
    ) -> (Box<dyn Link>, Arc<Mutex<Traffic>>) {
        let traffic = Arc::default();
        (Box::new(FaultyLink { inner, fault, seed, traffic: Arc::clone(&traffic) }), traffic)
    }
}

impl Link for FaultyLink {
    fn name(&self) -> String {
        format!("{} behind a line with faults", self.inner.name())
    }

    fn reply_timeout(&self) -> Duration {
        self.inner.reply_timeout()
    }

    fn split(self: Box<Self>) -> Result<(Box<dyn Source>, Box<dyn Sink>), LinkError> {
        let (source, sink) = self.inner.split()?;
        let source = FaultySource {
            inner: source,
            wire: Wire::new(self.fault, self.seed),
            deframer: Deframer::new(MOST_FRAME_WORDS),
            last: 0,
            begun: Vec::new(),
            traffic: self.traffic.clone(),
        };
        let sink = FaultySink {
            inner: sink,
            wire: Wire::new(self.fault, !self.seed),
            traffic: self.traffic,
        };
        Ok((Box::new(source), Box::new(sink)))
    }
}

struct FaultySource {
    inner: Box<dyn Source>,
    wire: Wire,
    /// Reads what the instrument really sent.
    deframer: Deframer,
    /// Last byte that came out of the line.
    last: u8,
    /// Bytes of a frame whose delimiter has not entered yet.
    begun: Vec<u8>,
    traffic: Arc<Mutex<Traffic>>,
}

impl Source for FaultySource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let mut bytes = Vec::new();
        let received = self.inner.receive(&mut bytes, timeout)?;
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            self.begun.push(byte);
            if byte != 0 {
                continue;
            }
            let frame = std::mem::take(&mut self.begun);
            let out = self.wire.pass(&frame);
            let clean = out.starts_with(&frame) && self.last == 0;
            self.last = out.last().copied().unwrap_or(self.last);
            self.deframer.push(&frame, |body| {
                let body = body.expect("the instrument sends sound frames");
                if let Ok(Frame::Telemetry(number, record)) = Frame::from_words(body) {
                    traffic.sent.push((number, record));
                    if clean {
                        traffic.clean.push(number);
                    }
                }
            });
            traffic.frames += 1;
            traffic.struck += u64::from(out != frame);
            into.extend(out);
        }
        Ok(received)
    }
}

struct FaultySink {
    inner: Box<dyn Sink>,
    wire: Wire,
    traffic: Arc<Mutex<Traffic>>,
}

impl Sink for FaultySink {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let (frames, struck) = (self.wire.frames(), self.wire.struck());
        let out = self.wire.pass(bytes);
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.frames += self.wire.frames() - frames;
        traffic.struck += self.wire.struck() - struck;
        drop(traffic);
        self.inner.send(&out)
    }
}
