//! Sessions: what is carried out, once, and what is answered.

use super::bench::{Bench, Line, Random};
use super::model::{hello, read, request, write, Model};
use super::nightly;
use hge_protocol::Parameters;

/// The link and the model, given the same frames.
struct Pair {
    bench: Bench,
    model: Model,
}

impl Pair {
    fn new() -> Self {
        Self::at(CLOCKS_HZ[0])
    }

    fn at(clock_hz: u32) -> Self {
        let parameters = Parameters { clock_hz, ..Parameters::default() };
        Pair { bench: Bench::new(&parameters), model: Model::default() }
    }

    /// One request; the answer, after it was found to be the model's.
    #[track_caller]
    fn ask(&mut self, body: &[u32]) -> Option<Vec<u32>> {
        self.bench.send(body);
        let expected = self.model.answer(body);
        self.bench.settle_frames(expected.iter().count());
        let got = self.bench.received();
        assert_eq!(got, expected.iter().cloned().collect::<Vec<_>>(), "answer to {body:x?}");
        assert_eq!(self.bench.registers, self.model.registers);
        assert_eq!(self.bench.heard, self.model.heard);
        expected
    }

    #[track_caller]
    fn status(&mut self, body: &[u32]) -> Option<u32> {
        self.ask(body).map(|reply| reply[0] >> 24)
    }

    fn damage(&mut self, bytes: &[u8]) {
        let before = self.bench.damaged;
        self.bench.incoming.extend(bytes);
        self.bench.settle_frames(0);
        assert_eq!(self.bench.damaged, before + 1);
        assert_eq!(self.bench.received(), Vec::<Vec<u32>>::new());
    }
}

const NONCE: u32 = 0x0123_89ab;

/// At the second the request memory's words come a clock later.
const CLOCKS_HZ: [u32; 2] = [24_000_000, 90_000_000];

#[test]
fn without_a_session_only_a_hello_is_carried_out() {
    let mut pair = Pair::new();
    // Zero is what the memory holds at power-up.
    for nonce in [0, NONCE] {
        for sequence in [0, 1, 7] {
            assert_eq!(pair.status(&write(nonce, sequence, 5, &[1])), Some(5));
            assert_eq!(pair.status(&read(nonce, sequence, 5, 1)), Some(5));
            assert_eq!(pair.status(&request(0x48, nonce, sequence, 0, 1, &[])), Some(5));
        }
    }
    assert_eq!(pair.bench.registers.requests, 0);
    assert_eq!(pair.bench.heard, 0);
    assert_eq!(pair.status(&hello(0, 0)), Some(0));
    assert_eq!(pair.status(&write(0, 1, 5, &[1])), Some(0));
    assert_eq!(pair.bench.registers.writes, [(5, 1)]);
}

#[test]
fn a_repeated_request_is_answered_again_and_not_carried_out_again() {
    let mut pair = Pair::new();
    pair.ask(&hello(NONCE, 65_534));
    let first = pair.ask(&write(NONCE, 65_535, 7, &[1, 2, 3]));
    for _ in 0..3 {
        assert_eq!(pair.ask(&write(NONCE, 65_535, 7, &[1, 2, 3])), first);
    }
    assert_eq!(pair.bench.registers.writes.len(), 3);
    // Whatever else it says: the number counts.
    assert_eq!(pair.ask(&read(NONCE, 65_535, 7, 1)), first);
    assert_eq!(pair.ask(&hello(NONCE, 65_535)), first);
    assert_eq!(pair.status(&write(NONCE, 0, 9, &[4])), Some(0));
    assert_eq!(pair.bench.registers.writes.len(), 4);
}

#[test]
fn a_straggler_is_not_answered_and_the_kept_reply_outlives_everything_else() {
    for clock_hz in CLOCKS_HZ {
        let mut pair = Pair::at(clock_hz);
        pair.ask(&hello(NONCE, 100));
        let kept = pair.ask(&read(NONCE, 101, 0x40, 64));
        for sequence in [100, 99, 103, 0, 65_535, 102 + 0x100] {
            assert_eq!(pair.ask(&write(NONCE, sequence, 1, &[1])), None);
            assert_eq!(pair.ask(&hello(NONCE, sequence)), None);
        }
        assert_eq!(pair.ask(&read(NONCE, 101, 0x40, 64)), kept);
        pair.damage(&[1, 2, 3, 4, 5, 0]);
        assert_eq!(pair.ask(&read(NONCE, 101, 0x40, 64)), kept);
        for other in [NONCE ^ 1, NONCE ^ 0x8000_0000, !NONCE, NONCE ^ 0x8000, NONCE ^ 0x1_0000] {
            assert_eq!(pair.status(&write(other, 102, 1, &[1; 64])), Some(5));
            assert_eq!(pair.status(&read(other, 101, 0x40, 64)), Some(5));
            pair.damage(&[9; 300].iter().copied().chain([0]).collect::<Vec<u8>>());
            assert_eq!(pair.ask(&read(NONCE, 101, 0x40, 64)), kept);
        }
        assert_eq!(pair.bench.registers.writes, []);
        assert_eq!(pair.status(&write(NONCE, 102, 1, &[1])), Some(0));
    }
}

#[test]
fn a_hello_with_another_nonce_begins_a_session() {
    let mut pair = Pair::new();
    assert_eq!(pair.status(&hello(NONCE, 1)), Some(0));
    assert_eq!(pair.status(&hello(NONCE, 2)), Some(0));
    assert_eq!(pair.status(&write(NONCE, 3, 1, &[1])), Some(0));
    assert_eq!(pair.status(&hello(!NONCE, 3)), Some(0));
    assert_eq!(pair.status(&write(NONCE, 4, 1, &[1])), Some(5));
    assert_eq!(pair.status(&hello(!NONCE, 3)), Some(0));
    assert_eq!(pair.status(&write(!NONCE, 4, 1, &[1])), Some(0));
    // A new session may begin with the number that the last one had.
    assert_eq!(pair.status(&hello(7, 4)), Some(0));
    assert_eq!(pair.bench.registers.writes.len(), 2);
}

#[test]
fn lengths_that_do_not_agree_and_unknown_operations_are_bad_requests() {
    let mut pair = Pair::new();
    pair.ask(&hello(NONCE, 0));
    let mut sequence = 0;
    let mut bad = |pair: &mut Pair, mut body: Vec<u32>, header: u32| {
        sequence += 1;
        body[0] = header;
        body[2] = (body[2] & 0xffff) | (sequence << 16);
        let refused = pair.ask(&body);
        assert_eq!(refused.as_ref().map(|reply| reply[0]), Some(0x0300_0280), "{header:08x}");
        // It is kept, and its number is used up.
        assert_eq!(pair.ask(&body), refused);
    };
    let empty = read(NONCE, 0, 3, 0);
    let two = write(NONCE, 0, 3, &[1, 2]);
    let most = write(NONCE, 0, 3, &[9; 64]);
    for header in [0x0000_0252, 0x4100_0252, 0x8000_0252, 0xff00_0252, 0x0100_0352, 0x0100_0152] {
        bad(&mut pair, empty.clone(), header);
    }
    for header in [0x0100_0048, 0x0000_0348, 0x0000_0257, 0x0100_0257, 0x0100_0248, 0x0000_0200] {
        bad(&mut pair, empty.clone(), header);
    }
    for header in [0x0100_0253, 0x0100_02d2, 0x0100_0250, 0x0100_0242, 0x0101_0252, 0x0180_0252] {
        bad(&mut pair, empty.clone(), header);
    }
    for header in [0x0200_0452, 0x0000_0448, 0x0100_0457, 0x0300_0457, 0x0200_0357, 0x0200_0557] {
        bad(&mut pair, two.clone(), header);
    }
    for header in [0x8200_0457, 0x0201_0457, 0x0280_0457, 0x0200_8457, 0x0200_0447, 0x4200_0457] {
        bad(&mut pair, two.clone(), header);
    }
    for header in [0x4000_4157, 0x4000_4357, 0x3f00_4257, 0x0000_4257, 0x4000_0257, 0xc000_4257] {
        bad(&mut pair, most.clone(), header);
    }
    assert_eq!(pair.bench.registers.requests, 0);
    // From a stranger the same are answered by `session`.
    for header in [0x0100_0048, 0x0000_0252, 0x0100_0253] {
        let mut body = read(!NONCE, 1, 0, 1);
        body[0] = header;
        assert_eq!(pair.status(&body), Some(5));
    }
}

#[test]
fn bursts_of_every_length_are_read_and_written() {
    for (n, clock_hz) in (1..).zip(CLOCKS_HZ) {
        let mut pair = Pair::at(clock_hz);
        pair.bench.latency = 0;
        pair.ask(&hello(NONCE, 0));
        let mut sequence = 0;
        // By day each length at one of the clocks, the longest at both.
        let (first, step) = nightly((1, 1), (n, CLOCKS_HZ.len()));
        for count in (first..64u16).step_by(step).chain([64]) {
            let values: Vec<u32> =
                (0..count).map(|k| (u32::from(k) * 0x0101_0301) ^ 0x8000_0000).collect();
            let address = 0x1000 + 0x40 * count;
            sequence += 1;
            assert_eq!(pair.status(&write(NONCE, sequence, address, &values)), Some(0));
            sequence += 1;
            let reply =
                pair.ask(&read(NONCE, sequence, address, u32::from(count))).expect("a reply");
            assert_eq!(reply[3..], values);
        }
        // Addresses wrap: this page refuses with 0.
        assert_eq!(pair.status(&write(NONCE, sequence + 1, 0xf8ff, &[3, 4])), Some(0));
    }
}

#[test]
fn a_refusal_ends_a_request_with_what_was_done_before() {
    for (n, clock_hz) in CLOCKS_HZ.into_iter().enumerate() {
        let mut pair = Pair::at(clock_hz);
        pair.ask(&hello(NONCE, 0));
        let mut sequence = 0;
        for status in 1..=6u16 {
            // By day each at one of the clocks.
            let (first, step) = nightly((0, 1), (n, CLOCKS_HZ.len()));
            for done in [0, 1, 5, 63].into_iter().skip(first).step_by(step) {
                let address = 0x8080 + (status << 8) - done;
                let (status, done) = (u32::from(status) << 24, u32::from(done));
                sequence += 1;
                let reply = pair.ask(&write(NONCE, sequence, address, &[7; 64])).expect("a reply");
                assert_eq!(reply[0], 0x80 | (3 << 8) | status);
                assert_eq!(reply[3..], [done]);
                sequence += 1;
                let reply = pair.ask(&read(NONCE, sequence, address, 64)).expect("a reply");
                assert_eq!(reply[0], 0x80 | ((2 + done) << 8) | status);
                assert_eq!(reply[3..], vec![7; done as usize]);
            }
        }
    }
}

#[test]
fn drawn_requests_agree_with_the_rules() {
    for clock_hz in CLOCKS_HZ {
        let mut random = Random(0x5eed_0001);
        let mut pair = Pair::at(clock_hz);
        let mut sequence = 0u16;
        for _ in 0..nightly(400, 150) {
            pair.bench.latency = random.below(4);
            pair.bench.ready_one_in = 1 + random.below(3);
            let nonce = if random.once_in(8) { NONCE ^ 1 } else { NONCE };
            sequence = match random.below(8) {
                0 => sequence,
                1 => random.word() as u16,
                _ => sequence.wrapping_add(1),
            };
            let address = (random.word() & 0x83ff) as u16;
            let count = 1 + random.below(6);
            let mut body = match random.below(6) {
                0 => hello(nonce, sequence),
                1 | 2 => read(nonce, sequence, address, count),
                _ => {
                    let values: Vec<u32> = (0..count).map(|_| random.word()).collect();
                    write(nonce, sequence, address, &values)
                }
            };
            if random.once_in(6) {
                body[0] ^= 1 << random.below(32);
            }
            if random.once_in(5) {
                pair.bench.incoming.extend([0, 0x37, 0x12, 0, 0]);
                pair.bench.run(3);
            }
            pair.ask(&body);
        }
    }
}

#[test]
fn at_eight_clocks_a_bit_no_byte_is_lost_while_a_request_is_carried_out() {
    for clock_hz in CLOCKS_HZ {
        let mut pair = Pair::at(clock_hz);
        pair.bench.line = Line::Every(80);
        // Nothing leaves the line in the way of the registers, which are slow.
        pair.bench.latency = 40;
        let mut bodies = vec![hello(NONCE, 0)];
        for sequence in 1..6u16 {
            bodies.push(read(NONCE, 2 * sequence - 1, 0x100, 8));
            bodies.push(write(NONCE, 2 * sequence, 0x200, &[u32::from(sequence); 16]));
        }
        bodies.iter().for_each(|body| pair.bench.send(body));
        pair.bench.settle_line();
        let expected: Vec<Vec<u32>> =
            bodies.iter().filter_map(|body| pair.model.answer(body)).collect();
        assert_eq!(pair.bench.received(), expected);
        assert_eq!(pair.bench.lost, 0);
        assert_eq!(pair.bench.damaged, 0);
        assert_eq!(pair.bench.registers, pair.model.registers);
    }
}

#[test]
fn a_byte_that_is_lost_costs_its_frame() {
    let mut pair = Pair::new();
    pair.ask(&hello(NONCE, 0));
    // So slow that the second request lies there while the third comes.
    pair.bench.line = Line::Every(80);
    pair.bench.latency = 1000;
    let bodies =
        [write(NONCE, 1, 0, &[1; 8]), write(NONCE, 2, 8, &[2; 2]), write(NONCE, 3, 16, &[3; 2])];
    bodies.iter().for_each(|body| pair.bench.send(body));
    while pair.bench.lost == 0 {
        pair.bench.step();
    }
    // The third was lost in part or as a whole; what ends it is the next zero that is taken.
    pair.bench.settle_frames(2);
    pair.bench.incoming.push_back(0);
    pair.bench.settle_line();
    assert_eq!(pair.bench.damaged, 1);
    let expected: Vec<Vec<u32>> =
        bodies[..2].iter().filter_map(|body| pair.model.answer(body)).collect();
    assert_eq!(pair.bench.received(), expected);
    pair.bench.latency = 1;
    assert_eq!(pair.status(&bodies[2]), Some(0));
}
