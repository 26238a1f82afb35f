//! The register bus against the register map.

use crate::bench::{raw, Bench};
use crate::bus::Bus;
use hge_protocol::frame::Status;
use hge_protocol::registers::{self as map, Access as Direction, Register, When, MAP};
use hge_protocol::table::TableLayout;
use hge_protocol::{Analogue, Carriers, Parameters, Update};
use hge_verilog::testbench::Random;
use std::collections::BTreeMap;

const BUILD: u32 = 0x89ab_cdef;

/// Current state of the instrument.
#[derive(Clone, Copy, Default, Debug)]
struct Situation {
    busy: bool,
    armed: bool,
    ramping_to_safe: bool,
    capturing: bool,
    can_repeat: bool,
    interlock: bool,
    /// A run is the host's.
    follows: bool,
}

/// What a write did.
#[derive(Default, Debug, PartialEq)]
struct Strobes {
    commands: u64,
    tuning: bool,
    slot: bool,
    code: bool,
}

struct TestBench {
    bench: Bench<Bus>,
    parameters: Parameters,
    situation: Situation,
    /// Clocks for which the post-processor uses the table, for each request in turn.
    use_clocks: u32,
    /// Everything that can be read back and was written.
    held: BTreeMap<u16, u32>,
}

impl TestBench {
    fn new(parameters: Parameters) -> Self {
        let bus = Bus::new(&parameters, BUILD);
        let mut bench = Bench::new(bus, |bus| &mut bus.clock);
        bench.core.time.next = 77.into();
        bench.core.reset.next = true;
        bench.step();
        bench.core.reset.next = false;
        let situation = Situation::default();
        TestBench { bench, parameters, situation, use_clocks: 0, held: BTreeMap::new() }
    }

    fn enter(&mut self, situation: Situation) {
        let core = &mut self.bench.core;
        core.busy.next = situation.busy;
        core.armed.next = situation.armed;
        core.ramping_to_safe.next = situation.ramping_to_safe;
        core.capturing.next = situation.capturing;
        core.can_repeat.next = situation.can_repeat;
        core.interlock.next = situation.interlock;
        core.follows.next = situation.follows;
        self.situation = situation;
    }

    /// Looks as the link does, and returns refusal and value.
    fn access(&mut self, address: u16, data: u32, is_write: bool) -> (u64, u32) {
        let core = &mut self.bench.core;
        core.address.next = raw(u64::from(address));
        core.data.next = raw(u64::from(data));
        core.is_write.next = is_write;
        core.request.next = true;
        self.use_clocks = (self.use_clocks + 1) % 9;
        let in_table = (map::TABLE..map::TABLE + 0x1000).contains(&address);
        let waits = is_write && in_table && self.parameters.update.is_hardware();
        for clock in 0..20 {
            let in_use = clock < self.use_clocks;
            self.bench.core.table_in_use.next = in_use;
            self.bench.settle();
            if waits && in_use && clock > 4 {
                assert!(self.bench.core.yields.val(), "settings are out of reach");
            }
            if self.bench.core.answered.val() {
                assert!(!waits || !in_use, "the table is written while it is used");
                let core = &self.bench.core;
                let answer = (core.refusal.val().to_u64(), core.value.val().to_u64() as u32);
                self.bench.core.request.next = false;
                self.bench.step();
                return answer;
            }
            self.bench.step();
        }
        panic!("no answer at {address:#x}");
    }

    fn read(&mut self, address: u16) -> Result<u32, u64> {
        match self.access(address, 0, false) {
            (0, value) => Ok(value),
            (refusal, _) => Err(refusal),
        }
    }

    /// Writes if it may, and returns the refusal and what happened.
    fn write(&mut self, address: u16, data: u32) -> (u64, Strobes) {
        let (refusal, _) = self.access(address, data, true);
        let mut strobes = Strobes::default();
        if refusal == 0 {
            self.bench.core.write.next = true;
            self.bench.settle();
            let core = &self.bench.core;
            strobes.commands = core.commands.val().to_u64();
            strobes.tuning = core.tuning_write.val();
            strobes.slot = core.slot_write.val();
            strobes.code = core.code_write.val();
            self.bench.step();
            self.bench.core.write.next = false;
            // The link rests for three clocks between registers.
            (0..3).for_each(|_| self.bench.step());
        }
        (refusal, strobes)
    }

    /// The register of the map that this gateware has at the address, with its index in the array.
    fn register(&self, address: u16) -> Option<(&'static Register, u16)> {
        let register = map::find(address)?;
        let index = address - register.address;
        let exists = match register.address {
            map::TUNING | map::SLOT => u32::from(index) < self.parameters.slots,
            map::GUARD => u32::from(index) < 4 * self.parameters.outputs,
            map::ANALOGUE => usize::from(index) < Analogue::room(self.parameters.outputs as usize),
            map::CODES => self.parameters.carriers.has_codes(),
            _ => true,
        };
        exists.then_some((register, index))
    }

    /// The address under which a value is held: the table wraps.
    fn cell(&self, address: u16) -> u16 {
        let words = TableLayout::of(&self.parameters).words as u16;
        if address >= map::TABLE {
            map::TABLE + (address & (words - 1))
        } else {
            address
        }
    }

    fn value(&self, register: &Register, address: u16) -> u32 {
        let parameters = &self.parameters;
        match address {
            map::IDENTITY => u32::from_be_bytes(*b"HGE2"),
            map::MAP_HASH => map::map_hash(),
            map::BUILD_HASH => BUILD,
            map::OUTPUTS => parameters.outputs,
            map::SLOTS => parameters.slots,
            map::CASES => parameters.cases,
            map::STARTS => parameters.starts,
            map::CLOCK_HZ => parameters.clock_hz,
            map::DAC_BITS => parameters.dac_bits,
            map::ADC_BITS => parameters.adc_bits,
            map::TELEMETRY_WORDS => parameters.telemetry_words,
            map::CONVERTER_LATENCY => parameters.converter_latency_samples,
            map::CONVERTER_PERIOD => parameters.converter_period_clocks,
            map::INPUTS => parameters.inputs,
            map::SLOT_CLOCKS => parameters.slot_clocks,
            map::LANES => parameters.lanes,
            map::CARRIERS => parameters.carriers.to_word(),
            map::UPDATE => u32::from(parameters.update.is_hardware()),
            map::STATUS => 0x55,
            map::FAULT => 0x15,
            map::TIME => 77,
            map::FRAMES => 0x1234_5678,
            map::FRAMES_LOST => 0x0234_5678,
            map::LINK_FAULTS => 0x4000_0001,
            _ => *self.held.get(&self.cell(address)).unwrap_or(&register.reset),
        }
    }

    fn expected_read(&self, address: u16) -> Result<u32, Status> {
        let (register, _) = self.register(address).ok_or(Status::BadAddress)?;
        if register.access == Direction::WriteOnly {
            return Err(Status::BadAddress);
        }
        if register.address == map::TABLE && self.situation.busy {
            return Err(Status::Busy);
        }
        Ok(self.value(register, address))
    }

    fn expected_write(&self, address: u16, data: u32) -> Result<(), Status> {
        let (register, index) = self.register(address).ok_or(Status::BadAddress)?;
        let in_guard = register.address == map::GUARD;
        if register.access == Direction::ReadOnly || (in_guard && index % 4 == 3) {
            return Err(Status::BadAddress);
        }
        if address == map::COMMAND {
            return self.expected_command(data & 15);
        }
        let Situation { busy, armed, .. } = self.situation;
        let new = data & (u32::MAX >> (32 - register.width));
        let present = self.value(register, address);
        let tighter = match (in_guard, index % 4) {
            (false, _) => new <= present,
            (true, 0) => new as i16 >= present as i16,
            (true, 1) => new as i16 <= present as i16,
            _ => false,
        };
        let may = match register.when {
            When::Always => true,
            When::Idle if register.address == map::TABLE => !busy || self.follows(),
            When::Idle => !busy,
            When::Disarmed => !busy && !armed,
            When::Tighten => (!busy && !armed) || tighter,
        };
        may.then_some(()).ok_or(Status::Busy)
    }

    /// The host may write the table during its run.
    fn follows(&self) -> bool {
        self.situation.follows && self.parameters.update.is_hardware()
    }

    fn expected_command(&self, command: u32) -> Result<(), Status> {
        let Situation { busy, armed, ramping_to_safe, capturing, can_repeat, interlock, .. } =
            self.situation;
        let setting = |address: u16| self.value(map::find(address).expect("a register"), address);
        let protection = setting(map::PROTECTION);
        let open = protection & map::protection::INTERLOCK != 0 && !interlock;
        let both = map::protection::INTERLOCK | map::protection::OVERCURRENT;
        let (is_busy, is_unsafe) = match command {
            map::command::RUN => (busy || !armed, false),
            map::command::ARM_HOST => {
                (armed || ramping_to_safe || busy, open || setting(map::WATCHDOG) == 0)
            }
            map::command::ARM_STANDALONE => (
                armed || ramping_to_safe || busy,
                open || setting(map::RUN_LIMIT) == 0 || protection & both != both,
            ),
            map::command::CAPTURE => (capturing, false),
            map::command::REPEAT if !can_repeat => return Err(Status::Gone),
            _ => (false, false),
        };
        match (is_busy, is_unsafe) {
            (true, _) => Err(Status::Busy),
            (_, true) => Err(Status::Unsafe),
            _ => Ok(()),
        }
    }

    /// Writes and compares refusal and effect.
    fn check_write(&mut self, address: u16, data: u32) {
        let expected = self.expected_write(address, data);
        let (refusal, strobes) = self.write(address, data);
        let code = expected.map_or_else(|status| u64::from(status.code()), |()| 0);
        assert_eq!(refusal, code, "write {data:#x} at {address:#x}, {:?}", self.situation);
        let mut wanted = Strobes::default();
        if expected.is_ok() {
            let (register, _) = self.register(address).expect("it was written");
            match register.address {
                map::COMMAND if (1..8).contains(&(data & 15)) => wanted.commands = 1 << (data & 15),
                map::COMMAND => {}
                map::TUNING => wanted.tuning = true,
                map::SLOT => wanted.slot = true,
                map::CODES => wanted.code = true,
                _ => {
                    let mask = u32::MAX >> (32 - register.width);
                    self.held.insert(self.cell(address), data & mask);
                }
            }
        }
        assert_eq!(strobes, wanted, "write {data:#x} at {address:#x}");
    }

    fn check_read(&mut self, address: u16) {
        let expected = self.expected_read(address).map_err(|status| u64::from(status.code()));
        assert_eq!(self.read(address), expected, "read at {address:#x}, {:?}", self.situation);
    }
}

fn configurations() -> [Parameters; 4] {
    let small = Parameters { outputs: 2, slots: 1, cases: 1, starts: 1, ..Parameters::default() };
    let small = Parameters { carriers: Carriers::Sines, ..small };
    let large = Parameters {
        outputs: 64,
        slots: 256,
        telemetry_words: 2048,
        cases: 16,
        starts: 16,
        ..Parameters::default()
    };
    let hardware = Parameters { update: Update::Hardware, ..Parameters::default() };
    [Parameters::default(), small, large, hardware]
}

/// Every scalar's address and those around, both ends of every array, and what lies beyond the map.
fn addresses(parameters: &Parameters) -> Vec<u16> {
    let mut all: Vec<u16> = (0..0x50).collect();
    let (slots, outputs) = (parameters.slots as u16, parameters.outputs as u16);
    for base in [map::TUNING, map::SLOT] {
        all.extend([base, base + slots - 1, base + (slots & 0xff), base + 0xff]);
    }
    all.extend((0..8).map(|field| map::GUARD + field));
    all.extend((0..5).map(|field| map::GUARD + 4 * outputs - 4 + field));
    all.extend([
        0x37f, 0x380, 0x384, 0x3a3, 0x3bf, 0x3c0, 0x3df, 0x3ff, 0x400, 0x4ff, 0x500, 0x504, 0x540,
        0x57f, 0x580, 0x5bf, 0x5ff, 0x600, 0x80f, 0x0fff, 0x1000, 0x1001, 0x11ff, 0x1fff,
    ]);
    all.extend([0x2000, 0x8020, 0x100f, 0xff0f, 0xffff]);
    all
}

#[test]
fn every_register_reads_what_the_map_says_after_reset() {
    for parameters in configurations() {
        let mut bench = TestBench::new(parameters);
        for address in addresses(&parameters) {
            bench.check_read(address);
        }
    }
}

#[test]
fn every_register_takes_what_its_width_holds() {
    for parameters in configurations() {
        let mut bench = TestBench::new(parameters);
        for value in [u32::MAX, 0x5a5a_a5a5, 0] {
            for address in addresses(&parameters) {
                bench.check_write(address, value ^ u32::from(address));
            }
            for address in addresses(&parameters) {
                bench.check_read(address);
            }
        }
        let readable = MAP.iter().filter(|register| register.access != Direction::WriteOnly);
        assert!(readable.clone().count() > 40);
        readable.for_each(|register| bench.check_read(register.address));
    }
}

#[test]
fn what_may_be_written_when_is_as_the_map_says() {
    let mut random = Random(0x1d87_2b41_9c3e_5f60);
    for parameters in configurations() {
        let mut bench = TestBench::new(parameters);
        let all = addresses(&parameters);
        for _ in 0..6000 {
            if random.once_in(6) {
                let situation = Situation {
                    busy: random.once_in(2),
                    armed: random.once_in(2),
                    ramping_to_safe: random.once_in(4),
                    capturing: random.once_in(2),
                    can_repeat: random.once_in(2),
                    interlock: random.once_in(2),
                    follows: random.once_in(2),
                };
                bench.enter(situation);
            }
            let tightening = [map::STEP_LIMIT, map::WATCHDOG, map::RUN_LIMIT, map::OVERCURRENT];
            let address = match random.below(5) {
                0 => random.pick(&tightening),
                1 => map::GUARD + random.below(4 * u64::from(parameters.outputs)) as u16,
                2 => map::COMMAND,
                _ => random.pick(&all),
            };
            let value = match random.below(6) {
                0 => random.uniform() as u32,
                1 => random.pick(&[0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, u32::MAX]),
                // Close to what is there.
                2 | 3 => {
                    let present = bench.held.get(&bench.cell(address)).copied().unwrap_or(0);
                    present.wrapping_add(random.pick(&[0, 1, u32::MAX, 0x1_0000, 0xffff_0000]))
                }
                _ => random.below(9) as u32,
            };
            bench.check_write(address, value);
            if random.once_in(3) {
                bench.check_read(address);
            }
        }
    }
}

#[test]
fn settings_that_tighten_have_sixteen_or_thirty_two_bits() {
    let tightening = MAP.iter().filter(|register| register.when == When::Tighten);
    assert!(tightening.clone().count() >= 5);
    assert!(tightening.clone().all(|register| register.width == 16 || register.width == 32));
}
