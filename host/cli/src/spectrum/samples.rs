//! What a spectrum is made of: a measurement, a file, or the folder of a run.

use super::{Arguments, Unit};
use crate::capture;
use crate::output::text;
use hge_core::experiment::context;
use hge_core::measure::waveform;
use hge_core::numpy::{Archive, ArrayError, Row};
use hge_core::session::Session;
use hge_core::spectrum::Known;
use hge_driver::quantity::Context;
use hge_driver::scale::Scale;
use hge_protocol::AdcCode;
use hge_system::file;
use std::ffi::OsStr;
use std::io::Cursor;
use std::path::Path;

/// Default number of samples.
const SAMPLES: u32 = 1 << 15;

/// Input of a spectrum.
pub struct Samples {
    pub of: String,
    pub currents_na: Vec<f64>,
    /// Ends of contiguous ranges.
    pub ends: Vec<usize>,
    pub rate_hz: f64,
    pub known: Known,
    /// `None`: unknown for a file of currents.
    pub clipped: Option<bool>,
}

/// From an instrument.
pub fn measured(arguments: &Arguments) -> Result<Samples, String> {
    let mut lab = arguments.lab.open()?;
    lab.instrument.set_capture_input(arguments.input).map_err(text)?;
    let count = arguments.samples.unwrap_or(SAMPLES);
    let mains_hz = lab.experiment.noise_model().mains_hz;
    let of = lab.link.to_string();
    if arguments.tones {
        let task = lab.task()?;
        let controls_v = match &arguments.controls {
            Some(volts) => volts.clone(),
            None => task.plan.middle_controls_v(),
        };
        let tones_hz = task.plan.tones_hz();
        let estimator = task.experiment.host.estimator;
        let mut session = Session::open(lab.instrument, task.plan, estimator).map_err(text)?;
        let case = arguments.case.unwrap_or(0);
        let waveform = waveform::of_tones(&mut session, &controls_v, case, count).map_err(text)?;
        session.close().map_err(text)?;
        let mut ends = Vec::new();
        for piece in waveform.pieces_na() {
            ends.push(ends.last().copied().unwrap_or(0) + piece.len());
        }
        return Ok(Samples {
            of,
            currents_na: waveform.currents_na,
            ends,
            rate_hz: waveform.rate_hz,
            known: Known { tones_hz, mains_hz },
            clipped: Some(waveform.clipped),
        });
    }
    let (codes, context) = capture::measure(lab, arguments.at.as_deref(), count, 1)?;
    let rate_hz = context.clock_hz / context.period_clocks;
    let known = Known { tones_hz: Vec::new(), mains_hz };
    let values = codes.iter().copied().map(f64::from);
    let scale = crate::lab::known(context.scale)?.input(arguments.input.into());
    Ok(of_codes(of, values, rate_hz, &scale, known))
}

/// Codes as currents, contiguous.
fn of_codes(
    of: String,
    codes: impl Iterator<Item = f64> + Clone,
    rate_hz: f64,
    scale: &Scale,
    known: Known,
) -> Samples {
    let code = |value: f64| AdcCode(value.round() as i16);
    let least = codes.clone().fold(f64::INFINITY, f64::min);
    let greatest = codes.clone().fold(f64::NEG_INFINITY, f64::max);
    let clipped = least <= greatest && scale.clips(code(least), code(greatest));
    let currents_na: Vec<f64> = codes.map(|value| scale.current_na(value)).collect();
    let ends = vec![currents_na.len()];
    Samples { of, currents_na, ends, rate_hz, known, clipped: Some(clipped) }
}

/// From a file of one row.
pub fn of_file(path: &Path, arguments: &Arguments) -> Result<Samples, String> {
    let of = path.display().to_string();
    let wrong = |error: ArrayError| format!("{of}: {error}");
    let bytes = file::read(path, file::DATA_BYTES).map_err(|error| wrong(error.into()))?;
    let (row, held_hz) = match path.extension() == Some(OsStr::new("npz")) {
        true => captured(&bytes, &of, wrong)?,
        false => (Row::from_npy(&bytes).map_err(wrong)?, None),
    };
    if held_hz.is_some() && arguments.rate.is_some() {
        return Err(format!("{of} contains its sample rate: leave out --rate"));
    }
    let rate_hz = arguments.rate.or(held_hz).ok_or_else(|| {
        format!(
            "{of} does not contain its sample rate: add --rate HZ, or capture to a .npz, which does"
        )
    })?;
    let unit = match (arguments.unit, row.is_of_codes) {
        (Some(unit), _) => unit,
        (None, true) => Unit::Codes,
        (None, false) => Unit::Na,
    };
    let mut known = Known { tones_hz: arguments.tones_hz.clone(), mains_hz: arguments.mains };
    if unit == Unit::Codes {
        let (experiment, source) = arguments.lab.read()?;
        let parameters = experiment.instrument;
        let Context { scale, .. } =
            context(&experiment, &source, &parameters, None).map_err(text)?;
        let scale = scale.unwrap_or_else(|| experiment.scale(&parameters));
        known.mains_hz = known.mains_hz.or(experiment.noise_model().mains_hz);
        return Ok(of_codes(of, row.values.iter().copied(), rate_hz, &scale, known));
    }
    let per_unit = if unit == Unit::A { 1e9 } else { 1.0 };
    let currents_na: Vec<f64> = row.values.iter().map(|value| value * per_unit).collect();
    let ends = vec![currents_na.len()];
    Ok(Samples { of, currents_na, ends, rate_hz, known, clipped: None })
}

/// Codes of a capture, and samples a second.
fn captured(
    bytes: &[u8],
    of: &str,
    wrong: impl Fn(ArrayError) -> String,
) -> Result<(Row, Option<f64>), String> {
    let mut archive = Archive::new(Cursor::new(bytes)).map_err(&wrong)?;
    let mut needed = |name: &str| {
        archive
            .row(name)
            .map_err(&wrong)?
            .ok_or_else(|| format!("{of} has no {name}: make it with `hge capture -o FILE.npz`"))
    };
    let (codes, rate) = (needed(capture::CODES)?, needed(capture::RATE_HZ)?);
    match rate.values[..] {
        [rate_hz] => Ok((codes, Some(rate_hz))),
        _ => Err(format!("{of} has {} rates instead of one: capture again", rate.values.len())),
    }
}

/// From the folder of a run.
pub fn of_run(folder: &Path, arguments: &Arguments) -> Result<Samples, String> {
    let path = folder.join("data.npz");
    let place = path.display().to_string();
    let array = |name: &str| -> Result<Option<Vec<f64>>, String> {
        let wrong = |error: ArrayError| format!("{place}, {name}: {error}");
        let file = file::open(&path).map_err(|error| {
            format!("{place} cannot be read: {error}; name the folder of a run, or an array")
        })?;
        let row = Archive::new(file).and_then(|mut archive| archive.row(name)).map_err(wrong)?;
        Ok(row.map(|row| row.values))
    };
    let needed = |name: &str| {
        let missing = || {
            format!(
                "{place} has no {name}: it contains no samples for a spectrum, choose another run"
            )
        };
        array(name)?.ok_or_else(missing)
    };
    let single = |name: &str, values: &[f64]| match values {
        [value] => Ok(*value),
        _ => {
            Err(format!("{place}, {name}: {} numbers instead of one, make it again", values.len()))
        }
    };
    if arguments.unit.is_some_and(|unit| unit != Unit::Na) || arguments.rate.is_some() {
        return Err(format!("{place} contains its unit and rate: leave out --unit and --rate"));
    }
    let currents_na = needed("spectrum_na")?;
    let rate_hz = single("spectrum_rate_hz", &needed("spectrum_rate_hz")?)?;
    let mut tones_hz = array("tones_hz")?.unwrap_or_default();
    if !arguments.tones_hz.is_empty() {
        tones_hz.clone_from(&arguments.tones_hz);
    }
    let mains_hz = array("mains_hz")?.map(|mains| single("mains_hz", &mains)).transpose()?;
    let of = folder.display().to_string();
    let ends = vec![currents_na.len()];
    let known = Known { tones_hz, mains_hz };
    Ok(Samples { of, currents_na, ends, rate_hz, known, clipped: None })
}
