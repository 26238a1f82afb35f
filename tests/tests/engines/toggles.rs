//! Bits of the emitted Verilog that runs move.

use hge_needs::needs;
use hge_protocol::registers::{self as map, command};
use hge_protocol::{Parameters, Update};
use hge_tests::scenario::{continuous, random, Scenario, Script, LITTLE};
use hge_tests::testbench_scenario::{small, Size};
use hge_tests::toggles::{shares, table, waivers, Counter, Counts, Waiver};

/// Least percentage of the bits that are not waived.
const LEAST_PERCENT: f64 = 85.0;

/// Every scalar register to and fro and read, and a capture.
fn registers(parameters: Parameters) -> Scenario {
    let mut script = Script::new(u32::MAX);
    let scalars = (0..0x100).filter(|&address| map::find(address).is_some());
    let addresses: Vec<u16> = scalars.filter(|&address| address != map::COMMAND).collect();
    for value in [u32::MAX, 0, 0x5555_5555, 0xaaaa_aaaa, 0] {
        for &address in &addresses {
            script.write(address, value);
            script.read(address, 1);
        }
    }
    script.write_all(&[(map::CAPTURE_DECIMATION, 3), (map::CAPTURE_SAMPLES, 300)]);
    script.command(command::CAPTURE);
    Scenario { parameters, lines: script.lines, patience: 0, later: Vec::new(), bench_seed: 1 }
}

/// Fails with what did not move unless `scenarios`, all of one instrument, move enough.
fn moves(parameters: Parameters, scenarios: impl IntoIterator<Item = Scenario>) {
    let counter = Counter::compile(parameters).unwrap_or_else(|error| panic!("{error}"));
    let mut counts = Counts::new();
    for scenario in scenarios {
        counter.play(&scenario, &mut counts).unwrap_or_else(|error| panic!("{error}"));
    }
    let waivers = waivers().expect("a list");
    let (modules, all) = shares(&counts, &waivers);
    println!("{}", table(&modules, all));
    let is_of_use = |waiver: &&Waiver| counts.keys().any(|point| waiver.matches(point));
    let without_use: Vec<&Waiver> = waivers.iter().filter(|waiver| !is_of_use(waiver)).collect();
    assert!(without_use.is_empty(), "waivers of nothing: {without_use:?}");
    assert!(
        all.percent() >= LEAST_PERCENT,
        "{:.1} % of {} bits, not moved: {:#?}",
        all.percent(),
        all.bits,
        counts.iter().filter(|(_, &count)| count < 2).map(|(point, _)| point).collect::<Vec<_>>()
    );
}

#[needs(compiler)]
#[test]
#[ignore = "at night: minutes"]
fn at_night_runs_move_the_bits_of_the_default_instrument() {
    let parameters = Parameters::default();
    let size = Size { cases: 2, slots: 24, tones: 7, epochs: 2 };
    let whole = [registers(parameters), small(7, parameters, size, false)];
    let runs = (800..808).map(|seed| random(seed, parameters, 2));
    moves(parameters, whole.into_iter().chain(runs));
}

#[needs(compiler)]
#[test]
#[ignore = "at night: minutes"]
fn at_night_runs_move_the_bits_of_an_instrument_with_all_there_is() {
    let parameters =
        Parameters { update: Update::Hardware, inputs: 2, clock_hz: 90_000_000, ..LITTLE };
    let runs = (820..823).map(|seed| random(seed, parameters, 2));
    let flowing = (836..838).map(|seed| continuous(seed, parameters, 4));
    moves(parameters, std::iter::once(registers(parameters)).chain(runs).chain(flowing));
}
