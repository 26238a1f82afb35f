//! The FIFO of FTDI's USB bridges in their asynchronous 245 mode: times at its pins, and what they are in clocks of the gateware.
//!
//! | time | FT232H, FT2232H | FT245R | here |
//! |---|---|---|---|
//! | `RD#` low | 30 ns at least | 50 ns at least | 50 ns and the pads |
//! | from `RD#` low to the byte | 14 ns at most | 50 ns at most | the same |
//! | from `RD#` high to `RXF#` high | 14 ns at most | 25 ns at most | 25 ns and the pads |
//! | the byte before `WR#` falls | 5 ns at least | 20 ns at least | 30 ns |
//! | `WR#` low | 30 ns at least | 50 ns at least | 50 ns |
//! | the byte after `WR#` has risen | 5 ns at least | 0 | 20 ns |
//! | from `WR#` low to `TXE#` high | 14 ns at most | 25 ns at most | 25 ns and the pads |
//!
//! Sources: data sheets DS_FT232H 2.1, table 4.2; those of the FT245R as public drivers quote them. An FT245R takes the byte at the same edge of `WR`,
//! and wants it high for 50 ns before: it is high while the byte is set up and held.

/// Most bytes a second of an FT232H or FT2232H in this mode (DS_FT232H 2.1, section 4.1); an FT245R carries an eighth of it.
pub const MOST_BYTES_PER_S: f64 = 8e6;

/// Two pads of the FPGA and the wires between.
const PADS_NS: u64 = 20;
const READ_NS: u64 = 50 + PADS_NS;
const ANSWER_NS: u64 = 25 + PADS_NS;
const SETUP_NS: u64 = 30;
const WRITE_NS: u64 = 50;
const HOLD_NS: u64 = 20;

/// Edges from the one at which the first flip-flop of a synchronizer takes a level to the one at which the core decides by it, less one.
const SYNCHRONIZER_CLOCKS: u64 = 1;

/// Clocks of the states of the gateware's core, each at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// `RD#` is low; the byte is taken at its end.
    pub read: u64,
    /// After it, until `RXF#` is to be believed.
    pub pause: u64,
    /// The byte stands before `WR#` falls.
    pub setup: u64,
    /// `WR#` is low.
    pub write: u64,
    /// The byte stands after it, until `TXE#` is to be believed.
    pub hold: u64,
}

impl Clocks {
    /// For a clock of `clock_hz`.
    pub fn at(clock_hz: u32) -> Self {
        let clocks = |ns: u64| (ns * u64::from(clock_hz)).div_ceil(1_000_000_000).max(1);
        let (write, answer) = (clocks(WRITE_NS), clocks(ANSWER_NS) + SYNCHRONIZER_CLOCKS);
        Clocks {
            read: clocks(READ_NS),
            pause: answer,
            setup: clocks(SETUP_NS),
            write,
            hold: clocks(HOLD_NS).max(answer.saturating_sub(write)),
        }
    }

    /// Clocks from one byte to the next of those that are written, and that in which the core chooses.
    pub fn of_byte(&self) -> u64 {
        1 + self.setup + self.write + self.hold
    }
}

/// Bytes a second to the host: those of the bridge, or of a slower clock.
pub fn bytes_per_s(clock_hz: u32) -> f64 {
    MOST_BYTES_PER_S.min(f64::from(clock_hz) / Clocks::at(clock_hz).of_byte() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_as_long_as_the_slower_bridge_wants_at_any_clock() {
        for clock_hz in (1_000_000..=500_000_000).step_by(333_333) {
            let Clocks { read, pause, setup, write, hold } = Clocks::at(clock_hz);
            let ns = |clocks: u64| clocks as f64 * 1e9 / f64::from(clock_hz);
            assert!(ns(read) >= 70.0 && ns(setup) >= 20.0 && ns(write) >= 50.0 && ns(hold) >= 5.0);
            // WR# is high from the hold to the next setup.
            assert!(ns(hold + 1 + setup) >= 50.0, "{clock_hz} Hz");
            // The edge that decides is one after the second flip-flop's, and that one after the first's.
            for since_strobe in [pause + 1, write + hold + 1] {
                assert!(ns(since_strobe - 2) >= 45.0, "{clock_hz} Hz: {since_strobe}");
            }
            assert!(read <= 64, "the core counts to 64");
        }
    }

    #[test]
    fn a_line_at_90_megahertz_has_the_bridges_rate_and_at_24_megahertz_the_clocks() {
        assert_eq!(Clocks::at(90_000_000).of_byte(), 11);
        assert_eq!(bytes_per_s(90_000_000), 8e6);
        assert_eq!(Clocks::at(24_000_000).of_byte(), 5);
        assert_eq!(bytes_per_s(24_000_000), 4.8e6);
    }
}
