//! Every core in rust-hdl's simulation against its reference model, driven through its real protocol.
//!
//! Inputs that a core's interface table leaves open at a clock carry noise there, so that a core which looks too early or too
//! late is found. Stimuli come from fixed seeds and reach the ends of every range.

#[path = "../clocked/bench.rs"]
mod bench;
mod cost;
mod engine;
mod fifo_chip;
mod ft245;
mod guard;
mod lockin;
mod modulator;
mod nco;
mod post_processor;
mod sequencer;
mod stimulus;
mod tone_mixer;
mod update;
mod window_statistics;

/// `all` with `HGE_NIGHTLY=1`, else `some`.
fn nightly<T>(all: T, some: T) -> T {
    if std::env::var_os("HGE_NIGHTLY").is_some_and(|value| value == "1") {
        all
    } else {
        some
    }
}
