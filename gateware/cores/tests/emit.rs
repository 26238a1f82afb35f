//! The emitter: a block's Verilog behaves as the block does, and reads well.

mod cosim;

use hge_gateware::comment;
use hge_gateware::leaf::{bit_cast_signed, Multiplier, Ram, Rom};
use hge_needs::needs;
use hge_verilog::testbench::Random;
use hge_verilog::{verilog, SourceDocs};
use rust_hdl::prelude::*;

const SOURCE: &str = include_str!("emit.rs");

fn docs() -> SourceDocs {
    SourceDocs::from_sources(&[
        SOURCE,
        include_str!("../src/leaf/ram.rs"),
        include_str!("../src/leaf/rom.rs"),
        include_str!("../src/leaf/multiplier.rs"),
    ])
    .expect("Rust sources")
}

#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
enum Phase {
    Idle,
    Run,
    Drain,
}

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct Tag {
    slot: Bits<5>,
    level: Bits<9>,
    last: Bit,
}

/// Counts up while enabled and never stops.
#[derive(LogicBlock, Default)]
struct Ticker {
    pub clock: Signal<In, Clock>,
    /// The count.
    pub count: Signal<Out, Bits<7>>,
    value: DFF<Bits<7>>,
}

impl Logic for Ticker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, value);
        if self.value.q.val() == bits::<7>(99) {
            self.value.d.next = 0.into();
        } else {
            self.value.d.next = self.value.q.val() + 1;
        }
        self.count.next = self.value.q.val();
    }
}

/// Passes a value or its complement, without a clock.
#[derive(LogicBlock, Default)]
struct Select {
    pub invert: Signal<In, Bit>,
    pub value: Signal<In, Signed<12>>,
    pub chosen: Signal<Out, Signed<12>>,
    complement: Signal<Local, Signed<12>>,
}

impl Logic for Select {
    #[hdl_gen]
    fn update(&mut self) {
        self.complement.next = -self.value.val();
        if self.invert.val() {
            self.chosen.next = self.complement.val();
        } else {
            self.chosen.next = self.value.val();
        }
    }
}

/// A bit of everything.
///
/// The second paragraph of its comment.
#[derive(LogicBlock)]
struct Demo {
    pub clock: Signal<In, Clock>,
    /// Starts a run.
    pub start: Signal<In, Bit>,
    /// First operand, Q1.15.
    pub a: Signal<In, Signed<16>>,
    pub b: Signal<In, Signed<16>>,
    pub u: Signal<In, Bits<8>>,
    pub v: Signal<In, Bits<8>>,
    /// The sum of products, wide enough for any run.
    pub sum: Signal<Out, Signed<48>>,
    pub shifted: Signal<Out, Signed<20>>,
    pub flags: Signal<Out, Bits<8>>,
    pub total: Signal<Out, Bits<8>>,
    pub wide: Signal<Out, Bits<12>>,
    pub ticks: Signal<Out, Bits<7>>,
    pub chosen: Signal<Out, Signed<12>>,
    pub fixed: Signal<Out, Signed<12>>,
    pub stored: Signal<Out, Bits<15>>,
    pub table: Signal<Out, Bits<10>>,
    pub tag_level: Signal<Out, Bits<9>>,
    pub low: Signal<Out, Bits<3>>,
    pub delayed: Signal<Out, Bits<8>>,
    pub running: Signal<Out, Bit>,
    /// State of the machine.
    state: DFF<Phase>,
    accumulator: DFF<Signed<48>>,
    /// A delay line.
    line: [DFF<Bits<8>>; 4],
    tag: DFF<Tag>,
    product_wide: Signal<Local, Signed<48>>,
    carry: Signal<Local, Bits<8>>,
    tag_now: Signal<Local, Tag>,
    level: Signal<Local, Bits<9>>,
    limit: Constant<Signed<48>>,
    step: Constant<Signed<12>>,
    yes: Signal<Local, Bit>,
    multiplier: Multiplier,
    ram: Ram<15, 6>,
    small: Ram<8, 3>,
    rom: Rom<10, 5>,
    ticker: Ticker,
    other_ticker: Ticker,
    select: Select,
    fixed_select: Select,
}

impl Demo {
    fn new() -> Self {
        let contents: Vec<u64> = (0..20).map(|k| (k * 37 + 5) % 1024).collect();
        let mut uut = Self {
            clock: Signal::default(),
            start: Signal::default(),
            a: Signal::default(),
            b: Signal::default(),
            u: Signal::default(),
            v: Signal::default(),
            sum: Signal::default(),
            shifted: Signal::default(),
            flags: Signal::default(),
            total: Signal::default(),
            wide: Signal::default(),
            ticks: Signal::default(),
            chosen: Signal::default(),
            fixed: Signal::default(),
            stored: Signal::default(),
            table: Signal::default(),
            tag_level: Signal::default(),
            low: Signal::default(),
            delayed: Signal::default(),
            running: Signal::default(),
            state: DFF::default(),
            accumulator: DFF::default(),
            line: Default::default(),
            tag: DFF::default(),
            product_wide: Signal::default(),
            carry: Signal::default(),
            tag_now: Signal::default(),
            level: Signal::default(),
            limit: Constant::new(Signed::from(-1_000_000_000)),
            step: Constant::new(Signed::from(-77)),
            yes: Signal::default(),
            multiplier: Multiplier::default(),
            ram: Ram::new(40),
            small: Ram::new(5),
            rom: Rom::new("demo", &contents),
            ticker: Ticker::default(),
            other_ticker: Ticker::default(),
            select: Select::default(),
            fixed_select: Select::default(),
        };
        uut.connect_all();
        uut
    }
}

impl Logic for Demo {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, accumulator, tag);
        for i in 0..4 {
            self.line[i].clock.next = self.clock.val();
        }
        clock!(self, clock, multiplier, ram, small, rom, ticker, other_ticker);
        self.line[0].d.next = self.u.val();
        for i in 0..3 {
            self.line[i + 1].d.next = self.line[i].q.val();
        }
        self.delayed.next = self.line[3].q.val();
        comment!("The product is exact.");
        self.multiplier.a.next = self.a.val();
        self.multiplier.b.next = self.b.val();
        self.product_wide.next = bit_cast_signed::<48, 32>(self.multiplier.product.val());
        self.running.next = false;
        self.yes.next = true;
        match self.state.q.val() {
            Phase::Idle => {
                if self.start.val() {
                    self.state.d.next = Phase::Run;
                    self.accumulator.d.next = 0.into();
                }
            }
            Phase::Run => {
                comment!("Add until the limit is passed.");
                self.running.next = self.yes.val();
                self.accumulator.d.next = self.accumulator.q.val() + self.product_wide.val();
                if self.accumulator.q.val() < self.limit.val() {
                    self.state.d.next = Phase::Drain;
                } else if (!self.start.val()) & (self.u.val() == bits::<8>(3)) {
                    self.state.d.next = Phase::Idle;
                }
            }
            Phase::Drain => {
                self.state.d.next = Phase::Idle;
            }
        }
        self.sum.next = self.accumulator.q.val();
        self.shifted.next = bit_cast_signed::<20, 19>(self.accumulator.q.val().get_bits::<19>(10));
        self.flags.next = 0.into();
        if (self.u.val() & self.v.val()) == self.u.val() {
            self.flags.next = self.u.val().replace_bit(2, self.start.val());
        }
        if (self.u.val() > self.v.val()) & self.u.val().get_bit(3) | self.v.val().all() {
            self.flags.next = self.u.val() ^ self.v.val();
        }
        if (self.a.val() < self.b.val()) && (self.u.val().any() || (self.a.val() == (-5).into())) {
            self.flags.next = self.v.val() >> 2;
        }
        if self.u.val() + 1 == self.v.val() {
            self.flags.next = 0xA5.into();
        }
        self.carry.next = self.u.val() + self.v.val();
        self.total.next = self.carry.val() - 1;
        self.wide.next = bit_cast::<12, 8>(self.carry.val());
        self.low.next = bit_cast::<3, 8>(self.carry.val());
        self.ticks.next = self.ticker.count.val() + self.other_ticker.count.val();
        self.select.invert.next = self.start.val();
        self.select.value.next = self.a.val().get_bits::<12>(2);
        self.chosen.next = self.select.chosen.val();
        comment!("Both inputs of this one are constant.");
        self.fixed_select.invert.next = true;
        self.fixed_select.value.next = self.step.val();
        self.fixed.next = self.fixed_select.chosen.val();
        self.ram.write_enable.next = self.start.val();
        self.ram.write_address.next = bit_cast::<6, 8>(self.u.val());
        self.ram.read_address.next = bit_cast::<6, 8>(self.v.val());
        self.ram.write_data.next = bit_cast::<15, 16>(unsigned_cast(self.a.val()));
        self.stored.next = self.ram.read_data.val();
        self.small.write_enable.next = self.u.val().get_bit(0);
        self.small.write_address.next = self.u.val().get_bits::<3>(1);
        self.small.read_address.next = self.v.val().get_bits::<3>(1);
        self.small.write_data.next = self.v.val();
        self.rom.address.next = self.u.val().get_bits::<5>(3);
        self.table.next = self.rom.data.val();
        self.tag_now.next = self.tag.q.val();
        self.tag_now.next.slot = self.u.val().get_bits::<5>(0);
        self.tag_now.next.last = self.small.read_data.val().get_bit(7);
        self.level.next = bit_cast::<9, 8>(self.v.val());
        self.tag_now.next.level = self.level.val();
        self.tag.d.next = self.tag_now.val();
        self.tag_level.next = self.tag.q.val().level;
    }
}

#[needs(icarus, yosys, verilator)]
#[test]
fn the_demo_block_equals_its_verilog() {
    let mut uut = Demo::new();
    let text = verilog("demo", &uut, &docs(), "A header.").expect("Verilog");
    if let Ok(path) = std::env::var("HGE_SHOW_DEMO") {
        std::fs::write(path, &text).expect("write the demo");
    }
    cosim::check_with_yosys("demo", &text);
    cosim::check_with_verilator("demo", &text);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    cosim::compare(
        "demo",
        &text,
        &mut uut,
        4000,
        |uut| &mut uut.clock,
        |uut, cycle| {
            let extreme = cycle % 7 == 0;
            let a = if extreme { 0x8000 } else { random.bits(16) };
            uut.a.next = signed_cast(Bits::from(a));
            let b = if extreme { 0x7FFF } else { random.bits(16) };
            uut.b.next = signed_cast(Bits::from(b));
            uut.start.next = random.bits(3) != 0;
            let u = random.bits(8);
            uut.u.next = u.into();
            let v = if random.bits(2) == 0 { (u + 1) & 255 } else { random.bits(8) };
            uut.v.next = v.into();
        },
    );
}

#[needs(icarus)]
#[test]
fn the_comparison_notices_wrong_verilog() {
    let mut uut = Ticker::default();
    uut.connect_all();
    let text = verilog("ticker", &uut, &docs(), "").expect("Verilog");
    let wrong = text.replace("7'd99", "7'd98");
    assert_ne!(text, wrong);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        cosim::compare("ticker", &wrong, &mut uut, 120, |uut| &mut uut.clock, |_, _| {});
    }));
    assert!(result.is_err());
}

#[test]
fn the_text_is_readable() {
    let text = verilog("demo", &Demo::new(), &docs(), "A header.").expect("Verilog");
    for line in [
        "// A header.",
        "// A bit of everything.",
        "    input wire signed [15:0] a, // First operand, Q1.15.",
        "    localparam signed [11:0] STEP = -12'sd77;",
        "    reg [1:0] state; // State of the machine.",
        "    // The product is exact.",
        "                // Add until the limit is passed.",
        "        line_1 <= line_0;",
        "    ticker other_ticker (",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in\n{text}");
    }
    // Two tickers and two selectors, one module each.
    assert_eq!(text.matches("\nendmodule").count(), 7);
    assert!(!text.contains("dff"));
    assert_eq!(text, verilog("demo", &Demo::new(), &docs(), "A header.").expect("Verilog"));
}
