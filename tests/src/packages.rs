//! Location of the workspace's packages.

use std::path::Path;

/// Folder of the package `name`, relative to the workspace's `root`; `None`: there is no such package.
pub fn folder(root: &Path, name: &str) -> Option<String> {
    let manifest = |folder: &str| -> Option<toml::Table> {
        std::fs::read_to_string(root.join(folder).join("Cargo.toml")).ok()?.parse().ok()
    };
    let workspace = manifest("")?;
    let members = workspace.get("workspace")?.get("members")?.as_array()?;
    members.iter().filter_map(toml::Value::as_str).find_map(|folder| {
        let package = manifest(folder)?;
        let found = package.get("package")?.get("name")?.as_str()?;
        (found == name).then(|| folder.to_owned())
    })
}
