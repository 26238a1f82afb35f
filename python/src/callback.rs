//! Calls from an instrument into Python: their exceptions, and the threads that make them.

use pyo3::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// The calls of one instrument into Python. Copies are one.
#[derive(Clone, Default)]
pub struct Callbacks(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The exception of a call, until the operation that made it returns.
    raised: Option<PyErr>,
    /// Threads in the midst of a call.
    calling: Vec<ThreadId>,
}

impl Callbacks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls into Python. `Err`: the exception, which [`Callbacks::take`] has, in a sentence; the first of several is kept.
    pub fn call<T>(&self, call: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, String> {
        let this = std::thread::current().id();
        self.state().calling.push(this);
        let answer = Python::try_attach(call);
        let mut state = self.state();
        if let Some(place) = state.calling.iter().rposition(|&thread| thread == this) {
            state.calling.remove(place);
        }
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                let sentence = error.to_string();
                state.raised.get_or_insert(error);
                Err(sentence)
            }
            None => Err("Python has ended: close the instrument before".into()),
        }
    }

    /// The exception of a call, if there was one.
    pub fn take(&self) -> Option<PyErr> {
        self.state().raised.take()
    }

    /// Whether this thread is in the midst of a call: it cannot wait for the end of what made the call.
    pub fn on_this_thread(&self) -> bool {
        self.state().calling.contains(&std::thread::current().id())
    }
}
