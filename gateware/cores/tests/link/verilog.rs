//! The Verilog of the link and of each of its parts in Icarus shows what rust-hdl shows, at both sides of every clock edge.

use super::bench::Random;
use super::cosim;
use super::model::{hello, read, write};
use hge_gateware::leaf::Store;
use hge_gateware::link::crc::Crc;
use hge_gateware::link::ft245::Ft245;
use hge_gateware::link::processor::Processor;
use hge_gateware::link::receiver::Receiver;
use hge_gateware::link::sender::Sender;
use hge_gateware::link::uart_receiver::UartReceiver;
use hge_gateware::link::uart_transmitter::UartTransmitter;
use hge_gateware::link::Link;
use hge_gateware::telemetry::Telemetry;
use hge_needs::needs;
use hge_protocol::wire::seal;
use hge_protocol::Parameters;
use hge_verilog::{verilog, SourceDocs};
use rust_hdl::prelude::*;
use std::collections::VecDeque;

const CLOCKS: usize = 6000;

/// Compares a core with its Verilog, and has Yosys and Verilator look at that.
fn agrees<B: Block>(
    name: &str,
    core: B,
    clocks: usize,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
    drive: impl FnMut(&mut B, usize),
) {
    let mut core = core;
    core.connect_all();
    let text = verilog(name, &core, &SourceDocs::default(), "").expect("Verilog");
    cosim::check_with_yosys(name, &text);
    cosim::check_with_verilator(name, &text);
    cosim::compare(name, &text, &mut core, clocks, clock, drive);
}

fn word<const N: usize>(random: &mut Random) -> Bits<N> {
    let full = u64::MAX >> (64 - N);
    match random.below(6) {
        0 => Bits::from(u64::from(random.below(4)) & full),
        1 => Bits::from(full),
        _ => Bits::from(u64::from(random.word()) & full),
    }
}

/// Bytes of frames, most of them whole.
struct Bytes(VecDeque<u8>);

impl Bytes {
    fn next(&mut self, random: &mut Random) -> u8 {
        if self.0.is_empty() {
            let nonce = 7 + u32::from(random.once_in(9));
            let sequence = random.below(3) as u16;
            let values: Vec<u32> = (0..1 + random.below(4)).map(|_| random.word()).collect();
            let body = match random.below(5) {
                0 | 1 => hello(nonce, sequence),
                2 => read(nonce, sequence, random.word() as u16, random.below(5)),
                _ => write(nonce, sequence, random.word() as u16, &values),
            };
            let mut line = vec![0];
            seal(&body, &mut line);
            if random.once_in(6) {
                let place = random.below(line.len() as u32) as usize;
                line[place] = random.word() as u8;
            }
            self.0.extend(line);
        }
        self.0.pop_front().unwrap_or(0)
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn a_store_in_icarus_equals_rust() {
    let mut random = Random(0x0570_0e01);
    for depth in [2, 200, 256] {
        agrees(
            "store",
            Store::<32, 8>::new(depth),
            1500,
            |uut| &mut uut.clock,
            |uut, _| {
                uut.address.next = Bits::from(u64::from(random.below(256) & 0x8f));
                uut.write_enable.next = random.once_in(2);
                uut.write_data.next = word(&mut random);
            },
        );
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_checksum_in_icarus_equals_rust() {
    let mut random = Random(0x0c2c);
    agrees(
        "crc",
        Crc::default(),
        2000,
        |uut| &mut uut.clock,
        |uut, _| {
            uut.clear.next = random.once_in(100);
            uut.step.next = !random.once_in(4);
            uut.bit.next = random.once_in(2);
            uut.plain.next = random.once_in(16);
        },
    );
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_receiver_in_icarus_equals_rust() {
    let mut random = Random(0x4ece);
    let mut bytes = Bytes(VecDeque::new());
    let mut byte = 0;
    agrees(
        "receiver",
        Receiver::new(),
        2 * CLOCKS,
        |uut| &mut uut.clock,
        |uut, _| {
            // What was offered was taken if the receiver was ready, whatever it is now.
            if !uut.byte_valid.val() || random.once_in(6) {
                byte = bytes.next(&mut random);
            }
            uut.byte.next = Bits::from(u64::from(byte));
            uut.byte_valid.next = random.once_in(12);
            uut.line_fault.next = random.once_in(900);
            uut.hold.next = random.once_in(3);
            uut.release.next = random.once_in(20);
            uut.reset.next = random.once_in(2000);
        },
    );
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_processor_in_icarus_equals_rust() {
    let mut random = Random(0x9203);
    let words =
        [hello(7, 0), hello(7, 1), read(7, 0, 9, 2), read(7, 1, 9, 3), write(7, 2, 9, &[1])]
            .concat();
    // At the second clock the request memory's words come a clock later.
    for clock_hz in [24_000_000, 90_000_000] {
        agrees(
            "processor",
            Processor::default().at_clock(clock_hz),
            2 * CLOCKS,
            |uut| &mut uut.clock,
            |uut, _| {
                uut.request.next = random.once_in(8);
                uut.values.next = Bits::from(u64::from(random.below(3)));
                let drawn = match random.below(3) {
                    0 => 7,
                    _ => words[random.below(words.len() as u32) as usize],
                };
                uut.read_data.next = Bits::from(u64::from(drawn));
                uut.answered.next = random.once_in(3);
                uut.value.next = word(&mut random);
                uut.refusal.next = if random.once_in(8) { word(&mut random) } else { 0.into() };
                uut.reply_next.next = random.once_in(4);
                uut.reply_sent.next = random.once_in(30);
                uut.reset.next = random.once_in(2000);
            },
        );
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_sender_in_icarus_equals_rust() {
    let mut random = Random(0x5e4d);
    for clock_hz in [24_000_000, 90_000_000] {
        agrees(
            "sender",
            Sender::new().at_clock(clock_hz),
            2 * CLOCKS,
            |uut| &mut uut.clock,
            |uut, cycle| {
                if cycle % 40 == 0 {
                    // Short when taken for a header; often bytes of zero.
                    let mask = if random.once_in(2) { 0xff00_06ff } else { 0x0000_0300 };
                    uut.reply_word.next = Bits::from(u64::from(random.word() & mask));
                    uut.telemetry_word.next = Bits::from(u64::from(random.word() & mask));
                }
                uut.reply.next = random.once_in(50);
                uut.telemetry.next = random.once_in(20);
                uut.telemetry_stands.next = !random.once_in(4);
                uut.reply_stands.next = !random.once_in(4);
                uut.byte_ready.next = !random.once_in(3);
                uut.reset.next = random.once_in(4000);
            },
        );
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_telemetry_in_icarus_equals_rust() {
    for (telemetry_words, clock_hz) in [(256, 24_000_000), (2048, 90_000_000), (65536, 24_000_000)]
    {
        let mut random = Random(0x7e1e);
        let parameters = Parameters { telemetry_words, clock_hz, ..Parameters::default() };
        agrees(
            "telemetry",
            Telemetry::new(&parameters),
            CLOCKS,
            |uut| &mut uut.clock,
            |uut, _| {
                uut.words.next = Bits::from(u64::from(random.below(300)));
                uut.begin.next = random.once_in(60);
                uut.word.next = word(&mut random);
                uut.word_write.next = !random.once_in(3);
                uut.commit.next = random.once_in(60);
                uut.mark.next = random.once_in(300);
                uut.repeat.next = random.once_in(100);
                uut.taken.next = random.once_in(3);
                uut.busy.next = random.once_in(2);
                uut.reset.next = random.once_in(3000);
            },
        );
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_serial_line_in_icarus_equals_rust() {
    for (clock_hz, baud) in
        [(24_000_000, 3_000_000), (25_000_000, 3_000_000), (60_000_000, 115_200)]
    {
        let mut random = Random(0x0a47);
        let uut = UartReceiver::new(clock_hz, baud).expect("a rate");
        let mut level = true;
        agrees(
            "uart_receiver",
            uut,
            CLOCKS,
            |uut| &mut uut.clock,
            |uut, _| {
                level ^= random.once_in(16);
                uut.pin.next = level;
                uut.reset.next = random.once_in(2000);
            },
        );
        let uut = UartTransmitter::new(clock_hz, baud).expect("a rate");
        agrees(
            "uart_transmitter",
            uut,
            CLOCKS,
            |uut| &mut uut.clock,
            |uut, _| {
                uut.byte.next = word(&mut random);
                uut.valid.next = !random.once_in(100);
                uut.reset.next = random.once_in(2000);
            },
        );
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_fifo_in_icarus_equals_rust() {
    for clock_hz in [1_000_000, 24_000_000, 90_000_000] {
        let mut random = Random(0xf245);
        let (mut has_byte, mut has_room) = (false, false);
        agrees(
            "ft245",
            Ft245::new(clock_hz),
            CLOCKS,
            |uut| &mut uut.clock,
            |uut, _| {
                has_byte ^= random.once_in(20);
                has_room ^= random.once_in(30);
                uut.rxf_n.next = !has_byte;
                uut.txe_n.next = !has_room;
                uut.data_in.next = word(&mut random);
                uut.from_host_ready.next = random.once_in(8);
                uut.to_host.next = word(&mut random);
                uut.to_host_valid.next = !random.once_in(4);
                uut.reset.next = random.once_in(2000);
            },
        );
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_link_in_icarus_equals_rust() {
    let mut random = Random(0x11_4e);
    let mut bytes = Bytes(VecDeque::new());
    let mut byte = 0;
    let (mut taken, mut frame) = (true, 0);
    let link = Link::new(&Parameters { slots: 1, telemetry_words: 256, ..Parameters::default() });
    agrees(
        "link",
        link,
        5 * CLOCKS,
        |uut| &mut uut.clock,
        |uut, cycle| {
            uut.reset.next = cycle == 0 || random.once_in(10_000);
            if taken {
                byte = bytes.next(&mut random);
            }
            uut.rx_byte.next = Bits::from(u64::from(byte));
            uut.rx_valid.next = true;
            // Readiness is a matter of the state alone, and the state is that of this clock.
            taken = uut.rx_ready.val() && !uut.reset.next;
            uut.rx_fault.next = random.once_in(3000);
            uut.tx_ready.next = !random.once_in(3);
            uut.answered.next = uut.bus_request.val() && random.once_in(2);
            uut.value.next = word(&mut random);
            uut.refusal.next = if random.once_in(8) { word(&mut random) } else { 0.into() };
            uut.words.next = 9.into();
            if frame == 0 && random.once_in(500) {
                frame = 12;
            }
            uut.begin.next = frame == 12;
            uut.mark.next = frame == 12 && random.once_in(3);
            uut.word_write.next = (2..11).contains(&frame);
            uut.word.next = if frame == 10 { Bits::from(0x801) } else { word(&mut random) };
            uut.commit.next = frame == 1;
            frame -= u32::from(frame > 0);
            uut.repeat.next = random.once_in(2000);
        },
    );
}
