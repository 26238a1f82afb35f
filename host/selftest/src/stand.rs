//! The instrument under test: holds voltages, measures levels and tones, trips the guard.

use super::{Error, Fixture, Settings};
use hge_core::carrier::Carrier;
use hge_core::gradient::Estimator;
use hge_core::measure::probe::Probe;
use hge_core::plan::{Configuration, Control, OutputLimits, Plan, Timing};
use hge_core::session::{reading, windows};
use hge_driver::scale::{Scale, HALF_RANGE_CODES};
use hge_driver::{ArmMode, Instrument, Subscription, TelemetryItem};
use hge_protocol::frame::{Event, Record};
use hge_protocol::registers::{self as map, command, mode, status};
use hge_protocol::Analogue;
use std::time::{Duration, Instant};

/// Share of the ADC's range that levels use: a gain 15 % too large does not clip.
const USED: f64 = 0.85;

/// Windows of a tone.
const TONE_WINDOWS: usize = 8;

/// Longest wait for samples that do not pass.
const STALL: Duration = Duration::from_secs(20);

/// Frames that may wait: only the event matters.
const WAITING_FRAMES: usize = 4096;

/// Result of a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) adc_v: f64,
    pub(super) clipped: bool,
}

/// Result of a provocation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trip {
    /// Event frame of the provocation, if one arrived.
    pub(super) event: Option<Event>,
    /// `FAULT`, 0 while armed.
    pub(super) fault: u32,
    /// The guard is still armed.
    pub(super) armed: bool,
    /// Outputs that are not at their safe values.
    pub(super) away: Vec<usize>,
}

/// The instrument, the plan of all its outputs, and the results for the chain so far.
pub(super) struct Stand {
    probe: Probe,
    timing: Timing,
    fixture: Fixture,
    /// RMS of a sample, at the ADC; zero before it is measured.
    pub(super) noise_v: f64,
}

impl Stand {
    /// Uses timing and scale of `plan`, and every output as an electrode within `settings.limits_v`.
    pub(super) fn new(
        instrument: Instrument,
        plan: &Plan,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let outputs = plan.parameters().outputs as usize;
        let limit = |output| {
            let (low_v, high_v) = settings.limits_of(plan.scale(), output);
            OutputLimits { low_v, high_v, safe_v: 0.0 }
        };
        let before = plan.configuration().clone();
        let timing = Timing {
            window_samples: before.timing.window_samples.clamp(64, 1024),
            ..before.timing.clone()
        };
        let configuration = Configuration {
            inputs: (0..outputs).collect(),
            cases_v: vec![vec![0.0; outputs]],
            controls: Vec::new(),
            noise_slots: Vec::new(),
            limits: (0..outputs).map(limit).collect(),
            carrier: Carrier::Sine,
            cost: None,
            shaping: false,
            compact_records: false,
            continuous: false,
            step_v: None,
            timing: timing.clone(),
            protection: Default::default(),
            scale: before.scale.input(0),
        };
        let plan = Plan::new(configuration, plan.parameters())?;
        let probe = Probe::new(instrument, plan);
        Ok(Stand { probe, timing, fixture: settings.fixture, noise_v: 0.0 })
    }

    pub(super) fn plan(&self) -> &Plan {
        self.probe.plan()
    }

    pub(super) fn scale(&self) -> &Scale {
        self.plan().scale()
    }

    pub(super) fn instrument(&mut self) -> &mut Instrument {
        self.probe.instrument()
    }

    pub(super) fn rate_hz(&self) -> f64 {
        self.plan().grid().rate_hz
    }

    pub(super) fn outputs(&self) -> usize {
        self.plan().parameters().outputs as usize
    }

    pub(super) fn window_samples(&self) -> u32 {
        self.timing.window_samples
    }

    /// Volts at the ADC a volt of the output, as declared.
    pub(super) fn declared_gain(&self) -> f64 {
        self.fixture.gain(self.scale())
    }

    /// The voltage at the ADC, without the level shift, from which on it, or what drives it, clips.
    pub(super) fn adc_end_v(&self) -> f64 {
        let Analogue { adc_range_v, iv_clip_v, level_shift_v, .. } = self.scale().analogue;
        let room_v = adc_range_v - level_shift_v.abs();
        match self.fixture {
            Fixture::Resistor(_) => room_v.min(iv_clip_v),
            Fixture::Wire => room_v,
        }
    }

    /// Step of the ADC.
    pub(super) fn adc_step_v(&self) -> f64 {
        2.0 * self.scale().analogue.adc_range_v / f64::from(self.scale().adc_bits).exp2()
    }

    fn iv_gain_v_per_na(&self) -> f64 {
        self.scale().analogue.iv_gain_v_per_na
    }

    /// Voltage of a mean ADC code, without the level shift.
    pub(super) fn adc_v(&self, code: f64) -> f64 {
        self.scale().current_na(code) * self.iv_gain_v_per_na()
    }

    /// The ADC code of such a voltage, neither rounded nor cut.
    pub(super) fn adc_code(&self, adc_v: f64) -> f64 {
        let codes_per_v = HALF_RANGE_CODES / self.scale().analogue.adc_range_v;
        adc_v * codes_per_v + self.scale().adc_zero_codes()
    }

    /// Voltages of an output that its limits and the ADC's range allow.
    pub(super) fn span_v(&self, output: usize) -> (f64, f64) {
        let seen_v = USED * self.adc_end_v() / self.declared_gain().abs();
        let limit = self.plan().configuration().limits[output];
        (limit.low_v.max(-seen_v), limit.high_v.min(seen_v))
    }

    /// A voltage that both polarities of every output reach.
    pub(super) fn reach_v(&self) -> f64 {
        let spans = (0..self.outputs()).map(|output| self.span_v(output));
        spans.map(|(low_v, high_v)| high_v.min(-low_v)).fold(f64::INFINITY, f64::min)
    }

    /// DAC codes of all outputs at their safe values.
    pub(super) fn safe_codes(&self) -> Vec<i16> {
        (0..self.outputs()).map(|output| self.scale().output(output).code(0.0).0).collect()
    }

    /// All outputs at 0 V but this one.
    pub(super) fn row(&self, output: usize, volts: f64) -> Vec<f64> {
        let mut row = vec![0.0; self.outputs()];
        row[output] = volts;
        row
    }

    /// A window at each row of voltages.
    pub(super) fn levels(&mut self, rows_v: &[Vec<f64>]) -> Result<Vec<Level>, Error> {
        let currents = self.probe.measure(rows_v)?;
        let gain = self.iv_gain_v_per_na();
        let level = |current: &hge_core::measure::probe::Current| Level {
            adc_v: current.current_na * gain,
            clipped: current.clipped,
        };
        Ok(currents.iter().map(level).collect())
    }

    /// Sends the outputs to their safe values and disarms.
    pub(super) fn home(&mut self) -> Result<(), Error> {
        Ok(self.probe.pace(self.timing.clone())?)
    }

    /// Ramps the outputs to their safe values, and returns the instrument.
    pub(super) fn close(self) -> Result<Instrument, Error> {
        Ok(self.probe.close()?)
    }

    /// A plan for one row of voltages in windows of this length.
    fn one_row(&self, volts: &[f64], safe_v: f64, samples: u32) -> Result<Plan, Error> {
        let mut configuration = self.plan().configuration().clone();
        configuration.cases_v = vec![volts.to_vec()];
        configuration.timing.window_samples = samples;
        for (limit, volts) in configuration.limits.iter_mut().zip(volts) {
            limit.safe_v = if *volts == 0.0 { 0.0 } else { safe_v };
        }
        Ok(Plan::new(configuration, self.plan().parameters())?)
    }

    /// Answer to a tone on one output, volts at the ADC a volt of the output: in phase and ahead, with the declared latency undone.
    pub(super) fn tone(
        &mut self,
        output: usize,
        cycles: u32,
        amplitude_v: f64,
    ) -> Result<[f64; 2], Error> {
        self.home()?;
        let mut configuration = self.plan().configuration().clone();
        let limit = configuration.limits[output];
        configuration.inputs.clear();
        configuration.cases_v = vec![Vec::new()];
        configuration.timing.lead_in_s = configuration.timing.lead_in_s.max(16.0 / self.rate_hz());
        configuration.controls =
            vec![Control { output, low_v: limit.low_v, high_v: limit.high_v, cycles, amplitude_v }];
        let plan = Plan::new(configuration, self.plan().parameters())?;
        let gain = self.iv_gain_v_per_na();
        let instrument = self.instrument();
        plan.configure(instrument)?;
        instrument.write_all(&plan.control_writes(&[0.0]))?;
        instrument.write(map::EPOCHS, TONE_WINDOWS as u32)?;
        instrument.arm(ArmMode::Host)?;
        let windows = windows(instrument, plan.mode_bits() | mode::PERTURB, TONE_WINDOWS, 1)?;
        self.home()?;
        let mut sum = [0.0; 2];
        for window in &windows {
            let answer = reading(&plan, Estimator::InPhase, window)?.answers_na_per_v[0];
            sum = [sum[0] + answer[0], sum[1] + answer[1]];
        }
        Ok(sum.map(|sum| sum / windows.len() as f64 * gain))
    }

    /// Captures ADC codes while the voltages measured last are held.
    pub(super) fn capture(&mut self, samples: u32, decimation: u16) -> Result<Vec<f64>, Error> {
        let codes = self.instrument().capture(samples, decimation)?;
        Ok(codes.iter().map(|&code| self.adc_v(f64::from(code))).collect())
    }

    /// Configures one row of voltages, then writes `overrides`, disarmed. The safe value of each output whose voltage is not 0 is `safe_v`.
    pub(super) fn prepare(
        &mut self,
        volts: &[f64],
        safe_v: f64,
        window_samples: u32,
        overrides: &[(u16, u32)],
    ) -> Result<(), Error> {
        self.home()?;
        let plan = self.one_row(volts, safe_v, window_samples)?;
        let instrument = self.instrument();
        plan.configure(instrument)?;
        Ok(instrument.write_all(overrides)?)
    }

    /// Arms, and begins a run that holds the prepared voltages until the guard is disarmed. Returns the telemetry of the instrument from then on.
    pub(super) fn hold(&mut self, arm: ArmMode) -> Result<Subscription, Error> {
        let instrument = self.instrument();
        let subscription = instrument.subscribe(WAITING_FRAMES);
        instrument.write_all(&[(map::EPOCHS, 65_535), (map::MODE, 0)])?;
        instrument.arm(arm)?;
        instrument.write(map::COMMAND, command::RUN)?;
        Ok(subscription)
    }

    /// Lets samples of a run pass.
    pub(super) fn wait_samples(&mut self, samples: u32) -> Result<(), Error> {
        let instrument = self.instrument();
        let (begun, from) = (Instant::now(), instrument.read(map::TIME)?);
        while instrument.read(map::TIME)?.wrapping_sub(from) < samples {
            if begun.elapsed() > STALL {
                return Err(Error::Stalled { samples });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Twice the samples of a ramp over the complete range and of the loop.
    pub(super) fn ramp_samples(&self) -> u32 {
        let limits = self.plan().configuration().limits.iter();
        let span_v = limits.map(|limit| limit.high_v - limit.low_v).fold(0.0, f64::max);
        let ramp_s = span_v / self.timing.ramp_v_per_s;
        2 * ((ramp_s + self.timing.settle_s) * self.rate_hz()).ceil() as u32 + 64
    }

    /// Present DAC codes, from the guard.
    pub(super) fn present_codes(&mut self) -> Result<Vec<i16>, Error> {
        let codes = (0..self.outputs()).map(|output| map::GUARD + 4 * output as u16 + 3);
        let instrument = self.probe.instrument();
        codes.map(|code| Ok(instrument.read(code)? as u16 as i16)).collect()
    }

    /// The event of a trip, if one arrives within `patience` without requests.
    pub(super) fn event(
        subscription: &mut Subscription,
        patience: Duration,
    ) -> Result<Option<Event>, Error> {
        let deadline = Instant::now() + patience;
        while let Some(item) = subscription.recv_deadline(deadline)? {
            if let TelemetryItem::Frame { record: Record::Event(event), .. } = item {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Waits until the guard has tripped, or this number of samples has passed, and until its outputs are safe.
    pub(super) fn tripped(
        &mut self,
        subscription: &mut Subscription,
        samples: u32,
    ) -> Result<Trip, Error> {
        let (begun, from) = (Instant::now(), self.instrument().read(map::TIME)?);
        let mut event = None;
        let mut words = [0; 3];
        loop {
            event = match event {
                None => Stand::event(subscription, Duration::from_millis(5))?,
                some => some,
            };
            let found = self.instrument().read_many(map::STATUS, 3)?;
            words.copy_from_slice(&found);
            let is_armed = words[0] & status::ARMED != 0;
            let moving = words[0] & (status::RAMPING_TO_SAFE | status::BUSY) != 0;
            let over = words[2].wrapping_sub(from) >= samples;
            if (is_armed && over) || (!is_armed && !moving) || begun.elapsed() > STALL {
                break;
            }
        }
        let armed = words[0] & status::ARMED != 0;
        if event.is_none() && !armed {
            event = Stand::event(subscription, Duration::from_millis(100))?;
        }
        let present = self.present_codes()?;
        let mut away = Vec::new();
        for (output, code) in present.into_iter().enumerate() {
            let safe = self.instrument().read(map::GUARD + 4 * output as u16 + 2)? as u16 as i16;
            if code != safe {
                away.push(output);
            }
        }
        let fault = if armed { 0 } else { words[1] };
        self.home()?;
        Ok(Trip { event, fault, armed, away })
    }
}
