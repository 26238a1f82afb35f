//! The whole instrument as the gateware's top sees it: bytes on one side, converters on the other.

use super::guard::{judge, Limits};
use super::lockin::Lockin;
use super::modulator::{Channel, Drive};
use super::nco::{Oscillator, Wave};
use super::sequencer::{Job, Report, Sequencer, State};
use super::settings::{info, Settings};
use super::update;
use crate::bench::Bench;
use hge_protocol::frame::{
    flag, End, EndReason, Epoch, Frame, Reply, Status, Window, REQUEST_BYTES,
};
use hge_protocol::registers::{self as map, command, mode, status};
use hge_protocol::table::{SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::Parameters;

/// Most samples worked out before the device is asked for their currents.
const BATCH_SAMPLES: usize = 1024;

/// What the lock-in does with one sample.
#[derive(Clone, Copy)]
struct Sense {
    accumulate: bool,
    first: bool,
    second_half: bool,
}

/// The model of the whole instrument, wired to a bench.
pub struct Model {
    parameters: Parameters,
    layout: TableLayout,
    settings: Settings,
    sequencer: Sequencer,
    table: Vec<u32>,
    tuning: Vec<u32>,
    slots: Vec<SlotWord>,
    limits: Vec<Limits>,
    oscillators: Vec<Oscillator>,
    channels: Vec<Channel>,
    codes: Vec<i16>,
    tones: Vec<i32>,
    tones_fresh: bool,
    lockin: Lockin,
    armed: bool,
    homing: bool,
    window_flags: u16,
    report: Report,
    sequence: u8,
    pending: Vec<u8>,
    output: Vec<u8>,
    bench: Box<dyn Bench>,
}

impl Model {
    /// An instrument after reset. `parameters` must pass [`Parameters::check`].
    pub fn new(parameters: Parameters, bench: Box<dyn Bench>) -> Self {
        let layout = TableLayout::of(&parameters);
        let slots = parameters.slots as usize;
        let outputs = parameters.outputs as usize;
        Model {
            parameters,
            settings: Settings::default(),
            sequencer: Sequencer { best_loss: u32::MAX, ..Sequencer::default() },
            table: vec![0; layout.words as usize],
            tuning: vec![0; slots],
            slots: vec![SlotWord::default(); slots],
            limits: vec![Limits::default(); outputs],
            oscillators: vec![Oscillator::default(); slots],
            channels: vec![Channel::default(); outputs],
            codes: vec![0; outputs],
            tones: vec![0; outputs],
            tones_fresh: false,
            lockin: Lockin::new(slots),
            layout,
            armed: false,
            homing: false,
            window_flags: 0,
            report: Report::default(),
            sequence: 0,
            pending: Vec::new(),
            output: Vec::new(),
            bench,
        }
    }

    /// Takes request bytes; whole requests are carried out at once.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= REQUEST_BYTES {
            let request: Vec<u8> = self.pending.drain(..REQUEST_BYTES).collect();
            let address = u16::from_le_bytes([request[2], request[3]]);
            let data = u32::from_le_bytes([request[4], request[5], request[6], request[7]]);
            let (status, data) = match request[0] {
                0x52 => {
                    self.read(address).map_or_else(|status| (status, 0), |data| (Status::Ok, data))
                }
                0x57 => (self.write(address, data), data),
                _ => (Status::BadOperation, 0),
            };
            self.say(Frame::Reply(Reply { sequence: request[1], status, address, data }));
        }
    }

    /// Hands over what the instrument has said. When there is nothing and it is busy, time goes on
    /// until it says something or comes to rest. `false`: nothing said, and nothing will be.
    pub fn deliver(&mut self, into: &mut Vec<u8>) -> bool {
        while self.output.is_empty() && (self.sequencer.busy() || self.homing) {
            self.run_batch();
        }
        let said = !self.output.is_empty();
        into.append(&mut self.output);
        said
    }

    fn say(&mut self, frame: Frame) {
        self.output.extend(frame.to_bytes(self.sequence));
        self.sequence = self.sequence.wrapping_add(1);
    }

    fn read(&mut self, address: u16) -> Result<u32, Status> {
        if let Some(value) = info(&self.parameters, address) {
            return Ok(value);
        }
        if address == map::STATUS {
            return Ok(u32::from(self.sequencer.busy()) * status::BUSY
                + u32::from(self.armed) * status::ARMED
                + u32::from(self.homing) * status::HOMING);
        }
        if let Some(value) = self.settings.read(address) {
            return Ok(value);
        }
        if address & 0xf000 == TABLE_BASE {
            if self.sequencer.busy() {
                return Err(Status::Busy);
            }
            // The gateware ignores the address bits that the table's size does not need.
            return Ok(self.table[(u32::from(address - TABLE_BASE) % self.layout.words) as usize]);
        }
        Err(Status::BadAddress)
    }

    fn write(&mut self, address: u16, data: u32) -> Status {
        let Some(register) = map::find(address) else { return Status::BadAddress };
        let index = usize::from(address - register.address);
        let free = match register.when {
            map::When::Always => true,
            map::When::Idle => !self.sequencer.busy(),
            map::When::Disarmed => !self.sequencer.busy() && !self.armed,
        };
        if register.access == map::Access::ReadOnly {
            return Status::BadAddress;
        }
        if !free {
            return Status::Busy;
        }
        match register.address {
            map::COMMAND => return self.command(data & 15),
            map::TUNING => {
                if let Some(word) = self.tuning.get_mut(index) {
                    *word = data;
                }
            }
            map::SLOT => {
                if let Some(word) = self.slots.get_mut(index) {
                    *word = SlotWord::from_word(data);
                }
            }
            map::GUARD => {
                if let Some(limits) = self.limits.get_mut(index / 4) {
                    let code = data as u16 as i16;
                    match index % 4 {
                        0 => limits.low = code,
                        1 => limits.high = code,
                        2 => limits.safe = code,
                        _ => {}
                    }
                }
            }
            map::TABLE => {
                let words = self.layout.words as usize;
                self.table[index % words] = data;
            }
            _ => {
                self.settings.write(address, data);
            }
        }
        Status::Ok
    }

    fn command(&mut self, command: u32) -> Status {
        match command {
            command::RUN if self.sequencer.busy() || !self.armed => return Status::Busy,
            command::RUN => self.sequencer.run_asked = true,
            command::STOP => self.stop(EndReason::Stopped),
            command::ARM if self.homing => return Status::Busy,
            command::ARM => self.armed = true,
            command::DISARM => {
                self.armed = false;
                self.homing = true;
                self.stop(EndReason::Disarmed);
            }
            _ => {}
        }
        Status::Ok
    }

    fn stop(&mut self, reason: EndReason) {
        if self.sequencer.busy() && self.sequencer.stop_asked.is_none() {
            self.sequencer.stop_asked = Some(reason);
        }
    }

    /// Works out samples until a job needs what the ADC saw, then asks the bench for it.
    fn run_batch(&mut self) {
        let mut drives: Vec<i16> = Vec::with_capacity(BATCH_SAMPLES * self.codes.len());
        let mut senses: Vec<Sense> = Vec::with_capacity(BATCH_SAMPLES);
        let mut waves: Vec<Wave> = Vec::new();
        let mut job = None;
        let mut ended = None;
        while senses.len() < BATCH_SAMPLES && job.is_none() && ended.is_none() {
            if !self.sequencer.busy() && !self.homing {
                break;
            }
            drives.extend_from_slice(&self.codes);
            let entering = self.sequencer.state;
            (job, ended) = self.sequencer.advance(&self.settings, self.report);
            self.output_pass();
            let window = self.sequencer.state == State::Window;
            self.slot_pass(entering, window.then_some(&mut waves));
            senses.push(Sense {
                accumulate: window,
                first: window && self.sequencer.count == 0,
                second_half: self.sequencer.count >> (self.settings.window_log2 - 1) != 0,
            });
        }
        let mut samples = vec![0; senses.len()];
        self.bench.samples(&drives, &mut samples);
        self.sense(&samples, &senses, &waves);
        if let Some(job) = job {
            self.work(job);
        }
        if let Some(reason) = ended {
            self.say(Frame::End(End {
                reason,
                best_start: self.sequencer.best_start as u8,
                best_loss: self.sequencer.best_loss,
                sample_clock: self.sequencer.sample_clock,
            }));
        }
    }

    /// Base, tone, shaping and guard of every output.
    fn output_pass(&mut self) {
        let shape = self.sequencer.tones() && self.settings.mode & mode::SHAPING != 0;
        if self.sequencer.state == State::LeadIn && self.sequencer.count == 0 {
            self.window_flags = 0;
        }
        let step = if self.armed { self.settings.step_limit } else { self.settings.safe_step };
        let mut moving = false;
        let mut cut = false;
        for (output, channel) in self.channels.iter_mut().enumerate() {
            let last = self.codes[output];
            let toned = self.tones_fresh && self.settings.tone_mask >> output & 1 == 1;
            let (code, unfinished) = channel.step(Drive {
                track: (!self.armed).then_some(last),
                ramp: self.sequencer.state == State::Ramp,
                ramp_step: self.settings.ramp_step as i32,
                tone: if toned { self.tones[output] } else { 0 },
                shape,
                dac_bits: self.parameters.dac_bits,
            });
            let verdict = judge(code, last, self.limits[output], self.armed, step as u16);
            self.codes[output] = verdict.code;
            moving |= unfinished;
            cut |= verdict.limited;
            if self.sequencer.tones() {
                self.window_flags |= u16::from(verdict.clamped) * flag::CLAMPED
                    | u16::from(verdict.limited) * flag::LIMITED;
            }
        }
        self.report.moving = moving || cut;
        if !self.armed && !cut {
            self.homing = false;
        }
    }

    /// Phases, tones of the next sample, and the waves the lock-in needs for this one.
    fn slot_pass(&mut self, before: State, mut waves: Option<&mut Vec<Wave>>) {
        self.tones_fresh = self.sequencer.tones();
        if !self.tones_fresh {
            return;
        }
        let restart = self.sequencer.state == State::LeadIn && before != State::LeadIn;
        let gate = self.sequencer.gate(&self.settings);
        let mut sum = 0_i32;
        let mut sounding = false;
        for index in 0..self.slots_used() {
            let slot = self.slots[index];
            let wave =
                self.oscillators[index].step(self.tuning[index], slot.start_phase, restart, gate);
            if slot.drives {
                if wave.active {
                    sum = sum.wrapping_add(i32::from(slot.amplitude) * i32::from(wave.sine));
                }
                sounding |= self.oscillators[index].active;
            }
            if slot.last {
                if let Some(tone) = self.tones.get_mut(usize::from(slot.output)) {
                    *tone = sum;
                }
                sum = 0;
            }
            if let Some(waves) = waves.as_deref_mut() {
                waves.push(wave);
            }
        }
        self.report.sounding = sounding;
    }

    fn sense(&mut self, samples: &[i16], senses: &[Sense], waves: &[Wave]) {
        let used = self.slots_used();
        let mut waves = waves.chunks_exact(used);
        for (&sample, sense) in samples.iter().zip(senses) {
            if !sense.accumulate {
                continue;
            }
            if sense.first {
                self.lockin.clear();
            }
            self.lockin.level(sample, sense.second_half);
            for (slot, wave) in waves.next().unwrap_or(&[]).iter().enumerate() {
                self.lockin.accumulate(slot, sample, wave.sine, wave.cosine);
            }
        }
    }

    fn slots_used(&self) -> usize {
        (self.settings.slots_used as usize).clamp(1, self.slots.len())
    }

    fn standalone(&self) -> bool {
        self.settings.mode & mode::STANDALONE != 0
    }

    /// The job at the beginning of a gap.
    fn work(&mut self, job: Job) {
        match job {
            Job::Start => {
                let stop_asked = self.sequencer.stop_asked;
                self.sequencer = Sequencer {
                    state: self.sequencer.state,
                    best_loss: u32::MAX,
                    stop_asked,
                    ..Sequencer::default()
                };
                self.clear_steps();
                if self.standalone() {
                    self.load_start();
                }
                self.load_case();
            }
            Job::Nothing => self.sequencer.over = self.sequencer.stop_asked.take(),
            Job::Window => {
                self.record();
                if self.standalone() && !self.sequencer.last_pass {
                    self.accumulate();
                }
                self.sequencer.case += 1;
                if self.sequencer.case >= self.settings.cases_used {
                    self.sequencer.case = 0;
                    self.finish_epoch();
                }
                self.load_case();
            }
        }
    }

    fn record(&mut self) {
        let mut flags = self.window_flags;
        if !self.sequencer.perturbs(&self.settings) {
            flags |= flag::UNPERTURBED;
        }
        if self.sequencer.last_pass {
            flags |= flag::FINAL;
        }
        if self.sequencer.saturated {
            flags |= flag::SATURATED;
        }
        let window = Window {
            epoch: self.sequencer.epoch as u16,
            case: self.sequencer.case as u8,
            start: self.sequencer.start as u8,
            sample_clock: self.sequencer.window_clock,
            flags,
            sum_first: self.lockin.first,
            sum_second: self.lockin.second,
            min: self.lockin.min,
            max: self.lockin.max,
            slots: self.lockin.sums[..self.slots_used()].to_vec(),
        };
        self.say(Frame::Window(window));
    }

    fn accumulate(&mut self) {
        let settings = &self.settings;
        let target = self.table[(self.layout.case_targets + self.sequencer.case) as usize];
        let error =
            update::case_error(self.lockin.first, self.lockin.second, settings.window_log2, target);
        self.sequencer.loss = self.sequencer.loss.saturating_add(error.loss);
        self.sequencer.saturated |= error.saturated;
        for slot in (0..self.slots_used()).filter(|&slot| self.slots[slot].drives) {
            let (addition, cut) = update::step_addition(
                self.lockin.sums[slot],
                self.table[self.layout.coefficients as usize + slot],
                error.weighted,
                settings.window_log2,
                settings.gradient_shift,
                settings.step_shift,
            );
            let step = &mut self.table[self.layout.steps as usize + slot];
            let (sum, cut_again) = update::add_step(*step as i32, addition);
            *step = sum as u32;
            self.sequencer.saturated |= cut || cut_again;
        }
    }

    fn finish_epoch(&mut self) {
        if self.sequencer.last_pass {
            self.sequencer.over = self.sequencer.over.or(Some(self.final_reason()));
            return;
        }
        if !self.standalone() {
            self.sequencer.epoch += 1;
            if self.sequencer.epoch >= self.settings.epochs {
                self.sequencer.over = Some(EndReason::Complete);
            }
            return;
        }
        let loss = self.sequencer.loss;
        if loss < self.sequencer.best_loss {
            self.sequencer.best_loss = loss;
            self.sequencer.best_start = self.sequencer.start;
            self.copy_row(self.layout.controls, self.layout.best);
        }
        let controls = self.row(self.layout.controls).iter().map(|&word| word as i32).collect();
        self.say(Frame::Epoch(Epoch {
            epoch: self.sequencer.epoch as u16,
            start: self.sequencer.start as u8,
            loss,
            best_loss: self.sequencer.best_loss,
            controls,
        }));
        self.apply();
        self.sequencer.loss = 0;
        self.sequencer.epoch += 1;
        if self.sequencer.epoch >= self.settings.epochs {
            self.sequencer.epoch = 0;
            self.sequencer.start += 1;
            self.load_start();
        }
        let reached = self.sequencer.best_loss <= self.settings.loss_stop;
        if reached || self.sequencer.start >= self.settings.starts_used {
            self.sequencer.last_pass = true;
            self.copy_row(self.layout.best, self.layout.controls);
        }
    }

    fn final_reason(&self) -> EndReason {
        if self.sequencer.best_loss <= self.settings.loss_stop {
            EndReason::LossReached
        } else {
            EndReason::Complete
        }
    }

    /// Moves the controls by the steps and clears the steps.
    fn apply(&mut self) {
        for slot in (0..self.slots_used()).filter(|&slot| self.slots[slot].drives) {
            let output = u32::from(self.slots[slot].output) % self.layout.row_words;
            let control = (self.layout.controls + output) as usize;
            let limits = self.table[(self.layout.control_limits + output) as usize];
            let step = self.table[self.layout.steps as usize + slot] as i32;
            self.table[control] = update::apply(self.table[control] as i32, step, limits) as u32;
        }
        self.clear_steps();
    }

    fn clear_steps(&mut self) {
        let base = self.layout.steps as usize;
        let used = self.slots_used();
        self.table[base..base + used].fill(0);
    }

    fn row(&self, base: u32) -> &[u32] {
        &self.table[base as usize..base as usize + self.parameters.outputs as usize]
    }

    fn copy_row(&mut self, from: u32, to: u32) {
        let words = self.row(from).to_vec();
        self.table[to as usize..to as usize + words.len()].copy_from_slice(&words);
    }

    /// Takes the controls of the present start from their table.
    fn load_start(&mut self) {
        let base = self.layout.start_control(self.sequencer.start % self.parameters.starts, 0);
        let words: Vec<u32> = self.row(base).iter().map(|&word| word << 16).collect();
        let to = self.layout.controls as usize;
        self.table[to..to + words.len()].copy_from_slice(&words);
    }

    /// Sets every output's target for the present case.
    fn load_case(&mut self) {
        for output in 0..self.parameters.outputs {
            let word = if self.settings.input_mask >> output & 1 == 1 {
                self.table[self.layout.case_input(self.sequencer.case, output) as usize] << 16
            } else {
                self.table[(self.layout.controls + output) as usize]
            };
            self.channels[output as usize].target = word as i32;
        }
    }
}
