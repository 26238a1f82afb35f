//! The table of all registers.
//!
//! A macro passes the table to a second macro. These lines thus generate constants, decoder, accessors, settings of
//! the model and documentation:
//!
//! | section | columns | access |
//! |---|---|---|
//! | `constants` | constant, name, address, unit, description | read; fixed when the gateware is generated |
//! | `command` | constant, name, address, width, description | write |
//! | `live` | constant, name, address, width, unit, description | read; current state of the instrument |
//! | `settings` | constant, name, address, width, when, unit, reset, description | read; write according to [`When`](super::When) |
//! | `arrays` | constant, name, address, count, width, access, when, unit, description | the access column |

/// Calls the macro named, with the whole register map.
#[macro_export]
macro_rules! with_registers {
    ($callback:ident) => {
        $callback! {
            constants {
                IDENTITY        identity        0x00 "-"      "Identity word, \"HGE2\".";
                MAP_HASH        map_hash        0x01 "-"      "Hash of this map; host and gateware must agree on it.";
                BUILD_HASH      build_hash      0x02 "-"      "First 32 bits of the git commit of the gateware, 0 in simulation.";
                OUTPUTS         outputs         0x03 "-"      "DAC channels.";
                SLOTS           slots           0x04 "-"      "Demodulators.";
                CASES           cases           0x05 "-"      "Rows of the case table.";
                STARTS          starts          0x06 "-"      "Rows of the table of initial controls.";
                CLOCK_HZ        clock_hz        0x07 "Hz"     "System clock.";
                DAC_BITS        dac_bits        0x08 "bit"    "Significant bits of the DAC.";
                ADC_BITS        adc_bits        0x09 "bit"    "Significant bits of the ADC.";
                TELEMETRY_WORDS telemetry_words 0x0a "word"   "Size of the memory for frames to be sent, and for the last epoch's frames afterwards.";
                CONVERTER_LATENCY converter_latency 0x0b "sample" "Samples that converters on pins add to the loop latency.";
                CONVERTER_PERIOD converter_period 0x0c "clock" "Minimum clocks between samples for these converters.";
                SLOT_CLOCKS     slot_clocks     0x0d "clock"  "Clocks that a slot takes in a sample with one input.";
                CARRIERS        carriers        0x0e "-"      "Carriers of a slot: 0 sines; 1 sines and binary codes, and the cost can be demodulated.";
                INPUTS          inputs          0x16 "-"      "ADC inputs.";
                LANES           lanes           0x18 "-"      "Slot pipelines side by side.";
                UPDATE          update          0x17 "-"      "The standalone update: 0 in the post-processor's program, 1 in hardware of its own.";
            }
            command {
                COMMAND         command         0x0f 4 "1 run, 2 stop run and capture, 3 arm (host), 4 disarm, 5 arm (standalone), 6 capture, 7 repeat the last epoch.";
            }
            live {
                STATUS          status          0x10  8 "-"      "Bit 0 run in progress, 1 armed, 2 ramping to the safe values, 3 armed standalone, 4 interlock closed, 5 tripped, 6 capturing.";
                FAULT           fault           0x11  5 "-"      "Causes of a trip since the last arming: bit 0 interlock, 1 watchdog, 2 run time, 3 over-current, 4 link.";
                TIME            time            0x12 32 "sample" "Samples since power-up.";
                FRAMES          frames          0x13 32 "frame"  "Telemetry frames generated since power-up, lost ones included: the number of the next.";
                FRAMES_LOST     frames_lost     0x14 32 "frame"  "Telemetry frames dropped because the memory was full.";
                LINK_FAULTS     link_faults     0x15 32 "frame"  "Damaged frames from the host.";
            }
            settings {
                SCRATCH            scratch            0x20 32 Always   "-"          0 "Free for the host.";
                SAMPLE_PERIOD      sample_period      0x21 16 Idle     "clock"      2400 "Clocks between samples.";
                WINDOW_LOG2        window_log2        0x22  5 Idle     "-"          9 "Base-2 logarithm of the window length in samples, 4 to 16.";
                SETTLE             settle             0x23 24 Idle     "sample"     1 "Samples waited after a ramp, tones off.";
                LEAD_IN            lead_in            0x24 24 Idle     "sample"     1 "Samples with tones on before the window.";
                GAP                gap                0x25 32 Idle     "sample"     4 "Bits 15..0: minimum samples after a window, for sending the record and computing the update. Bits 30..16, where `UPDATE` is 1 and they are not 0: those after a window that does not end its epoch. Bit 31, where `UPDATE` is 1, with one case in use: continuous mode, tones run on through those gaps.";
                SLOTS_USED         slots_used         0x26  9 Idle     "-"          1 "Slots in use, at least 1.";
                CASES_USED         cases_used         0x27  6 Idle     "-"          1 "Cases in an epoch, at least 1.";
                EPOCHS             epochs             0x28 16 Idle     "-"          1 "Epochs a start (standalone) or a run (host), at least 1.";
                STARTS_USED        starts_used        0x29  6 Always   "-"          1 "Starts of a standalone run, at least 1. For a host in continuous mode: every window has the controls of the last of these rows of initial controls, as they are when the window before it ends.";
                MODE               mode               0x2a  5 Idle     "-"          0 "Bit 0 perturb, bit 1 standalone update, bit 2 noise shaping, bit 3 demodulate the cost (where `CARRIERS` and `INPUTS` are 1), bit 4 compact records.";
                INPUT_MASK         input_mask         0x2b 32 Idle     "-"          0 "Outputs 0 to 31 whose value comes from the case table.";
                TONE_MASK          tone_mask          0x2c 32 Idle     "-"          0 "Outputs 0 to 31 that carry a tone: exactly those with a slot in use that has bit 31 set.";
                RAMP_STEP          ramp_step          0x2d 31 Idle     "code/65536" 0x0010_0000 "Maximum change of a control value a sample.";
                GRADIENT_SHIFT     gradient_shift     0x2e  5 Idle     "bit"        16 "Right shift of a slot's scaled response in the update.";
                STEP_SHIFT         step_shift         0x2f  5 Idle     "bit"        16 "Right shift of response times error in the update.";
                LOSS_STOP          loss_stop          0x30 32 Idle     "32 code^2"  0 "A standalone run ends when an epoch's loss is at most this.";
                REFERENCE          reference          0x31 10 Always   "-"          0 "The reference pin: bits 7..0 slot, bit 8 on, bit 9 pulse density of its sine instead of its sign.";
                CAPTURE_DECIMATION capture_decimation 0x32 16 Always   "sample"     1 "Samples for each ADC code that a capture keeps.";
                CAPTURE_INPUT      capture_input      0x35  3 Always   "-"          0 "ADC input of a capture.";
                CAPTURE_SAMPLES    capture_samples    0x33 32 Always   "sample"     0 "ADC codes that a capture keeps.";
                COST_SHIFT         cost_shift         0x34  5 Idle     "bit"        15 "Right shift of the squared error in the cost.";
                INPUT_MASK_HIGH    input_mask_high    0x36 32 Idle     "-"          0 "As `INPUT_MASK`, outputs 32 to 63.";
                TONE_MASK_HIGH     tone_mask_high     0x37 32 Idle     "-"          0 "As `TONE_MASK`, outputs 32 to 63.";
                STEP_LIMIT         step_limit         0x38 16 Tighten  "code"       256 "Guard: maximum step of a DAC code a sample.";
                SAFE_STEP          safe_step          0x39 16 Disarmed "code"       16 "Guard: step a sample of the ramp to the safe values.";
                PROTECTION         protection         0x3a  3 Disarmed "-"          7 "Enabled trips: bit 0 interlock, 1 over-current, 2 link.";
                WATCHDOG           watchdog           0x3b 32 Tighten  "sample"     0 "Armed by a host: samples without a request after which the guard trips. Arming needs 1 or more.";
                RUN_LIMIT          run_limit          0x3c 32 Tighten  "sample"     0 "Armed standalone: samples after which the guard trips. Arming needs 1 or more.";
                OVERCURRENT        overcurrent        0x3d 16 Tighten  "code"       32767 "Minimum magnitude of an ADC code that counts as over-current.";
                OVERCURRENT_SAMPLES overcurrent_samples 0x3e 8 Disarmed "sample"    4 "Over-current samples in a row that trip the guard, at least 1.";
                LINK_ERROR_LIMIT   link_error_limit   0x3f  8 Disarmed "frame"      32 "Armed by a host: damaged frames in a row that trip the guard, at least 1.";
            }
            arrays {
                TUNING  tuning  0x0100  256 32 WriteOnly Idle    "2^-32 turn" "Tuning word of every slot.";
                SLOT    slot    0x0200  256 32 WriteOnly Idle    "-"          "Amplitude, start phase (or code number) and output of every slot.";
                GUARD   guard   0x0300  256 16 ReadWrite Tighten "code"       "Four words an output: low limit, high limit, safe value (written while disarmed), present DAC code (read only).";
                ANALOGUE analogue 0x0500 256 32 ReadWrite Disarmed "f32"     "The analogue scale, stored for the host: word 0 is 1 while a scale is set; input 0 at word 4 (ADC full scale V, I-V gain V/nA, I-V clip V, level shift V); output k at word 64 + 2 k (DAC full scale V, offset V); words 128 to 255 with more than 32 outputs.";
                CODES   codes   0x0400  256  8 WriteOnly Idle    "-"          "Where `CARRIERS` is 1, row of every chip: code k is low where row and k have an odd number of common bits.";
                TABLE   table   0x1000 4096 32 ReadWrite Idle    "-"          "The parameter table: cases, starts, coefficients, controls. Where `UPDATE` is 1 it may be written during a run for a host, too.";
            }
        }
    };
}
