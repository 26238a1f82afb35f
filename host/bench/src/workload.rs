//! Instruments and runs: tones on every slot, one window after the other, as fast as the gateware goes.

use hge_protocol::registers::{self as map, mode, protection};
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::{Parameters, Update};
use serde::Serialize;

/// Amplitude of a tone in DAC codes, so small that eight on an output stay within its range.
const AMPLITUDE_CODES: u16 = 1000;

/// Codes between the inputs of two successive cases.
const INPUT_CODES: u32 = 8192;

/// Samples of the wait and the lead-in: the loop latency, and as much again.
const WAIT_SAMPLES: u32 = 4;

/// A run: slots and cases of an instrument, and its window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Workload {
    /// In one word or two.
    pub name: &'static str,
    /// System clock.
    pub clock_hz: u32,
    /// DAC channels.
    pub outputs: u32,
    /// ADC inputs.
    pub inputs: u32,
    /// Slots, each with a tone.
    pub slots: u32,
    /// Cases of an epoch.
    pub cases: u32,
    /// Samples of a window, a power of two.
    pub window_samples: u32,
    /// The gateware updates the controls, else the windows of a run follow each other without an update.
    pub standalone: bool,
    /// Where that update is computed.
    pub update: Update,
    /// Continuous mode.
    pub continuous: bool,
}

impl Workload {
    /// The instrument that is made for it.
    pub fn parameters(&self) -> Parameters {
        let made = Parameters {
            clock_hz: self.clock_hz,
            outputs: self.outputs,
            inputs: self.inputs,
            slots: self.slots,
            update: self.update,
            ..Parameters::DEFAULT
        };
        Parameters { telemetry_words: made.least_telemetry_words().max(2048), ..made }
    }

    /// Clocks of a sample: the fewest.
    pub fn period_clocks(&self) -> u32 {
        self.parameters().least_sample_period_clocks()
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> f64 {
        f64::from(self.clock_hz) / f64::from(self.period_clocks())
    }

    fn window_log2(&self) -> u32 {
        self.window_samples.max(1).ilog2()
    }

    /// Samples that its experiment declares for a case: ramp, wait and lead-in.
    pub fn declared_samples(&self) -> u32 {
        let ramp = if self.cases > 1 { INPUT_CODES.div_ceil(self.ramp_step_codes()) } else { 0 };
        ramp + 2 * WAIT_SAMPLES
    }

    /// A ramp between two cases takes a fourth of a window.
    fn ramp_step_codes(&self) -> u32 {
        INPUT_CODES.div_ceil(self.window_samples / 4).max(1)
    }

    /// Registers of a run of `epochs` epochs, up to the command that arms.
    pub fn writes(&self, epochs: u32) -> Vec<(u16, u32)> {
        let parameters = self.parameters();
        let layout = TableLayout::of(&parameters);
        let period = self.period_clocks();
        let (slots, log2) = (self.slots, self.window_log2());
        let samples = |clocks: u32| clocks.div_ceil(period) + 1;
        let mut gap = samples(parameters.most_gap_clocks(slots, log2));
        if self.update.is_hardware() {
            gap |= samples(parameters.most_case_gap_clocks(slots, log2)) << 16;
            gap |= if self.continuous { map::gap::CONTINUOUS } else { 0 };
        }
        let mut writes = vec![
            (map::SAMPLE_PERIOD, period),
            (map::WINDOW_LOG2, self.window_log2()),
            (map::SETTLE, WAIT_SAMPLES),
            (map::LEAD_IN, WAIT_SAMPLES),
            (map::GAP, gap),
            (map::SLOTS_USED, self.slots),
            (map::CASES_USED, self.cases),
            (map::EPOCHS, epochs),
            (map::STARTS_USED, 1),
            (map::MODE, mode::PERTURB | if self.standalone { mode::STANDALONE } else { 0 }),
            (map::RAMP_STEP, self.ramp_step_codes() << 16),
            (map::STEP_LIMIT, u32::from(u16::MAX)),
            (map::PROTECTION, protection::INTERLOCK | protection::OVERCURRENT),
            (map::OVERCURRENT, u32::from(u16::MAX)),
            (map::WATCHDOG, u32::MAX),
            (map::RUN_LIMIT, u32::MAX),
        ];
        let toned = (0..self.slots).map(|slot| self.output(slot) as usize);
        writes.extend(map::mask_writes(map::TONE_MASKS, toned));
        writes.extend(map::mask_writes(map::INPUT_MASKS, (self.cases > 1).then_some(0)));
        for output in 0..self.outputs as u16 {
            let at = map::GUARD + 4 * output;
            writes.extend([(at, i16::MIN as u16 as u32), (at + 1, i16::MAX as u32)]);
        }
        for slot in 0..self.slots {
            let output = self.output(slot);
            let word = SlotWord {
                amplitude: AMPLITUDE_CODES,
                is_code: false,
                start_phase: 0,
                output: output as u8,
                drives: true,
                last: slot + 1 == self.slots || self.output(slot + 1) != output,
            };
            // Lines from a sixth of the window on: whole periods, all different.
            let cycles = self.window_samples / 6 + slot;
            writes.push((map::TUNING + slot as u16, cycles << (32 - self.window_log2())));
            writes.push((map::SLOT + slot as u16, word.to_word()));
        }
        // Targets that the device does not reach: no run ends before its last epoch.
        let target =
            CaseTarget { target: i16::MAX, weight: CaseTarget::UNIT_WEIGHT, side: Side::Both };
        for (case, input) in
            (0..self.cases).flat_map(|case| (0..self.inputs).map(move |input| (case, input)))
        {
            let index = layout.case_target(case, input);
            writes.push((TABLE_BASE + index as u16, target.to_word()));
        }
        for case in (1..self.cases).step_by(2) {
            writes.push((TABLE_BASE + layout.case_input(case, 0) as u16, INPUT_CODES));
        }
        writes
    }

    /// Output of a slot's tone.
    fn output(&self, slot: u32) -> u32 {
        slot * self.outputs.min(self.slots) / self.slots
    }
}

/// The clock of an ECP5 of the slowest grade.
const FAST_HZ: u32 = 90_000_000;

/// 64 tones at 1 MS/s and windows of 256 samples, closed by the gateware: one case.
pub const ONE_CASE: Workload = Workload {
    name: "64 tones, one case",
    clock_hz: FAST_HZ,
    outputs: 8,
    inputs: 1,
    slots: 64,
    cases: 1,
    window_samples: 256,
    standalone: true,
    update: Update::Microcode,
    continuous: false,
};

/// The same with the update in hardware.
const IN_HARDWARE: Workload =
    Workload { name: "64 tones, one case, hardware", update: Update::Hardware, ..ONE_CASE };

/// The same in continuous mode.
pub const CONTINUOUS: Workload =
    Workload { name: "64 tones, one case, continuous", continuous: true, ..IN_HARDWARE };

/// With half of the tones, twice the windows: updates as often as continuous mode makes them.
pub const SHORT: Workload = Workload {
    name: "32 tones, short window, continuous",
    slots: 32,
    window_samples: 128,
    ..CONTINUOUS
};

/// What `hge bench` measures in samples.
pub const WORKLOADS: [Workload; 13] = [
    ONE_CASE,
    Workload { name: "64 tones, four cases", cases: 4, ..ONE_CASE },
    Workload { name: "32 tones, one case", slots: 32, ..ONE_CASE },
    Workload { name: "32 tones, short window", slots: 32, window_samples: 128, ..ONE_CASE },
    IN_HARDWARE,
    Workload { name: "64 tones, four cases, hardware", cases: 4, ..IN_HARDWARE },
    Workload { name: "32 tones, one case, hardware", slots: 32, ..IN_HARDWARE },
    Workload {
        name: "32 tones, short window, hardware",
        slots: 32,
        window_samples: 128,
        ..IN_HARDWARE
    },
    CONTINUOUS,
    Workload { name: "32 tones, one case, continuous", slots: 32, ..CONTINUOUS },
    SHORT,
    Workload { name: "64 tones, no update", standalone: false, ..ONE_CASE },
    Workload {
        name: "24 tones, four cases, 24 MHz",
        clock_hz: 24_000_000,
        slots: 24,
        cases: 4,
        ..ONE_CASE
    },
];

/// Eight channels, one case, windows of 1024 samples that follow each other: for the speed of the engines.
pub const EIGHT_CHANNELS: Workload = Workload {
    name: "8 channels",
    clock_hz: 24_000_000,
    outputs: 8,
    inputs: 1,
    slots: 8,
    cases: 1,
    window_samples: 1024,
    standalone: false,
    update: Update::Microcode,
    continuous: false,
};
