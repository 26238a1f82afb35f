//! Ten million bytes of noise, with delimiters and torn frames among them, into either end of the link.

use hge_needs::needs;
use hge_protocol::frame::{Frame, Operation, Record, Request, SlotSums, Window};
use hge_protocol::registers::{self as map, Access};
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;
use hge_sim::engine::{Engine, Time};
use hge_sim::model::Model;
use hge_sim::verilog::VerilogEngine;
use hge_tests::memory::MemoryGrowth;
use hge_tests::nightly;
use hge_tests::scenario::{IntegerBench, Script};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BYTES: usize = 10_000_000;

/// Bytes into the compiled Verilog, which takes ten clocks for each; all of them with `HGE_NIGHTLY=1`.
const CLOCKED_BYTES: usize = 1_000_000;

/// Memory that may be taken after the first tenth of the noise. One byte kept of every nine would be 1000 kB.
const MOST_GROWTH_KB: u64 = 1024;

/// Bytes given at once.
const PIECE: usize = 4096;

/// Noise: random bytes, runs of one byte, frequent delimiters, and sound frames with some of their bytes spoilt.
fn noise(dice: &mut ChaCha8Rng, frame: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PIECE + 700);
    while bytes.len() < PIECE {
        match dice.random_range(0..4) {
            0 => bytes.extend((0..dice.random_range(1..300)).map(|_| dice.random::<u8>())),
            1 => {
                let byte: u8 = dice.random();
                bytes.extend(std::iter::repeat_n(byte, dice.random_range(1..600)));
            }
            2 => bytes.extend((0..100).map(|_| dice.random_range(0..3_u8))),
            _ => {
                let mut torn = frame.to_vec();
                for _ in 0..dice.random_range(1..4) {
                    let place = dice.random_range(0..torn.len() - 1);
                    torn[place] ^= 1 << dice.random_range(0..8);
                }
                // The odd flip may have undone another.
                if torn != frame {
                    bytes.push(0);
                    bytes.extend(torn);
                }
            }
        }
    }
    bytes
}

#[needs(proc)]
#[test]
fn the_hosts_decoder_takes_noise_without_panic_or_growing_memory() {
    let mut memory = MemoryGrowth::begin();
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let window = Window {
        input: 0,
        epoch: 1,
        case: 2,
        start: 3,
        sample_clock: 4,
        flags: 5,
        sum_first: 6,
        sum_second: 7,
        min: -8,
        max: 9,
        slots: vec![SlotSums { in_phase: -1, quadrature: 2 }; 24],
    };
    let frame = Frame::Telemetry(7, Record::Window(window)).to_bytes();
    let mut deframer = Deframer::new(MOST_FRAME_WORDS);
    let (mut given, mut damaged, mut sound) = (0, 0_u64, 0);
    while given < BYTES {
        let bytes = noise(&mut dice, &frame);
        given += bytes.len();
        if given > BYTES / 10 {
            memory.settle();
        }
        deframer.push(&bytes, |body| match body {
            Some(body) => {
                sound += 1;
                let _ = Frame::from_words(body);
            }
            None => damaged += 1,
        });
    }
    assert!(memory.kb() < MOST_GROWTH_KB, "memory grew by {} kB", memory.kb());
    assert_eq!(deframer.damaged(), damaged);
    assert_eq!(sound, 0, "noise passed the checksum");
    assert!(damaged > 10_000);
    let mut after = vec![0];
    after.extend(&frame);
    deframer.push(&after, |body| sound += u32::from(body.is_some()));
    assert_eq!(sound, 1, "the next frame is heard");
}

/// Everything that can be read, twice around the noise.
fn state(engine: &mut dyn Engine, nonce: u32) -> Vec<u8> {
    let mut script = Script::new(nonce);
    for register in map::MAP {
        let counts = [map::TIME, map::FRAMES, map::LINK_FAULTS];
        if register.access == Access::WriteOnly || counts.contains(&register.address) {
            continue;
        }
        for start in (0..register.count).step_by(64) {
            script.read(register.address + start, register.count.min(64) as u8);
        }
    }
    let mut received = Vec::new();
    engine.send(&[0]).unwrap();
    for line in &script.lines {
        engine.send(line).unwrap();
        while engine.receive(&mut received).unwrap() {}
    }
    received
}

/// Noise into an instrument: it says nothing, and its registers stay.
fn bombard(engine: &mut dyn Engine, bytes: usize, mut memory: MemoryGrowth) {
    let mut dice = ChaCha8Rng::seed_from_u64(2);
    let nonce = 0x0bad_cafe;
    let before = state(engine, nonce);
    let request = Request {
        operation: Operation::Write,
        nonce,
        sequence: 0,
        address: map::SCRATCH,
        count: 3,
        values: vec![1, 2, 3],
    };
    let mut frame = Vec::new();
    seal(&request.to_words(), &mut frame);
    let (mut given, mut received) = (0, Vec::new());
    while given < bytes {
        let noise = noise(&mut dice, &frame);
        given += noise.len();
        if given > bytes / 10 {
            memory.settle();
        }
        engine.send(&noise).unwrap();
        while !engine.advance(Time::Virtual, 1024, usize::MAX, &mut received).unwrap().resting {}
    }
    assert!(memory.kb() < MOST_GROWTH_KB, "memory grew by {} kB", memory.kb());
    assert!(received.is_empty(), "{received:02x?}");
    // Another session, as the first one's sequence numbers are used up; nonces are in the replies.
    let after = state(engine, nonce + 1);
    let values = |received: &[u8]| {
        let mut values = Vec::new();
        Deframer::new(MOST_FRAME_WORDS).push(received, |body| match body.map(Frame::from_words) {
            Some(Ok(Frame::Reply(reply))) => {
                values.push((reply.address, reply.status, reply.values))
            }
            other => panic!("{other:?}"),
        });
        values
    };
    assert_eq!(values(&before), values(&after));
    assert!(values(&before).len() > 60);
}

#[needs(proc)]
#[test]
fn the_models_receiver_takes_noise_without_writing_a_register() {
    let memory = MemoryGrowth::begin();
    let parameters = Parameters::default();
    let bench = IntegerBench::new(parameters.outputs, 1, 1);
    bombard(&mut Model::new(parameters, Box::new(bench)), BYTES, memory);
}

#[needs(compiler, proc)]
#[test]
fn the_compiled_verilogs_receiver_takes_noise_without_writing_a_register() {
    let memory = MemoryGrowth::begin();
    let parameters = Parameters::default();
    let bench = IntegerBench::new(parameters.outputs, 1, 1);
    let mut engine = VerilogEngine::new(parameters, Box::new(bench)).expect("an engine");
    bombard(&mut engine, nightly(BYTES, CLOCKED_BYTES), memory);
}
