//! The whole instrument through its byte ports: sessions, arming, runs, captures, trips.

use crate::bench::{signed, Bench};
use hge_gateware::build::Build;
use hge_gateware::engine::Pipelined;
use hge_gateware::instrument::Instrument;
use hge_protocol::frame::{EndReason, Frame, Operation, Record, Reply, Request, Status};
use hge_protocol::registers::{self as map, command, fault, protection, status};
use hge_protocol::table::SlotWord;
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;
use hge_verilog::testbench::Random;
use std::collections::VecDeque;

/// Clocks that anything may take.
const PATIENCE_CLOCKS: usize = 100_000;

fn parameters() -> Parameters {
    Parameters {
        outputs: 2,
        slots: 2,
        cases: 2,
        starts: 1,
        clock_hz: 1_000_000,
        telemetry_words: 256,
        ..Parameters::default()
    }
}

struct TestBench {
    bench: Bench<Instrument<Pipelined>>,
    line: VecDeque<u8>,
    deframer: Deframer,
    replies: Vec<Reply>,
    telemetry: Vec<(u32, Record)>,
    sequence: u16,
    /// ADC codes as they were taken.
    codes: Vec<i16>,
    random: Random,
    /// Greatest code that the ADC shows.
    greatest: i16,
    /// Whether the line takes telemetry.
    takes: bool,
}

impl TestBench {
    fn new(hold: bool) -> Self {
        let instrument = Instrument::with_build(&parameters(), &Build::of_commit(0xfeed_beef))
            .expect("generics");
        let mut bench = Bench::new(instrument, |core| &mut core.clock);
        bench.core.locked.next = true;
        bench.core.interlock.next = true;
        bench.core.hold.next = hold;
        let mut bench = TestBench {
            bench,
            line: VecDeque::new(),
            deframer: Deframer::new(MOST_FRAME_WORDS),
            replies: Vec::new(),
            telemetry: Vec::new(),
            sequence: 0,
            codes: Vec::new(),
            random: Random(0x600d_f00d),
            greatest: 1000,
            takes: true,
        };
        while bench.bench.core.reset.val() {
            bench.clock();
        }
        bench.send(Operation::Hello, 0, 0, vec![]);
        bench
    }

    fn clock(&mut self) {
        let core = &mut self.bench.core;
        core.rx_valid.next = !self.line.is_empty();
        core.rx_byte.next = u64::from(self.line.front().copied().unwrap_or(0)).into();
        core.tx_ready.next = self.takes;
        let code = self.random.uniform() as i16 % self.greatest;
        core.adc[0].next = signed(i64::from(code));
        self.bench.settle();
        let core = &self.bench.core;
        if core.rx_ready.val() && !self.line.is_empty() {
            self.line.pop_front();
        }
        if core.tick.val() {
            self.codes.push(code);
        }
        if core.tx_valid.val() && self.takes {
            let byte = core.tx_byte.val().to_u64() as u8;
            let (replies, telemetry) = (&mut self.replies, &mut self.telemetry);
            self.deframer.push(&[byte], |body| {
                let body = body.expect("a sound frame");
                match Frame::from_words(body).expect("a known frame") {
                    Frame::Reply(reply) => replies.push(reply),
                    Frame::Telemetry(number, record) => telemetry.push((number, record)),
                    Frame::Notice(_, text) => panic!("a notice: {text}"),
                }
            });
        }
        self.bench.step();
    }

    fn send(&mut self, operation: Operation, address: u16, count: u8, values: Vec<u32>) -> Reply {
        let (nonce, sequence) = (0x1234_5678, self.sequence);
        let request = Request { operation, nonce, sequence, address, count, values };
        self.sequence = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        seal(&request.to_words(), &mut bytes);
        self.line.extend(bytes);
        for _ in 0..PATIENCE_CLOCKS {
            self.clock();
            if let Some(reply) = self.replies.pop() {
                assert_eq!((reply.nonce, reply.sequence), (nonce, sequence));
                return reply;
            }
        }
        panic!("no reply");
    }

    fn write(&mut self, address: u16, values: &[u32]) -> Status {
        self.send(Operation::Write, address, values.len() as u8, values.to_vec()).status
    }

    fn set(&mut self, address: u16, values: &[u32]) {
        assert_eq!(self.write(address, values), Status::Ok, "{address:#x}");
    }

    fn command(&mut self, command: u32) -> Status {
        self.write(map::COMMAND, &[command])
    }

    fn read(&mut self, address: u16, count: u8) -> Vec<u32> {
        let reply = self.send(Operation::Read, address, count, vec![]);
        assert_eq!(reply.status, Status::Ok);
        reply.values
    }

    fn get(&mut self, address: u16) -> u32 {
        self.read(address, 1)[0]
    }

    /// Goes on until this number of records has come.
    fn wait_for(&mut self, records: usize) {
        for _ in 0..PATIENCE_CLOCKS {
            if self.telemetry.len() >= records {
                return;
            }
            self.clock();
        }
        panic!("only {:?}", self.telemetry);
    }

    /// Two tones on two outputs, two cases, one epoch.
    fn set_up(&mut self) {
        self.set(map::SAMPLE_PERIOD, &[0, 4, 1, 1, 20, 2, 2, 1]);
        self.set(map::MODE, &[1, 1, 3]);
        self.set(map::STEP_LIMIT, &[1000, 500, 0]);
        self.set(map::WATCHDOG, &[100_000, 0]);
        let codes = |code: i32| code as u32 & 0xffff;
        self.set(map::GUARD, &[codes(-20_000), 20_000, 700]);
        self.set(map::GUARD + 4, &[codes(-20_000), 20_000, codes(-700)]);
        self.set(map::TUNING, &[1 << 28, 3 << 28]);
        let slot = |output| SlotWord {
            amplitude: 100,
            output,
            drives: true,
            last: true,
            ..SlotWord::default()
        };
        self.set(map::SLOT, &[slot(0).to_word(), slot(1).to_word()]);
    }
}

fn numbers(telemetry: &[(u32, Record)]) -> Vec<u32> {
    telemetry.iter().map(|(number, _)| *number).collect()
}

#[test]
fn a_host_finds_the_constants_arms_runs_and_has_the_last_epoch_again() {
    let mut bench = TestBench::new(true);
    let constants = bench.read(map::IDENTITY, 11);
    assert_eq!(constants[..3], [map::IDENTITY_WORD, map::map_hash(), 0xfeed_beef]);
    assert_eq!(constants[3..], [2, 2, 2, 1, 1_000_000, 16, 16, 256]);
    assert_eq!(bench.command(command::RUN), Status::Busy);
    assert_eq!(bench.command(command::ARM_HOST), Status::Unsafe);
    assert_eq!(bench.command(command::REPEAT), Status::Gone);
    bench.set_up();
    assert_eq!(
        bench.read(map::GUARD, 5),
        [0xffff & -20_000_i32 as u32, 20_000, 700, 0, 0xffff & -20_000_i32 as u32]
    );
    assert_eq!(bench.get(map::TIME), 0);
    bench.set(map::COMMAND, &[command::ARM_HOST]);
    assert_eq!(bench.get(map::STATUS), status::ARMED | status::INTERLOCK);
    bench.set(map::COMMAND, &[command::RUN]);
    assert_eq!(bench.write(map::GAP, &[9]), Status::Busy);
    assert_eq!(bench.write(map::GUARD, &[0]), Status::Ok);
    assert_eq!(bench.write(map::GUARD, &[0xffff]), Status::Busy);
    bench.wait_for(3);
    assert_eq!(numbers(&bench.telemetry), [0, 1, 2]);
    let Record::Window(first) = bench.telemetry[0].1.clone() else { panic!("no window") };
    assert_eq!((first.case, first.slots.len()), (0, 2));
    // The sums are those of the codes that the ADC showed from the window's first sample on.
    let from = first.sample_clock as usize;
    let run_began = bench.codes.len() - bench.get(map::TIME) as usize;
    assert_eq!(run_began, 0);
    let found = (0..bench.codes.len() - 16)
        .filter(|start| {
            let half = |at: usize| {
                bench.codes[at..at + 8].iter().map(|&code| i32::from(code)).sum::<i32>()
            };
            half(*start) == first.sum_first && half(start + 8) == first.sum_second
        })
        .collect::<Vec<_>>();
    assert!(found.iter().any(|&start| start >= from), "{found:?}, {from}");
    assert!(matches!(&bench.telemetry[1].1, Record::Window(window) if window.case == 1));
    let Record::End(end) = bench.telemetry[2].1.clone() else { panic!("no end") };
    assert_eq!(end.reason, EndReason::Complete);
    assert_eq!(end.sample_clock, bench.get(map::TIME) - 1);
    assert_eq!(bench.read(map::FRAMES, 2), [3, 0]);
    let before = std::mem::take(&mut bench.telemetry);
    bench.set(map::COMMAND, &[command::REPEAT]);
    bench.wait_for(3);
    assert_eq!(bench.telemetry, before);
}

#[test]
fn a_capture_is_the_codes_of_the_adc_at_their_times() {
    let mut bench = TestBench::new(true);
    bench.set(map::SAMPLE_PERIOD, &[0]);
    bench.set(map::CAPTURE_DECIMATION, &[2, 70]);
    bench.set(map::COMMAND, &[command::CAPTURE]);
    assert_eq!(bench.command(command::CAPTURE), Status::Busy);
    assert_eq!(bench.get(map::STATUS), status::CAPTURING | status::INTERLOCK);
    bench.wait_for(2);
    let mut found: Vec<i16> = Vec::new();
    for (index, (_, record)) in bench.telemetry.iter().enumerate() {
        let Record::Block(block) = record else { panic!("{record:?}") };
        assert_eq!((block.time, block.decimation), (128 * index as u32, 2));
        found.extend(&block.codes);
    }
    let expected: Vec<i16> = bench.codes.iter().copied().step_by(2).take(70).collect();
    assert_eq!(found, expected);
    // Time stands still again.
    let time = bench.get(map::TIME);
    assert_eq!(time, 139);
    (0..1000).for_each(|_| bench.clock());
    assert_eq!(bench.get(map::TIME), time);
}

#[test]
fn an_open_interlock_ends_the_run_and_leads_every_output_home() {
    let mut bench = TestBench::new(true);
    bench.set_up();
    bench.set(map::SETTLE, &[100]);
    bench.set(map::PROTECTION, &[protection::INTERLOCK]);
    bench.set(map::COMMAND, &[command::ARM_HOST]);
    bench.set(map::COMMAND, &[command::RUN]);
    (0..3000).for_each(|_| bench.clock());
    bench.bench.core.interlock.next = false;
    let opened = bench.codes.len() as u32;
    bench.wait_for(2);
    let Record::Event(event) = bench.telemetry[0].1.clone() else {
        panic!("{:?}", bench.telemetry)
    };
    assert_eq!(u32::from(event.cause), fault::INTERLOCK);
    assert!((opened..opened + 2).contains(&event.time), "{} {opened}", event.time);
    assert!(matches!(&bench.telemetry[1].1, Record::End(end) if end.reason == EndReason::Tripped));
    assert_eq!(bench.get(map::STATUS) & !status::RAMPING_TO_SAFE, status::TRIPPED);
    assert_eq!(bench.command(command::RUN), Status::Busy);
    while bench.bench.core.active.val() {
        bench.clock();
    }
    assert_eq!(bench.get(map::STATUS), status::TRIPPED);
    assert_eq!(bench.get(map::FAULT), fault::INTERLOCK);
    assert_eq!(bench.get(map::GUARD + 3), 700);
    assert_eq!(bench.get(map::GUARD + 7), 0xffff & -700_i32 as u32);
    assert_eq!(bench.command(command::ARM_HOST), Status::Unsafe);
    bench.set(map::PROTECTION, &[protection::LINK]);
    bench.set(map::COMMAND, &[command::ARM_HOST]);
    assert_eq!(bench.get(map::FAULT), 0);
}

#[test]
fn silence_and_over_current_trip_on_a_board() {
    let mut bench = TestBench::new(false);
    bench.set_up();
    bench.set(map::WATCHDOG, &[300]);
    bench.set(map::COMMAND, &[command::ARM_HOST]);
    bench.wait_for(1);
    assert!(
        matches!(&bench.telemetry[0].1, Record::Event(event) if u32::from(event.cause) == fault::WATCHDOG)
    );
    bench.telemetry.clear();
    while bench.get(map::STATUS) & status::RAMPING_TO_SAFE != 0 {}
    bench.set(map::PROTECTION, &[protection::OVERCURRENT]);
    bench.set(map::WATCHDOG, &[100_000]);
    bench.set(map::OVERCURRENT, &[950]);
    bench.set(map::OVERCURRENT_SAMPLES, &[1]);
    bench.set(map::COMMAND, &[command::ARM_HOST]);
    bench.wait_for(1);
    let Record::Event(event) = bench.telemetry[0].1.clone() else { panic!("no event") };
    assert_eq!(u32::from(event.cause), fault::OVERCURRENT);
    // The sample of a tick is judged at the next one.
    assert!(bench.codes[event.time as usize - 1].abs() >= 950);
}

#[test]
fn a_line_that_does_not_take_telemetry_holds_virtual_time_and_loses_nothing() {
    let mut bench = TestBench::new(true);
    bench.set_up();
    bench.set(map::EPOCHS, &[8]);
    bench.set(map::COMMAND, &[command::ARM_HOST]);
    bench.set(map::COMMAND, &[command::RUN]);
    bench.takes = false;
    let mut ticks = bench.codes.len();
    loop {
        (0..2000).for_each(|_| bench.clock());
        if bench.codes.len() == ticks {
            break;
        }
        ticks = bench.codes.len();
    }
    assert!(bench.bench.core.active.val());
    bench.takes = true;
    bench.wait_for(17);
    assert_eq!(numbers(&bench.telemetry), (0..17).collect::<Vec<u32>>());
    assert_eq!(bench.get(map::FRAMES_LOST), 0);
}
