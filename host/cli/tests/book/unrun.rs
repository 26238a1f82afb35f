//! Commands of the book that are not run with it.

const WORKSPACE: &str = "the workspace's own check, of which this test is a part";
const FAULTS: &str =
    "compiles another crate, and takes hours; tests/tests/documents/faults.rs checks its list";
const MODEL: &str = "needs an ONNX file of the reader's; tests/tests/experiments/gates.rs and host/cli/tests/commands/devices.rs have models";
const MINUTES: &str =
    "takes minutes; host/cli/tests/commands/reproduce.rs and tests/tests/experiments/reproduce.rs run studies";
const BITSTREAM: &str =
    "takes minutes and the tools of an FPGA; host/cli/tests/commands/boards.rs has bundles";
const COMPILED: &str =
    "compiles Verilog for minutes; tests/tests/engines/engines.rs and tests/tests/engines/board.rs run the same";
const ENDLESS: &str =
    "ends when others measure or it is interrupted; host/cli/tests/commands/sharing.rs";
const TRACKED: &str =
    "an example of the help tracks for fewer epochs, tests/tests/experiments/track.rs with both loops";
const REPORT: &str = "opens a browser; without --open the same is run";

/// Run at night only, and the test that covers the same by day.
pub const AT_NIGHT: &[(&str, &str)] = &[
    (
        "cargo run --release -- train experiments/network.toml",
        "tests/tests/experiments/tasks.rs trains it",
    ),
    (
        "cargo run --release -- train experiments/network12.toml",
        "tests/tests/experiments/scale.rs measures on it",
    ),
    ("hge track", TRACKED),
    ("hge track --loop standalone --json", TRACKED),
    ("hge track --epochs 200", TRACKED),
];

/// What stands in a page, without its comment, and why it is not run.
pub const UNRUN: &[(&str, &str)] = &[
    ("cargo fmt --all --check", WORKSPACE),
    ("cargo clippy --release --workspace --all-targets -- -D warnings", WORKSPACE),
    ("cargo test --release --workspace", WORKSPACE),
    ("cargo test --release -p hge-tests --test formal", WORKSPACE),
    ("cargo run --release -p hge-tests --bin faults", FAULTS),
    ("cargo run --release -p hge-tests --bin faults -- --list", FAULTS),
    ("cargo install --path host/cli", "compiles the program once more"),
    ("cargo install mdbook", "compiles a program of others"),
    ("mdbook build docs", "needs mdBook"),
    ("cargo run --release -- train xor --open", REPORT),
    ("hge report runs/first --open", REPORT),
    ("cargo run --release -- train and --device onnx:my_device.onnx", MODEL),
    ("hge train xor --device onnx:my_device.onnx -o runs/surrogate", MODEL),
    ("hge reproduce shares --device onnx:my_device.onnx -o shares --json", MODEL),
    ("cargo run --release -- reproduce fig3 --quick", MINUTES),
    ("hge reproduce fig3 --quick", MINUTES),
    ("hge reproduce all --quick", MINUTES),
    ("cargo run --release -- train experiments/short.toml --engine verilog", COMPILED),
    ("hge gradient experiments/board.toml", COMPILED),
    ("hge train experiments/short.toml --engine rtl", "takes minutes; tests/tests/engines/engines.rs runs the same"),
    ("hge bench --json", "takes minutes; the page of commands runs its parts"),
    ("hge gateware bench --boards icebreaker --seeds 3 --json", BITSTREAM),
    ("hge gateware build --board icebreaker", BITSTREAM),
    ("hge gateware build --board icebreaker --experiment experiments/standalone.toml -o build/standalone", BITSTREAM),
    ("hge gateware build --board ulx3s-85f --experiment experiments/standalone.toml -o build/standalone", BITSTREAM),
    ("hge gateware build --board path/to/my_board --slots 16 -o build/mine --tools wheels --json", BITSTREAM),
    ("hge gateware verify build/icebreaker", BITSTREAM),
    ("hge gateware flash build/icebreaker", BITSTREAM),
    ("hge info --bundle build/icebreaker --link serial:/dev/ttyUSB1", BITSTREAM),
    ("hge log experiments/standalone.toml --link serial:/dev/ttyUSB1", "needs a board with an experiment built in; host/cli/tests/commands/standalone_image.rs has one"),
    ("hge monitor --link tcp:127.0.0.1:4000 --json", ENDLESS),
    ("hge monitor --link tcp:127.0.0.1:4000 --watch --experiment experiments/xor.toml --lines 100", ENDLESS),
    ("hge spectrum currents.npy --rate 5000 --tones-hz 156.25,175.78 --mains 50 --json", "needs an array of the reader's; host/cli/tests/commands/spectrum.rs makes such"),
    ("hge train experiments/my_device.toml --calibration xor.json --link serial:/dev/ttyUSB1 -o runs/board", "needs a device of the reader's on a board"),
    ("hge resume runs/NAME", "stands for the name of a run; docs/runs.md resumes one"),
];
