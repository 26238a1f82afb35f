//! `hge reproduce` writes data and figures and says what it found.

use crate::program::{json, refusal, TestFile};
use ndarray::ArrayD;
use ndarray_npy::NpzReader;
use std::fs::{self, File};
use std::path::Path;

const PAGE: &str = include_str!("../../../../docs/commands.md");

/// A folder that is removed with the guard.
struct TestFolder(TestFile);

impl TestFolder {
    fn path(&self) -> &str {
        self.0.path()
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.path());
    }
}

#[test]
fn a_study_writes_arrays_and_figures_and_prints_documented_keys() {
    let folder = TestFolder(TestFile::new("reproduce"));
    let mut found = json(&["reproduce", "gates", "--quick", "-o", folder.path()]);
    let files = found["files"].as_array().unwrap().clone();
    assert_eq!(files.len(), 5, "{files:?}");
    for file in &files {
        let path = Path::new(folder.path()).join(file.as_str().unwrap());
        let bytes = fs::read(&path).unwrap();
        let wanted: &[u8] = match path.extension().and_then(|ending| ending.to_str()) {
            Some("npz") => b"PK\x03\x04",
            Some("svg") => b"<svg",
            _ => b"\x89PNG\r\n\x1a\n",
        };
        assert!(bytes.starts_with(wanted), "{path:?}");
    }
    let data = File::open(Path::new(folder.path()).join("data.npz")).unwrap();
    let mut data = NpzReader::new(data).unwrap();
    let outputs: ArrayD<f64> = data.by_name("outputs_xor.npy").unwrap();
    // Four cases of 0.1 s at a fifth of 5 kS/s.
    assert_eq!(outputs.shape(), [4, 100]);
    let claims = found["claims"].take();
    assert_eq!(claims[0]["holds"], true, "{claims}");
    for key in found.as_object().unwrap().keys().chain(claims[0].as_object().unwrap().keys()) {
        assert!(PAGE.contains(&format!("`{key}`")), "`{key}` is not documented");
    }
}

#[test]
fn what_cannot_be_reproduced_is_refused_in_one_sentence() {
    let unknown = refusal(&["reproduce", "fig9"]);
    assert!(unknown.contains("there is no study fig9: choose fig3, gates, "), "{unknown}");
    let folder = TestFolder(TestFile::new("reproduce-refused"));
    let in_folder = |rest: &[&str]| {
        refusal(&[&["reproduce", "fig3", "--quick", "-o", folder.path()], rest].concat())
    };
    let device = in_folder(&["--device", "onnx:nothing.onnx"]);
    assert!(device.contains("nothing.onnx"), "{device}");
    let bits = in_folder(&["--dac-bits", "8"]);
    assert!(bits.contains("amplitude"), "{bits}");
    let file = TestFile::with("reproduce-file", "in the way");
    let taken = refusal(&["reproduce", "gates", "--quick", "-o", file.path()]);
    assert!(taken.contains("choose another folder with -o"), "{taken}");
}
