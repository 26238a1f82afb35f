//! Boards, and the way to a bitstream.

mod boards;
mod bundles;
mod pins;
mod small;
