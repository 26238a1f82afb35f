//! A line that two hosts share.

use hge_driver::link::{Ends, Link, LinkError, Received, Sink, Source};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Bytes = Vec<u8>;

/// Two ends of one line: both hear everything, whoever speaks is heard.
pub fn shared(link: Box<dyn Link>) -> [Box<dyn Link>; 2] {
    let (mut source, sink) = link.split().expect("a link");
    let sink = Arc::new(Mutex::new(sink));
    let [one, other] = [channel::<Bytes>(), channel()];
    let ears = [one.0, other.0];
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
    [one.1, other.1].map(|ear| Box::new(End(ear, sink.clone())) as Box<dyn Link>)
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
