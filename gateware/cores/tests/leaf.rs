//! Leaf blocks equal their Verilog and map to block RAM and DSP blocks.

mod cosim;

use hge_gateware::leaf::{Adder, Multiplier, Ram, Rom, Scaler, Store, Synchronizer};
use hge_needs::needs;
use hge_verilog::testbench::Random;
use hge_verilog::{verilog, SourceDocs};
use rust_hdl::prelude::*;

fn emit<B: Block>(name: &str, uut: &mut B) -> String {
    uut.connect_all();
    verilog(name, uut, &SourceDocs::default(), "").expect("Verilog")
}

/// Cells of a netlist: how often the name begins a cell's type.
fn cells(name: &str, text: &str, synthesis: &str, cell: &str) -> usize {
    let dir = cosim::scratch(name);
    std::fs::write(dir.join("uut.v"), text).expect("write uut.v");
    let script =
        format!("read_verilog uut.v; {synthesis} -top {name}; write_verilog -noattr net.v");
    cosim::run(&dir, "yosys", &["-q", "-p", &script]);
    let net = std::fs::read_to_string(dir.join("net.v")).expect("a netlist");
    std::fs::remove_dir_all(&dir).expect("remove the scratch directory");
    net.lines().filter(|line| line.trim_start().starts_with(cell)).count()
}

fn ram_equals<const W: usize, const A: usize>(name: &str, depth: usize) {
    let mut uut = Ram::<W, A>::new(depth);
    let text = emit(name, &mut uut);
    cosim::check_with_yosys(name, &text);
    cosim::check_with_verilator(name, &text);
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    cosim::compare(
        name,
        &text,
        &mut uut,
        1500,
        |uut| &mut uut.clock,
        |uut, _| {
            uut.write_enable.next = random.bits(1) == 1;
            let address = random.bits(A as u32);
            uut.write_address.next = address.into();
            // Often the word that is being written: the old value has to come.
            let read = if random.bits(2) == 0 { address } else { random.bits(A as u32) };
            uut.read_address.next = read.into();
            uut.write_data.next = random.bits(W as u32).into();
        },
    );
}

#[needs(icarus, yosys, verilator)]
#[test]
fn a_ram_equals_its_verilog_at_every_width_and_depth() {
    ram_equals::<1, 1>("ram_tiny", 1);
    ram_equals::<48, 8>("ram_wide", 24);
    ram_equals::<32, 5>("ram_word", 32);
    ram_equals::<33, 6>("ram_odd", 33);
}

#[needs(icarus, yosys, verilator)]
#[test]
fn a_ram_with_contents_equals_its_verilog() {
    let contents = [0x1234_5678, 0, u32::MAX, 7];
    let mut uut = Ram::<32, 4>::with_contents("started", 8, &contents);
    let text = emit("ram", &mut uut);
    cosim::check_with_yosys("ram", &text);
    cosim::check_with_verilator("ram", &text);
    assert!(contents
        .iter()
        .enumerate()
        .all(|(place, word)| uut.word(place) == Bits::from(u64::from(*word))));
    let mut random = Random(11);
    cosim::compare(
        "ram",
        &text,
        &mut uut,
        400,
        |uut| &mut uut.clock,
        |uut, cycle| {
            // First everything is read as it was.
            uut.write_enable.next = cycle > 20 && random.bits(1) == 1;
            uut.write_address.next = random.bits(4).into();
            uut.write_data.next = random.bits(32).into();
            uut.read_address.next = (cycle as u64 & 15).into();
        },
    );
}

#[needs(icarus, yosys, verilator)]
#[test]
fn a_rom_equals_its_verilog() {
    let contents: Vec<u64> = (0..50).map(|k| (k * k * 77) & 0x3_FFFF_FFFF).collect();
    let mut uut = Rom::<34, 7>::new("squares", &contents);
    let text = emit("rom", &mut uut);
    cosim::check_with_yosys("rom", &text);
    cosim::check_with_verilator("rom", &text);
    let mut random = Random(3);
    cosim::compare(
        "rom",
        &text,
        &mut uut,
        600,
        |uut| &mut uut.clock,
        |uut, _| uut.address.next = random.bits(7).into(),
    );
}

/// A word of 16 bits: an extreme one, another every `stride` clocks, in every second clock.
fn operand(random: &mut Random, cycle: usize, stride: usize) -> u64 {
    const EXTREMES: [u64; 5] = [0x8000, 0x7FFF, 0xFFFF, 0, 1];
    match cycle % 2 {
        0 => EXTREMES[cycle / stride % EXTREMES.len()],
        _ => random.bits(16),
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn a_multiplier_equals_its_verilog() {
    let mut uut = Multiplier::default();
    let text = emit("multiplier", &mut uut);
    cosim::check_with_yosys("multiplier", &text);
    cosim::check_with_verilator("multiplier", &text);
    let mut random = Random(7);
    cosim::compare(
        "multiplier",
        &text,
        &mut uut,
        1500,
        |uut| &mut uut.clock,
        |uut, cycle| {
            uut.a.next = signed_cast(Bits::from(operand(&mut random, cycle, 2)));
            uut.b.next = signed_cast(Bits::from(operand(&mut random, cycle, 10)));
        },
    );
}

/// An adder with its sum in a register.
#[derive(LogicBlock, Default)]
struct Added {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, Bits<16>>,
    pub b: Signal<In, Bits<16>>,
    pub carry_in: Signal<In, Bit>,
    pub sum: Signal<Out, Bits<16>>,
    pub carry: Signal<Out, Bit>,
    adder: Adder,
    held: DFF<Bits<16>>,
    held_carry: DFF<Bit>,
}

impl Logic for Added {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, held, held_carry);
        self.adder.first.next = self.a.val();
        self.adder.second.next = self.b.val();
        self.adder.carry_in.next = self.carry_in.val();
        self.held.d.next = self.adder.sum.val();
        self.held_carry.d.next = self.adder.carry.val();
        self.sum.next = self.held.q.val();
        self.carry.next = self.held_carry.q.val();
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn an_adder_equals_its_verilog_and_is_one_carry_chain() {
    let mut uut = Added::default();
    let text = emit("added", &mut uut);
    cosim::check_with_verilator("added", &text);
    let carries = cells("added", &text, "synth_ice40", "SB_CARRY");
    assert!((16..=18).contains(&carries), "{carries}");
    let mut random = Random(11);
    cosim::compare(
        "added",
        &text,
        &mut uut,
        1500,
        |uut| &mut uut.clock,
        |uut, cycle| {
            uut.a.next = Bits::from(operand(&mut random, cycle, 2));
            uut.b.next = Bits::from(operand(&mut random, cycle, 10));
            uut.carry_in.next = random.bits(1) == 1;
        },
    );
}

#[needs(icarus, yosys, verilator)]
#[test]
fn a_scaler_equals_its_verilog() {
    let mut uut = Scaler::default();
    let text = emit("scaler", &mut uut);
    cosim::check_with_yosys("scaler", &text);
    cosim::check_with_verilator("scaler", &text);
    let mut random = Random(13);
    cosim::compare(
        "scaler",
        &text,
        &mut uut,
        3000,
        |uut| &mut uut.clock,
        |uut, cycle| {
            uut.word.next = Bits::from(operand(&mut random, cycle, 2));
            let halves = [operand(&mut random, cycle, 2), operand(&mut random, cycle + 1, 10)];
            uut.term.next = Bits::from(halves[0] << 16 | halves[1]);
            uut.reads.next = random.bits(1) == 1;
            uut.adds.next = random.bits(1) == 1;
            uut.begins.next = random.bits(3) == 0;
            uut.raises.next = random.bits(1) == 1;
            uut.takes_sum.next = random.bits(1) == 1;
            uut.amount.next = random.bits(5).into();
        },
    );
}

#[needs(yosys)]
#[test]
fn memories_map_to_block_ram_without_logic() {
    let ram = emit("ram", &mut Ram::<16, 8>::new(256));
    let scrambled: Vec<u64> = (0..1024).map(|k| (k * 24_917) & 0x7FFF).collect();
    let rom = emit("rom", &mut Rom::<15, 10>::new("scrambled", &scrambled));
    assert_eq!(cells("ram", &ram, "synth_ice40", "SB_RAM40_4K"), 1);
    assert_eq!(cells("ram", &ram, "synth_ice40", "SB_DFF"), 0);
    assert_eq!(cells("ram", &ram, "synth_ecp5", "DP16KD"), 1);
    assert_eq!(cells("ram", &ram, "synth_ecp5", "TRELLIS_FF"), 0);
    let store = emit("store", &mut Store::<32, 11>::new(2048));
    assert_eq!(cells("store", &store, "synth_ice40", "SB_RAM40_4K"), 16);
    assert_eq!(cells("store", &store, "synth_ice40", "SB_DFF"), 0);
    assert_eq!(cells("store", &store, "synth_ecp5", "DP16KD"), 4);
    assert_eq!(cells("store", &store, "synth_ecp5", "TRELLIS_FF"), 0);
    assert_eq!(cells("rom", &rom, "synth_ice40", "SB_RAM40_4K"), 4);
    assert_eq!(cells("rom", &rom, "synth_ice40", "SB_DFF"), 0);
    assert_eq!(cells("rom", &rom, "synth_ecp5", "DP16KD"), 1);
}

#[needs(icarus, verilator)]
#[test]
fn a_synchronizer_equals_its_verilog_and_keeps_both_flip_flops() {
    let mut uut = Synchronizer::default();
    let text = emit("synchronizer", &mut uut);
    assert_eq!(text.matches("(* ASYNC_REG = \"TRUE\" *) reg").count(), 2, "{text}");
    cosim::check_with_verilator("synchronizer", &text);
    let mut random = Random(0x0F1E_2D3C_4B5A_6978);
    cosim::compare(
        "synchronizer",
        &text,
        &mut uut,
        400,
        |uut| &mut uut.clock,
        |uut, _| uut.pin.next = random.bits(1) == 1,
    );
}

/// A multiplier with one register behind it: the shape that `synth_ice40 -dsp` deletes where the product is not kept.
#[derive(LogicBlock, Default)]
struct Delayed {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, Signed<16>>,
    pub b: Signal<In, Signed<16>>,
    pub product: Signal<Out, Signed<32>>,
    multiplier: Multiplier,
    held: DFF<Signed<32>>,
}

impl Logic for Delayed {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, multiplier, held);
        self.multiplier.a.next = self.a.val();
        self.multiplier.b.next = self.b.val();
        self.held.d.next = self.multiplier.product.val();
        self.product.next = self.held.q.val();
    }
}

#[needs(yosys)]
#[test]
fn a_multiplier_survives_a_register_behind_it() {
    let text = emit("delayed", &mut Delayed::default());
    assert_eq!(cells("delayed", &text, "synth_ice40 -dsp", "SB_MAC16"), 1);
    assert_eq!(cells("delayed", &text, "synth_ice40 -dsp", "SB_DFF"), 32);
    assert_eq!(cells("delayed", &text, "synth_ecp5", "MULT18X18D"), 1);
}
