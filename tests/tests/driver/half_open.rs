//! A connection of which one end has gone without a word.

use crate::instruments::{server, task};
use hge_core::experiment::LoopMode;
use hge_driver::link::{Ends, Link, LinkError, Received, Sink, Source, Tcp};
use hge_driver::{Instrument, Settings};
use hge_lab::server::{self, tcp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What both directions of a half-open link share.
struct Silence {
    /// Frames before it.
    left: AtomicU32,
    /// Requests sent into it, and how often each.
    unanswered: Mutex<BTreeMap<Vec<u8>, u32>>,
}

/// A link that is silent in both directions after a number of frames.
struct HalfOpen {
    inner: Box<dyn Link>,
    silence: Arc<Silence>,
}

struct Half<End> {
    inner: End,
    silence: Arc<Silence>,
}

impl Link for HalfOpen {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn reply_timeout(&self) -> Duration {
        self.inner.reply_timeout()
    }

    fn keep_alive(&self) -> Option<Duration> {
        self.inner.keep_alive()
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let (source, sink) = self.inner.split()?;
        let source = Half { inner: source, silence: self.silence.clone() };
        Ok((Box::new(source), Box::new(Half { inner: sink, silence: self.silence })))
    }
}

impl Source for Half<Box<dyn Source>> {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let mut bytes = Vec::new();
        let received = self.inner.receive(&mut bytes, timeout)?;
        for byte in bytes {
            let left = self.silence.left.load(Ordering::Relaxed);
            if left == 0 {
                return Ok(Received::Nothing);
            }
            into.push(byte);
            if byte == 0 {
                self.silence.left.store(left - 1, Ordering::Relaxed);
            }
        }
        Ok(received)
    }
}

impl Sink for Half<Box<dyn Sink>> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        match self.silence.left.load(Ordering::Relaxed) {
            0 => {
                let request = bytes.iter().copied().skip_while(|&byte| byte == 0).collect();
                self.silence
                    .unanswered
                    .lock()
                    .unwrap()
                    .entry(request)
                    .and_modify(|sent| *sent += 1)
                    .or_insert(1);
                Ok(())
            }
            _ => self.inner.send(bytes),
        }
    }
}

/// In the waits of the driver, at most a reply timeout each and `attempts` of them a request: a computer may be busy.
#[test]
fn a_training_gives_up_a_connection_that_is_half_open_within_ten_seconds() {
    let server = tcp::listen(server(server::Settings::default()), "0").unwrap();
    let address = server.address().to_string();
    // While it connects, when it powers the instrument up, while it configures, in a run.
    for frames in [2, 5, 20, 120] {
        let inner = Box::new(Tcp::open(&address).unwrap());
        let reply_timeout = inner.reply_timeout();
        let silence =
            Arc::new(Silence { left: AtomicU32::new(frames), unanswered: Mutex::default() });
        let link = HalfOpen { inner, silence: silence.clone() };
        let message = Instrument::connect(Box::new(link))
            .map_err(|error| error.to_string())
            .and_then(|instrument| {
                let task = task(LoopMode::Host);
                hge_core::train::train_on(instrument, task, &mut |_| ())
                    .map_err(|error| error.to_string())
            })
            .unwrap_err();
        assert!(message.contains("does not reply ("), "{frames} frames: {message}");
        let unanswered = silence.unanswered.lock().unwrap();
        assert!(!unanswered.is_empty(), "{frames} frames: nothing was asked");
        let waits: u32 =
            unanswered.values().map(|&sent| sent.min(Settings::default().attempts)).sum();
        let waited = waits * reply_timeout;
        assert!(waited < Duration::from_secs(10), "{frames} frames: {waits} waits, {waited:?}");
    }
}
