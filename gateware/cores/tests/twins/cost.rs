//! The cost against `model::cost`.

use crate::bench::{integer, raw, signed, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::cost::Cost;
use hge_protocol::table::{CaseTarget, Side};
use hge_sim::model::cost::cost;

/// Clocks from the sample to its cost.
const LATENCY: usize = 5;

#[test]
fn costs_of_random_samples_targets_and_shifts_equal_the_twins() {
    let mut bench = Bench::new(Cost::new(true), |core| &mut core.clock);
    let mut random = Stimulus::new(21);
    let (mut cut, mut forgiven) = (0, 0);
    for _ in 0..20_000 {
        let target = CaseTarget {
            target: random.code(),
            weight: random.noise() as u16,
            side: random.pick(&[Side::Both, Side::Both, Side::Floor, Side::Ceiling]),
        };
        let word = target.to_word() | u32::from(random.once_in(50)) << 30;
        let (sample, shift) = (random.code(), random.below(32) as u32);
        bench.core.target_write.next = true;
        bench.core.target_data.next = raw(u64::from(word));
        bench.tick();
        bench.core.target_write.next = false;
        bench.core.target_data.next = raw(random.noise());
        bench.core.sample.next = signed(i64::from(sample));
        bench.core.shift.next = raw(u64::from(shift));
        bench.core.is_wanted.next = true;
        (0..LATENCY).for_each(|_| bench.tick());
        bench.settle();
        let expected = cost(sample, word, shift);
        assert_eq!(
            integer(bench.core.signal.val()),
            i64::from(expected),
            "{sample} {word:#x} {shift}"
        );
        cut += usize::from(expected == i16::MAX);
        forgiven += usize::from(expected == 0 && shift == 0);
        // The code itself is there at once.
        bench.core.is_wanted.next = false;
        bench.settle();
        assert_eq!(integer(bench.core.signal.val()), i64::from(sample));
    }
    assert!(cut > 1000 && forgiven > 100, "{cut} cut, {forgiven} forgiven");
}
