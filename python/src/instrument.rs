//! The instrument as an object of Python: one operation at a time, interruptible, closed whatever happens.

use crate::device::{of_function, Raised};
use crate::errors::{Failure, Refused};
use crate::experiment::Experiment;
use crate::setup::Setup;
use hge_core::apparatus::Apparatus;
use hge_core::experiment::Job;
use hge_driver::link::{self, Link, LinkSpec, Token};
use hge_driver::{Cancel, Instrument as Driver, Settings};
use hge_lab::server::{InProcess, Pace};
use pyo3::prelude::*;
use std::sync::mpsc::{sync_channel, RecvTimeoutError};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// Interval of checks for Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(20);

/// A connected instrument.
#[pyclass(frozen, weakref, module = "hge._native")]
pub struct Instrument {
    /// `None` once it is closed.
    bench: Mutex<Option<Apparatus>>,
    cancel: Cancel,
    raised: Raised,
    /// What the experiment plans.
    #[pyo3(get)]
    setup: Py<Setup>,
}

#[pymethods]
impl Instrument {
    /// Connects by `link`; in a simulation `device` computes the currents in place of the experiment's device.
    #[new]
    #[pyo3(signature = (link, experiment, device=None, name="own", token=None))]
    fn new(
        py: Python<'_>,
        link: &str,
        experiment: &Experiment,
        device: Option<Py<PyAny>>,
        name: &str,
        token: Option<&str>,
    ) -> PyResult<Self> {
        let (cancel, raised) = (Cancel::default(), Raised::default());
        let settings = Settings { cancel: cancel.clone(), ..Settings::default() };
        let of_device = (device, name.to_owned(), raised.clone());
        let (made, interrupt) = interruptible(py, &cancel, || {
            let Experiment { keys, source } = experiment;
            if keys.tones.amplitude.is_some() {
                return Err(Failure::other("tones.amplitude chooses amplitudes in `hge train` and `hge gradient`: take those that they print as tones.amplitudes_v"));
            }
            let token = token.map(Token::parse).transpose().map_err(Failure::other)?;
            let link = open(link, token.as_ref(), experiment, of_device)?;
            let instrument = Driver::connect_with(link, settings)?;
            Ok(Apparatus::new(instrument, keys.clone(), source)?)
        });
        if let Some(error) = interrupt.or_else(|| raised.take()) {
            return Err(error);
        }
        let bench = made?;
        let setup = Py::new(py, Setup::of(py, &bench)?)?;
        Ok(Instrument { bench: Mutex::new(Some(bench)), cancel, raised, setup })
    }

    /// Arms, with this host to watch over the instrument.
    fn arm(&self, py: Python<'_>) -> PyResult<()> {
        self.work(py, |bench| Ok(bench.arm()?))
    }

    /// Sends the outputs to their safe values, and waits until they are there.
    fn disarm(&self, py: Python<'_>) -> PyResult<()> {
        self.work(py, |bench| Ok(bench.disarm()?))
    }

    /// Whether this host has armed it.
    #[getter]
    fn armed(&self, py: Python<'_>) -> PyResult<bool> {
        self.work(py, |bench| Ok(bench.is_armed()))
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.bench.lock().unwrap_or_else(PoisonError::into_inner).is_none())
    }

    /// Ends what goes on, disarms and disconnects. Does nothing if it is closed.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.end());
    }
}

impl Instrument {
    /// Does `work` while other threads of Python run; Ctrl-C ends it and disarms.
    ///
    /// # Errors
    /// The work's own, an exception of a callback, Ctrl-C; or the instrument is closed, or at work for another thread.
    pub fn work<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Apparatus) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let mut held = match self.bench.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(Refused::new_err(
                    "the instrument is at work for another thread: wait for its end, or use one lock for both",
                ))
            }
        };
        let Some(bench) = held.as_mut() else {
            return Err(Refused::new_err("the instrument is closed: connect again"));
        };
        let (result, interrupt) = interruptible(py, &self.cancel, || work(bench));
        match interrupt.or_else(|| self.raised.take()) {
            None => Ok(result?),
            Some(error) => {
                self.cancel.reset();
                // What cannot be disarmed has disarmed itself, or its watchdog trips.
                let _ = py.detach(|| bench.disarm());
                Err(error)
            }
        }
    }

    /// The exception of a callback, and the end of what called it.
    pub fn raised(&self) -> (Raised, Cancel) {
        (self.raised.clone(), self.cancel.clone())
    }

    fn end(&self) {
        self.cancel.cancel();
        drop(self.bench.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Instrument {
    fn drop(&mut self) {
        // A device's function needs the interpreter until the instrument's threads have ended.
        let ended = Python::try_attach(|py| py.detach(|| self.end()));
        if ended.is_none() {
            self.end();
        }
    }
}

/// Result of `work` in a thread of its own, and what a signal's handler raised meanwhile, which cancels it.
fn interruptible<T: Send>(
    py: Python<'_>,
    cancel: &Cancel,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> (Result<T, Failure>, Option<PyErr>) {
    py.detach(|| {
        std::thread::scope(|scope| {
            let (done, is_done) = sync_channel(1);
            let worker = scope.spawn(move || {
                let result = work();
                // The other end waits for it.
                let _ = done.send(());
                result
            });
            let mut interrupt = None;
            while is_done.recv_timeout(SIGNAL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if interrupt.is_none() {
                    interrupt = Python::attach(|py| py.check_signals()).err();
                    interrupt.iter().for_each(|_| cancel.cancel());
                }
            }
            let result = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (result, interrupt)
        })
    })
}

/// The link to the instrument, or to one that is simulated in this process.
fn open(
    spec: &str,
    token: Option<&Token>,
    experiment: &Experiment,
    (function, name, raised): (Option<Py<PyAny>>, String, Raised),
) -> Result<Box<dyn Link>, Failure> {
    let spec: LinkSpec = spec.parse()?;
    if spec != LinkSpec::Simulated {
        if function.is_some() {
            return Err(Failure::other(format!(
                "a device has no effect over {spec}: leave it out, or connect to \"sim\""
            )));
        }
        return Ok(link::open(&spec, token)?);
    }
    let (keys, source) = (experiment.keys.clone(), &experiment.source);
    let Some(function) = function else {
        let job = Job::new(keys, source)?;
        return Ok(Box::new(InProcess::serve(hge_lab::server(job, Pace::Virtual, true)?)));
    };
    let device =
        of_function(function, name, experiment.electrodes(), experiment.outputs(), raised)?;
    let Job { task, chain, .. } = Job::with_device(keys, source, Box::new(device.again()))?;
    let opened = move || Ok(Box::new(device.again()) as _);
    let server = hge_lab::server_with(task, chain, opened, Pace::Virtual, true)?;
    Ok(Box::new(InProcess::serve(server)))
}
