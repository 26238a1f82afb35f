//! A link whose telemetry is late, as of a reader that is given no processor time.

use hge_driver::link::{Ends, Link, LinkError, Received, Source};
use hge_protocol::frame::Frame;
use hge_protocol::registers as map;
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Withholds telemetry until the status has been read `polls` more times: it then comes just before the last of these replies.
pub struct Withholding {
    pub inner: Box<dyn Link>,
    pub polls: Arc<AtomicU32>,
}

struct WithholdingSource {
    inner: Box<dyn Source>,
    deframer: Deframer,
    withheld: Vec<u8>,
    polls: Arc<AtomicU32>,
}

impl Link for Withholding {
    fn name(&self) -> String {
        "a late line".into()
    }

    fn reply_timeout(&self) -> Duration {
        self.inner.reply_timeout()
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let (inner, sink) = self.inner.split()?;
        let deframer = Deframer::new(MOST_FRAME_WORDS);
        let source = WithholdingSource { inner, deframer, withheld: Vec::new(), polls: self.polls };
        Ok((Box::new(source), sink))
    }
}

impl Source for WithholdingSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let mut bytes = Vec::new();
        let received = self.inner.receive(&mut bytes, timeout)?;
        let WithholdingSource { deframer, withheld, polls, .. } = self;
        deframer.push(&bytes, |body| {
            let body = body.expect("a sound line");
            let words: Vec<u32> = body.iter().map(|word| word.get()).collect();
            let mut line = Vec::new();
            seal(&words, &mut line);
            let left = polls.load(Ordering::Relaxed);
            match Frame::from_words(body) {
                Ok(Frame::Telemetry(..)) if left > 0 => return withheld.extend(line),
                Ok(Frame::Reply(reply)) if left > 0 && reply.address == map::STATUS => {
                    polls.store(left - 1, Ordering::Relaxed);
                    if left == 1 {
                        into.append(withheld);
                    }
                }
                _ => {}
            }
            into.extend(line);
        });
        Ok(received)
    }
}
