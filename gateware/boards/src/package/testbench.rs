//! Stimuli of a module in its testbench.

use hge_gateware::board::BoardTop;
use hge_gateware::engine::Pass;
use hge_gateware::guard::Guard;
use hge_gateware::instrument::Instrument;
use hge_gateware::link::ft245::Ft245;
use hge_gateware::lockin::Lockin;
use hge_gateware::nco::Nco;
use hge_gateware::post_processor::PostProcessor;
use hge_gateware::serial::SerialInstrument;
use hge_verilog::testbench::{put, Random};
use rust_hdl::prelude::*;

/// Clocks of a testbench.
pub(super) const CLOCKS: usize = 400;

/// Clocks for which settings are held.
const HELD: usize = 100;

/// A module that a testbench can drive.
pub(super) trait Drive: Block {
    /// Clock of the module.
    fn clock(&mut self) -> &mut Signal<In, Clock>;

    /// Sets the other inputs for a clock.
    fn drive(&mut self, number: usize, random: &mut Random);
}

/// Random values: on `each` input in every clock, on `held` ones now and then; `reset` is rarely high.
macro_rules! drive {
    ([$($generic:ident)?] $block:ty, high: [$($high:ident),*], reset: [$($reset:ident)?],
        held: [$($held:ident),*], each: [$($each:ident),*]) => {
        impl$(<$generic: Pass>)? Drive for $block {
            fn clock(&mut self) -> &mut Signal<In, Clock> {
                &mut self.clock
            }

            fn drive(&mut self, number: usize, random: &mut Random) {
                $(self.$high.next = number > 0;)*
                $(self.$reset.next = random.once_in(200);)?
                if number.is_multiple_of(HELD) {
                    $(put(&mut self.$held, random);)*
                }
                $(put(&mut self.$each, random);)*
            }
        }
    };
}

drive!([] Nco, high: [], reset: [], held: [],
    each: [valid, slot, restart, gate, start_write, start_slot, start_data, start_code,
        code_write, code_chip, code_row, tuning_write, tuning_slot, tuning_data]);
drive!([] Lockin, high: [], reset: [], held: [],
    each: [valid, slot, sine, cosine, sample, first, read_slot, selected]);
drive!([] Guard, high: [], reset: [reset], held: [armed, step_limit],
    each: [tick, running, step, index, code, host_address, host_write, host_data]);
drive!([] Ft245, high: [], reset: [reset], held: [rxf_n, txe_n],
    each: [data_in, from_host_ready, to_host, to_host_valid]);
drive!([] PostProcessor, high: [], reset: [reset],
    held: [slots_used, mode, kind, window_log2, stored],
    each: [start, event, block, codes, event_cause, event_time, decimation, code, setting_granted,
        engine_ready, engine_data, began, marked, reason, unperturbed, late, tones, begin, restart,
        clamped, limited, read_data, target_ready, number, fits]);
drive!([P] Instrument<P>, high: [locked, interlock], reset: [], held: [],
    each: [rx_byte, rx_valid, tx_ready, adc]);
drive!([P] SerialInstrument<P>, high: [locked, interlock], reset: [],
    held: [rx, fifo_rxf_n, fifo_txe_n], each: [fifo_data_in, adc]);
drive!([P] BoardTop<P>, high: [locked, interlock], reset: [],
    held: [rx, fifo_rxf_n, fifo_txe_n], each: [fifo_data_in, adc_data]);
