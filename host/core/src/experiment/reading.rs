//! Evaluation of windows in an experiment: calibration, noise and correction of drifts.

use super::{Experiment, Task};
use crate::calibration::relaxation::Relaxation;
use crate::calibration::{Calibration, CalibrationError};
use crate::drift::Shape;
use crate::settling::{Correction, DriftCorrector};
use crate::tones::NoiseModel;

impl Task {
    /// Applies this calibration to slopes in the host loop.
    ///
    /// # Errors
    /// It was made for another plan, or for fewer outputs than the task has.
    pub fn calibrate(&mut self, calibration: Option<Calibration>) -> Result<(), CalibrationError> {
        if let Some(calibration) = &calibration {
            calibration.check(&self.plan)?;
            if calibration.inputs().count() < self.data.train.targets.outputs {
                return Err(CalibrationError::Stale { what: "number of outputs" });
            }
            let method = self.experiment.host.method;
            if !method.is_of_sines() {
                return Err(CalibrationError::Method { method: method.name() });
            }
        }
        self.calibration = calibration;
        Ok(())
    }

    /// Checks the windows of the host loop, and corrects drifts as the experiment requires.
    pub fn drift_corrector(&self) -> DriftCorrector {
        let keys = &self.experiment.host;
        let corrections = match keys.drift {
            Correction::Line => vec![Some(Shape::Line); self.data.train.targets.outputs],
            Correction::Relaxation => {
                let shape = Shape::Relaxation { seconds: keys.relaxation_s };
                vec![Some(shape); self.data.train.targets.outputs]
            }
            Correction::Calibrated => self
                .calibration
                .iter()
                .flat_map(Calibration::inputs)
                .map(Calibration::drift)
                .collect(),
        };
        DriftCorrector::new(&self.plan, self.experiment.noise_model(), corrections)
    }
}

impl Experiment {
    /// Waits at least the time of these relaxations where they are subtracted.
    pub fn wait_for<'a>(&mut self, relaxations: impl IntoIterator<Item = &'a Relaxation>) {
        for relaxation in relaxations {
            self.timing.settle_s = self.timing.settle_s.max(relaxation.settle_corrected_s);
        }
    }

    /// Noise model of the lines near the tones.
    pub fn noise_model(&self) -> NoiseModel {
        let bench = &self.bench;
        NoiseModel {
            white_na2_per_hz: bench.noise_na2_per_hz,
            flicker_na2_per_hz_at_1khz: bench.flicker_na2_per_hz_at_1khz,
            pole_hz: bench.of_input(0).iv_pole_hz,
            mains_hz: self.tones.mains_hz.or((bench.hum_na != 0.0).then_some(bench.hum_hz)),
        }
    }
}
