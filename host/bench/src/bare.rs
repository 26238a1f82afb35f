//! An engine without link and driver: requests, and the windows of a run.

use crate::workload::Workload;
use crate::BenchError;
use hge_protocol::frame::{Frame, Operation, Record, Request, Status, Window, MOST_REGISTERS};
use hge_protocol::registers::{self as map, command};
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use hge_sim::engine::{Engine, Time};

/// Nonce of its only session.
const NONCE: u32 = 0x6265_6e63;

/// Samples of an advance.
const CHUNK_SAMPLES: u32 = 4096;

/// Samples in which an engine answers a request: time stands while it is idle.
const REPLY_SAMPLES: u32 = 20;

/// An engine and its session.
pub struct Bare {
    engine: Box<dyn Engine>,
    sequence: u16,
    received: Vec<u8>,
}

impl Bare {
    /// Begins a session.
    ///
    /// # Errors
    /// The engine is lost.
    pub fn new(engine: Box<dyn Engine>) -> Result<Self, BenchError> {
        let mut bare = Bare { engine, sequence: 0, received: Vec::new() };
        bare.request(Operation::Hello, 0, Vec::new())?;
        Ok(bare)
    }

    fn request(
        &mut self,
        operation: Operation,
        address: u16,
        values: Vec<u32>,
    ) -> Result<(), BenchError> {
        let (nonce, sequence, count) = (NONCE, self.sequence, values.len() as u8);
        self.sequence = self.sequence.wrapping_add(1);
        let mut line = Vec::new();
        let request = Request { operation, nonce, sequence, address, count, values };
        seal(&request.to_words(), &mut line);
        self.engine.send(&line)?;
        self.received.clear();
        self.engine.advance(Time::Virtual, REPLY_SAMPLES, usize::MAX, &mut self.received)?;
        let mut status = None;
        Deframer::new(MOST_FRAME_WORDS).push(&self.received, |body| {
            if let Some(Ok(Frame::Reply(reply))) = body.map(Frame::from_words) {
                status = Some(reply.status);
            }
        });
        match status {
            Some(Status::Ok) => Ok(()),
            other => Err(BenchError::Refused { status: format!("{other:?}") }),
        }
    }

    /// Configures and arms for a run of `epochs` epochs.
    ///
    /// # Errors
    /// The engine is lost, or refuses a register.
    pub fn configure(&mut self, workload: &Workload, epochs: u32) -> Result<(), BenchError> {
        let writes = workload.writes(epochs);
        let bursts = writes.chunk_by(|before, after| before.0 + 1 == after.0);
        for burst in bursts.flat_map(|burst| burst.chunks(MOST_REGISTERS)) {
            let values = burst.iter().map(|write| write.1).collect();
            self.request(Operation::Write, burst[0].0, values)?;
        }
        let arm = if workload.standalone { command::ARM_STANDALONE } else { command::ARM_HOST };
        self.request(Operation::Write, map::COMMAND, vec![arm])
    }

    /// Disarms: every output ramps to its safe value.
    ///
    /// # Errors
    /// The engine is lost.
    pub fn disarm(&mut self) -> Result<(), BenchError> {
        self.request(Operation::Write, map::COMMAND, vec![command::DISARM])?;
        self.rest(|_| ()).map(drop)
    }

    /// Goes on until the engine rests, and passes on its bytes. Returns the samples.
    fn rest(&mut self, mut take: impl FnMut(&[u8])) -> Result<u64, BenchError> {
        let mut samples = 0;
        loop {
            self.received.clear();
            let passed = self.engine.advance(
                Time::Virtual,
                CHUNK_SAMPLES,
                usize::MAX,
                &mut self.received,
            )?;
            take(&self.received);
            samples += u64::from(passed.samples);
            if passed.resting {
                return Ok(samples);
            }
        }
    }

    /// Runs to the end, and passes on every window. Returns the samples.
    ///
    /// # Errors
    /// The engine is lost, or refuses the run.
    pub fn run(&mut self, mut each: impl FnMut(Window)) -> Result<u64, BenchError> {
        let mut deframer = Deframer::new(MOST_FRAME_WORDS);
        let mut take = |bytes: &[u8]| {
            deframer.push(bytes, |body| {
                if let Some(Ok(Frame::Telemetry(_, Record::Window(window)))) =
                    body.map(Frame::from_words)
                {
                    each(window);
                }
            });
        };
        self.request(Operation::Write, map::COMMAND, vec![command::RUN])?;
        take(&self.received);
        Ok(u64::from(REPLY_SAMPLES) + self.rest(take)?)
    }
}
