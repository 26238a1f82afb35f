//! Telemetry at the full rate of the line: nothing is lost while somebody reads, and what is lost is counted. Memory stays where it
//! is, of a reader as of a training on a file of cases.

use hge_core::experiment::{Job, Source};
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_protocol::frame::{Frame, Record, BLOCK_SAMPLES};
use hge_protocol::registers::{self as map, command};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use hge_protocol::Parameters;
use hge_sim::bench::Bench;
use hge_sim::engine::{Engine, Time};
use hge_sim::model::Model;
use hge_tests::memory::MemoryGrowth;
use hge_tests::scenario::Script;
use hge_tests::{nightly, plane};

/// Bytes a second of a line of 3 Mbaud.
const LINE_BYTES_PER_S: usize = 300_000;

/// 24 MHz by 198 clocks: 121 kS/s, of which a capture makes 282 kB/s.
const PERIOD_CLOCKS: u32 = 198;

const CLOCK_HZ: u32 = 24_000_000;

/// The line is served a hundred times a second.
const TURNS_PER_S: usize = 100;

/// ADC codes that name their sample.
struct Counter(u32);

impl Bench for Counter {
    fn samples(&mut self, _codes: &[i16], adc: &mut [i16]) {
        for code in adc {
            *code = self.0 as i16;
            self.0 += 1;
        }
    }

    fn rewind(&mut self, samples: usize) {
        self.0 -= samples as u32;
    }
}

/// What a reader has found.
#[derive(Default)]
struct Reader {
    frames: u32,
    codes: u32,
    /// Frames whose numbers are missing.
    missing: u32,
    next: u32,
}

impl Reader {
    fn take(&mut self, frame: Frame) {
        let Frame::Telemetry(number, Record::Block(block)) = frame else { return };
        self.missing += number.wrapping_sub(self.next);
        self.next = number.wrapping_add(1);
        self.frames += 1;
        self.codes += block.codes.len() as u32;
        // The codes say where they belong: none is wrong, none is out of place.
        assert_eq!(block.time, number * BLOCK_SAMPLES as u32);
        for (offset, code) in (0..).zip(&block.codes) {
            assert_eq!(*code, (block.time + offset) as i16);
        }
    }
}

/// Captures for `seconds` of the instrument's time while a reader takes `share` of the line's rate.
fn capture(seconds: usize, share: f64) -> (Reader, u32, u32) {
    let mut memory = MemoryGrowth::begin();
    let mut engine = Model::new(Parameters::default(), Box::new(Counter(0)));
    let samples = (u64::from(CLOCK_HZ / PERIOD_CLOCKS) * seconds as u64) as u32;
    let mut script = Script::new(1);
    script.write_all(&[(map::SAMPLE_PERIOD, PERIOD_CLOCKS), (map::CAPTURE_SAMPLES, samples)]);
    script.command(command::CAPTURE);
    let mut line = Vec::new();
    for bytes in &script.lines {
        engine.send(bytes).unwrap();
        engine.advance(Time::Real, 0, usize::MAX, &mut line);
    }
    let turn_bytes = LINE_BYTES_PER_S as f64 * share / TURNS_PER_S as f64;
    let mut budget_bytes = 0.0;
    let mut reader = Reader::default();
    let mut deframer = Deframer::new(MOST_FRAME_WORDS);
    for turn in 0..seconds * TURNS_PER_S + TURNS_PER_S {
        line.clear();
        budget_bytes += turn_bytes;
        let room = f64::max(budget_bytes, 0.0) as usize;
        let turn_samples = CLOCK_HZ / PERIOD_CLOCKS / TURNS_PER_S as u32;
        engine.advance(Time::Real, turn_samples, room, &mut line);
        // A frame that was begun is ended: the line owes it.
        budget_bytes = (budget_bytes - line.len() as f64).min(turn_bytes);
        deframer.push(&line, |body| {
            reader.take(Frame::from_words(body.expect("a sound line")).expect("a known frame"));
        });
        if turn == TURNS_PER_S {
            memory.settle();
        }
    }
    assert!(memory.kb() < 1024, "memory grew by {} kB after the first second", memory.kb());
    line.clear();
    engine.advance(Time::Real, 1, usize::MAX, &mut line);
    deframer.push(&line, |body| {
        reader.take(Frame::from_words(body.expect("a sound line")).expect("a known frame"));
    });
    let made = engine.read(map::FRAMES).unwrap();
    let lost = engine.read(map::FRAMES_LOST).unwrap();
    // What was lost after the last frame that came shows in the counter alone.
    reader.missing += made - reader.next;
    (reader, made, lost)
}

/// Of the instrument's time: ten minutes at night, two by day, in which one byte kept of 30 would be 1 MB.
fn seconds() -> usize {
    nightly(600, 120)
}

#[needs(proc)]
#[test]
fn minutes_at_the_lines_rate_lose_nothing_while_the_reader_keeps_up() {
    let (reader, made, lost) = capture(seconds(), 1.0);
    assert_eq!((reader.missing, lost), (0, 0));
    assert_eq!(reader.frames, made);
    assert_eq!(reader.codes, CLOCK_HZ / PERIOD_CLOCKS * seconds() as u32);
}

#[needs(proc)]
#[test]
fn minutes_at_half_the_rate_lose_frames_and_count_each() {
    let (reader, made, lost) = capture(seconds(), 0.5);
    assert_eq!(reader.missing, lost);
    assert_eq!(reader.frames + lost, made);
    assert!(lost > made / 3, "{lost} of {made}");
}

#[test]
fn a_training_on_a_file_of_a_thousand_cases_of_two_outputs_takes_no_more_memory_with_time() {
    let mut memory = MemoryGrowth::begin();
    let path = std::env::temp_dir().join(format!("hge-thousand-{}.csv", std::process::id()));
    std::fs::write(&path, plane::csv(1000)).unwrap();
    let epochs = nightly(2500, 1000);
    // No loss is low enough: every epoch is run, with 32 cases from the file each.
    let text = format!(
        "device = \"linear:6,-3,4,1;2,5,-1,3\"\nrestarts = 1\nrms_error_na = 1e-6\n\
         [instrument]\ninputs = 2\ncases = 32\n[electrodes]\ninputs = [0, 1]\ncontrols = [2, 3]\n\
         control_low_v = [-1.5, -1.5]\ncontrol_high_v = [1.5, 1.5]\n[timing]\nwindow_samples = 64\n\
         [data]\nfile = \"{}\"\ninputs = [\"x\", \"y\"]\ntarget_na = [\"first\", \"second\"]\nbatch = 32\n[host]\nepochs = {epochs}\n",
        path.display()
    );
    let (experiment, source) = Source::parse("thousand.toml", text).unwrap();
    let job = Job::new(experiment, &source).unwrap();
    let (mut seen, mut grown_kb) = (0, 0);
    train(job, &Options::default(), &mut |_| {
        seen += 1;
        if seen == epochs / 10 {
            memory.settle();
        } else if seen > epochs / 10 {
            grown_kb = memory.kb();
        }
    })
    .unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(seen, epochs);
    println!("{grown_kb} kB after {epochs} epochs");
    // The losses and separations of 900 epochs are 14 kB.
    assert!(grown_kb < 512, "{grown_kb} kB");
}
