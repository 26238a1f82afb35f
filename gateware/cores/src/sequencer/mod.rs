//! Sequencer: the state of each sample.
//!
//! At a tick it changes to the state of the sample that begins:
//!
//! ```text
//! Idle -> Gap -> Ramp -> Settle -> LeadIn -> Window -> Tail -> Gap -> (next case) Ramp ...
//! ```
//!
//! A gap begins with a job of the post-processor (record, update, next case's values) and lasts at least `gap`
//! samples; if the job takes longer, the gap is extended and the next record is flagged. With the update in hardware ([`Sequencer::with_short_gap`])
//! bits 30..16 of the setting are the length after a window that does not end its epoch, which leaves less to be done.
//!
//! In continuous mode a window that `continues` has no tail: tones run on through gap, ramp, settling and lead-in, phases do not restart, and a stop in any
//! of them leads to the tail.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `tick` | in, 1 | a sample begins |
//! | `run`, `stop`, `disarm`, `trip` | in, 1 | pulses; all except the first end the run, the earliest of them sets the reason |
//! | `window_log2`, `mode` | in, 5 + 3 | see `hge_protocol::registers` |
//! | `setting_request`, `setting_address`, `setting_granted`, `stored` | out 1 + 6, in 1 + 24 | read request, address, grant and value of the length of gap, settle or lead-in; once a sample, within 24 clocks of its beginning |
//! | `ends`, `upper` | in, 1 + 24 | with the update in hardware: the case is the epoch's last; bits 30..16 of the setting, with `stored`: the gap after other cases, unless 0 |
//! | `continues`, `runs_on` | in, 1, out, 1 | with the update in hardware: continuous mode, the next window follows with tones on; they run on from the window before into this sample |
//! | `moving`, `sounding` | in, 1 | of the previous sample: bases still ramp; tones are still on |
//! | `busy`, `ramp`, `tones`, `restart`, `gate`, `take`, `first`, `second_half` | out, 1 | state of this sample |
//! | `now` | in, 32 | the present sample since power-up |
//! | `began`, `marked` | out, 32 + 32 | the sample before the run's first; before the last window's first, or the run's end |
//! | `late`, `end_reason` | out, 1 + 3 | a gap was too long; reason of the end of the run |
//! | `post_processor_start`, `post_processor_kind` | out, 1 + 2 | a job of the post-processor begins: 0 of a new run, 1 after a window, 2 at the end |
//! | `post_processor_working`, `recorded`, `last_pass` | in, 1 | the job is in progress; the window's record is written; the following windows have no tones |
//! | `post_processor_over`, `post_processor_reason` | in, 1 + 3 | the run ends with this gap, and its reason |

mod kernel;

use crate::gated::Inputs;
use crate::leaf::{memories_are_late, Fixed, DFF};
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Gap,
    Ramp,
    Settle,
    LeadIn,
    Window,
    Tail,
}

/// States of a sample.
#[derive(LogicBlock, Inputs, Default)]
pub struct Sequencer {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// Start a run.
    pub run: Signal<In, Bit>,
    /// End the run.
    pub stop: Signal<In, Bit>,
    /// End the run, the guard is disarmed.
    pub disarm: Signal<In, Bit>,
    /// End the run, the guard has tripped.
    pub trip: Signal<In, Bit>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<In, Bits<5>>,
    /// Read request for a length.
    pub setting_request: Signal<Out, Bit>,
    /// Address of the length: `settle`, `lead_in` or `gap`.
    pub setting_address: Signal<Out, Bits<6>>,
    /// The read is granted in this clock.
    pub setting_granted: Signal<In, Bit>,
    /// The length, a clock later.
    pub stored: Signal<In, Bits<24>>,
    /// Bit 0 perturb, bit 1 standalone.
    pub mode: Signal<In, Bits<3>>,
    /// Bases still ramp, or the guard limited a step.
    pub moving: Signal<In, Bit>,
    /// Tones are still on.
    pub sounding: Signal<In, Bit>,
    /// A run is in progress, or about to start.
    pub busy: Signal<Out, Bit>,
    /// Bases ramp in this sample.
    pub ramp: Signal<Out, Bit>,
    /// The slot scan runs in this sample.
    pub tones: Signal<Out, Bit>,
    /// Phases restart in this sample.
    pub restart: Signal<Out, Bit>,
    /// Tones may continue past their next zero crossing.
    pub gate: Signal<Out, Bit>,
    /// The sample belongs to the window.
    pub take: Signal<Out, Bit>,
    /// The sample is the first of the window.
    pub first: Signal<Out, Bit>,
    /// The sample belongs to the window's second half.
    pub second_half: Signal<Out, Bit>,
    /// The window has no tones.
    pub unperturbed: Signal<Out, Bit>,
    /// A gap was longer than its setting.
    pub late: Signal<Out, Bit>,
    /// Present sample since power-up.
    pub now: Signal<In, Bits<32>>,
    /// That before the run's first.
    pub began: Signal<Out, Bits<32>>,
    /// That before the last window's first, or before the run's end.
    pub marked: Signal<Out, Bits<32>>,
    /// Reason of the end of the run.
    pub end_reason: Signal<Out, Bits<3>>,
    /// A job of the post-processor begins.
    pub post_processor_start: Signal<Out, Bit>,
    /// 0 of a new run, 1 after a window, 2 at the end.
    pub post_processor_kind: Signal<Out, Bits<2>>,
    /// The job is in progress.
    pub post_processor_working: Signal<In, Bit>,
    /// The window's record is written.
    pub recorded: Signal<In, Bit>,
    /// The following windows have no tones.
    pub last_pass: Signal<In, Bit>,
    /// The run ends with this gap.
    pub post_processor_over: Signal<In, Bit>,
    /// Reason of the run's end.
    pub post_processor_reason: Signal<In, Bits<3>>,
    /// The case is the epoch's last; with the update in hardware.
    pub ends: Vec<Signal<In, Bit>>,
    /// Bits 30..16 of the setting.
    pub upper: Vec<Signal<In, Bits<24>>>,
    /// The next window follows with tones on; with the update in hardware.
    pub continues: Vec<Signal<In, Bit>>,
    /// Tones run on from the window before into this sample.
    pub runs_on: Vec<Signal<Out, Bit>>,
    /// The same.
    flowing: Vec<DFF<Bit>>,
    /// The gap is that after another case; its length as read, a clock later, and as used.
    is_short: Vec<DFF<Bit>>,
    upper_copy: Vec<DFF<Bits<24>>>,
    short_length: Vec<Signal<Local, Bits<24>>>,
    state: DFF<State>,
    count: DFF<Bits<24>>,
    began_at: DFF<Bits<32>>,
    marked_at: DFF<Bits<32>>,
    run_asked: DFF<Bit>,
    stop_asked: DFF<Bit>,
    stop_reason: DFF<Bits<3>>,
    over: DFF<Bit>,
    over_reason: DFF<Bits<3>>,
    was_late: DFF<Bit>,
    /// The length of the present sample's state is still to be read; and is being read.
    needs_setting: DFF<Bit>,
    shown: DFF<Bit>,
    /// The value read, a clock later, and that it was read.
    length_copy: DFF<Bits<24>>,
    was_shown: DFF<Bit>,
    /// Late memories: the word is used from the register.
    is_late: Fixed<Bit>,
    /// The present sample is the last of its state.
    at_length: DFF<Bit>,
    spent: Signal<Local, Bits<24>>,
    /// Length of a window in samples; the setting is constant during a run.
    window_length: DFF<Bits<24>>,
    half_length: Signal<Local, Bits<24>>,
    length: Signal<Local, Bits<24>>,
    looked_up: Signal<Local, Bits<24>>,
    /// Of a gap: the lower half of its setting.
    gap_length: Signal<Local, Bits<24>>,
    is_there: Signal<Local, Bit>,
    perturbs: Signal<Local, Bit>,
    in_run: Signal<Local, Bit>,
}

impl Sequencer {
    /// With a gap of its own length after cases that do not end an epoch, and continuous mode, if `is_there`.
    pub fn with_short_gap(mut self, is_there: bool) -> Self {
        let count = usize::from(is_there);
        self.ends = (0..count).map(|_| Signal::default()).collect();
        self.upper = (0..count).map(|_| Signal::default()).collect();
        self.continues = (0..count).map(|_| Signal::default()).collect();
        self.runs_on = (0..count).map(|_| Signal::default()).collect();
        self.flowing = (0..count).map(|_| DFF::default()).collect();
        self.is_short = (0..count).map(|_| DFF::default()).collect();
        self.upper_copy = (0..count).map(|_| DFF::default()).collect();
        self.short_length = (0..count).map(|_| Signal::default()).collect();
        self
    }

    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        self.is_late = Fixed::new(memories_are_late(clock_hz));
        self
    }
}
