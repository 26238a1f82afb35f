//! The wires between the cores that protect the device: what each of these ports is connected to, in the emitted Verilog of every board and form.
//!
//! The proofs are of single cores. Here their outputs are shown to arrive: no code leaves but from the guard, the guard obeys the supervisor, and every
//! cause of a trip reaches it.

use super::proof::emitted;
use hge_boards::board_file::Board;
use hge_boards::flow::sources;
use hge_boards::tools::Yosys;
use hge_gateware::engine::Pipelined;
use hge_gateware::instrument::Instrument;
use hge_needs::needs;
use hge_protocol::{Parameters, Update};
use hge_tests::nightly;
use hge_tests::testbench::{put, Scratch};
use serde_json::{Map, Value};

/// Wires of a module.
struct Wiring {
    module: &'static str,
    /// The cell that takes the codes of all ADCs under the names that they have in the module.
    converted: Option<&'static str>,
    /// A port of a cell, `cell.port`, or of the module itself, and its source. The source may be wider: its lowest bits count.
    wires: &'static [(&'static str, &'static str)],
}

/// The modules of a board from its pins inwards.
const BOARD: [Wiring; 3] = [
    Wiring {
        module: "hge_board",
        converted: None,
        wires: &[
            ("serial.interlock", "interlock"),
            ("dac.write", "serial.dac_write"),
            ("dac.index", "serial.dac_index"),
            ("dac.code", "serial.dac_code"),
        ],
    },
    Wiring {
        module: "hge_serial_instrument",
        converted: Some("instrument"),
        wires: &[
            ("instrument.interlock", "interlock"),
            ("dac_write", "instrument.dac_write"),
            ("dac_index", "instrument.dac_index"),
            ("dac_code", "instrument.dac_code"),
            ("armed", "instrument.armed"),
            ("ramping_to_safe", "instrument.ramping_to_safe"),
        ],
    },
    INSTRUMENT,
];

const INSTRUMENT: Wiring = Wiring {
    module: "hge_instrument",
    converted: Some("supervisor"),
    wires: &[
        ("dac_write", "guard.dac_write"),
        ("dac_index", "guard.dac_index"),
        ("dac_code", "guard.dac_code"),
        ("armed", "supervisor.armed"),
        ("ramping_to_safe", "supervisor.ramping_to_safe"),
        ("guard.armed", "supervisor.armed"),
        ("guard.running", "modulator.running"),
        ("guard.step", "modulator.step"),
        ("guard.index", "modulator.index"),
        ("guard.code", "modulator.code"),
        ("guard.step_limit", "registers.stored"),
        ("guard.host_write", "access.guard_write"),
        ("guard.host_address", "link.address"),
        ("guard.host_data", "link.data"),
        ("supervisor.interlock", "interlock"),
        ("supervisor.tick", "tick"),
        ("supervisor.arm_host", "access.arm_host"),
        ("supervisor.arm_standalone", "access.arm_standalone"),
        ("supervisor.disarm", "access.disarm"),
        ("supervisor.heard", "access.heard"),
        ("supervisor.sound", "link.sound"),
        ("supervisor.damaged", "link.damaged"),
        ("supervisor.protection", "registers.protection"),
        ("supervisor.limit", "registers.stored"),
        ("supervisor.watchdog_set", "registers.watchdog_set"),
        ("supervisor.run_limit_set", "registers.run_limit_set"),
        ("supervisor.overcurrent", "registers.overcurrent"),
        ("supervisor.overcurrent_samples", "registers.overcurrent_samples"),
        ("supervisor.link_error_limit", "registers.link_error_limit"),
        ("supervisor.pass_done", "modulator.done"),
        ("supervisor.cut", "guard.cut"),
        ("sequencer.trip", "supervisor.trip"),
        ("sequencer.disarm", "access.disarm"),
        ("access.armed", "supervisor.armed"),
        ("access.ramping_to_safe", "supervisor.ramping_to_safe"),
        ("access.interlock", "supervisor.closed"),
        ("access.busy", "sequencer.busy"),
        ("access.protection", "registers.protection"),
        ("access.guard_data", "guard.host_value"),
        ("access.grant", "guard.host_ready"),
        ("access.address", "link.address"),
        ("access.data", "link.data"),
        ("access.is_write", "link.is_write"),
        ("access.request", "link.bus_request"),
        ("access.write", "link.write"),
        ("registers.write", "access.scalar_write"),
        ("registers.address", "link.address"),
        ("registers.write_data", "link.data"),
        ("post_processor.event_", "supervisor.event_"),
        ("post_processor.event_cause", "supervisor.event_cause"),
    ],
};

/// Yosys's description of the modules of a design.
struct Design(Value);

impl Design {
    fn of(verilog: &str, top: &str) -> Self {
        let folder = Scratch::new("wiring").expect("a scratch folder");
        put(folder.path(), "design.v", verilog).expect("a writable folder");
        let script = format!(
            "read_verilog -sv design.v; hierarchy -top {top}; proc; clean; write_json design.json"
        );
        Yosys::locate().expect("Yosys").run(folder.path(), &script).expect("a design");
        let text = std::fs::read_to_string(folder.path().join("design.json")).expect("a file");
        Design(serde_json::from_str(&text).expect("JSON"))
    }

    fn cells(&self, module: &str) -> &Map<String, Value> {
        self.0["modules"][module]["cells"].as_object().unwrap_or_else(|| panic!("no {module}"))
    }

    /// The nets of a port of a module or of one of its cells.
    fn nets(&mut self, module: &str, port: &str) -> &mut Value {
        let module = &mut self.0["modules"][module];
        let nets = match port.split_once('.') {
            Some((cell, port)) => &mut module["cells"][cell]["connections"][port],
            None => &mut module["ports"][port]["bits"],
        };
        assert!(nets.is_array(), "there is no {port}");
        nets
    }

    fn bits(&mut self, module: &str, port: &str) -> Vec<Value> {
        self.nets(module, port).as_array().expect("nets").clone()
    }

    /// The wires of `modules` that go elsewhere.
    fn wrong(&mut self, modules: &[Wiring]) -> Vec<String> {
        let mut wrong = Vec::new();
        for Wiring { module, converted, wires } in modules {
            let mut wires: Vec<(String, &str)> =
                wires.iter().map(|(sink, source)| ((*sink).to_owned(), *source)).collect();
            let codes = self.0["modules"][*module]["ports"].as_object().expect("ports").clone();
            for code in codes.keys().filter(|port| port.starts_with("adc")) {
                wires.extend(converted.map(|cell| (format!("{cell}.{code}"), code.as_str())));
            }
            for (sink, source) in wires {
                let (sink_bits, source_bits) =
                    (self.bits(module, &sink), self.bits(module, source));
                if !source_bits.starts_with(&sink_bits) {
                    wrong.push(sink);
                }
            }
        }
        wrong
    }

    /// Cells of the instrument with another clock or reset than the others.
    fn apart(&mut self) -> Vec<String> {
        let module = INSTRUMENT.module;
        let own = ["clock", "reset"].map(|port| (port, Value::Array(self.bits(module, port))));
        let is_apart = |cell: &Value| {
            own.iter().any(|(port, bits)| {
                let ports = &cell["connections"];
                cell["port_directions"][port] == "input" && ports[port] != *bits
            })
        };
        let cells = self.cells(module).iter();
        cells.filter(|(_, cell)| is_apart(cell)).map(|(name, _)| name.clone()).collect()
    }

    /// Outputs of the board to its DAC that come from elsewhere than its converter's core.
    fn dac_pins_from_elsewhere(&mut self) -> Vec<String> {
        let ports = self.0["modules"]["hge_board"]["ports"].as_object().expect("ports");
        let pins: Vec<String> =
            ports.keys().filter(|pin| pin.starts_with("dac_")).cloned().collect();
        assert!(!pins.is_empty());
        let dac = &self.cells("hge_board")["dac"];
        let outputs = dac["connections"].as_object().expect("connections").iter();
        let outputs = outputs.filter(|(port, _)| dac["port_directions"][port] == "output");
        let driven: Vec<Value> =
            outputs.flat_map(|(_, nets)| nets.as_array().expect("nets").clone()).collect();
        let elsewhere =
            |pin: &String| !self.bits("hge_board", pin).iter().all(|bit| driven.contains(bit));
        pins.into_iter().filter(elsewhere).collect()
    }
}

fn instrument(parameters: Parameters) -> String {
    emitted(INSTRUMENT.module, Instrument::<Pipelined>::new(&parameters).expect("parameters"))
}

#[needs(yosys)]
#[test]
fn no_code_leaves_a_board_but_from_the_guard_and_every_cause_reaches_the_supervisor() {
    let mut boards = Board::all().expect("boards");
    boards.retain(|board| nightly(true, board.file.name == "icebreaker-two-inputs"));
    assert!(!boards.is_empty());
    for board in boards {
        let files = sources(&board, 0, None).expect("sources");
        let verilog = files.iter().find(|file| file.name == "hge_board.v").expect("the board");
        let mut design = Design::of(&verilog.text, "hge_board");
        assert!(design.wrong(&BOARD).is_empty(), "{}: {:?}", board.file.name, design.wrong(&BOARD));
        assert!(design.apart().is_empty(), "{}: {:?}", board.file.name, design.apart());
        let elsewhere = design.dac_pins_from_elsewhere();
        assert!(elsewhere.is_empty(), "{}: {elsewhere:?}", board.file.name);
    }
}

#[needs(yosys)]
#[test]
#[ignore = "at night: by day a board and the default instrument"]
fn at_night_every_form_of_the_instrument_has_the_wires_of_the_guard_and_of_the_supervisor() {
    let hardware = Parameters { update: Update::Hardware, ..Parameters::default() };
    let many = Parameters { inputs: 8, outputs: 64, slots: 64, cases: 2, ..Parameters::default() };
    let late = Parameters { clock_hz: 90_000_000, ..Parameters::default() };
    for parameters in [hardware, many, late] {
        let mut design = Design::of(&instrument(parameters), INSTRUMENT.module);
        assert!(design.wrong(&[INSTRUMENT]).is_empty(), "{:?}", design.wrong(&[INSTRUMENT]));
        assert!(design.apart().is_empty(), "{:?}", design.apart());
    }
}

#[needs(yosys)]
#[test]
fn every_wire_that_goes_elsewhere_is_noticed() {
    let verilog = instrument(Parameters::default());
    let whole = Design::of(&verilog, INSTRUMENT.module);
    for (sink, _) in INSTRUMENT.wires {
        let mut design = Design(whole.0.clone());
        let nets = design.nets(INSTRUMENT.module, sink).as_array_mut().expect("nets");
        nets[0] = "1".into();
        // A source that is a port of the module is one for several.
        assert!(design.wrong(&[INSTRUMENT]).contains(&(*sink).to_owned()), "{sink}");
    }
    let guard = verilog.find("hge_guard guard (").expect("the guard");
    let (before, after) = verilog.split_at(guard);
    let always = after.replacen(".armed(supervisor_armed)", ".armed(1'b1)", 1);
    let mut design = Design::of(&format!("{before}{always}"), INSTRUMENT.module);
    assert_eq!(design.wrong(&[INSTRUMENT]), ["guard.armed"]);
    let unreset = after.replacen(".reset(power_on_reset)", ".reset(1'b0)", 1);
    assert_eq!(Design::of(&format!("{before}{unreset}"), INSTRUMENT.module).apart(), ["guard"]);
}
