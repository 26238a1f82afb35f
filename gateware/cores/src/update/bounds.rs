//! Bounds of the update: error and weighted error saturated to 16 bits, controls clipped to their limits. Combinational.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `difference`, `target` | in, 18 signed + 32 | mean less target, and the target word |
//! | `error`, `fits` | out, 16 signed + 1 | the difference saturated, zero on the free side of a one-sided target; it did not saturate |
//! | `product` | in, 32 | weight times error |
//! | `weighted`, `weighted_fits` | out, 16 signed + 1 | the product less 13 bits, saturated; it did not saturate |
//! | `moved`, `limits` | in, 32 + 32 | a control, Q16.16, and its limits, codes: low in bits 15..0, high in 31..16 |
//! | `clipped` | out, 32 | the control within its limits |

use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Saturation and limits.
#[derive(LogicBlock, Default)]
pub struct Bounds {
    /// Mean less target.
    pub difference: Signal<In, Signed<18>>,
    /// The target word, see `hge_protocol::table::CaseTarget`.
    pub target: Signal<In, Bits<32>>,
    /// The error.
    pub error: Signal<Out, Signed<16>>,
    /// It did not saturate.
    pub fits: Signal<Out, Bit>,
    /// Weight times error.
    pub product: Signal<In, Bits<32>>,
    /// The weighted error.
    pub weighted: Signal<Out, Signed<16>>,
    /// It did not saturate.
    pub weighted_fits: Signal<Out, Bit>,
    /// A control.
    pub moved: Signal<In, Bits<32>>,
    /// Its limits.
    pub limits: Signal<In, Bits<32>>,
    /// The control within its limits.
    pub clipped: Signal<Out, Bits<32>>,
    beyond: Signal<Local, Bits<3>>,
    scaled: Signal<Local, Bits<19>>,
    scaled_beyond: Signal<Local, Bits<4>>,
    code: Signal<Local, Bits<16>>,
    fraction: Signal<Local, Bits<16>>,
    low_limit: Signal<Local, Bits<16>>,
    high_limit: Signal<Local, Bits<16>>,
    top_bit: Signal<Local, Bits<16>>,
    low_order: Signal<Local, Bits<16>>,
    high_order: Signal<Local, Bits<16>>,
    code_order: Signal<Local, Bits<16>>,
    low_code: Signal<Local, Bits<32>>,
    high_code: Signal<Local, Bits<32>>,
}

impl Logic for Bounds {
    #[hdl_gen]
    fn update(&mut self) {
        self.beyond.next = unsigned_cast(self.difference.val().get_bits::<3>(15));
        self.fits.next = self.beyond.val().all() | (!self.beyond.val().any());
        self.error.next = self.difference.val().get_bits::<16>(0);
        if !self.fits.val() {
            self.error.next = 32767.into();
            if self.difference.val().get_bit(17) {
                self.error.next = (-32768).into();
            }
        }
        if self.target.val().get_bit(30) & (!self.difference.val().get_bit(17)) {
            self.error.next = 0.into();
        }
        if self.target.val().get_bit(31) & self.difference.val().get_bit(17) {
            self.error.next = 0.into();
        }
        self.scaled.next = self.product.val().to_bits().get_bits::<19>(13);
        self.scaled_beyond.next = self.scaled.val().to_bits().get_bits::<4>(15);
        self.weighted_fits.next =
            self.scaled_beyond.val().all() | (!self.scaled_beyond.val().any());
        self.weighted.next = signed_cast(self.scaled.val().to_bits().get_bits::<16>(0));
        if !self.weighted_fits.val() {
            self.weighted.next = 32767.into();
            if self.scaled.val().get_bit(18) {
                self.weighted.next = (-32768).into();
            }
        }
        comment!("With the top bit turned, signed codes are in unsigned order.");
        self.top_bit.next = 0x8000.into();
        self.low_limit.next = bit_cast::<16, _>(self.limits.val());
        self.high_limit.next = self.limits.val().to_bits().get_bits::<16>(16);
        self.code.next = self.moved.val().to_bits().get_bits::<16>(16);
        self.fraction.next = bit_cast::<16, _>(self.moved.val());
        self.low_order.next = self.low_limit.val() ^ self.top_bit.val();
        self.high_order.next = self.high_limit.val() ^ self.top_bit.val();
        self.code_order.next = self.code.val() ^ self.top_bit.val();
        self.low_code.next = bit_cast::<32, 16>(self.low_limit.val());
        self.high_code.next = bit_cast::<32, 16>(self.high_limit.val());
        self.clipped.next = self.moved.val();
        if (self.high_order.val() < self.code_order.val())
            | ((self.high_order.val() == self.code_order.val()) & self.fraction.val().any())
        {
            self.clipped.next = self.high_code.val().to_bits() << 16;
        }
        if self.code_order.val() < self.low_order.val() {
            self.clipped.next = self.low_code.val().to_bits() << 16;
        }
    }
}
