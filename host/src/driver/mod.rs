//! The instrument as the host sees it: registers, arming, runs.

use crate::link::{Link, LinkError};
use crate::plan::Plan;
use hge_protocol::frame::{
    End, EndReason, Epoch, Frame, FrameError, FrameReader, Operation, Reply, Request, Status,
    Window,
};
use hge_protocol::registers::{self as map, command, status};
use hge_protocol::Parameters;
use std::collections::VecDeque;
use thiserror::Error;

/// Requests sent before their replies are read: sequence numbers stay unambiguous.
const BURST_REQUESTS: usize = 64;

/// The instrument could not be used.
#[derive(Debug, Error)]
pub enum DriverError {
    /// The pipe broke.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Bytes that are no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// No answer came.
    #[error(
        "the instrument says nothing {when}: check that it has power and that the link leads to it"
    )]
    Silent {
        /// What was awaited.
        when: &'static str,
    },
    /// Something else than an HGE instrument answers.
    #[error("identity word 0x{found:08x} instead of 0x{expected:08x}: this is no HGE instrument, load its gateware")]
    Identity {
        /// What the instrument shows.
        found: u32,
        /// What this program looks for.
        expected: u32,
    },
    /// Another register map.
    #[error("the gateware's register map has hash 0x{found:08x}, this program's 0x{expected:08x}: build both from the same source")]
    MapHash {
        /// What the gateware shows.
        found: u32,
        /// What this program was built with.
        expected: u32,
    },
    /// The gateware was generated for other parameters than the run was planned for.
    #[error("the gateware has {found:?}, but the run was planned for {planned:?}: plan it for this gateware")]
    Parameters {
        /// What the gateware shows.
        found: Box<Parameters>,
        /// What the plan assumes.
        planned: Box<Parameters>,
    },
    /// A register access was refused.
    #[error("{operation:?} of register {register} (0x{address:04x}) was refused: {status:?}")]
    Refused {
        /// Read or write.
        operation: Operation,
        /// Name in the map.
        register: &'static str,
        /// Address.
        address: u16,
        /// Why.
        status: Status,
    },
    /// The reply belongs to another request.
    #[error("a reply to another request arrived ({found:?}): bytes were lost on the link")]
    Reply {
        /// The reply.
        found: Reply,
    },
    /// A run ended early.
    #[error("the run ended because of {reason:?}: check the interlock and start again")]
    Ended {
        /// What the instrument says.
        reason: EndReason,
    },
}

/// What a run said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A window has ended.
    Window(Window),
    /// An epoch of the standalone loop has ended.
    Epoch(Epoch),
}

/// A connected instrument.
pub struct Instrument {
    link: Box<dyn Link>,
    reader: FrameReader,
    frames: VecDeque<Frame>,
    sequence: u8,
    parameters: Parameters,
    samples: u64,
}

impl Instrument {
    /// Reads the info block and refuses what it does not know.
    ///
    /// # Errors
    /// The link breaks, or the other side is no instrument of this register map.
    pub fn connect(link: Box<dyn Link>) -> Result<Self, DriverError> {
        let parameters = Parameters::default();
        let mut instrument = Instrument {
            link,
            reader: FrameReader::default(),
            frames: VecDeque::new(),
            sequence: 0,
            parameters,
            samples: 0,
        };
        let found = instrument.read(map::IDENTITY)?;
        if found != map::IDENTITY_WORD {
            return Err(DriverError::Identity { found, expected: map::IDENTITY_WORD });
        }
        let (found, expected) = (instrument.read(map::MAP_HASH)?, map::map_hash());
        if found != expected {
            return Err(DriverError::MapHash { found, expected });
        }
        instrument.parameters = Parameters {
            outputs: instrument.read(map::OUTPUTS)?,
            slots: instrument.read(map::SLOTS)?,
            cases: instrument.read(map::CASES)?,
            starts: instrument.read(map::STARTS)?,
            clock_hz: instrument.read(map::CLOCK_HZ)?,
            dac_bits: instrument.read(map::DAC_BITS)?,
            adc_bits: instrument.read(map::ADC_BITS)?,
        };
        Ok(instrument)
    }

    /// What the gateware was generated for.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Samples of all runs so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Reads one register.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses.
    pub fn read(&mut self, address: u16) -> Result<u32, DriverError> {
        let request = self.request(Operation::Read, address, 0);
        self.link.send(&request.to_bytes())?;
        self.reply(request)
    }

    /// Writes one register.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses.
    pub fn write(&mut self, address: u16, data: u32) -> Result<(), DriverError> {
        self.write_all(&[(address, data)])
    }

    /// Writes registers in order, many requests at a time.
    ///
    /// # Errors
    /// The link breaks or the instrument refuses; earlier writes of the list have been done.
    pub fn write_all(&mut self, writes: &[(u16, u32)]) -> Result<(), DriverError> {
        for burst in writes.chunks(BURST_REQUESTS) {
            let requests: Vec<Request> = burst
                .iter()
                .map(|&(address, data)| self.request(Operation::Write, address, data))
                .collect();
            let bytes: Vec<u8> = requests.iter().flat_map(|request| request.to_bytes()).collect();
            self.link.send(&bytes)?;
            for request in requests {
                self.reply(request)?;
            }
        }
        Ok(())
    }

    /// Disarms and writes every register of a plan.
    ///
    /// # Errors
    /// The plan was made for another gateware, or an access fails.
    pub fn configure(&mut self, plan: &Plan) -> Result<(), DriverError> {
        if *plan.parameters() != self.parameters {
            return Err(DriverError::Parameters {
                found: Box::new(self.parameters),
                planned: Box::new(*plan.parameters()),
            });
        }
        self.disarm()?;
        self.write_all(plan.writes())
    }

    /// Lets the outputs follow the modulator.
    ///
    /// # Errors
    /// An access fails.
    pub fn arm(&mut self) -> Result<(), DriverError> {
        self.write(map::COMMAND, command::ARM)
    }

    /// Sends the outputs to their safe values and waits until they are there.
    ///
    /// # Errors
    /// An access fails.
    pub fn disarm(&mut self) -> Result<(), DriverError> {
        self.write(map::COMMAND, command::DISARM)?;
        while self.read(map::STATUS)? & status::HOMING != 0 {
            // In virtual time this is what lets the outputs move.
            self.pump()?;
        }
        Ok(())
    }

    /// Starts a run in `mode` and hands over what it says until it ends.
    ///
    /// # Errors
    /// The link breaks, or the run is refused or disarmed.
    pub fn run(&mut self, mode: u32, mut said: impl FnMut(Said)) -> Result<End, DriverError> {
        self.write_all(&[(map::MODE, mode), (map::COMMAND, command::RUN)])?;
        loop {
            match self.frame("during a run")? {
                Frame::Window(window) => said(Said::Window(window)),
                Frame::Epoch(epoch) => said(Said::Epoch(epoch)),
                Frame::Reply(found) => return Err(DriverError::Reply { found }),
                Frame::End(end) => {
                    self.samples += u64::from(end.sample_clock);
                    return match end.reason {
                        EndReason::Complete | EndReason::LossReached => Ok(end),
                        reason => Err(DriverError::Ended { reason }),
                    };
                }
            }
        }
    }

    fn request(&mut self, operation: Operation, address: u16, data: u32) -> Request {
        self.sequence = self.sequence.wrapping_add(1);
        Request { operation, sequence: self.sequence, address, data }
    }

    fn reply(&mut self, request: Request) -> Result<u32, DriverError> {
        loop {
            let reply = match self.frame("in answer to a request")? {
                Frame::Reply(reply) => reply,
                // Left over from a run that the host gave up.
                _ => continue,
            };
            if reply.sequence != request.sequence || reply.address != request.address {
                return Err(DriverError::Reply { found: reply });
            }
            if reply.status != Status::Ok {
                return Err(DriverError::Refused {
                    operation: request.operation,
                    register: map::find(request.address).map_or("?", |register| register.name),
                    address: request.address,
                    status: reply.status,
                });
            }
            return Ok(reply.data);
        }
    }

    fn frame(&mut self, when: &'static str) -> Result<Frame, DriverError> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(frame);
            }
            if !self.pump()? {
                return Err(DriverError::Silent { when });
            }
        }
    }

    /// Takes in what has arrived; `false` when nothing did.
    fn pump(&mut self) -> Result<bool, DriverError> {
        let mut bytes = Vec::new();
        let said = self.link.receive(&mut bytes)?;
        self.reader.push(&bytes);
        while let Some(frame) = self.reader.next_frame()? {
            self.frames.push_back(frame);
        }
        Ok(said)
    }
}
