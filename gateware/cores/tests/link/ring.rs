//! The ring: what fits is sent in order and whole, what does not is counted, and the last epoch can be had again.

use super::bench::{Bench, Random, Recorder};
use super::model::{hello, read, Model};
use hge_protocol::Parameters;
use std::collections::VecDeque;

/// The smallest memory, so that it goes round often.
const WORDS: u32 = 256;

fn bench() -> Bench {
    Bench::new(&Parameters { slots: 1, telemetry_words: WORDS, ..Parameters::default() })
}

/// The frame as it must come out.
fn frame(kind: u32, number: u32, payload: &[u32]) -> Vec<u32> {
    [&[kind | ((payload.len() as u32 + 1) << 8), number][..], payload].concat()
}

fn payload(random: &mut Random, words: u32) -> Vec<u32> {
    (0..words).map(|_| random.word()).collect()
}

fn repeat(bench: &mut Bench) {
    bench.recorder = Recorder { repeat: true, ..Recorder::default() };
    bench.step();
}

#[test]
fn a_frame_fits_if_as_many_words_are_free_and_is_lost_otherwise() {
    let mut bench = bench();
    let mut random = Random(0x0f17);
    // Nothing leaves: the line takes no byte.
    bench.ready_one_in = u32::MAX;
    bench.run(1);
    let mut sent = Vec::new();
    let mut number = 0;
    let mut used = 0;
    for words in [100, 100, 57, 40, 17, 16, 3] {
        // The first frame's header has been looked at, not taken: 32 bits are shifted before the first word is through.
        let body = payload(&mut random, words - 2);
        let fits = used + words <= WORDS;
        // What the sender has taken meanwhile would make room: it stands at its first block.
        assert_eq!(bench.record(1, &body, 1, false), fits, "{words} words after {used}");
        if fits {
            used += words;
            sent.push(frame(1, number, &body));
        }
        number += 1;
        assert_eq!(bench.link.frames.val().index() as u32, number);
        assert_eq!(bench.link.frames_lost.val().index() as u32, number - sent.len() as u32);
        assert_eq!(bench.link.half_full.val(), used > WORDS / 2);
    }
    bench.ready_one_in = 1;
    bench.settle_line();
    assert_eq!(bench.received(), sent);
    assert!(!bench.link.half_full.val());
}

#[test]
fn frames_go_round_the_memory_for_long_and_replies_go_between_them() {
    let mut bench = bench();
    let mut model = Model::default();
    let mut random = Random(0x0017_0017);
    let mut sent = VecDeque::new();
    let mut replies = VecDeque::new();
    let (mut lost, mut number) = (0, 0);
    for turn in 0..150 {
        let words = 1 + random.below(90);
        let body = payload(&mut random, words);
        if bench.record(0x05, &body, 1 + random.below(3), false) {
            sent.push_back(frame(0x05, number, &body));
        } else {
            lost += 1;
        }
        number += 1;
        let request = match turn {
            0 => hello(9, 0),
            _ => read(9, turn, turn, 1 + u32::from(turn) % 4),
        };
        bench.send(&request);
        replies.extend(model.answer(&request));
        bench.run(random.below(3000));
    }
    bench.settle_line();
    assert_eq!(bench.link.frames.val().index(), 150);
    assert_eq!(bench.link.frames_lost.val().index(), lost);
    assert!(lost > 5 && sent.len() > 60, "{lost} lost, {} sent", sent.len());
    for body in bench.received() {
        let queue = if body[0] & 0xff == 0x80 { &mut replies } else { &mut sent };
        assert_eq!(queue.pop_front(), Some(body));
    }
    assert!(sent.is_empty() && replies.is_empty());
}

#[test]
fn frames_from_the_mark_on_are_sent_again_as_they_were() {
    let mut bench = bench();
    let mut random = Random(0x3a4c);
    assert!(!bench.link.can_repeat.val());
    let mut sent = Vec::new();
    for number in 0..7 {
        let body = payload(&mut random, 30);
        // Epochs begin at frames 2 and 4; the words go round at the end of the seventh.
        assert!(bench.record(1, &body, 3, number == 2 || number == 4));
        sent.push(frame(1, number, &body));
        bench.settle_line();
    }
    assert_eq!(bench.received(), sent);
    for _ in 0..2 {
        assert!(bench.link.can_repeat.val());
        repeat(&mut bench);
        bench.settle_line();
        assert_eq!(bench.received(), sent[4..]);
    }
    // New ones go behind those that are sent again.
    repeat(&mut bench);
    let body = payload(&mut random, 10);
    assert!(bench.record(1, &body, 3, false));
    sent.push(frame(1, 7, &body));
    bench.settle_line();
    assert_eq!(bench.received(), sent[4..]);
    assert_eq!(bench.link.frames.val().index(), 8);
}

#[test]
fn a_mark_lasts_until_a_word_is_written_in_its_place_and_then_is_gone_for_good() {
    let mut bench = bench();
    let mut random = Random(0x0014_57ed);
    // 5 words before, so that the mark is not at the beginning.
    assert!(bench.record(1, &payload(&mut random, 3), 1, false));
    bench.settle_line();
    let bodies: Vec<Vec<u32>> = (0..8).map(|_| payload(&mut random, 30)).collect();
    for (index, body) in bodies.iter().enumerate() {
        assert!(bench.record(1, body, 1, index == 0));
        bench.settle_line();
    }
    // All 256 words since the mark are there.
    bench.outgoing.clear();
    assert!(bench.link.can_repeat.val());
    repeat(&mut bench);
    bench.settle_line();
    let expected: Vec<Vec<u32>> =
        bodies.iter().zip(1..).map(|(body, number)| frame(1, number, body)).collect();
    assert_eq!(bench.received(), expected);
    // One word more, and it is gone, however often the memory goes round.
    for turn in 0..40 {
        assert!(bench.record(1, &payload(&mut random, 1 + 25 * u32::from(turn > 0)), 1, false));
        assert!(!bench.link.can_repeat.val());
        bench.settle_line();
        bench.outgoing.clear();
        repeat(&mut bench);
        bench.settle_line();
        assert!(bench.outgoing.is_empty());
    }
    assert!(bench.record(1, &[1], 1, true));
    assert!(bench.link.can_repeat.val());
}

#[test]
fn a_mark_at_a_lost_frame_stands_for_the_next_that_fits() {
    let mut bench = bench();
    let mut random = Random(0x105e);
    bench.ready_one_in = u32::MAX;
    bench.run(1);
    let filling = payload(&mut random, 254);
    assert!(bench.record(1, &filling, 1, false));
    assert!(!bench.record(1, &[1, 2], 1, true));
    bench.ready_one_in = 1;
    bench.settle_line();
    assert_eq!(bench.received(), [frame(1, 0, &filling)]);
    assert!(bench.link.can_repeat.val());
    // Nothing has been written since.
    repeat(&mut bench);
    bench.settle_line();
    assert!(bench.outgoing.is_empty());
    let body = payload(&mut random, 5);
    assert!(bench.record(1, &body, 1, false));
    bench.settle_line();
    repeat(&mut bench);
    bench.settle_line();
    assert_eq!(bench.received(), [frame(1, 2, &body), frame(1, 2, &body)]);
}

#[test]
fn a_repeat_passes_over_nothing_that_has_not_been_sent() {
    let mut bench = bench();
    let mut random = Random(0x0a11);
    bench.ready_one_in = u32::MAX;
    bench.run(1);
    let mut sent = Vec::new();
    for number in 0..5 {
        let body = payload(&mut random, 20);
        assert!(bench.record(1, &body, 1, number == 3));
        sent.push(frame(1, number, &body));
    }
    // The mark is ahead of what the line has taken: all is still to come, once.
    assert!(bench.link.can_repeat.val());
    repeat(&mut bench);
    bench.ready_one_in = 1;
    bench.settle_line();
    assert_eq!(bench.received(), sent);
}

#[test]
fn a_repeat_in_the_middle_of_a_frame_waits_for_its_end() {
    let mut bench = bench();
    let mut random = Random(0x0b0b);
    let bodies: Vec<Vec<u32>> = (0..3).map(|_| payload(&mut random, 40)).collect();
    for (number, body) in bodies.iter().enumerate() {
        assert!(bench.record(1, body, 1, number == 0));
    }
    // The second frame is on its way.
    while bench.outgoing.iter().filter(|&&byte| byte == 0).count() < 1 {
        bench.step();
    }
    bench.run(700);
    repeat(&mut bench);
    bench.settle_line();
    let frames: Vec<Vec<u32>> =
        bodies.iter().zip(0..).map(|(body, number)| frame(1, number, body)).collect();
    assert_eq!(bench.received(), [&frames[..2], &frames[..]].concat());
}
