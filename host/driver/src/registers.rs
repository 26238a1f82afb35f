//! Registers by address and by name.

use super::request::{refused, Ask};
use super::state::obstacle;
use super::{DriverError, Instrument, TraceEvent};
use crate::quantity::Place;
use hge_protocol::frame::{Operation, Status, MOST_REGISTERS};
use hge_protocol::registers as map;
use hge_protocol::table::TABLE_BASE;
use std::sync::atomic::Ordering;

impl Instrument {
    /// Reads one register.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses.
    pub fn read(&self, address: u16) -> Result<u32, DriverError> {
        Ok(self.read_many(address, 1)?[0])
    }

    /// Reads `count` registers from `address` on, 64 a request.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses one of them.
    pub fn read_many(&self, address: u16, count: usize) -> Result<Vec<u32>, DriverError> {
        let mut values = Vec::with_capacity(count);
        while values.len() < count {
            let ask = Ask {
                operation: Operation::Read,
                address: address.wrapping_add(values.len() as u16),
                count: (count - values.len()).min(MOST_REGISTERS) as u8,
                values: Vec::new(),
            };
            let (reply, _) = self.ask(&ask)?;
            let (found, expected) = (reply.values.len(), usize::from(ask.count));
            if reply.status != Status::Ok {
                return Err(refused(&ask, &reply));
            }
            if found != expected {
                return Err(DriverError::Length { found, expected });
            }
            values.extend(reply.values);
        }
        if address >= TABLE_BASE {
            self.pass(TraceEvent::Read { address, values: &values })?;
        }
        Ok(values)
    }

    /// Writes one register.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses.
    pub fn write(&self, address: u16, data: u32) -> Result<(), DriverError> {
        self.write_all(&[(address, data)])
    }

    /// Writes registers in order; up to 64 consecutive ones in one request.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses; earlier writes of the list have been done.
    pub fn write_all(&self, writes: &[(u16, u32)]) -> Result<(), DriverError> {
        for ask in bursts(writes) {
            self.write_burst(&ask)?;
        }
        self.pass(TraceEvent::Wrote(writes))
    }

    /// Gives a command; returns which reply on this link has confirmed it.
    pub(super) fn command_count(&self, command: u32) -> Result<u64, DriverError> {
        self.write_burst(&burst(&[(map::COMMAND, command)]))
    }

    pub(super) fn write_burst(&self, ask: &Ask) -> Result<u64, DriverError> {
        let (reply, which) = self.ask(ask)?;
        if !self.writes.swap(true, Ordering::Relaxed) {
            // In control from here on.
            self.keep(None);
        }
        if reply.status != Status::Ok {
            return Err(self.explained(refused(ask, &reply), ask));
        }
        for (index, &value) in (0..).zip(&ask.values) {
            if ask.address.wrapping_add(index) == map::COMMAND {
                self.note_command(value)?;
            }
        }
        Ok(which)
    }

    /// A command that was refused as busy, with the conflicting state; of a run, the trip since the arming.
    fn explained(&self, error: DriverError, ask: &Ask) -> DriverError {
        let DriverError::Refused { address: map::COMMAND, status: Status::Busy, .. } = error else {
            return error;
        };
        let place = usize::from(map::COMMAND.wrapping_sub(ask.address));
        let Some(&command) = ask.values.get(place) else { return error };
        match self.state() {
            Ok(state) => {
                let command = command & 15;
                let has_tripped = state.fault.is_some() && state.armed.is_none();
                if command == map::command::RUN && has_tripped && !state.busy {
                    return self.tripped(0);
                }
                DriverError::Command { command, obstacle: obstacle(command, &state) }
            }
            Err(other) => other,
        }
    }

    /// Reads the register of this name; of an array, `name[index]` or `guard[output].field`.
    ///
    /// # Errors
    /// There is no such register, or reading it fails.
    pub fn get(&self, name: &str) -> Result<u32, DriverError> {
        self.read(Place::find(name)?.address())
    }

    /// Writes the register of this name; of an array, `name[index]` or `guard[output].field`.
    ///
    /// # Errors
    /// There is no such register, or writing it fails.
    pub fn set(&self, name: &str, value: u32) -> Result<(), DriverError> {
        self.write(Place::find(name)?.address(), value)
    }
}

/// Runs of consecutive addresses, as requests.
pub(super) fn bursts(writes: &[(u16, u32)]) -> impl Iterator<Item = Ask> + '_ {
    let runs = writes.chunk_by(|before, after| before.0.checked_add(1) == Some(after.0));
    runs.flat_map(|run| run.chunks(MOST_REGISTERS)).map(burst)
}

/// One request for writes to consecutive addresses, one at least.
fn burst(writes: &[(u16, u32)]) -> Ask {
    Ask {
        operation: Operation::Write,
        address: writes[0].0,
        count: writes.len() as u8,
        values: writes.iter().map(|write| write.1).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_writes_share_requests_of_at_most_sixty_four() {
        let mut writes: Vec<(u16, u32)> = (0..130).map(|n| (0x1000 + n, u32::from(n))).collect();
        writes.extend([(0x0f, 1), (0x10, 2), (0x10, 3), (0x0e, 4), (u16::MAX, 5), (0, 6)]);
        let asks: Vec<Ask> = bursts(&writes).collect();
        let lengths: Vec<u8> = asks.iter().map(|ask| ask.count).collect();
        assert_eq!(lengths, [64, 64, 2, 2, 1, 1, 1, 1]);
        let back: Vec<(u16, u32)> = asks
            .iter()
            .flat_map(|ask| (0..).zip(&ask.values).map(|(n, &value)| (ask.address + n, value)))
            .collect();
        assert_eq!(back, writes);
    }
}
