//! Checks of each cause of a trip, with voltages that are safe for a resistor.

use super::guard::HOLD_SAMPLES;
use super::stand::{Stand, Trip};
use super::{Error, Operator, Row, Settings};
use hge_driver::{ArmMode, DriverError, FaultFlags, Subscription};
use hge_protocol::frame::Status;
use hge_protocol::registers::{self as map, fault};
use std::time::{Duration, Instant};

pub(super) const OVERCURRENT_HIGH: &str = "over-current, high codes";
pub(super) const OVERCURRENT_LOW: &str = "over-current, low codes";
pub(super) const RUN_TIME: &str = "run time";
pub(super) const LINK: &str = "damaged frames";
pub(super) const WATCHDOG: &str = "watchdog";
pub(super) const INTERLOCK: &str = "interlock";
pub(super) const UNPROVOKED: &str = "unprovoked trip";

/// In the order of the table.
pub(super) const CHECKS: [&str; 7] =
    [OVERCURRENT_HIGH, OVERCURRENT_LOW, RUN_TIME, LINK, WATCHDOG, INTERLOCK, UNPROVOKED];

/// Damaged frames in a row that trip the guard in the test.
const LINK_ERROR_LIMIT: u32 = 8;

/// Shares of the input's level at which the over-current must not trip, and must.
const QUIET: f64 = 1.4;
const OVER: f64 = 0.7;

/// Seconds of a run-time limit, and of the watchdog's.
const LIMIT_S: f64 = 0.5;

/// Time for measuring the sample rate of a board whose time advances.
const PACE: Duration = Duration::from_millis(100);

/// Silences at most.
const MOST_ATTEMPTS: u32 = 3;

/// Every cause, in order. `connected`: the output that moves the input, and its gain.
pub(super) fn check(
    stand: &mut Stand,
    settings: &Settings,
    operator: &mut dyn Operator,
    connected: Option<(usize, f64)>,
    each: &mut dyn FnMut(Row),
) -> Result<(), Error> {
    for check in [OVERCURRENT_HIGH, OVERCURRENT_LOW] {
        each(match connected {
            Some((output, gain)) => overcurrent(stand, check, output, gain)?,
            None => Row::not_run(check, "no output moves the input"),
        });
    }
    each(run_time(stand)?);
    each(damaged_frames(stand)?);
    each(watchdog(stand, settings)?);
    each(interlock(stand, operator)?);
    Ok(())
}

/// Outputs away from their safe values, armed, in a run.
fn away(stand: &mut Stand, arm: ArmMode, overrides: &[(u16, u32)]) -> Result<Subscription, Error> {
    let row = stand.row(0, stand.reach_v() / 4.0);
    stand.prepare(&row, 0.0, HOLD_SAMPLES, overrides)?;
    stand.hold(arm)
}

/// Samples after which a trip that has not come is missing.
fn patience(stand: &Stand) -> u32 {
    stand.ramp_samples() + (LIMIT_S * stand.rate_hz()) as u32
}

/// The fault of a trip, if any.
fn problem(trip: &Trip, cause: u32, missing: &str) -> Option<String> {
    if trip.armed {
        return Some(format!("{missing}: do not connect a device, check register protection, then build and flash the gateware again"));
    }
    if trip.fault != cause {
        let found = FaultFlags(trip.fault);
        return Some(format!(
            "register fault holds 0x{:02x} instead of 0x{cause:02x} alone ({found})",
            trip.fault
        ));
    }
    if !trip.away.is_empty() {
        return Some(format!(
            "outputs {:?} did not reach their safe values after the trip",
            trip.away
        ));
    }
    match trip.event {
        Some(event) if u32::from(event.cause) == cause => None,
        Some(event) => Some(format!("the event frame names cause 0x{:02x}", event.cause)),
        None => Some("no event frame came: the line loses telemetry".into()),
    }
}

/// A level above the threshold trips, one below does not.
fn overcurrent(
    stand: &mut Stand,
    check: &'static str,
    output: usize,
    gain: f64,
) -> Result<Row, Error> {
    let is_high = check == OVERCURRENT_HIGH;
    let sign = if (gain > 0.0) == is_high { 1.0 } else { -1.0 };
    let volts = sign * stand.reach_v() / 2.0;
    let row = stand.row(output, volts);
    let rest = stand.row(output, 0.0);
    // By what is seen, offset included, and not by what is declared.
    let level = stand.levels(&[rest, row.clone()])?[1].adc_v;
    let level = stand.adc_code(level);
    let code = |share: f64| ((level * share).abs().round() as u32).clamp(1, 32_767);
    let (quiet, over) = (code(QUIET), code(OVER));
    let zero = stand.scale().adc_zero_codes();
    if level.signum() != (level - zero).signum() || f64::from(over) <= zero.abs() {
        return Ok(Row::not_run(
            check,
            "the level shift exceeds the fixture's range at the input: use a smaller resistor",
        ));
    }
    let samples = stand.ramp_samples() + 256;

    stand.prepare(&row, 0.0, HOLD_SAMPLES, &[(map::OVERCURRENT, quiet)])?;
    let mut subscription = stand.hold(ArmMode::Host)?;
    let below = stand.tripped(&mut subscription, samples)?;

    stand.prepare(&row, 0.0, HOLD_SAMPLES, &[(map::OVERCURRENT, over)])?;
    let mut subscription = stand.hold(ArmMode::Host)?;
    let above = stand.tripped(&mut subscription, samples)?;

    let polarity = if is_high { "positive" } else { "negative" };
    let basis = format!("{polarity} code at the input; the guard trips at {OVER} of it and not at {QUIET}, fault 0x{:02x}", fault::OVERCURRENT);
    let problem = match below.armed {
        false => Some(format!("it trips at {QUIET} of the level ({}): the noise is too high or register overcurrent has no effect", FaultFlags(below.fault))),
        true => problem(&above, fault::OVERCURRENT, "the over-current does not trip the guard"),
    };
    Ok(Row::held(check, basis, problem).with_figure(level, "codes"))
}

/// Samples a second of the wall clock during a run.
fn pace(stand: &mut Stand) -> Result<f64, Error> {
    let (begun, from) = (Instant::now(), stand.instrument().read(map::TIME)?);
    std::thread::sleep(PACE);
    let passed = stand.instrument().read(map::TIME)?.wrapping_sub(from);
    Ok(f64::from(passed) / begun.elapsed().as_secs_f64())
}

/// Samples of half a second, of the instrument or of the wall clock where a simulation is slower.
fn limit_samples(stand: &mut Stand) -> Result<u32, Error> {
    let _heard = away(stand, ArmMode::Host, &[])?;
    let pace = pace(stand)?;
    stand.home()?;
    Ok((LIMIT_S * pace.min(stand.rate_hz())).round().max(64.0) as u32)
}

fn run_time(stand: &mut Stand) -> Result<Row, Error> {
    let limit = limit_samples(stand)?;
    let row = stand.row(0, stand.reach_v() / 4.0);
    stand.prepare(&row, 0.0, HOLD_SAMPLES, &[(map::RUN_LIMIT, limit)])?;
    let before = stand.instrument().read(map::TIME)?;
    let mut subscription = match stand.hold(ArmMode::Standalone) {
        Ok(subscription) => subscription,
        Err(Error::Driver(error @ DriverError::Refused { .. })) => {
            let problem = format!("the guard cannot be armed standalone: {error}");
            return Ok(Row::held(RUN_TIME, "armed standalone", Some(problem)));
        }
        Err(error) => return Err(error),
    };
    let samples = limit + patience(stand);
    let trip = stand.tripped(&mut subscription, samples)?;
    let basis = format!(
        "time from arming, standalone, to the trip; run_limit is {limit} samples, fault 0x{:02x}",
        fault::RUN_TIME
    );
    let missing = "the run-time limit does not trip the guard";
    Ok(timed(
        stand,
        RUN_TIME,
        limit,
        before,
        &trip,
        basis,
        problem(&trip, fault::RUN_TIME, missing),
    ))
}

/// A row of a trip that takes its time.
fn timed(
    stand: &Stand,
    check: &'static str,
    limit: u32,
    from: u32,
    trip: &Trip,
    basis: String,
    problem: Option<String>,
) -> Row {
    let rate_hz = stand.rate_hz();
    let seconds = |samples: f64| samples / rate_hz;
    let Some(event) = trip.event else {
        return Row::held(check, basis, problem);
    };
    let found = f64::from(event.time.wrapping_sub(from) as i32);
    let limit = f64::from(limit);
    // Requests take their time between the reading of the clock and the arming.
    let bounds = (seconds(limit - 2.0), seconds(1.2 * limit + 0.1 * rate_hz));
    let advice = "the time to the trip is wrong: check clock_hz and the sample rate";
    let row = Row::judged(check, seconds(found), "s", bounds, basis, advice);
    match problem {
        Some(problem) => row.failed(problem),
        None => row,
    }
}

fn damaged_frames(stand: &mut Stand) -> Result<Row, Error> {
    let mut subscription =
        away(stand, ArmMode::Host, &[(map::LINK_ERROR_LIMIT, LINK_ERROR_LIMIT)])?;
    let samples = stand.ramp_samples();
    stand.wait_samples(samples)?;
    stand.instrument().send_damaged(LINK_ERROR_LIMIT - 1)?;
    // A request follows: the guard counts from zero again.
    let early = stand.tripped(&mut subscription, samples)?;
    let basis = format!(
        "damaged frames in a row trip the guard, one less does not, fault 0x{:02x}",
        fault::LINK
    );
    if !early.armed {
        let problem = format!(
            "it trips before {LINK_ERROR_LIMIT} damaged frames ({}): the line itself damages frames",
            FaultFlags(early.fault)
        );
        return Ok(Row::held(LINK, basis, Some(problem)));
    }
    let mut subscription =
        away(stand, ArmMode::Host, &[(map::LINK_ERROR_LIMIT, LINK_ERROR_LIMIT)])?;
    stand.wait_samples(samples)?;
    stand.instrument().send_damaged(LINK_ERROR_LIMIT)?;
    // No request until the guard has judged: a sound frame would end the row.
    let event = Stand::event(&mut subscription, Duration::from_secs(1))?;
    let mut trip = stand.tripped(&mut subscription, samples)?;
    trip.event = trip.event.or(event);
    let problem = problem(&trip, fault::LINK, "damaged frames do not trip the guard");
    Ok(Row::held(LINK, basis, problem).with_figure(f64::from(LINK_ERROR_LIMIT), "frames"))
}

/// Stays silent for longer than the watchdog allows.
pub(super) fn watchdog(stand: &mut Stand, settings: &Settings) -> Result<Row, Error> {
    stand.home()?;
    let from = stand.instrument().read(map::TIME)?;
    std::thread::sleep(PACE);
    let passed = stand.instrument().read(map::TIME)?.wrapping_sub(from);
    let is_simulated = stand.instrument().build_hash() == 0;
    if is_simulated && passed == 0 && !settings.real_time {
        return Ok(Row::not_run(WATCHDOG, "the time of this simulated instrument, and its watchdog, stop while nothing is measured: serve it with --time real"));
    }
    let limit = limit_samples(stand)?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let (row, is_early) = silence(stand, limit)?;
        // A computer that was busy for so long has been silent before it meant to.
        if !is_early || attempts >= MOST_ATTEMPTS {
            return Ok(row);
        }
    }
}

/// A silence of twice the watchdog's time; whether it tripped before the silence began.
fn silence(stand: &mut Stand, limit: u32) -> Result<(Row, bool), Error> {
    let basis = format!(
        "time from the last request to the trip; watchdog is {limit} samples, fault 0x{:02x}",
        fault::WATCHDOG
    );
    let mut subscription = match away(stand, ArmMode::Host, &[(map::WATCHDOG, limit)]) {
        Ok(subscription) => subscription,
        Err(Error::Driver(error @ DriverError::Refused { .. })) => {
            return Ok((Row::held(WATCHDOG, basis, Some(error.to_string())), true));
        }
        Err(error) => return Err(error),
    };
    let pace = pace(stand)?.max(1.0);
    stand.instrument().stop_winding();
    let from = stand.instrument().read(map::TIME)?;
    let silence = Duration::from_secs_f64(2.0 * f64::from(limit) / pace + 0.5);
    let event = Stand::event(&mut subscription, silence)?;
    // A request winds it: what has not tripped by now does not.
    let mut trip = stand.tripped(&mut subscription, 1)?;
    trip.event = event.or(trip.event);
    let is_early = trip.event.is_some_and(|event| (event.time.wrapping_sub(from) as i32) < 0);
    let problem = problem(&trip, fault::WATCHDOG, "a silent host does not trip the guard");
    Ok((timed(stand, WATCHDOG, limit, from, &trip, basis, problem), is_early))
}

fn interlock(stand: &mut Stand, operator: &mut dyn Operator) -> Result<Row, Error> {
    let mut subscription = away(stand, ArmMode::Host, &[])?;
    let samples = stand.ramp_samples();
    stand.wait_samples(samples)?;
    if let Err(reason) = operator.set_interlock(false) {
        stand.home()?;
        return Ok(Row::not_run(INTERLOCK, reason));
    }
    let samples = patience(stand);
    let trip = stand.tripped(&mut subscription, samples)?;
    let mut problem = problem(
        &trip,
        fault::INTERLOCK,
        "the open interlock does not trip the guard (or it was not opened)",
    );
    if problem.is_none() {
        let refused = stand.instrument().arm(ArmMode::Host);
        match refused {
            Err(DriverError::Refused { status: Status::Unsafe, .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => problem = Some("the guard can be armed while the interlock is open".into()),
        }
        stand.home()?;
    }
    if let Err(reason) = operator.set_interlock(true) {
        problem = problem.or(Some(format!("it was not closed again: {reason}")));
    } else if problem.is_none() && !stand.instrument().state()?.interlock_closed {
        problem = Some("it reads open after it was closed: check its wires".into());
    }
    let basis = format!(
        "opened while armed: trips, fault 0x{:02x}; refuses to arm while open; closed again",
        fault::INTERLOCK
    );
    Ok(Row::held(INTERLOCK, basis, problem))
}
