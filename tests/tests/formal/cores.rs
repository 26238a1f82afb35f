//! The proofs: which module, which properties, how deep.

use super::proof::{emitted, file, Proof};
use hge_gateware::access::Access;
use hge_gateware::engine::Pipelined;
use hge_gateware::guard::Guard;
use hge_gateware::instrument::Instrument;
use hge_gateware::leaf::{memories_are_late, Ram};
use hge_gateware::link::crc::Crc;
use hge_gateware::link::processor::Processor;
use hge_gateware::link::uart_receiver::UartReceiver;
use hge_gateware::link::uart_transmitter::UartTransmitter;
use hge_gateware::link::Link;
use hge_gateware::modulator::Modulator;
use hge_gateware::sequencer::Sequencer;
use hge_gateware::supervisor::Supervisor;
use hge_gateware::telemetry::Telemetry;
use hge_protocol::{Parameters, Update};
use hge_tests::nightly;

/// A clock at which memories answer in time, and one at which they are late.
const CLOCKS_HZ: [u32; 2] = [24_000_000, 90_000_000];

/// All proofs.
pub struct Proofs;

impl Proofs {
    /// Every proof, a form after the other.
    pub fn all() -> Vec<Proof> {
        let mut all = vec![ram(), supervisor(), access()];
        let clocks_hz = nightly(&CLOCKS_HZ[..], &CLOCKS_HZ[..1]);
        for form in [guard, continuous, sequencer, processor, frames, banks] {
            all.extend(clocks_hz.iter().map(|clock_hz| form(*clock_hz)));
        }
        all.push(crc());
        all.extend([2, 40].map(modulator));
        all.extend(nightly(&[6, 8, 16][..], &[6]).iter().map(|clocks| uart(*clocks)));
        all.extend(
            nightly(&[8, 256, 2048, 65536][..], &[8, 256]).iter().map(|words| telemetry(*words)),
        );
        all
    }

    /// The forms of one.
    pub fn named(name: &str) -> Vec<Proof> {
        let mut proofs = Self::all();
        proofs.retain(|proof| proof.name == name);
        assert!(!proofs.is_empty(), "no proof {name}");
        proofs
    }
}

fn ram() -> Proof {
    Proof {
        name: "ram",
        claim: "a word read is the one written to its address last",
        given: "not of a word that is written in the clock of its reading",
        verilog: emitted("ram", Ram::<16, 4>::new(16)),
        top: "ram",
        properties: vec![("ram", file("ram.sv"))],
        defines: vec![("WORD_BITS", "16".into()), ("ADDRESS_BITS", "4".into())],
        cuts: vec![],
        depth: 2,
        is_apart: false,
        clocks: 8,
    }
}

fn guard(clock_hz: u32) -> Proof {
    // With late memories the step limit is taken from a copy, a clock after it has come.
    let taken_at = if memories_are_late(clock_hz) { "3'd3" } else { "3'd4" };
    Proof {
        name: "guard",
        claim: "no code outside its limits once inside, whatever registers and inputs do; no step above the limit; one outside comes nearer with every sample by a step or all that is left; disarmed, every output goes to its safe value likewise, arrives after distance / step samples and stays; what is clamped or cut is told",
        given: "scan of the modulator and bus grant; a limit written during a scan holds from the next on",
        verilog: emitted("hge_guard", Guard::new(64).at_clock(clock_hz)),
        top: "hge_guard",
        properties: vec![("hge_guard", file("guard.sv"))],
        defines: vec![("STEP_LIMIT_AT", taken_at.into())],
        cuts: vec!["hge_guard/words"],
        depth: 10,
        is_apart: false,
        clocks: 40,
    }
}

fn supervisor() -> Proof {
    Proof {
        name: "supervisor",
        claim: "nothing arms itself; interlock two clocks after the pin, silent host, run time, over-current and damaged frames trip at the tick at which their count is reached, not before; a trip disarms in the next clock, is in the status until the next arming and told as an event until it is taken; a ramp ends with a scan that cut nothing",
        given: "hold is low; ticks are two clocks apart or more; fewer than 2^39 ticks between commands",
        verilog: emitted("hge_supervisor", Supervisor::new(&Parameters::default())),
        top: "hge_supervisor",
        properties: vec![("hge_supervisor", file("supervisor.sv"))],
        defines: vec![],
        cuts: vec![],
        depth: 4,
        is_apart: false,
        clocks: 20,
    }
}

fn access() -> Proof {
    // The form with the update in the program is this one with two inputs that stay low.
    let update = Update::Hardware;
    let parameters = Parameters { outputs: 64, inputs: 2, update, ..Parameters::default() };
    Proof {
        name: "access",
        claim: "while armed a low limit never falls, a high one never rises, a safe value stays; present codes are never written; arming and runs only in a state that allows them; the table is written during the host's runs alone, and not while the post-processor uses it",
        given: "the bus is the processor's; armed rises by command only",
        verilog: emitted("hge_access", Access::new(&parameters)),
        top: "hge_access",
        properties: vec![("hge_access", file("access.sv"))],
        defines: vec![],
        cuts: vec![],
        depth: 8,
        is_apart: false,
        clocks: 24,
    }
}

fn telemetry(telemetry_words: u32) -> Proof {
    let parameters = Parameters { telemetry_words, ..Parameters::default() };
    Proof {
        name: "telemetry",
        claim: "nothing unread is overwritten; a word comes once, in order, as written, repeats from the mark included; counters, room and half-full are exact",
        given: "a frame is as long as announced, at most half the memory; the reader takes committed words",
        verilog: emitted("hge_telemetry", Telemetry::new(&parameters)),
        top: "hge_telemetry",
        properties: vec![("hge_telemetry", file("telemetry.sv"))],
        defines: vec![("WORDS", format!("18'd{telemetry_words}"))],
        cuts: vec!["hge_telemetry/ring"],
        depth: 2,
        is_apart: false,
        // A memory of eight words is full within them.
        clocks: if telemetry_words == 8 { 24 } else { 0 },
    }
}

/// In instruments with the update in hardware: with continuous mode.
fn continuous(clock_hz: u32) -> Proof {
    Proof {
        name: "sequencer",
        claim: "a window is exactly its samples, also in continuous mode, first sample and second half are where they belong; phases restart in the sample in which tones begin and in no other; from a window that continues tones run on to the next, or to the tail after a stop; a record is of a whole window",
        given: "the setting is read before the next tick; the window's length is constant in a run; a run ends after a window that does not continue",
        verilog: emitted("hge_sequencer", Sequencer::default().with_short_gap(true).at_clock(clock_hz)),
        top: "hge_sequencer",
        properties: vec![("hge_sequencer", file("sequencer.sv"))],
        defines: vec![("LATE", late(clock_hz).into()), ("CONTINUOUS", String::new())],
        cuts: vec![],
        depth: 6,
        is_apart: false,
        clocks: 112,
    }
}

/// In other instruments.
fn sequencer(clock_hz: u32) -> Proof {
    let mut proof = continuous(clock_hz);
    proof.verilog = emitted("hge_sequencer", Sequencer::default().at_clock(clock_hz));
    proof.defines.pop();
    proof
}

/// Whether memories are late, in Verilog.
fn late(clock_hz: u32) -> &'static str {
    match memories_are_late(clock_hz) {
        true => "1'b1",
        false => "1'b0",
    }
}

fn processor(clock_hz: u32) -> Proof {
    Proof {
        name: "processor",
        claim: "registers are touched by the next number of the session's nonce only; kept words are those of the session; requests keep to the bus as the access takes for granted",
        given: "a request stays while it is judged",
        verilog: emitted("hge_processor", Processor::default().at_clock(clock_hz)),
        top: "hge_processor",
        properties: vec![("hge_processor", file("processor.sv"))],
        defines: vec![("LATE", late(clock_hz).into())],
        cuts: vec![],
        depth: 28,
        is_apart: false,
        clocks: 90,
    }
}

fn modulator(outputs: u32) -> Proof {
    Proof {
        name: "modulator",
        claim:
            "the scan of the outputs is what the guard takes for granted, and reaches every output",
        given: "a reset at power-up",
        verilog: emitted("hge_modulator", Modulator::new(outputs, 16)),
        top: "hge_modulator",
        properties: vec![("hge_modulator", file("modulator.sv"))],
        defines: vec![],
        cuts: vec!["hge_modulator/state"],
        depth: 4,
        is_apart: false,
        clocks: if outputs == 2 { 40 } else { 0 },
    }
}

/// Both halves of a line, and their registers as wires for the properties.
const LINE: &str = "
module uart (
    input wire clock, input wire reset, input wire [7:0] byte_, input wire valid
);
    wire ready, line, rx_valid, rx_fault, rx_idle, rx_in_bits, rx_level;
    wire [7:0] rx_byte, tx_inverted;
    wire [3:0] rx_samples, tx_bits_left;
    wire [23:0] rx_left, tx_left;
    uart_transmitter transmitter (clock, reset, byte_, valid, ready, line, tx_inverted, tx_bits_left, tx_left);
    uart_receiver receiver (
        clock, reset, line, rx_byte, rx_valid, rx_fault, rx_idle, rx_in_bits, rx_level, rx_samples, rx_left
    );
endmodule
";

fn uart(bit_clocks: u32) -> Proof {
    let clock_hz = bit_clocks * 3_000_000;
    let receiver =
        emitted("uart_receiver", UartReceiver::new(clock_hz, 3_000_000).expect("a rate"));
    let sender =
        emitted("uart_transmitter", UartTransmitter::new(clock_hz, 3_000_000).expect("a rate"));
    let receiver = receiver.replacen(
        "output wire fault\n",
        "output wire fault, output wire fv_idle, output wire fv_in_bits, output wire fv_level, \
         output wire [3:0] fv_samples, output wire [23:0] fv_left\n",
        1,
    );
    let sender = sender.replacen(
        "output wire pin\n",
        "output wire pin, output wire [7:0] fv_inverted, output wire [3:0] fv_bits_left, \
         output wire [23:0] fv_left\n",
        1,
    );
    let shown = "assign fv_idle = state == STEP_IDLE; assign fv_in_bits = state == STEP_BITS; \
                 assign fv_level = synchronizer_level; assign fv_samples = samples; assign fv_left = left;\n";
    let sent =
        "assign fv_inverted = inverted; assign fv_bits_left = bits_left; assign fv_left = left;\n";
    Proof {
        name: "uart",
        claim: "every byte that is sent is received, once, as it was sent, also without a pause between bytes, and no fault of the line is seen",
        given: "one clock for both ends, 6, 8 or 16 clocks a bit",
        verilog: format!("{receiver}{sender}{LINE}"),
        top: "uart",
        properties: vec![
            ("uart", file("uart.sv")),
            ("uart_receiver", shown.to_owned()),
            ("uart_transmitter", sent.to_owned()),
        ],
        defines: vec![("BIT_CLOCKS", bit_clocks.to_string())],
        cuts: vec![],
        depth: 4,
        is_apart: false,
        clocks: if bit_clocks == 6 { 80 } else { 0 },
    }
}

/// A sender's register and a receiver's, which process the same bits.
const REGISTERS: &str = "
module crc (
    input wire clock, input wire clear, input wire step, input wire bit_, input wire plain, input wire flip, input wire last
);
    wire low, fed, feedback, unused;
    wire sent_bit = plain ? !low : bit_;
    crc_register sender (clock, clear, step, bit_, plain, fed, low);
    crc_register receiver (clock, clear, step, sent_bit ^ flip, 1'b0, feedback, unused);
endmodule
";

fn crc() -> Proof {
    let register = emitted("crc_register", Crc::default());
    Proof {
        name: "crc",
        claim: "a receiver accepts the checksum of a message of any length, whatever it is, and no other word in its place",
        given: "the message before it came as it was sent",
        verilog: format!("{register}{REGISTERS}"),
        top: "crc",
        properties: vec![("crc", file("crc.sv"))],
        defines: vec![("SEQUENCE", format!("{:08x}", Crc::closing()))],
        cuts: vec![],
        depth: 2,
        is_apart: false,
        clocks: 48,
    }
}

/// The link, its line joined to itself.
fn frames(clock_hz: u32) -> Proof {
    let parameters = Parameters { clock_hz, ..Parameters::default() };
    Proof {
        name: "frames",
        claim: "every frame of the link's sender is received by its receiver, accepted, word by word as it was sent, in order and once, at its place in the memory",
        given: "3 to 67 words, as a request has; words stay until they are sent; every byte waits until it is taken",
        verilog: emitted("hge_link", Link::new(&parameters)),
        top: "hge_link",
        properties: vec![("hge_link", file("frames.sv"))],
        defines: vec![],
        cuts: vec![
            "hge_link/processor",
            "hge_link/telemetry",
            "hge_link/requests",
            "hge_sender/block",
            "hge_sender/crc",
            "hge_receiver/crc",
        ],
        depth: 2,
        is_apart: true,
        clocks: 120,
    }
}

/// The instrument with the update in hardware, without what computes. The proof is of windows of any length: the shortest has one sample, so
/// that few clocks show the covers.
fn banks(clock_hz: u32) -> Proof {
    let parameters = Parameters {
        clock_hz,
        update: Update::Hardware,
        inputs: 2,
        outputs: 2,
        slots: 4,
        ..Parameters::default()
    };
    let instrument = Instrument::<Pipelined>::new(&parameters).expect("parameters");
    let instrument = emitted("hge_instrument", instrument);
    Proof {
        name: "banks",
        claim: "a job of the post-processor reads the sums of its own window, all of them complete, and none is written while it reads, whatever the program does and also when the next window runs; a word that the host writes into the table reaches it in every clock",
        given: "a sample has at least twelve clocks more than slots; a run ends after a window that does not continue",
        verilog: instrument.replacen(
            "5'd4: window_length <= 24'd16;",
            "5'd4: window_length <= 24'd1;",
            1,
        ),
        top: "hge_instrument",
        properties: vec![("hge_instrument", file("banks.sv"))],
        defines: vec![("SLOTS", parameters.slots.to_string())],
        cuts: vec![
            "hge_instrument/power_on",
            "hge_instrument/timer",
            "hge_instrument/link",
            "hge_instrument/access",
            "hge_instrument/registers",
            "hge_instrument/supervisor",
            "hge_instrument/modulator",
            "hge_instrument/guard",
            "hge_instrument/cost",
            "hge_instrument/capture",
            "hge_instrument/shown",
            "hge_instrument/parameters",
            "hge_post_processor/updates",
            "hge_machine/program_",
            "hge_machine/memory",
            "hge_machine/multiply",
            "hge_lanes_0/nco",
            "hge_lanes_0/mixer",
            "hge_lockin/multiply_i",
            "hge_lockin/multiply_q",
            "hge_lockin/add_i",
            "hge_lockin/add_q",
        ],
        depth: 2,
        is_apart: true,
        // Minutes for the solver.
        clocks: nightly(190, 0),
    }
}
