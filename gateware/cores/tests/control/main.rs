//! The cores around runs against small descriptions of what they are to do: register bus, arming, captures, telemetry.

mod access;
#[path = "../clocked/bench.rs"]
mod bench;
mod boot;
mod bus;
mod capture;
mod guard;
mod instrument;
mod reference;
mod sequencer;
mod serial;
mod supervisor;
mod timer;
