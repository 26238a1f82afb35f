//! Boards, and the way to a bitstream.

mod boards;
mod bundles;
mod engine;
mod pins;
mod small;
