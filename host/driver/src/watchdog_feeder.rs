//! Feeds the watchdog, and keeps control of a served instrument, while the caller is busy.

use super::request::{Ask, Requests, RetryPolicy};
use crossbeam::channel::{bounded, Receiver, RecvTimeoutError, Sender};
use hge_protocol::frame::Operation;
use hge_protocol::registers as map;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Least time between two winds: a watchdog shorter than four of them trips whenever the computer is busy anyway.
const LEAST_INTERVAL: Duration = Duration::from_millis(5);

/// The thread that winds it.
pub(super) struct WatchdogFeeder {
    /// `None` only while it is dropped.
    orders: Option<Sender<Option<Duration>>>,
    thread: Option<JoinHandle<()>>,
}

impl WatchdogFeeder {
    pub(super) fn spawn(requests: Arc<Mutex<Requests>>) -> Self {
        let (orders, inbox) = bounded(4);
        let thread = std::thread::spawn(move || keep(&inbox, &requests));
        WatchdogFeeder { orders: Some(orders), thread: Some(thread) }
    }

    /// From now on sends the instrument a request every `interval`, or only those of the caller.
    pub(super) fn every(&self, interval: Option<Duration>) {
        if let Some(orders) = &self.orders {
            // The thread ends after this sender alone.
            let _ = orders.send(interval);
        }
    }
}

impl Drop for WatchdogFeeder {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to say but that it panicked, which the panic has printed.
            let _ = thread.join();
        }
    }
}

fn keep(inbox: &Receiver<Option<Duration>>, requests: &Mutex<Requests>) {
    let mut interval = None;
    let mut wait = None;
    loop {
        let order = match wait {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => inbox.recv_timeout(wait),
        };
        match order {
            Ok(order) => interval = order.map(|interval| interval.max(LEAST_INTERVAL)),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        wait = interval;
        let Some(interval) = interval else { continue };
        let mut requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.silent {
            // Whoever asked knows it, and does not wait for another try here.
            continue;
        }
        let silent = requests.last_reply.elapsed();
        if silent < interval {
            wait = Some(interval - silent);
            continue;
        }
        let (operation, address, count) = (Operation::Read, map::STATUS, 1);
        let timeout = requests.patience.timeout.min(interval);
        // Whoever asks next finds out whether the instrument has gone.
        let _ = requests.ask(
            &Ask { operation, address, count, values: Vec::new() },
            RetryPolicy { timeout, total: 2 * timeout },
        );
    }
}
