//! Reference model of the complete instrument: byte streams on one side, converters on the other.

use super::batch::Scratch;
use super::capture::Capture;
use super::guard::Limits;
use super::lockin::Lockin;
use super::modulator::Channel;
use super::nco::Oscillator;
use super::sequencer::{Job, Report, Sequencer};
use super::session::Session;
use super::settings::Settings;
use super::supervisor::Supervisor;
use super::telemetry::Telemetry;
use crate::bench::Bench;
use crate::engine::{Passed, Time};
use hge_protocol::frame::{End, EndReason, Record};
use hge_protocol::registers::mode;
use hge_protocol::table::{SlotWord, TableLayout, CHIPS};
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use hge_protocol::{Analogue, Parameters};

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
    pub(super) scratch: Scratch,
    pub(super) capture: Capture,
    pub(super) table: Vec<u32>,
    /// Controls of the present window.
    pub(super) kept: Vec<u32>,
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
            scratch: Scratch::new(slots, outputs),
            capture: Capture::default(),
            table: vec![0; layout.words as usize],
            kept: vec![0; outputs],
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
    pub(super) fn active(&self) -> bool {
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

    pub(super) fn send(&mut self, record: Record) {
        self.telemetry.push(&record, false);
    }

    pub(super) fn finish(&mut self, job: Option<Job>, ended: Option<EndReason>) {
        if let Some(job) = job {
            self.work(job);
        }
        if let Some(reason) = ended {
            self.send(Record::End(End {
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

    /// Whether the host may write the table during a run.
    pub(super) fn follows(&self) -> bool {
        self.parameters.update.is_hardware() && !self.standalone()
    }

    pub(super) fn standalone(&self) -> bool {
        self.settings.mode & mode::STANDALONE != 0
    }
}
