//! The serial line at several ratios of clock and rate.

use super::bench::Random;
use hge_gateware::link::uart_receiver::{RateError, UartReceiver};
use hge_gateware::link::uart_transmitter::UartTransmitter;
use rust_hdl::prelude::*;

fn clock<B: Block>(uut: &mut B, clock: fn(&mut B) -> &mut Signal<In, Clock>) {
    clock(uut).next = true.into();
    assert!(simulate(uut, 100));
    clock(uut).next = false.into();
    assert!(simulate(uut, 100));
}

fn receiver(clock_hz: u32, baud: u32) -> UartReceiver {
    let mut uut = UartReceiver::new(clock_hz, baud).expect("a rate");
    uut.connect_all();
    uut.pin.next = true;
    uut.reset.next = true;
    take(&mut uut, true);
    uut.reset.next = false;
    (0..8).for_each(|_| drop(take(&mut uut, true)));
    uut
}

/// One clock with this level; the byte, or `None` for a fault.
fn take(uut: &mut UartReceiver, level: bool) -> Vec<Option<u8>> {
    uut.pin.next = level;
    assert!(simulate(uut, 100));
    let mut seen = Vec::new();
    if uut.valid.val() {
        seen.push(Some(uut.byte.val().index() as u8));
    }
    if uut.fault.val() {
        seen.push(None);
    }
    clock(uut, |uut| &mut uut.clock);
    seen
}

/// The levels of bytes sent one behind the other, sampled by a clock of `clocks_a_bit`, which need not be whole.
fn levels(bytes: &[u8], clocks_a_bit: f64, phase: f64) -> Vec<bool> {
    let bits: Vec<bool> = bytes
        .iter()
        .flat_map(|byte| {
            (0..10).map(move |bit| match bit {
                0 => false,
                9 => true,
                _ => byte >> (bit - 1) & 1 == 1,
            })
        })
        .collect();
    let clocks = (bits.len() as f64 * clocks_a_bit) as usize;
    (0..clocks).map(|clock| bits[((clock as f64 + phase) / clocks_a_bit) as usize]).collect()
}

/// Clock and rate: the least ratio, 8, ratios that are not whole, and slow lines.
const RATIOS: [(u32, u32); 7] = [
    (18_000_000, 3_000_000),
    (24_000_000, 3_000_000),
    (25_000_000, 3_000_000),
    (27_000_000, 3_000_000),
    (26_600_000, 3_000_000),
    (12_000_000, 921_600),
    (60_000_000, 115_200),
];

#[test]
fn bytes_are_received_at_two_percent_either_side_of_every_rate() {
    let mut random = Random(0x0a87);
    for (clock_hz, baud) in RATIOS {
        let ratio = f64::from(clock_hz) / f64::from(baud);
        let count = if ratio > 100.0 { 4 } else { 24 };
        for error in [-0.02, 0.0, 0.02] {
            for phase in [0.0, 0.3, 0.7, 0.999] {
                let mut bytes: Vec<u8> = (0..count).map(|_| random.word() as u8).collect();
                bytes[..3].copy_from_slice(&[0x00, 0xff, 0x55]);
                let mut uut = receiver(clock_hz, baud);
                let mut seen = Vec::new();
                for level in levels(&bytes, ratio * (1.0 + error), phase) {
                    seen.extend(take(&mut uut, level));
                }
                (0..2 * ratio as u32).for_each(|_| seen.extend(take(&mut uut, true)));
                let expected: Vec<Option<u8>> = bytes.into_iter().map(Some).collect();
                assert_eq!(seen, expected, "{clock_hz} Hz, {baud} baud, {error}, {phase}");
            }
        }
    }
}

#[test]
fn a_low_stop_bit_is_a_fault_and_a_line_that_stays_low_is_one() {
    let mut uut = receiver(24_000_000, 3_000_000);
    let mut seen = Vec::new();
    (0..5000).for_each(|_| seen.extend(take(&mut uut, false)));
    assert_eq!(seen, [None]);
    (0..20).for_each(|_| seen.extend(take(&mut uut, true)));
    for level in levels(&[0x42], 8.0, 0.0) {
        seen.extend(take(&mut uut, level));
    }
    (0..20).for_each(|_| seen.extend(take(&mut uut, true)));
    assert_eq!(seen, [None, Some(0x42)]);
}

#[test]
fn a_start_bit_shorter_than_half_a_bit_is_none() {
    let mut uut = receiver(24_000_000, 3_000_000);
    for low in 1..=3 {
        let mut seen = Vec::new();
        (0..low).for_each(|_| seen.extend(take(&mut uut, false)));
        (0..200).for_each(|_| seen.extend(take(&mut uut, true)));
        assert_eq!(seen, []);
    }
}

/// The transmitter's levels for these bytes, offered whenever it is ready.
fn transmitted(clock_hz: u32, baud: u32, bytes: &[u8]) -> Vec<bool> {
    let mut uut = UartTransmitter::new(clock_hz, baud).expect("a rate");
    uut.connect_all();
    uut.reset.next = true;
    assert!(simulate(&mut uut, 100));
    assert!(uut.pin.val(), "at rest before the first clock");
    clock(&mut uut, |uut| &mut uut.clock);
    uut.reset.next = false;
    let (mut levels, mut at) = (Vec::new(), 0);
    let last = f64::from(clock_hz) / f64::from(baud) * 10.0 * bytes.len() as f64 + 3.0;
    for _ in 0..last as usize {
        uut.valid.next = at < bytes.len();
        uut.byte.next = Bits::from(u64::from(bytes.get(at).copied().unwrap_or(0x5a)));
        assert!(simulate(&mut uut, 100));
        levels.push(uut.pin.val());
        at += usize::from(uut.ready.val() && uut.valid.val());
        clock(&mut uut, |uut| &mut uut.clock);
    }
    assert_eq!(at, bytes.len());
    levels
}

#[test]
fn no_edge_of_the_transmitter_is_off_by_more_than_a_clock() {
    for (clock_hz, baud) in RATIOS {
        let ratio = f64::from(clock_hz) / f64::from(baud);
        let bytes = [0x55, 0x00, 0xff, 0x81, 0x55, 0x0f];
        let sent = transmitted(clock_hz, baud, &bytes);
        let start = sent.iter().position(|level| !level).expect("a start bit");
        let bits = levels(&bytes, 1.0, 0.0);
        let edges: Vec<usize> = (1..bits.len()).filter(|&bit| bits[bit] != bits[bit - 1]).collect();
        let seen: Vec<usize> =
            (start + 1..sent.len()).filter(|&clock| sent[clock] != sent[clock - 1]).collect();
        assert_eq!(seen.len(), edges.len(), "{clock_hz} Hz, {baud} baud");
        for (clock, bit) in seen.iter().zip(edges) {
            let off = (clock - start) as f64 - bit as f64 * ratio;
            // And what the bit's length was rounded by, to 1/256 clocks.
            let most = 1.0 + bit as f64 / 512.0;
            assert!(
                off.abs() <= most,
                "{clock_hz} Hz, {baud} baud: bit {bit} is {off} clocks late"
            );
        }
    }
}

#[test]
fn what_the_transmitter_sends_a_receiver_of_another_clock_takes() {
    let mut random = Random(0x100b);
    for (from, to) in
        [((24, 3), (25, 3)), ((27, 3), (24, 3)), ((25, 3), (18, 3)), ((60, 2), (27, 2))]
    {
        let (fast, rate) = (from.0 * 1_000_000, from.1 * 1_000_000);
        let bytes: Vec<u8> = (0..20).map(|_| random.word() as u8).collect();
        let sent = transmitted(fast, rate, &bytes);
        let mut uut = receiver(to.0 * 1_000_000, to.1 * 1_000_000);
        let mut seen = Vec::new();
        let scale = f64::from(from.0) / f64::from(to.0);
        for clock in 0..(sent.len() as f64 / scale) as usize {
            seen.extend(take(&mut uut, sent[(clock as f64 * scale) as usize]));
        }
        (0..20).for_each(|_| seen.extend(take(&mut uut, true)));
        assert_eq!(seen, bytes.into_iter().map(Some).collect::<Vec<_>>(), "{from:?} to {to:?}");
    }
}

#[test]
fn a_rate_out_of_range_is_refused_with_the_range() {
    let refused = RateError { clock_hz: 12_000_000, baud: 3_000_000 };
    assert_eq!(UartReceiver::new(12_000_000, 3_000_000).err(), Some(refused));
    let message = UartTransmitter::new(100_000_000, 1200).err().map(|error| error.to_string());
    assert!(message.is_some_and(|text| text.contains("1200 baud") && text.contains("6 to 65535")));
}
