//! Commands for the tools of each family.
//!
//! Every file is named relative to the folder of the build. Yosys writes its log with `-l`: the wheel loses output after ABC9. The design is
//! flattened before `synth_ecp5`, since Yosys 0.70 fails there with a MULT18X18D in a submodule. `$scopeinfo` cells, which older
//! nextpnr cannot place, are deleted. nextpnr continues when it misses the clock: the flow decides by the reports.

use crate::board_file::Board;
use crate::fpga::Fpga;
use hge_gateware::leaf::ECP5_MACRO;

/// Yosys's log.
pub const SYNTHESIS_LOG: &str = "synthesis.log";
/// nextpnr's log.
pub const PLACE_LOG: &str = "place_and_route.log";
/// nextpnr's report.
pub const PLACE_REPORT: &str = "place_and_route.json";
/// icetime's report, for programs.
pub const TIMING_REPORT: &str = "timing.json";
/// icetime's report, for people.
pub const TIMING_LOG: &str = "timing.txt";
/// The packer's log.
pub const PACK_LOG: &str = "pack.log";
/// Counts of Yosys.
pub const CELLS: &str = "cells.txt";
/// The netlist as Verilog.
pub const NETLIST: &str = "netlist.v";
/// Verilog of `hge_board`.
pub const BOARD_VERILOG: &str = "hge_board.v";
/// Verilog of the top.
pub const TOP_VERILOG: &str = "top.v";

/// Places tried one after another until one can be routed and meets the clock: nextpnr begins at random, but with one seed always the same way.
/// On Gowin parts some places cannot be routed, since nextpnr fixes nets of 11 to 50 far sinks to long wires before the rest.
pub const SEEDS: std::ops::RangeInclusive<u32> = 1..=6;

/// Name of the bitstream.
pub fn bitstream(fpga: &Fpga) -> &'static str {
    match fpga {
        Fpga::Ice40 { .. } => "bitstream.bin",
        Fpga::Ecp5 { .. } | Fpga::Xilinx { .. } => "bitstream.bit",
        Fpga::Gowin { .. } => "bitstream.fs",
    }
}

/// Yosys's commands from Verilog files, with the ECP5's form of leaves, to the netlist of `top`.
pub fn synth_ecp5(files: &str, top: &str) -> String {
    format!(
        "read_verilog -lib -specify +/ecp5/cells_sim.v +/ecp5/cells_bb.v; \
         read_verilog -D {ECP5_MACRO} {files}; hierarchy -top {top}; proc; flatten; \
         opt_clean; write_rtlil flat.il; design -reset; read_rtlil flat.il; synth_ecp5 -top {top}"
    )
}

/// Yosys's script.
pub fn synthesis(fpga: &Fpga) -> String {
    let read = format!("read_verilog {BOARD_VERILOG} {TOP_VERILOG}");
    let synthesised = match fpga {
        Fpga::Ice40 { device, .. } => {
            // Only the UltraPlus has multipliers and large memories. ABC9 knows its delays: 26.6 against 23 MHz, and fewer cells.
            let blocks = if device == "up5k" { "-device u -abc9 -dsp -spram " } else { "" };
            format!("{read}; synth_ice40 {blocks}-top top")
        }
        Fpga::Ecp5 { .. } => synth_ecp5(&format!("{BOARD_VERILOG} {TOP_VERILOG}"), "top"),
        Fpga::Gowin { .. } => format!("{read}; synth_gowin -top top"),
        Fpga::Xilinx { .. } => format!("{read}; synth_xilinx -top top"),
    };
    format!(
        "{synthesised}; delete t:$scopeinfo; check -assert; tee -o {CELLS} stat; write_json top.json; \
         write_verilog -noattr {NETLIST}"
    )
}

/// Arguments of Yosys.
pub fn synthesis_arguments(fpga: &Fpga) -> Vec<String> {
    words(&["-q", "-l", SYNTHESIS_LOG, "-p", &synthesis(fpga)])
}

/// Arguments of nextpnr.
pub fn place_arguments(board: &Board, seed: u32) -> Vec<String> {
    let pins = board.file.fpga.pin_file();
    let frequency_mhz = format!("{}", f64::from(board.file.clock.system_hz) / 1e6);
    let seed = seed.to_string();
    let common = [
        "--seed", &seed, "--freq", &frequency_mhz, "--timing-allow-fail", "--report", PLACE_REPORT,
    ];
    let mut arguments = words(&common);
    arguments.extend(match &board.file.fpga {
        Fpga::Ice40 { device, package } => words(&[
            &format!("--{device}"),
            "--package",
            package,
            "--json",
            "top.json",
            "--pcf",
            pins,
            "--asc",
            "top.asc",
        ]),
        Fpga::Ecp5 { device, package, speed_grade } => words(&[
            &format!("--{device}"),
            "--package",
            package,
            "--speed",
            &speed_grade.to_string(),
            "--json",
            "top.json",
            "--lpf",
            pins,
            "--textcfg",
            "top.config",
        ]),
        Fpga::Gowin { device, variant } => words(&[
            "--device",
            device,
            "--vopt",
            &format!("family={variant}"),
            "--vopt",
            &format!("cst={pins}"),
            "--json",
            "top.json",
            "--write",
            "placed.json",
        ]),
        Fpga::Xilinx { .. } => Vec::new(),
    });
    arguments
}

/// Arguments of icetime, for iCE40.
pub fn timing_arguments(board: &Board) -> Option<Vec<String>> {
    let Fpga::Ice40 { device, package } = &board.file.fpga else { return None };
    let pins = board.file.fpga.pin_file();
    Some(words(&[
        "-d", device, "-P", package, "-p", pins, "-t", "-j", TIMING_REPORT, "-r", TIMING_LOG,
        "top.asc",
    ]))
}

/// Arguments of the packer.
pub fn pack_arguments(fpga: &Fpga) -> Vec<String> {
    let bitstream = bitstream(fpga);
    match fpga {
        Fpga::Ice40 { .. } => words(&["top.asc", bitstream]),
        Fpga::Ecp5 { .. } => words(&["--compress", "top.config", "--bit", bitstream]),
        Fpga::Gowin { variant, .. } => words(&["-d", variant, "-o", bitstream, "placed.json"]),
        Fpga::Xilinx { .. } => Vec::new(),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Vivado's script, for Xilinx; untested.
pub fn vivado(board: &Board) -> Option<String> {
    let Fpga::Xilinx { device, package, speed_grade } = &board.file.fpga else { return None };
    let pins = board.file.fpga.pin_file();
    let name = &board.file.name;
    let clock = board.file.clock;
    let pin = if clock.differential { "clk_p" } else { "clk" };
    let period_ns = 1e9 / f64::from(clock.pin_hz);
    Some(format!(
        "# Vivado: `vivado -mode batch -source build.tcl`. Untested.\n\
         create_project -in_memory -part {device}{package}-{speed_grade}\n\
         read_verilog {{{BOARD_VERILOG} {TOP_VERILOG}}}\n\
         read_xdc {pins}\n\
         synth_design -top top\n\
         create_clock -period {period_ns:.3} [get_ports {pin}]\n\
         opt_design\n\
         place_design\n\
         route_design\n\
         report_utilization -file utilization.txt\n\
         report_timing_summary -file timing.txt\n\
         if {{[get_property SLACK [get_timing_paths]] < 0}} {{ error \"{name} misses its clock\" }}\n\
         write_bitstream -force bitstream.bit\n"
    ))
}
