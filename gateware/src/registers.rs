//! The scalar registers, as `hge_protocol::registers::MAP` lists them.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `address` | in, 16 | register to read or write |
//! | `write`, `write_data` | in, 1 + 32 | writes it; the caller has checked `class` |
//! | `read_data` | out, 32 | its value a clock later, zero where there is none to read |
//! | `readable` | out, 1 | a clock later: there is a scalar register to read |
//! | `class` | out, 2 | a clock later, of a write: 0 no such register, 1 always, 2 while idle, 3 while idle and disarmed |
//! | `status` | in, 3 | busy, armed, homing |
//!
//! and one output a register. Those that could lead an engine out of its tables come out confined to
//! what the gateware was made for; they read back as written.

use crate::leaf::Fixed;
use hge_protocol::registers as map;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Info block and scalar registers.
#[derive(LogicBlock, Default)]
pub struct Registers {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// All registers return to their reset values.
    pub reset: Signal<In, Bit>,
    /// Register to read or write.
    pub address: Signal<In, Bits<16>>,
    /// Writes it.
    pub write: Signal<In, Bit>,
    /// What is written.
    pub write_data: Signal<In, Bits<32>>,
    /// Busy, armed, homing.
    pub status: Signal<In, Bits<3>>,
    /// Its value.
    pub read_data: Signal<Out, Bits<32>>,
    /// There is a scalar register to read.
    pub readable: Signal<Out, Bit>,
    /// Who may write: 0 nobody, 1 always, 2 while idle, 3 while idle and disarmed.
    pub class: Signal<Out, Bits<2>>,
    /// Clocks between samples.
    pub sample_period: Signal<Out, Bits<16>>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<Out, Bits<5>>,
    /// Samples waited after a ramp.
    pub settle: Signal<Out, Bits<24>>,
    /// Samples with tones before the window.
    pub lead_in: Signal<Out, Bits<24>>,
    /// Least samples between window and ramp.
    pub gap: Signal<Out, Bits<16>>,
    /// Slots visited each sample.
    pub slots_used: Signal<Out, Bits<9>>,
    /// Cases in an epoch.
    pub cases_used: Signal<Out, Bits<6>>,
    /// Epochs of a start or a run.
    pub epochs: Signal<Out, Bits<16>>,
    /// Starts of a standalone run.
    pub starts_used: Signal<Out, Bits<6>>,
    /// Perturb, standalone, shaping.
    pub mode: Signal<Out, Bits<3>>,
    /// Outputs that take the case's value.
    pub input_mask: Signal<Out, Bits<32>>,
    /// Outputs that carry a tone.
    pub tone_mask: Signal<Out, Bits<32>>,
    /// Greatest move of a base a sample, Q16.16 codes.
    pub ramp_step: Signal<Out, Bits<31>>,
    /// Guard: greatest step a sample.
    pub step_limit: Signal<Out, Bits<16>>,
    /// Guard: step a sample to the safe values.
    pub safe_step: Signal<Out, Bits<16>>,
    /// Right shift of a slot's scaled response.
    pub gradient_shift: Signal<Out, Bits<5>>,
    /// Right shift of response times error.
    pub step_shift: Signal<Out, Bits<5>>,
    /// Loss at which a standalone run ends.
    pub loss_stop: Signal<Out, Bits<32>>,
    scratch_register: DFF<Bits<32>>,
    sample_period_register: DFF<Bits<16>>,
    window_log2_register: DFF<Bits<5>>,
    settle_register: DFF<Bits<24>>,
    lead_in_register: DFF<Bits<24>>,
    gap_register: DFF<Bits<16>>,
    slots_used_register: DFF<Bits<9>>,
    cases_used_register: DFF<Bits<6>>,
    epochs_register: DFF<Bits<16>>,
    starts_used_register: DFF<Bits<6>>,
    mode_register: DFF<Bits<3>>,
    input_mask_register: DFF<Bits<32>>,
    tone_mask_register: DFF<Bits<32>>,
    ramp_step_register: DFF<Bits<31>>,
    step_limit_register: DFF<Bits<16>>,
    safe_step_register: DFF<Bits<16>>,
    gradient_shift_register: DFF<Bits<5>>,
    step_shift_register: DFF<Bits<5>>,
    loss_stop_register: DFF<Bits<32>>,
    identity: Fixed<Bits<32>>,
    map_hash: Fixed<Bits<32>>,
    outputs: Fixed<Bits<32>>,
    slots: Fixed<Bits<32>>,
    cases: Fixed<Bits<32>>,
    starts: Fixed<Bits<32>>,
    clock_hz: Fixed<Bits<32>>,
    dac_bits: Fixed<Bits<32>>,
    adc_bits: Fixed<Bits<32>>,
    least_period: Fixed<Bits<16>>,
    most_slots: Fixed<Bits<9>>,
    most_cases: Fixed<Bits<6>>,
    most_starts: Fixed<Bits<6>>,
    scratch_reset: Fixed<Bits<32>>,
    sample_period_reset: Fixed<Bits<16>>,
    window_log2_reset: Fixed<Bits<5>>,
    settle_reset: Fixed<Bits<24>>,
    lead_in_reset: Fixed<Bits<24>>,
    gap_reset: Fixed<Bits<16>>,
    slots_used_reset: Fixed<Bits<9>>,
    cases_used_reset: Fixed<Bits<6>>,
    epochs_reset: Fixed<Bits<16>>,
    starts_used_reset: Fixed<Bits<6>>,
    mode_reset: Fixed<Bits<3>>,
    input_mask_reset: Fixed<Bits<32>>,
    tone_mask_reset: Fixed<Bits<32>>,
    ramp_step_reset: Fixed<Bits<31>>,
    step_limit_reset: Fixed<Bits<16>>,
    safe_step_reset: Fixed<Bits<16>>,
    gradient_shift_reset: Fixed<Bits<5>>,
    step_shift_reset: Fixed<Bits<5>>,
    loss_stop_reset: Fixed<Bits<32>>,
    /// The register's value, whether there is one, and who may write it, a clock after the address.
    answer: DFF<Bits<32>>,
    can_read: DFF<Bit>,
    writers: DFF<Bits<2>>,
    low_address: Signal<Local, Bits<8>>,
    scalar: Signal<Local, Bit>,
}

fn reset_value(address: u16) -> u64 {
    map::find(address).map_or(0, |register| u64::from(register.reset))
}

impl Registers {
    /// Registers of a gateware made for `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let word = |value: u32| Fixed::new(Bits::from(u64::from(value)));
        Self {
            identity: word(map::IDENTITY_WORD),
            map_hash: word(map::map_hash()),
            outputs: word(parameters.outputs),
            slots: word(parameters.slots),
            cases: word(parameters.cases),
            starts: word(parameters.starts),
            clock_hz: word(parameters.clock_hz),
            dac_bits: word(parameters.dac_bits),
            adc_bits: word(parameters.adc_bits),
            least_period: Fixed::new(Bits::from(u64::from(
                parameters.least_sample_period_clocks(),
            ))),
            most_slots: Fixed::new(Bits::from(u64::from(parameters.slots))),
            most_cases: Fixed::new(Bits::from(u64::from(parameters.cases))),
            most_starts: Fixed::new(Bits::from(u64::from(parameters.starts))),
            scratch_reset: Fixed::new(Bits::from(reset_value(map::SCRATCH))),
            sample_period_reset: Fixed::new(Bits::from(reset_value(map::SAMPLE_PERIOD))),
            window_log2_reset: Fixed::new(Bits::from(reset_value(map::WINDOW_LOG2))),
            settle_reset: Fixed::new(Bits::from(reset_value(map::SETTLE))),
            lead_in_reset: Fixed::new(Bits::from(reset_value(map::LEAD_IN))),
            gap_reset: Fixed::new(Bits::from(reset_value(map::GAP))),
            slots_used_reset: Fixed::new(Bits::from(reset_value(map::SLOTS_USED))),
            cases_used_reset: Fixed::new(Bits::from(reset_value(map::CASES_USED))),
            epochs_reset: Fixed::new(Bits::from(reset_value(map::EPOCHS))),
            starts_used_reset: Fixed::new(Bits::from(reset_value(map::STARTS_USED))),
            mode_reset: Fixed::new(Bits::from(reset_value(map::MODE))),
            input_mask_reset: Fixed::new(Bits::from(reset_value(map::INPUT_MASK))),
            tone_mask_reset: Fixed::new(Bits::from(reset_value(map::TONE_MASK))),
            ramp_step_reset: Fixed::new(Bits::from(reset_value(map::RAMP_STEP))),
            step_limit_reset: Fixed::new(Bits::from(reset_value(map::STEP_LIMIT))),
            safe_step_reset: Fixed::new(Bits::from(reset_value(map::SAFE_STEP))),
            gradient_shift_reset: Fixed::new(Bits::from(reset_value(map::GRADIENT_SHIFT))),
            step_shift_reset: Fixed::new(Bits::from(reset_value(map::STEP_SHIFT))),
            loss_stop_reset: Fixed::new(Bits::from(reset_value(map::LOSS_STOP))),
            ..Default::default()
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            scratch_register,
            sample_period_register,
            window_log2_register,
            settle_register,
            lead_in_register,
            gap_register,
            slots_used_register,
            cases_used_register,
            epochs_register,
            starts_used_register,
            mode_register,
            input_mask_register,
            tone_mask_register,
            ramp_step_register,
            step_limit_register,
            safe_step_register,
            gradient_shift_register,
            step_shift_register,
            loss_stop_register,
            answer,
            can_read,
            writers
        );
        self.read_data.next = self.answer.q.val();
        self.readable.next = self.can_read.q.val();
        self.class.next = self.writers.q.val();
        self.low_address.next = self.address.val().get_bits::<8>(0);
        self.scalar.next = !(self.address.val().get_bits::<8>(8).any());
        self.answer.d.next = 0.into();
        self.can_read.d.next = false;
        self.writers.d.next = 0.into();
        if self.scalar.val() {
            self.can_read.d.next = true;
            match self.low_address.val().index() {
                0 => self.answer.d.next = self.identity.val(),
                1 => self.answer.d.next = self.map_hash.val(),
                2 => self.answer.d.next = self.outputs.val(),
                3 => self.answer.d.next = self.slots.val(),
                4 => self.answer.d.next = self.cases.val(),
                5 => self.answer.d.next = self.starts.val(),
                6 => self.answer.d.next = self.clock_hz.val(),
                7 => self.answer.d.next = self.dac_bits.val(),
                8 => self.answer.d.next = self.adc_bits.val(),
                9 => {
                    self.answer.d.next = self.scratch_register.q.val();
                    self.writers.d.next = 1.into();
                    if self.write.val() {
                        self.scratch_register.d.next = self.write_data.val();
                    }
                }
                16 => {
                    self.answer.d.next = bit_cast::<32, 16>(self.sample_period_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.sample_period_register.d.next =
                            self.write_data.val().get_bits::<16>(0);
                    }
                }
                17 => {
                    self.answer.d.next = bit_cast::<32, 5>(self.window_log2_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.window_log2_register.d.next = self.write_data.val().get_bits::<5>(0);
                    }
                }
                18 => {
                    self.answer.d.next = bit_cast::<32, 24>(self.settle_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.settle_register.d.next = self.write_data.val().get_bits::<24>(0);
                    }
                }
                19 => {
                    self.answer.d.next = bit_cast::<32, 24>(self.lead_in_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.lead_in_register.d.next = self.write_data.val().get_bits::<24>(0);
                    }
                }
                20 => {
                    self.answer.d.next = bit_cast::<32, 16>(self.gap_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.gap_register.d.next = self.write_data.val().get_bits::<16>(0);
                    }
                }
                21 => {
                    self.answer.d.next = bit_cast::<32, 9>(self.slots_used_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.slots_used_register.d.next = self.write_data.val().get_bits::<9>(0);
                    }
                }
                22 => {
                    self.answer.d.next = bit_cast::<32, 6>(self.cases_used_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.cases_used_register.d.next = self.write_data.val().get_bits::<6>(0);
                    }
                }
                23 => {
                    self.answer.d.next = bit_cast::<32, 16>(self.epochs_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.epochs_register.d.next = self.write_data.val().get_bits::<16>(0);
                    }
                }
                24 => {
                    self.answer.d.next = bit_cast::<32, 6>(self.starts_used_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.starts_used_register.d.next = self.write_data.val().get_bits::<6>(0);
                    }
                }
                25 => {
                    self.answer.d.next = bit_cast::<32, 3>(self.mode_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.mode_register.d.next = self.write_data.val().get_bits::<3>(0);
                    }
                }
                26 => {
                    self.answer.d.next = self.input_mask_register.q.val();
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.input_mask_register.d.next = self.write_data.val();
                    }
                }
                27 => {
                    self.answer.d.next = self.tone_mask_register.q.val();
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.tone_mask_register.d.next = self.write_data.val();
                    }
                }
                28 => {
                    self.answer.d.next = bit_cast::<32, 31>(self.ramp_step_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.ramp_step_register.d.next = self.write_data.val().get_bits::<31>(0);
                    }
                }
                29 => {
                    self.answer.d.next = bit_cast::<32, 16>(self.step_limit_register.q.val());
                    self.writers.d.next = 3.into();
                    if self.write.val() {
                        self.step_limit_register.d.next = self.write_data.val().get_bits::<16>(0);
                    }
                }
                30 => {
                    self.answer.d.next = bit_cast::<32, 16>(self.safe_step_register.q.val());
                    self.writers.d.next = 3.into();
                    if self.write.val() {
                        self.safe_step_register.d.next = self.write_data.val().get_bits::<16>(0);
                    }
                }
                31 => {
                    self.answer.d.next = bit_cast::<32, 5>(self.gradient_shift_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.gradient_shift_register.d.next =
                            self.write_data.val().get_bits::<5>(0);
                    }
                }
                32 => {
                    self.answer.d.next = bit_cast::<32, 5>(self.step_shift_register.q.val());
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.step_shift_register.d.next = self.write_data.val().get_bits::<5>(0);
                    }
                }
                33 => {
                    self.answer.d.next = self.loss_stop_register.q.val();
                    self.writers.d.next = 2.into();
                    if self.write.val() {
                        self.loss_stop_register.d.next = self.write_data.val();
                    }
                }
                10 => self.answer.d.next = bit_cast::<32, 3>(self.status.val()),
                11 => {
                    comment!("The command register is carried out elsewhere.");
                    self.can_read.d.next = false;
                    self.writers.d.next = 1.into();
                }
                _ => self.can_read.d.next = false,
            }
        }
        self.sample_period.next = self.sample_period_register.q.val();
        self.window_log2.next = self.window_log2_register.q.val();
        self.settle.next = self.settle_register.q.val();
        self.lead_in.next = self.lead_in_register.q.val();
        self.gap.next = self.gap_register.q.val();
        self.slots_used.next = self.slots_used_register.q.val();
        self.cases_used.next = self.cases_used_register.q.val();
        self.epochs.next = self.epochs_register.q.val();
        self.starts_used.next = self.starts_used_register.q.val();
        self.mode.next = self.mode_register.q.val();
        self.input_mask.next = self.input_mask_register.q.val();
        self.tone_mask.next = self.tone_mask_register.q.val();
        self.ramp_step.next = self.ramp_step_register.q.val();
        self.step_limit.next = self.step_limit_register.q.val();
        self.safe_step.next = self.safe_step_register.q.val();
        self.gradient_shift.next = self.gradient_shift_register.q.val();
        self.step_shift.next = self.step_shift_register.q.val();
        self.loss_stop.next = self.loss_stop_register.q.val();
        comment!("Confined to what there is.");
        if self.sample_period_register.q.val() < self.least_period.val() {
            self.sample_period.next = self.least_period.val();
        }
        if self.window_log2_register.q.val() < bits::<5>(4) {
            self.window_log2.next = 4.into();
        }
        if self.window_log2_register.q.val() > bits::<5>(16) {
            self.window_log2.next = 16.into();
        }
        if !self.slots_used_register.q.val().any() {
            self.slots_used.next = 1.into();
        }
        if self.slots_used_register.q.val() > self.most_slots.val() {
            self.slots_used.next = self.most_slots.val();
        }
        if !self.cases_used_register.q.val().any() {
            self.cases_used.next = 1.into();
        }
        if self.cases_used_register.q.val() > self.most_cases.val() {
            self.cases_used.next = self.most_cases.val();
        }
        if !self.starts_used_register.q.val().any() {
            self.starts_used.next = 1.into();
        }
        if self.starts_used_register.q.val() > self.most_starts.val() {
            self.starts_used.next = self.most_starts.val();
        }
        if self.reset.val() {
            self.scratch_register.d.next = self.scratch_reset.val();
            self.sample_period_register.d.next = self.sample_period_reset.val();
            self.window_log2_register.d.next = self.window_log2_reset.val();
            self.settle_register.d.next = self.settle_reset.val();
            self.lead_in_register.d.next = self.lead_in_reset.val();
            self.gap_register.d.next = self.gap_reset.val();
            self.slots_used_register.d.next = self.slots_used_reset.val();
            self.cases_used_register.d.next = self.cases_used_reset.val();
            self.epochs_register.d.next = self.epochs_reset.val();
            self.starts_used_register.d.next = self.starts_used_reset.val();
            self.mode_register.d.next = self.mode_reset.val();
            self.input_mask_register.d.next = self.input_mask_reset.val();
            self.tone_mask_register.d.next = self.tone_mask_reset.val();
            self.ramp_step_register.d.next = self.ramp_step_reset.val();
            self.step_limit_register.d.next = self.step_limit_reset.val();
            self.safe_step_register.d.next = self.safe_step_reset.val();
            self.gradient_shift_register.d.next = self.gradient_shift_reset.val();
            self.step_shift_register.d.next = self.step_shift_reset.val();
            self.loss_stop_register.d.next = self.loss_stop_reset.val();
        }
    }
}
