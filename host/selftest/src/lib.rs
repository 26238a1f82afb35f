//! The self-test of a first power-on: a resistor or a wire from an output to the input, and no device.
//!
//! | module | content |
//! |---|---|
//! | [`row`](Row) | measured value and verdict of a check |
//! | [`fixture`](Fixture) | the fixture in place of the device, and who connects it |
//! | `stand` | holds voltages, measures levels and tones, trips the guard |
//! | `signal` | offset, noise, hum, scale, polarity, latency, lock-in |
//! | `output` | gain, steps, range and isolation of an output |
//! | `guard` | limits, step limit, disarming, output switch |
//! | `trips` | each cause that trips the guard |
//! | `registers` | restores the registers |
//! | [`bench`] | the same on a simulated bench |
//!
//! Each single fault fails one check: gains are medians over the DAC's bits, outputs are compared with each other, trips use
//! measured values instead of declared ones. A check that depends on a failed one is not run, and its row gives the reason.

pub mod bench;
mod fixture;
mod guard;
mod output;
mod registers;
mod row;
mod signal;
mod stand;
mod trips;

pub use fixture::{Fixture, Operator, Unit};
pub use row::{Report, Row, Verdict};

use hge_core::measure::MeasureError;
use hge_core::plan::{Plan, PlanError};
use hge_core::session::SessionError;
use hge_core::spectrum::SpectrumError;
use hge_driver::scale::Scale;
use hge_driver::text::number;
use hge_driver::{DriverError, Instrument};
use hge_protocol::registers as map;
use output::{Examined, Gain};
use registers::Found;
use stand::Stand;
use thiserror::Error;

/// Steps of the DAC that an output must be able to go to either side of 0 V.
const LEAST_STEPS: f64 = 64.0;

/// The self-test could not go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// See [`DriverError`].
    #[error(transparent)]
    Driver(DriverError),
    /// See [`SessionError`].
    #[error(transparent)]
    Session(SessionError),
    /// See [`MeasureError`].
    #[error(transparent)]
    Measure(MeasureError),
    /// See [`PlanError`].
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// See [`SpectrumError`].
    #[error(transparent)]
    Spectrum(#[from] SpectrumError),
    /// Someone uses the instrument.
    #[error("the instrument is {what}: end that first, e.g. with `hge set command=4`, then start the self-test again")]
    InUse {
        /// What it does.
        what: &'static str,
    },
    /// No such output.
    #[error("output {output} is not on this instrument, which has 0 to {last}: name others in --outputs")]
    Output {
        /// Asked for.
        output: usize,
        /// Last one.
        last: usize,
    },
    /// The limits leave no room about 0 V.
    #[error("the self-test drives outputs to both sides of 0 V, but output {output} has {} to {} V: widen guard.low_v and guard.high_v", number(*low_v), number(*high_v))]
    Limits {
        /// Output.
        output: usize,
        /// Low limit.
        low_v: f64,
        /// High limit.
        high_v: f64,
    },
    /// Time of the instrument does not pass.
    #[error("{samples} samples did not pass within 20 s: the instrument's clock has stopped, power it up again")]
    Stalled {
        /// Waited for.
        samples: u32,
    },
}

impl From<DriverError> for Error {
    fn from(error: DriverError) -> Self {
        Error::Driver(error)
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Driver(error) => Error::Driver(error),
            error => Error::Session(error),
        }
    }
}

impl From<MeasureError> for Error {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Session(error) => error.into(),
            error => Error::Measure(error),
        }
    }
}

/// Fixture, outputs and limits of the test.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Outputs that are connected, one after the other.
    pub outputs: Vec<usize>,
    /// What connects them.
    pub fixture: Fixture,
    /// All of `outputs` are connected together, each by a fixture of its own.
    pub connected_at_once: bool,
    /// Share by which the scale may be off.
    pub tolerance: f64,
    /// Noise density that passes.
    pub noise_na_per_rt_hz: f64,
    /// Amplitude of mains hum that passes.
    pub hum_na: f64,
    /// Frequency of the mains; both 50 and 60 Hz without.
    pub mains_hz: Option<f64>,
    /// Voltages that no output leaves.
    pub limits_v: (f64, f64),
    /// Samples of the noise's capture.
    pub noise_samples: u32,
    /// Time over which hum is measured.
    pub hum_s: f64,
    /// The instrument's time advances while it is idle, although it is simulated.
    pub real_time: bool,
}

impl Settings {
    /// Only output 0 within these limits; 5 % of scale; 0.03 nA/rtHz, twice the noise assumed in the figures of this project; 1 nA of hum.
    pub fn new(fixture: Fixture, limits_v: (f64, f64)) -> Self {
        Settings {
            outputs: vec![0],
            fixture,
            connected_at_once: false,
            tolerance: 0.05,
            noise_na_per_rt_hz: 0.03,
            hum_na: 1.0,
            mains_hz: None,
            limits_v,
            noise_samples: 8192,
            hum_s: 1.0,
            real_time: false,
        }
    }

    /// Voltage limits of an output: its DAC's ends, or narrower ones.
    fn limits_of(&self, scale: &Scale, output: usize) -> (f64, f64) {
        let (low_v, high_v) = scale.output(output).ends_v();
        (low_v.max(self.limits_v.0), high_v.min(self.limits_v.1))
    }

    /// Mains frequencies to search, Hz.
    fn mains(&self) -> Vec<f64> {
        self.mains_hz.map_or(vec![50.0, 60.0], |mains_hz| vec![mains_hz])
    }

    /// Unit of the input a nanoampere.
    fn noise_unit(&self, scale: &Scale) -> f64 {
        match self.fixture {
            Fixture::Resistor(_) => 1.0,
            Fixture::Wire => scale.analogue.iv_gain_v_per_na.abs(),
        }
    }
}

/// Runs every check on an idle, disarmed instrument, with timing and scale of `plan`. Each row is passed to `progress` as soon as it is measured.
/// Afterwards the instrument is disarmed, and its registers are as they were found, but for tuning words and slots, which cannot be read.
///
/// # Errors
/// The instrument is in use or fails; an output that it has not; limits without room about 0 V.
pub fn run(
    instrument: Instrument,
    plan: &Plan,
    settings: &Settings,
    operator: &mut dyn Operator,
    progress: &mut dyn FnMut(&Row),
) -> Result<(Report, Instrument), Error> {
    begin(instrument, plan, settings, |stand| {
        let mut report = Rows { rows: identity(stand)?, progress };
        report.rows.iter().for_each(|row| (report.progress)(row));
        match check_all(stand, settings, operator, &mut report) {
            // What comes after it would be measured at the safe values.
            Err(Error::Driver(error @ DriverError::Tripped { .. })) => {
                let basis = "the guard trips only where the test provokes it; the remaining checks are not run";
                report.push(Row::held(trips::UNPROVOKED, basis, Some(error.to_string())));
            }
            ended => ended?,
        }
        let mut rows = report.rows;
        // Stable: rows of one group keep their order.
        rows.sort_by_key(|row| row.output.map_or((is_guard(row), 0), |output| (false, output + 1)));
        Ok(Report { rows })
    })
}

/// Only the watchdog: for a simulated instrument in real time, in addition to one in virtual time.
///
/// # Errors
/// The instrument is in use or fails.
pub fn watchdog(
    instrument: Instrument,
    plan: &Plan,
    settings: &Settings,
) -> Result<(Row, Instrument), Error> {
    begin(instrument, plan, settings, |stand| trips::watchdog(stand, settings))
}

/// Runs checks between reading the registers and writing them back.
fn begin<Checked>(
    instrument: Instrument,
    plan: &Plan,
    settings: &Settings,
    checks: impl FnOnce(&mut Stand) -> Result<Checked, Error>,
) -> Result<(Checked, Instrument), Error> {
    let state = instrument.state()?;
    if state.busy || state.armed.is_some() || state.ramping_to_safe {
        let what = if state.busy { "in a run" } else { "armed or ramping to its safe values" };
        return Err(Error::InUse { what });
    }
    let last = instrument.parameters().outputs as usize - 1;
    if let Some(&output) = settings.outputs.iter().find(|&&output| output > last) {
        return Err(Error::Output { output, last });
    }
    for output in 0..=last {
        let (low_v, high_v) = settings.limits_of(plan.scale(), output);
        let least_v = LEAST_STEPS * plan.scale().output(output).step_v();
        if low_v > -least_v || high_v < least_v {
            return Err(Error::Limits { output, low_v, high_v });
        }
    }
    let found = Found::read(&instrument)?;
    let mut stand = Stand::new(instrument, plan, settings)?;
    let checked = checks(&mut stand);
    let instrument = stand.close()?;
    found.restore(&instrument)?;
    Ok((checked?, instrument))
}

/// Rows so far, and their receiver.
struct Rows<'a> {
    rows: Vec<Row>,
    progress: &'a mut dyn FnMut(&Row),
}

impl Rows<'_> {
    fn push(&mut self, row: Row) {
        (self.progress)(&row);
        self.rows.push(row);
    }
}

fn is_guard(row: &Row) -> bool {
    guard::CHECKS.contains(&row.check) || trips::CHECKS.contains(&row.check)
}

/// Identity of the instrument, and whether its registers keep written values.
fn identity(stand: &mut Stand) -> Result<Vec<Row>, Error> {
    let instrument = stand.instrument();
    let parameters = instrument.parameters();
    let basis = format!(
        "identity HGE2, register map {:08x} as in this program, build {:08x}, {} outputs, {} slots, DAC {} bits, ADC {} bits",
        map::map_hash(),
        instrument.build_hash(),
        parameters.outputs,
        parameters.slots,
        parameters.dac_bits,
        parameters.adc_bits
    );
    let mut problem = None;
    for word in [0xa5a5_5a5a, 0x5a5a_a5a5, u32::MAX, 0] {
        instrument.write(map::SCRATCH, word)?;
        let found = instrument.read(map::SCRATCH)?;
        if found != word {
            problem.get_or_insert_with(|| format!("register scratch holds 0x{found:08x} after 0x{word:08x} was written: the gateware is faulty or has a wrong clock, build and flash it again"));
        }
    }
    Ok(vec![
        Row::held("identity", basis, None),
        Row::held("registers", "register scratch keeps four words", problem),
    ])
}

fn check_all(
    stand: &mut Stand,
    settings: &Settings,
    operator: &mut dyn Operator,
    report: &mut Rows<'_>,
) -> Result<(), Error> {
    if !stand.instrument().state()?.interlock_closed {
        let advice = "the interlock is open, which prevents arming: close it, or join its two pins where there is none";
        report.push(Row::held(trips::INTERLOCK, "closed before the test", Some(advice.into())));
        return Ok(());
    }
    let mut tested: Vec<(Examined, Option<usize>)> = Vec::new();
    let (mut is_rest_measured, mut is_chain_tested) = (false, false);
    for &output in &settings.outputs {
        stand.home()?;
        let is_there = if settings.connected_at_once && !tested.is_empty() {
            Ok(())
        } else {
            operator.connect(output)
        };
        if let Err(reason) = is_there {
            report.push(Row::not_run("gain", reason).of_output(output));
            continue;
        }
        if !std::mem::replace(&mut is_rest_measured, true) {
            let rows = signal::at_rest(stand, settings)?;
            rows.into_iter().for_each(|row| report.push(row));
        }
        let examined = Examined::of(stand, output)?;
        let (range, ceiling_v) = output::range_row(stand, &examined)?;
        report.push(examined.steps_row(stand, ceiling_v));
        report.push(range);
        let mut found = None;
        if settings.connected_at_once && settings.outputs.len() > 1 {
            let reason = "several outputs are connected at once";
            report.push(Row::not_run("isolation", reason).of_output(output));
        } else {
            let (row, other) = output::isolation_row(stand, &examined)?;
            found = other;
            report.push(row);
        }
        if let (Gain::Found(gain), false) = (&examined.gain, is_chain_tested) {
            is_chain_tested = true;
            let rows = signal::tone_rows(stand, output, *gain)?;
            rows.into_iter().for_each(|row| report.push(row));
            check_guard(stand, settings, operator, Some((output, *gain)), report)?;
        }
        tested.push((examined, found));
    }
    if !is_chain_tested {
        for check in ["latency", "lock-in gain"] {
            report.push(Row::not_run(check, "no output moves the input"));
        }
        check_guard(stand, settings, operator, None, report)?;
    }
    let gain = reference(&tested, stand.declared_gain());
    let rows = signal::scale_rows(stand, settings, gain);
    rows.into_iter().for_each(|row| report.push(row));
    for (examined, found) in &tested {
        report.push(output::gain_row(examined, stand, gain, *found));
    }
    for output in (0..stand.outputs()).filter(|output| !settings.outputs.contains(output)) {
        let reason = "not connected: name it in --outputs and move the wire";
        report.push(Row::not_run("gain", reason).of_output(output));
    }
    Ok(())
}

fn check_guard(
    stand: &mut Stand,
    settings: &Settings,
    operator: &mut dyn Operator,
    connected: Option<(usize, f64)>,
    report: &mut Rows<'_>,
) -> Result<(), Error> {
    guard::check(stand, settings, connected, &mut |row| report.push(row))?;
    trips::check(stand, settings, operator, connected, &mut |row| report.push(row))
}

/// The gain that most outputs have; of two the one that is nearer to the declared one.
fn reference(tested: &[(Examined, Option<usize>)], declared: f64) -> Option<f64> {
    let found = tested.iter().filter_map(|(examined, _)| match examined.gain {
        Gain::Found(gain) => Some(gain),
        _ => None,
    });
    let mut gains: Vec<f64> = found.collect();
    gains.sort_unstable_by(f64::total_cmp);
    match gains[..] {
        [] => None,
        [one, other] => {
            let off = |gain: f64| (gain - declared).abs();
            Some(if off(one) <= off(other) { one } else { other })
        }
        _ => Some(gains[gains.len() / 2]),
    }
}
