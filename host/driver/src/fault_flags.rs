//! Causes of a trip, in words.

use hge_protocol::registers::fault;
use std::fmt;

/// Content of the register `fault`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultFlags(pub u32);

impl FaultFlags {
    /// Every cause: its bit, its name, the remedy.
    const ALL: [(u32, &'static str, &'static str); 5] = [
        (fault::INTERLOCK, "the interlock opened", "close it"),
        (
            fault::WATCHDOG,
            "the host was silent for longer than the watchdog allows",
            "raise watchdog or reduce the load of computer and line",
        ),
        (
            fault::RUN_TIME,
            "the standalone run took longer than run_limit",
            "run fewer epochs or raise it",
        ),
        (
            fault::OVERCURRENT,
            "the device's current was too high",
            "narrow the electrodes' ranges, check the device or raise overcurrent_na",
        ),
        (fault::LINK, "too many damaged frames in a row", "check the cable and the baud rate"),
    ];

    /// Whether there is no cause.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for FaultFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = FaultFlags::ALL.iter().filter(|cause| self.0 & cause.0 != 0);
        let (causes, advice): (Vec<&str>, Vec<&str>) =
            known.map(|cause| (cause.1, cause.2)).unzip();
        if causes.is_empty() {
            return write!(f, "the cause 0x{:02x} is unknown; connect again", self.0);
        }
        write!(f, "{}; {}, then start again", causes.join(" and "), advice.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_says_what_happened_and_what_to_do() {
        let all = FaultFlags::ALL.iter().fold(0, |bits, cause| bits | cause.0);
        assert_eq!(all, 31);
        let text = FaultFlags(fault::INTERLOCK | fault::OVERCURRENT).to_string();
        assert!(text.contains("interlock opened and the device's current"), "{text}");
        assert!(text.contains("close it, narrow the electrodes"), "{text}");
        assert!(!text.contains("watchdog"), "{text}");
    }
}
