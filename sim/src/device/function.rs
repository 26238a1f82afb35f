//! A device that the caller computes: any function from voltages to currents.

use super::{is_finite, Device, DeviceError, Health, MOST_OUTPUTS};
use std::sync::Arc;

/// Electrodes that an instrument can have outputs for.
const MOST_ELECTRODES: usize = 64;

/// From row-major voltages `[rows, electrodes]` in V to row-major currents `[rows, outputs]` in nA; an error is a sentence with the fault and the remedy.
pub type Currents = Arc<dyn Fn(&[f64]) -> Result<Vec<f64>, String> + Send + Sync>;

/// A device that the caller computes. Its function must be pure: the currents of a row depend on the voltages of that row alone ([`Device`]).
///
/// A function that fails is not called again; the device's [`Health`] holds its error.
#[derive(Clone)]
pub struct FunctionDevice {
    name: String,
    electrodes: usize,
    outputs: usize,
    currents: Currents,
    health: Health,
}

impl FunctionDevice {
    /// A device with this name in records.
    ///
    /// # Errors
    /// [`DeviceError::Function`] if it has no electrode or no output, or too many.
    pub fn new(
        name: String,
        electrodes: usize,
        outputs: usize,
        currents: Currents,
    ) -> Result<Self, DeviceError> {
        for (count, most, of) in
            [(electrodes, MOST_ELECTRODES, "electrodes"), (outputs, MOST_OUTPUTS, "outputs")]
        {
            if !(1..=most).contains(&count) {
                return Err(DeviceError::Function { name, count, of, most });
            }
        }
        Ok(FunctionDevice { name, electrodes, outputs, currents, health: Health::default() })
    }

    /// The same device, powered up anew: it may answer where this one has failed.
    #[must_use]
    pub fn again(&self) -> Self {
        FunctionDevice { health: Health::default(), ..self.clone() }
    }

    /// Currents of these rows, which are finite; `None` if the function has failed.
    fn ask(&self, rows_v: &[f64]) -> Option<Vec<f64>> {
        if self.health.failure().is_some() {
            return None;
        }
        let wanted = rows_v.len() / self.electrodes * self.outputs;
        let answer = (self.currents)(rows_v).and_then(|current_na| match current_na.len() {
            found if found == wanted => Ok(current_na),
            found => Err(format!(
                "the device {} returned {found} currents instead of {wanted}: return one for each row and output",
                self.name
            )),
        });
        answer.map_err(|sentence| self.health.fail(sentence)).ok()
    }
}

impl Device for FunctionDevice {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn electrodes(&self) -> usize {
        self.electrodes
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let rows = voltages_v.chunks_exact(self.electrodes);
        let finite: Vec<bool> = rows.clone().map(is_finite).collect();
        let asked: Vec<f64> =
            rows.filter(|row| is_finite(row)).flat_map(|row| row.iter().copied()).collect();
        current_na.fill(f64::NAN);
        let Some(answers) = (!asked.is_empty()).then(|| self.ask(&asked)).flatten() else { return };
        let outs = current_na.chunks_exact_mut(self.outputs).zip(finite);
        let outs = outs.filter_map(|(out, is_finite)| is_finite.then_some(out));
        for (out, answer) in outs.zip(answers.chunks_exact(self.outputs)) {
            out.copy_from_slice(answer);
        }
    }

    fn jacobian_na_per_v(&self, _voltages_v: &[f64]) -> Option<Vec<f64>> {
        None
    }

    fn health(&self) -> Option<Health> {
        Some(self.health.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn device(
        currents: impl Fn(&[f64]) -> Result<Vec<f64>, String> + Send + Sync + 'static,
    ) -> FunctionDevice {
        FunctionDevice::new("own".into(), 2, 1, Arc::new(currents)).expect("two electrodes")
    }

    #[test]
    fn rows_that_are_not_finite_give_nan_and_are_not_asked_for() {
        let sum = device(|rows_v| {
            assert!(rows_v.iter().all(|volts| volts.is_finite()));
            Ok(rows_v.chunks(2).map(|row| row[0] + 10.0 * row[1]).collect())
        });
        let mut current_na = [0.0; 4];
        sum.currents_na(&[1.0, 2.0, f64::NAN, 0.0, 3.0, 4.0, f64::INFINITY, 1.0], &mut current_na);
        assert_eq!([current_na[0], current_na[2]], [21.0, 43.0]);
        assert!(current_na[1].is_nan() && current_na[3].is_nan());
    }

    #[test]
    fn a_function_that_fails_is_not_called_again_until_the_device_is_powered_up_anew() {
        let calls = Arc::new(AtomicU32::new(0));
        let seen = calls.clone();
        let failing = device(move |_| {
            seen.fetch_add(1, Ordering::Relaxed);
            Err("no light: switch the laser on".into())
        });
        let mut current_na = [0.0];
        for _ in 0..3 {
            failing.currents_na(&[0.0, 0.0], &mut current_na);
            assert!(current_na[0].is_nan());
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        let health = failing.health().expect("it can fail");
        assert_eq!(health.failure(), Some("no light: switch the laser on"));
        failing.again().currents_na(&[0.0, 0.0], &mut current_na);
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_wrong_number_of_currents_or_of_electrodes_is_refused_in_words() {
        let short = device(|_| Ok(vec![1.0]));
        short.currents_na(&[0.0; 6], &mut [0.0; 3]);
        let health = short.health().expect("it can fail");
        assert!(health
            .failure()
            .is_some_and(|message| message.contains("1 currents instead of 3")));
        let none = FunctionDevice::new("own".into(), 0, 1, Arc::new(|_| Ok(Vec::new())));
        assert!(none.err().is_some_and(|error| error.to_string().contains("0 electrodes")));
    }
}
