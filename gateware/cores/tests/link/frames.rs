//! Frames byte by byte: what the link takes is what `hge_protocol::wire` takes, and what it sends is what `seal` makes.

use super::bench::{Bench, Random};
use super::model::{hello, Model};
use super::nightly;
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use hge_protocol::Parameters;

fn bench() -> Bench {
    Bench::new(&Parameters::default())
}

/// Gives bytes to the link and to a deframer; both must find the same frames.
fn both_take(bench: &mut Bench, model: &mut Model, deframer: &mut Deframer, bytes: &[u8]) {
    let mut sound = 0;
    let mut expected = Vec::new();
    deframer.push(bytes, |body| {
        if let Some(body) = body {
            sound += 1;
            let words: Vec<u32> = body.iter().map(|word| word.get()).collect();
            expected.extend(model.answer(&words));
        }
    });
    let before = bench.sound;
    bench.incoming.extend(bytes);
    bench.settle_frames(expected.len());
    assert_eq!(bench.sound - before, sound);
    assert_eq!(bench.damaged, deframer.damaged());
    assert_eq!(bench.received(), expected);
    assert_eq!(bench.registers, model.registers);
}

#[test]
fn every_length_of_a_body_is_taken_and_all_others_are_damaged() {
    let (mut bench, mut model) = (bench(), Model::default());
    let mut deframer = Deframer::new(MOST_REQUEST_WORDS);
    for words in 0..80u32 {
        let body: Vec<u32> = (0..words).map(|k| k.wrapping_mul(0x0117_0081)).collect();
        // Fill before and after must not count.
        let mut line = vec![0; words as usize % 3];
        seal(&body, &mut line);
        line.resize(line.len() + words as usize % 2, 0);
        both_take(&mut bench, &mut model, &mut deframer, &line);
    }
    assert_eq!(bench.sound, 65);
    assert_eq!(bench.damaged, 15);
}

#[test]
fn runs_of_zeros_and_ones_around_the_block_length_are_taken() {
    let (mut bench, mut model) = (bench(), Model::default());
    let mut deframer = Deframer::new(MOST_REQUEST_WORDS);
    for fill in [0u8, 0xff, 0x01] {
        for run in [253, 254, 255, 256] {
            for start in [0, 1, 2, 12] {
                let mut bytes = vec![0x5au8; 268];
                bytes[start..start + run].fill(fill);
                bytes[start + run..].fill(!fill);
                let body: Vec<u32> =
                    bytes.chunks(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                let mut line = Vec::new();
                seal(&body, &mut line);
                both_take(&mut bench, &mut model, &mut deframer, &line);
            }
        }
    }
    assert_eq!(bench.sound, 48);
}

#[test]
fn damaged_streams_give_the_frames_that_the_deframer_finds() {
    let mut random = Random(0xda3a_6ed0);
    let (mut bench, mut model) = (bench(), Model::default());
    let mut deframer = Deframer::new(MOST_REQUEST_WORDS);
    both_take(&mut bench, &mut model, &mut deframer, &{
        let mut line = vec![0];
        seal(&hello(1, 0), &mut line);
        line
    });
    for _ in 0..60 {
        let mut line = Vec::new();
        for _ in 0..1 + random.below(4) {
            let words = if random.once_in(3) { random.below(72) } else { 3 + random.below(6) };
            let mask = [0xff, u32::MAX, 0x00ff_0000][random.below(3) as usize];
            let body: Vec<u32> = (0..words).map(|_| random.word() & mask).collect();
            seal(&body, &mut line);
        }
        for _ in 0..random.below(3) {
            let place = random.below(line.len() as u32) as usize;
            match random.below(5) {
                0 => drop(line.remove(place)),
                1 => line.insert(place, random.word() as u8),
                2 => line[place] = 0,
                3 => line.insert(place, 0),
                _ => line[place] ^= 1 << random.below(8),
            }
        }
        // The next begins with a clean line.
        line.push(0);
        both_take(&mut bench, &mut model, &mut deframer, &line);
    }
    assert!(bench.damaged > 40 && bench.sound > 40, "{} {}", bench.damaged, bench.sound);
}

#[test]
fn one_flipped_bit_anywhere_makes_a_frame_damaged() {
    let mut random = Random(0x0001_f11b);
    let (mut bench, mut model) = (bench(), Model::default());
    let mut deframer = Deframer::new(MOST_REQUEST_WORDS);
    let mut clean = Vec::new();
    seal(&[0x0000_0248, random.word(), random.word()], &mut clean);
    let mut line = Vec::new();
    for place in 0..clean.len() {
        for bit in 0..8 {
            let mut flipped = clean.clone();
            flipped[place] ^= 1 << bit;
            line.extend(flipped);
            line.push(0);
        }
    }
    both_take(&mut bench, &mut model, &mut deframer, &line);
    assert_eq!(bench.sound, 0);
    assert!(bench.damaged >= 8 * (clean.len() as u64 - 1));
}

#[test]
fn a_fault_of_the_line_costs_the_frame_it_falls_in() {
    let mut bench = bench();
    let mut line = Vec::new();
    seal(&hello(5, 1), &mut line);
    for place in 0..line.len() {
        bench.incoming.extend(&line[..place]);
        while !bench.incoming.is_empty() {
            bench.step();
        }
        bench.fault = true;
        bench.step();
        bench.incoming.extend(&line[place..]);
        bench.settle_line();
        assert_eq!(bench.received(), Vec::<Vec<u32>>::new(), "byte {place}");
        assert_eq!(bench.damaged, place as u64 + 1);
    }
    bench.incoming.extend(&line);
    bench.settle_line();
    assert_eq!(bench.received().len(), 1);
}

#[test]
fn frames_of_lengths_around_a_block_are_sent_as_seal_makes_them() {
    let mut bench = bench();
    let mut random = Random(0x00c0_b500);
    let mut sent = Vec::new();
    // A COBS block ends after 254 bytes, 63 words and a half.
    for words in (1..=8).chain(60..=66).chain([127, 128, 300, 766, 1022]) {
        let payload: Vec<u32> = (0..words).map(|_| random.word() & random.word()).collect();
        let number = sent.len() as u32;
        assert!(bench.record(0x05, &payload, 3, false));
        sent.push([&[0x05 | ((words + 1) << 8), number][..], &payload].concat());
        bench.settle_line();
    }
    assert_eq!(bench.received(), sent);
}

#[test]
fn runs_of_zeros_and_ones_around_the_block_length_are_sent_as_seal_makes_them() {
    let mut bench = bench();
    let mut sent = Vec::new();
    for fill in [0x01u8, 0xff, 0] {
        for (place, run) in [252, 253, 254, 255, 256, 507, 508, 509].into_iter().enumerate() {
            // By day every other byte of a word, in turn.
            let (first, step) = nightly((0, 1), (place % 2, 2));
            for start in (first..4).step_by(step) {
                let mut bytes = vec![0x77u8; 528];
                bytes[start..start + run].fill(fill);
                bytes[start + run] = 0;
                let payload: Vec<u32> =
                    bytes.chunks(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                let number = sent.len() as u32;
                assert!(bench.record(0x01, &payload, 1, false));
                sent.push([&[0x01 | (133 << 8), number][..], &payload].concat());
                bench.settle_line();
            }
        }
    }
    assert_eq!(bench.received(), sent);
}

#[test]
fn random_bytes_write_nothing() {
    // A quarter of the bytes are zero, so that there are many frames; 16 clocks a byte.
    let mut random = Random(0x1dea_0bad);
    let mut bench = bench();
    for _ in 0..10_000 {
        let byte = if random.once_in(8) { 0 } else { random.word() as u8 };
        bench.incoming.push_back(byte);
    }
    while !bench.incoming.is_empty() {
        bench.step();
    }
    bench.settle_line();
    assert!(bench.damaged > 1000, "{}", bench.damaged);
    assert_eq!(bench.sound, 0);
    assert_eq!(bench.registers.requests, 0);
    assert_eq!(bench.registers.writes, []);
}
