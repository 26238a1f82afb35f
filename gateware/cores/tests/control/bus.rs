//! The register bus with everything that it reaches: access, registers, guard and table.

use hge_gateware::access::Access;
use hge_gateware::build::Build;
use hge_gateware::guard::Guard;
use hge_gateware::leaf::Ram;
use hge_gateware::registers::Registers;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// The register bus with everything that it reaches.
#[derive(LogicBlock, Default)]
pub struct Bus {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub address: Signal<In, Bits<16>>,
    pub data: Signal<In, Bits<32>>,
    pub is_write: Signal<In, Bit>,
    pub request: Signal<In, Bit>,
    pub write: Signal<In, Bit>,
    /// A request has arrived.
    pub call: Signal<In, Bit>,
    pub busy: Signal<In, Bit>,
    pub armed: Signal<In, Bit>,
    pub ramping_to_safe: Signal<In, Bit>,
    pub capturing: Signal<In, Bit>,
    pub can_repeat: Signal<In, Bit>,
    pub interlock: Signal<In, Bit>,
    pub follows: Signal<In, Bit>,
    pub table_in_use: Signal<In, Bit>,
    /// Settings may be read by others.
    pub yields: Signal<Out, Bit>,
    pub time: Signal<In, Bits<32>>,
    pub answered: Signal<Out, Bit>,
    pub value: Signal<Out, Bits<32>>,
    pub refusal: Signal<Out, Bits<3>>,
    /// Bit n is command n.
    pub commands: Signal<Out, Bits<8>>,
    pub tuning_write: Signal<Out, Bit>,
    pub slot_write: Signal<Out, Bit>,
    pub code_write: Signal<Out, Bit>,
    access: Access,
    registers: Registers,
    guard: Guard,
    table: Ram<32, 12>,
    none: Signal<Local, Bits<8>>,
    run: Signal<Local, Bits<8>>,
    stop: Signal<Local, Bits<8>>,
    arm_host: Signal<Local, Bits<8>>,
    disarm: Signal<Local, Bits<8>>,
    arm_standalone: Signal<Local, Bits<8>>,
    capture: Signal<Local, Bits<8>>,
}

impl Logic for Bus {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, access, registers, guard, table);
        self.access.reset.next = self.reset.val();
        self.registers.reset.next = self.reset.val();
        self.guard.reset.next = self.reset.val();
        self.access.address.next = self.address.val();
        self.access.data.next = self.data.val();
        self.access.is_write.next = self.is_write.val();
        self.access.request.next = self.request.val();
        self.access.write.next = self.write.val();
        self.access.scalar.next = self.registers.read_data.val();
        self.access.readable.next = self.registers.readable.val();
        self.access.writable.next = self.registers.writable.val();
        self.access.idle_only.next = self.registers.idle_only.val();
        self.access.disarmed_only.next = self.registers.disarmed_only.val();
        self.access.tightens.next = self.registers.tightens.val();
        self.access.wide.next = self.registers.wide.val();
        self.access.table_data.next = self.table.read_data.val();
        self.access.grant.next = self.guard.host_ready.val();
        self.access.call.next = self.call.val();
        self.access.guard_data.next = self.guard.host_value.val();
        self.access.busy.next = self.busy.val();
        self.access.armed.next = self.armed.val();
        self.access.ramping_to_safe.next = self.ramping_to_safe.val();
        self.access.capturing.next = self.capturing.val();
        self.access.can_repeat.next = self.can_repeat.val();
        self.access.interlock.next = self.interlock.val();
        for i in 0..self.access.follows.len() {
            self.access.follows[i].next = self.follows.val();
            self.access.table_in_use[i].next = self.table_in_use.val();
        }
        self.yields.next = !self.access.accesses.val();
        self.access.protection.next = self.registers.protection.val();
        self.access.watchdog_set.next = self.registers.watchdog_set.val();
        self.access.run_limit_set.next = self.registers.run_limit_set.val();
        self.registers.address.next = self.address.val();
        self.registers.write.next = self.access.scalar_write.val();
        self.registers.write_data.next = self.data.val();
        self.registers.read_watchdog.next = self.access.heard.val();
        self.registers.read_run_limit.next = false;
        self.registers.read_samples.next = false;
        self.registers.read_ramp.next = false;
        self.registers.read_step.next = false;
        self.registers.read_safe.next = false;
        self.registers.time.next = self.time.val();
        self.registers.status.next = 0x55.into();
        self.registers.fault.next = 0x15.into();
        self.registers.frames.next = 0x1234_5678.into();
        self.registers.frames_lost.next = 0x0234_5678.into();
        self.registers.link_faults.next = 0x4000_0001.into();
        self.guard.host_write.next = self.access.guard_write.val();
        self.guard.host_address.next = self.address.val().get_bits::<8>(0);
        self.guard.host_data.next = self.data.val().get_bits::<16>(0);
        self.table.read_address.next = self.address.val().get_bits::<12>(0);
        self.table.write_enable.next = self.access.table_write.val();
        self.table.write_address.next = self.address.val().get_bits::<12>(0);
        self.table.write_data.next = self.data.val();
        self.answered.next = self.access.answered.val();
        self.value.next = self.access.value.val();
        self.refusal.next = self.access.refusal.val();
        self.tuning_write.next = self.access.tuning_write.val();
        self.slot_write.next = self.access.slot_write.val();
        self.code_write.next = self.access.code_write.val();
        self.none.next = 0.into();
        self.run.next = self.none.val().replace_bit(1, self.access.run.val());
        self.stop.next = self.run.val().replace_bit(2, self.access.stop.val());
        self.arm_host.next = self.stop.val().replace_bit(3, self.access.arm_host.val());
        self.disarm.next = self.arm_host.val().replace_bit(4, self.access.disarm.val());
        self.arm_standalone.next =
            self.disarm.val().replace_bit(5, self.access.arm_standalone.val());
        self.capture.next = self.arm_standalone.val().replace_bit(6, self.access.capture.val());
        self.commands.next = self.capture.val().replace_bit(7, self.access.repeat.val());
    }
}

impl Bus {
    /// For a gateware made for `parameters`, of this build.
    pub fn new(parameters: &Parameters, build_hash: u32) -> Self {
        Bus {
            access: Access::new(parameters),
            registers: Registers::new(parameters, &Build::of_commit(build_hash)),
            guard: Guard::new(parameters.outputs),
            table: Ram::new(TableLayout::of(parameters).words as usize),
            ..Default::default()
        }
    }
}
