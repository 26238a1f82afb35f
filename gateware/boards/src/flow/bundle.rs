//! A bundle: a folder with a bitstream, its sources, the reports of the tools, and `manifest.json` with the checksums of all. `manifest.sha256`
//! is the checksum of the manifest, in the format of `sha256sum`.

use super::error::FlowError;
use super::report::Usage;
use super::toolset::Version;
use hge_protocol::registers::map_hash;
use hge_protocol::{Analogue, Parameters};
use hge_system::file::{self, Temporary};
use hge_system::text::{is_plain_name, quoted, QUOTED_CHARS};
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// Name of the file with the manifest's own digest.
pub const SEAL: &str = "manifest.sha256";

/// Form of the manifest.
const FORMAT: u32 = 2;

/// Format of bundles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of this manifest.
    pub format: u32,
    /// Name of the board.
    pub board: String,
    /// Title of the board.
    pub title: String,
    /// The part.
    pub part: String,
    /// File of the bitstream.
    pub bitstream: String,
    /// openFPGALoader's name of the board.
    pub openfpgaloader: String,
    /// The instrument's clock.
    pub clock_asked_mhz: f64,
    /// Clock reached, by the most pessimistic tool.
    pub clock_reached_mhz: f64,
    /// By how much it is faster than asked, in percent.
    pub margin_percent: f64,
    /// Clock reached, by each tool, in MHz.
    pub judges_mhz: BTreeMap<String, f64>,
    /// Seed of the place.
    pub seed: u32,
    /// Parts of the FPGA.
    #[serde(flatten)]
    pub usage: Usage,
    /// Generics of the instrument.
    pub parameters: Parameters,
    /// Baud rate of the serial line, if its line is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// Hash of the register map.
    pub map_hash: String,
    /// First 32 bits of the commit.
    pub build_hash: String,
    /// The analogue scale with which the instrument powers up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analogue: Option<Analogue>,
    /// The experiment that is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<BuiltIn>,
    /// Program that built it.
    pub tools: Vec<Version>,
    /// SHA-256 of every other file.
    pub files: BTreeMap<String, String>,
}

/// An experiment that is built in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltIn {
    /// File of the experiment in the bundle.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Bytes of requests.
    pub bytes: usize,
}

impl BuiltIn {
    /// Word that the board writes to `SCRATCH` at power-up, to identify the experiment.
    pub fn tag(&self) -> u32 {
        tag_of(&self.sha256)
    }
}

/// Word that a board with the experiment of this text writes to `SCRATCH` at power-up.
pub fn experiment_tag(text: &str) -> u32 {
    tag_of(&text_digest(text))
}

fn tag_of(sha256: &str) -> u32 {
    sha256.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

impl Manifest {
    /// The form that is written now.
    pub fn format() -> u32 {
        FORMAT
    }

    /// This program's register map.
    pub fn map() -> String {
        format!("{:08x}", map_hash())
    }
}

fn digest(path: &Path) -> Result<String, FlowError> {
    let content = file::read(path, file::DATA_BYTES).map_err(FlowError::file(path))?;
    Ok(hexadecimal(&content))
}

fn hexadecimal(content: &[u8]) -> String {
    Hash::hash(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a text, as manifests have it.
pub fn text_digest(text: &str) -> String {
    hexadecimal(text.as_bytes())
}

/// Copies `names` from `folder` to the new bundle `target` with its manifest, which is returned.
///
/// All files are written next to `target` and renamed when complete. An existing bundle is replaced, anything else is not.
///
/// # Errors
/// A file cannot be written; `target` is another file or folder.
pub fn write(
    folder: &Path,
    names: &[&str],
    target: &Path,
    mut manifest: Manifest,
) -> Result<Manifest, FlowError> {
    check_target(target)?;
    let beside = |what: &str| {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{what}-{}", std::process::id()));
        target.with_file_name(name)
    };
    let fresh = beside("new");
    let fresh = Temporary::create(fresh.clone()).map_err(FlowError::file(fresh))?;
    for name in names {
        let to = fresh.path().join(name);
        std::fs::copy(folder.join(name), &to).map_err(FlowError::file(&to))?;
        manifest.files.insert((*name).to_owned(), digest(&to)?);
    }
    let path = fresh.path().join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| FlowError::File { path: path.clone(), source: error.into() })?;
    file::write(&path, text + "\n").map_err(FlowError::file(&path))?;
    seal(fresh.path())?;
    let old = Temporary::of(beside("old"));
    if target.exists() {
        std::fs::rename(target, old.path()).map_err(FlowError::file(target))?;
    }
    std::fs::rename(fresh.path(), target).map_err(FlowError::file(target))?;
    Ok(manifest)
}

/// Writes the digest of the manifest in `bundle` next to it.
///
/// # Errors
/// The manifest cannot be read, or the file not be written.
pub fn seal(bundle: &Path) -> Result<(), FlowError> {
    let line = seal_of(&digest(&bundle.join(MANIFEST))?);
    let path = bundle.join(SEAL);
    file::write(&path, line).map_err(FlowError::file(&path))
}

fn seal_of(digest: &str) -> String {
    format!("{digest}  {MANIFEST}\n")
}

/// Whether a bundle may be written to `target`: it does not exist, or is a bundle or an empty folder.
///
/// # Errors
/// Something else is.
pub fn check_target(target: &Path) -> Result<(), FlowError> {
    let empty = std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
    if !target.exists() || empty || target.join(MANIFEST).is_file() {
        return Ok(());
    }
    Err(FlowError::Occupied { path: target.to_owned() })
}

/// The manifest of a bundle, unchecked.
///
/// # Errors
/// There is none, or it is damaged.
pub fn read(bundle: &Path) -> Result<Manifest, FlowError> {
    let refuse = |problem: String| FlowError::Bundle { bundle: bundle.to_owned(), problem };
    let text = file::read_text(&bundle.join(MANIFEST), file::TEXT_BYTES)
        .map_err(|error| refuse(format!("{MANIFEST} cannot be read ({error})")))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| refuse(format!("{MANIFEST} is damaged ({error})")))?;
    if manifest.format != FORMAT {
        return Err(refuse(format!("{MANIFEST} has form {}, not {FORMAT}", manifest.format)));
    }
    if !is_plain_name(&manifest.openfpgaloader) {
        let name = quoted(&manifest.openfpgaloader, QUOTED_CHARS);
        return Err(refuse(format!(
            "{MANIFEST} names the board `{name}`, which openFPGALoader does not know"
        )));
    }
    let sealed = std::fs::read_to_string(bundle.join(SEAL))
        .map_err(|error| refuse(format!("{SEAL} cannot be read ({error})")))?;
    if sealed != seal_of(&text_digest(&text)) {
        return Err(refuse(format!("{MANIFEST} has changed since the build: build again")));
    }
    Ok(manifest)
}

/// The manifest of an unchanged bundle with this program's register map.
///
/// # Errors
/// A file differs.
pub fn verify(bundle: &Path) -> Result<Manifest, FlowError> {
    let refuse = |problem: String| Err(FlowError::Bundle { bundle: bundle.to_owned(), problem });
    let manifest = read(bundle)?;
    if !manifest.files.contains_key(&manifest.bitstream) {
        return refuse(format!("{MANIFEST} has no checksum of {}", manifest.bitstream));
    }
    for (name, hash) in &manifest.files {
        if Path::new(name).components().count() != 1 || name.contains("..") {
            return refuse(format!("{MANIFEST} lists {name}, which is not in the bundle"));
        }
        match digest(&bundle.join(name)) {
            Ok(found) if found == *hash => {}
            Ok(_) => return refuse(format!("{name} has changed since the build")),
            Err(_) => return refuse(format!("{name} is missing")),
        }
    }
    if let Some(BuiltIn { file, sha256, .. }) = &manifest.experiment {
        if manifest.files.get(file) != Some(sha256) {
            return refuse(format!("{file} is not the embedded experiment"));
        }
    }
    let entries = std::fs::read_dir(bundle).map_err(FlowError::file(bundle))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != MANIFEST && name != SEAL && !manifest.files.contains_key(&name) {
            return refuse(format!("{name} is in the bundle but not in {MANIFEST}"));
        }
    }
    if manifest.clock_reached_mhz < manifest.clock_asked_mhz {
        return refuse("it misses its clock".into());
    }
    if manifest.map_hash != Manifest::map() {
        return Err(FlowError::Map {
            bundle: bundle.to_owned(),
            theirs: manifest.map_hash,
            ours: Manifest::map(),
        });
    }
    Ok(manifest)
}
