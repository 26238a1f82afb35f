//! Lines that lose, damage and double frames, and one that two hosts share.

use crossbeam::channel::{unbounded, Receiver, RecvTimeoutError, Sender};
use hge_host::link::{Ends, Link, LinkError, Received, Sink, Source};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Bytes = Vec<u8>;

/// Second byte of a stuffed reply.
const REPLY: u8 = 0x80;

/// Shares of frames to which something happens.
#[derive(Clone, Copy, Default)]
pub struct Harm {
    /// Requests and replies that vanish.
    pub answers: f64,
    /// Telemetry that vanishes.
    pub telemetry: f64,
    /// Frames in which a bit is turned.
    pub damage: f64,
    /// Frames that come twice.
    pub double: f64,
}

/// What has happened so far.
#[derive(Clone, Default)]
pub struct Tally {
    pub telemetry: Arc<AtomicU32>,
    pub answers: Arc<AtomicU32>,
}

/// A link over a bad line.
pub struct Lossy {
    link: Box<dyn Link>,
    harm: Harm,
    seed: u64,
    tally: Tally,
}

impl Lossy {
    pub fn new(link: Box<dyn Link>, harm: Harm, seed: u64) -> (Box<Self>, Tally) {
        let tally = Tally::default();
        (Box::new(Lossy { link, harm, seed, tally: tally.clone() }), tally)
    }
}

/// One direction.
struct Way {
    harm: Harm,
    random: ChaCha8Rng,
    tally: Tally,
    frame: Vec<u8>,
}

impl Way {
    fn through(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for &byte in bytes {
            self.frame.push(byte);
            if byte != 0 {
                continue;
            }
            let mut frame = std::mem::take(&mut self.frame);
            let telemetry = frame.get(1).is_some_and(|&kind| kind < 8);
            let (share, tally) = match telemetry {
                true => (self.harm.telemetry, &self.tally.telemetry),
                false => (self.harm.answers, &self.tally.answers),
            };
            let damaged = self.random.random_bool(self.harm.damage) && frame.len() > 1;
            if self.random.random_bool(share) || damaged {
                tally.fetch_add(1, Ordering::SeqCst);
                if !damaged {
                    continue;
                }
                let place = self.random.random_range(0..frame.len() - 1);
                frame[place] ^= 1 << self.random.random_range(0..8);
            }
            out.extend_from_slice(&frame);
            if self.random.random_bool(self.harm.double) && frame.get(1) == Some(&REPLY) {
                out.extend_from_slice(&frame);
            }
        }
        out
    }
}

impl Link for Lossy {
    fn name(&self) -> String {
        self.link.name()
    }

    fn reply_timeout(&self) -> Duration {
        self.link.reply_timeout()
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let Lossy { link, harm, seed, tally } = *self;
        let (source, sink) = link.split()?;
        let way = |stream| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(stream);
            Way { harm, random, tally: tally.clone(), frame: Vec::new() }
        };
        Ok((Box::new(Half(source, way(1))), Box::new(Half(sink, way(2)))))
    }
}

struct Half<End: ?Sized>(Box<End>, Way);

impl Source for Half<dyn Source> {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let mut bytes = Vec::new();
        let received = self.0.receive(&mut bytes, timeout)?;
        into.extend(self.1.through(&bytes));
        Ok(received)
    }
}

impl Sink for Half<dyn Sink> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let bytes = self.1.through(bytes);
        self.0.send(&bytes)
    }
}

/// Two ends of one line: both hear everything, whoever speaks is heard.
pub fn shared(link: Box<dyn Link>) -> [Box<dyn Link>; 2] {
    let (mut source, sink) = link.split().expect("a link");
    let sink = Arc::new(Mutex::new(sink));
    let (ears, ends): (Vec<Sender<Bytes>>, Vec<_>) = (0..2).map(|_| unbounded()).unzip();
    std::thread::spawn(move || loop {
        let mut bytes = Vec::new();
        match source.receive(&mut bytes, Duration::from_millis(10)) {
            Ok(Received::Closed) | Err(_) => return,
            Ok(_) => {}
        }
        let heard = ears.iter().filter(|ear| ear.send(bytes.clone()).is_ok()).count();
        if heard == 0 {
            return;
        }
    });
    [0, 1].map(|n| Box::new(End(ends[n].clone(), sink.clone())) as Box<dyn Link>)
}

struct End(Receiver<Bytes>, Arc<Mutex<Box<dyn Sink>>>);

impl Link for End {
    fn name(&self) -> String {
        "the shared line".into()
    }

    fn reply_timeout(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let End(source, sink) = *self;
        Ok((Box::new(Ear(source)), Box::new(Mouth(sink))))
    }
}

struct Ear(Receiver<Bytes>);

impl Source for Ear {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        match self.0.recv_timeout(timeout) {
            Ok(bytes) => {
                into.extend(bytes);
                Ok(Received::Bytes)
            }
            Err(RecvTimeoutError::Timeout) => Ok(Received::Nothing),
            Err(RecvTimeoutError::Disconnected) => Ok(Received::Closed),
        }
    }
}

struct Mouth(Arc<Mutex<Box<dyn Sink>>>);

impl Sink for Mouth {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.0.lock().expect("no panic").send(bytes)
    }
}
