//! Status registers and the queue of errors, by IEEE 488.2 and SCPI-99.

use std::collections::VecDeque;

/// Errors that the queue holds; the last then says that there were more.
const MOST_ERRORS: usize = 32;

/// Characters of an error's text.
const MOST_CHARS: usize = 255;

/// An error by its SCPI number: -1xx commands, -2xx execution, -3xx the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScpiError {
    pub number: i32,
    pub text: String,
}

impl ScpiError {
    pub fn new(number: i32, text: impl ToString) -> Self {
        ScpiError { number, text: text.to_string() }
    }

    /// Bit of the event status register.
    fn bit(&self) -> u8 {
        match self.number {
            -199..=-100 => 1 << 5,
            -299..=-200 => 1 << 4,
            -499..=-400 => 1 << 2,
            _ => 1 << 3,
        }
    }
}

/// Operation complete, of the event status register.
pub(super) const OPERATION_COMPLETE: u8 = 1;

/// Power on.
const POWER_ON: u8 = 1 << 7;

/// The status of one client.
pub(super) struct Status {
    errors: VecDeque<ScpiError>,
    pub events: u8,
    pub event_mask: u8,
    pub service_mask: u8,
}

impl Default for Status {
    fn default() -> Self {
        Status { errors: VecDeque::new(), events: POWER_ON, event_mask: 0, service_mask: 0 }
    }
}

impl Status {
    /// Queues an error.
    pub fn failed(&mut self, error: ScpiError) {
        self.events |= error.bit();
        if self.errors.len() < MOST_ERRORS {
            self.errors.push_back(error);
        } else if let Some(last) = self.errors.back_mut() {
            *last = ScpiError::new(-350, "Queue overflow");
        }
    }

    /// The oldest error, and takes it out of the queue.
    pub fn next_error(&mut self) -> String {
        let error = self.errors.pop_front().unwrap_or_else(|| ScpiError::new(0, "No error"));
        let text: String = error.text.chars().take(MOST_CHARS).collect();
        format!("{},\"{}\"", error.number, text.replace('"', "'").replace(['\r', '\n'], " "))
    }

    /// Clears errors and events.
    pub fn clear(&mut self) {
        self.errors.clear();
        self.events = 0;
    }

    /// The events, which are cleared.
    pub fn take_events(&mut self) -> u8 {
        std::mem::take(&mut self.events)
    }

    /// The status byte: errors bit 2, event summary bit 5, service requested bit 6.
    pub fn byte(&self) -> u8 {
        let errors = if self.errors.is_empty() { 0 } else { 1 << 2 };
        let events = if self.events & self.event_mask == 0 { 0 } else { 1 << 5 };
        let summary = errors | events;
        let service = if summary & self.service_mask == 0 { 0 } else { 1 << 6 };
        summary | service
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_out_oldest_first_and_the_last_says_that_more_were_lost() {
        let mut status = Status::default();
        for n in 0..40 {
            status.failed(ScpiError::new(-222, format!("value \"{n}\"")));
        }
        assert_eq!(status.next_error(), "-222,\"value '0'\"");
        let rest: Vec<String> = (1..MOST_ERRORS).map(|_| status.next_error()).collect();
        assert_eq!(rest.last().map(String::as_str), Some("-350,\"Queue overflow\""));
        assert_eq!(status.next_error(), "0,\"No error\"");
    }

    #[test]
    fn the_status_byte_sums_up_what_its_masks_let_through() {
        let mut status = Status::default();
        assert_eq!((status.take_events(), status.take_events()), (128, 0));
        status.failed(ScpiError::new(-113, "Undefined header"));
        assert_eq!(status.byte(), 4);
        (status.event_mask, status.service_mask) = (32, 32);
        assert_eq!(status.byte(), 4 | 32 | 64);
        status.clear();
        assert_eq!((status.byte(), status.take_events()), (0, 0));
    }
}
