//! Size and clock of the engine alone, NCO and lock-in for sines, between registers on an ECP5-25F of grade 6.

use crate::small::Folder;
use hge_boards::flow::report::{cells, PlaceReport};
use hge_boards::flow::synth_ecp5;
use hge_boards::flow::toolset::{Choice, Tool, Toolset};
use hge_boards::fpga::Fpga;
use hge_boards::package::{core, Core};
use hge_protocol::{Carriers, Parameters};
use std::path::Path;

const WRAPPER: &str = include_str!("engine.v");

/// What the engine must reach, by the median of five seeds.
const LEAST_MHZ: f64 = 180.0;
const MOST: [(&str, u64); 4] = [("LUT4", 120), ("CCU2C", 90), ("MULT18X18D", 2), ("DP16KD", 8)];

fn run(tool: &Tool, folder: &Path, arguments: &[&str]) {
    let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    let ran = tool.run(folder, &arguments).unwrap();
    assert!(ran.succeeded, "{}", ran.text);
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_engine_alone_reaches_its_clock_in_its_size() {
    let fpga = Fpga::Ecp5 { device: "25k".into(), package: "CABGA381".into(), speed_grade: 6 };
    let tools = Toolset::locate(&fpga, Choice::Auto, &mut |_| {}).unwrap().expect("open tools");
    let folder = Folder::new("engine");
    let put = |name: &str, text: &str| std::fs::write(folder.0.join(name), text).unwrap();
    let parameters = Parameters {
        slots: 64,
        clock_hz: 90_000_000,
        carriers: Carriers::Sines,
        ..Parameters::default()
    };
    put("engine.v", WRAPPER);
    for (which, name) in [(Core::Nco, "nco.v"), (Core::Lockin, "lockin.v")] {
        put(name, &core(which, &parameters).unwrap()[0].text);
    }
    let script = format!(
        "{}; delete t:$scopeinfo; check -assert; tee -o cells.txt stat; write_json top.json",
        synth_ecp5("nco.v lockin.v engine.v", "engine")
    );
    run(&tools.synthesis, &folder.0, &["-q", "-l", "synthesis.log", "-p", &script]);
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).unwrap();
    let found = cells(&read("cells.txt"));
    println!("{found:?}");
    for (cell, most) in MOST {
        let count = found.iter().find(|(name, _)| name == cell).map_or(0, |(_, count)| *count);
        assert!(count > 0 && count <= most, "{count} {cell}");
    }
    let mut reached_mhz: Vec<f64> = (1..=5)
        .map(|seed| {
            let seed = format!("{seed}");
            run(
                &tools.place,
                &folder.0,
                &[
                    "--25k", "--package", "CABGA381", "--speed", "6", "--json", "top.json",
                    "--out-of-context", "--freq", "180", "--seed", &seed, "--timing-allow-fail",
                    "--report", "report.json",
                ],
            );
            PlaceReport::read(&read("report.json")).unwrap().reached_mhz().unwrap()
        })
        .collect();
    println!("{reached_mhz:.1?} MHz");
    reached_mhz.sort_unstable_by(f64::total_cmp);
    assert!(reached_mhz[2] >= LEAST_MHZ, "{reached_mhz:?}");
}
