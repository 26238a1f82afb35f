//! An instrument that plays a record: it stores writes, and answers every run with the frames of the next run in the log.

use super::item::Item;
use super::reader::LogReader;
use hge_protocol::frame::{EndReason, Frame, Record, Status};
use hge_protocol::registers::{self as map, command};
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use hge_protocol::Parameters;
use hge_sim::engine::{Engine, EngineError, Passed, Time};
use hge_sim::model::session::{reply, Session, Verdict, Work};
use hge_sim::model::settings::constant;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use zerocopy::little_endian::U32;

/// Plays a log.
pub(super) struct Player {
    parameters: Parameters,
    reader: LogReader,
    /// Read, and not yet due.
    next: Option<Item>,
    session: Session,
    deframer: Deframer,
    registers: HashMap<u16, u32>,
    /// Number of the next frame.
    frames: u32,
    playing: bool,
    output: Vec<u8>,
    /// A requested run is not in the log.
    ended: Arc<AtomicBool>,
}

impl Player {
    pub(super) fn new(parameters: Parameters, reader: LogReader) -> Self {
        Player {
            parameters,
            reader,
            next: None,
            session: Session::default(),
            deframer: Deframer::new(MOST_REQUEST_WORDS),
            registers: HashMap::new(),
            frames: 0,
            playing: false,
            output: Vec::new(),
            ended: Arc::default(),
        }
    }

    /// Reports that the log has ended and more was requested.
    pub(super) fn ended(&self) -> Arc<AtomicBool> {
        self.ended.clone()
    }

    fn frame(&mut self, body: &[U32]) -> Result<(), EngineError> {
        let words = match self.session.judge(body).0 {
            Verdict::Ignore => return Ok(()),
            Verdict::Answer(words) => words,
            Verdict::Execute(work) => {
                let (status, values) = self.carry_out(&work)?;
                let words = reply(body, status, &values);
                self.session.keep(&words);
                words
            }
        };
        seal(&words, &mut self.output);
        Ok(())
    }

    fn carry_out(&mut self, work: &Work) -> Result<(Status, Vec<u32>), EngineError> {
        Ok(match work {
            Work::Greet => (Status::Ok, Vec::new()),
            Work::Refuse => (Status::BadRequest, Vec::new()),
            Work::Read(address, count) => {
                let addresses = (0..u16::from(*count)).map(|index| address.wrapping_add(index));
                (Status::Ok, addresses.map(|address| self.register(address)).collect())
            }
            Work::Write(address, values) => {
                for (index, &value) in (0..).zip(values) {
                    let address = address.wrapping_add(index);
                    self.registers.insert(address, value);
                    if address == map::COMMAND && value & 15 == command::REPEAT {
                        // What is missing in the log is missing for good.
                        return Ok((Status::Gone, vec![u32::from(index)]));
                    }
                    if address == map::COMMAND && value & 15 == command::RUN {
                        self.begin()?;
                    }
                }
                (Status::Ok, vec![values.len() as u32])
            }
        })
    }

    fn register(&self, address: u16) -> u32 {
        let constant = constant(&self.parameters, address);
        constant.unwrap_or_else(|| match address {
            map::STATUS | map::FAULT => 0,
            map::FRAMES => self.frames,
            address => self.registers.get(&address).copied().unwrap_or(0),
        })
    }

    /// Goes to where the next run begins.
    fn begin(&mut self) -> Result<(), EngineError> {
        while let Some(item) = self.take()? {
            if matches!(item, Item::Runs { .. }) {
                self.playing = true;
                return Ok(());
            }
        }
        self.over()
    }

    fn over(&mut self) -> Result<(), EngineError> {
        self.ended.store(true, Ordering::Relaxed);
        Err(EngineError::Tool("the record ends here".into()))
    }

    fn take(&mut self) -> Result<Option<Item>, EngineError> {
        if let Some(item) = self.next.take() {
            return Ok(Some(item));
        }
        self.reader.next_item().map_err(|error| EngineError::Tool(error.to_string()))
    }

    /// The next frame of the run; after its end, the reads of its tables.
    fn play(&mut self) -> Result<(), EngineError> {
        match self.take()? {
            Some(Item::RunEvent { record, .. }) => {
                let over = matches!(record, Record::End(_));
                let tripped =
                    matches!(&record, Record::End(end) if end.reason == EndReason::Tripped);
                let frame = Frame::Telemetry(self.frames, record);
                self.frames = self.frames.wrapping_add(1);
                self.output.extend(frame.to_bytes());
                if over {
                    self.playing = false;
                    if !tripped {
                        self.read_on()?;
                    }
                }
                Ok(())
            }
            Some(Item::Lost { frames }) => {
                self.frames = self.frames.wrapping_add(frames);
                Ok(())
            }
            // What the host worked out meanwhile.
            Some(_) => Ok(()),
            None => self.over(),
        }
    }

    /// Takes over the items read before the next run began.
    fn read_on(&mut self) -> Result<(), EngineError> {
        while let Some(item) = self.take()? {
            match item {
                Item::Runs { .. } => {
                    self.next = Some(item);
                    break;
                }
                Item::Read { address, values } => {
                    let addresses = (0..).map(|index| address.wrapping_add(index));
                    self.registers.extend(addresses.zip(values));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Engine for Player {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let mut bodies: Vec<Vec<U32>> = Vec::new();
        self.deframer.push(bytes, |body| bodies.extend(body.map(<[U32]>::to_vec)));
        bodies.iter().try_for_each(|body| self.frame(body))
    }

    fn advance(
        &mut self,
        _: Time,
        _: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        while self.playing && self.output.len() < room {
            self.play()?;
        }
        into.append(&mut self.output);
        Ok(Passed { samples: 0, resting: !self.playing })
    }

    fn set_interlock(&mut self, _: bool) -> Result<(), EngineError> {
        Ok(())
    }
}
