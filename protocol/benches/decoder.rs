//! Throughput of the host's decoder: a stream of window records of 24 slots, from bytes on the line to records.

#![allow(missing_docs)] // criterion_group! makes functions without.

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use hge_protocol::frame::{Frame, Record, SlotSums, Window};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::hint::black_box;

/// Frames in the stream, 340 bytes each.
const FRAMES: u32 = 4000;

/// Bytes a read of a serial port or socket gives at once.
const PIECE_BYTES: usize = 4096;

fn stream() -> Vec<u8> {
    // A linear congruential generator is noise enough: sums look like random bits.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state as i64) >> 16
    };
    let frames = (0..FRAMES).map(|number| {
        let slots = (0..24).map(|_| SlotSums { in_phase: noise(), quadrature: noise() }).collect();
        let window = Window {
            input: 0,
            epoch: number as u16,
            case: 0,
            start: 0,
            sample_clock: number,
            flags: 0,
            sum_first: 1,
            sum_second: -1,
            min: -9,
            max: 9,
            slots,
        };
        Frame::Telemetry(number, Record::Window(window)).to_bytes()
    });
    frames.flatten().collect()
}

fn decoder(criterion: &mut Criterion) {
    let line = stream();
    let mut group = criterion.benchmark_group("decoder");
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("line to bodies", |bencher| {
        bencher.iter(|| {
            let mut deframer = Deframer::new(MOST_FRAME_WORDS);
            let mut words = 0;
            for piece in line.chunks(PIECE_BYTES) {
                deframer.push(piece, |body| words += body.map_or(0, |body| body.len()));
            }
            black_box(words)
        });
    });
    group.bench_function("line to records", |bencher| {
        bencher.iter(|| {
            let mut deframer = Deframer::new(MOST_FRAME_WORDS);
            let mut found = 0;
            for piece in line.chunks(PIECE_BYTES) {
                deframer.push(piece, |body| {
                    let frame = body.map(Frame::from_words);
                    found += u32::from(black_box(frame).is_some_and(|frame| frame.is_ok()));
                });
            }
            assert_eq!(found, FRAMES);
        });
    });
}

criterion_group!(benches, decoder);
criterion_main!(benches);
