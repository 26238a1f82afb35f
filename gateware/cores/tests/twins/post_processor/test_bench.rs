//! The post-processor between the memories, the ring and the modulator that it works with.

use crate::bench::{raw, unsigned, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::engine::word;
use hge_gateware::post_processor::PostProcessor;
use hge_protocol::frame::{SlotSums, Window};
use hge_protocol::table::{SlotWord, TableLayout};
use hge_protocol::Parameters;

/// Kinds of job on the `kind` port.
pub const RUN: u64 = 0;
pub const WINDOW: u64 = 1;
pub const END: u64 = 2;

/// What the post-processor did in one job.
#[derive(Debug, Default, PartialEq)]
pub struct JobResult {
    /// Frames that it finished, and the words that it asked room for.
    pub frames: Vec<Vec<u32>>,
    pub asked: Vec<u64>,
    /// Frames that an epoch began with.
    pub marks: usize,
    /// Targets of the outputs, in the order they came.
    pub targets: Vec<(u64, u32)>,
    pub recorded: bool,
    /// The run is over, with this reason.
    pub over: Option<u64>,
    pub event_taken: bool,
    pub block_taken: bool,
    /// From the start to the end, and to when the next case was ready.
    pub clocks: u32,
    pub ready_clocks: u32,
}

/// The post-processor and all that answers it.
pub struct TestBench {
    pub bench: Bench<PostProcessor>,
    pub random: Stimulus,
    pub parameters: Parameters,
    pub layout: TableLayout,
    pub table: Vec<u32>,
    pub words: Vec<SlotWord>,
    /// `[inputs][slots]`.
    pub sums: Vec<Vec<SlotSums>>,
    /// As the capture keeps them: codes, and the time at 64 and 65.
    /// By their addresses.
    pub settings: [u32; 64],
    /// Of the last window: words 24 to 29 of the slots' pass, of every input.
    levels: Vec<[u16; 6]>,
    pub block: Vec<u16>,
    /// Number of the next frame.
    pub number: u32,
    /// Whether the ring has room.
    pub room: bool,
    /// With the update in hardware: the next window has begun.
    past: bool,
    /// Slot and input of the last two clocks.
    asked: [(u64, u64); 2],
}

impl TestBench {
    pub fn new(parameters: Parameters, seed: u64) -> Self {
        let layout = TableLayout::of(&parameters);
        TestBench {
            bench: Bench::new(PostProcessor::new(&parameters), |core| &mut core.clock),
            random: Stimulus::new(seed),
            parameters,
            layout,
            table: vec![0; layout.words as usize],
            words: vec![SlotWord::default(); parameters.slots as usize],
            sums: vec![
                vec![SlotSums::default(); parameters.slots as usize];
                parameters.inputs as usize
            ],
            settings: [0; 64],
            levels: vec![[0; 6]; parameters.inputs as usize],
            block: vec![0; 128],
            number: 0,
            room: true,
            past: false,
            asked: [(0, 0); 2],
        }
    }

    /// Starts a job of a run and serves the post-processor until it is done.
    pub fn job(&mut self, kind: u64) -> JobResult {
        self.bench.core.kind.next = raw(kind);
        self.bench.core.start.next = true;
        self.past = false;
        for opens in &mut self.bench.core.opens {
            opens.next = false;
        }
        self.work()
    }

    /// Serves the post-processor until it rests; memories answer a clock late.
    pub fn work(&mut self) -> JobResult {
        let mut result = JobResult::default();
        let mut frame: Option<Vec<u32>> = None;
        loop {
            self.clock(&mut result, &mut frame);
            result.clocks += 1;
            self.bench.core.start.next = false;
            self.bench.settle();
            if self.bench.core.working.val() {
                result.ready_clocks = result.clocks;
            }
            self.open();
            if !self.bench.core.busy.val() {
                assert!(frame.is_none(), "a frame is not finished");
                return result;
            }
            assert!(result.clocks < 2_000_000, "the job does not end");
        }
    }

    /// With the update in hardware the next window begins now and then, once the post-processor is ready for it.
    fn open(&mut self) {
        let is_ready = !self.bench.core.working.val();
        for opens in &mut self.bench.core.opens {
            self.past = self.past || opens.val();
            opens.next = is_ready && !self.past && self.random.once_in(50);
        }
    }

    /// The slot scan answers in the clock of the request, if slot and input have stood for two clocks; from the window that the job is of.
    fn answer_at_once(&mut self) {
        let core = &self.bench.core;
        let read_slot = unsigned(core.read_slot.val());
        let asked = (read_slot & 127, unsigned(core.read_input.val()));
        let stands = self.asked.iter().all(|&before| before == asked)
            && read_slot >> 7 == u64::from(self.past);
        let data = if stands { self.engine_word().into() } else { self.random.noise() };
        self.asked = [asked, self.asked[0]];
        self.bench.core.engine_ready.next = self.bench.core.engine_read.val();
        self.bench.core.engine_data.next = raw(data);
        self.bench.settle();
    }

    fn clock(&mut self, result: &mut JobResult, frame: &mut Option<Vec<u32>>) {
        // The modulator is busy now and then.
        let is_ready = !self.random.once_in(3);
        let core = &mut self.bench.core;
        core.target_ready.next = is_ready;
        core.number.next = raw(u64::from(self.number));
        self.bench.settle();
        if self.parameters.update.is_hardware() {
            self.answer_at_once();
        }
        // Room is given in the clock of `begin_frame` alone.
        let begins = self.bench.core.begin_frame.val();
        self.bench.core.fits.next = self.room == begins;
        self.bench.settle();
        let core = &self.bench.core;
        let pair = unsigned(core.frame_word.val()) as u32;
        result.event_taken |= core.event_taken.val();
        result.block_taken |= core.block_taken.val();
        result.recorded |= core.recorded.val();
        if core.over.val() {
            result.over = Some(unsigned(core.over_reason.val()));
        }
        if begins {
            assert!(frame.is_none());
            result.asked.push(unsigned(core.words.val()));
            *frame = self.room.then(Vec::new);
        }
        result.marks += usize::from(core.mark.val());
        if core.word_write.val() {
            frame.as_mut().expect("a word of no frame").push(pair);
        }
        if core.commit.val() {
            result.frames.push(frame.take().expect("no frame to commit"));
            self.number = self.number.wrapping_add(1);
        }
        if core.target_write.val() && is_ready {
            let target = unsigned(core.target_data.val()) as u32;
            result.targets.push((unsigned(core.target_index.val()), target));
        }
        // The slots' pass keeps the post-processor waiting now and then; what it says is the word asked for in the clock before.
        let core = &self.bench.core;
        let answers = core.engine_read.val() && !self.random.once_in(3);
        let answer = if answers { u64::from(self.engine_word()) } else { self.random.noise() };
        let core = &self.bench.core;
        let setting = self.settings[unsigned(core.setting_address.val()) as usize];
        let shows = core.setting_request.val() && !self.random.once_in(3);
        let setting = if shows { setting } else { self.random.noise() as u32 };
        self.bench.core.setting_granted.next = shows;
        self.bench.settle();
        let core = &self.bench.core;
        let place = unsigned(core.read_address.val()) as usize % self.table.len();
        let code = unsigned(core.read_code.val()) as usize;
        let write = core.write.val().then(|| {
            let place = unsigned(core.write_address.val()) as usize % self.table.len();
            (place, unsigned(core.write_data.val()) as u32)
        });
        self.bench.edge();
        let core = &mut self.bench.core;
        core.event.next = core.event.val() && !result.event_taken;
        core.block.next = core.block.val() && !result.block_taken;
        core.read_data.next = raw(u64::from(self.table[place]));
        core.stored.next = raw(u64::from(setting));
        if !self.parameters.update.is_hardware() {
            core.engine_ready.next = answers;
            core.engine_data.next = raw(answer);
        }
        core.code.next = raw(u64::from(self.block[code]));
        if let Some((place, data)) = write {
            self.table[place] = data;
        }
    }

    /// Everything but the sums that a window leaves behind at an input.
    pub fn set_samples(&mut self, input: usize, window: &Window) {
        let halves = |sum: i32| [sum as u16, (sum >> 16) as u16];
        let levels = &mut self.levels[input];
        levels[..2].copy_from_slice(&halves(window.sum_first));
        levels[2..4].copy_from_slice(&halves(window.sum_second));
        levels[4..].copy_from_slice(&[window.min as u16, window.max as u16]);
    }

    /// The word of the slots' pass that the post-processor asks for.
    fn engine_word(&self) -> u16 {
        let core = &self.bench.core;
        let read_slot = unsigned(core.read_slot.val());
        // Bit 7 selects the window with the update in hardware.
        let bits = if self.parameters.update.is_hardware() { 127 } else { 255 };
        let slot = (read_slot & bits) as usize % self.words.len();
        let input = unsigned(core.read_input.val()) as usize % self.sums.len();
        let SlotSums { in_phase, quadrature } = self.sums[input][slot];
        match unsigned(core.engine_word.val()) as u8 {
            word::ROUTE => (self.words[slot].to_word() >> 16) as u16,
            place @ word::IN_PHASE..word::QUADRATURE => {
                (in_phase >> (16 * (place - word::IN_PHASE))) as u16
            }
            place @ word::QUADRATURE..16 => {
                (quadrature >> (16 * (place - word::QUADRATURE))) as u16
            }
            // Words that are none of the scan's are asked for and not used.
            place => {
                let place = usize::from(place.wrapping_sub(word::SUM_FIRST));
                self.levels[input].get(place).copied().unwrap_or_default()
            }
        }
    }
}
