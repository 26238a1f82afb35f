//! Control of a served instrument: at most one client has it, as long as it sends requests.

use super::{Stop, STOP_INTERVAL};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wait of a request for the previous client to disconnect: its end may not have been noticed yet.
const GRACE: Duration = Duration::from_millis(200);

#[derive(Debug)]
struct Holder {
    client: SocketAddr,
    /// Time of day.
    since: String,
    last_request: Instant,
}

/// Control, as all connections of a server share it.
#[derive(Clone, Debug)]
pub(super) struct Control {
    holder: Arc<Mutex<Option<Holder>>>,
    idle: Duration,
}

impl Control {
    /// Nobody is in control; a client without a request for `idle` loses it.
    pub(super) fn new(idle: Duration) -> Self {
        Control { holder: Arc::default(), idle }
    }

    fn holder(&self) -> MutexGuard<'_, Option<Holder>> {
        // What it guards is whole between any two statements that could panic.
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives control to `client`, or returns the client that has it.
    pub(super) fn take(&self, client: SocketAddr, stop: &Stop) -> Result<(), String> {
        let deadline = Instant::now() + GRACE;
        loop {
            let mut holder = self.holder();
            match holder.as_ref() {
                None => {
                    let (since, last_request) = (clock(), Instant::now());
                    *holder = Some(Holder { client, since, last_request });
                    return Ok(());
                }
                Some(holder) if Instant::now() >= deadline || stop.is_stopped() => {
                    return Err(self.sentence(holder))
                }
                Some(_) => {}
            }
            drop(holder);
            std::thread::sleep(STOP_INTERVAL / 4);
        }
    }

    fn sentence(&self, holder: &Holder) -> String {
        let Holder { client, since, last_request } = holder;
        format!(
            "the instrument is controlled by {client} since {since} UTC (last request {:.1} s ago, control ends after \
             {} s without one)",
            last_request.elapsed().as_secs_f64(),
            self.idle.as_secs_f64()
        )
    }

    /// Waits a little for a disconnecting client, so that the next client finds the instrument in its final state.
    pub(super) fn settle(&self, stop: &Stop) {
        let deadline = Instant::now() + GRACE;
        while self.holder().is_some() && Instant::now() < deadline && !stop.is_stopped() {
            std::thread::sleep(STOP_INTERVAL / 4);
        }
    }

    /// Whoever is in control has made a request.
    pub(super) fn note_request(&self) {
        if let Some(holder) = self.holder().as_mut() {
            holder.last_request = Instant::now();
        }
    }

    /// Whether the client in control has sent no request for too long, and the message to it.
    pub(super) fn overdue(&self) -> Option<String> {
        let holder = self.holder();
        let overdue = holder.as_ref().is_some_and(|it| it.last_request.elapsed() >= self.idle);
        overdue.then(|| {
            format!(
                "control of the instrument has ended after {} s without a request and the guard is disarmed: start again",
                self.idle.as_secs_f64()
            )
        })
    }

    /// Nobody is in control any more.
    pub(super) fn leave(&self) {
        *self.holder() = None;
    }
}

/// Time of day.
fn clock() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = since.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}
