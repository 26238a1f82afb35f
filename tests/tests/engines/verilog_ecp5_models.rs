//! Our simulation models of ECP5 cells against arithmetic and memories written down here, apart from the gateware.

use hge_needs::needs;
use hge_tests::testbench::{icarus, put, Scratch};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;

const MULTIPLIER: &str = include_str!("../../models/ecp5_mult18x18d.v");
const RAM: &str = include_str!("../../models/ecp5_dp16kd.v");

/// `.A0(a[0]), .A1(a[1]), ...`
fn pins(port: &str, signal: &str, count: usize) -> String {
    let pins: Vec<String> = (0..count).map(|k| format!(".{port}{k}({signal}[{k}])")).collect();
    pins.join(", ")
}

/// Lines that a bench with the top module `top` prints; `Err` if it ends with `$fatal`.
fn run(model: &str, bench: &str) -> Result<Vec<String>, String> {
    let scratch = Scratch::new("ecp5").unwrap();
    let sources = ["model.v", "bench.v"]
        .iter()
        .zip([model, bench])
        .map(|(name, text)| put(scratch.path(), name, text).unwrap())
        .collect::<Vec<_>>();
    icarus(scratch.path(), "top", &sources, &[])
        .map(|printed| printed.lines().map(str::to_owned).collect())
        .map_err(|error| error.to_string())
}

fn multiplier_bench(parameters: &str, steps: &str) -> String {
    format!(
        "`timescale 1ns / 1ps\nmodule top;\n reg [17:0] a, b; reg sa, sb; wire [35:0] p;\n \
         MULT18X18D #({parameters}) m ({}, {}, {}, .SIGNEDA(sa), .SIGNEDB(sb), .SOURCEA(1'b0), \
         .SOURCEB(1'b0));\n initial begin\n{steps} $finish(0);\n end\nendmodule\n",
        pins("A", "a", 18),
        pins("B", "b", 18),
        pins("P", "p", 36)
    )
}

#[needs(icarus)]
#[test]
fn the_multiplier_model_multiplies_signed_and_unsigned_numbers() {
    let mut dice = ChaCha8Rng::seed_from_u64(18);
    let (mut steps, mut expected) = (String::new(), Vec::new());
    let extremes = [0, 1, (1 << 17) - 1, 1 << 17, (1 << 18) - 1];
    let mut pairs: Vec<(u32, u32)> =
        extremes.iter().flat_map(|&a| extremes.map(|b| (a, b))).collect();
    pairs.extend((0..100).map(|_| (dice.random_range(0..1 << 18), dice.random_range(0..1 << 18))));
    for (a, b) in pairs {
        for signs in 0..4 {
            let value = |bits: u32, signed: bool| match signed && bits >= 1 << 17 {
                true => i64::from(bits) - (1 << 18),
                false => i64::from(bits),
            };
            let (sa, sb) = (signs & 1 == 1, signs & 2 == 2);
            let product = (value(a, sa) * value(b, sb)) & ((1 << 36) - 1);
            let (sa, sb) = (u8::from(sa), u8::from(sb));
            let _ = writeln!(steps, "a={a}; b={b}; sa={sa}; sb={sb}; #1 $display(\"%h\", p);");
            expected.push(format!("{product:09x}"));
        }
    }
    assert_eq!(run(MULTIPLIER, &multiplier_bench("", &steps)).unwrap(), expected);
}

#[needs(icarus)]
#[test]
fn the_multiplier_model_has_registers_for_operands_and_product() {
    let registers = ["INPUTA", "INPUTB", "OUTPUT"]
        .map(|which| format!(".REG_{which}_CLK(\"CLK0\")"))
        .join(", ");
    let bench = multiplier_bench(&registers, "")
        .replace("m (", "m (.CLK0(clock), .CE0(1'b1), .RST0(1'b0), ")
        .replace("initial begin", "reg clock = 0; initial begin sa = 1; sb = 1; a = 3; b = 5; #1 clock = 1; #1 clock = 0; a = 7; $display(\"%0d\", p); #1 clock = 1; #1 clock = 0; $display(\"%0d\", p); #1 clock = 1; #1 $display(\"%0d\", p);");
    assert_eq!(run(MULTIPLIER, &bench).unwrap(), ["0", "15", "35"]);
}

#[needs(icarus)]
#[test]
fn the_multiplier_model_stops_at_other_registers_and_bypass() {
    assert!(run(MULTIPLIER, &multiplier_bench("", "#1;")).is_ok());
    for parameter in [
        ".REG_INPUTA_CLK(\"CLK1\")",
        ".REG_PIPELINE_CLK(\"CLK0\")",
        ".REG_INPUTB_CLK(\"CLK0\"), .REG_INPUTB_RST(\"RST1\")",
        ".MULT_BYPASS(\"ENABLED\")",
    ] {
        let message = run(MULTIPLIER, &multiplier_bench(parameter, "#1;")).unwrap_err();
        assert!(message.contains("not modelled"), "{parameter}: {message}");
    }
}

/// A bench that writes by port A and reads by port B, a clock a step.
fn ram_bench(parameters: &str, steps: &str) -> String {
    format!(
        "`timescale 1ns / 1ps\nmodule top;\n reg clock = 0; reg cea = 1, wea = 0, ceb = 1, rst = 0;\n \
         reg [13:0] aa = 0, ab = 0; reg [35:0] d = 0; wire [17:0] qa, qb;\n \
         DP16KD #({parameters}) m ({}, {}, {}, {}, {}, {},\n .CLKA(clock), .CLKB(clock), .CEA(cea), \
         .CEB(ceb), .WEA(wea), .WEB(1'b0), .RSTA(1'b0), .RSTB(rst), .OCEA(1'b1), .OCEB(1'b1), \
         .CSA0(1'b0), .CSA1(1'b0), .CSA2(1'b0), .CSB0(1'b0), .CSB1(1'b0), .CSB2(1'b0));\n \
         task step; begin #1 clock = 1; #1 clock = 0; end endtask\n \
         initial begin\n{steps} $finish(0);\n end\nendmodule\n",
        pins("ADA", "aa", 14),
        pins("ADB", "ab", 14),
        (0..18).map(|k| format!(".DIA{k}(d[{k}])")).collect::<Vec<_>>().join(", "),
        (0..18).map(|k| format!(".DIB{k}(d[{}])", k + 18)).collect::<Vec<_>>().join(", "),
        pins("DOA", "qa", 18),
        pins("DOB", "qb", 18)
    )
}

/// Random writes and reads at `width` bits, against an array of data; the addresses' low `unused` bits count nothing, or are
/// byte enables.
fn memory_agrees(width: u32, unused: u32) {
    let mut dice = ChaCha8Rng::seed_from_u64(u64::from(width));
    let enables = if width >= 18 { width / 9 } else { 0 };
    let mut memory = vec![0_u64; 1 << (14 - unused)];
    let (mut steps, mut expected) = (String::new(), Vec::new());
    let mut latch = 0;
    for _ in 0..400 {
        // Few words, so that what was written is read again; never the one that is written.
        let places = [0, 1, 2, 3, memory.len() - 2, memory.len() - 1];
        let (to, from) = loop {
            let pick = |dice: &mut ChaCha8Rng| places[dice.random_range(0..places.len())];
            let (to, from) = (pick(&mut dice), pick(&mut dice));
            if to != from {
                break (to, from);
            }
        };
        let (writes, reads): (bool, bool) = (dice.random(), dice.random_bool(0.8));
        let bytes = dice.random_range(0..1_u64 << enables);
        let data = dice.random_range(0..1_u64 << width);
        if reads {
            latch = memory[from];
        }
        if writes && enables == 0 {
            memory[to] = data;
        }
        for byte in (0..enables).filter(|byte| writes && bytes >> byte & 1 == 1) {
            let mask = 0x1ff << (9 * byte);
            memory[to] = memory[to] & !mask | data & mask;
        }
        let (write_address, read_address) = ((to as u64) << unused | bytes, from << unused);
        let (writes, reads) = (u8::from(writes), u8::from(reads));
        // At 36 bits port A cannot read, so its clock stands still.
        let clocked = if width == 36 { writes } else { 1 };
        let _ = writeln!(
            steps,
            "cea={clocked}; wea={writes}; ceb={reads}; aa={write_address}; ab={read_address}; d=36'd{data}; step; \
             $display(\"%h\", {{qb, qa}});"
        );
        // Narrow data stand on B's pins, a 36-bit datum on A's and B's.
        expected.push(format!("{:09x}", if width == 36 { latch } else { latch << 18 }));
    }
    let parameters = format!(".DATA_WIDTH_A({width}), .DATA_WIDTH_B({width})");
    let printed = run(RAM, &ram_bench(&parameters, &steps)).unwrap();
    let is_wide = width == 36;
    for (number, (printed, expected)) in printed.iter().zip(&expected).enumerate() {
        // At narrow widths port A's own pins show what it reads itself.
        let of_b =
            |text: &str| u64::from_str_radix(text, 16).unwrap() >> if is_wide { 0 } else { 18 };
        assert_eq!(of_b(printed), of_b(expected), "{width} bits, step {number}");
    }
    assert_eq!(printed.len(), expected.len());
}

#[needs(icarus)]
#[test]
fn the_ram_model_is_a_memory_at_every_width_with_byte_enables() {
    for (width, unused) in [(1, 0), (2, 1), (4, 2), (9, 3), (18, 4), (36, 5)] {
        memory_agrees(width, unused);
    }
}

#[needs(icarus)]
#[test]
fn the_ram_model_begins_with_its_initial_contents_and_resets_its_latch() {
    // Word 17 is the second of row 1, in bits 20 to 37 of its parameter.
    let parameters = ".INITVAL_01(320'h2abcd << 20)";
    let steps = "ab=17*16; step; $display(\"%h\", qb); rst=1; step; $display(\"%h\", qb);\n";
    assert_eq!(run(RAM, &ram_bench(parameters, steps)).unwrap(), ["2abcd", "00000"]);
}

#[needs(icarus)]
#[test]
fn the_ram_model_shows_a_word_a_clock_later_with_its_output_register() {
    let parameters = ".REGMODE_B(\"OUTREG\"), .INITVAL_00(320'h00007_00005)";
    let steps = "step; $display(\"%0d\", qb); ab=16; step; $display(\"%0d\", qb); step; $display(\"%0d\", qb);\n";
    assert_eq!(run(RAM, &ram_bench(parameters, steps)).unwrap(), ["0", "5", "7"]);
}

#[needs(icarus)]
#[test]
fn the_ram_model_shows_what_its_write_mode_says_on_the_writing_port() {
    let steps = "wea=1; aa=3; d=5; step; wea=0; step; wea=1; d=9; step; $display(\"%0d\", qa);\n";
    for (mode, seen) in [("NORMAL", "5"), ("READBEFOREWRITE", "5"), ("WRITETHROUGH", "9")] {
        let parameters = format!(".WRITEMODE_A(\"{mode}\")");
        let steps = if mode == "NORMAL" { steps.to_owned() } else { steps.replace("wea=0; ", "") };
        assert_eq!(run(RAM, &ram_bench(&parameters, &steps)).unwrap(), [seen], "{mode}");
    }
}

#[needs(icarus)]
#[test]
fn a_word_read_while_the_other_port_writes_it_is_spoilt() {
    let steps = "wea=1; aa=3; ab=0; d=5; step; d=9; step; $display(\"%h\", qb);\n";
    let seen = run(RAM, &ram_bench("", steps)).unwrap();
    assert_eq!(seen, ["3fffa"], "neither the old word, 5, nor the new one, 9");
}

#[needs(icarus)]
#[test]
fn the_ram_model_stops_at_what_it_does_not_model() {
    for parameters in [
        ".DATA_WIDTH_B(36), .REGMODE_B(\"OUTREG\")",
        ".CSDECODE_A(\"0b001\")",
        ".DATA_WIDTH_A(8)",
        ".WRITEMODE_A(\"OTHER\")",
        ".INIT_DATA(\"DYNAMIC\")",
        ".DATA_WIDTH_A(36)",
    ] {
        let message = run(RAM, &ram_bench(parameters, "step;")).unwrap_err();
        assert!(message.contains("not modelled"), "{parameters}: {message}");
    }
    let parameters = ".RESETMODE(\"ASYNC\"), .ASYNC_RESET_RELEASE(\"SYNC\")";
    assert!(run(RAM, &ram_bench(parameters, "step;")).is_ok());
    assert!(run(RAM, &ram_bench(parameters, "rst=1; step;")).is_err());
}
