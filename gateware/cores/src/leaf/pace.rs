//! How fast a clock is, seen from a memory.

/// Clock up to which a block memory's word can be worked on in the clock that it comes in: 5.8 ns pass on a grade 6 ECP5 until it is
/// there. No iCE40 goes beyond.
pub const UNHURRIED_HZ: u32 = 40_000_000;

/// Whether words of block memories come late in a clock of `clock_hz`.
///
/// Cores then read them a clock earlier, into registers, or take memories of look-up tables. Clock for clock they do the same, but for the
/// link, which waits a clock for a word; an iCE40 is spared the registers.
pub fn memories_are_late(clock_hz: u32) -> bool {
    clock_hz > UNHURRIED_HZ
}
