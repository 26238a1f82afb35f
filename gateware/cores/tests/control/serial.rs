//! The instrument on its line.

use crate::bench::Bench;
use hge_gateware::build::Build;
use hge_gateware::engine::Pipelined;
use hge_gateware::link::line::Line;
use hge_gateware::serial::{SerialError, SerialInstrument};
use hge_protocol::frame::{Frame, Operation, Request, Status};
use hge_protocol::registers::{map_hash, BUILD_HASH, IDENTITY, IDENTITY_WORD};
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;
use rust_hdl::prelude::Bits;
use std::collections::VecDeque;

const CLOCK_HZ: u32 = 1_000_000;
const BAUD: u32 = 125_000;
const CLOCKS_PER_BIT: usize = (CLOCK_HZ / BAUD) as usize;

fn parameters() -> Parameters {
    Parameters {
        outputs: 2,
        slots: 1,
        cases: 1,
        starts: 1,
        clock_hz: CLOCK_HZ,
        telemetry_words: 256,
        ..Parameters::default()
    }
}

/// The bytes on a line whose level was seen in every clock.
fn bytes_on(line: &[bool]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(start) = line[at..].iter().position(|&level| !level) {
        let middle = at + start + CLOCKS_PER_BIT / 2;
        let bit = |number: usize| line.get(middle + number * CLOCKS_PER_BIT).copied();
        let Some(stop) = bit(9) else { break };
        assert!(stop, "a stop bit is low");
        let bits = (0..8).filter(|&number| bit(1 + number) == Some(true));
        bytes.push(bits.fold(0, |byte, number| byte | 1 << number));
        at = middle + 9 * CLOCKS_PER_BIT;
    }
    bytes
}

/// Whether the host on this line gets the replies to a hello and to a read of what the instrument is; `exchange` sends bytes and returns those that come.
fn reads(
    line: Line,
    mut exchange: impl FnMut(&mut Bench<SerialInstrument<Pipelined>>, &[u8]) -> Vec<u8>,
) {
    let build = Build::of_commit(0x0bad_cafe);
    let instrument = SerialInstrument::with_build(&parameters(), line, &build);
    let mut bench = Bench::new(instrument.expect("an instrument"), |core| &mut core.clock);
    bench.core.locked.next = true;
    bench.core.rx.iter_mut().for_each(|rx| rx.next = true);
    for flag in bench.core.fifo_rxf_n.iter_mut().chain(&mut bench.core.fifo_txe_n) {
        flag.next = true;
    }
    (0..50).for_each(|_| bench.step());
    let nonce = 0x7777_1234;
    let hello = Request {
        operation: Operation::Hello,
        nonce,
        sequence: 9,
        address: 0,
        count: 0,
        values: vec![],
    };
    let read = Request {
        operation: Operation::Read,
        sequence: 10,
        count: 3,
        address: IDENTITY,
        ..hello.clone()
    };
    let mut values = Vec::new();
    for request in [hello, read] {
        let mut bytes = Vec::new();
        seal(&request.to_words(), &mut bytes);
        let came = exchange(&mut bench, &bytes);
        let mut replies = Vec::new();
        Deframer::new(MOST_FRAME_WORDS).push(&came, |body| {
            replies.push(Frame::from_words(body.expect("a sound frame")));
        });
        let [Ok(Frame::Reply(reply))] = &replies[..] else { panic!("{replies:?}") };
        assert_eq!(
            (reply.nonce, reply.sequence, reply.status),
            (nonce, request.sequence, Status::Ok)
        );
        values = reply.values.clone();
    }
    assert_eq!(BUILD_HASH, IDENTITY + 2);
    assert_eq!(values, [IDENTITY_WORD, map_hash(), 0x0bad_cafe]);
}

#[test]
fn a_host_on_the_serial_line_reads_what_the_instrument_is() {
    reads(Line::Uart { baud: BAUD }, |bench, bytes| {
        let mut levels = Vec::new();
        for byte in bytes {
            let bits = (0..8).map(|bit| byte >> bit & 1 == 1);
            let frame = std::iter::once(false).chain(bits).chain([true]);
            levels.extend(frame.flat_map(|level| [level; CLOCKS_PER_BIT]));
        }
        levels.resize(levels.len() + 5000, true);
        let mut line = Vec::new();
        for level in levels {
            bench.core.rx[0].next = level;
            bench.step();
            line.push(bench.core.tx[0].val());
        }
        bytes_on(&line)
    });
}

#[test]
fn a_host_behind_a_fifo_reads_what_the_instrument_is() {
    reads(Line::Ft245, |bench, bytes| {
        let mut to_device: VecDeque<u8> = bytes.iter().copied().collect();
        let mut to_host = Vec::new();
        let (mut rd_n, mut wr_n) = (true, true);
        for _ in 0..4000 {
            let core = &mut bench.core;
            core.fifo_rxf_n[0].next = to_device.is_empty();
            core.fifo_txe_n[0].next = false;
            core.fifo_data_in[0].next =
                Bits::from(u64::from(to_device.front().copied().unwrap_or(0xa5)));
            bench.step();
            let core = &bench.core;
            let was = (rd_n, wr_n);
            (rd_n, wr_n) = (core.fifo_rd_n[0].val(), core.fifo_wr_n[0].val());
            assert!(rd_n || !core.fifo_drives[0].val(), "both ends drive");
            if (was.0, rd_n) == (false, true) {
                to_device.pop_front();
            }
            if (was.1, wr_n) == (true, false) {
                assert!(core.fifo_drives[0].val(), "nobody drives");
                to_host.push(core.fifo_data_out[0].val().index() as u8);
            }
        }
        assert!(to_device.is_empty());
        to_host
    });
}

#[test]
fn a_rate_that_the_clock_cannot_make_is_refused() {
    let refusal =
        SerialInstrument::<Pipelined>::new(&parameters(), Line::Uart { baud: CLOCK_HZ }).err();
    assert!(matches!(refusal, Some(SerialError::Rate(_))), "{refusal:?}");
}
