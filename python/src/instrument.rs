//! The instrument as an object of Python: one operation at a time, interruptible, closed whatever happens.

use crate::callback::Callbacks;
use crate::device::of_function;
use crate::errors::{Failure, Refused};
use crate::experiment::Experiment;
use crate::setup::Setup;
use hge_core::apparatus::Apparatus;
use hge_core::experiment::Job;
use hge_driver::link::{self, Link, LinkSpec, Token};
use hge_driver::{Cancel, Settings};
use hge_lab::server::{InProcess, Pace};
use pyo3::prelude::*;
use std::mem::ManuallyDrop;
use std::sync::mpsc::{sync_channel, RecvTimeoutError};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// Interval of checks for Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(20);

/// A connected instrument.
#[pyclass(frozen, weakref, module = "hge._native")]
pub struct Instrument {
    /// `None` once it is closed. A copy of the process has neither the threads nor the right to disarm: there it is not dropped.
    bench: ManuallyDrop<Mutex<Option<Apparatus>>>,
    cancel: Cancel,
    callbacks: Callbacks,
    setup: Mutex<Py<Setup>>,
    /// Number of the process that has connected.
    process: u32,
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
        let (cancel, callbacks) = (Cancel::default(), Callbacks::default());
        let settings = Settings { cancel: cancel.clone(), ..Settings::default() };
        let of_device = (device, name.to_owned(), callbacks.clone());
        let (made, interrupt) = interruptible(py, &cancel, || {
            let Experiment { keys, source } = experiment;
            let token = token.map(Token::parse).transpose().map_err(Failure::other)?;
            let link = open(link, token.as_ref(), experiment, of_device)?;
            Ok(Apparatus::connect(link, settings, keys.clone(), source)?)
        });
        if let Some(error) = interrupt.or_else(|| callbacks.take()) {
            // A device's function may still wait for the interpreter.
            py.detach(|| drop(made));
            return Err(error);
        }
        let bench = made?;
        let setup = Mutex::new(Py::new(py, Setup::of(py, &bench)?)?);
        let bench = ManuallyDrop::new(Mutex::new(Some(bench)));
        Ok(Instrument { bench, cancel, callbacks, setup, process: std::process::id() })
    }

    /// What the experiment plans.
    #[getter]
    fn setup(&self, py: Python<'_>) -> Py<Setup> {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner).clone_ref(py)
    }

    /// Arms, with this host to watch over the instrument.
    fn arm(&self, py: Python<'_>) -> PyResult<()> {
        self.replan(py, |bench| Ok(bench.arm()?))
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
    fn closed(&self) -> bool {
        // Whoever is at work with it has it.
        self.is_of_a_copy() || self.bench.try_lock().is_ok_and(|bench| bench.is_none())
    }

    /// Ends what goes on, disarms and disconnects. Does nothing if it is closed.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.callbacks.on_this_thread() {
            return Err(Refused::new_err(
                "a function that the instrument calls cannot close it: raise an exception, which ends the operation",
            ));
        }
        py.detach(|| self.end());
        Ok(())
    }
}

impl Instrument {
    /// [`Instrument::work`] that may change the plan.
    pub fn replan<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Apparatus) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        self.work(py, |bench| {
            let result = work(bench)?;
            let setup = Python::attach(|py| Py::new(py, Setup::of(py, bench)?))?;
            *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = setup;
            Ok(result)
        })
    }

    /// Does `work` while other threads of Python run; Ctrl-C ends it and disarms.
    ///
    /// # Errors
    /// The work's own, an exception of a callback, Ctrl-C; or the instrument is closed, or at work for another thread.
    pub fn work<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Apparatus) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        if self.is_of_a_copy() {
            return Err(Refused::new_err(format!(
                "the instrument belongs to process {}, of which this one is a copy: connect in this one, too",
                self.process
            )));
        }
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
        match interrupt.or_else(|| self.callbacks.take()) {
            None => Ok(result?),
            Some(error) => {
                self.cancel.reset();
                // What cannot be disarmed has disarmed itself, or its watchdog trips.
                let _ = py.detach(|| bench.disarm());
                Err(error)
            }
        }
    }

    /// Its calls into Python, and the end of what makes them.
    pub fn callbacks(&self) -> (Callbacks, Cancel) {
        (self.callbacks.clone(), self.cancel.clone())
    }

    fn is_of_a_copy(&self) -> bool {
        self.process != std::process::id()
    }

    fn end(&self) {
        if self.is_of_a_copy() {
            return;
        }
        self.cancel.cancel();
        let bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.callbacks.on_this_thread() {
            // Collected while its own thread computes a device: that one cannot wait for itself.
            std::thread::spawn(move || drop(bench));
        }
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
    (function, name, callbacks): (Option<Py<PyAny>>, String, Callbacks),
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
        of_function(function, name, experiment.electrodes(), experiment.outputs(), callbacks)?;
    let Job { task, chain, .. } = Job::with_device(keys, source, Box::new(device.again()))?;
    let opened = move || Ok(Box::new(device.again()) as _);
    let server = hge_lab::server_with(task, chain, opened, Pace::Virtual, true)?;
    Ok(Box::new(InProcess::serve(server)))
}
