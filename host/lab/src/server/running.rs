//! The threads of a running server.

use super::{Event, Server, ServerError, Stop, QUEUE, STOP_INTERVAL};
use crossbeam::channel::{bounded, Receiver, RecvTimeoutError, SendTimeoutError, Sender};
use std::io::{self, ErrorKind, Write};
use std::thread::JoinHandle;

/// A server that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    stop: Stop,
    threads: Vec<JoinHandle<Result<(), ServerError>>>,
}

impl Running {
    /// Runs `server` in a thread, and in another what feeds it events until `stop`.
    pub(super) fn spawn(
        server: Server,
        stop: Stop,
        feed: impl FnOnce(&Sender<Event>, &Stop) + Send + 'static,
    ) -> Self {
        let (events, inbox) = bounded(QUEUE);
        let (seen, fed) = (stop.clone(), stop.clone());
        let looping = std::thread::spawn(move || {
            let done = server.run(&inbox, &seen);
            seen.stop();
            done
        });
        let feeding = std::thread::spawn(move || {
            feed(&events, &fed);
            Ok(())
        });
        Running { stop, threads: vec![looping, feeding] }
    }

    /// Ends the server from elsewhere, for instance from a signal handler.
    pub fn handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits until the server has ended.
    ///
    /// # Errors
    /// Its engine failed.
    pub fn wait(mut self) -> Result<(), ServerError> {
        self.join()
    }

    fn join(&mut self) -> Result<(), ServerError> {
        let mut done = Ok(());
        for thread in self.threads.drain(..) {
            // A thread that panicked has printed it.
            if let Ok(Err(error)) = thread.join() {
                done = Err(error);
            }
        }
        done
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        // Whoever wants the error waits.
        let _ = self.join();
    }
}

/// Tells the server, however long it is busy. `false`: it has ended.
pub(super) fn send(events: &Sender<Event>, mut event: Event, stop: &Stop) -> bool {
    while !stop.is_stopped() {
        match events.send_timeout(event, STOP_INTERVAL) {
            Ok(()) => return true,
            Err(SendTimeoutError::Timeout(back)) => event = back,
            Err(SendTimeoutError::Disconnected(_)) => return false,
        }
    }
    false
}

/// Writes the bytes from `queue` until all senders are dropped, the other side has disconnected, or `stop`. Writes to `port`
/// must time out, so that `stop` is checked.
pub(super) fn write_all<Bytes: AsRef<[u8]>>(
    port: &mut dyn Write,
    queue: &Receiver<Bytes>,
    stop: &Stop,
) {
    while !stop.is_stopped() {
        match queue.recv_timeout(STOP_INTERVAL) {
            Ok(bytes) => {
                if write(port, bytes.as_ref(), stop).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn write(port: &mut dyn Write, mut bytes: &[u8], stop: &Stop) -> io::Result<()> {
    while !bytes.is_empty() && !stop.is_stopped() {
        match port.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if is_wait(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A read or write that ended without a byte, and may be tried again.
pub(super) fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
