//! Clock rate compared with the access time of block memories.

/// Highest clock at which logic can use a block memory's word in the clock of its output: the access time is 5.8 ns on a grade 6 ECP5.
/// No iCE40 exceeds it.
pub const UNHURRIED_HZ: u32 = 40_000_000;

/// Whether the access time of block memories is too long for a clock of `clock_hz`.
///
/// Cores then read them a clock earlier into registers, or use memories of look-up tables. Their timing stays the same, except for the
/// link, which waits a clock for a word; an iCE40 does not need the registers.
pub fn memories_are_late(clock_hz: u32) -> bool {
    clock_hz > UNHURRIED_HZ
}
