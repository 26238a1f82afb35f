//! Recorder and frames against `hge_protocol::frame`: the words in the ring are the frame's.

use crate::bench::{raw, signed, Bench, Random};
use hge_gateware::frames::Frames;
use hge_gateware::recorder::Recorder;
use hge_protocol::frame::{Block, End, EndReason, Epoch, Event, Record, SlotSums, Window};
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;

/// What the recorder did with the ring.
#[derive(Debug, Default)]
struct Ring {
    /// Words asked for, whether an epoch was marked.
    begun: Option<(u64, bool)>,
    words: Vec<u32>,
    committed: bool,
    block_taken: bool,
    event_taken: bool,
    /// Clocks from the start to the recorder's rest.
    clocks: u64,
}

struct Rig {
    recorder: Bench<Recorder>,
    frames: Bench<Frames>,
    sums: Vec<SlotSums>,
    table: Vec<u32>,
    /// As the capture keeps them: codes, and the time at 64 and 65.
    block: Vec<u16>,
    number: u32,
}

impl Rig {
    fn new(parameters: Parameters, random: &mut Random) -> Self {
        let words = TableLayout::of(&parameters).words;
        let sum = |random: &mut Random| SlotSums {
            in_phase: random.bits() as i64 >> 16,
            quadrature: random.bits() as i64 >> 16,
        };
        Rig {
            recorder: Bench::new(Recorder::new(&parameters), |core| &mut core.clock),
            frames: Bench::new(Frames::default(), |core| &mut core.clock),
            sums: (0..256).map(|_| sum(random)).collect(),
            table: (0..words).map(|_| random.bits() as u32).collect(),
            block: (0..128).map(|_| random.bits() as u16).collect(),
            number: random.bits() as u32,
        }
    }

    /// Lets the recorder work until it rests; memories answer a clock late.
    fn work(&mut self, fits: bool) -> Ring {
        let mut ring = Ring::default();
        for clock in 0..4000 {
            self.recorder.settle();
            self.frames.core.frame.next = self.recorder.core.frame.val();
            self.frames.core.place.next = self.recorder.core.place.val();
            self.frames.settle();
            self.recorder.core.head.next = self.frames.core.word.val();
            self.recorder.core.number.next = raw(u64::from(self.number));
            // Room is told in the clock of `begin` alone.
            self.recorder.core.fits.next = fits == self.recorder.core.begin.val();
            self.recorder.settle();
            let core = &self.recorder.core;
            ring.event_taken |= core.event_taken.val();
            ring.block_taken |= core.block_taken.val();
            if core.begin.val() {
                assert!(ring.begun.is_none());
                ring.begun = Some((core.words.val().to_u64(), core.mark.val()));
            } else {
                assert!(!core.mark.val());
            }
            if core.word_write.val() {
                assert!(ring.begun.is_some() && !ring.committed);
                ring.words.push(core.word.val().to_u64() as u32);
            }
            if core.commit.val() {
                assert!(!ring.committed);
                ring.committed = true;
            }
            let slot = core.read_slot.val().to_u64() as usize;
            let address = core.read_address.val().to_u64() as usize & (self.table.len() - 1);
            let place = core.read_code.val().to_u64() as usize;
            if clock > 0 && !core.busy.val() {
                ring.clocks = clock;
                return ring;
            }
            self.recorder.edge();
            let core = &mut self.recorder.core;
            core.start.next = false;
            core.event.next = false;
            core.block.next = core.block.next && !ring.block_taken;
            core.in_phase.next = raw(self.sums[slot].in_phase as u64);
            core.quadrature.next = raw(self.sums[slot].quadrature as u64);
            core.read_data.next = raw(u64::from(self.table[address]));
            core.code.next = raw(u64::from(self.block[place]));
        }
        panic!("the recorder does not come to rest");
    }

    /// Works and compares with the record.
    fn check(&mut self, record: &Record, is_marked: bool) {
        let ring = self.work(true);
        let expected = record.to_words(self.number);
        assert_eq!(ring.words, expected, "{record:?}");
        assert_eq!(ring.begun, Some((expected.len() as u64, is_marked)));
        assert!(ring.committed);
        assert_eq!(ring.event_taken, matches!(record, Record::Event(_)));
        assert_eq!(ring.block_taken, matches!(record, Record::Block(_)));
        // What `Parameters::most_gap_clocks` reckons with.
        assert_eq!(ring.clocks, 3 * expected.len() as u64 + 4);
        self.number = self.number.wrapping_add(1);
    }

    fn window(&mut self, slots: u32, random: &mut Random) -> Window {
        let flags = random.below(64) as u16;
        let window = Window {
            epoch: random.bits() as u16,
            case: random.below(3) as u8,
            start: random.below(32) as u8,
            sample_clock: random.bits() as u32,
            flags,
            sum_first: random.bits() as i32,
            sum_second: random.bits() as i32,
            min: random.bits() as i16,
            max: random.bits() as i16,
            slots: self.sums[..slots as usize].to_vec(),
        };
        // The guard's flags are gathered from the restart on.
        let clamped = flags & 1 != 0;
        let limited = flags & 2 != 0;
        for (begin, clamped, limited) in
            [(false, true, true), (true, false, false), (false, clamped, limited)]
        {
            let core = &mut self.frames.core;
            core.tones.next = true;
            core.begin.next = begin;
            core.restart.next = true;
            core.clamped.next = clamped;
            core.limited.next = limited;
            self.frames.edge();
        }
        let core = &mut self.frames.core;
        core.tones.next = false;
        core.unperturbed.next = flags & 4 != 0;
        core.last_pass.next = flags & 8 != 0;
        core.late.next = flags & 16 != 0;
        core.saturated.next = flags & 32 != 0;
        core.epoch.next = raw(u64::from(window.epoch));
        core.case_number.next = raw(u64::from(window.case));
        core.start_number.next = raw(u64::from(window.start));
        core.window_clock.next = raw(u64::from(window.sample_clock));
        core.slots_used.next = raw(u64::from(slots));
        core.sum_first.next = signed(i64::from(window.sum_first));
        core.sum_second.next = signed(i64::from(window.sum_second));
        core.least.next = signed(i64::from(window.min));
        core.greatest.next = signed(i64::from(window.max));
        self.recorder.core.slots_used.next = raw(u64::from(slots));
        self.recorder.core.first_case.next = window.case == 0;
        window
    }
}

fn configurations() -> [Parameters; 3] {
    let small = Parameters { outputs: 2, slots: 1, cases: 1, starts: 1, ..Parameters::default() };
    let large = Parameters { outputs: 32, slots: 256, ..Parameters::default() };
    [Parameters::default(), small, large]
}

#[test]
fn windows_epochs_and_ends_are_the_protocols_words() {
    let mut random = Random(0x0bad_cafe_1234);
    for parameters in configurations() {
        let mut rig = Rig::new(parameters, &mut random);
        for _ in 0..30 {
            let slots = 1 + random.below(u64::from(parameters.slots)) as u32;
            let window = rig.window(slots, &mut random);
            let is_marked = window.case == 0;
            rig.recorder.core.start.next = true;
            rig.recorder.core.kind.next = raw(0);
            rig.check(&Record::Window(window), is_marked);
            let (epoch, start) = (random.bits() as u16, random.below(32) as u8);
            let (loss, best_loss) = (random.bits() as u32, random.bits() as u32);
            let controls = TableLayout::of(&parameters).controls as usize;
            let row = controls..controls + parameters.outputs as usize;
            let core = &mut rig.frames.core;
            core.epoch.next = raw(u64::from(epoch));
            core.case_number.next = raw(0);
            core.start_number.next = raw(u64::from(start));
            core.loss.next = raw(u64::from(loss));
            core.best_loss.next = raw(u64::from(best_loss));
            rig.recorder.core.first_case.next = true;
            rig.recorder.core.start.next = true;
            rig.recorder.core.kind.next = raw(1);
            let controls = rig.table[row].iter().map(|&word| word as i32).collect();
            rig.check(&Record::Epoch(Epoch { epoch, start, loss, best_loss, controls }), false);
            let reasons = [EndReason::Complete, EndReason::LossReached, EndReason::Tripped];
            let reason = random.pick(&reasons);
            let (best_start, sample_clock) = (random.below(32) as u8, random.bits() as u32);
            let core = &mut rig.frames.core;
            core.reason.next = raw(u64::from(reason.code()));
            core.best_start.next = raw(u64::from(best_start));
            core.sample_clock.next = raw(u64::from(sample_clock));
            rig.recorder.core.start.next = true;
            rig.recorder.core.kind.next = raw(2);
            let end = End { reason, best_start, best_loss, sample_clock };
            rig.check(&Record::End(end), false);
        }
    }
}

#[test]
fn events_and_blocks_are_the_protocols_words() {
    let mut random = Random(0x0dd_ba11);
    let mut rig = Rig::new(Parameters::default(), &mut random);
    rig.recorder.core.resting.next = true;
    for codes in 1..=64 {
        let (cause, time) = (1 + random.below(31) as u8, random.bits() as u32);
        rig.frames.core.cause.next = raw(u64::from(cause));
        rig.frames.core.event_time.next = raw(u64::from(time));
        rig.recorder.core.event.next = true;
        rig.check(&Record::Event(Event { cause, time }), false);
        rig.block = (0..128).map(|_| random.bits() as u16).collect();
        let decimation = random.bits() as u16;
        rig.frames.core.codes.next = raw(codes);
        rig.frames.core.decimation.next = raw(u64::from(decimation));
        rig.recorder.core.codes.next = raw(codes);
        rig.recorder.core.block.next = true;
        let time = u32::from(rig.block[64]) | (u32::from(rig.block[65]) << 16);
        let codes = rig.block[..codes as usize].iter().map(|&code| code as i16).collect();
        rig.check(&Record::Block(Block { time, decimation, codes }), false);
    }
}

#[test]
fn a_frame_without_room_is_lost_at_once() {
    let mut random = Random(0x10_57);
    let mut rig = Rig::new(Parameters::default(), &mut random);
    rig.recorder.core.resting.next = true;
    for kind in 0..3 {
        rig.recorder.core.start.next = true;
        rig.recorder.core.kind.next = raw(kind);
        let ring = rig.work(false);
        assert!(ring.begun.is_some() && ring.words.is_empty() && !ring.committed);
        assert_eq!(ring.clocks, 2);
    }
    rig.recorder.core.codes.next = raw(64);
    rig.recorder.core.block.next = true;
    let ring = rig.work(false);
    assert!(ring.block_taken && ring.words.is_empty());
}

#[test]
fn a_run_goes_before_an_event_and_an_event_before_a_block() {
    let mut random = Random(0x0de);
    let mut rig = Rig::new(Parameters::default(), &mut random);
    let kind = |ring: Ring| ring.words[0] & 0xff;
    rig.recorder.core.codes.next = raw(1);
    rig.recorder.core.start.next = true;
    rig.recorder.core.kind.next = raw(2);
    rig.recorder.core.event.next = true;
    rig.recorder.core.block.next = true;
    rig.recorder.core.resting.next = false;
    assert_eq!(kind(rig.work(true)), 3);
    // Not before the jobs rest.
    rig.recorder.core.event.next = true;
    for _ in 0..20 {
        rig.recorder.edge();
        assert!(!rig.recorder.core.busy.val());
    }
    rig.recorder.core.resting.next = true;
    assert_eq!(kind(rig.work(true)), 4);
    assert_eq!(kind(rig.work(true)), 5);
}
