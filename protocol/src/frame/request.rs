//! Requests and their replies.

/// Bytes of a request.
pub const REQUEST_BYTES: usize = 8;

/// What a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Read one register.
    Read,
    /// Write one register.
    Write,
}

impl Operation {
    /// First byte of the request.
    pub fn code(self) -> u8 {
        match self {
            Operation::Read => 0x52,
            Operation::Write => 0x57,
        }
    }
}

/// One register access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Read or write.
    pub operation: Operation,
    /// Returned in the reply.
    pub sequence: u8,
    /// Register address.
    pub address: u16,
    /// Data to write; ignored by a read.
    pub data: u32,
}

impl Request {
    /// Operation, sequence, address (2 bytes), data (4 bytes).
    pub fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let address = self.address.to_le_bytes();
        let data = self.data.to_le_bytes();
        [
            self.operation.code(),
            self.sequence,
            address[0],
            address[1],
            data[0],
            data[1],
            data[2],
            data[3],
        ]
    }
}

/// Whether a request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// No register there, or not in that direction.
    BadAddress,
    /// Not while a run is going on, or not while armed.
    Busy,
    /// First byte is no operation.
    BadOperation,
}

impl Status {
    /// Code in the reply.
    pub fn code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::BadAddress => 1,
            Status::Busy => 2,
            Status::BadOperation => 3,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Status::Ok, Status::BadAddress, Status::Busy, Status::BadOperation]
            .into_iter()
            .find(|status| status.code() == code)
    }
}

/// Answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Sequence number of the request.
    pub sequence: u8,
    /// Whether it was carried out.
    pub status: Status,
    /// Address of the request.
    pub address: u16,
    /// Data read, or written.
    pub data: u32,
}
