//! Requests and their replies.
//!
//! | word | request | reply |
//! |---|---|---|
//! | 0 | operation, words that follow << 8, registers << 24 | [`kind::REPLY`](super::kind), words that follow << 8, status << 24 |
//! | 1 | nonce of the session | the same |
//! | 2 | first address, sequence number << 16 | the same |
//! | 3.. | values to write | values read; after a write one word, the registers written |

use crate::wire::MOST_REQUEST_WORDS;

/// Most registers of one request.
pub const MOST_REGISTERS: usize = MOST_REQUEST_WORDS - 3;

/// Operation of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Begin a session: the instrument forgets the one before.
    Hello,
    /// Read registers at consecutive addresses.
    Read,
    /// Write registers at consecutive addresses, in order.
    Write,
    /// Powers up a simulated instrument again, with a seed for its noise. An instrument on a board does not have
    /// this operation.
    Restart,
    /// To a server: shows the token that it may ask for before anything else. An instrument on a board knows no
    /// such operation.
    Authenticate,
}

impl Operation {
    /// Bits 7..0 of the first word.
    pub const fn code(self) -> u8 {
        match self {
            Operation::Hello => 0x48,
            Operation::Read => 0x52,
            Operation::Write => 0x57,
            Operation::Restart => 0x53,
            Operation::Authenticate => 0x41,
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The operation.
    pub operation: Operation,
    /// Nonce of the session.
    pub nonce: u32,
    /// One more than the request before; a repeated request has the same.
    pub sequence: u16,
    /// Address of the first register.
    pub address: u16,
    /// Registers to read, 1 to [`MOST_REGISTERS`]; of a write, as many as there are values; of a token its bytes.
    pub count: u8,
    /// Values to write.
    pub values: Vec<u32>,
}

impl Request {
    /// The body of the frame.
    pub fn to_words(&self) -> Vec<u32> {
        let following = 2 + self.values.len() as u32;
        let mut words = vec![
            u32::from(self.operation.code()) | (following << 8) | (u32::from(self.count) << 24),
            self.nonce,
            u32::from(self.address) | (u32::from(self.sequence) << 16),
        ];
        words.extend(&self.values);
        words
    }
}

/// Result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// No register there, or not in that direction.
    BadAddress,
    /// Not allowed during a run, while armed, or during the ramp to the safe values.
    Busy,
    /// No such operation, or its length is wrong.
    BadRequest,
    /// Arming without what protects the device: interlock open, no watchdog or no run-time limit, over-current
    /// trip off.
    Unsafe,
    /// The nonce is not that of the session: another host has begun one.
    Session,
    /// The last epoch is no longer in memory.
    Gone,
}

impl Status {
    const ALL: [Status; 7] = [
        Status::Ok,
        Status::BadAddress,
        Status::Busy,
        Status::BadRequest,
        Status::Unsafe,
        Status::Session,
        Status::Gone,
    ];

    /// Code in the reply.
    pub const fn code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::BadAddress => 1,
            Status::Busy => 2,
            Status::BadRequest => 3,
            Status::Unsafe => 4,
            Status::Session => 5,
            Status::Gone => 6,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// Answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Nonce of the request.
    pub nonce: u32,
    /// Sequence number of the request.
    pub sequence: u16,
    /// Status; the first refused register ends the request.
    pub status: Status,
    /// Address of the request.
    pub address: u16,
    /// Values read; after a write one value, the registers written.
    pub values: Vec<u32>,
}
