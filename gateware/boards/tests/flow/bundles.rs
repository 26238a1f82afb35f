//! Messages for a bundle that is not as it was written.

use crate::small::Folder;
use hge_boards::board_file::Board;
use hge_boards::flow::bundle::{self, Manifest, MANIFEST, SEAL};
use hge_boards::flow::report::Usage;
use hge_boards::flow::{loader_arguments, FlowError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn manifest() -> Manifest {
    let board = Board::named("icebreaker").unwrap();
    Manifest {
        format: Manifest::format(),
        board: "icebreaker".into(),
        title: board.file.title.clone(),
        part: board.file.fpga.part(),
        bitstream: "bitstream.bin".into(),
        openfpgaloader: "ice40_generic".into(),
        clock_asked_mhz: 24.0,
        clock_reached_mhz: 30.0,
        margin_percent: 25.0,
        judges_mhz: BTreeMap::from([("nextpnr".into(), 30.0)]),
        seed: 1,
        usage: Usage::default(),
        parameters: board.parameters(),
        baud: Some(3_000_000),
        map_hash: Manifest::map(),
        build_hash: "00000000".into(),
        analogue: None,
        experiment: None,
        tools: Vec::new(),
        files: BTreeMap::new(),
    }
}

fn written(folder: &Folder, manifest: Manifest) -> PathBuf {
    let work = folder.0.join("work");
    std::fs::create_dir_all(&work).unwrap();
    std::fs::write(work.join("bitstream.bin"), [0xff, 0, 0, 0xff]).unwrap();
    std::fs::write(work.join("top.v"), "module top; endmodule\n").unwrap();
    let target = folder.0.join("bundle");
    bundle::write(&work, &["bitstream.bin", "top.v"], &target, manifest).unwrap();
    target
}

fn refusal(bundle: &Path) -> String {
    let message = bundle::verify(bundle).unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn hashes_are_sha_256() {
    let folder = Folder::new("hashes");
    let target = written(&folder, manifest());
    let manifest = bundle::verify(&target).unwrap();
    // printf '\377\0\0\377' | sha256sum
    let expected = "34aaa746c25a0f105c4316bbb1f009aa359f49582656ee97d73c58132d563423";
    assert_eq!(manifest.files["bitstream.bin"], expected);
}

#[test]
fn any_change_of_a_bundle_is_found() {
    let folder = Folder::new("changed");
    let target = written(&folder, manifest());
    let text = std::fs::read_to_string(target.join(MANIFEST)).unwrap();
    std::fs::write(target.join("top.v"), "module top; endmodule \n").unwrap();
    assert!(refusal(&target).contains("top.v has changed since the build"));
    std::fs::remove_file(target.join("top.v")).unwrap();
    assert!(refusal(&target).contains("top.v is missing"));
    std::fs::write(target.join("top.v"), "module top; endmodule\n").unwrap();
    bundle::verify(&target).unwrap();
    std::fs::write(target.join("more"), "").unwrap();
    assert!(refusal(&target).contains("more is in the bundle but not in manifest.json"));
    std::fs::remove_file(target.join("more")).unwrap();
    let sealed = std::fs::read_to_string(target.join(SEAL)).unwrap();
    assert!(sealed.ends_with("  manifest.json\n"), "{sealed}");
    for (file, content) in [(MANIFEST, &text), (SEAL, &sealed)] {
        for place in 0..content.len() {
            for bit in 0..7 {
                let mut bytes = content.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                std::fs::write(target.join(file), bytes).unwrap();
                assert!(bundle::verify(&target).is_err(), "bit {bit} of byte {place} of {file}");
            }
        }
        std::fs::write(target.join(file), content).unwrap();
    }
    bundle::verify(&target).unwrap();
    std::fs::remove_file(target.join(SEAL)).unwrap();
    assert!(refusal(&target).contains("manifest.sha256 cannot be read"));
    bundle::seal(&target).unwrap();
    for (from, to, wanted) in [
        ("\"format\": 2", "\"format\": 1", "has form 1, not 2"),
        ("{", "", "manifest.json is damaged"),
        ("iCEBreaker", "icebreaker", "manifest.json has changed since the build"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(target.join(MANIFEST), text.replacen(from, to, 1)).unwrap();
        let message = refusal(&target);
        assert!(message.contains(wanted), "{message}");
    }
    std::fs::remove_file(target.join(MANIFEST)).unwrap();
    assert!(refusal(&target).contains("manifest.json cannot be read"));
    assert!(refusal(Path::new("/nowhere")).contains("/nowhere is not an intact bundle"));
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let none = String::new();
    for (wrong, wanted) in [
        (Manifest { bitstream: "other.bin".into(), ..manifest() }, "has no checksum of other.bin"),
        (
            Manifest { files: BTreeMap::from([("../top.v".into(), none)]), ..manifest() },
            "lists ../top.v",
        ),
        (Manifest { clock_reached_mhz: 23.9, ..manifest() }, "misses its clock"),
    ] {
        let folder = Folder::new("wrong");
        let message = refusal(&written(&folder, wrong));
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn a_bundle_of_another_register_map_is_refused() {
    let folder = Folder::new("map");
    let other = Manifest { map_hash: "0badcafe".into(), ..manifest() };
    let target = written(&folder, other);
    let error = bundle::verify(&target).unwrap_err();
    assert!(matches!(error, FlowError::Map { .. }), "{error}");
    assert!(error.to_string().contains("register map 0badcafe"), "{error}");
}

#[test]
fn the_loader_is_told_board_and_bitstream() {
    let bundle = Path::new("a/bundle");
    let kept = loader_arguments(bundle, &manifest(), true);
    assert_eq!(kept, ["-b", "ice40_generic", "-f", "a/bundle/bitstream.bin"]);
    let volatile = loader_arguments(bundle, &manifest(), false);
    assert_eq!(volatile, ["-b", "ice40_generic", "a/bundle/bitstream.bin"]);
}
