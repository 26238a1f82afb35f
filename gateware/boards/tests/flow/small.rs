//! Whole builds of a small design in the place of `hge_board`, with the tools that are installed.

use hge_boards::board_file::Board;
use hge_boards::flow::bundle::{self, Manifest};
use hge_boards::flow::toolset::Choice;
use hge_boards::flow::{build_from, sources, FlowError, Progress};
use hge_boards::package::File;
use hge_needs::needs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder of the test's own, removed with the guard.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-flow-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable temporary directory");
        Folder(path)
    }

    pub fn entries(&self) -> Vec<String> {
        entries(&self.0)
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A registered multiplier and a memory between the converters' pins; `body` comes before the end.
pub fn module(body: &str) -> String {
    format!(
        "module hge_board (
    input wire clock, input wire locked, input wire rx, output wire tx, input wire interlock, input wire arm_button,
    output wire dac_sclk, output wire dac_sync_n, output wire dac_data, output wire adc_sclk, output wire adc_cs_n,
    input wire adc_data, output wire output_enable, output wire trigger, output wire reference,
    output wire led_armed, output wire led_fault, output wire led_activity
);
reg [15:0] taken, other;
(* keep *) reg [31:0] product;
reg [15:0] memory [0:255];
reg [15:0] read;
always @(posedge clock) begin
    taken <= {{taken[14:0], adc_data}};
    other <= taken ^ {{16{{rx}}}};
    product <= taken * other;
    memory[taken[7:0]] <= product[31:16];
    read <= memory[other[7:0]];
end
assign tx = ^read;
assign {{dac_sclk, dac_sync_n, dac_data, adc_sclk, adc_cs_n}} = product[4:0];
assign {{output_enable, led_armed}} = {{2{{interlock & locked & !arm_button}}}};
assign {{trigger, reference, led_fault, led_activity}} = product[8:5];
{body}
endmodule
"
    )
}

/// The board's files with this design.
pub fn files(board: &Board, verilog: &str) -> Vec<File> {
    let mut files = sources(board, 0, None).expect("a built-in board");
    let design = files.iter_mut().find(|file| file.name == "hge_board.v").expect("the design");
    design.text = verilog.to_owned();
    files
}

pub fn built(board: &Board, verilog: &str, target: &Path) -> Result<Manifest, FlowError> {
    let mut on_progress = |_: Progress| {};
    build_from(
        board,
        0x1234_5678,
        None,
        &files(board, verilog),
        Choice::System,
        target,
        &mut on_progress,
    )
}

/// The folder of a bundle of the small design for the iCEBreaker, built once for all tests, and its manifest.
fn sound() -> &'static (PathBuf, Manifest) {
    static SOUND: OnceLock<(PathBuf, Manifest)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sound");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let board = Board::named("icebreaker").unwrap();
        let manifest = built(&board, &module(""), &folder.join("bundle")).unwrap();
        (folder, manifest)
    })
}

#[needs(ice40)]
#[test]
fn an_icebreaker_bundle_is_intact_and_says_what_it_takes() {
    let (folder, manifest) = sound();
    let target = folder.join("bundle");
    assert_eq!(entries(folder), ["bundle"]);
    assert_eq!(bundle::verify(&target).unwrap(), *manifest);
    assert_eq!(manifest.clock_asked_mhz, 24.0);
    assert!(manifest.clock_reached_mhz > 24.0);
    let slowest = manifest.judges_mhz.values().copied().reduce(f64::min);
    assert_eq!(Some(manifest.clock_reached_mhz), slowest);
    assert!(manifest.judges_mhz.contains_key("icetime"), "{:?}", manifest.judges_mhz);
    let usage = &manifest.usage;
    assert_eq!((usage.lut.available, usage.ram.available, usage.dsp.available), (5280, 30, 8));
    assert_eq!((usage.dsp.used, usage.ram.used), (1, 1));
    assert_eq!(manifest.build_hash, "12345678");
    let bitstream = std::fs::metadata(target.join(&manifest.bitstream)).unwrap();
    // The UP5K's configuration has 104 090 bytes.
    assert!(bitstream.len() > 100_000, "{}", bitstream.len());
}

#[needs(ice40)]
#[test]
fn a_bundle_is_replaced_and_other_folders_are_not() {
    let board = Board::named("icebreaker").unwrap();
    let folder = Folder::new("replaced");
    let target = folder.0.join("bundle");
    std::fs::create_dir(&target).unwrap();
    std::fs::write(target.join("thesis.txt"), "years").unwrap();
    let refused = built(&board, &module(""), &target).unwrap_err();
    assert!(matches!(refused, FlowError::Occupied { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(target.join("thesis.txt")).unwrap(), "years");
    std::fs::remove_file(target.join("thesis.txt")).unwrap();
    let (sound, first) = sound();
    for entry in std::fs::read_dir(sound.join("bundle")).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), target.join(entry.file_name())).unwrap();
    }
    assert_eq!(bundle::verify(&target).unwrap(), *first);
    let second = built(&board, &module(""), &target).unwrap();
    assert_eq!(first.files["bitstream.bin"], second.files["bitstream.bin"]);
    assert_eq!(folder.entries(), ["bundle"]);
}

#[needs(ice40)]
#[test]
fn what_does_not_fit_is_slow_or_wrong_leaves_nothing_behind() {
    let board = Board::named("icebreaker").unwrap();
    let folder = Folder::new("refused");
    let target = folder.0.join("bundle");
    let refusal = |verilog: &str| {
        let message = built(&board, verilog, &target).unwrap_err().to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(folder.entries().is_empty(), "{:?} after {message}", folder.entries());
        message
    };
    // 40 memories of 4096 bits, where there are 30.
    let large = "reg [159:0] wide [0:1023]; reg [159:0] seen;
always @(posedge clock) begin wide[product[9:0]] <= {10{taken}}; seen <= wide[product[20:11]]; end
(* keep *) wire many = ^seen;";
    let message = refusal(&module(large));
    assert!(message.contains("does not fit iCE40 up5k-sg48"), "{message}");
    assert!(message.contains("of 30 ICESTORM_RAM"), "{message}");
    // A chain of sums, each waiting for the one before.
    let slow = "wire [31:0] x0 = product; (* keep *) wire [31:0] x1 = (x0 << 3) + (x0 >> 1) ^ taken;
(* keep *) wire [31:0] x2 = (x1 << 3) + (x1 >> 1) ^ other; (* keep *) wire [31:0] x3 = (x2 << 5) + (x2 >> 3) ^ taken;
(* keep *) wire [31:0] x4 = (x3 << 3) + (x3 >> 1) ^ other; (* keep *) reg [31:0] last;
always @(posedge clock) last <= (x4 << 3) + (x4 >> 2);";
    let message = refusal(&module(slow));
    assert!(message.contains("its clock of 24.00 MHz needs"), "{message}");
    let message = refusal(&module("this is no Verilog"));
    assert!(
        message.starts_with("synthesis failed: ") && message.contains("synthesis.log"),
        "{message}"
    );
}

#[needs(ice40)]
#[test]
fn a_clock_that_is_reached_without_its_margin_is_refused() {
    let mut board = Board::named("icebreaker").unwrap();
    let folder = Folder::new("margin");
    let target = folder.0.join("bundle");
    let reached_mhz = sound().1.clock_reached_mhz;
    assert_eq!(board.file.clock.margin_percent, 10);
    // A fifth more than this place reaches, and more than others will.
    board.file.clock.margin_percent = (100.0 * (1.2 * reached_mhz / 24.0 - 1.0)) as u32;
    let refused = built(&board, &module(""), &target).unwrap_err();
    assert!(matches!(refused, FlowError::TooSlow { .. }), "{refused}");
}

#[test]
#[ignore = "at night: minutes, and fetches wheels"]
fn at_night_wheels_build_for_every_family() {
    let folder = Folder::new("night");
    for (name, dsp, ram) in
        [("icebreaker", 1, 1), ("ulx3s-85f", 1, 1), ("tangnano-20k", 1, 1), ("tangnano-9k", 1, 1)]
    {
        let board = Board::named(name).unwrap();
        let target = folder.0.join(name);
        let mut on_progress = |_: Progress| {};
        let files = files(&board, &module(""));
        let manifest =
            build_from(&board, 0, None, &files, Choice::Wheels, &target, &mut on_progress).unwrap();
        assert_eq!(bundle::verify(&target).unwrap(), manifest);
        let usage = manifest.usage;
        assert_eq!((usage.dsp.used, usage.ram.used), (dsp, ram), "{name}: {usage:?}");
        assert!(
            usage.lut.used > 0 && usage.ff.used > 0 && usage.ff.available > 0,
            "{name}: {usage:?}"
        );
        assert!(manifest.tools.iter().take(3).all(|tool| tool.origin == "wheel"), "{name}");
        let bitstream = std::fs::metadata(target.join(&manifest.bitstream)).unwrap();
        assert!(bitstream.len() > 50_000, "{name}: {} bytes", bitstream.len());
    }
}
