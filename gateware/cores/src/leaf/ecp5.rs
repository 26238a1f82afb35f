//! Forms of leaves for an ECP5, whose multipliers and block RAMs have registers that Yosys leaves unused.
//!
//! A leaf's text has both forms, of which the macro [`ECP5_MACRO`] chooses this one. Without its output register a block RAM takes 5.8 ns
//! of a clock on grade 6, without its registers a multiplier limits the clock to 134 MHz.

use std::fmt::Write;

/// Macro that chooses the ECP5's cells in the text of leaves.
pub const ECP5_MACRO: &str = "HGE_ECP5";

/// Pins on a line.
const PINS_PER_LINE: usize = 4;

/// Bits of a block RAM's port and the words that it then has, and the lowest pin of its address.
const SHAPES: [(usize, usize, usize); 6] =
    [(36, 512, 5), (18, 1024, 4), (9, 2048, 3), (4, 4096, 2), (2, 8192, 1), (1, 16384, 0)];

/// Words that block RAMs side by side can have.
pub(super) const MOST_WORDS: usize = 16384;

/// The ECP5's form and the one for all others.
pub(super) fn either(ecp5: &str, generic: &str) -> String {
    format!("`ifdef {ECP5_MACRO}\n{ecp5}\n`else\n{generic}\n`endif")
}

/// `.NAME0(net(0)), .NAME1(net(1)), ...` and so on, some on a line.
fn pins(name: &str, count: usize, net: impl Fn(usize) -> String) -> String {
    let pins: Vec<String> = (0..count).map(|pin| format!(".{name}{pin}({})", net(pin))).collect();
    let lines: Vec<String> = pins.chunks(PINS_PER_LINE).map(|line| line.join(", ")).collect();
    format!("    {}", lines.join(",\n    "))
}

fn low(_: usize) -> String {
    "1'b0".to_owned()
}

/// A multiplier of 16 bits with its registers for operands and product.
pub(super) fn multiplier() -> String {
    let operand = |net: &'static str| move |pin: usize| format!("{net}[{}]", pin.min(15));
    let product = |pin: usize| if pin < 32 { format!("product[{pin}]") } else { String::new() };
    format!(
        "\
MULT18X18D #(
    .REG_INPUTA_CLK(\"CLK0\"),
    .REG_INPUTB_CLK(\"CLK0\"),
    .REG_OUTPUT_CLK(\"CLK0\")
) multiply (
    .CLK0(clock), .CE0(1'b1), .RST0(1'b0),
    .SIGNEDA(1'b1), .SIGNEDB(1'b1), .SOURCEA(1'b0), .SOURCEB(1'b0),
{},
{},
{},
{}
);",
        pins("A", 18, operand("a")),
        pins("B", 18, operand("b")),
        pins("C", 18, low),
        pins("P", 36, product),
    )
}

/// The write port of a memory: nets.
pub(super) struct WritePort<'a> {
    pub enable: &'a str,
    pub address: &'a str,
    pub data: &'a str,
}

/// A memory with its output register, two clocks from address to word.
pub(super) struct Memory<'a> {
    pub width: usize,
    /// A power of two, at most [`MOST_WORDS`].
    pub words: usize,
    pub write: Option<WritePort<'a>>,
    pub read_address: &'a str,
    pub read_data: &'a str,
}

impl Memory<'_> {
    /// Block RAMs side by side; `bit` of a word and a place in it is there at the start.
    pub(super) fn cells(&self, bit: impl Fn(usize, usize) -> bool) -> String {
        let shape = SHAPES.iter().find(|(_, words, _)| self.words <= *words).unwrap_or(&SHAPES[5]);
        let lanes = self.width.div_ceil(shape.0);
        let cells: Vec<String> = (0..lanes).map(|lane| self.cell(lane, *shape, &bit)).collect();
        cells.join("\n\n")
    }

    fn cell(
        &self,
        lane: usize,
        (lane_bits, _, lowest): (usize, usize, usize),
        bit: &impl Fn(usize, usize) -> bool,
    ) -> String {
        let first = lane * lane_bits;
        let bits = lane_bits.min(self.width - first);
        let address_bits = self.words.trailing_zeros() as usize;
        let address = |net: &str, pin: usize| match pin.checked_sub(lowest) {
            Some(place) if place < address_bits => format!("{net}[{place}]"),
            _ => low(pin),
        };
        // Words of 18 and 36 bits have enables of nine bits each in place of the lowest address bits.
        let enables = lane_bits / 9 * usize::from(lane_bits >= 18);
        let write_address = |pin: usize| match &self.write {
            Some(_) if pin < enables => "1'b1".to_owned(),
            Some(port) => address(port.address, pin),
            None => low(pin),
        };
        let data = |net: &str, from: usize, pin: usize| {
            let place = from + pin;
            (place < bits).then(|| format!("{net}[{}]", first + place))
        };
        let written = |from: usize| {
            move |pin: usize| {
                let net = self.write.as_ref().and_then(|port| data(port.data, from, pin));
                net.unwrap_or_else(|| low(pin))
            }
        };
        let read =
            |from: usize| move |pin: usize| data(self.read_data, from, pin).unwrap_or_default();
        // A word of 36 bits uses the pins and registers of both ports, as where Yosys maps one; others are read at port B.
        let (in_b, out_a, out_b) = if lane_bits == 36 { (18, 0, 18) } else { (36, 36, 0) };
        let mode_a = if lane_bits == 36 { "OUTREG" } else { "NOREG" };
        let enable = self.write.as_ref().map_or("1'b0", |port| port.enable);
        format!(
            "\
DP16KD #(
{}    .DATA_WIDTH_A({lane_bits}),
    .DATA_WIDTH_B({lane_bits}),
    .REGMODE_A(\"{mode_a}\"),
    .REGMODE_B(\"OUTREG\"),
    .RESETMODE(\"SYNC\"),
    .CSDECODE_A(\"0b000\"),
    .CSDECODE_B(\"0b000\"),
    .WRITEMODE_A(\"NORMAL\"),
    .WRITEMODE_B(\"NORMAL\"),
    .GSR(\"AUTO\")
) lane_{lane} (
    .CLKA(clock), .CEA({enable}), .WEA({enable}), .OCEA(1'b1), .RSTA(1'b0),
    .CLKB(clock), .CEB(1'b1), .WEB(1'b0), .OCEB(1'b1), .RSTB(1'b0),
{},
{},
{},
{},
{},
{},
{},
{}
);",
            contents(self.words, (first, bits, lane_bits), bit),
            pins("CSA", 3, low),
            pins("CSB", 3, low),
            pins("ADA", 14, write_address),
            pins("DIA", 18, written(0)),
            pins("ADB", 14, |pin| address(self.read_address, pin)),
            pins("DIB", 18, written(in_b)),
            pins("DOA", 18, read(out_a)),
            pins("DOB", 18, read(out_b)),
        )
    }
}

/// Parameters of initial contents that are not zero: 64 rows of 16 words, a word in the low 18 of 20 bits. Words of less than nine bits
/// leave every ninth bit unused.
fn contents(
    words: usize,
    (first, bits, lane_bits): (usize, usize, usize),
    bit: &impl Fn(usize, usize) -> bool,
) -> String {
    let mut rows = vec![[0_u32; 16]; 64];
    for (word, place) in (0..words).flat_map(|word| (0..bits).map(move |place| (word, place))) {
        if bit(word, first + place) {
            let start = word * lane_bits;
            let start = if lane_bits < 9 { start / 8 * 9 + start % 8 } else { start };
            let flat = start + place;
            rows[flat / 288][flat % 288 / 18] |= 1 << (flat % 18);
        }
    }
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.iter().any(|word| *word > 0))
    {
        let digits: String = row.iter().rev().map(|word| format!("{word:05x}")).collect();
        let _ = writeln!(text, "    .INITVAL_{number:02X}(320'h{digits}),");
    }
    text
}
