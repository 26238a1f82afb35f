//! Exceptions by cause, with the texts of the command.

use hge_core::apparatus::ApparatusError;
use hge_core::experiment::ExperimentError;
use hge_core::measure::MeasureError;
use hge_core::session::SessionError;
use hge_core::train::TrainError;
use hge_driver::link::LinkError;
use hge_driver::{Cause, DriverError};
use hge_sim::device::DeviceError;
use hge_sim::engine::EngineError;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::PyErr;

create_exception!(hge, HgeError, PyException, "An operation failed.");
create_exception!(
    hge,
    Tripped,
    HgeError,
    "The guard tripped and sent every output to its safe value: remove the cause and arm again."
);
create_exception!(
    hge,
    Lost,
    HgeError,
    "The instrument, or data from it, is out of reach: mend the link and connect again."
);
create_exception!(
    hge,
    Refused,
    HgeError,
    "The instrument or its server says no: change the state or the request."
);

/// Why an operation failed.
#[derive(Debug)]
pub enum Failure {
    /// A sentence with the fault and the remedy, and its class.
    Said(Cause, String),
    /// An exception of the caller's own code.
    Raised(PyErr),
}

impl Failure {
    /// A fault of what was asked for.
    pub fn other(sentence: impl ToString) -> Self {
        Failure::Said(Cause::Other, sentence.to_string())
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Said(Cause::Tripped, sentence) => Tripped::new_err(sentence),
            Failure::Said(Cause::Lost, sentence) => Lost::new_err(sentence),
            Failure::Said(Cause::Refused, sentence) => Refused::new_err(sentence),
            Failure::Said(Cause::Other, sentence) => HgeError::new_err(sentence),
            Failure::Raised(error) => error,
        }
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Failure::Raised(error)
    }
}

/// Errors that know their class, and errors of what was asked for.
macro_rules! from {
    ($($error:ty: $cause:expr;)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let cause: fn(&$error) -> Cause = $cause;
                Failure::Said(cause(&error), error.to_string())
            }
        }
    )*};
}

from! {
    DriverError: DriverError::cause;
    SessionError: SessionError::cause;
    MeasureError: MeasureError::cause;
    ApparatusError: ApparatusError::cause;
    TrainError: TrainError::cause;
    LinkError: |error| DriverError::from(error.clone()).cause();
    ExperimentError: |_| Cause::Other;
    DeviceError: |_| Cause::Other;
    EngineError: |_| Cause::Other;
}
