//! The line between an instrument and its host.

use super::uart_receiver::{bit_period, RateError};

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A UART with this rate.
    Uart {
        /// Bits a second.
        baud: u32,
    },
    /// The FIFO of an FTDI bridge, at the rate of bridge and clock.
    Ft245,
}

impl Line {
    /// Name of the kind: that of the table in a board's file.
    pub fn name(self) -> &'static str {
        match self {
            Line::Uart { .. } => "uart",
            Line::Ft245 => "ft245",
        }
    }

    /// The rate of a UART.
    pub fn baud(self) -> Option<u32> {
        match self {
            Line::Uart { baud } => Some(baud),
            Line::Ft245 => None,
        }
    }

    /// What there is once with a UART, such as a pin.
    pub(crate) fn of_uart<T: Default>(self) -> Vec<T> {
        (self != Line::Ft245).then(T::default).into_iter().collect()
    }

    /// What there is once with a FIFO.
    pub(crate) fn of_fifo<T: Default>(self) -> Vec<T> {
        (self == Line::Ft245).then(T::default).into_iter().collect()
    }

    /// Whether a clock of `clock_hz` makes it.
    ///
    /// # Errors
    /// A UART of fewer than 6 or more than 65535 clocks a bit.
    pub fn check(self, clock_hz: u32) -> Result<(), RateError> {
        match self {
            Line::Uart { baud } => bit_period(clock_hz, baud).map(drop),
            Line::Ft245 => Ok(()),
        }
    }
}
