//! The iCE40 netlist that Yosys makes of the instrument says what the model says, with the same DAC codes at every sample.

mod common;

use hge_tests::netlist::Family;

#[test]
fn a_standalone_run_on_the_ice40_netlist_gives_the_models_bytes_and_codes() {
    let Some(netlist) = common::agrees(Family::Ice40) else { return };
    assert!(netlist.count("SB_MAC16") > 0, "no multiplier: {:?}", netlist.cells);
    assert!(netlist.count("SB_RAM40_4K") > 0, "no block RAM: {:?}", netlist.cells);
}
