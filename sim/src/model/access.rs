//! The model's registers: reads, writes and commands of a request.

use super::instrument::Model;
use super::session::{reply, Verdict, Work};
use super::settings::constant;
use hge_protocol::frame::{EndReason, Record, Status};
use hge_protocol::parameters::STEPPED_OUTPUTS;
use hge_protocol::registers::{self as map, command, status, When};
use hge_protocol::table::{SlotWord, TABLE_BASE};
use zerocopy::little_endian::U32;

impl Model {
    /// A frame from the host, `None` a damaged one.
    pub(super) fn frame(&mut self, body: Option<&[U32]>) {
        let Some(body) = body else {
            self.link_faults = self.link_faults.wrapping_add(1);
            self.motion.supervisor.damaged();
            return;
        };
        self.motion.supervisor.sound();
        let (verdict, heard) = self.session.judge(body);
        if heard {
            self.motion.supervisor.heard(&self.settings);
        }
        match verdict {
            Verdict::Ignore => {}
            Verdict::Answer(words) => self.replies.push(words),
            Verdict::Execute(work) => {
                let (status, values) = self.carry_out(&work);
                let words = reply(body, status, &values);
                self.session.keep(&words);
                self.replies.push(words);
            }
        }
    }

    fn carry_out(&mut self, work: &Work) -> (Status, Vec<u32>) {
        let mut values = Vec::new();
        match work {
            Work::Greet => (Status::Ok, values),
            Work::Refuse => (Status::BadRequest, values),
            Work::Read(address, count) => {
                for index in 0..u16::from(*count) {
                    match self.read(address.wrapping_add(index)) {
                        Ok(value) => values.push(value),
                        Err(status) => return (status, values),
                    }
                }
                (Status::Ok, values)
            }
            Work::Write(address, data) => {
                let mut written = 0;
                for (index, &value) in (0..).zip(data) {
                    match self.write(address.wrapping_add(index), value) {
                        Status::Ok => written += 1,
                        status => return (status, vec![written]),
                    }
                }
                (Status::Ok, vec![written])
            }
        }
    }

    /// Value of a register, as a request would find it.
    ///
    /// # Errors
    /// There is none to read, or not now.
    pub fn read(&mut self, address: u16) -> Result<u32, Status> {
        let known = constant(&self.parameters, address)
            .or_else(|| self.live(address))
            .or_else(|| self.registers.read(address));
        if let Some(value) = known {
            return Ok(value);
        }
        if address & 0xf000 == TABLE_BASE {
            if self.motion.sequencer.busy() {
                return Err(Status::Busy);
            }
            // The gateware ignores the address bits that the table's size does not need.
            return Ok(self.table[(u32::from(address - TABLE_BASE) % self.layout.words) as usize]);
        }
        if let Some(&word) = self.analogue.get(usize::from(address.wrapping_sub(map::ANALOGUE))) {
            return Ok(word);
        }
        let index = usize::from(address.wrapping_sub(map::GUARD));
        let code = match (self.limits.get(index / 4), self.motion.codes.get(index / 4)) {
            (Some(limits), Some(&code)) => [limits.low, limits.high, limits.safe, code][index % 4],
            _ => return Err(Status::BadAddress),
        };
        Ok(u32::from(code as u16))
    }

    fn live(&self, address: u16) -> Option<u32> {
        let bit = |is: bool, bit: u32| u32::from(is) * bit;
        Some(match address {
            map::STATUS => {
                bit(self.motion.sequencer.busy(), status::BUSY)
                    | bit(self.motion.supervisor.armed, status::ARMED)
                    | bit(self.motion.supervisor.ramping_to_safe, status::RAMPING_TO_SAFE)
                    | bit(
                        self.motion.supervisor.armed && self.motion.supervisor.standalone,
                        status::STANDALONE,
                    )
                    | bit(self.motion.supervisor.interlock, status::INTERLOCK)
                    | bit(self.motion.supervisor.fault != 0, status::TRIPPED)
                    | bit(self.capture.active(), status::CAPTURING)
            }
            map::FAULT => u32::from(self.motion.supervisor.fault),
            map::TIME => self.time,
            map::FRAMES => self.telemetry.frames,
            map::FRAMES_LOST => self.telemetry.lost,
            map::LINK_FAULTS => self.link_faults,
            _ => return None,
        })
    }

    /// Writes a register, as a request would.
    pub fn write(&mut self, address: u16, data: u32) -> Status {
        let idle = !self.motion.sequencer.busy();
        let disarmed = idle && !self.motion.supervisor.armed;
        let written = self.registers.write(address, data, |when, present, value| match when {
            When::Always => true,
            When::Idle => idle,
            When::Disarmed => disarmed,
            When::Tighten => disarmed || value <= present,
        });
        if let Some(written) = written {
            self.settings = self.registers.confined(&self.parameters);
            return if written { Status::Ok } else { Status::Busy };
        }
        if address == map::COMMAND {
            return self.command(data & 15);
        }
        let Some(register) = map::find(address) else { return Status::BadAddress };
        let index = usize::from(address - register.address);
        match register.address {
            map::TUNING | map::SLOT if index >= self.slots.len() => Status::BadAddress,
            map::CODES if !self.parameters.carriers.has_codes() => Status::BadAddress,
            map::GUARD => self.limit(index, data as u16 as i16, disarmed),
            map::ANALOGUE if index >= self.analogue.len() => Status::BadAddress,
            map::ANALOGUE if !disarmed => Status::Busy,
            map::ANALOGUE => {
                self.analogue[index] = data;
                Status::Ok
            }
            map::TUNING | map::SLOT | map::CODES if !idle => Status::Busy,
            map::TABLE if !idle && !self.follows() => Status::Busy,
            map::TUNING => {
                self.tuning[index] = data;
                Status::Ok
            }
            map::SLOT => {
                let mut word = SlotWord::from_word(data);
                if self.parameters.slot_clocks != 1 {
                    word.output &= (STEPPED_OUTPUTS - 1) as u8;
                }
                self.slots[index] = word;
                Status::Ok
            }
            map::CODES => {
                self.rows[index] = data as u8;
                Status::Ok
            }
            map::TABLE => {
                let words = self.layout.words as usize;
                self.table[index % words] = data;
                Status::Ok
            }
            _ => Status::BadAddress,
        }
    }

    /// Writes one of the guard's words: freely while disarmed, else only a narrower range.
    fn limit(&mut self, index: usize, code: i16, disarmed: bool) -> Status {
        let Some(limits) = self.limits.get_mut(index / 4) else { return Status::BadAddress };
        let (low, high) = (limits.low, limits.high);
        let (field, tighter) = match index % 4 {
            0 => (&mut limits.low, code >= low),
            1 => (&mut limits.high, code <= high),
            2 => (&mut limits.safe, false),
            _ => return Status::BadAddress,
        };
        if !disarmed && !tighter {
            return Status::Busy;
        }
        *field = code;
        Status::Ok
    }

    fn command(&mut self, command: u32) -> Status {
        let busy = self.motion.sequencer.busy();
        match command {
            command::RUN if busy || !self.motion.supervisor.armed => return Status::Busy,
            command::RUN => self.motion.sequencer.run_asked = true,
            command::STOP => {
                self.stop(EndReason::Stopped);
                if let Some(block) = self.capture.stop(&self.settings) {
                    self.send(Record::Block(block));
                }
            }
            command::ARM_HOST => return self.motion.supervisor.arm(false, busy, &self.settings),
            command::ARM_STANDALONE => {
                return self.motion.supervisor.arm(true, busy, &self.settings)
            }
            command::DISARM => {
                self.motion.supervisor.disarm();
                self.stop(EndReason::Disarmed);
            }
            command::CAPTURE if self.capture.active() => return Status::Busy,
            command::CAPTURE => self.capture.start(&self.settings),
            command::REPEAT if !self.telemetry.repeat() => return Status::Gone,
            _ => {}
        }
        Status::Ok
    }

    pub(super) fn stop(&mut self, reason: EndReason) {
        if self.motion.sequencer.busy() && self.motion.sequencer.stop_asked.is_none() {
            self.motion.sequencer.stop_asked = Some(reason);
        }
    }
}
