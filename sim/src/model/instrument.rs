//! The whole instrument as the gateware's top sees it: bytes on one side, converters on the other.

use super::guard::{judge, Limits};
use super::lockin::Lockin;
use super::modulator::{Channel, Drive};
use super::nco::{Oscillator, Wave};
use super::sequencer::{Report, Sequencer, State};
use super::settings::Settings;
use crate::bench::Bench;
use hge_protocol::frame::{flag, End, Frame, Reply, Status, REQUEST_BYTES};
use hge_protocol::registers::mode;
use hge_protocol::table::{SlotWord, TableLayout};
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
    pub(super) parameters: Parameters,
    pub(super) layout: TableLayout,
    /// As written.
    pub(super) registers: Settings,
    /// As the run takes them: confined to what the gateware was made for.
    pub(super) settings: Settings,
    pub(super) sequencer: Sequencer,
    pub(super) table: Vec<u32>,
    pub(super) tuning: Vec<u32>,
    pub(super) slots: Vec<SlotWord>,
    pub(super) limits: Vec<Limits>,
    pub(super) oscillators: Vec<Oscillator>,
    pub(super) channels: Vec<Channel>,
    pub(super) codes: Vec<i16>,
    pub(super) tones: Vec<i32>,
    pub(super) tones_fresh: bool,
    pub(super) lockin: Lockin,
    pub(super) armed: bool,
    pub(super) homing: bool,
    pub(super) window_flags: u16,
    pub(super) report: Report,
    pub(super) sequence: u8,
    pub(super) pending: Vec<u8>,
    pub(super) output: Vec<u8>,
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

    pub(super) fn say(&mut self, frame: Frame) {
        self.output.extend(frame.to_bytes(self.sequence));
        self.sequence = self.sequence.wrapping_add(1);
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
                self.window_flags |= u16::from(verdict.clamped) * flag::CLAMPED;
                self.window_flags |= u16::from(verdict.limited) * flag::LIMITED;
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

    pub(super) fn slots_used(&self) -> usize {
        self.settings.slots_used as usize
    }

    pub(super) fn standalone(&self) -> bool {
        self.settings.mode & mode::STANDALONE != 0
    }
}
