//! The host's way to the guard's limits and codes, beside the passes.

use crate::bench::{raw, signed, Bench};
use hge_gateware::guard::Guard;
use hge_verilog::testbench::Random;

const OUTPUTS: u64 = 5;

/// Limits, safe values and present codes as the host sees them.
struct TestBench {
    bench: Bench<Guard>,
    random: Random,
    words: Vec<i16>,
    /// Clock of the pass; the pass is over after the guard's seven.
    clock: u64,
    wanted: Option<usize>,
    was_ready: bool,
    read: usize,
    longest_wait: u64,
    wait: u64,
}

impl TestBench {
    fn step(&mut self) {
        let pass = 8 * OUTPUTS + 7;
        let core = &mut self.bench.core;
        let running = self.clock < pass;
        core.tick.next = self.clock == pass + 9;
        core.running.next = running;
        core.step.next = raw(self.clock % 8);
        core.index.next = raw(self.clock / 8);
        core.code.next = signed(self.random.uniform() as i64);
        core.host_write.next = false;
        // A write, in any clock after one that was ready.
        if self.was_ready && self.random.once_in(4) {
            let place = 4 * self.random.below(OUTPUTS) + self.random.below(3);
            let value = self.random.uniform() as i16;
            core.host_write.next = true;
            core.host_address.next = raw(place);
            core.host_data.next = signed::<16>(i64::from(value)).inner();
            self.words[place as usize] = value;
            self.wanted = None;
        } else if self.wanted.is_none() {
            let place = self.random.below(4 * OUTPUTS);
            core.host_address.next = raw(place);
            self.wanted = Some(place as usize);
            self.wait = 0;
        }
        self.bench.settle();
        let core = &self.bench.core;
        let is_ready = core.host_ready.val();
        if core.dac_write.val() {
            let output = core.dac_index.val().to_u64() as usize;
            self.words[4 * output + 3] = core.dac_code.val().inner().to_u64() as i16;
        }
        self.bench.step();
        let wanted = self.wanted;
        if let Some(place) = wanted.filter(|_| is_ready) {
            let value = self.bench.core.host_value.val().to_u64() as i16;
            assert_eq!(value, self.words[place], "word {place}, clock {}", self.clock);
            self.wanted = None;
            self.read += 1;
        }
        self.wait += 1;
        self.longest_wait = self.longest_wait.max(self.wait);
        self.was_ready = is_ready;
        self.clock = (self.clock + 1) % (pass + 10);
    }
}

#[test]
fn the_host_reads_what_stands_there_within_a_few_clocks_whatever_the_pass_does() {
    let mut bench = Bench::new(Guard::new(OUTPUTS as u32), |core| &mut core.clock);
    bench.core.armed.next = true;
    bench.core.step_limit.next = raw(3000);
    let mut bench = TestBench {
        bench,
        random: Random(0x4242_1717),
        words: vec![0; 4 * OUTPUTS as usize],
        clock: 0,
        wanted: None,
        was_ready: false,
        read: 0,
        longest_wait: 0,
        wait: 0,
    };
    (0..20_000).for_each(|_| bench.step());
    assert!(bench.read > 3000, "{} words", bench.read);
    assert!(bench.longest_wait <= 17, "{} clocks", bench.longest_wait);
    let moved = (0..OUTPUTS as usize).filter(|output| bench.words[4 * output + 3] != 0).count();
    assert_eq!(moved, OUTPUTS as usize);
}
