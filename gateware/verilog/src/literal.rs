//! Integers of a known width: parsed from rust-hdl, printed as Verilog.

use super::ir::Literal;
use rust_hdl::prelude::VerilogLiteral;

/// Values below this are printed in decimal.
const DECIMAL_BELOW: u64 = 1 << 16;

impl Literal {
    /// Reads rust-hdl's literal; its width is that of the Rust type.
    pub fn from_verilog(value: &VerilogLiteral, width: usize) -> Option<Self> {
        let text = format!("{value:x}");
        let (_, digits) = text.split_once("'h")?;
        Self::from_hex(digits, width)
    }

    /// A literal from hexadecimal digits, if it fits.
    pub fn from_hex(digits: &str, width: usize) -> Option<Self> {
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let hex = digits.trim_start_matches('0').to_ascii_lowercase();
        let bits = match hex.as_bytes().first() {
            None => 0,
            Some(first) => {
                let first = (*first as char).to_digit(16)?;
                4 * (hex.len() - 1) + (32 - first.leading_zeros() as usize)
            }
        };
        (bits <= width).then_some(Self { width, hex })
    }

    /// A literal of a small value, if it fits.
    pub fn from_u64(value: u64, width: usize) -> Option<Self> {
        Self::from_hex(&format!("{value:x}"), width)
    }

    /// A literal of these bits, the lowest first.
    pub fn from_bits(bits: &[bool]) -> Self {
        let digit = |bits: &[bool]| {
            let value = bits.iter().rev().fold(0, |value, bit| 2 * value + u32::from(*bit));
            char::from_digit(value, 16).unwrap_or('0')
        };
        let hex: String = bits.chunks(4).rev().map(digit).collect();
        Self { width: bits.len(), hex: hex.trim_start_matches('0').to_owned() }
    }

    /// Bits of the literal, the lowest first.
    pub fn bits(&self) -> Vec<bool> {
        let digits = self.hex.chars().rev().filter_map(|digit| digit.to_digit(16));
        let bits = digits.flat_map(|digit| (0..4).map(move |bit| digit >> bit & 1 == 1));
        bits.chain(std::iter::repeat(false)).take(self.width).collect()
    }

    /// The value, if below 2^64.
    pub fn as_u64(&self) -> Option<u64> {
        if self.hex.is_empty() {
            return Some(0);
        }
        u64::from_str_radix(&self.hex, 16).ok()
    }

    /// The value as Verilog, with width and, if asked, sign.
    pub fn print(&self, signed: bool) -> String {
        let width = self.width;
        let mark = if signed { "s" } else { "" };
        match self.as_u64() {
            Some(value) if width == 1 => format!("1'{mark}b{value}"),
            Some(value) if value < DECIMAL_BELOW && !self.is_negative(signed) => {
                format!("{width}'{mark}d{value}")
            }
            Some(value) if self.is_negative(signed) && width <= 64 => {
                let magnitude = value.wrapping_neg() & (u64::MAX >> (64 - width));
                if magnitude < DECIMAL_BELOW && magnitude != value {
                    format!("-{width}'sd{magnitude}")
                } else {
                    format!("{width}'sh{}", self.hex)
                }
            }
            _ => format!("{width}'{mark}h{}", self.hex),
        }
    }

    fn is_negative(&self, signed: bool) -> bool {
        signed
            && !self.hex.is_empty()
            && 4 * self.hex.len() >= self.width
            && Self::from_hex(&self.hex, self.width - 1).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_readable_values_of_the_right_width() {
        let print = |hex: &str, width, signed| {
            Literal::from_hex(hex, width).map(|literal| literal.print(signed))
        };
        assert_eq!(print("5", 8, false).as_deref(), Some("8'd5"));
        assert_eq!(print("fffb", 16, true).as_deref(), Some("-16'sd5"));
        assert_eq!(print("8000", 16, true).as_deref(), Some("16'sh8000"));
        assert_eq!(print("8001", 16, true).as_deref(), Some("-16'sd32767"));
        assert_eq!(print("1", 1, false).as_deref(), Some("1'b1"));
        assert_eq!(print("0", 48, true).as_deref(), Some("48'sd0"));
        assert_eq!(print("123456789abc", 48, false).as_deref(), Some("48'h123456789abc"));
        assert_eq!(print("100", 8, false), None);
    }

    #[test]
    fn bits_make_the_literal_that_has_them() {
        let literal = Literal::from_hex("1a5", 11).map(|literal| literal.bits());
        let bits = [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0].map(|bit| bit == 1);
        assert_eq!(literal.as_deref(), Some(&bits[..]));
        assert_eq!(Some(Literal::from_bits(&bits)), Literal::from_hex("1a5", 11));
    }
}
