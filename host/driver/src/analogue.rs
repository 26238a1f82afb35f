//! The analogue scale stored in the instrument.

use super::registers::bursts;
use super::{DriverError, Instrument};
use crate::scale::Scale;
use hge_protocol::analogue::Difference;
use hge_protocol::registers as map;
use hge_protocol::Analogue;

impl Instrument {
    /// The analogue scale, `None` if none has been set since power-up or built in.
    ///
    /// # Errors
    /// The link breaks, or the words are no scale.
    pub fn analogue(&self) -> Result<Option<Analogue>, DriverError> {
        let (outputs, inputs) = self.channels();
        let words = self.read_many(map::ANALOGUE, Analogue::words_read(outputs))?;
        Analogue::from_words(&words, outputs, inputs)
            .map_err(|error| DriverError::Damaged { error })
    }

    /// Sets the analogue scale, whatever it was.
    ///
    /// # Errors
    /// The scale is not possible; the guard is armed or a run is in progress; the link breaks.
    pub fn set_analogue(&self, analogue: &Analogue) -> Result<(), DriverError> {
        let (outputs, inputs) = self.channels();
        analogue.check(outputs, inputs).map_err(|error| DriverError::Analogue { error })?;
        // No part of a run's record: whether it is written depends on who was here before.
        for ask in bursts(&analogue.writes(outputs, inputs)) {
            self.write_burst(&ask)?;
        }
        Ok(())
    }

    /// Outputs and inputs.
    fn channels(&self) -> (usize, usize) {
        (self.parameters.outputs as usize, self.parameters.inputs as usize)
    }

    /// Compares the instrument's scale with that of a plan, and sets it where there is none; for a disarmed instrument.
    ///
    /// # Errors
    /// They differ, or an access fails.
    pub(super) fn join_scale(&self, scale: &Scale) -> Result<(), DriverError> {
        let Some(found) = self.analogue()? else { return self.set_analogue(&scale.analogue) };
        match scale.analogue.differences(&found, scale.outputs, scale.inputs).into_iter().next() {
            None => Ok(()),
            Some(Difference { key, first, second }) => {
                Err(DriverError::Scale { key, planned: first, found: second })
            }
        }
    }
}
