//! The current over time with tones on: ADC codes captured during a run.
//!
//! Codes carry the instrument's time, windows the sample of their run. The codes themselves determine the offset:
//! the sums over both halves of every window must equal those in its record. Without decimation they agree to the last bit, so
//! that any wrong code in a window is detected; if the current is constant several offsets fit, and the first is used.
//!
//! Blocks of a capture leave the instrument between its jobs of a run. Within windows only the last codes can be lost, up to two blocks, and none if 64
//! codes take longer than the jobs of a gap: a pass over all cases is decimated accordingly; a held case is not, and ends at the first missing
//! code. The line loses nothing if it carries 2.3 bytes a code.

use super::gradient::check;
use super::MeasureError;
use crate::plan::{Plan, Timing};
use crate::session::{Session, SessionError};
use hge_driver::{Beside, DriverError, RunEvent, RUN_CODES};
use hge_protocol::frame::{Window, BLOCK_SAMPLES};
use hge_protocol::registers::mode;
use hge_protocol::AdcCode;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Longest window.
const MOST_WINDOW: u32 = 1 << 16;

/// A window in a waveform.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Case, from 0.
    pub case: usize,
    /// First sample of the case, in seconds from the first of the waveform.
    pub begin_s: f64,
    /// The sample after its last.
    pub end_s: f64,
}

/// A current over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waveform {
    /// Samples a second.
    pub rate_hz: f64,
    /// The current at every sample, the first at time 0.
    pub currents_na: Vec<f64>,
    /// Windows in it, in order.
    pub windows: Vec<Span>,
    /// ADC or I-V converter was at an end of its range.
    pub clipped: bool,
}

impl Waveform {
    /// The samples of a window.
    pub fn of_window(&self, window: &Span) -> &[f64] {
        let count = self.currents_na.len();
        let place =
            |time_s: f64| ((time_s * self.rate_hz - 1e-6).ceil().max(0.0) as usize).min(count);
        let end = place(window.end_s);
        &self.currents_na[place(window.begin_s).min(end)..end]
    }

    /// Those of every window: between windows there may be gaps.
    pub fn pieces_na(&self) -> Vec<&[f64]> {
        self.windows.iter().map(|window| self.of_window(window)).collect()
    }
}

/// One pass over all cases at these controls, from its first sample to its last, with tones or without.
///
/// # Errors
/// Wrong number of controls or one beyond its range; codes were lost; or the instrument fails.
pub fn of_cases(
    session: &mut Session,
    controls_v: &[f64],
    perturb: bool,
) -> Result<Waveform, MeasureError> {
    let decimation = decimation(session.plan());
    let (waveform, missing) = pass(session, controls_v, perturb, decimation)?;
    lost(missing, waveform.currents_na.len())?;
    Ok(waveform)
}

/// Refuses gaps.
fn lost(missing: Vec<Range<usize>>, wanted: usize) -> Result<(), MeasureError> {
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.into_iter().map(|stretch| stretch.start as u32..stretch.end as u32);
    Err(DriverError::Capture { missing: missing.collect(), wanted: wanted as u32 }.into())
}

/// At least this number of samples of one case with tones on, in windows of up to 65536 samples, joined without the time between them. The session
/// keeps its present plan; its drift corrector must be set again.
///
/// # Errors
/// No such case; wrong number of controls or one beyond its range; codes were lost; or the instrument fails.
pub fn of_tones(
    session: &mut Session,
    controls_v: &[f64],
    case: usize,
    samples: u32,
) -> Result<Waveform, MeasureError> {
    check(session.plan(), controls_v)?;
    if samples == 0 {
        return Err(MeasureError::Nothing { what: "samples" });
    }
    let before = session.plan().clone();
    let plan = held(&before, case, samples)?;
    let window_samples = plan.grid().window_samples;
    session.change(plan)?;
    let mut whole: Option<Waveform> = None;
    let mut failed = None;
    for _ in 0..samples.div_ceil(window_samples) {
        match pass(session, controls_v, true, 1).and_then(|(part, missing)| cut(part, missing)) {
            Ok(part) => append(&mut whole, &part, case),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => {
            session.change(before)?;
            whole.ok_or(MeasureError::Nothing { what: "samples" })
        }
    }
}

/// The window up to the first missing code, if that is most of it.
fn cut(mut part: Waveform, missing: Vec<Range<usize>>) -> Result<Waveform, MeasureError> {
    for window in &mut part.windows {
        let place = |time_s: f64| (time_s * part.rate_hz).round() as usize;
        let (begin, end) = (place(window.begin_s), place(window.end_s));
        let Some(hole) = missing.iter().find(|hole| hole.end > begin && hole.start < end) else {
            continue;
        };
        if hole.start < end - (end - begin) / 4 {
            return lost(missing, part.currents_na.len()).map(|()| part);
        }
        window.end_s = hole.start as f64 / part.rate_hz;
    }
    Ok(part)
}

/// One case in a window of this number of samples, or of the longest, with tones at their frequencies.
fn held(plan: &Plan, case: usize, samples: u32) -> Result<Plan, MeasureError> {
    let mut configuration = plan.configuration().clone();
    let cases = configuration.cases_v.len();
    let inputs_v = configuration.cases_v.get(case).cloned();
    configuration.cases_v = vec![inputs_v.ok_or(MeasureError::Case { case, cases })?];
    let short = configuration.timing.window_samples;
    let window_samples = samples.clamp(short, MOST_WINDOW).next_power_of_two();
    configuration.timing = Timing { window_samples, ..configuration.timing };
    for control in &mut configuration.controls {
        control.cycles *= window_samples / short;
    }
    configuration.noise_slots.clear();
    // What the lock-in multiplies is of no matter here, and the cost's targets are one a case.
    configuration.cost = None;
    Ok(Plan::new(configuration, plan.parameters())?)
}

fn append(whole: &mut Option<Waveform>, part: &Waveform, case: usize) {
    let whole = whole.get_or_insert_with(|| Waveform {
        rate_hz: part.rate_hz,
        currents_na: Vec::new(),
        windows: Vec::new(),
        clipped: false,
    });
    for window in &part.windows {
        let begin_s = whole.currents_na.len() as f64 / whole.rate_hz;
        whole.currents_na.extend(part.of_window(window));
        let end_s = whole.currents_na.len() as f64 / whole.rate_hz;
        whole.windows.push(Span { case, begin_s, end_s });
    }
    whole.clipped |= part.clipped;
}

/// The smallest decimation at which no block is lost in the instrument, and all codes fit into the host's queue.
fn decimation(plan: &Plan) -> u16 {
    let timing = &plan.configuration().timing;
    let parameters = plan.parameters();
    let slots = plan.writes().iter().find(|write| write.0 == hge_protocol::registers::SLOTS_USED);
    let slots = slots.map_or(parameters.slots, |write| write.1);
    let jobs = parameters.most_job_clocks(slots, timing.window_samples.trailing_zeros());
    let period_clocks = f64::from(parameters.clock_hz) / plan.grid().rate_hz;
    let of_jobs = f64::from(jobs) / (period_clocks * BLOCK_SAMPLES as f64);
    let of_queue = plan.epoch_samples() / f64::from(RUN_CODES);
    of_jobs.max(of_queue).ceil().clamp(1.0, f64::from(u16::MAX)) as u16
}

fn pass(
    session: &mut Session,
    controls_v: &[f64],
    perturb: bool,
    decimation: u16,
) -> Result<(Waveform, Vec<Range<usize>>), MeasureError> {
    check(session.plan(), controls_v)?;
    let writes = session.plan().control_writes(controls_v);
    let bits = session.plan().mode_bits() | if perturb { mode::PERTURB } else { 0 };
    let expected = session.plan().configuration().cases_v.len();
    let (mut windows, input) = (Vec::new(), session.instrument().capture_input());
    session.instrument().write_all(&writes)?;
    let (end, captured) = session.instrument().run_captured(bits, decimation, |event| {
        if let RunEvent::Window(window) = event {
            if window.input == input {
                windows.push(window);
            }
        }
    })?;
    if windows.len() != expected {
        return Err(SessionError::Windows { found: windows.len(), expected }.into());
    }
    for window in &windows {
        // For what the guard did.
        session.reading(window)?;
    }
    let plan = session.plan();
    let samples = plan.grid().window_samples;
    let Some(first) = place(&captured, &windows, samples) else {
        lost(captured.missing, captured.codes.len())?;
        return Err(MeasureError::Apart);
    };
    let Beside { codes, missing, decimation } = captured;
    let every = u32::from(decimation);
    let last = (first + end.sample_clock.div_ceil(every) as usize).min(codes.len());
    let codes = &codes[first..last];
    let missing = missing
        .into_iter()
        .map(|hole| hole.start.max(first) - first..hole.end.clamp(first, last) - first)
        .filter(|hole| !hole.is_empty());
    let missing: Vec<Range<usize>> = missing.collect();
    let rate_hz = plan.grid().rate_hz / f64::from(every);
    let time_s = |sample: u32| f64::from(sample) / plan.grid().rate_hz;
    let scale = plan.scale().input(input.into());
    let ends =
        codes.iter().fold((i16::MAX, i16::MIN), |(min, max), &code| (min.min(code), max.max(code)));
    let waveform = Waveform {
        rate_hz,
        currents_na: codes.iter().map(|&code| scale.current_na(f64::from(code))).collect(),
        windows: windows
            .iter()
            .map(|window| Span {
                case: usize::from(window.case),
                begin_s: time_s(window.sample_clock),
                end_s: time_s(window.sample_clock + samples),
            })
            .collect(),
        clipped: scale.clips(AdcCode(ends.0), AdcCode(ends.1)),
    };
    Ok((waveform, missing))
}

/// Index of the code of the run's first sample.
pub fn place(captured: &Beside, windows: &[Window], samples: u32) -> Option<usize> {
    let mut sums = Vec::with_capacity(captured.codes.len() + 1);
    sums.push(0_i64);
    for &code in &captured.codes {
        sums.push(sums[sums.len() - 1] + i64::from(code));
    }
    let (every, half) = (u32::from(captured.decimation), samples / 2);
    // Codes of each half of every window, counted from the run's first, and the half's sum.
    let mut halves = Vec::new();
    for window in windows {
        for (begin, sum) in [
            (window.sample_clock, window.sum_first),
            (window.sample_clock + half, window.sum_second),
        ] {
            let from = begin.div_ceil(every) as usize;
            let to = (begin + half).div_ceil(every) as usize;
            halves.push((from, to, i64::from(sum)));
        }
    }
    let reach = halves.iter().map(|half| half.1).max()?;
    let mut places = 0..(captured.codes.len() + 1).checked_sub(reach)?;
    let is_whole = |first: usize, from: usize, to: usize| {
        let inside = |hole: &Range<usize>| hole.start < first + to && hole.end > first + from;
        !captured.missing.iter().any(inside)
    };
    let found = |first: usize, from: usize, to: usize| sums[first + to] - sums[first + from];
    if every == 1 {
        return places.find(|&first| {
            let mut whole = halves.iter().filter(|half| is_whole(first, half.0, half.1)).peekable();
            whole.peek().is_some() && whole.all(|&(from, to, sum)| found(first, from, to) == sum)
        });
    }
    // Of every so-many-th code means can only be near those of all.
    let off = |first: usize| -> f64 {
        let of_half = |&(from, to, sum): &(usize, usize, i64)| {
            let mean = found(first, from, to) as f64 / (to - from).max(1) as f64;
            (mean - sum as f64 / f64::from(half)).powi(2)
        };
        halves.iter().map(of_half).sum()
    };
    places.min_by(|&a, &b| off(a).total_cmp(&off(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(sample_clock: u32, codes: &[i16]) -> Window {
        let (first, second) = codes.split_at(codes.len() / 2);
        let sum = |codes: &[i16]| codes.iter().map(|&code| i32::from(code)).sum();
        Window {
            input: 0,
            epoch: 0,
            case: 0,
            start: 0,
            sample_clock,
            flags: 0,
            sum_first: sum(first),
            sum_second: sum(second),
            min: 0,
            max: 0,
            slots: Vec::new(),
        }
    }

    /// Codes without a pattern.
    fn code(n: u32) -> i16 {
        ((n.wrapping_mul(2_654_435_761) ^ (n << 7)) >> 20) as i16
    }

    #[test]
    fn a_run_is_found_in_the_codes_by_the_sums_of_its_windows_alone() {
        let codes: Vec<i16> = (0..5000).map(code).collect();
        let first = 777;
        let windows: Vec<Window> = [100, 1300, 2048]
            .map(|begin| window(begin, &codes[first + begin as usize..][..256]))
            .to_vec();
        let captured = Beside { codes, missing: Vec::new(), decimation: 1 };
        assert_eq!(place(&captured, &windows, 256), Some(first));
        let mut wrong = captured.clone();
        wrong.codes[first + 1400] ^= 1;
        assert_eq!(place(&wrong, &windows, 256), None);
        let short = Beside { codes: captured.codes[..first + 2300].to_vec(), ..captured.clone() };
        let mut holed = wrong.clone();
        holed.missing.push(first + 1390..first + 1420);
        assert_eq!(place(&holed, &windows, 256), Some(first));
        assert_eq!(place(&short, &windows, 256), None);
    }

    #[test]
    fn a_decimated_run_is_found_within_a_code_where_the_cases_differ() {
        // Steps from case to case, and a little noise.
        let of = |n: u32| code(n / 400) * 4 + code(n) % 40;
        let all: Vec<i16> = (0..9000).map(of).collect();
        let first = 900;
        let windows: Vec<Window> = [0, 300, 1500, 3300]
            .map(|begin| window(begin, &all[first + begin as usize..][..512]))
            .to_vec();
        let codes = all.iter().copied().step_by(3).collect();
        let found = place(&Beside { codes, missing: Vec::new(), decimation: 3 }, &windows, 512);
        assert_eq!(found, Some(first / 3));
    }

    #[test]
    fn a_window_ends_where_codes_are_missing_and_is_refused_if_that_is_early() {
        let span = Span { case: 0, begin_s: 0.1, end_s: 0.9 };
        let whole = Waveform {
            rate_hz: 1000.0,
            currents_na: vec![0.0; 1000],
            windows: vec![span],
            clipped: false,
        };
        let end_s = |hole: Range<usize>| {
            cut(whole.clone(), vec![hole]).map(|waveform| waveform.windows[0].end_s)
        };
        assert_eq!(end_s(850..950).unwrap(), 0.85);
        assert_eq!(end_s(900..950).unwrap(), 0.9);
        assert_eq!(end_s(50..100).unwrap(), 0.9);
        let message = end_s(300..320).unwrap_err().to_string();
        assert!(message.contains("300 to 319") && message.contains("decimation"), "{message}");
    }

    #[test]
    fn a_window_s_samples_are_those_from_its_begin_to_its_end() {
        let waveform = Waveform {
            rate_hz: 3000.0,
            currents_na: (0..30).map(f64::from).collect(),
            windows: vec![Span { case: 2, begin_s: 7.0 / 3000.0, end_s: 15.0 / 3000.0 }],
            clipped: false,
        };
        assert_eq!(waveform.pieces_na(), [&[7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0]]);
        let beyond = Span { case: 0, begin_s: 1.0, end_s: 2.0 };
        assert_eq!(waveform.of_window(&beyond), [0.0; 0]);
    }
}
