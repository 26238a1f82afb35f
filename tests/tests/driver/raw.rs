//! A client of a few lines over TCP, from docs/protocol.md alone.

use hge_protocol::frame::{Frame, Notice, Operation, Reply, Request, Status};
use hge_protocol::registers as map;
use hge_protocol::wire::{seal, Deframer, MOST_FRAME_WORDS};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Wait for what comes at once on a computer that is not busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of a request.
#[derive(Debug)]
pub enum Answer {
    Reply(Reply),
    Notice(Notice, String),
    /// The server has ended the connection.
    Closed,
}

pub struct Raw {
    pub stream: TcpStream,
    nonce: u32,
    sequence: u16,
    deframer: Deframer,
    frames: VecDeque<Frame>,
}

/// A request as bytes.
pub fn line(operation: Operation, place: (u32, u16), address: u16, values: &[u32]) -> Vec<u8> {
    let (nonce, sequence) = place;
    let count = if operation == Operation::Hello { 0 } else { values.len() as u8 };
    let values = if operation == Operation::Write { values.to_vec() } else { Vec::new() };
    let mut line = vec![0];
    let request = Request { operation, nonce, sequence, address, count, values };
    seal(&request.to_words(), &mut line);
    line
}

pub fn hello(nonce: u32) -> Vec<u8> {
    line(Operation::Hello, (nonce, 0), 0, &[])
}

impl Raw {
    /// Connects and says hello.
    pub fn connect(address: &str, nonce: u32) -> Self {
        let mut raw = Raw::silent(address, nonce);
        raw.stream.write_all(&hello(nonce)).unwrap();
        assert!(matches!(raw.answer(), Answer::Reply(Reply { status: Status::Ok, .. })));
        raw
    }

    /// Connects and says nothing.
    pub fn silent(address: &str, nonce: u32) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let deframer = Deframer::new(MOST_FRAME_WORDS);
        Raw { stream, nonce, sequence: 0, deframer, frames: VecDeque::new() }
    }

    pub fn write(&mut self, address: u16, values: &[u32]) -> Answer {
        self.sequence += 1;
        let place = (self.nonce, self.sequence);
        self.stream.write_all(&line(Operation::Write, place, address, values)).unwrap();
        match self.own_answer() {
            Answer::Notice(notice, text) => {
                // It was not carried out: the number is still to come.
                self.sequence -= 1;
                Answer::Notice(notice, text)
            }
            other => other,
        }
    }

    pub fn read(&mut self, address: u16, count: u8) -> Vec<u32> {
        self.sequence += 1;
        let (place, zeros) = ((self.nonce, self.sequence), vec![0; usize::from(count)]);
        self.stream.write_all(&line(Operation::Read, place, address, &zeros)).unwrap();
        match self.own_answer() {
            Answer::Reply(Reply { status: Status::Ok, values, .. }) => values,
            other => panic!("{other:?}"),
        }
    }

    /// Gives a command, which is carried out.
    pub fn command(&mut self, command: u32) {
        let answer = self.write(map::COMMAND, &[command]);
        assert!(matches!(answer, Answer::Reply(Reply { status: Status::Ok, .. })), "{answer:?}");
    }

    /// The next reply to this client's session, or notice.
    pub fn own_answer(&mut self) -> Answer {
        loop {
            match self.answer() {
                Answer::Reply(reply) if reply.nonce != self.nonce => {}
                other => return other,
            }
        }
    }

    /// The next reply, or notice; telemetry is dropped.
    pub fn answer(&mut self) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(frame) = self.frames.pop_front() {
                match frame {
                    Frame::Reply(reply) => return Answer::Reply(reply),
                    Frame::Notice(reason, text) => return Answer::Notice(reason, text),
                    Frame::Telemetry(..) => {}
                }
            }
            assert!(Instant::now() < deadline, "no answer");
            let mut bytes = [0; 4096];
            let frames = &mut self.frames;
            match self.stream.read(&mut bytes) {
                Ok(0) => return Answer::Closed,
                Ok(count) => self.deframer.push(&bytes[..count], |body| {
                    let body = body.expect("the server sends sound frames");
                    frames.push_back(Frame::from_words(body).expect("of known kinds"));
                }),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return Answer::Closed,
            }
        }
    }
}
