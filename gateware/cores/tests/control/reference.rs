//! The reference pin: sign and pulse density of one slot's sine.

use crate::bench::{raw, signed, Bench};
use hge_gateware::reference::Reference;
use hge_protocol::registers::reference::{ON, SINE};
use hge_verilog::testbench::Random;

fn bench(setting: u32) -> Bench<Reference> {
    let mut bench = Bench::new(Reference::default(), |core| &mut core.clock);
    bench.core.setting.next = raw(u64::from(setting));
    bench
}

/// A slots' pass in which `slot` has this sine and the others noise.
fn pass(bench: &mut Bench<Reference>, random: &mut Random, slot: u64, sine: i16) {
    for present in 0..8 {
        bench.core.valid.next = true;
        bench.core.slot.next = raw(present);
        let value = if present == slot { i64::from(sine) } else { random.uniform() as i64 };
        bench.core.sine.next = signed(value);
        bench.step();
    }
    bench.core.valid.next = false;
    // Not of the pass: must not be taken.
    bench.core.slot.next = raw(slot);
    bench.core.sine.next = signed(random.uniform() as i64);
    bench.step();
}

const SINES: [i16; 8] = [0, 1, -1, 12_345, -12_345, 32_767, -32_767, -32_768];

#[test]
fn the_sign_is_high_while_the_sine_is_not_negative() {
    let mut random = Random(0x1357);
    let mut bench = bench(ON | 5);
    for sine in SINES {
        pass(&mut bench, &mut random, 5, sine);
        assert_eq!(bench.core.pin.val(), sine >= 0, "{sine}");
    }
}

#[test]
fn the_pulse_density_is_the_sine() {
    let mut random = Random(0x2468);
    let mut bench = bench(ON | SINE | 3);
    for sine in SINES {
        pass(&mut bench, &mut random, 3, sine);
        let mut high = 0;
        for _ in 0..65_536 {
            bench.step();
            high += i32::from(bench.core.pin.val());
        }
        assert_eq!(high, i32::from(sine) + 32_768);
    }
}

#[test]
fn a_pin_that_is_off_is_low() {
    let mut random = Random(0x9753);
    for setting in [2, SINE | 2] {
        let mut bench = bench(setting);
        for sine in SINES {
            pass(&mut bench, &mut random, 2, sine);
            for _ in 0..20 {
                assert!(!bench.core.pin.val());
                bench.step();
            }
        }
    }
}
