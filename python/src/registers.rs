//! Registers by name, in SI units, and the instrument's state.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::apparatus::Apparatus;
use hge_driver::quantity::{Context, Place};
use hge_driver::{DriverError, State};
use hge_protocol::registers::{self as map, Access};
use pyo3::prelude::*;

#[pymethods]
impl Instrument {
    /// The value of a register and its SI unit, as `hge get` prints them.
    fn get(&self, py: Python<'_>, name: &str) -> PyResult<(f64, &'static str)> {
        self.work(py, |bench| {
            let place = Place::find(name).map_err(DriverError::from)?;
            let context = context(bench)?;
            let quantity = place.quantity(bench.instrument()?.read(place.address())?, &context);
            Ok((quantity.value, quantity.unit))
        })
    }

    /// Writes a register: a number in the SI unit, with a unit and a prefix or without, as for `hge set`.
    fn set(&self, py: Python<'_>, name: &str, value: &str) -> PyResult<()> {
        self.work(py, |bench| {
            let place = Place::find(name).map_err(DriverError::from)?;
            let word = place.word(value, &context(bench)?).map_err(DriverError::from)?;
            Ok(bench.instrument()?.write_all(&[(place.address(), word)])?)
        })
    }

    /// Busy, armed, ramping, interlock closed, capturing, and the causes of the last trip.
    #[allow(clippy::type_complexity)]
    fn state(&self, py: Python<'_>) -> PyResult<(bool, bool, bool, bool, bool, Option<String>)> {
        let state = self.work(py, |bench| Ok(bench.instrument()?.state()?))?;
        let State { busy, armed, ramping_to_safe, interlock_closed, capturing, fault, .. } = state;
        let fault = fault.map(|causes| causes.to_string());
        Ok((busy, armed.is_some(), ramping_to_safe, interlock_closed, capturing, fault))
    }
}

fn context(bench: &mut Apparatus) -> Result<Context, Failure> {
    let scale = Some(bench.task().plan.scale().clone());
    let instrument = bench.instrument()?;
    let period_clocks = f64::from(instrument.read(map::SAMPLE_PERIOD)?.max(1));
    Ok(Context { clock_hz: f64::from(instrument.parameters().clock_hz), period_clocks, scale })
}

/// Names of the registers, each with its unit of the last bit, whether it can be written, and its description.
#[pyfunction]
pub fn registers() -> Vec<(&'static str, &'static str, bool, u16, &'static str)> {
    let writable = |access: Access| access != Access::ReadOnly;
    let of_map = map::MAP.iter().map(|register| {
        (
            register.name,
            register.unit,
            writable(register.access),
            register.count,
            register.description,
        )
    });
    of_map.collect()
}
