//! Raw ADC codes.

use super::probe::Probe;
use super::MeasureError;
use hge_driver::scale::Scale;
use hge_driver::Instrument;
use hge_protocol::AdcCode;
use serde::Serialize;

/// Statistics of captured codes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Codes.
    pub samples: usize,
    /// Codes a second.
    pub rate_hz: f64,
    /// Mean code.
    pub mean_code: f64,
    /// Root mean square about the mean, in codes.
    pub rms_code: f64,
    /// Least code.
    pub min_code: i16,
    /// Greatest code.
    pub max_code: i16,
    /// Currents, if there is a scale.
    #[serde(flatten)]
    pub current: Option<CurrentSummary>,
}

/// Statistics of captured codes as currents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentSummary {
    /// Mean current.
    pub mean_na: f64,
    /// Root mean square about the mean.
    pub rms_na: f64,
    /// Least current.
    pub min_na: f64,
    /// Greatest current.
    pub max_na: f64,
    /// ADC or I-V converter was at an end of its range.
    pub clipped: bool,
}

impl Summary {
    /// Of one code or more, `rate_hz` codes a second.
    pub fn of(codes: &[i16], rate_hz: f64, scale: Option<&Scale>) -> Self {
        let count = codes.len() as f64;
        let mean_code = codes.iter().map(|&code| f64::from(code)).sum::<f64>() / count;
        let squares = codes.iter().map(|&code| (f64::from(code) - mean_code).powi(2));
        let rms_code = (squares.sum::<f64>() / count).sqrt();
        let min_code = codes.iter().copied().min().unwrap_or_default();
        let max_code = codes.iter().copied().max().unwrap_or_default();
        let current = scale.map(|scale| {
            // An I-V converter that inverts makes the least code of the greatest current.
            let ends = [min_code, max_code].map(|code| scale.current_na(f64::from(code)));
            CurrentSummary {
                mean_na: scale.current_na(mean_code),
                rms_na: scale.current_difference_na(rms_code).abs(),
                min_na: ends[0].min(ends[1]),
                max_na: ends[0].max(ends[1]),
                clipped: scale.clips(AdcCode(min_code), AdcCode(max_code)),
            }
        });
        let samples = codes.len();
        Summary { samples, rate_hz, mean_code, rms_code, min_code, max_code, current }
    }
}

/// Captures `samples` codes, one in `decimation`, in any state of the instrument.
///
/// # Errors
/// No samples; codes were lost; or the instrument fails.
pub fn codes(
    instrument: &mut Instrument,
    samples: u32,
    decimation: u16,
) -> Result<Vec<i16>, MeasureError> {
    if samples == 0 {
        return Err(MeasureError::Nothing { what: "samples" });
    }
    if decimation == 0 {
        return Err(MeasureError::Nothing { what: "samples between two codes" });
    }
    Ok(instrument.capture(samples, decimation)?)
}

/// The same with every electrode ramped to a voltage and held there.
///
/// # Errors
/// As [`codes`], and a wrong number of voltages or one beyond the limits.
pub fn codes_at(
    probe: &mut Probe,
    volts: &[f64],
    samples: u32,
    decimation: u16,
) -> Result<Vec<i16>, MeasureError> {
    probe.measure(&[volts.to_vec()])?;
    codes(probe.instrument(), samples, decimation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverting_converter_swaps_the_ends_of_the_current() {
        let scale = Scale::with_bits(16);
        // 327.68 codes a nanoampere.
        let codes = [-3277, 0, 3277, 6554];
        let summary = Summary::of(&codes, 5000.0, Some(&scale));
        assert_eq!((summary.min_code, summary.max_code), (-3277, 6554));
        let current = summary.current.unwrap();
        assert!((current.min_na + 20.0).abs() < 0.01 && (current.max_na - 10.0).abs() < 0.01);
        assert!((current.mean_na + 5.0).abs() < 0.01);
        assert!((current.rms_na - 125.0_f64.sqrt()).abs() < 0.01);
        assert!(!current.clipped);
        assert_eq!(Summary::of(&codes, 5000.0, None).current, None);
    }
}
