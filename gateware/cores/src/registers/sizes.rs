//! Constants of the registers of a gateware: contents of their memory at power-up, bounds of settings, places of those with a request of their own.

use super::Registers;
use crate::build::{Build, SCALARS};
use crate::leaf::{Fixed, Ram};
use hge_protocol::registers as map;
use hge_protocol::{Analogue, Parameters};
use rust_hdl::prelude::*;

impl Registers {
    /// The registers of a gateware with `parameters` and build facts.
    pub fn new(parameters: &Parameters, build: &Build) -> Self {
        let used = u64::MAX >> (64 - parameters.outputs);
        let least_period = parameters.least_sample_period_clocks();
        Self {
            values: Ram::with_contents(
                "registers",
                2 * SCALARS + Analogue::room(parameters.outputs as usize),
                &build.register_words(parameters),
            ),
            least_period: Fixed::new(Bits::from(u64::from(least_period))),
            most_slots: Fixed::new(Bits::from(u64::from(parameters.slots))),
            used_outputs: Fixed::new(Bits::from(used & 0xffff_ffff)),
            used_outputs_high: Fixed::new(Bits::from(used >> 32)),
            is_wide: Fixed::new(Parameters::mask_words(parameters.outputs) > 1),
            modes: Fixed::new(Bits::from(u64::from(map::mode::of(parameters)))),
            watchdog_place: Fixed::new(Bits::from(u64::from(map::WATCHDOG))),
            run_limit_place: Fixed::new(Bits::from(u64::from(map::RUN_LIMIT))),
            samples_place: Fixed::new(Bits::from(u64::from(map::CAPTURE_SAMPLES))),
            ramp_place: Fixed::new(Bits::from(u64::from(map::RAMP_STEP))),
            step_place: Fixed::new(Bits::from(u64::from(map::STEP_LIMIT))),
            safe_place: Fixed::new(Bits::from(u64::from(map::SAFE_STEP))),
            ..Default::default()
        }
    }
}
