//! Messages from the server of a simulated instrument to one of its clients.

use super::header;
use super::kind;
use crate::wire::LEAST_BODY_WORDS;
use zerocopy::little_endian::U32;

/// Why a server sends a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The request was not executed: another client is in control.
    InUse,
    /// The connection ends: a token is needed, or the one that came is wrong.
    Token,
    /// This client's control has ended, since it made no request for too long.
    Released,
    /// The connection ends: the server has as many clients as it takes.
    Full,
}

impl Notice {
    pub(super) const ALL: [Notice; 4] =
        [Notice::InUse, Notice::Token, Notice::Released, Notice::Full];

    /// Bits 31..24 of the header.
    pub fn code(self) -> u8 {
        match self {
            Notice::InUse => 0,
            Notice::Token => 1,
            Notice::Released => 2,
            Notice::Full => 3,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The body with this sentence, filled up with spaces.
    pub(super) fn to_words(self, text: &str) -> Vec<u32> {
        const SPACES: u32 = u32::from_le_bytes([b' '; 4]);
        let words = text.as_bytes().chunks(4).map(|bytes| {
            let mut word = [b' '; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            u32::from_le_bytes(word)
        });
        let mut words: Vec<u32> = std::iter::once(0).chain(words).collect();
        words.resize(words.len().max(LEAST_BODY_WORDS), SPACES);
        words[0] = header(kind::NOTICE, words.len() - 1, self.code());
        words
    }

    /// The sentence in a body without its header.
    pub(super) fn text(body: &[U32]) -> String {
        let bytes: Vec<u8> = body.iter().flat_map(|word| word.get().to_le_bytes()).collect();
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }
}
