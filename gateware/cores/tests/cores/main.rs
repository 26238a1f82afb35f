//! Every core's Verilog in Icarus shows what the core shows in rust-hdl's simulation, at both sides of every clock edge.
//!
//! Inputs are random, the protocol is not kept: what the core makes of nonsense must agree too. Settings are held for many
//! clocks, so that state machines get far; strobes change in every clock.

#[path = "../cosim/mod.rs"]
mod cosim;

use hge_protocol::Parameters;
use hge_verilog::testbench::Random;
use hge_verilog::{verilog, SourceDocs};
use rust_hdl::prelude::*;

/// Clocks compared for every configuration of a core.
const CLOCKS: usize = 6000;
/// Clocks for which settings are held.
const HELD: usize = 300;

/// Random values on several ports.
macro_rules! put_all {
    ($core:ident, $random:ident; $($port:ident),*) => { $(put(&mut $core.$port, $random);)* };
}

/// Compares a core with its Verilog; the closure sets the inputs of a clock.
fn compare<B: Block>(
    name: &str,
    mut core: B,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
    mut drive: impl FnMut(&mut B, usize, &mut Random),
) {
    core.connect_all();
    let text = verilog(name, &core, &SourceDocs::default(), "").expect("Verilog");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    cosim::compare(name, &text, &mut core, CLOCKS, clock, |core, cycle| {
        drive(core, cycle, &mut random);
    });
}

/// Random values on `each` port in every clock, on `held` ports once in a while; `reset` ports are rarely high.
macro_rules! agrees {
    ($name:literal, $core:expr, reset: [$($reset:ident)?], held: [$($held:ident),*], each: [$($each:ident),*]) => {
        compare($name, $core, |core| &mut core.clock, |core, cycle, random| {
            let _ = cycle;
            $(core.$reset.next = random.once_in(500);)?
            if cycle % HELD == 0 {
                $(put(&mut core.$held, random);)*
            }
            $(put(&mut core.$each, random);)*
        })
    };
}

/// The default instrument, one of the smallest memories, and the largest.
fn configurations() -> [Parameters; 3] {
    let small = Parameters { outputs: 2, slots: 1, cases: 1, starts: 1, ..Parameters::default() };
    let large = Parameters { outputs: 64, slots: 256, starts: 16, ..Parameters::default() };
    [Parameters::default(), small, large]
}

mod control;
mod datapath;
mod edges;
