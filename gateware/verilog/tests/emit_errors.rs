//! The emitter refuses what it cannot print with the same meaning, and says where.

use hge_verilog::{verilog, EmitError, SourceDocs};
use rust_hdl::prelude::*;

/// The error of a block, or the text.
fn emit<B: Block>(uut: &mut B) -> Result<String, EmitError> {
    uut.connect_all();
    verilog("uut", uut, &SourceDocs::default(), "")
}

/// A block with the usual signals and this kernel.
macro_rules! block {
    ($name:ident, $($kernel:tt)*) => {
        #[derive(LogicBlock, Default)]
        struct $name {
            pub clock: Signal<In, Clock>,
            pub other_clock: Signal<In, Clock>,
            pub bit: Signal<In, Bit>,
            pub u: Signal<In, Bits<8>>,
            pub v: Signal<In, Bits<8>>,
            pub s: Signal<In, Signed<8>>,
            pub out: Signal<Out, Bits<8>>,
            pub wide: Signal<Out, Bits<16>>,
            pub signed_wide: Signal<Out, Signed<16>>,
            pub flag: Signal<Out, Bit>,
            first: DFF<Bits<8>>,
            second: DFF<Bits<8>>,
            local: Signal<Local, Bits<8>>,
        }

        impl Logic for $name {
            $($kernel)*
        }
    };
}

block! { Fine,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = self.u.val();
        self.local.next = self.v.val();
        self.wide.next = bit_cast::<16, 8>(self.local.val());
        self.signed_wide.next = 0.into();
        self.flag.next = self.s.val() > 0.into();
    }
}

block! { Latch,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.local.next = 0.into();
        self.wide.next = 0.into();
        self.signed_wide.next = 0.into();
        self.flag.next = false;
        if self.bit.val() {
            self.out.next = self.u.val();
        }
    }
}

block! { Undriven,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = 0.into();
        self.wide.next = 0.into();
        self.signed_wide.next = 0.into();
        self.flag.next = self.bit.val();
    }
}

block! { EarlyRead,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = self.local.val();
        self.local.next = self.u.val();
        self.wide.next = 0.into();
        self.signed_wide.next = 0.into();
        self.flag.next = false;
    }
}

block! { CastOfSum,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = 0.into();
        self.local.next = 0.into();
        self.wide.next = bit_cast::<16, 8>(self.u.val() + self.v.val());
        self.signed_wide.next = 0.into();
        self.flag.next = false;
    }
}

block! { SignedBitCast,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = 0.into();
        self.local.next = 0.into();
        self.wide.next = 0.into();
        self.signed_wide.next = signed_bit_cast::<16, 8>(self.s.val());
        self.flag.next = false;
    }
}

block! { TwoClocks,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first);
        dff_setup!(self, other_clock, second);
        self.out.next = self.first.q.val();
        self.local.next = 0.into();
        self.wide.next = 0.into();
        self.signed_wide.next = 0.into();
        self.flag.next = self.second.q.val().any();
    }
}

block! { BitsOutOfRange,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = bit_cast::<8, 4>(self.u.val().get_bits::<4>(6));
        self.local.next = 0.into();
        self.wide.next = 0.into();
        self.signed_wide.next = 0.into();
        self.flag.next = false;
    }
}

const LIMIT: u64 = 3;

block! { NamedConstant,
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second);
        self.out.next = LIMIT.into();
        self.local.next = 0.into();
        self.wide.next = 0.into();
        self.signed_wide.next = 0.into();
        self.flag.next = false;
    }
}

fn unsupported<B: Block + Default>(says: &str) {
    match emit(&mut B::default()) {
        Err(EmitError::Unsupported { module, what }) => {
            assert_eq!(module, "uut");
            assert!(what.contains(says), "{what}");
        }
        other => panic!("expected a refusal with `{says}`, got {other:?}"),
    }
}

#[test]
fn a_good_block_is_emitted_the_same_each_time() {
    let once = emit(&mut Fine::default());
    assert!(once.is_ok(), "{once:?}");
    assert_eq!(once, emit(&mut Fine::default()));
    let text = once.unwrap_or_default();
    // A literal beside a signed signal is signed, and so is the comparison.
    assert!(text.contains("assign flag = s > 8'sd0;"), "{text}");
    assert!(text.contains("assign wide = {8'd0, v};"), "{text}");
    assert!(!text.contains('$'), "{text}");
}

#[test]
fn a_path_without_an_assignment_is_a_latch() {
    let error = EmitError::Latch { module: "uut".into(), signal: "out".into() };
    assert_eq!(emit(&mut Latch::default()), Err(error));
}

#[test]
fn a_signal_that_nothing_drives_is_named() {
    let error = EmitError::NotDriven { module: "uut".into(), signal: "local".into() };
    assert_eq!(emit(&mut Undriven::default()), Err(error));
}

#[test]
fn a_read_before_the_write_is_named() {
    let error = EmitError::ReadBeforeWrite { module: "uut".into(), signal: "local".into() };
    assert_eq!(emit(&mut EarlyRead::default()), Err(error));
}

#[test]
fn two_clocks_in_a_module_are_refused() {
    let error = EmitError::TwoClocks { module: "uut".into() };
    assert_eq!(emit(&mut TwoClocks::default()), Err(error));
}

#[test]
fn expressions_of_another_width_in_verilog_are_refused() {
    unsupported::<CastOfSum>("a cast of an expression");
    unsupported::<SignedBitCast>("bit_cast_signed");
    unsupported::<BitsOutOfRange>("bits 6..10 of `u`");
    unsupported::<NamedConstant>("`LIMIT` is not a signal");
}
