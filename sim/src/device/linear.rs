//! A linear device: its gradient is known and constant.

use super::spec::{Kind, Spec};
use super::{for_each_row, of_one_row, Device, DeviceError};
use hge_system::text::{quoted, QUOTED_CHARS};

pub(super) const LINEAR: Kind =
    Kind { name: "linear", forms: &["`linear:G0,G1,...` (nA/V)"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    let slope = |text: &str| {
        text.trim().parse::<f64>().ok().filter(|slope| slope.is_finite()).ok_or_else(|| {
            spec.wrong(
                format!("`{}` is not a slope", quoted(text.trim(), QUOTED_CHARS)),
                "write one finite number in nA/V for each electrode, e.g. `linear:5,-2.5,8`",
            )
        })
    };
    let slopes_na_per_v = spec.argument()?.split(',').map(slope).collect::<Result<_, _>>()?;
    Ok(Box::new(LinearDevice::new(0.0, slopes_na_per_v)?))
}

/// `I = i0 + sum_i g_i V_i`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearDevice {
    offset_na: f64,
    slopes_na_per_v: Vec<f64>,
}

impl LinearDevice {
    /// A device with `slopes_na_per_v.len()` electrodes and the current `offset_na` at zero volts.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`] if there is no slope or a number is not finite.
    pub fn new(offset_na: f64, slopes_na_per_v: Vec<f64>) -> Result<Self, DeviceError> {
        let error = |what, change| DeviceError::Coefficient { device: "linear", what, change };
        if slopes_na_per_v.is_empty() {
            return Err(error("there is no slope".into(), "give one in nA/V for each electrode"));
        }
        if !offset_na.is_finite() {
            return Err(error(format!("the offset is {offset_na}"), "give a finite number of nA"));
        }
        if let Some(i) = slopes_na_per_v.iter().position(|g| !g.is_finite()) {
            let what = format!("the slope of electrode {i} is {}", slopes_na_per_v[i]);
            return Err(error(what, "give a finite number of nA/V"));
        }
        Ok(Self { offset_na, slopes_na_per_v })
    }
}

impl Device for LinearDevice {
    fn name(&self) -> String {
        "linear".into()
    }

    fn electrodes(&self) -> usize {
        self.slopes_na_per_v.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([self.electrodes(), 1], voltages_v, current_na, |row, out| {
            out[0] = self
                .slopes_na_per_v
                .iter()
                .zip(row)
                .fold(self.offset_na, |sum, (g, v)| sum + g * v);
        });
    }

    /// The slopes; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |_| self.slopes_na_per_v.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_is_offset_plus_slopes_times_voltages() {
        let device = LinearDevice::new(2.0, vec![10.0, -4.0]).unwrap();
        let mut i = [0.0; 3];
        device.currents_na(&[0.0, 0.0, 0.5, 0.25, -1.0, 1.0], &mut i);
        assert_eq!(i, [2.0, 6.0, -12.0]);
    }

    #[test]
    fn non_finite_and_missing_rows_give_nan() {
        let device = LinearDevice::new(1.0, vec![0.0, 3.0]).unwrap();
        let mut i = [0.0; 4];
        device.currents_na(&[f64::INFINITY, 0.0, 0.0, f64::NAN, 0.0, 1.0, 9.0], &mut i);
        assert!(i[0].is_nan() && i[1].is_nan() && i[3].is_nan());
        assert_eq!(i[2], 4.0);
        assert_eq!(device.jacobian_na_per_v(&[0.0]), None);
        let slopes = device.jacobian_na_per_v(&[0.0, f64::NAN]).unwrap();
        assert!(slopes.iter().all(|slope| slope.is_nan()), "{slopes:?}");
    }

    #[test]
    fn unusable_coefficients_are_refused() {
        assert!(LinearDevice::new(0.0, vec![]).is_err());
        assert!(LinearDevice::new(f64::NAN, vec![1.0]).is_err());
        let error = LinearDevice::new(0.0, vec![1.0, f64::INFINITY]).unwrap_err().to_string();
        assert!(error.contains("electrode 1 is inf"), "{error}");
    }
}
