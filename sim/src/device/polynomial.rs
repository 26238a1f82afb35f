//! A polynomial device up to third order, with known Jacobian: the lowest terms that a lock-in can confuse.

use super::{for_each_row, of_one_row, Device, DeviceError};

/// `I = i0 + sum g_i V_i + sum c_ij V_i V_j + sum c_ijk V_i V_j V_k` at every output, with its own coefficients.
///
/// A term is a list of electrode indices and one coefficient; the order of the indices does not matter,
/// and terms given twice add. `([0, 0], 3.0)` is `3 nA/V^2 * V_0^2`, once, not twice.
#[derive(Clone, Debug, PartialEq)]
pub struct PolynomialDevice {
    outputs: Vec<Polynomial>,
}

/// The terms of one output.
#[derive(Clone, Debug, PartialEq)]
struct Polynomial {
    offset_na: f64,
    linear: Vec<f64>,
    quadratic: Vec<([usize; 2], f64)>,
    cubic: Vec<([usize; 3], f64)>,
}

impl PolynomialDevice {
    /// A device of one output with `linear.len()` electrodes. Units: `offset_na` nA, `linear` nA/V, `quadratic`
    /// nA/V^2, `cubic` nA/V^3; the last two may be empty.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`] if `linear` is empty, a number is not finite, or a term names an
    /// electrode that does not exist.
    pub fn new(
        offset_na: f64,
        linear: Vec<f64>,
        quadratic: Vec<([usize; 2], f64)>,
        cubic: Vec<([usize; 3], f64)>,
    ) -> Result<Self, DeviceError> {
        if linear.is_empty() {
            return Err(error(
                "there is no linear coefficient".into(),
                "give one in nA/V for each electrode, 0 where there is none",
            ));
        }
        if !offset_na.is_finite() {
            return Err(error(format!("the offset is {offset_na}"), "give a finite number of nA"));
        }
        for (i, &g) in linear.iter().enumerate() {
            check(linear.len(), &[i], g)?;
        }
        for (term, c) in &quadratic {
            check(linear.len(), term, *c)?;
        }
        for (term, c) in &cubic {
            check(linear.len(), term, *c)?;
        }
        Ok(Self { outputs: vec![Polynomial { offset_na, linear, quadratic, cubic }] })
    }

    /// The device that has the outputs of all `devices` on the same electrodes.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`] if there is no device, or one has more or fewer electrodes than the first.
    pub fn with_outputs(devices: Vec<PolynomialDevice>) -> Result<Self, DeviceError> {
        let outputs: Vec<Polynomial> =
            devices.into_iter().flat_map(|device| device.outputs).collect();
        let electrodes = outputs.first().map_or(0, |output| output.linear.len());
        if electrodes == 0 {
            return Err(error("there is no output".into(), "give one or more"));
        }
        if let Some(n) = outputs.iter().position(|output| output.linear.len() != electrodes) {
            let count = outputs[n].linear.len();
            let what = format!("output {n} has {count} electrodes, but output 0 has {electrodes}");
            return Err(error(what, "give every output one linear coefficient for each electrode"));
        }
        Ok(Self { outputs })
    }
}

impl Polynomial {
    fn current(&self, v: &[f64]) -> f64 {
        let mut sum = self.offset_na;
        for (g, v) in self.linear.iter().zip(v) {
            sum += g * v;
        }
        for ([i, j], c) in &self.quadratic {
            sum += c * v[*i] * v[*j];
        }
        for ([i, j, k], c) in &self.cubic {
            sum += c * v[*i] * v[*j] * v[*k];
        }
        sum
    }

    fn slopes(&self, v: &[f64]) -> Vec<f64> {
        let mut slope = self.linear.clone();
        for ([i, j], c) in &self.quadratic {
            slope[*i] += c * v[*j];
            slope[*j] += c * v[*i];
        }
        for ([i, j, k], c) in &self.cubic {
            slope[*i] += c * v[*j] * v[*k];
            slope[*j] += c * v[*i] * v[*k];
            slope[*k] += c * v[*i] * v[*j];
        }
        slope
    }
}

fn error(what: String, change: &'static str) -> DeviceError {
    DeviceError::Coefficient { device: "polynomial", what, change }
}

fn check(electrodes: usize, term: &[usize], coefficient: f64) -> Result<(), DeviceError> {
    if term.iter().any(|&i| i >= electrodes) {
        let what =
            format!("the term {term:?} names an electrode beyond the last, {}", electrodes - 1);
        return Err(error(what, "count electrodes from 0 and give a linear coefficient for each"));
    }
    if !coefficient.is_finite() {
        let what = format!("the coefficient of the term {term:?} is {coefficient}");
        return Err(error(what, "give a finite number"));
    }
    Ok(())
}

impl Device for PolynomialDevice {
    fn name(&self) -> String {
        "polynomial".into()
    }

    fn electrodes(&self) -> usize {
        self.outputs[0].linear.len()
    }

    fn outputs(&self) -> usize {
        self.outputs.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let shape = [self.electrodes(), self.outputs()];
        for_each_row(shape, voltages_v, current_na, |row, out| {
            for (out, output) in out.iter_mut().zip(&self.outputs) {
                *out = output.current(row);
            }
        });
    }

    /// The derivative of every term; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        let outputs = self.outputs.iter();
        of_one_row(self, voltages_v, |row| outputs.flat_map(|output| output.slopes(row)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::assert_jacobian_is_that_of_differences;

    fn device() -> PolynomialDevice {
        PolynomialDevice::new(
            1.0,
            vec![2.0, -3.0, 0.5],
            vec![([0, 0], 4.0), ([1, 2], -1.5)],
            vec![([0, 1, 1], 6.0), ([2, 2, 2], 1.0)],
        )
        .unwrap()
    }

    #[test]
    fn current_is_the_sum_of_the_terms() {
        let mut i = [0.0];
        device().currents_na(&[0.5, 2.0, -1.0], &mut i);
        // 1 + (1 - 6 - 0.5) + (1 + 3) + (12 - 1)
        assert_eq!(i, [10.5]);
    }

    #[test]
    fn gradient_is_the_derivative_of_every_term() {
        // Central differences of a cubic err by c h^2 only.
        let (v, h) = ([0.3, -0.7, 1.1], 1e-4);
        let slope = device().jacobian_na_per_v(&v).unwrap();
        for k in 0..3 {
            let (mut up, mut down) = (v, v);
            up[k] += h;
            down[k] -= h;
            let mut i = [0.0; 2];
            device().currents_na(&[up, down].concat(), &mut i);
            assert!((slope[k] - (i[0] - i[1]) / (2.0 * h)).abs() < 1e-7);
        }
    }

    #[test]
    fn every_output_has_its_own_terms() {
        let square = PolynomialDevice::new(0.0, vec![0.0; 3], vec![([2, 2], 1.0)], vec![]).unwrap();
        let both = PolynomialDevice::with_outputs(vec![device(), square]).unwrap();
        assert_eq!((both.electrodes(), both.outputs()), (3, 2));
        let mut i = [0.0; 4];
        both.currents_na(&[0.5, 2.0, -1.0, 0.0, 0.0, 3.0], &mut i);
        // The second row at output 0: 1 + 0.5 * 3 + 3^3.
        assert_eq!(i, [10.5, 1.0, 29.5, 9.0]);
        let v = [0.3, -0.7, 1.1];
        let jacobian = both.jacobian_na_per_v(&v).unwrap();
        assert_eq!(jacobian[..3], device().jacobian_na_per_v(&v).unwrap());
        assert_eq!(jacobian[3..], [0.0, 0.0, 2.2]);
        assert_jacobian_is_that_of_differences(&both, &v, 1e-3, 1e-10);
        let narrow = PolynomialDevice::new(0.0, vec![1.0], vec![], vec![]).unwrap();
        let uneven =
            PolynomialDevice::with_outputs(vec![device(), narrow]).unwrap_err().to_string();
        assert!(uneven.contains("output 1 has 1 electrodes, but output 0 has 3"), "{uneven}");
        assert!(PolynomialDevice::with_outputs(vec![]).is_err());
    }

    #[test]
    fn unusable_terms_are_refused() {
        let new = |q, c| PolynomialDevice::new(0.0, vec![1.0, 2.0], q, c);
        assert!(PolynomialDevice::new(0.0, vec![], vec![], vec![]).is_err());
        let beyond = new(vec![([0, 2], 1.0)], vec![]).unwrap_err().to_string();
        assert!(beyond.contains("[0, 2] names an electrode beyond the last, 1"), "{beyond}");
        assert!(new(vec![], vec![([0, 1, 1], f64::NAN)]).is_err());
    }
}
