//! Output of commands: lines of JSON, tables, arrays.

use crate::streams::print_json;
use hge_record::numpy::{self, Element, Npz};
use hge_record::Folder;
use hge_system::file;
use serde::de::DeserializeOwned;
use serde::Serialize;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io;
use std::path::Path;

/// An error as its message.
pub fn text(error: impl Display) -> String {
    error.to_string()
}

/// One object on one line of standard output.
pub fn json_line(object: &impl Serialize) -> Result<(), String> {
    let line = serde_json::to_string(object).map_err(text)?;
    print_json(&format!("{line}\n"))
}

/// Content of a JSON file that `made_by` writes.
pub fn read_json<T: DeserializeOwned>(
    path: &Path,
    made_by: &str,
    change: &str,
) -> Result<T, String> {
    let place = path.display();
    let content = file::read_text(path, file::DATA_BYTES)
        .map_err(|error| format!("{place} cannot be read: {error}; choose another file"))?;
    serde_json::from_str(&content)
        .map_err(|error| format!("{place} is not what {made_by} ({error}): {change}"))
}

/// Writes a text file; `change` is the remedy for an error.
pub fn write_text(path: &Path, content: &str, change: &str) -> Result<(), String> {
    file::write(path, content)
        .map_err(|error| format!("{} cannot be written: {error}; {change}", path.display()))
}

/// Shows a page in the browser.
pub fn show_page(path: &Path) -> Result<(), String> {
    open::that_detached(path).map_err(|error| {
        format!("no browser could open {} ({error}): open it yourself", path.display())
    })
}

/// Refuses a file that is not called .npy or cannot be written, before the measurement.
pub fn check_array_path(path: Option<&Path>) -> Result<(), String> {
    match path {
        Some(path) if path.extension() != Some(OsStr::new("npy")) => {
            Err(format!("{} is not an array file: name it .npy", path.display()))
        }
        path => check_output(path),
    }
}

/// Refuses anything but a regular file, before the measurement.
pub fn check_output(path: Option<&Path>) -> Result<(), String> {
    path.map_or(Ok(()), |path| file::check_target(path).map_err(|error| not_written(path, &error)))
}

fn not_written(path: &Path, error: &dyn Display) -> String {
    format!("{} cannot be written: {error}; choose another file with -o", path.display())
}

/// Writes an array in NumPy's format, the last index fastest.
pub fn write_array<T: Element>(path: &Path, shape: &[usize], values: &[T]) -> Result<(), String> {
    numpy::write(path, shape, values).map_err(|error| not_written(path, &error))
}

/// Writes the archive of arrays that `fill` fills.
pub fn write_arrays(
    path: &Path,
    fill: impl FnOnce(&mut Npz) -> io::Result<()>,
) -> Result<(), String> {
    let write = || {
        let mut npz = Npz::create(path)?;
        fill(&mut npz)?;
        npz.finish()
    };
    write().map_err(|error| not_written(path, &error))
}

/// The message on a log that was cut off; empty for an intact one, or while a program writes to it.
pub fn cut_line(folder: &Folder) -> String {
    folder.cut().filter(|_| !folder.is_locked()).map_or(String::new(), |cut| {
        format!(
            "{} was cut off at byte {}: everything after its last complete chunk is lost\n",
            cut.file.display(),
            cut.bytes
        )
    })
}
