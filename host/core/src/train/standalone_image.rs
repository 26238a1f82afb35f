//! A board that trains without a host: its embedded requests, and the result of its run.
//!
//! The embedded requests are those of [`super::train`] for the same experiment: hello, every register and table,
//! arming, the start of the run; and disarming after it. `hge_gateware::boot` describes when each part is played.

use super::significance::{of_span, Gap, Test};
use super::standalone::{aimed, came_to, first_run, starts_a_run};
use super::{random, Outcome, Stream, TrainError};
use crate::experiment::{LoopMode, Task};
use hge_driver::{DriverError, Instrument};
use hge_protocol::frame::{
    flag, End, EndReason, Operation, Record, Request, Status, MOST_REGISTERS,
};
use hge_protocol::recording::{Recording, TooLong};
use hge_protocol::registers::{self as map, command};
use hge_protocol::table::TABLE_BASE;
use std::collections::BTreeMap;
use thiserror::Error;

/// Nonces of the board's own sessions. A hello begins a session only when its nonce is not the session's, and the same bytes
/// are played at every press: so each play begins two sessions, of which one at least is not the present one. A
/// host draws these by chance once in two thousand million times.
const NONCES: [u32; 2] = [0x4847_4530, 0x4847_4531];

/// Words of the table that are written as zero rather than ending a request: a new one takes 18 bytes.
const MOST_GAP_WORDS: u16 = 4;

/// An experiment that cannot be embedded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// See [`TooLong`].
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The rate does not fit the registers.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The loop needs a host.
    #[error("the loop of this experiment needs a host, which a standalone board does not have: set loop = \"standalone\"")]
    HostLoop,
    /// The experiment needs more than one run of the gateware.
    #[error("restarts is {restarts}, but a standalone board makes one run of {starts} starts at most: lower restarts, or raise standalone.starts_per_run up to the board's starts")]
    Runs {
        /// Asked for.
        restarts: u32,
        /// Starts of one run.
        starts: u32,
    },
}

/// The embedded requests of a board for `task`, identified by `tag` in `SCRATCH`.
///
/// # Errors
/// It needs a host or more than one run, or is too long.
pub fn recording(task: &Task, tag: u32) -> Result<Recording, EmbedError> {
    let experiment = &task.experiment;
    if experiment.loop_mode != LoopMode::Standalone {
        return Err(EmbedError::HostLoop);
    }
    let (restarts, starts) = (experiment.restarts, starts_a_run(experiment));
    if restarts > starts {
        return Err(EmbedError::Runs { restarts, starts });
    }
    // Every register is written once, and what the plan says first is overruled by the run.
    let mut registers = BTreeMap::from([(map::SCRATCH, tag)]);
    registers.extend(task.plan.writes().iter().copied());
    registers.extend(first_run(task, random(experiment.seed, Stream::Starts))?);
    let mut speaker = Speaker { nonce: NONCES[0], sequence: 0 };
    let mut settings = vec![speaker.hello()];
    speaker = Speaker { nonce: NONCES[1], sequence: 0 };
    settings.push(speaker.hello());
    for (address, values) in bursts(registers) {
        settings.push(speaker.write(address, values));
    }
    let begin = [command::ARM_STANDALONE, command::RUN];
    let begin = begin.map(|command| speaker.write(map::COMMAND, vec![command]));
    let end = speaker.write(map::COMMAND, vec![command::DISARM]);
    Ok(Recording::new([&settings, &begin, &[end]])?)
}

/// Session of the requests.
struct Speaker {
    nonce: u32,
    sequence: u16,
}

impl Speaker {
    fn hello(&self) -> Vec<u32> {
        self.request(Operation::Hello, 0, Vec::new())
    }

    fn write(&mut self, address: u16, values: Vec<u32>) -> Vec<u32> {
        self.sequence += 1;
        self.request(Operation::Write, address, values)
    }

    fn request(&self, operation: Operation, address: u16, values: Vec<u32>) -> Vec<u32> {
        let Self { nonce, sequence } = *self;
        let count = values.len() as u8;
        Request { operation, nonce, sequence, address, count, values }.to_words()
    }
}

/// Runs of addresses of at most 64 registers, small gaps in the table filled with zero: it starts as zero, and words between
/// those in use are of no effect.
fn bursts(registers: BTreeMap<u16, u32>) -> Vec<(u16, Vec<u32>)> {
    let mut bursts: Vec<(u16, Vec<u32>)> = Vec::new();
    for (address, value) in registers {
        if let Some((first, values)) = bursts.last_mut() {
            let length = usize::from(address - *first);
            let gap = (length - values.len()) as u16;
            let bridged = gap == 0 || (gap <= MOST_GAP_WORDS && *first >= TABLE_BASE);
            if bridged && length < MOST_REGISTERS {
                values.resize(length, 0);
                values.push(value);
                continue;
            }
        }
        bursts.push((address, vec![value]));
    }
    bursts
}

/// Result of a standalone run, as still stored in its instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    /// How and when it ended.
    pub end: End,
    /// The solution; `None`: the run did not complete. Epochs and starts are not counted.
    pub outcome: Option<Outcome>,
}

/// Result of the last run of an idle instrument, if the run was of `task`. `None`: there was no run, or later
/// measurements have overwritten it.
///
/// # Errors
/// The instrument fails, or the guard had to act.
pub fn last_run(instrument: &mut Instrument, task: &Task) -> Result<Option<LastRun>, TrainError> {
    let records = match instrument.last_epoch() {
        Ok(records) => records,
        Err(DriverError::Refused { status: Status::Gone, .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut finals = Vec::new();
    let mut ended = None;
    let outputs = task.data.train.targets.outputs;
    for record in records {
        match record {
            Record::Window(window)
                if usize::from(window.input) < outputs && window.flags & flag::FINAL != 0 =>
            {
                finals.push(window);
            }
            Record::End(end) => ended = Some(end),
            _ => {}
        }
    }
    let Some(end) = ended else { return Ok(None) };
    let complete = matches!(end.reason, EndReason::Complete | EndReason::LossReached);
    if complete && finals.is_empty() {
        // The last run was single windows for a host.
        return Ok(None);
    }
    let mut run = LastRun { end, outcome: None };
    if let Some(aim) = task.experiment.standalone.targets.first().filter(|_| complete) {
        let targets = aimed(&task.data.train.targets, aim);
        let estimator = task.experiment.host.estimator;
        let mut outcome = came_to(instrument, &task.plan, estimator, &targets, &finals, &end)?;
        // Nothing is measured here, which would overwrite the run: its single windows tell their noise.
        let keys = &task.experiment.standalone;
        let searched = task.experiment.restarts.saturating_mul(keys.epochs.saturating_add(1));
        let test = Test::of(&task.experiment, &targets, searched);
        let known = outcome.outputs_na.iter().zip(&finals).map(|(&output_na, window)| {
            let scale = task.plan.scale().input(window.input.into());
            let codes = (f64::from(window.max) - f64::from(window.min)).max(1.0);
            let span_na = codes / scale.adc_codes_per_na().abs();
            (output_na, of_span(span_na, task.plan.grid().window_samples))
        });
        let known: Vec<_> = known.collect();
        if let Some(gap) = Gap::between(&known, &targets, test.level()) {
            outcome.judge(gap, test.wanted_na);
        }
        outcome.samples = u64::from(end.sample_clock);
        run.outcome = Some(outcome);
    }
    Ok(Some(run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_bridged_in_the_table_alone_and_only_where_that_is_shorter() {
        let written = |addresses: &[u16]| {
            let registers = addresses.iter().map(|&address| (address, u32::from(address)));
            bursts(registers.collect())
        };
        assert_eq!(written(&[0x20, 0x22]), [(0x20, vec![0x20]), (0x22, vec![0x22])]);
        assert_eq!(
            written(&[0x1000, 0x1005, 0x100b]),
            [(0x1000, vec![0x1000, 0, 0, 0, 0, 0x1005]), (0x100b, vec![0x100b])]
        );
        let long: Vec<u16> = (0x1000..0x1050).collect();
        let lengths: Vec<usize> = written(&long).iter().map(|(_, values)| values.len()).collect();
        assert_eq!(lengths, [64, 16]);
    }
}
