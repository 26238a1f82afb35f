//! A linear device: its Jacobian is known and constant.

use super::spec::{check_outputs, Kind, Spec};
use super::{for_each_row, of_one_row, Device, DeviceError};
use hge_system::text::{quoted, QUOTED_CHARS};

pub(super) const LINEAR: Kind =
    Kind { name: "linear", forms: &["`linear:G0,G1,...[;H0,H1,...]` (nA/V)"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    let slope = |text: &str| {
        text.trim().parse::<f64>().ok().filter(|slope| slope.is_finite()).ok_or_else(|| {
            spec.wrong(
                format!("`{}` is not a slope", quoted(text.trim(), QUOTED_CHARS)),
                "write one finite number in nA/V for each electrode, e.g. `linear:5,-2.5,8`",
            )
        })
    };
    let row = |row: &str| row.split(',').map(slope).collect::<Result<Vec<f64>, _>>();
    let mut rows = spec.argument()?.split(';').map(row).collect::<Result<Vec<_>, _>>()?;
    let outputs = spec.outputs_or(rows.len())?;
    check_outputs("linear", outputs, rows.len())?;
    rows.truncate(outputs);
    let rows = rows.into_iter().map(|slopes_na_per_v| (0.0, slopes_na_per_v)).collect();
    Ok(Box::new(LinearDevice::with_outputs(rows)?))
}

/// `I_j = i0_j + sum_i g_ji V_i`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearDevice {
    /// Of every output its offset in nA and its slopes in nA/V.
    rows: Vec<(f64, Vec<f64>)>,
}

impl LinearDevice {
    /// A device of one output with `slopes_na_per_v.len()` electrodes and the current `offset_na` at zero volts.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`] if there is no slope or a number is not finite.
    pub fn new(offset_na: f64, slopes_na_per_v: Vec<f64>) -> Result<Self, DeviceError> {
        Self::with_outputs(vec![(offset_na, slopes_na_per_v)])
    }

    /// A device with an output for each row: its current in nA at zero volts, and its slopes in nA/V.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`] if there is no slope, a row has more or fewer than the first, or a number is not finite.
    pub fn with_outputs(rows: Vec<(f64, Vec<f64>)>) -> Result<Self, DeviceError> {
        let error = |what, change| DeviceError::Coefficient { device: "linear", what, change };
        let electrodes = rows.first().map_or(0, |(_, slopes)| slopes.len());
        if electrodes == 0 {
            return Err(error("there is no slope".into(), "give one in nA/V for each electrode"));
        }
        for (n, (offset_na, slopes)) in rows.iter().enumerate() {
            let row = if rows.len() == 1 { String::new() } else { format!(" in row {n}") };
            if slopes.len() != electrodes {
                let count = slopes.len();
                let plural = if count == 1 { "" } else { "s" };
                let what = format!("row {n} has {count} slope{plural}, but row 0 has {electrodes}");
                return Err(error(what, "give every output one for each electrode"));
            }
            if !offset_na.is_finite() {
                let what = format!("the offset{row} is {offset_na}");
                return Err(error(what, "give a finite number of nA"));
            }
            if let Some(i) = slopes.iter().position(|g| !g.is_finite()) {
                let what = format!("the slope{row} of electrode {i} is {}", slopes[i]);
                return Err(error(what, "give a finite number of nA/V"));
            }
        }
        Ok(Self { rows })
    }
}

impl Device for LinearDevice {
    fn name(&self) -> String {
        "linear".into()
    }

    fn electrodes(&self) -> usize {
        self.rows[0].1.len()
    }

    fn outputs(&self) -> usize {
        self.rows.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let shape = [self.electrodes(), self.outputs()];
        for_each_row(shape, voltages_v, current_na, |row, out| {
            for (n, (offset_na, slopes)) in self.rows.iter().enumerate() {
                out[n] = slopes.iter().zip(row).fold(*offset_na, |sum, (g, v)| sum + g * v);
            }
        });
    }

    /// The slopes; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        let slopes = self.rows.iter().flat_map(|(_, slopes)| slopes);
        of_one_row(self, voltages_v, |_| slopes.copied().collect())
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
    fn every_output_has_its_offset_and_its_slopes() {
        let rows = vec![(2.0, vec![10.0, -4.0]), (0.5, vec![0.0, 1.0]), (-1.0, vec![3.0, 0.0])];
        let device = LinearDevice::with_outputs(rows).unwrap();
        assert_eq!((device.electrodes(), device.outputs()), (2, 3));
        // The last row of currents is not complete.
        let mut i = [0.0; 11];
        device.currents_na(&[0.0, 0.0, 0.5, 0.25, f64::NAN, 1.0, 1.0, 1.0], &mut i);
        assert_eq!(i[..6], [2.0, 0.5, -1.0, 6.0, 0.75, 0.5]);
        assert!(i[6..].iter().all(|i| i.is_nan()), "{i:?}");
        let jacobian = vec![10.0, -4.0, 0.0, 1.0, 3.0, 0.0];
        assert_eq!(device.jacobian_na_per_v(&[0.3, 0.1]).unwrap(), jacobian);
        let both = [jacobian.as_slice(), &jacobian].concat();
        assert_eq!(device.jacobians_na_per_v(&[0.0, 0.0, 1.0, 1.0]).unwrap(), both);
        assert!(device.jacobian_na_per_v(&[0.3, f64::NAN]).unwrap()[5].is_nan());
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
        assert!(error.contains("the slope of electrode 1 is inf"), "{error}");
        let rows = |second| LinearDevice::with_outputs(vec![(0.0, vec![1.0, 2.0]), second]);
        let error = rows((0.0, vec![1.0, 2.0, 3.0])).unwrap_err().to_string();
        assert!(error.contains("row 1 has 3 slopes, but row 0 has 2"), "{error}");
        let error = rows((0.0, vec![1.0, f64::NAN])).unwrap_err().to_string();
        assert!(error.contains("the slope in row 1 of electrode 1 is NaN"), "{error}");
        assert!(rows((f64::NAN, vec![1.0, 2.0])).is_err());
        assert!(LinearDevice::with_outputs(vec![]).is_err());
    }
}
