//! One set of slopes by each method, and again where a window had not settled.

use super::{Reading, Session, SessionError};
use crate::carrier::Carrier;
use crate::method::Method;
use crate::settling::{Counts, Unsettled};
use rand::Rng;

/// How many times as long a window waits when it is measured again: the longest of them is 128 ms by default, six times the time constant of 22 ms.
const LONGER: [u32; 3] = [4, 16, 64];

impl Session {
    /// One window of every case at these controls, tones on, and what the experiment says of those that have not settled. A dropped window's slopes are zero.
    ///
    /// # Errors
    /// The instrument fails, or the guard had to act.
    pub fn measure_settled(
        &mut self,
        controls_v: &[f64],
        unsettled: Unsettled,
        counts: &mut Counts,
    ) -> Result<Vec<Reading>, SessionError> {
        let mut readings = self.measure(controls_v, true)?;
        let open =
            |readings: &[Reading]| readings.iter().filter(|reading| !reading.settled).count();
        counts.unsettled += open(&readings) as u64;
        if unsettled == Unsettled::Repeat && open(&readings) > 0 {
            for longer in LONGER {
                self.wait(longer)?;
                let again = self.measure(controls_v, true)?;
                for (reading, again) in readings.iter_mut().zip(again) {
                    if !reading.settled {
                        counts.repeated += 1;
                        counts.unsettled += u64::from(!again.settled);
                        *reading = again;
                    }
                }
                if open(&readings) == 0 {
                    break;
                }
            }
            self.wait(1)?;
        }
        if unsettled != Unsettled::Flag {
            for reading in readings.iter_mut().filter(|reading| !reading.settled) {
                counts.dropped += 1;
                reading.slopes_na_per_v.fill(0.0);
            }
        }
        Ok(readings)
    }

    /// One set of slopes of every case by the session's method.
    pub(super) fn extract(&mut self, controls_v: &[f64]) -> Result<Vec<Reading>, SessionError> {
        match self.method {
            Method::Homodyne | Method::Walsh | Method::Cost => self.pass(controls_v, true),
            Method::Random => {
                let seed = self.random.random();
                self.recode(seed)?;
                self.pass(controls_v, true)
            }
            Method::Single => self.one_after_the_other(controls_v),
            Method::FiniteDifference => self.differences(controls_v),
        }
    }

    /// Draws other codes.
    fn recode(&mut self, seed: u64) -> Result<(), SessionError> {
        let plan = self.plan.with_codes(Carrier::Random { seed });
        self.instrument.write_all(&plan.code_writes())?;
        self.plan = plan;
        Ok(())
    }

    fn one_after_the_other(&mut self, controls_v: &[f64]) -> Result<Vec<Reading>, SessionError> {
        let slots = self.plan.configuration().controls.len();
        let noise_slots = self.plan.configuration().noise_slots.clone();
        let mut sums = self.blanks(noise_slots.len());
        for sounding in 0..slots {
            let writes = self.plan.solo_writes(sounding);
            self.instrument.write_all(&writes)?;
            for (sum, reading) in sums.iter_mut().zip(self.pass(controls_v, true)?) {
                sum.slopes_na_per_v[sounding] = reading.slopes_na_per_v[sounding];
                sum.answers_na_per_v[sounding] = reading.answers_na_per_v[sounding];
                let beside = noise_slots.iter().enumerate();
                for (n, _) in beside.filter(|(_, noise_slot)| noise_slot.control == sounding) {
                    sum.empty_na[n] = reading.empty_na[n];
                }
                sum.add(&reading);
            }
        }
        let words = self.plan.slot_writes();
        self.instrument.write_all(&words)?;
        Ok(mean(sums, slots))
    }

    fn differences(&mut self, controls_v: &[f64]) -> Result<Vec<Reading>, SessionError> {
        let mut sums = self.blanks(0);
        for k in 0..controls_v.len() {
            let amplitude_v = self.plan.amplitude_v(k);
            let mut at = |volts: f64| {
                let mut moved_v = controls_v.to_vec();
                moved_v[k] += volts;
                self.pass(&moved_v, false)
            };
            let (above, below) = (at(amplitude_v)?, at(-amplitude_v)?);
            for (sum, (above, below)) in sums.iter_mut().zip(above.iter().zip(&below)) {
                let slope = (above.mean_na - below.mean_na) / (2.0 * amplitude_v);
                sum.slopes_na_per_v[k] = slope;
                sum.answers_na_per_v[k] = [slope, 0.0];
                sum.add(above);
                sum.add(below);
            }
        }
        Ok(mean(sums, 2 * controls_v.len()))
    }

    /// An empty reading for every case.
    fn blanks(&self, noise_slots: usize) -> Vec<Reading> {
        let configuration = self.plan.configuration();
        let blank = Reading::blank(configuration.controls.len(), noise_slots);
        vec![blank; configuration.cases_v.len() * self.inputs]
    }
}

/// Means of the sums of `passes` passes.
fn mean(mut readings: Vec<Reading>, passes: usize) -> Vec<Reading> {
    for reading in &mut readings {
        reading.mean_na /= passes as f64;
        reading.step_na /= passes as f64;
    }
    readings
}
