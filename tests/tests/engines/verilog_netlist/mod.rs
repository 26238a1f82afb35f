//! The netlists that Yosys makes of the instrument say what the model says, with the same DAC codes at every sample.
//!
//! The models of the ECP5's MULT18X18D and DP16KD are ours, `tests/models`; `verilog_ecp5_models.rs` tests them.

mod board;
mod run;

use hge_needs::needs;
use hge_tests::netlist::Family;
use run::agrees;

#[needs(yosys, icarus)]
#[test]
#[ignore = "at night: minutes"]
fn at_night_a_standalone_run_on_the_ice40_netlist_gives_the_models_bytes_and_codes() {
    let netlist = agrees(Family::Ice40);
    assert!(netlist.count("SB_MAC16") > 0, "no multiplier: {:?}", netlist.cells);
    assert!(netlist.count("SB_RAM40_4K") > 0, "no block RAM: {:?}", netlist.cells);
}

#[needs(yosys, icarus)]
#[test]
#[ignore = "at night: minutes"]
fn at_night_a_standalone_run_on_the_ecp5_netlist_gives_the_models_bytes_and_codes() {
    let netlist = agrees(Family::Ecp5);
    assert!(netlist.count("MULT18X18D") > 0, "no multiplier: {:?}", netlist.cells);
    assert!(netlist.count("DP16KD") > 0, "no block RAM: {:?}", netlist.cells);
}

#[needs(yosys, compiler)]
#[test]
#[ignore = "at night: minutes"]
fn at_night_the_ice40_netlist_of_the_icebreaker_tells_and_does_what_its_verilog_does() {
    let netlist = board::agrees(Family::Ice40, "icebreaker");
    assert_eq!(netlist.count("SB_SPRAM256KA"), 2, "{:?}", netlist.cells);
}

/// The ULX3S with the smaller FPGA has the gateware of the larger one.
#[test]
#[ignore = "at night: minutes"]
fn at_night_the_netlist_of_the_ulx3s_tells_and_does_what_its_verilog_does() {
    let netlist = board::agrees(Family::Ecp5, "ulx3s-85f");
    assert!(netlist.count("MULT18X18D") > 0, "no multiplier: {:?}", netlist.cells);
    assert!(netlist.count("TRELLIS_DPR16X4") > 0, "no memory of tables: {:?}", netlist.cells);
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_netlist_of_the_orangecrab_tells_and_does_what_its_verilog_does() {
    board::agrees(Family::Ecp5, "orangecrab-25f");
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_netlist_of_the_colorlight_tells_and_does_what_its_verilog_does() {
    board::agrees(Family::Ecp5, "colorlight-i5");
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_netlist_of_a_board_behind_a_fifo_tells_and_does_what_its_verilog_does() {
    board::agrees(Family::Ecp5, "colorlight-i5-ft245");
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_netlist_of_the_tang_nano_9k_tells_and_does_what_its_verilog_does() {
    board::agrees(Family::Gowin, "tangnano-9k");
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_netlist_of_the_tang_nano_20k_tells_and_does_what_its_verilog_does() {
    board::agrees(Family::Gowin, "tangnano-20k");
}
