//! Runs that every engine must answer with the same bytes: requests, and a bench fixed by a seed.

use hge_protocol::frame::{Operation, Request};
use hge_protocol::registers::{self as map, command, mode};
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::{Parameters, TuningWord};
use hge_sim::bench::Bench;
use hge_sim::engine::{Engine, EngineError};
use hge_sim::model::Model;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, Mutex};

/// A run as its requests.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the gateware is made for.
    pub parameters: Parameters,
    /// Requests, in order; the last starts the run.
    pub requests: Vec<Request>,
    /// Seed of the bench.
    pub bench_seed: u64,
}

/// DAC codes and ADC code of every sample, shared with whoever compares them.
pub type Log = Arc<Mutex<Vec<(Vec<i16>, i16)>>>;

/// A bench of integers alone, so that a test bench in Verilog could hold it: the sum of the codes with a weight an
/// output, a square, and noise, cut to 16 bits.
pub struct IntegerBench {
    weights: Vec<i64>,
    noise: ChaCha8Rng,
    /// The noise before the last call, and how many samples it asked for.
    before: (ChaCha8Rng, usize),
    /// Codes and ADC code of every sample so far.
    pub log: Log,
}

impl IntegerBench {
    /// Weights and noise from `seed`, for `outputs` outputs.
    pub fn new(outputs: u32, seed: u64) -> Self {
        let mut noise = ChaCha8Rng::seed_from_u64(seed);
        let weights = (0..outputs).map(|_| noise.random_range(-300..=300)).collect();
        IntegerBench { weights, before: (noise.clone(), 0), noise, log: Default::default() }
    }
}

impl Bench for IntegerBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.before = (self.noise.clone(), adc.len());
        let mut log = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (row, sample) in codes.chunks_exact(self.weights.len()).zip(adc) {
            let linear: i64 = row
                .iter()
                .zip(&self.weights)
                .map(|(&code, &weight)| i64::from(code) * weight)
                .sum();
            let square = i64::from(row[0]) * i64::from(row[1]) / 4096;
            let noise = self.noise.random_range(-200..=200_i64);
            *sample = (linear / 256 + square + noise).clamp(-32768, 32767) as i16;
            log.push((row.to_vec(), *sample));
        }
    }

    fn rewind(&mut self, samples: usize) {
        let (noise, asked) = &self.before;
        self.noise = noise.clone();
        for _ in 0..asked.saturating_sub(samples) {
            self.noise.random_range(-200..=200_i64);
        }
        let mut log = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let kept = log.len().saturating_sub(samples);
        log.truncate(kept);
    }
}

fn write(requests: &mut Vec<Request>, address: u16, data: u32) {
    let sequence = requests.len() as u8;
    requests.push(Request { operation: Operation::Write, sequence, address, data });
}

fn read(requests: &mut Vec<Request>, address: u16) {
    let sequence = requests.len() as u8;
    requests.push(Request { operation: Operation::Read, sequence, address, data: 0 });
}

/// A random standalone (or host, by the seed) run of `epochs` epochs, with extreme values strewn in.
pub fn random(seed: u64, parameters: Parameters, epochs: u32) -> Scenario {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let layout = TableLayout::of(&parameters);
    let mut requests = Vec::new();
    let window_log2 = dice.random_range(5..=7);
    let cases = dice.random_range(1..=parameters.cases.min(4));
    let tones = dice.random_range(1..=(parameters.outputs - 1).min(parameters.slots));
    let used = dice.random_range(tones..=parameters.slots.min(tones + 3));
    let standalone = seed % 4 != 3;
    let starts = if standalone { dice.random_range(1..=2) } else { 1 };
    let extreme = dice.random_bool(0.3);
    let code = |dice: &mut ChaCha8Rng| -> u32 {
        let code: i16 = match dice.random_range(0..8) {
            0 if extreme => i16::MIN,
            1 if extreme => i16::MAX,
            2 => 0,
            _ => dice.random_range(-12000..=12000),
        };
        i32::from(code) as u32
    };
    for address in [map::IDENTITY, map::MAP_HASH, map::OUTPUTS, map::STATUS, 0x00ff, map::TUNING] {
        read(&mut requests, address);
    }
    let mut modes = mode::PERTURB;
    modes |= if standalone { mode::STANDALONE } else { 0 };
    modes |= if dice.random_bool(0.5) { mode::SHAPING } else { 0 };
    let input_mask = 0b11 << (parameters.outputs - 2) & !((1_u32 << tones) - 1);
    let settings = [
        (map::SAMPLE_PERIOD, dice.random_range(0..=parameters.least_sample_period_clocks() + 9)),
        (map::WINDOW_LOG2, window_log2),
        (map::SETTLE, dice.random_range(0..=5)),
        (map::LEAD_IN, dice.random_range(0..=9)),
        (map::GAP, 4000 / parameters.least_sample_period_clocks() + 100 * used),
        (map::SLOTS_USED, used),
        (map::CASES_USED, cases),
        (map::EPOCHS, epochs),
        (map::STARTS_USED, starts),
        (map::MODE, modes),
        (map::INPUT_MASK, input_mask),
        (map::TONE_MASK, (1 << tones) - 1),
        (map::RAMP_STEP, dice.random_range(1 << 20..=1 << 28)),
        (map::STEP_LIMIT, if extreme { dice.random_range(500..=65535) } else { 30000 }),
        (map::SAFE_STEP, dice.random_range(1000..=65535)),
        (map::GRADIENT_SHIFT, dice.random_range(8..=20)),
        (map::STEP_SHIFT, if extreme { 0 } else { dice.random_range(0..=16) }),
        (map::LOSS_STOP, if dice.random_bool(0.2) { u32::MAX } else { 0 }),
        (map::IDENTITY, 1),
        (0x3fff, 1),
    ];
    for (address, data) in settings {
        write(&mut requests, address, data);
    }
    for slot in 0..used {
        let drives = slot < tones;
        let cycles = 1 + slot % ((1 << window_log2) / 2 - 1);
        let tuning = if dice.random_bool(0.1) && !drives {
            dice.random()
        } else {
            TuningWord::on_grid(cycles, window_log2).0
        };
        write(&mut requests, map::TUNING + slot as u16, tuning);
        let word = SlotWord {
            amplitude: if extreme && slot == 0 { 32767 } else { dice.random_range(0..=3000) },
            start_phase: if dice.random_bool(0.5) { 0 } else { dice.random() },
            output: slot as u8 % parameters.outputs as u8,
            drives,
            last: drives || dice.random_bool(0.2),
        };
        let word = if drives { word } else { SlotWord { output: 31, ..word } };
        write(&mut requests, map::SLOT + slot as u16, word.to_word());
    }
    for output in 0..parameters.outputs {
        let base = map::GUARD + 4 * output as u16;
        let (low, high) = if extreme { (i16::MIN, i16::MAX) } else { (-15000, 16000) };
        write(&mut requests, base, low as u32);
        write(&mut requests, base + 1, high as u32);
        write(&mut requests, base + 2, dice.random_range(-500..=500_i32) as u32);
        let control = |index: u32| TABLE_BASE + index as u16;
        write(&mut requests, control(layout.controls + output), code(&mut dice) << 16);
        let limits = if extreme { 0x7fff_8000 } else { (13000 << 16) | (-13000_i16 as u16 as u32) };
        write(&mut requests, control(layout.control_limits + output), limits);
        for case in 0..cases {
            write(&mut requests, control(layout.case_input(case, output)), code(&mut dice));
        }
        for start in 0..starts {
            write(&mut requests, control(layout.start_control(start, output)), code(&mut dice));
        }
    }
    for case in 0..cases {
        let target = CaseTarget {
            target: code(&mut dice) as i16,
            weight: if extreme { 16383 } else { CaseTarget::UNIT_WEIGHT },
            side: [Side::Both, Side::Floor, Side::Ceiling][dice.random_range(0..3)],
        };
        let index = layout.case_targets + case;
        write(&mut requests, TABLE_BASE + index as u16, target.to_word());
    }
    for slot in 0..used {
        let coefficients = if extreme && slot == 0 { 0x8000_8000 } else { dice.random() };
        let index = layout.coefficients + slot;
        write(&mut requests, TABLE_BASE + index as u16, coefficients);
    }
    write(&mut requests, map::COMMAND, command::RUN);
    write(&mut requests, map::COMMAND, command::DISARM);
    read(&mut requests, map::STATUS);
    write(&mut requests, map::COMMAND, command::ARM);
    write(&mut requests, map::SAFE_STEP, 3);
    write(&mut requests, map::COMMAND, command::RUN);
    Scenario { parameters, requests, bench_seed: seed ^ 0x5eed }
}

impl Scenario {
    /// The bench of this scenario.
    pub fn bench(&self) -> IntegerBench {
        IntegerBench::new(self.parameters.outputs, self.bench_seed)
    }

    /// All that `engine` says: to each request, then until it is at rest, then to a last disarm.
    ///
    /// # Errors
    /// The engine is lost.
    pub fn play(&self, engine: &mut dyn Engine) -> Result<Vec<u8>, EngineError> {
        let mut said = Vec::new();
        let disarm = Request {
            operation: Operation::Write,
            sequence: 0xee,
            address: map::COMMAND,
            data: command::DISARM,
        };
        // The host may send on without waiting for replies; the guard's switches need the rest before them.
        let hasty = self.requests.iter().take_while(|request| request.address != map::COMMAND);
        let hasty = if self.bench_seed.is_multiple_of(2) { hasty.count() } else { 0 };
        let (first, others) = self.requests.split_at(hasty);
        for request in first {
            engine.send(&request.to_bytes())?;
        }
        for request in others.iter().chain([&disarm]) {
            engine.send(&request.to_bytes())?;
            while engine.receive(&mut said)? {}
        }
        Ok(said)
    }

    /// Plays on `engine`, whose bench keeps `log`, and on the model: every byte, DAC code and ADC code must agree.
    ///
    /// # Panics
    /// They do not, or the engine is lost.
    pub fn assert_equals_model(&self, engine: &mut dyn Engine, log: &Log) {
        let bench = self.bench();
        let model_log = bench.log.clone();
        let mut model = Model::new(self.parameters, Box::new(bench));
        let lost = |error: EngineError| -> Vec<u8> { panic!("{error}") };
        let from_model = self.play(&mut model).unwrap_or_else(lost);
        let from_engine = self.play(engine).unwrap_or_else(lost);
        let entries = |log: &Log| log.lock().map(|log| log.clone()).unwrap_or_default();
        let (of_model, of_engine) = (entries(&model_log), entries(log));
        let sample = of_model.iter().zip(&of_engine).position(|(one, other)| one != other);
        assert_eq!(sample, None, "first sample that differs, of {}", of_model.len());
        assert_eq!(of_model.len(), of_engine.len(), "samples");
        let byte = from_model.iter().zip(&from_engine).position(|(one, other)| one != other);
        assert_eq!(byte, None, "first byte that differs, of {}", from_model.len());
        assert_eq!(from_model.len(), from_engine.len(), "bytes");
        assert!(!of_model.is_empty() && !from_model.is_empty());
    }
}
