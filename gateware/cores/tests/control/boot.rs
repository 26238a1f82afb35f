//! What is built in, played byte by byte, against a description in terms of a queue and times.

use crate::bench::Bench;
use hge_gateware::boot::{settled_clocks, Boot};
use hge_protocol::recording::{Recording, TooLong, MOST_BYTES};
use hge_protocol::wire::seal;
use hge_verilog::testbench::Random;
use std::collections::VecDeque;

/// Makes the button's count 8 clocks.
const CLOCK_HZ: u32 = 800;

#[derive(Clone, Copy, Debug, Default)]
struct Inputs {
    button: bool,
    armed: bool,
    active: bool,
    busy: bool,
    ready: bool,
}

/// Bytes on the line and when they come.
struct Model {
    parts: [Vec<u8>; 3],
    /// What is left of the part that is played.
    line: VecDeque<u8>,
    playing: bool,
    /// Clocks until the next byte, or the part's end.
    pause: u32,
    played: usize,
    pressed: bool,
    levels: [bool; 2],
    up: bool,
    /// Clocks for which the button has not been as it counts.
    otherwise: u32,
    /// It was pressed in the clock before, which is when it counts.
    presses: bool,
    ran: bool,
}

impl Model {
    fn new(parts: [Vec<u8>; 3]) -> Self {
        let mut model = Model {
            parts,
            line: VecDeque::new(),
            playing: false,
            pause: 0,
            played: 0,
            pressed: false,
            levels: [false; 2],
            up: false,
            otherwise: 0,
            presses: false,
            ran: false,
        };
        model.play(0);
        model
    }

    fn play(&mut self, part: usize) {
        self.line = self.parts[part].iter().copied().collect();
        self.played = part;
        self.playing = true;
        self.pause = 1;
    }

    /// Whether something is played, and the byte that stands.
    fn outputs(&self) -> (bool, Option<u8>) {
        let stands = self.playing && self.pause == 0;
        (self.playing, self.line.front().copied().filter(|_| stands))
    }

    fn clock(&mut self, inputs: Inputs) {
        let [newer, down] = self.levels;
        self.levels = [inputs.button, newer];
        self.otherwise = if down == self.up { self.otherwise + 1 } else { 0 };
        let settles = self.otherwise == settled_clocks(CLOCK_HZ);
        let presses = std::mem::replace(&mut self.presses, settles && self.up);
        if settles {
            self.up = !self.up;
            self.otherwise = 0;
        }
        let over = self.ran && !inputs.busy;
        self.ran = inputs.busy;
        if !self.playing {
            if presses && !inputs.armed && !inputs.active {
                self.pressed = true;
                self.play(0);
            } else if over && self.played == 2 {
                self.played = 3;
                if inputs.armed {
                    self.play(2);
                }
            }
        } else if self.pause > 0 {
            self.pause -= 1;
        } else if self.line.is_empty() {
            self.playing = false;
            self.played += 1;
            if self.pressed && self.played == 1 {
                self.play(1);
            }
        } else if inputs.ready {
            self.line.pop_front();
            self.pause = 1;
        }
    }
}

fn bodies() -> [Vec<Vec<u32>>; 3] {
    [
        vec![vec![1, 2, 3], vec![0, 0, 0, 0, 0xffff_ffff], (0..67).collect()],
        vec![vec![0; 3], vec![7, 8, 9]],
        vec![vec![0x0100_0000, 0, 0xff]],
    ]
}

fn recording() -> Recording {
    let [first, second, third] = bodies();
    Recording::new([&first, &second, &third]).expect("a short one")
}

/// What a host would send: a zero, then every frame.
fn on_the_line() -> [Vec<u8>; 3] {
    bodies().map(|part| {
        let mut line = vec![0];
        part.iter().for_each(|body| seal(body, &mut line));
        line
    })
}

struct TestBench {
    bench: Bench<Boot>,
    model: Model,
    /// Bytes that were taken.
    taken: Vec<u8>,
}

impl TestBench {
    fn new() -> Self {
        let core = Boot::new(&recording(), CLOCK_HZ);
        let mut bench = Bench::new(core, |core| &mut core.clock);
        bench.core.reset.next = true;
        (0..3).for_each(|_| bench.step());
        bench.core.reset.next = false;
        bench.settle();
        TestBench { bench, model: Model::new(on_the_line()), taken: Vec::new() }
    }

    /// A clock, in which core and model must say the same.
    fn clock(&mut self, inputs: Inputs) {
        let core = &mut self.bench.core;
        core.button.next = inputs.button;
        core.armed.next = inputs.armed;
        core.active.next = inputs.active;
        core.busy.next = inputs.busy;
        core.ready.next = inputs.ready;
        self.bench.settle();
        let core = &self.bench.core;
        let byte = core.valid.val().then(|| core.byte.val().index() as u8);
        assert_eq!((core.plays.val(), byte), self.model.outputs(), "{inputs:?}");
        self.taken.extend(byte.filter(|_| inputs.ready));
        self.bench.step();
        self.model.clock(inputs);
    }

    /// The words taken in this number of clocks.
    fn pass(&mut self, clocks: usize, inputs: Inputs) -> Vec<u8> {
        self.taken.clear();
        (0..clocks).for_each(|_| self.clock(inputs));
        std::mem::take(&mut self.taken)
    }
}

const IDLE: Inputs =
    Inputs { button: false, armed: false, active: false, busy: false, ready: true };
const NOTHING: [u8; 0] = [];
const PRESSED: Inputs = Inputs { button: true, ..IDLE };

/// Enough for every part, two clocks a byte.
const LONG: usize = 1200;

#[test]
fn every_byte_comes_when_the_description_says() {
    let mut dice = Random(0x51ab_77e3);
    let mut bench = TestBench::new();
    let mut inputs = IDLE;
    let mut plays = 0;
    for _ in 0..60_000 {
        inputs.ready = dice.once_in(2);
        // Bounces, and levels that stay.
        let pace = dice.pick(&[4, 60]);
        inputs.button ^= dice.once_in(pace);
        inputs.armed ^= dice.once_in(300);
        inputs.active ^= dice.once_in(300);
        inputs.busy ^= dice.once_in(300);
        let before = bench.model.playing;
        bench.clock(inputs);
        plays += usize::from(!before && bench.model.playing);
    }
    assert!(plays > 10, "the button was hardly ever heard: {plays}");
}

#[test]
fn registers_at_power_up_all_at_a_press_and_disarming_after_the_run() {
    let [first, second, third] = on_the_line();
    let mut bench = TestBench::new();
    assert_eq!(bench.pass(LONG, IDLE), first);
    let mut twice = first.clone();
    twice.extend(&second);
    for press in 0..2 {
        assert_eq!(bench.pass(LONG, PRESSED), twice, "press {press}");
        let armed = Inputs { armed: true, active: true, busy: true, ..IDLE };
        assert_eq!(bench.pass(100, armed), NOTHING);
        assert_eq!(bench.pass(100, Inputs { active: false, busy: false, ..armed }), third);
        assert_eq!(bench.pass(100, IDLE), NOTHING);
    }
    // One that was ended by the guard or by a host needs no end.
    assert_eq!(bench.pass(LONG, PRESSED), twice);
    let running = Inputs { armed: true, active: true, busy: true, ..IDLE };
    assert_eq!(bench.pass(100, running), NOTHING);
    assert_eq!(bench.pass(100, IDLE), NOTHING);
    // Nor has a later one, of a host.
    assert_eq!(bench.pass(100, running), NOTHING);
    assert_eq!(bench.pass(100, Inputs { armed: true, ..IDLE }), NOTHING);
}

#[test]
fn a_press_too_early_too_short_or_while_armed_or_active_is_forgotten() {
    let [first, ..] = on_the_line();
    let mut bench = TestBench::new();
    bench.pass(20, IDLE);
    // While the first part is played.
    bench.pass(20, PRESSED);
    bench.pass(LONG, IDLE);
    for _ in 0..50 {
        assert_eq!(bench.pass(7, PRESSED), NOTHING);
        assert_eq!(bench.pass(3, IDLE), NOTHING);
    }
    for busy in [Inputs { armed: true, ..IDLE }, Inputs { active: true, ..IDLE }] {
        assert_eq!(bench.pass(40, Inputs { button: true, ..busy }), NOTHING);
        assert_eq!(bench.pass(40, busy), NOTHING);
    }
    assert_eq!(bench.pass(40, IDLE), NOTHING);
    assert!(bench.pass(LONG, PRESSED).starts_with(&first));
}

#[test]
fn a_button_held_at_power_up_begins_nothing_before_it_was_released() {
    let [first, ..] = on_the_line();
    let mut bench = TestBench::new();
    assert_eq!(bench.pass(LONG, PRESSED), first);
    assert_eq!(bench.pass(LONG, PRESSED), NOTHING);
    assert_eq!(bench.pass(12, IDLE), NOTHING);
    assert!(bench.pass(LONG, PRESSED).starts_with(&first));
}

#[test]
fn without_a_recording_nothing_is_played() {
    let mut bench = Bench::new(Boot::new(&Recording::default(), CLOCK_HZ), |core| &mut core.clock);
    bench.core.ready.next = true;
    for clock in 0..200 {
        bench.core.button.next = clock / 40 % 2 == 1;
        bench.settle();
        assert!(!bench.core.plays.val());
        bench.step();
    }
}

#[test]
fn the_buttons_count_is_ten_to_twenty_milliseconds() {
    for clock_hz in [12_000_000, 24_000_000, 27_000_000, 50_000_000, 125_000_000] {
        let milliseconds = 1e3 * f64::from(settled_clocks(clock_hz)) / f64::from(clock_hz);
        assert!((10.0..20.0).contains(&milliseconds), "{clock_hz}: {milliseconds}");
    }
}

#[test]
fn a_recording_that_is_too_long_is_refused_with_its_length() {
    let body = vec![0x0101_0101; 67];
    let many = vec![body; 20];
    let Err(TooLong { bytes }) = Recording::new([&many, &[], &[]]) else { panic!("it fits") };
    assert!(bytes > MOST_BYTES);
}
