//! Shared by the writer and the reader of a log: version, file names, and the messages that are no items.

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of the messages: the profile of the files.
pub const PROFILE: &str = "hge-run-2";

/// Path of a file of the log.
pub(super) fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:05}.mcap"))
}

/// The first message of a file with which a run was taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    /// Items before it that hold: those behind them, of an epoch that was not ended, do not count.
    pub items: u64,
    /// Seconds by which the computer's clock was set back meanwhile; time stamps went on.
    pub clock_back_s: f64,
}

/// The message of a log that seals a file of the run's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    /// Name of the file in the folder.
    pub(super) file: String,
    /// SHA-256 of its bytes in hexadecimal digits; `None`: the run has no such file.
    pub(super) sha256: Option<String>,
}

impl Seal {
    /// The seal of a file with this content; `None`: without the file.
    pub(super) fn of(file: &str, content: Option<&[u8]>) -> Self {
        let digits =
            |content: &[u8]| Hash::hash(content).iter().map(|byte| format!("{byte:02x}")).collect();
        Seal { file: file.into(), sha256: content.map(digits) }
    }
}
