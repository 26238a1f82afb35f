//! Every core in rust-hdl's simulation against its reference model, driven through its real protocol.
//!
//! Inputs that a core's interface table leaves open at a clock carry noise there, so that a core which looks too early or too
//! late is found. Stimuli come from fixed seeds and reach the ends of every range.

mod bench;
mod cost;
mod ft245;
mod guard;
mod lockin;
mod modulator;
mod nco;
mod post_processor;
mod stimulus;
mod tone_mixer;
mod update;
mod window_statistics;
