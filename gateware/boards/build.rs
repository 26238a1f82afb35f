//! Makes every folder of `constraints` part of the program: its `board.toml` and its pin file.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../constraints");
    println!("cargo:rerun-if-changed={}", root.display());
    let boards: String = sorted(&root).iter().map(|folder| row(folder)).collect();
    let out = std::env::var_os("OUT_DIR").expect("cargo sets it");
    let text = format!("&[{boards}]");
    fs::write(Path::new(&out).join("boards.rs"), text).expect("cargo's folder is writable");
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// Name, `board.toml` and pin file of a board's folder.
fn row(folder: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let is_pins =
        |path: &&PathBuf| name(path.as_path()).is_some_and(|name| name.starts_with("pins."));
    let files = sorted(folder);
    let pins = files.iter().find(is_pins);
    let pins =
        pins.unwrap_or_else(|| panic!("{} has no pin file: add one, pins.*", folder.display()));
    format!(
        "({:?}, include_str!({:?}), include_str!({pins:?})),",
        name(folder).unwrap_or_default(),
        folder.join("board.toml")
    )
}
