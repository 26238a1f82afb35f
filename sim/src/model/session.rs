//! Reference model of the link's request processor: sessions, and requests that are executed once.

use hge_protocol::frame::{kind, Operation, Status, MOST_REGISTERS};
use zerocopy::little_endian::U32;

/// State of the host's session.
#[derive(Clone, Debug)]
struct Known {
    nonce: u32,
    sequence: u16,
    /// Reply to the last request.
    kept: Vec<u32>,
}

/// Result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: a straggler.
    Ignore,
    /// Send this reply without executing a request.
    Answer(Vec<u32>),
    /// Carry it out, build the reply with [`reply`] and keep it by [`Session::keep`].
    Execute(Work),
}

/// A request to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// A session begins.
    Greet,
    /// Operation or lengths of the request are invalid.
    Refuse,
    /// Read this number of registers from this address on.
    Read(u16, u8),
    /// Write these from this address on.
    Write(u16, Vec<u32>),
}

/// The session, if a host has begun one.
#[derive(Clone, Debug, Default)]
pub struct Session {
    known: Option<Known>,
}

/// A request's fields.
struct Fields {
    work: Work,
    nonce: u32,
    sequence: u16,
}

fn fields(body: &[U32]) -> Fields {
    let word = |index: usize| body.get(index).map_or(0, |word| word.get());
    let (header, place) = (word(0), word(2));
    let (count, address) = ((header >> 24) as usize, place as u16);
    let following = (header >> 8) as usize & 0xffff;
    let values = body.get(3..).unwrap_or(&[]);
    let agrees = following == body.len() - 1;
    let counted = (1..=MOST_REGISTERS).contains(&count);
    let hello = header as u8 == Operation::Hello.code();
    let work = if hello && agrees && values.is_empty() && count == 0 {
        Work::Greet
    } else if header as u8 == Operation::Read.code() && agrees && values.is_empty() && counted {
        Work::Read(address, count as u8)
    } else if header as u8 == Operation::Write.code() && agrees && values.len() == count && counted
    {
        Work::Write(address, values.iter().map(|value| value.get()).collect())
    } else {
        Work::Refuse
    };
    Fields { work, nonce: word(1), sequence: (place >> 16) as u16 }
}

impl Session {
    /// A session whose last request had this sequence number; its reply is not kept.
    pub fn at(nonce: u32, sequence: u16) -> Self {
        Session { known: Some(Known { nonce, sequence, kept: Vec::new() }) }
    }

    /// Whether a request with these is the next one of the session.
    pub fn is_next(&self, nonce: u32, sequence: u16) -> bool {
        let next = |known: &Known| (known.nonce, known.sequence.wrapping_add(1));
        self.known.as_ref().is_some_and(|known| next(known) == (nonce, sequence))
    }

    /// Looks at a request's body; the second is whether it is of the session and winds up the watchdog.
    pub fn judge(&mut self, body: &[U32]) -> (Verdict, bool) {
        let Fields { work, nonce, sequence } = fields(body);
        match &mut self.known {
            Some(known) if known.nonce == nonce => {
                let verdict = if sequence == known.sequence {
                    Verdict::Answer(known.kept.clone())
                } else if sequence == known.sequence.wrapping_add(1) && work != Work::Greet {
                    known.sequence = sequence;
                    Verdict::Execute(work)
                } else {
                    Verdict::Ignore
                };
                (verdict, true)
            }
            _ if work == Work::Greet => {
                self.known = Some(Known { nonce, sequence, kept: Vec::new() });
                (Verdict::Execute(work), true)
            }
            _ => (Verdict::Answer(reply(body, Status::Session, &[])), false),
        }
    }

    /// Stores the reply to the last executed request.
    pub fn keep(&mut self, reply: &[u32]) {
        if let Some(known) = &mut self.known {
            known.kept = reply.to_vec();
        }
    }
}

/// The body of the reply to the request in `body`.
pub fn reply(body: &[U32], status: Status, values: &[u32]) -> Vec<u32> {
    let word = |index: usize| body.get(index).map_or(0, |word| word.get());
    let following = 2 + values.len() as u32;
    let mut words =
        vec![u32::from(kind::REPLY) | (following << 8) | (u32::from(status.code()) << 24)];
    words.extend([word(1), word(2)]);
    words.extend(values);
    words
}
