//! Bindings of the host library for the Python package `hge`; the package's own modules make them pleasant.
//!
//! | module | content |
//! |---|---|
//! | `experiment` | experiments by name, from files and dictionaries |
//! | `instrument` | connecting, arming, closing; one operation at a time, interruptible |
//! | `callback` | calls into Python, and their exceptions |
//! | `device` | a Python function as a simulated device |
//! | `measure` | measurements, as arrays |
//! | `setup` | what an experiment plans |
//! | `curvature` | second derivatives, and the choice of amplitudes |
//! | `train` | trainings, tracking, losses, optimisers |
//! | `streams` | windows and codes |
//! | `sweep` | currents at any voltages, sweeps, calibration |
//! | `spectrum` | spectra |
//! | `registers` | registers in SI units |
//! | `command` | the command `hge` |
//! | `errors` | exceptions by cause |

mod callback;
mod command;
mod curvature;
mod device;
mod errors;
mod experiment;
mod instrument;
mod measure;
mod registers;
mod setup;
mod spectrum;
mod streams;
mod sweep;
mod train;

use pyo3::prelude::*;

#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::command::command;
    #[pymodule_export]
    use crate::curvature::Curved;
    #[pymodule_export]
    use crate::errors::{HgeError, Lost, Refused, Tripped};
    #[pymodule_export]
    use crate::experiment::Experiment;
    #[pymodule_export]
    use crate::instrument::Instrument;
    #[pymodule_export]
    use crate::measure::Measured;
    #[pymodule_export]
    use crate::registers::registers;
    #[pymodule_export]
    use crate::setup::Setup;
    #[pymodule_export]
    use crate::spectrum::{spectrum, Spectrum};
    #[pymodule_export]
    use crate::streams::Window;
    #[pymodule_export]
    use crate::train::Optimiser;
}
