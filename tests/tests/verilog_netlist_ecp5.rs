//! The ECP5 netlist that Yosys makes of the instrument says what the model says, with the same DAC codes at every sample.
//!
//! The models of MULT18X18D and DP16KD are ours, `tests/models`; `ecp5_models.rs` tests them.

mod common;

use hge_tests::netlist::Family;

#[test]
fn a_standalone_run_on_the_ecp5_netlist_gives_the_models_bytes_and_codes() {
    let Some(netlist) = common::agrees(Family::Ecp5) else { return };
    assert!(netlist.count("MULT18X18D") > 0, "no multiplier: {:?}", netlist.cells);
    assert!(netlist.count("DP16KD") > 0, "no block RAM: {:?}", netlist.cells);
}
