//! The token that a server may require.

use hge_protocol::frame::{Operation, Request, MOST_REGISTERS};
use hge_protocol::wire::seal;
use hmac_sha256::Hash;
use rand::rngs::OsRng;
use rand::TryRngCore;
use std::fmt::{self, Write};

/// Bytes that a token may have: few enough for one request.
pub const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 8..=4 * MOST_REGISTERS - 1;

/// Random bytes of a token that is made here.
const RANDOM_BYTES: usize = 16;

/// A secret text of [`TOKEN_BYTES`] visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Not shown, so that no message and no log has it by accident.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// The token in the text of a file; white space around it does not count.
    ///
    /// # Errors
    /// The fault, and the rule for tokens.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let rule = format!(
            "a token is one line of {} to {} visible ASCII characters",
            TOKEN_BYTES.start(),
            TOKEN_BYTES.end()
        );
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("it holds other characters, {rule}"));
        }
        if !TOKEN_BYTES.contains(&text.len()) {
            return Err(format!("it has {} characters, {rule}", text.len()));
        }
        Ok(Token(text.into()))
    }

    /// A random token of 128 bits.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, String> {
        let mut bytes = [0; RANDOM_BYTES];
        OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| format!("the system gives no random numbers ({error})"))?;
        let mut text = String::new();
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Token(text))
    }

    /// The token itself.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `shown` equals this token, in constant time.
    pub fn is(&self, shown: &[u8]) -> bool {
        let (own, shown) = (Hash::hash(self.0.as_bytes()), Hash::hash(shown));
        own.iter().zip(shown).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }

    /// The frame that shows it to a server.
    pub(crate) fn request(&self, nonce: u32) -> Vec<u8> {
        let bytes = self.0.as_bytes();
        let words = bytes.chunks(4).map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            u32::from_le_bytes(word)
        });
        let request = Request {
            operation: Operation::Authenticate,
            nonce,
            sequence: 0,
            address: 0,
            count: bytes.len() as u8,
            values: words.collect(),
        };
        let mut line = Vec::new();
        seal(&request.to_words(), &mut line);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_alone() {
        let token = Token::parse(" 0123456789abcdef\n").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "1123456789abcdef"] {
            assert!(!token.is(other.as_bytes()), "{other}");
        }
        assert_ne!(Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn what_is_no_token_is_told_what_one_is() {
        for (text, part) in [
            ("", "it has 0 characters"),
            ("short", "it has 5 characters"),
            (&*"x".repeat(256), "it has 256 characters"),
            ("two words", "other characters"),
            ("schl\u{fc}ssel", "other characters"),
        ] {
            let message = Token::parse(text).unwrap_err();
            assert!(message.contains(part) && message.contains("8 to 255 visible"), "{message}");
        }
    }
}
