//! The instrument on a serial line.

use crate::bench::Bench;
use hge_gateware::build::Build;
use hge_gateware::engine::Pipelined;
use hge_gateware::serial::{SerialError, SerialInstrument};
use hge_protocol::frame::{Frame, Operation, Request, Status};
use hge_protocol::registers::{map_hash, BUILD_HASH, IDENTITY, IDENTITY_WORD};
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;

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

#[test]
fn a_host_on_the_serial_line_reads_what_the_instrument_is() {
    let instrument = SerialInstrument::<Pipelined>::with_build(
        &parameters(),
        BAUD,
        &Build::of_commit(0x0bad_cafe),
    )
    .expect("an instrument");
    let mut bench = Bench::new(instrument, |core| &mut core.clock);
    bench.core.locked.next = true;
    bench.core.rx.next = true;
    (0..50).for_each(|_| bench.edge());
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
        let mut levels = Vec::new();
        for byte in bytes {
            let bits = (0..8).map(|bit| byte >> bit & 1 == 1);
            let frame = std::iter::once(false).chain(bits).chain([true]);
            levels.extend(frame.flat_map(|level| [level; CLOCKS_PER_BIT]));
        }
        levels.resize(levels.len() + 5000, true);
        let mut line = Vec::new();
        for level in levels {
            bench.core.rx.next = level;
            bench.edge();
            line.push(bench.core.tx.val());
        }
        let mut replies = Vec::new();
        Deframer::new(MOST_FRAME_WORDS).push(&bytes_on(&line), |body| {
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
fn a_rate_that_the_clock_cannot_make_is_refused() {
    let refusal = SerialInstrument::<Pipelined>::new(&parameters(), CLOCK_HZ).err();
    assert!(matches!(refusal, Some(SerialError::Rate(_))), "{refusal:?}");
}
