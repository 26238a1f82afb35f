//! Continuous mode for the host's loop: windows follow each other with tones on, and each takes the controls from the row of the table that was the last in use when the
//! window before it ended.
//!
//! The host writes the row that no window uses, and then the number of rows in use. A window's record names its row, so that the first window with new controls is
//! known however late the host was; those before it, one at least, are passed over. A step thus follows from slopes at the present controls, at any delay, and is as
//! stable as with windows in turn.

use super::{Session, SessionError};
use hge_driver::{Instrument, Run, RunEvent};
use hge_protocol::frame::{EndReason, Window};
use hge_protocol::registers::{self as map, command, mode};

/// Most windows of a run: the greatest value of the register.
const MOST_WINDOWS: u32 = 65535;

/// A run whose windows follow each other.
pub(super) struct Flow {
    run: Run,
    /// The row that was written last, 0 or 1.
    row: u32,
    /// Samples of the run until the end of the last window.
    samples: u32,
}

impl Flow {
    /// Samples since the run began.
    pub(super) fn samples(&self) -> u64 {
        u64::from(self.samples)
    }
}

impl Session {
    /// Measures slopes in continuous mode from now on, if the plan has it. Whatever else is measured ends the run, and the next slopes begin another.
    pub fn flow(&mut self) {
        self.flows = self.plan.configuration().continuous;
    }

    /// The window of every input that is read with these controls, tones on.
    pub(super) fn next_windows(&mut self, controls_v: &[f64]) -> Result<Vec<Window>, SessionError> {
        let row = self.flow.as_ref().map_or(0, |flow| 1 - flow.row);
        let mut writes = self.plan.row_writes(row, controls_v);
        writes.push((map::STARTS_USED, row + 1));
        self.instrument.write_all(&writes)?;
        let mut flow = match self.flow.take() {
            Some(flow) => Flow { row, ..flow },
            None => self.begin_flow(row)?,
        };
        let mut windows: Vec<Window> = Vec::new();
        let used = 1_u32 << self.plan.grid().window_samples.trailing_zeros();
        while windows.len() < self.inputs {
            match self.instrument.next_event(&mut flow.run)? {
                Ok(RunEvent::Window(window)) => {
                    // Records of one window have one sample clock; where one is lost the next window is taken.
                    if windows
                        .first()
                        .is_some_and(|first| first.sample_clock != window.sample_clock)
                    {
                        windows.clear();
                    }
                    flow.samples = window.sample_clock.wrapping_add(used);
                    if u32::from(window.start) == row && usize::from(window.input) < self.inputs {
                        windows.push(window);
                    }
                }
                Ok(_) => {}
                Err(end) if end.reason == EndReason::Complete => {
                    windows.clear();
                    flow = self.begin_flow(row)?;
                }
                Err(end) => {
                    return Err(hge_driver::DriverError::Ended { reason: end.reason }.into())
                }
            }
        }
        self.flow = Some(flow);
        Ok(windows)
    }

    fn begin_flow(&mut self, row: u32) -> Result<Flow, SessionError> {
        let gap = self.plan.row_gap();
        self.instrument.write_all(&[gap, (map::EPOCHS, MOST_WINDOWS)])?;
        let run = self.instrument.begin_run(self.plan.mode_bits() | mode::PERTURB)?;
        Ok(Flow { run, row, samples: 0 })
    }

    /// Ends continuous mode, if it goes on: the registers are as the plan has them.
    pub(super) fn end_flow(&mut self) -> Result<(), SessionError> {
        let Some(flow) = self.flow.take() else { return Ok(()) };
        stop(&mut self.instrument, flow.run)?;
        let addresses = [map::GAP, map::EPOCHS, map::STARTS_USED];
        let writes = self.plan.writes().iter().copied();
        let writes: Vec<_> = writes.filter(|(address, _)| addresses.contains(address)).collect();
        Ok(self.instrument.write_all(&writes)?)
    }
}

/// Stops a run and passes over what it still sends.
fn stop(instrument: &mut Instrument, mut run: Run) -> Result<(), SessionError> {
    instrument.write(map::COMMAND, command::STOP)?;
    while instrument.next_event(&mut run)?.is_ok() {}
    Ok(())
}
