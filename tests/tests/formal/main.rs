//! Formal proofs on the emitted Verilog: `cargo test --release -p hge-tests --test formal`.
//!
//! Properties stand in `tests/formal/*.sv`, deliberate faults of the Verilog that each must notice in `tests/formal/mutants.toml`.

mod cores;
mod mutants;
mod page;
mod proof;
mod prover;
mod wiring;

use cores::Proofs;
use hge_needs::needs;

macro_rules! proofs {
    ($($name:ident: $claim:ident, $faults:ident;)*) => {
        $(
            #[needs(prover)]
            #[test]
            fn $claim() {
                Proofs::named(stringify!($name)).into_iter().for_each(|proof| proof.holds());
            }

            #[needs(prover)]
            #[test]
            fn $faults() {
                mutants::all_die(stringify!($name));
            }
        )*
    };
}

proofs! {
    ram: a_memory_returns_what_was_written_last, faults_of_a_memory_are_noticed;
    guard: the_guard_keeps_limits_and_steps_and_ramps_to_the_safe_values_when_disarmed, faults_of_the_guard_are_noticed;
    supervisor: the_supervisor_arms_by_command_alone_and_every_cause_trips_in_time_and_is_told, faults_of_the_supervisor_are_noticed;
    access: limits_never_widen_while_armed_and_commands_are_carried_out_where_allowed, faults_of_the_access_are_noticed;
    telemetry: the_ring_loses_repeats_and_reorders_nothing_and_counts_exactly, faults_of_the_ring_are_noticed;
    sequencer: a_window_is_exactly_its_samples_and_phases_restart_where_tones_begin_and_nowhere_else, faults_of_the_sequencer_are_noticed;
    processor: a_sequence_number_acts_at_most_once_in_its_session, faults_of_the_processor_are_noticed;
    modulator: the_scan_of_the_outputs_is_what_the_guard_takes_for_granted, faults_of_the_scan_are_noticed;
    uart: bytes_that_are_sent_are_received_once, faults_of_the_line_are_noticed;
    crc: the_checksum_of_any_message_is_accepted_and_no_other, faults_of_the_checksum_are_noticed;
    frames: every_frame_that_is_sent_is_received_word_by_word, faults_of_frames_are_noticed;
    banks: a_job_reads_the_sums_of_its_own_window_and_nothing_writes_them, faults_of_the_banks_are_noticed;
}
