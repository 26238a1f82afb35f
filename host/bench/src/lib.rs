//! What an instrument and its host reach: dead time, closed-loop updates and gradients a second, throughput of links, engines, devices
//! and decoder, time to solve.
//!
//! Times in samples are exact and the same on every engine and board. Times of a computation on one thread are those of the
//! processor; others are by the wall clock, in one run on one computer: ratios of them are what counts.
//!
//! | module | content |
//! |---|---|
//! | [`workload`] | instruments and runs that are measured |
//! | [`bare`] | an engine without link and driver |
//! | [`pace`] | dead time and updates a second, in samples |
//! | [`line`] | gradients a second that a line allows |
//! | [`engines`] | clocks and channel-samples a second of the engines |
//! | [`links`] | windows a second through link, driver and host |
//! | [`devices`] | rows of currents a second |
//! | [`decoder`] | bytes a second of the host's decoder |
//! | [`training`] | time until a gate is learnt |

pub mod bare;
pub mod decoder;
pub mod devices;
pub mod engines;
pub mod line;
pub mod links;
pub mod pace;
pub mod training;
pub mod workload;

use cpu_time::ThreadTime;
use hge_core::experiment::ExperimentError;
use hge_driver::DriverError;
use hge_lab::server::ServerError;
use hge_lab::SimulateError;
use hge_sim::device::DeviceError;
use hge_sim::engine::EngineError;
use std::time::Duration;
use thiserror::Error;

/// A measurement failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// See [`EngineError`].
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// See [`DeviceError`].
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// See [`DriverError`].
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// See [`ServerError`].
    #[error(transparent)]
    Server(#[from] ServerError),
    /// See [`ExperimentError`].
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// See [`SimulateError`].
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// The instrument does not accept a request.
    #[error("the simulated instrument refused a request ({status}): build program and gateware from the same source")]
    Refused {
        /// Status of its reply.
        status: String,
    },
}

/// How often `piece` gives its units in a second of this thread's processor time: the median of `runs` runs that last `least` each.
fn rate(runs: usize, least: Duration, mut piece: impl FnMut() -> u64) -> f64 {
    let mut rates: Vec<f64> = (0..runs.max(1))
        .map(|_| {
            let (begun, mut units) = (ThreadTime::now(), 0);
            while units == 0 || begun.elapsed() < least {
                units += piece();
            }
            units as f64 / begun.elapsed().as_secs_f64()
        })
        .collect();
    median(&mut rates)
}

/// The middle one, or the mean of the two in the middle; NaN of none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => (values[middle - 1] + values[middle]) / 2.0,
    }
}
