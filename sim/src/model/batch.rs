//! The model's samples: batches between two evaluations of the device, made of spans in one state of the sequencer.
//!
//! Everything before the DAC is computed for a whole span at once, slot by slot and output by output; everything after the ADC for a
//! whole batch. The result is that of one sample after the other.

use super::cost::cost;
use super::guard::judge;
use super::instrument::Model;
use super::lockin::Samples;
use super::modulator::Drive;
use super::nco::Code;
use super::sequencer::{Job, State};
use hge_protocol::frame::{flag, EndReason, Event, Record, BLOCK_SAMPLES};
use hge_protocol::registers::{mode, protection};
use std::ops::Range;

/// Maximum samples computed before the device is evaluated.
const BATCH_SAMPLES: usize = 1024;

/// What the guard makes of the ADC codes of one sample.
#[derive(Clone, Copy)]
struct Sense {
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
    /// Those of the window: a batch ends where a window's record is due, so there is one at most.
    window: Range<usize>,
    /// Samples of the window before these.
    window_before: u32,
    /// Job that begins with its last sample.
    job: Option<Job>,
    /// The run that its last sample ends.
    ended: Option<EndReason>,
}

/// Samples in one state of the sequencer.
struct Span {
    /// State of the sample before.
    before: State,
    /// Samples spent in the state before its first.
    count: u32,
    samples: usize,
    /// Place of its waves.
    column: usize,
}

/// Memory of a batch's computation.
pub(super) struct Scratch {
    /// Of every slot the waves of the window's samples, [`BATCH_SAMPLES`] each.
    sines: Vec<i16>,
    cosines: Vec<i16>,
    /// Of every output the tones of a span, from that of the sample before on.
    tones: Vec<i32>,
    signal: Samples,
}

/// Words of an output in [`Scratch::tones`].
const TONES: usize = BATCH_SAMPLES + 1;

impl Scratch {
    pub(super) fn new(slots: usize, outputs: usize) -> Self {
        Scratch {
            sines: vec![0; slots * BATCH_SAMPLES],
            cosines: vec![0; slots * BATCH_SAMPLES],
            tones: vec![0; outputs * TONES],
            signal: Samples::default(),
        }
    }
}

impl Model {
    /// Computes samples until a job needs ADC codes, then asks the bench for them. Returns the number of samples.
    pub(super) fn run_batch(&mut self, hold: bool, most: usize) -> usize {
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
            let cause = self.motion.supervisor.tick(&self.settings, hold);
            let before = self.motion.sequencer.state;
            (batch.job, batch.ended) =
                self.motion.sequencer.advance(&self.settings, self.motion.report);
            if cause.is_some() {
                self.stop(EndReason::Tripped);
            }
            let count = self.motion.sequencer.count;
            let further = self.steady_samples(&batch, hold, most);
            let (begun, samples) = (batch.senses.len(), 1 + further);
            if self.motion.sequencer.state == State::Window {
                if batch.window.is_empty() {
                    (batch.window, batch.window_before) = (begun..begun, count);
                }
                batch.window.end = begun + samples;
            }
            let column = begun - batch.window.start.min(begun);
            self.scan(&Span { before, count, samples, column }, &mut batch.drives);
            let watched = self.motion.supervisor.armed;
            batch.senses.push(Sense { watched, cause });
            batch.senses.resize(begun + samples, Sense { watched, cause: None });
        }
        batch
    }

    /// Passes over the samples that surely are like the batch's last, until it has `most`.
    fn steady_samples(&mut self, batch: &Batch, hold: bool, most: usize) -> usize {
        let supervisor = &self.motion.supervisor;
        if !supervisor.armed || batch.job.is_some() || batch.ended.is_some() {
            return 0;
        }
        let steady = self.motion.sequencer.steady_samples(&self.settings);
        let left = (most - batch.senses.len() - 1) as u32;
        let samples = steady.min(supervisor.quiet_samples(hold)).min(left);
        self.motion.supervisor.pass(samples, hold);
        self.motion.sequencer.pass(samples);
        samples as usize
    }

    /// Slots and outputs of a span; appends to `drives` the codes that stand in its samples.
    fn scan(&mut self, span: &Span, drives: &mut Vec<i16>) {
        let toned_before = self.motion.tones_fresh;
        for (line, &tone) in self.scratch.tones.chunks_exact_mut(TONES).zip(&self.motion.tones) {
            line[..=span.samples].fill(tone);
        }
        self.slot_pass(span);
        self.output_pass(span, toned_before, drives);
        for (line, tone) in self.scratch.tones.chunks_exact(TONES).zip(&mut self.motion.tones) {
            *tone = line[span.samples];
        }
    }

    /// Base, tone, shaping and guard of every output.
    fn output_pass(&mut self, span: &Span, toned_before: bool, drives: &mut Vec<i16>) {
        let motion = &mut self.motion;
        let state = motion.sequencer.state;
        let tones = motion.sequencer.tones();
        if state == State::LeadIn && span.count == 0 {
            motion.window_flags = 0;
        }
        let armed = motion.supervisor.armed;
        let step = if armed { self.settings.step_limit } else { self.settings.safe_step } as u16;
        let tone_mask = self.settings.tone_mask();
        let outputs = motion.channels.len();
        let begun = drives.len();
        drives.resize(begun + outputs * span.samples, 0);
        let (mut clamped, mut limited) = (false, false);
        motion.report.ramping = false;
        motion.report.limited = false;
        for (output, channel) in motion.channels.iter_mut().enumerate() {
            let limits = self.limits[output];
            let toned = tone_mask >> output & 1 == 1;
            let line = &self.scratch.tones[output * TONES..][..span.samples];
            let column = drives[begun + output..].iter_mut().step_by(outputs);
            let mut last = motion.codes[output];
            let (mut ramping, mut cut) = (false, false);
            for (n, (drive, &tone)) in column.zip(line).enumerate() {
                *drive = last;
                let sounds = toned && if n == 0 { toned_before } else { tones };
                let (code, unfinished) = channel.step(Drive {
                    track: (!armed).then_some(last),
                    ramp: state == State::Ramp,
                    ramp_step: self.settings.ramp_step as i32,
                    tone: if sounds { tone } else { 0 },
                    shape: tones && self.settings.mode & mode::SHAPING != 0,
                    dac_bits: self.parameters.dac_bits,
                });
                let verdict = judge(code, last, limits, armed, step);
                last = verdict.code;
                clamped |= verdict.clamped;
                limited |= verdict.limited;
                (ramping, cut) = (unfinished, verdict.limited);
            }
            motion.codes[output] = last;
            motion.report.ramping |= ramping;
            motion.report.limited |= cut;
        }
        if motion.sequencer.is_flagged() {
            motion.window_flags |= u16::from(clamped) * flag::CLAMPED;
            motion.window_flags |= u16::from(limited) * flag::LIMITED;
        }
        // A span of a disarmed guard is one sample.
        if !armed && !limited {
            motion.supervisor.ramping_to_safe = false;
        }
    }

    /// Phases, tones of the next samples, and the waves the lock-in needs for these.
    fn slot_pass(&mut self, span: &Span) {
        let state = self.motion.sequencer.state;
        self.motion.tones_fresh = self.motion.sequencer.tones();
        if !self.motion.tones_fresh {
            return;
        }
        let restart =
            state == State::LeadIn && span.before != State::LeadIn && !self.motion.sequencer.flows;
        let gate = self.motion.sequencer.gate(&self.settings);
        let has_codes = self.parameters.carriers.has_codes();
        let latency_samples = self.parameters.loop_latency_samples();
        let mut sum = [0_i32; BATCH_SAMPLES];
        let sum = &mut sum[..span.samples];
        let mut sounding = false;
        for index in 0..self.slots_used() {
            let slot = self.slots[index];
            let (oscillator, tuning) = (&mut self.motion.oscillators[index], self.tuning[index]);
            let place = index * BATCH_SAMPLES + span.column;
            let sines = &mut self.scratch.sines[place..][..span.samples];
            let cosines = &mut self.scratch.cosines[place..][..span.samples];
            let on = if slot.is_code && has_codes {
                let code = Code { rows: &self.rows, number: slot.start_phase, latency_samples };
                for (n, (sine, cosine)) in sines.iter_mut().zip(cosines).enumerate() {
                    let wave = oscillator.step_code(tuning, code, restart && n == 0, gate);
                    (*sine, *cosine) = (wave.sine, wave.cosine);
                }
                0..usize::from(gate) * span.samples
            } else {
                oscillator.span(tuning, slot.start_phase, restart, gate, sines, cosines)
            };
            if slot.drives {
                let amplitude = i32::from(slot.amplitude);
                for (sum, &sine) in sum[on.clone()].iter_mut().zip(&sines[on]) {
                    *sum = sum.wrapping_add(amplitude * i32::from(sine));
                }
                sounding |= oscillator.active;
            }
            if slot.last {
                let first = usize::from(slot.output) * TONES + 1;
                if let Some(line) = self.scratch.tones.get_mut(first..first + span.samples) {
                    line.copy_from_slice(sum);
                }
                sum.fill(0);
            }
        }
        self.motion.report.sounding = sounding;
    }

    /// Uses of the ADC codes `[samples, inputs]`, in order. The frames of the last sample's job come first.
    fn sense(&mut self, codes: &[i16], batch: Batch) {
        self.accumulate_window(codes, &batch);
        let last = batch.senses.len().saturating_sub(1);
        let samples = codes.chunks_exact(self.lockins.len());
        for (index, (codes, sense)) in samples.zip(&batch.senses).enumerate() {
            if index == last {
                self.finish(batch.job, batch.ended);
            }
            if let Some(cause) = sense.cause {
                self.send(Record::Event(Event { cause, time: self.time }));
            }
            if sense.watched {
                self.motion.supervisor.sense(codes, &self.settings);
            }
            if let Some(block) = self.capture.take(codes, self.time, &self.settings) {
                self.send(Record::Block(block));
            }
            self.time = self.time.wrapping_add(1);
        }
    }

    /// Adds the window's samples to sums and statistics of every input.
    fn accumulate_window(&mut self, codes: &[i16], batch: &Batch) {
        let (Range { start, end }, used) = (batch.window.clone(), self.slots_used());
        if start == end {
            return;
        }
        let inputs = self.lockins.len();
        let half_samples = 1_u32 << (self.settings.window_log2 - 1);
        let in_first_half = half_samples.saturating_sub(batch.window_before) as usize;
        let (costs, target, shift) = (self.costs(), self.cost_target, self.settings.cost_shift);
        for (input, lockin) in self.lockins.iter_mut().enumerate() {
            if batch.window_before == 0 {
                lockin.clear();
            }
            let samples =
                codes[start * inputs..end * inputs].iter().skip(input).step_by(inputs).copied();
            lockin.level(samples.clone(), in_first_half);
            let signal = &mut self.scratch.signal;
            if costs {
                signal.set(samples.map(|sample| cost(sample, target, shift)));
            } else {
                signal.set(samples);
            }
            for slot in 0..used {
                let waves = slot * BATCH_SAMPLES..slot * BATCH_SAMPLES + end - start;
                let Scratch { sines, cosines, signal, .. } = &self.scratch;
                lockin.accumulate(slot, signal, &sines[waves.clone()], &cosines[waves]);
            }
        }
    }
}
