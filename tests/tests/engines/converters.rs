//! The SPI cores on the models of their parts: codes, latency, averages, and every time of the data sheets.

use hge_gateware::converter::{
    chips, least_sample_period_clocks, AdcPart, AdcTiming, DacPart, DacTiming, SpiAdc, SpiDac,
};
use hge_sim::bench::Bench;
use hge_sim::converter::{
    self, AdcKind, Circuit, ConverterFault, DacKind, Pins, SpiDac as DacModel,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_hdl::prelude::*;
use std::sync::{Arc, Mutex};

const MOST_ITERATIONS: usize = 100;
const PS_PER_S: u64 = 1_000_000_000_000;
const SET_UP_PS: u64 = 5000;

const DACS: [(DacPart, DacKind); 4] = [
    (DacPart::Ad5628, DacKind::Ad5628),
    (DacPart::Ad5648, DacKind::Ad5648),
    (DacPart::Ad5668, DacKind::Ad5668),
    (DacPart::Dac8568, DacKind::Dac8568),
];
const ADCS: [(AdcPart, AdcKind); 2] =
    [(AdcPart::Ad7476a, AdcKind::Ad7476a), (AdcPart::Ad7686, AdcKind::Ad7686)];

/// What the bench was given and answered.
#[derive(Default)]
struct Log {
    rows: Vec<Vec<i16>>,
    adc: Vec<i16>,
}

/// Says random codes of the ADC's width.
struct RandomBench {
    log: Arc<Mutex<Log>>,
    dice: ChaCha8Rng,
    adc_bits: u32,
}

fn masked(code: i16, bits: u32) -> i16 {
    code & (-1_i16 << (16 - bits))
}

impl Bench for RandomBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        let ends = [i16::MIN, i16::MAX, -1, 0];
        let code = match self.dice.random_range(0..8) {
            end @ 0..4 => ends[end],
            _ => self.dice.random(),
        };
        adc[0] = masked(code, self.adc_bits);
        let mut log = self.log.lock().unwrap();
        log.rows.push(codes.to_vec());
        log.adc.push(adc[0]);
    }

    fn rewind(&mut self, _: usize) {
        unreachable!("no time is taken back on pins");
    }
}

/// Both cores, clock by clock.
struct TestBench {
    dac: SpiDac,
    adc: SpiAdc,
}

impl TestBench {
    fn new(dac: DacPart, adc: AdcPart, clock_hz: u32, outputs: u32) -> Self {
        let settled = DacTiming::new(dac, clock_hz).unwrap().settled;
        let mut test_bench = TestBench {
            dac: SpiDac::new(dac, clock_hz, outputs).unwrap(),
            adc: SpiAdc::new(adc, clock_hz, settled).unwrap(),
        };
        test_bench.dac.connect_all();
        test_bench.adc.connect_all();
        test_bench
    }

    fn settle(&mut self, level: bool) {
        self.dac.clock.next = level.into();
        self.adc.clock.next = level.into();
        assert!(
            simulate(&mut self.dac, MOST_ITERATIONS) && simulate(&mut self.adc, MOST_ITERATIONS)
        );
    }

    fn pins(&self) -> Pins {
        let data = self.dac.data.iter().enumerate();
        Pins {
            dac_sclk: self.dac.sclk.val(),
            dac_sync_n: self.dac.sync_n.val(),
            dac_data: data.fold(0, |lines, (chip, line)| lines | u8::from(line.val()) << chip),
            adc_sclk: self.adc.sclk.val(),
            adc_cs_n: self.adc.cs_n.val(),
            output_enable: true,
        }
    }

    fn code(&self) -> i16 {
        unsigned_cast(self.adc.code.val()).to_u16() as i16
    }
}

/// Samples of `period` clocks with random codes: all of them reach the bench one update later, together, and its answer the
/// core's output before the next tick.
fn run(
    (dac, dac_kind): (DacPart, DacKind),
    (adc, adc_kind): (AdcPart, AdcKind),
    (clock_hz, period, outputs): (u32, u32, usize),
) {
    try_run((dac, dac_kind), (adc, adc_kind), (clock_hz, period, outputs), clock_hz)
        .unwrap_or_else(|fault| {
            panic!("{dac:?}, {adc:?}, {clock_hz} Hz, {period} clocks: {fault}")
        });
}

/// The same with cores that are made for `core_hz` and run at `clock_hz`.
fn try_run(
    (dac, dac_kind): (DacPart, DacKind),
    (adc, adc_kind): (AdcPart, AdcKind),
    (clock_hz, period, outputs): (u32, u32, usize),
    core_hz: u32,
) -> Result<(), ConverterFault> {
    let what = format!("{dac:?}, {adc:?}, {clock_hz} Hz, {period} clocks, {outputs} outputs");
    let log = Arc::new(Mutex::new(Log::default()));
    let mut dice = ChaCha8Rng::seed_from_u64(u64::from(period));
    let bench = RandomBench { log: log.clone(), dice: dice.clone(), adc_bits: adc.bits() };
    let channels = 8 * chips(outputs as u32) as usize;
    let mut circuit = Circuit::new(dac_kind, adc_kind, channels, 1, Box::new(bench));
    let mut test_bench = TestBench::new(dac, adc, core_hz, outputs as u32);
    let time_ps = |clock: u64| clock * PS_PER_S / u64::from(clock_hz);
    // The set-up takes seventeen frames.
    let first_tick = 20 * u64::from(DacTiming::new(dac, clock_hz).unwrap().frame());
    let mut written: Vec<Vec<i16>> = vec![vec![0; channels]];
    let mut taken = Vec::new();
    let mut line = false;
    const SAMPLES: u64 = 6;
    for clock in 0..first_tick + SAMPLES * u64::from(period) {
        let since = clock.checked_sub(first_tick).map(|clocks| clocks % u64::from(period));
        test_bench.dac.reset.next = clock < 3;
        test_bench.adc.reset.next = !test_bench.dac.ready.val();
        test_bench.dac.tick.next = since == Some(0);
        test_bench.adc.tick.next = since == Some(0);
        // The guard's codes: the first 14 clocks after the tick, the others in steps of 8.
        let due = since.filter(|since| *since >= 14 && (since - 14) % 8 == 0).map(|s| (s - 14) / 8);
        let output = due.filter(|&output| output < outputs as u64);
        test_bench.dac.write.next = output.is_some();
        if since == Some(0) {
            let mut row = vec![0; channels];
            row[..outputs].fill_with(|| masked(dice.random(), dac.bits()));
            written.push(row);
        }
        if let Some(output) = output {
            let code = written[written.len() - 1][output as usize];
            test_bench.dac.index.next = Bits::from(output);
            test_bench.dac.code.next = signed_cast(Bits::from(u64::from(code as u16)));
        }
        test_bench.adc.data.next = line;
        test_bench.settle(false);
        if since == Some(0) {
            taken.push(test_bench.code());
        }
        circuit.step(time_ps(clock), test_bench.pins(), u8::from(line))?;
        line = circuit.adcs()[0].data_at(time_ps(clock + 1) - SET_UP_PS).unwrap_or(false);
        test_bench.adc.data.next = line;
        test_bench.settle(false);
        test_bench.settle(true);
    }
    assert!(circuit.dacs().iter().all(DacModel::reference), "{what}");
    let log = log.lock().unwrap();
    // The last period's answer is not taken any more.
    assert_eq!(log.rows.len() as u64, SAMPLES, "{what}");
    assert_eq!(log.rows, written[..log.rows.len()], "{what}");
    assert_eq!(taken[1..], log.adc[..taken.len() - 1], "{what}");
    Ok(())
}

#[test]
fn cores_that_are_made_for_another_clock_or_part_are_caught() {
    let caught = |dac, adc, core_hz| {
        let fault = try_run(dac, adc, (100_000_000, 3000, 8), core_hz).unwrap_err();
        fault.to_string()
    };
    let (ad5628, ad7476a, ad7686) = (DACS[0], ADCS[0], ADCS[1]);
    let fault = caught(ad5628, ad7476a, 24_000_000);
    assert!(fault.contains("AD5628: t4"), "{fault}");
    let fault = caught((DacPart::Ad5628, DacKind::Dac8568), ad7476a, 100_000_000);
    assert!(fault.contains("DAC8568: t4"), "{fault}");
    let fault = caught(ad5628, (AdcPart::Ad7476a, AdcKind::Ad7686), 100_000_000);
    assert!(fault.contains("AD7686"), "{fault}");
    let fault = caught(ad5628, (ad7686.0, AdcKind::Ad7476a), 100_000_000);
    assert!(fault.contains("AD7476A"), "{fault}");
}

#[test]
fn codes_reach_all_channels_at_once_and_the_answer_is_there_at_the_next_tick() {
    for dac in DACS {
        for adc in ADCS {
            let least = least_sample_period_clocks(dac.0, adc.0, 24_000_000).unwrap();
            for (period, outputs) in [(least, 8), (least + 1, 2), (600, 8), (1327, 5)] {
                run(dac, adc, (24_000_000, period, outputs));
            }
        }
    }
}

#[test]
fn codes_reach_all_channels_of_up_to_eight_chips_at_once() {
    for (dac, outputs) in DACS.into_iter().cycle().zip([9, 16, 17, 32, 33, 64]) {
        // The outputs' scan, or the frames.
        for clock_hz in [24_000_000, 90_000_000] {
            let least = least_sample_period_clocks(dac.0, ADCS[0].0, clock_hz).unwrap();
            run(dac, ADCS[0], (clock_hz, least.max(8 * (outputs + 1) + 16), outputs as usize));
        }
    }
}

#[test]
fn faster_clocks_keep_the_times_of_the_data_sheets_too() {
    for (dac, adc) in DACS.into_iter().zip(ADCS.into_iter().cycle()) {
        for clock_hz in [12_000_000, 48_000_000, 90_000_000, 133_000_000, 200_000_000] {
            let least = least_sample_period_clocks(dac.0, adc.0, clock_hz).unwrap();
            run(dac, adc, (clock_hz, least, 8));
        }
    }
}

#[test]
fn the_code_is_the_mean_of_as_many_conversions_as_fit() {
    const CLOCK_HZ: u32 = 24_000_000;
    for (part, kind) in ADCS {
        let settled = DacTiming::new(DacPart::Ad5628, CLOCK_HZ).unwrap().settled;
        let timing = AdcTiming::new(part, CLOCK_HZ).unwrap();
        let mut dice = ChaCha8Rng::seed_from_u64(7);
        for period in [522, 600, 900, 1500, 2700, 5000, 6000] {
            let mut test_bench = TestBench::new(DacPart::Ad5628, part, CLOCK_HZ, 8);
            let mut model = converter::SpiAdc::new(kind);
            let time_ps = |clock: u64| clock * PS_PER_S / u64::from(CLOCK_HZ);
            let averaged = timing.averaged(settled, period) as usize;
            let mut line = false;
            let mut inputs: Vec<i16> = Vec::new();
            for clock in 0..3 * u64::from(period) + 1 {
                let since = clock % u64::from(period);
                test_bench.adc.tick.next = since == 0 && clock > 0;
                test_bench.adc.reset.next = clock < 3;
                test_bench.adc.data.next = line;
                test_bench.settle(false);
                if since == 0 && clock > u64::from(period) {
                    assert!(inputs.len() >= averaged && averaged > 0, "{part:?}, {period} clocks");
                    let sum: i64 = inputs[..averaged].iter().map(|&code| i64::from(code)).sum();
                    let mean = sum.div_euclid(averaged as i64) as i16;
                    assert_eq!(
                        test_bench.code(),
                        mean,
                        "{part:?}, {period} clocks, {averaged} of {}",
                        inputs.len()
                    );
                }
                if since == 0 {
                    inputs.clear();
                }
                let pins = test_bench.pins();
                let input = masked(dice.random(), part.bits());
                if model.samples(pins.adc_cs_n) && since > u64::from(settled) {
                    inputs.push(input);
                }

                model.step(time_ps(clock), pins.adc_sclk, pins.adc_cs_n, input).unwrap();
                line = model.data_at(time_ps(clock + 1) - SET_UP_PS).unwrap_or(false);
                test_bench.adc.data.next = line;
                test_bench.settle(false);
                test_bench.settle(true);
            }
        }
    }
}
