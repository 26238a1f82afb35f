//! The ECP5's form of a leaf, of the family's own registers, against its generic form, clock by clock in Icarus.

use hge_gateware::leaf::{Multiplier, Ram, RamPair, Rom, ECP5_MACRO};
use hge_needs::needs;
use hge_tests::testbench::{icarus, put, Scratch};
use hge_verilog::{verilog, SourceDocs};
use rust_hdl::prelude::*;

const MODELS: [&str; 2] =
    [include_str!("../../models/ecp5_mult18x18d.v"), include_str!("../../models/ecp5_dp16kd.v")];

/// Clocks compared.
const CLOCKS: usize = 3000;

/// Both forms of a leaf with these inputs, all random, and this output; `rule` prevents what a block RAM leaves open.
fn agrees<B: Block>(leaf: &mut B, inputs: &[(&str, usize)], output: (&str, usize), rule: &str) {
    leaf.connect_all();
    let emit = |name: &str| verilog(name, leaf, &SourceDocs::default(), "").expect("Verilog");
    let (generic, cells) = (emit("generic"), emit("cells"));
    assert!(cells.contains(ECP5_MACRO), "one form only");
    let cells = format!("`define {ECP5_MACRO}\n{cells}`undef {ECP5_MACRO}\n");
    let wires: String = inputs
        .iter()
        .map(|(name, width)| format!("    reg [{}:0] {name} = 0;\n", width - 1))
        .collect();
    let pins: String = inputs.iter().map(|(name, _)| format!(".{name}({name}), ")).collect();
    let dice: String = inputs
        .iter()
        .map(|(name, _)| format!("            {name} = {{$random, $random}};\n"))
        .collect();
    let (output, width) = output;
    let top = width - 1;
    let bench = format!(
        "`timescale 1ns / 1ps
module top;
    reg clock = 0;
{wires}    wire [{top}:0] one, other;
    integer n, moved;
    reg [{top}:0] last;
    generic first (.clock(clock), {pins}.{output}(one));
    cells second (.clock(clock), {pins}.{output}(other));
    initial begin
        moved = 0;
        last = 0;
        for (n = 0; n < {CLOCKS}; n = n + 1) begin
{dice}            {rule}
            #1 clock = 1;
            #1 clock = 0;
            if (one !== other) begin
                $display(\"clock %0d: %h, by the cells %h\", n, one, other);
                $fatal;
            end
            if (one !== last) moved = moved + 1;
            last = one;
        end
        if (moved < {CLOCKS} / 4) $fatal;
        $finish(0);
    end
endmodule
"
    );
    let scratch = Scratch::new("leaves").unwrap();
    let texts = [MODELS[0], MODELS[1], &generic, &cells, &bench];
    let sources: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| put(scratch.path(), &format!("{number}.v"), text).unwrap())
        .collect();
    icarus(scratch.path(), "top", &sources, &[]).unwrap_or_else(|error| panic!("{error}"));
}

/// A word is never read in the clock that writes it. Few words, so that what was written is read again.
const NEVER_BOTH: &str =
    "if (n % 2) begin write_address = write_address & 7; read_address = read_address & 7; end \
     write_enable = write_enable & (write_address != read_address);";

/// A registered memory.
fn ram_agrees<const W: usize, const A: usize>(mut ram: Ram<W, A>) {
    let inputs =
        [("write_enable", 1), ("write_address", A), ("write_data", W), ("read_address", A)];
    agrees(&mut ram, &inputs, ("read_data", W), NEVER_BOTH);
}

#[needs(icarus)]
#[test]
fn a_registered_ram_of_block_rams_equals_its_generic_form_at_every_shape() {
    for word in ["read_first", "read_second"] {
        let words = [("write_first", 48), ("write_second", 48)];
        let addresses = [("write_address", 9), ("read_address", 9)];
        let inputs = [&[("write_enable", 1)][..], &addresses, &words].concat();
        agrees(&mut RamPair::<48, 9>::new(512), &inputs, (word, 48), NEVER_BOTH);
    }
    ram_agrees(Ram::<48, 9>::new(512).registered());
    ram_agrees(Ram::<32, 8>::new(256).registered());
    ram_agrees(Ram::<16, 8>::new(256).registered());
    ram_agrees(Ram::<20, 10>::new(1024).registered());
    ram_agrees(Ram::<32, 11>::new(2048).registered());
    ram_agrees(Ram::<6, 12>::new(4096).registered());
    ram_agrees(Ram::<3, 13>::new(8192).registered());
    ram_agrees(Ram::<2, 14>::new(16384).registered());
}

#[needs(icarus)]
#[test]
fn initial_contents_of_block_rams_equal_those_of_the_generic_form() {
    let words: Vec<u32> = (0..300_u32).map(|word| word.wrapping_mul(0x9E37_79B9)).collect();
    ram_agrees(Ram::<32, 9>::with_contents("words", 512, &words).registered());
    let words: Vec<u64> = (0..4096_u64).map(|word| (word * 37 + 5) & 0x3f).collect();
    for count in [512, 1024, 2048, 4096] {
        let mut rom = Rom::<6, 12>::new("words", &words[..count]).registered();
        agrees(&mut rom, &[("address", 12)], ("data", 6), "");
    }
}

#[needs(icarus)]
#[test]
fn a_multiplier_with_its_registers_equals_its_generic_form() {
    let rule = "if (n % 5 == 0) a = 16'h8000; if (n % 7 == 0) b = 16'h8000;";
    agrees(&mut Multiplier::default(), &[("a", 16), ("b", 16)], ("product", 32), rule);
}
