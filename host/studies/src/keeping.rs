//! Records the ADC codes of a simulated instrument.

use hge_sim::bench::{AnalogueBench, Bench};
use std::sync::{Arc, Mutex, PoisonError};

/// Codes since they were taken last.
#[derive(Clone, Debug, Default)]
pub struct Codes(Arc<Mutex<Vec<i16>>>);

impl Codes {
    /// Takes them out.
    pub fn take(&self) -> Vec<i16> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A bench whose codes are kept.
pub struct KeepingBench {
    /// The bench.
    pub bench: AnalogueBench,
    /// Where they are kept.
    pub codes: Codes,
}

impl Bench for KeepingBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.bench.samples(codes, adc);
        self.codes.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(adc);
    }

    fn rewind(&mut self, samples: usize) {
        self.bench.rewind(samples);
        let mut kept = self.codes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = kept.len().saturating_sub(samples * self.bench.inputs());
        kept.truncate(left);
    }
}
