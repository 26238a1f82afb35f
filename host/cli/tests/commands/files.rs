//! Every file that a command reads or writes is a regular one: FIFOs, sockets, devices and folders are refused at once, in one sentence, and nothing
//! is written through a link.

use crate::program::{hge, refusal, TestFile};
use hge_boards::board_file::Board;
use rustix::fs::{mknodat, FileType, Mode, CWD};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-files-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable temporary directory");
        Folder(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path of text").to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes what is no regular file at a path, and says what a message calls it.
type Make = fn(&Path) -> &'static str;

/// Every kind that a path can lead to without a regular file at its end.
const KINDS: [Make; 5] = [
    |path| {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        "a FIFO"
    },
    |path| {
        drop(UnixListener::bind(path).unwrap());
        "a socket"
    },
    |path| {
        symlink("/dev/zero", path).unwrap();
        "a device"
    },
    |path| {
        symlink("/dev/null", path).unwrap();
        "a device"
    },
    |path| {
        std::fs::create_dir(path).unwrap();
        "a folder"
    },
];

#[test]
fn nothing_but_a_regular_file_is_read() {
    let folder = Folder::new("read");
    let board = Board::named("icebreaker").unwrap();
    for (number, make) in KINDS.iter().enumerate() {
        let path = |name: &str| folder.at(&format!("{number}-{name}"));
        let special = |name: &str| {
            let path = path(name);
            (make(Path::new(&path)), path)
        };
        // The file itself, and the arguments that lead to it.
        let (kind, toml) = special("experiment.toml");
        let (_, json) = special("values.json");
        let (_, npy) = special("row.npy");
        let (_, model) = special("model.onnx");
        let model = format!("onnx:{model}");
        let bundle = path("bundle");
        std::fs::create_dir(&bundle).unwrap();
        make(&Path::new(&bundle).join("manifest.json"));
        let boards = [path("icebreaker"), path("other/icebreaker")];
        for folder in &boards {
            std::fs::create_dir_all(folder).unwrap();
        }
        make(&Path::new(&boards[0]).join("board.toml"));
        std::fs::write(Path::new(&boards[1]).join("board.toml"), &board.text).unwrap();
        make(&Path::new(&boards[1]).join(board.file.fpga.pin_file()));
        let mut reads: Vec<Vec<&str>> = vec![
            vec!["train", &toml],
            vec!["track", &toml],
            vec!["serve", &toml, "--tcp", "0"],
            vec!["gradient", &toml],
            vec!["iv", &toml],
            vec!["calibrate", &toml],
            vec!["tones", "check", &toml],
            vec!["log", &toml, "--link", "tcp:127.0.0.1:1"],
            vec!["info", "--experiment", &toml],
            vec![
                "gateware", "emit", "--board", "icebreaker", "--experiment", &toml, "-o",
                "/nowhere/x",
            ],
            vec![
                "gateware", "build", "--board", "icebreaker", "--experiment", &toml, "-o",
                "/nowhere/x",
            ],
            vec!["train", "xor", "--calibration", &json],
            vec!["gradient", "--calibration", &json],
            vec!["train", "xor", "--device", &model],
            vec!["serve", "--device", &model, "--tcp", "0"],
            vec!["gateware", "verify", &bundle],
            vec!["gateware", "flash", &bundle],
            vec!["gateware", "list", "--board", &boards[0]],
            vec!["gateware", "list", "--board", &boards[1]],
        ];
        // A folder is a run there.
        if kind != "a folder" {
            reads.push(vec!["spectrum", &npy]);
        }
        for arguments in reads {
            let message = refusal(&arguments);
            assert!(message.contains(kind), "{arguments:?}: {message}");
        }
    }
}

#[test]
fn nothing_but_a_regular_file_is_written() {
    let folder = Folder::new("written");
    for (number, make) in KINDS.iter().enumerate() {
        let special = |name: &str| {
            let path = folder.at(&format!("{number}-{name}"));
            (make(Path::new(&path)), path)
        };
        let (kind, npy) = special("out.npy");
        let (_, json) = special("out.json");
        let (_, svg) = special("out.svg");
        let (_, npz) = special("out.npz");
        let (_, vcd) = special("out.vcd");
        let (_, fst) = special("out.fst");
        let before = folder.names();
        for arguments in [
            &["capture", "--samples", "10", "-o", &npy][..],
            &["capture", "--samples", "10", "-o", &npz],
            &["iv", "--sweep", "3:0:0.1:2", "-o", &npy],
            &["calibrate", "-o", &json],
            &["gateware", "wiring", "--board", "icebreaker", "-o", &svg],
            &["tones", "plan", "--parameters", "2", "--picture", &svg],
            &["spectrum", "--samples", "4096", "-o", &npz],
            &["train", "and", "--trace", &vcd],
            &["train", "and", "--trace", &fst],
        ] {
            let message = refusal(arguments);
            assert!(message.contains(kind), "{arguments:?}: {message}");
        }
        let made = folder.names();
        let left: Vec<_> = made.iter().filter(|name| !before.contains(name)).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_a_link_leads_to_stays_as_it_is_and_the_link_is_replaced() {
    let folder = Folder::new("links");
    let victim = folder.at("victim");
    std::fs::write(&victim, "precious").unwrap();
    let emitted = folder.at("emitted");
    let names = [
        "row.npy", "calibration.json", "wires.svg", "trace.vcd", "trace.fst", "noise.npz",
        "noise.svg",
    ];
    for name in names {
        symlink(&victim, folder.at(name)).unwrap();
    }
    std::fs::create_dir(&emitted).unwrap();
    symlink(&victim, Path::new(&emitted).join("hge_instrument.v")).unwrap();
    for arguments in [
        &["capture", "--samples", "10", "-o", &folder.at("row.npy")][..],
        &["calibrate", "-o", &folder.at("calibration.json")],
        &["gateware", "wiring", "--board", "icebreaker", "-o", &folder.at("wires.svg")],
        &["gateware", "emit", "-o", &emitted],
        &["train", "and", "--seed", "1", "--trace", &folder.at("trace.vcd")],
        &["train", "and", "--seed", "1", "--trace", &folder.at("trace.fst")],
        &["spectrum", "--samples", "4096", "-o", &folder.at("noise.npz")],
    ] {
        let output = hge(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious", "{arguments:?}");
    }
    for path in
        names.map(|name| folder.at(name)).iter().chain([&format!("{emitted}/hge_instrument.v")])
    {
        let there = std::fs::symlink_metadata(path).unwrap();
        assert!(there.is_file() && there.len() > 50, "{path}");
    }
}

#[test]
fn a_file_of_any_size_is_refused_before_it_is_read() {
    let file = TestFile::with("long.toml", &format!("gate = \"{}\"\n", "x".repeat(10_000_000)));
    let message = refusal(&["train", file.path()]);
    assert!(message.contains("larger than 1 MiB") && message.len() < 1000, "{message}");
    // A terabyte that takes no room.
    let sparse = TestFile::new("sparse.onnx");
    std::fs::File::create(sparse.path()).unwrap().set_len(1 << 40).unwrap();
    let message = refusal(&["train", "xor", "--device", &format!("onnx:{}", sparse.path())]);
    assert!(message.contains("larger than 32 MiB"), "{message}");
    let message = refusal(&["spectrum", sparse.path()]);
    assert!(message.contains("larger than 1024 MiB"), "{message}");
}
