//! The model's registers: what a request reads and writes, and the switches it can throw.

use super::instrument::Model;
use super::settings::info;
use hge_protocol::frame::{EndReason, Status};
use hge_protocol::registers::{self as map, command, status};
use hge_protocol::table::{SlotWord, TABLE_BASE};

impl Model {
    pub(super) fn read(&mut self, address: u16) -> Result<u32, Status> {
        if let Some(value) = info(&self.parameters, address) {
            return Ok(value);
        }
        if address == map::STATUS {
            return Ok(u32::from(self.sequencer.busy()) * status::BUSY
                + u32::from(self.armed) * status::ARMED
                + u32::from(self.homing) * status::HOMING);
        }
        if let Some(value) = self.registers.read(address) {
            return Ok(value);
        }
        if address & 0xf000 == TABLE_BASE {
            if self.sequencer.busy() {
                return Err(Status::Busy);
            }
            // The gateware ignores the address bits that the table's size does not need.
            return Ok(self.table[(u32::from(address - TABLE_BASE) % self.layout.words) as usize]);
        }
        Err(Status::BadAddress)
    }

    pub(super) fn write(&mut self, address: u16, data: u32) -> Status {
        let Some(register) = map::find(address) else { return Status::BadAddress };
        let index = usize::from(address - register.address);
        let free = match register.when {
            map::When::Always => true,
            map::When::Idle => !self.sequencer.busy(),
            map::When::Disarmed => !self.sequencer.busy() && !self.armed,
        };
        if register.access == map::Access::ReadOnly {
            return Status::BadAddress;
        }
        if !free {
            return Status::Busy;
        }
        match register.address {
            map::COMMAND => return self.command(data & 15),
            map::TUNING => {
                if let Some(word) = self.tuning.get_mut(index) {
                    *word = data;
                }
            }
            map::SLOT => {
                if let Some(word) = self.slots.get_mut(index) {
                    *word = SlotWord::from_word(data);
                }
            }
            map::GUARD => {
                if let Some(limits) = self.limits.get_mut(index / 4) {
                    let code = data as u16 as i16;
                    match index % 4 {
                        0 => limits.low = code,
                        1 => limits.high = code,
                        2 => limits.safe = code,
                        _ => {}
                    }
                }
            }
            map::TABLE => {
                let words = self.layout.words as usize;
                self.table[index % words] = data;
            }
            _ => {
                self.registers.write(address, data);
                self.settings = self.registers.confined(&self.parameters);
            }
        }
        Status::Ok
    }

    pub(super) fn command(&mut self, command: u32) -> Status {
        match command {
            command::RUN if self.sequencer.busy() || !self.armed => return Status::Busy,
            command::RUN => self.sequencer.run_asked = true,
            command::STOP => self.stop(EndReason::Stopped),
            command::ARM if self.homing => return Status::Busy,
            command::ARM => self.armed = true,
            command::DISARM => {
                self.armed = false;
                self.homing = true;
                self.stop(EndReason::Disarmed);
            }
            _ => {}
        }
        Status::Ok
    }

    pub(super) fn stop(&mut self, reason: EndReason) {
        if self.sequencer.busy() && self.sequencer.stop_asked.is_none() {
            self.sequencer.stop_asked = Some(reason);
        }
    }
}
