//! The post-processor against `model::update`, `protocol::frame` and a description of the order of things.

mod run;
mod test_bench;

use crate::bench::raw;
use crate::nightly;
use hge_protocol::frame::{Block, Event, Record};
use hge_protocol::registers as map;
use hge_protocol::{Carriers, Parameters, Update};
use run::{Draw, Run};
use test_bench::{TestBench, END, RUN, WINDOW};

// By day the fewest runs in which every way is taken.

fn runs_agree(parameters: Parameters, runs: usize, seed: u64) -> Run {
    let mut run = Run::new(parameters, seed);
    for _ in 0..runs {
        run.configure(Draw::Any);
        run.go();
    }
    run
}

fn agree(parameters: Parameters, runs: usize, seed: u64) -> Run {
    let run = runs_agree(parameters, runs, seed);
    let [all, cut] = run.updates;
    println!("{} slots: {all} updates, {cut} saturated", parameters.slots);
    assert!(cut > all / 20 && cut < all - all / 20, "{cut} of {all} saturated");
    assert!(run.ways.iter().all(|&taken| taken > 0), "ways not taken: {:?}", run.ways);
    run
}

#[test]
fn runs_of_few_slots_equal_the_twins() {
    agree(
        Parameters { slots: 1, outputs: 2, cases: 32, ..Parameters::default() },
        nightly(40, 10),
        61,
    );
    agree(
        Parameters { slots: 5, outputs: 3, cases: 4, ..Parameters::default() },
        nightly(40, 15),
        62,
    );
}

#[test]
fn runs_at_a_clock_at_which_memories_come_late_equal_the_twins() {
    let clock_hz = 90_000_000;
    agree(
        Parameters { slots: 5, outputs: 3, cases: 4, clock_hz, ..Parameters::default() },
        nightly(40, 10),
        79,
    );
}

#[test]
fn runs_of_the_default_instrument_equal_the_twins() {
    agree(Parameters::default(), nightly(25, 6), 74);
}

#[test]
fn runs_whose_responses_are_slopes_of_a_cost_equal_the_twins() {
    let carriers = Carriers::Codes;
    for update in [Update::Microcode, Update::Hardware] {
        let few = Parameters {
            slots: 3,
            outputs: 3,
            cases: 4,
            carriers,
            update,
            ..Parameters::default()
        };
        agree(few, nightly(40, 12), 76);
    }
}

#[test]
fn a_control_beyond_its_limits_and_32_bits_is_no_saturation() {
    for update in [Update::Microcode, Update::Hardware] {
        let few = Parameters { slots: 3, outputs: 2, cases: 4, update, ..Parameters::default() };
        let mut run = Run::new(few, 82);
        for _ in 0..12 {
            run.configure(Draw::Gentle);
            run.go();
        }
        assert!(run.overshot > 0, "{:?}", run.updates);
    }
}

/// 17 cases of 8 inputs, each of 2^25.
#[test]
fn a_loss_beyond_32_bits_saturates_as_the_twins_do() {
    for update in [Update::Microcode, Update::Hardware] {
        let many = Parameters {
            slots: 1,
            outputs: 1,
            inputs: 8,
            cases: 17,
            update,
            ..Parameters::default()
        };
        let mut run = Run::new(many, 77);
        run.configure(Draw::Greatest);
        run.go();
        assert!(run.greatest_losses > 0);
    }
}

#[test]
fn runs_of_several_inputs_equal_the_twins() {
    if nightly(true, false) {
        agree(
            Parameters { slots: 5, inputs: 3, outputs: 3, cases: 4, ..Parameters::default() },
            40,
            68,
        );
    }
    agree(
        Parameters { slots: 3, inputs: 8, outputs: 4, cases: 4, ..Parameters::default() },
        nightly(40, 8),
        75,
    );
}

/// By day the update in hardware has many slots, and the compiled Verilog.
#[test]
#[ignore = "at night: 25 s"]
fn at_night_runs_of_the_most_slots_equal_the_twins() {
    agree(Parameters { slots: 256, outputs: 64, cases: 2, ..Parameters::default() }, 16, 70);
}

#[test]
fn runs_with_the_update_in_hardware_equal_the_twins() {
    let hardware = Parameters { update: Update::Hardware, ..Parameters::default() };
    let few = agree(Parameters { slots: 1, outputs: 2, cases: 32, ..hardware }, 40, 71);
    assert!(few.rows > 2, "{} rows", few.rows);
    assert!(few.flowed.iter().all(|&windows| windows > 2), "{:?} continuous windows", few.flowed);
    let clock_hz = 90_000_000;
    let runs = nightly(40, 15);
    agree(Parameters { slots: 5, outputs: 3, cases: 4, clock_hz, ..hardware }, runs, 72);
    agree(
        Parameters { slots: 5, inputs: 3, outputs: 3, cases: 4, ..hardware },
        nightly(40, 12),
        73,
    );
    let most = Parameters { slots: 128, outputs: 64, cases: 2, ..hardware };
    assert!(runs_agree(most, nightly(16, 1), 74).updates[0] > 0);
}

#[test]
fn events_and_blocks_are_the_protocols_words() {
    let mut test_bench = TestBench::new(Parameters::default(), 66);
    for codes in 1..=64 {
        let (cause, time) =
            (1 + test_bench.random.below(31) as u8, test_bench.random.noise() as u32);
        test_bench.block = (0..128).map(|_| test_bench.random.noise() as u16).collect();
        let decimation = test_bench.random.noise() as u16;
        let core = &mut test_bench.bench.core;
        core.event_cause.next = raw(u64::from(cause));
        core.event_time.next = raw(u64::from(time));
        core.codes.next = raw(codes);
        core.decimation.next = raw(u64::from(decimation));
        let input = (codes % 8) as u8;
        core.captured_input.next = raw(u64::from(input));
        core.event.next = true;
        core.block.next = true;
        let number = test_bench.number;
        let result = test_bench.work();
        assert!(result.event_taken && result.block_taken);
        let event = Record::Event(Event { cause, time });
        let time = u32::from(test_bench.block[64]) | (u32::from(test_bench.block[65]) << 16);
        let codes = test_bench.block[..codes as usize].iter().map(|&code| code as i16).collect();
        let block = Record::Block(Block { input, time, decimation, codes });
        assert_eq!(result.frames, [event.to_words(number), block.to_words(number + 1)]);
    }
}

#[test]
fn a_frame_without_room_is_lost_and_its_job_done() {
    let mut test_bench = TestBench::new(Parameters::default(), 67);
    test_bench.room = false;
    test_bench.bench.core.slots_used.next = raw(3);
    test_bench.settings[usize::from(map::CASES_USED)] = 2;
    test_bench.settings[usize::from(map::EPOCHS)] = 2;
    test_bench.bench.core.codes.next = raw(64);
    test_bench.job(RUN);
    let result = test_bench.job(WINDOW);
    assert!(
        result.recorded && result.frames.is_empty() && result.asked == [8 + 9] && result.marks == 1
    );
    let result = test_bench.job(END);
    assert!(result.frames.is_empty() && result.asked == [5]);
    test_bench.bench.core.event.next = true;
    test_bench.bench.core.block.next = true;
    let result = test_bench.work();
    assert!(result.event_taken && result.block_taken && result.frames.is_empty());
    assert_eq!(result.asked, [4, 36]);
}

#[test]
fn a_run_goes_before_an_event_and_an_event_before_a_block() {
    let mut test_bench = TestBench::new(Parameters::default(), 68);
    test_bench.bench.core.slots_used.next = raw(1);
    test_bench.bench.core.codes.next = raw(1);
    test_bench.bench.core.event.next = true;
    test_bench.bench.core.block.next = true;
    // They may begin in the clock of the start; what follows is in order.
    test_bench.work();
    test_bench.bench.core.kind.next = raw(END);
    test_bench.bench.core.start.next = true;
    test_bench.bench.settle();
    test_bench.bench.edge();
    test_bench.bench.core.start.next = false;
    test_bench.bench.core.event.next = true;
    test_bench.bench.core.block.next = true;
    let kinds: Vec<u32> = test_bench.work().frames.iter().map(|words| words[0] & 0xff).collect();
    assert_eq!(kinds, [3, 4, 5]);
}
