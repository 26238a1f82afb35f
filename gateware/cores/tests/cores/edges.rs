//! Clock, reset, converters, and what speaks for an absent host.

use crate::{compare, HELD};
use hge_gateware::boot::Boot;
use hge_gateware::converter::{AdcPart, DacPart, DacTiming, SpiAdc, SpiDac};
use hge_gateware::reset::Reset;
use hge_gateware::timer::Timer;
use hge_needs::needs;
use hge_protocol::recording::Recording;
use hge_verilog::testbench::put;
use rust_hdl::prelude::*;

#[needs(icarus)]
#[test]
fn the_boot_in_icarus_equals_rust() {
    let part = vec![vec![1, 2, 3], vec![0; 5]];
    let recordings =
        [Recording::new([&part, &part, &part]).expect("a short one"), Recording::default()];
    for recording in recordings {
        agrees!(
            "boot", Boot::new(&recording, 800),
            reset: [reset], held: [button, armed, active], each: [busy, ready]
        );
    }
}

#[needs(icarus)]
#[test]
fn the_timer_in_icarus_equals_rust() {
    compare(
        "timer",
        Timer::default(),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                core.period.next = Bits::from(random.number(16) >> (random.below(16)));
            }
            core.reset.next = random.once_in(100);
            put_all!(core, random; hold, active, half_full);
        },
    );
}

#[needs(icarus)]
#[test]
fn the_reset_in_icarus_equals_rust() {
    // Counts of 10 and of 200 clocks, and locks that last about four times as long.
    for (clock_hz, lasting) in [(1_000_000, 40), (20_000_000, 800)] {
        compare(
            "reset",
            Reset::new(clock_hz),
            |core| &mut core.clock,
            |core, _, random| {
                core.locked.next = !random.once_in(lasting);
            },
        );
    }
}

/// Clocks at which half periods are one clock, and three to five.
const CONVERTER_CLOCKS_HZ: [u32; 2] = [24_000_000, 150_000_000];

#[needs(icarus)]
#[test]
fn the_spi_dac_in_icarus_equals_rust() {
    for clock_hz in CONVERTER_CLOCKS_HZ {
        for (part, outputs) in DacPart::ALL.into_iter().zip([8, 16, 32, 64]) {
            let core = SpiDac::new(part, clock_hz, outputs).expect("a core");
            compare(
                "spi_dac",
                core,
                |core| &mut core.clock,
                |core, cycle, random| {
                    core.reset.next = cycle < 2 || random.once_in(3000);
                    core.tick.next = random.once_in(700);
                    put_all!(core, random; write, index, code);
                },
            );
        }
    }
}

#[needs(icarus)]
#[test]
fn the_spi_adc_in_icarus_equals_rust() {
    for clock_hz in CONVERTER_CLOCKS_HZ {
        for part in AdcPart::ALL {
            let settled = DacTiming::new(DacPart::Ad5628, clock_hz).expect("a clock").settled;
            let core = SpiAdc::new(part, clock_hz, settled).expect("a core");
            compare(
                "spi_adc",
                core,
                |core| &mut core.clock,
                |core, cycle, random| {
                    core.reset.next = cycle < 2 || random.once_in(4000);
                    core.tick.next = random.once_in(2500);
                    put(&mut core.data, random);
                },
            );
        }
    }
}
