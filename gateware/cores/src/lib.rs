//! Homodyne gradient extraction in Rust-HDL: cores for simulation and for Verilog.
//!
//! All slots share one pipeline in time: a sample is one scan of the slots (one a clock) in parallel with one
//! scan of the outputs (eight clocks each). State is stored in memories, so logic hardly grows with the
//! number of slots. Every core has a bit-exact reference model of the same name in `hge_sim::model`.
//!
//! | module | core |
//! |---|---|
//! | [`reset`] | power-on reset |
//! | [`timer`] | sample clock |
//! | [`nco`] | phase accumulators, sine and cosine |
//! | [`lockin`] | in-phase and quadrature sums |
//! | [`window_statistics`] | mean, least and greatest sample of a window |
//! | [`tone_mixer`] | sum of the tones of every output |
//! | [`modulator`] | base values, ramps, noise shaping |
//! | [`guard`] | limits, step limit, safe values |
//! | [`supervisor`] | arming, watchdog, trips |
//! | [`post_processor`] | records, update, rows: the computation between windows |
//! | [`update`] | loss, steps and controls in hardware, for the post-processor |
//! | [`microcontroller`] | the microcontroller that executes the post-processor's program |
//! | [`cost`] | the squared error, for a lock-in that demodulates it |
//! | [`sequencer`] | states of a case |
//! | [`capture`] | ADC codes in blocks |
//! | [`reference`](mod@reference) | a slot's tone on a pin |
//! | [`link`] | frames in and out, sessions, the line |
//! | [`telemetry`] | ring buffer of frames |
//! | [`registers`] | the scalar registers |
//! | [`access`] | access control of registers |
//! | [`converter`] | SPI converters |
//! | [`engine`] | NCO, lock-in and tone mixer in the slot scan |
//! | [`instrument`] | the complete instrument |
//! | [`serial`] | the instrument with its line, a UART or an FT245 FIFO |
//! | [`board`] | with converters, LEDs and the output switch: what boards instantiate |
//! | [`boot`] | standalone from power-up: stored requests |
//! | [`sources`] | sources of the cores, whose comments go into the Verilog |
//!
//! `hge-verilog` writes the cores as Verilog, `hge-boards` makes packages and bitstreams.
//!
//! ```
//! use hge_gateware::timer::Timer;
//! use rust_hdl::prelude::*;
//!
//! // Every core is a block of rust-hdl: the sample clock, a tick every 10 clocks.
//! let mut timer = Timer::default();
//! timer.connect_all();
//! let mut simulation = Simulation::new();
//! simulation.add_clock(5, |timer: &mut Box<Timer>| timer.clock.next = !timer.clock.val());
//! simulation.add_testbench(|mut sim: Sim<Timer>| {
//!     let mut timer = sim.init()?;
//!     timer.period.next = 10.into();
//!     let mut ticks = 0;
//!     for _ in 0..100 {
//!         timer = sim.wait(10, timer)?;
//!         ticks += u32::from(timer.tick.val());
//!     }
//!     sim_assert!(sim, ticks == 10, timer);
//!     sim.done(timer)
//! });
//! simulation.run(Box::new(timer), 10_000).expect("ten ticks");
//! ```

// Kernels are a dialect: parentheses and literal forms are there for the Verilog, not for Rust.
#![allow(
    clippy::useless_conversion,
    clippy::assign_op_pattern,
    clippy::bool_comparison,
    clippy::collapsible_match
)]

/// A comment in a kernel that is printed in its Verilog and ignored by Rust.
#[macro_export]
macro_rules! comment {
    ($text:literal) => {};
}

pub mod access;
pub mod board;
pub mod boot;
pub mod build;
pub mod capture;
pub mod converter;
pub mod cost;
pub mod engine;
pub mod gated;
pub mod guard;
pub mod input_channel;
pub mod instrument;
pub mod leaf;
pub mod link;
mod literals;
pub mod lockin;
pub mod microcontroller;
pub mod modulator;
pub mod nco;
pub mod over_current;
pub mod post_processor;
pub mod reference;
pub mod registers;
pub mod reset;
pub mod sequencer;
pub mod serial;
pub mod sources;
pub mod supervisor;
pub mod telemetry;
pub mod timer;
pub mod tone_mixer;
pub mod update;
pub mod window_statistics;
mod word;
