//! `#[needs(icarus)]` above `#[test]`: ignores the test, with the reason, if the tool was missing when the tests were built.
//!
//! The test harness cannot skip at run time, and a test that returns early counts as passed. So the search is made at compile time, and a test whose
//! tool has been removed since then fails. With `HGE_REQUIRE_TOOLS=1`, or `HGE_REQUIRE_DEVICES=1` for the device and
//! `HGE_REQUIRE_COCOTB=1` for cocotb, nothing is ignored.

use proc_macro::{TokenStream, TokenTree};
use std::path::{Path, PathBuf};

const TOOLS: &str = "HGE_REQUIRE_TOOLS";
const DEVICES: &str = "HGE_REQUIRE_DEVICES";
const COCOTB: &str = "HGE_REQUIRE_COCOTB";

/// Something a test may need.
struct Need {
    /// As an argument of the attribute.
    name: &'static str,
    /// In the reason.
    title: &'static str,
    /// The variable that requires it.
    variable: &'static str,
    is_there: fn() -> bool,
}

const fn tool(name: &'static str, title: &'static str, is_there: fn() -> bool) -> Need {
    Need { name, title, variable: TOOLS, is_there }
}

const NEEDS: [Need; 14] = [
    tool("icarus", "Icarus Verilog", || programs(&["iverilog", "vvp"])),
    tool("yosys", "Yosys", || programs(&["yosys"])),
    tool("verilator", "Verilator", || programs(&["verilator"])),
    tool("compiler", "Verilator and a C++ compiler", || {
        programs(&["verilator"]) && any_program(&["c++", "g++", "clang++"])
    }),
    tool(
        "prover",
        "Yosys with yosys-smtbmc, and yices-smt2, which is fetched with HGE_REQUIRE_TOOLS=1",
        || programs(&["yosys", "yosys-smtbmc", "yices-smt2"]),
    ),
    tool("ice40", "Yosys, nextpnr-ice40, icepack and icetime with its chip database", || {
        let folders = ["/usr/share/fpga-icestorm/chipdb", "/usr/local/share/icebox"];
        programs(&["yosys", "nextpnr-ice40", "icepack", "icetime"])
            && folders.iter().any(|folder| Path::new(folder).is_dir())
    }),
    tool("python", "Python (python3)", || programs(&["python3"])),
    tool("browser", "Chromium, and Playwright for Python", || {
        any_program(&["chromium", "chromium-browser", "google-chrome"])
            && imports("playwright", "../target/playwright")
    }),
    tool("mcap", "mcap for Python", || imports("mcap", "../target/python")),
    tool("groff", "groff", || programs(&["groff"])),
    tool("clone", "git, and the sources as a clone of it", || {
        programs(&["git"]) && folder().join("../.git").exists()
    }),
    tool("proc", "processes shown by Linux (/proc)", || Path::new("/proc/self/status").is_file()),
    Need {
        name: "cocotb",
        title: "cocotb for Python",
        variable: COCOTB,
        is_there: || imports("cocotb_tools", "../../target/cocotb"),
    },
    Need {
        name: "surrogate",
        title: "the measured surrogate ../shared/devices/rnpu_measured.onnx",
        variable: DEVICES,
        is_there: || folder().join("../../shared/devices/rnpu_measured.onnx").is_file(),
    },
];

/// The package whose tests are built, a folder of the repository.
fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default())
}

fn program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Whether Python imports a package, from where `.ci/run` puts it or from elsewhere.
fn imports(package: &str, fetched: &str) -> bool {
    let others = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let places = std::iter::once(folder().join(fetched)).chain(std::env::split_paths(&others));
    let Ok(places) = std::env::join_paths(places) else { return false };
    let mut python = std::process::Command::new("python3");
    let import = python.env("PYTHONPATH", places).args(["-c", &format!("import {package}")]);
    import.output().is_ok_and(|output| output.status.success())
}

fn any_program(names: &[&str]) -> bool {
    names.iter().any(|name| program(name))
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
        let Some(need) = NEEDS.iter().find(|need| need.name == name) else {
            let known: Vec<&str> = NEEDS.iter().map(|need| need.name).collect();
            let text = format!("compile_error!(\"{name} is none of {}\");", known.join(", "));
            return text.parse().unwrap_or_default();
        };
        let is_required = std::env::var(need.variable).is_ok_and(|value| value == "1");
        if !is_required && !(need.is_there)() {
            missing.push(need.title);
        }
    }
    // Named in the code, the variables make cargo build the tests again when they change.
    let tracked = format!(
        "const _: [Option<&str>; 3] = [option_env!(\"{TOOLS}\"), option_env!(\"{DEVICES}\"), option_env!(\"{COCOTB}\")];"
    );
    let ignored = match missing.is_empty() {
        true => String::new(),
        false => format!("#[ignore = \"needs {}\"]", missing.join(" and ")),
    };
    let mut output: TokenStream = (tracked + &ignored).parse().unwrap_or_default();
    output.extend(test);
    output
}
