//! The whole instrument's Verilog in Icarus shows what it shows in rust-hdl's simulation, from the first request to the last frame.

mod cosim;

use hge_gateware::board::{BoardTop, Converters};
use hge_gateware::build::Build;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::engine::{Pipelined, Stepped};
use hge_gateware::instrument::Instrument;
use hge_gateware::link::line::Line;
use hge_needs::needs;
use hge_protocol::frame::{Operation, Request};
use hge_protocol::recording::Recording;
use hge_protocol::registers as map;
use hge_protocol::wire::seal;
use hge_protocol::Parameters;
use hge_verilog::testbench::{put, Random};
use hge_verilog::{verilog, SourceDocs};
use rust_hdl::prelude::*;

/// The bytes of requests that set up and begin a run, and look at it.
fn requests() -> Vec<u8> {
    let scripted = [
        (Operation::Hello, 0, vec![]),
        (Operation::Read, map::IDENTITY, vec![0; 11]),
        (Operation::Write, map::SAMPLE_PERIOD, vec![0, 4, 1, 1, 2, 2, 2, 2]),
        (Operation::Write, map::MODE, vec![3, 1, 3]),
        (Operation::Write, map::REFERENCE, vec![0x301, 2, 70]),
        (Operation::Write, map::PROTECTION, vec![0, 1000]),
        (Operation::Write, map::STEP_LIMIT, vec![900, 100]),
        (Operation::Write, map::GUARD, vec![0x9000, 0x6000, 100]),
        (Operation::Write, map::TUNING, vec![1 << 28, 3 << 28]),
        (Operation::Write, map::SLOT, vec![0xc000_0100, 0xc100_0200]),
        (Operation::Write, map::CODES, vec![0, 1, 1, 0]),
        (Operation::Write, map::TABLE, (0..16).map(|word| word * 0x0123_4567).collect()),
        (Operation::Write, map::COMMAND, vec![map::command::ARM_HOST]),
        (Operation::Write, map::COMMAND, vec![map::command::CAPTURE]),
        (Operation::Write, map::COMMAND, vec![map::command::RUN]),
        (Operation::Read, map::GUARD, vec![0; 8]),
        (Operation::Read, map::STATUS, vec![0; 6]),
        (Operation::Write, map::GAP, vec![5]),
        (Operation::Write, map::COMMAND, vec![map::command::REPEAT]),
        (Operation::Read, map::TABLE, vec![0; 4]),
    ];
    let mut bytes = vec![0];
    for (sequence, (operation, address, values)) in scripted.into_iter().enumerate() {
        let (count, sequence) = (values.len() as u8, sequence as u16);
        let values = if operation == Operation::Write { values } else { vec![] };
        let request = Request { operation, nonce: 0xabcd, sequence, address, count, values };
        seal(&request.to_words(), &mut bytes);
    }
    bytes
}

#[needs(icarus)]
#[test]
fn the_instrument_in_icarus_equals_rust() {
    let parameters = Parameters {
        outputs: 2,
        slots: 2,
        cases: 2,
        starts: 2,
        clock_hz: 1_000_000,
        telemetry_words: 256,
        ..Parameters::default()
    };
    let mut core = Instrument::<Pipelined>::new(&parameters).expect("generics");
    let text = verilog("instrument", &core, &SourceDocs::default(), "").expect("Verilog");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let bytes = requests();
    let mut at = 0;
    cosim::compare(
        "instrument",
        &text,
        &mut core,
        14_000,
        |core| &mut core.clock,
        |core, cycle| {
            // Taken in this clock: readiness is a matter of the state alone.
            core.rx_byte.next = Bits::from(u64::from(bytes.get(at).copied().unwrap_or(0)));
            core.rx_valid.next = cycle > 40 && at < bytes.len();
            at += usize::from(core.rx_ready.val() && core.rx_valid.next);
            core.locked.next = true;
            core.tx_ready.next = !random.once_in(3);
            core.interlock.next = cycle % 5000 < 4900;
            put(&mut core.adc, &mut random);
        },
    );
    assert_eq!(at, bytes.len(), "not all requests were taken");
}

#[needs(icarus)]
#[test]
fn the_boards_top_in_icarus_equals_rust() {
    const CLOCKS_PER_BIT: usize = 6;
    let parameters = Parameters {
        outputs: 2,
        slots: 2,
        cases: 2,
        starts: 2,
        clock_hz: 1_200_000,
        telemetry_words: 256,
        ..Parameters::default()
    }
    .in_steps();
    let converters = Converters { dac: DacPart::Ad5628, adc: AdcPart::Ad7476a };
    let baud = parameters.clock_hz / CLOCKS_PER_BIT as u32;
    let mut core = BoardTop::<Stepped>::new(
        &parameters,
        converters,
        Line::Uart { baud },
        &Build::default(),
        &Recording::default(),
    )
    .expect("a board");
    let text = verilog("board", &core, &SourceDocs::default(), "").expect("Verilog");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let bits: Vec<bool> = requests()
        .into_iter()
        .flat_map(|byte| (0..10).map(move |bit| (u32::from(byte) << 1 | 0x200) >> bit & 1 == 1))
        .collect();
    cosim::compare(
        "board",
        &text,
        &mut core,
        12_000,
        |core| &mut core.clock,
        |core, cycle| {
            core.locked.next = true;
            core.interlock.next = cycle % 5000 < 4900;
            let bit = cycle.checked_sub(100).map(|since| since / CLOCKS_PER_BIT);
            core.rx[0].next = bit.and_then(|bit| bits.get(bit).copied()).unwrap_or(true);
            put(&mut core.adc_data, &mut random);
        },
    );
}
