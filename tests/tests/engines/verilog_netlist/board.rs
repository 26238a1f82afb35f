//! The netlist of a board's top, at its pins, compared with its Verilog.

use hge_boards::board_file::Board;
use hge_boards::package;
use hge_gateware::build::Build;
use hge_gateware::link::line::Line;
use hge_protocol::recording::Recording;
use hge_sim::engine::{Engine, Time};
use hge_sim::verilog::{BoardEngine, Compiler};
use hge_tests::netlist::{synthesise, yosys_of, Family, Netlist};
use hge_tests::scenario::{IntegerBench, Scenario};
use hge_tests::testbench::Scratch;
use hge_tests::testbench_scenario::{small, Size};
use std::path::Path;

/// Clocks a bit of a serial line.
const CLOCKS_PER_BIT: u32 = 8;
/// Samples in which a request is carried out and answered, once it is there.
const ANSWER_SAMPLES: u32 = 12;
/// Samples of the run.
const RUN_SAMPLES: u32 = 400;

/// What a board sent, and the DAC codes and the ADC code of every sample.
#[derive(PartialEq, Eq)]
struct Recorded {
    received: Vec<u8>,
    samples: Vec<(Vec<i16>, Vec<i16>)>,
}

/// Plays a standalone run to the netlist of a board, as large as the board's file says.
pub fn agrees(family: Family, name: &str) -> Netlist {
    let yosys = yosys_of(family);
    let compiler = Compiler::locate().expect("a compiler");
    let board = Board::named(name).unwrap();
    let parameters = board.parameters();
    let scratch = Scratch::new(name).unwrap();
    // A short bit, so that a run is short.
    let line = match board.line() {
        Line::Uart { .. } => Line::Uart { baud: parameters.clock_hz / CLOCKS_PER_BIT },
        Line::Ft245 => Line::Ft245,
    };
    let none = Recording::default();
    let design =
        package::board_of_build(&parameters, board.converters(), line, &Build::default(), &none)
            .unwrap();
    let netlist = synthesise(&yosys, scratch.path(), family, &design[0]).unwrap();
    let cells: String = netlist.sources.iter().map(|source| read(source)).collect();
    let text = format!("`define NO_ICE40_DEFAULT_ASSIGNMENTS\n{cells}");
    let size = Size { cases: 2, slots: 3, tones: 2, epochs: 2 };
    let scenario = small(21, parameters, size, true);
    let play = |verilog: &str| {
        let program = compiler.compile_board_text(verilog, &parameters, line).unwrap();
        play(&program, &board, &scenario)
    };
    let (verilog, found) = (play(&design[0].text), play(&text));
    assert!(
        verilog.received.len() > 500 && verilog.samples.len() > 200,
        "too short a run: {} bytes, {} samples",
        verilog.received.len(),
        verilog.samples.len()
    );
    let differs = verilog.samples.iter().zip(&found.samples).position(|(one, other)| one != other);
    assert_eq!(differs, None, "first sample of {name} that differs");
    assert!(verilog == found, "bytes of {name}");
    netlist
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn play(program: &Path, board: &Board, scenario: &Scenario) -> Recorded {
    let parameters = board.parameters();
    let bench = IntegerBench::new(parameters.outputs, 1, scenario.bench_seed);
    let log = bench.log.clone();
    let mut engine =
        BoardEngine::of(program, &parameters, board.converters(), Box::new(bench)).unwrap();
    let mut received = Vec::new();
    // Past the reset after power-up.
    engine.advance(Time::Real, 2, usize::MAX, &mut received).unwrap();
    for line in &scenario.lines {
        engine.send(line).unwrap();
        // At most as many samples as its bits take, the period being longer than that of the first sample.
        let bits = 10 * line.len() as u32 * CLOCKS_PER_BIT;
        let samples = ANSWER_SAMPLES + bits / parameters.least_sample_period_clocks();
        engine.advance(Time::Real, samples, usize::MAX, &mut received).unwrap();
    }
    engine.advance(Time::Real, RUN_SAMPLES, usize::MAX, &mut received).unwrap();
    let samples = log.lock().unwrap().clone();
    Recorded { received, samples }
}
