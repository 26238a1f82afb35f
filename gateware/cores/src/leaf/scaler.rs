//! A sum of products and an arithmetic shift, 48 bits wide.

use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// Bits of the sum and of the words read.
const WIDTH: u32 = 48;

/// The 48-bit part of the update's arithmetic: words read low word first, a sum of 32-bit terms, and either of them shifted right by 0 to 31 bits.
///
/// A term enters the sum as it is or, with `raises`, times 2^15; `begins` puts it in place of the sum. The shift is arithmetic and takes
/// two clocks, one for multiples of eight bits and one for the rest; a value and its amount may enter in every clock.
/// Both registers wrap at 48 bits.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Scaler {
    /// Clock of all registers.
    pub clock: Signal<In, Clock>,
    /// Takes `word` from the left: after three of them the first is the lowest.
    pub reads: Signal<In, Bit>,
    /// A word of a longer number.
    pub word: Signal<In, Bits<16>>,
    /// The last two words.
    pub pair: Signal<Out, Bits<32>>,
    /// Adds `term` to the sum.
    pub adds: Signal<In, Bit>,
    /// With `adds`: the sum begins with the term.
    pub begins: Signal<In, Bit>,
    /// With `adds`: the term counts 2^15 times.
    pub raises: Signal<In, Bit>,
    /// The term.
    pub term: Signal<In, Bits<32>>,
    /// Shift the sum, else the words read.
    pub takes_sum: Signal<In, Bit>,
    /// Bits of the shift.
    pub amount: Signal<In, Bits<5>>,
    /// Lower 32 bits of the value shifted, two clocks after it entered.
    pub shifted: Signal<Out, Bits<32>>,
    /// The value has 31 significant bits or less.
    pub fits_31: Signal<Out, Bit>,
    /// The value, saturated to 31 bits.
    pub saturated_31: Signal<Out, Bits<32>>,
    /// The value has 32 significant bits or less.
    pub fits_32: Signal<Out, Bit>,
    /// The value, saturated to 32 bits.
    pub saturated_32: Signal<Out, Bits<32>>,
    registers: Hidden,
    _words: i64,
    _sum: i64,
    _coarse: i64,
    _fine: u32,
    _value: i64,
}

/// The lowest 48 bits, with their sign.
fn wrap(value: i64) -> i64 {
    value << (64 - WIDTH) >> (64 - WIDTH)
}

impl Logic for Scaler {
    fn update(&mut self) {
        let before = (self._words, self._sum, self._coarse, self._fine, self._value);
        if rises(&self.clock) {
            let coarse = self._coarse >> self._fine;
            let amount = self.amount.val().to_u32();
            let taken = if self.takes_sum.val() { self._sum } else { self._words };
            self._coarse = taken >> (amount & !7);
            self._fine = amount & 7;
            self._value = coarse;
            if self.adds.val() {
                let term = i64::from(self.term.val().to_u32() as i32);
                let term = if self.raises.val() { term << 15 } else { term };
                let base = if self.begins.val() { 0 } else { self._sum };
                self._sum = wrap(base + term);
            }
            if self.reads.val() {
                let word = i64::from(self.word.val().to_u16());
                self._words = wrap((self._words >> 16 & 0xffff_ffff) | word << 32);
            }
        }
        let after = (self._words, self._sum, self._coarse, self._fine, self._value);
        self.registers.has_changed = before != after;
        self.pair.next = Bits::from((self._words >> 16) as u64 & 0xffff_ffff);
        self.shifted.next = Bits::from(self._value as u64 & 0xffff_ffff);
        let saturated_31 = self._value.clamp(-(1 << 30), (1 << 30) - 1);
        let saturated_32 = self._value.clamp(i32::MIN.into(), i32::MAX.into());
        self.fits_31.next = saturated_31 == self._value;
        self.saturated_31.next = Bits::from(saturated_31 as u64 & 0xffff_ffff);
        self.fits_32.next = saturated_32 == self._value;
        self.saturated_32.next = Bits::from(saturated_32 as u64 & 0xffff_ffff);
    }

    fn connect(&mut self) {
        self.pair.connect();
        self.shifted.connect();
        self.fits_31.connect();
        self.saturated_31.connect();
        self.fits_32.connect();
        self.saturated_32.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
reg [47:0] words;
reg signed [47:0] sum;
reg signed [47:0] coarse;
reg [2:0] fine;
reg signed [47:0] value;

wire signed [47:0] taken = takes_sum ? sum : $signed(words);
wire signed [47:0] by_bytes = taken >>> {amount[4:3], 3'd0};
wire signed [47:0] by_bits = coarse >>> fine;
wire [47:0] whole = {{16{term[31]}}, term};
wire [47:0] scaled = raises ? {term[31], term, 15'd0} : whole;
wire [47:0] base = begins ? 48'd0 : sum;

initial begin
    words = 48'd0;
    sum = 48'sd0;
    coarse = 48'sd0;
    fine = 3'd0;
    value = 48'sd0;
end

always @(posedge clock) begin
    coarse <= by_bytes;
    fine <= amount[2:0];
    value <= by_bits;
    if (adds) begin
        sum <= base + scaled;
    end
    if (reads) begin
        words <= {word, words[47:16]};
    end
end

assign pair = words[47:16];
assign shifted = value[31:0];
assign fits_31 = (&value[47:30]) | ~(|value[47:30]);
assign saturated_31 = fits_31 ? value[31:0] : {{2{value[47]}}, {30{~value[47]}}};
assign fits_32 = (&value[47:31]) | ~(|value[47:31]);
assign saturated_32 = fits_32 ? value[31:0] : {value[47], {31{~value[47]}}};"
                .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "scaler".into(),
            clock: "clock".into(),
            inputs: ["reads", "word", "adds", "begins", "raises", "term", "takes_sum", "amount"]
                .map(String::from)
                .to_vec(),
            outputs: ["pair", "shifted", "fits_31", "saturated_31", "fits_32", "saturated_32"]
                .map(String::from)
                .to_vec(),
        }]
    }
}
