//! Reference model of the complete instrument: byte streams on one side, converters on the other.

use super::capture::Capture;
use super::cost::cost;
use super::guard::{judge, Limits};
use super::lockin::Lockin;
use super::modulator::{Channel, Drive};
use super::nco::{Code, Oscillator, Wave};
use super::sequencer::{Job, Report, Sequencer, State};
use super::session::Session;
use super::settings::Settings;
use super::supervisor::Supervisor;
use super::telemetry::Telemetry;
use crate::bench::Bench;
use crate::engine::{Passed, Time};
use hge_protocol::frame::{flag, End, EndReason, Event, Record, BLOCK_SAMPLES};
use hge_protocol::registers::{mode, protection};
use hge_protocol::table::{SlotWord, TableLayout, CHIPS};
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use hge_protocol::{Analogue, Parameters};

/// Maximum samples computed before the device is evaluated.
const BATCH_SAMPLES: usize = 1024;

/// Use of the ADC codes of one sample.
#[derive(Clone, Copy)]
struct Sense {
    accumulate: bool,
    first: bool,
    second_half: bool,
    /// The guard is armed: over-currents count.
    watched: bool,
    /// Causes of a trip in this sample.
    cause: Option<u8>,
}

/// Samples computed before the device is evaluated.
#[derive(Default)]
struct Batch {
    drives: Vec<i16>,
    senses: Vec<Sense>,
    waves: Vec<Wave>,
    /// Job that begins with its last sample.
    job: Option<Job>,
    /// The run that its last sample ends.
    ended: Option<EndReason>,
}

/// What a batch changes before the device's answer is known.
#[derive(Clone)]
pub(super) struct Motion {
    pub(super) sequencer: Sequencer,
    pub(super) supervisor: Supervisor,
    pub(super) oscillators: Vec<Oscillator>,
    pub(super) channels: Vec<Channel>,
    pub(super) codes: Vec<i16>,
    pub(super) tones: Vec<i32>,
    pub(super) tones_fresh: bool,
    pub(super) window_flags: u16,
    pub(super) report: Report,
}

/// The model of the complete instrument, with a bench.
pub struct Model {
    pub(super) parameters: Parameters,
    pub(super) layout: TableLayout,
    /// As written.
    pub(super) registers: Settings,
    /// Settings of the run: limited to the sizes of the gateware.
    pub(super) settings: Settings,
    pub(super) motion: Motion,
    pub(super) capture: Capture,
    pub(super) table: Vec<u32>,
    pub(super) tuning: Vec<u32>,
    pub(super) slots: Vec<SlotWord>,
    /// The analogue scale, as a host has written it.
    pub(super) analogue: Vec<u32>,
    /// Rows of the codes' chips.
    pub(super) rows: [u8; CHIPS],
    /// Target word of the present case.
    pub(super) cost_target: u32,
    pub(super) limits: Vec<Limits>,
    /// One for every input.
    pub(super) lockins: Vec<Lockin>,
    pub(super) time: u32,
    pub(super) deframer: Deframer,
    pub(super) session: Session,
    pub(super) link_faults: u32,
    /// Bodies of replies not yet sent.
    pub(super) replies: Vec<Vec<u32>>,
    pub(super) telemetry: Telemetry,
    pub(super) bench: Box<dyn Bench>,
}

impl Model {
    /// An instrument after reset. `parameters` must pass [`Parameters::check`].
    pub fn new(parameters: Parameters, bench: Box<dyn Bench>) -> Self {
        let layout = TableLayout::of(&parameters);
        let slots = parameters.slots as usize;
        let outputs = parameters.outputs as usize;
        Model {
            parameters,
            registers: Settings::default(),
            settings: Settings::default().confined(&parameters),
            motion: Motion {
                sequencer: Sequencer { best_loss: u32::MAX, ..Sequencer::default() },
                supervisor: Supervisor::default(),
                oscillators: vec![Oscillator::default(); slots],
                channels: vec![Channel::default(); outputs],
                codes: vec![0; outputs],
                tones: vec![0; outputs],
                tones_fresh: false,
                window_flags: 0,
                report: Report::default(),
            },
            capture: Capture::default(),
            table: vec![0; layout.words as usize],
            tuning: vec![0; slots],
            slots: vec![SlotWord::default(); slots],
            analogue: vec![0; Analogue::room(parameters.outputs as usize)],
            rows: [0; CHIPS],
            cost_target: 0,
            limits: vec![Limits::default(); outputs],
            lockins: vec![Lockin::new(slots); parameters.inputs as usize],
            layout,
            time: 0,
            deframer: Deframer::new(MOST_REQUEST_WORDS),
            session: Session::default(),
            link_faults: 0,
            replies: Vec::new(),
            telemetry: Telemetry::new(parameters.telemetry_words),
            bench,
        }
    }

    /// Processes bytes from the host; executes complete requests immediately.
    pub fn receive(&mut self, bytes: &[u8]) {
        let mut deframer = std::mem::replace(&mut self.deframer, Deframer::new(MOST_REQUEST_WORDS));
        deframer.push(bytes, |body| self.frame(body));
        self.deframer = deframer;
    }

    /// Opens or closes the interlock.
    pub fn set_interlock(&mut self, closed: bool) {
        self.motion.supervisor.interlock = closed;
    }

    /// Whether time advances without requests.
    fn active(&self) -> bool {
        self.motion.sequencer.busy()
            || self.motion.supervisor.ramping_to_safe
            || self.capture.active()
    }

    /// Lets time go on for at most `samples` samples, until `line` has grown by `room` bytes; virtual time also
    /// stands still while nothing is active.
    pub fn advance(&mut self, time: Time, samples: u32, room: usize, line: &mut Vec<u8>) -> Passed {
        let most = line.len().saturating_add(room);
        let mut passed = 0;
        loop {
            for words in self.replies.drain(..) {
                seal(&words, line);
            }
            self.telemetry.send(line, most);
            let stands = time == Time::Virtual && (!self.active() || line.len() >= most);
            if passed >= samples || stands {
                break;
            }
            passed += self.run_batch(time == Time::Virtual, (samples - passed) as usize) as u32;
        }
        let resting = !self.active() && self.telemetry.is_empty();
        Passed { samples: passed, resting }
    }

    pub(super) fn say(&mut self, record: Record) {
        self.telemetry.push(&record, false);
    }

    /// Computes samples until a job needs ADC codes, then asks the bench for them. Returns the number of samples.
    fn run_batch(&mut self, hold: bool, most: usize) -> usize {
        // A capture makes frames of its own: no more of them at a time than the memory surely holds.
        let most = if self.capture.active() { most.min(BLOCK_SAMPLES) } else { most };
        let before = self.motion.clone();
        let mut batch = self.work_out(hold, most.min(BATCH_SAMPLES));
        let inputs = self.lockins.len();
        let mut codes = vec![0; inputs * batch.senses.len()];
        self.bench.samples(&batch.drives, &mut codes);
        if let Some(count) = self.trips_after(&batch, &codes) {
            // The guard trips in the midst of the batch: its later samples are taken back.
            self.bench.rewind(batch.senses.len() - count);
            self.motion = before;
            batch = self.work_out(hold, count);
            codes.truncate(inputs * count);
        }
        let samples = batch.senses.len();
        self.sense(&codes, batch);
        samples
    }

    /// Samples of the batch up to and with the one whose over-current trips the guard, if others follow it.
    fn trips_after(&self, batch: &Batch, codes: &[i16]) -> Option<usize> {
        if self.settings.protection & protection::OVERCURRENT == 0 {
            return None;
        }
        let mut supervisor = self.motion.supervisor.clone();
        let mut samples = batch.senses.iter().zip(codes.chunks_exact(self.lockins.len()));
        let at = samples.position(|(sense, codes)| {
            supervisor.sense(codes, &self.settings);
            sense.watched && supervisor.over(&self.settings)
        })?;
        (at + 1 < batch.senses.len()).then_some(at + 1)
    }

    fn work_out(&mut self, hold: bool, most: usize) -> Batch {
        let mut batch = Batch::default();
        let captured = self.capture.samples_left(&self.settings);
        while batch.senses.len() < most && batch.job.is_none() && batch.ended.is_none() {
            let active = self.motion.sequencer.busy()
                || self.motion.supervisor.ramping_to_safe
                || (batch.senses.len() as u64) < captured;
            if hold && !active {
                break;
            }
            batch.drives.extend_from_slice(&self.motion.codes);
            let cause = self.motion.supervisor.tick(&self.settings, hold);
            let entering = self.motion.sequencer.state;
            (batch.job, batch.ended) =
                self.motion.sequencer.advance(&self.settings, self.motion.report);
            if cause.is_some() {
                self.stop(EndReason::Tripped);
            }
            self.output_pass();
            let window = self.motion.sequencer.state == State::Window;
            self.slot_pass(entering, window.then_some(&mut batch.waves));
            batch.senses.push(Sense {
                accumulate: window,
                first: window && self.motion.sequencer.count == 0,
                second_half: self.motion.sequencer.count >> (self.settings.window_log2 - 1) != 0,
                watched: self.motion.supervisor.armed,
                cause,
            });
        }
        batch
    }

    /// Base, tone, shaping and guard of every output.
    fn output_pass(&mut self) {
        let shape = self.motion.sequencer.tones() && self.settings.mode & mode::SHAPING != 0;
        if self.motion.sequencer.state == State::LeadIn && self.motion.sequencer.count == 0 {
            self.motion.window_flags = 0;
        }
        let armed = self.motion.supervisor.armed;
        let step = if armed { self.settings.step_limit } else { self.settings.safe_step };
        let tone_mask = self.settings.tone_mask();
        let mut moving = false;
        let mut cut = false;
        for (output, channel) in self.motion.channels.iter_mut().enumerate() {
            let last = self.motion.codes[output];
            let toned = self.motion.tones_fresh && tone_mask >> output & 1 == 1;
            let (code, unfinished) = channel.step(Drive {
                track: (!armed).then_some(last),
                ramp: self.motion.sequencer.state == State::Ramp,
                ramp_step: self.settings.ramp_step as i32,
                tone: if toned { self.motion.tones[output] } else { 0 },
                shape,
                dac_bits: self.parameters.dac_bits,
            });
            let verdict = judge(code, last, self.limits[output], armed, step as u16);
            self.motion.codes[output] = verdict.code;
            moving |= unfinished;
            cut |= verdict.limited;
            if self.motion.sequencer.tones() {
                self.motion.window_flags |= u16::from(verdict.clamped) * flag::CLAMPED;
                self.motion.window_flags |= u16::from(verdict.limited) * flag::LIMITED;
            }
        }
        self.motion.report.moving = moving || cut;
        if !armed && !cut {
            self.motion.supervisor.ramping_to_safe = false;
        }
    }

    /// Phases, tones of the next sample, and the waves the lock-in needs for this one.
    fn slot_pass(&mut self, before: State, mut waves: Option<&mut Vec<Wave>>) {
        self.motion.tones_fresh = self.motion.sequencer.tones();
        if !self.motion.tones_fresh {
            return;
        }
        let restart = self.motion.sequencer.state == State::LeadIn && before != State::LeadIn;
        let gate = self.motion.sequencer.gate(&self.settings);
        let mut sum = 0_i32;
        let mut sounding = false;
        for index in 0..self.slots_used() {
            let slot = self.slots[index];
            let (oscillator, tuning) = (&mut self.motion.oscillators[index], self.tuning[index]);
            let wave = if slot.is_code && self.parameters.carriers.has_codes() {
                let latency_samples = self.parameters.loop_latency_samples();
                let code = Code { rows: &self.rows, number: slot.start_phase, latency_samples };
                oscillator.step_code(tuning, code, restart, gate)
            } else {
                oscillator.step(tuning, slot.start_phase, restart, gate)
            };
            if slot.drives {
                if wave.active {
                    sum = sum.wrapping_add(i32::from(slot.amplitude) * i32::from(wave.sine));
                }
                sounding |= self.motion.oscillators[index].active;
            }
            if slot.last {
                if let Some(tone) = self.motion.tones.get_mut(usize::from(slot.output)) {
                    *tone = sum;
                }
                sum = 0;
            }
            if let Some(waves) = waves.as_deref_mut() {
                waves.push(wave);
            }
        }
        self.motion.report.sounding = sounding;
    }

    /// Uses of the ADC codes `[samples, inputs]`, in order. The frames of the last sample's job come first.
    fn sense(&mut self, codes: &[i16], batch: Batch) {
        let used = self.slots_used();
        let mut waves = batch.waves.chunks_exact(used);
        let last = batch.senses.len().saturating_sub(1);
        let samples = codes.chunks_exact(self.lockins.len());
        for (index, (codes, sense)) in samples.zip(&batch.senses).enumerate() {
            if sense.accumulate {
                let waves = waves.next().unwrap_or(&[]);
                for (input, &code) in codes.iter().enumerate() {
                    let signal = self.signal(code);
                    let lockin = &mut self.lockins[input];
                    if sense.first {
                        lockin.clear();
                    }
                    lockin.level(code, sense.second_half);
                    lockin.accumulate(signal, waves);
                }
            }
            if index == last {
                self.finish(batch.job, batch.ended);
            }
            if let Some(cause) = sense.cause {
                self.say(Record::Event(Event { cause, time: self.time }));
            }
            if sense.watched {
                self.motion.supervisor.sense(codes, &self.settings);
            }
            if let Some(block) = self.capture.take(codes, self.time, &self.settings) {
                self.say(Record::Block(block));
            }
            self.time = self.time.wrapping_add(1);
        }
    }

    /// Input of the lock-in.
    fn signal(&self, sample: i16) -> i16 {
        if self.costs() {
            cost(sample, self.cost_target, self.settings.cost_shift)
        } else {
            sample
        }
    }

    fn finish(&mut self, job: Option<Job>, ended: Option<EndReason>) {
        if let Some(job) = job {
            self.work(job);
        }
        if let Some(reason) = ended {
            self.say(Record::End(End {
                reason,
                best_start: self.motion.sequencer.best_start as u8,
                best_loss: self.motion.sequencer.best_loss,
                sample_clock: self.motion.sequencer.sample_clock,
            }));
        }
    }

    pub(super) fn slots_used(&self) -> usize {
        self.settings.slots_used as usize
    }

    /// Whether the lock-in demodulates the cost.
    pub(super) fn costs(&self) -> bool {
        self.settings.mode & mode::COST != 0
    }

    pub(super) fn standalone(&self) -> bool {
        self.settings.mode & mode::STANDALONE != 0
    }
}
