//! The text form of a link.

use super::{serial, udp, LinkError};
use crate::text::{quoted, QUOTED_CHARS};
use hge_protocol::ft245;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Rate of a serial line unless another is named.
pub const DEFAULT_BAUD: u32 = 3_000_000;

/// Specification of an instrument simulated in this process.
pub const SIMULATED: &str = "sim";

/// A link; parsed from `sim`, `tcp:HOST:PORT`, `udp:HOST[:PORT]`, `serial:PATH[@BAUD]` or `ft245:PATH` by [`FromStr`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LinkSpec {
    /// An instrument simulated in this process, in virtual time.
    #[default]
    Simulated,
    /// A server.
    Tcp {
        /// Host and port.
        address: String,
    },
    /// An instrument on a network of its own.
    Udp {
        /// Host and port.
        address: String,
    },
    /// A serial port.
    Serial {
        /// Path of the port.
        path: String,
        /// Bits a second.
        baud: u32,
    },
    /// The serial port that the system makes of an FTDI bridge whose other side is a FIFO: the baud rate means nothing there.
    Ft245 {
        /// Path of the port.
        path: String,
    },
}

impl LinkSpec {
    /// Bytes a second from an instrument with a clock of `clock_hz`, where the line limits them: a tenth of the baud rate; of 100 Mbit/s what headers of
    /// packets leave; of a FIFO what bridge and clock allow.
    pub fn bytes_per_s(&self, clock_hz: u32) -> Option<f64> {
        match self {
            LinkSpec::Simulated | LinkSpec::Tcp { .. } => None,
            LinkSpec::Udp { .. } => Some(udp::BYTES_PER_S),
            LinkSpec::Serial { baud, .. } => Some(serial::bytes_per_s(*baud)),
            LinkSpec::Ft245 { .. } => Some(ft245::bytes_per_s(clock_hz)),
        }
    }
}

impl FromStr for LinkSpec {
    type Err = LinkError;

    fn from_str(spec: &str) -> Result<Self, LinkError> {
        let bad = |change| LinkError::Spec { spec: quoted(spec, QUOTED_CHARS), change };
        match spec.trim().split_once(':') {
            None if spec.trim() == SIMULATED => Ok(LinkSpec::Simulated),
            Some(("tcp", address)) => {
                let wrong = "write host and port, e.g. `tcp:localhost:7000`";
                let (host, port) = address.rsplit_once(':').ok_or_else(|| bad(wrong))?;
                let port: u16 = port.parse().map_err(|_| bad(wrong))?;
                if host.is_empty() || port == 0 {
                    return Err(bad(wrong));
                }
                Ok(LinkSpec::Tcp { address: format!("{host}:{port}") })
            }
            Some(("udp", address)) => {
                let wrong =
                    "write the host and, if it is not 18503, the port, e.g. `udp:192.168.1.50`";
                let (host, port) = match address.rsplit_once(':') {
                    // The end of an address of IPv6 in brackets is no port.
                    Some((host, port)) if !port.ends_with(']') => {
                        (host, port.parse().map_err(|_| bad(wrong))?)
                    }
                    _ => (address, udp::DEFAULT_PORT),
                };
                if host.is_empty() || port == 0 {
                    return Err(bad(wrong));
                }
                Ok(LinkSpec::Udp { address: format!("{host}:{port}") })
            }
            Some(("serial", rest)) => {
                let wrong = "write the port's path and, if it is not 3000000, the baud rate, e.g. \
                             `serial:/dev/ttyUSB1@1000000`";
                let (path, baud) = match rest.rsplit_once('@') {
                    Some((path, baud)) => (path, baud.parse().map_err(|_| bad(wrong))?),
                    None => (rest, DEFAULT_BAUD),
                };
                if path.is_empty() || baud == 0 {
                    return Err(bad(wrong));
                }
                Ok(LinkSpec::Serial { path: path.into(), baud })
            }
            Some(("ft245", "")) => Err(bad("write the port's path, e.g. `ft245:/dev/ttyUSB0`")),
            Some(("ft245", path)) => Ok(LinkSpec::Ft245 { path: path.into() }),
            _ => {
                Err(bad("write `sim`, `tcp:HOST:PORT`, `udp:HOST`, `serial:PATH` or `ft245:PATH`"))
            }
        }
    }
}

impl fmt::Display for LinkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkSpec::Simulated => f.write_str(SIMULATED),
            LinkSpec::Tcp { address } => write!(f, "tcp:{address}"),
            LinkSpec::Udp { address } => write!(f, "udp:{address}"),
            LinkSpec::Serial { path, baud: DEFAULT_BAUD } => write!(f, "serial:{path}"),
            LinkSpec::Serial { path, baud } => write!(f, "serial:{path}@{baud}"),
            LinkSpec::Ft245 { path } => write!(f, "ft245:{path}"),
        }
    }
}

impl TryFrom<String> for LinkSpec {
    type Error = LinkError;

    fn try_from(spec: String) -> Result<Self, LinkError> {
        spec.parse()
    }
}

impl From<LinkSpec> for String {
    fn from(spec: LinkSpec) -> String {
        spec.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_link_is_read_and_written_alike() {
        let serial = |path: &str, baud| LinkSpec::Serial { path: path.into(), baud };
        for (text, spec) in [
            (SIMULATED, LinkSpec::Simulated),
            ("tcp:localhost:7000", LinkSpec::Tcp { address: "localhost:7000".into() }),
            ("tcp:[::1]:7000", LinkSpec::Tcp { address: "[::1]:7000".into() }),
            ("udp:192.168.1.50:7000", LinkSpec::Udp { address: "192.168.1.50:7000".into() }),
            ("udp:[::1]:7000", LinkSpec::Udp { address: "[::1]:7000".into() }),
            ("serial:/dev/ttyUSB1", serial("/dev/ttyUSB1", 3_000_000)),
            ("serial:/dev/ttyUSB1@115200", serial("/dev/ttyUSB1", 115_200)),
            ("ft245:/dev/ttyUSB0", LinkSpec::Ft245 { path: "/dev/ttyUSB0".into() }),
        ] {
            assert_eq!(text.parse::<LinkSpec>().unwrap(), spec);
            assert_eq!(spec.to_string(), text);
        }
        for (text, whole) in [("udp:box", "udp:box:18503"), ("udp:[::1]", "udp:[::1]:18503")] {
            assert_eq!(text.parse::<LinkSpec>().unwrap().to_string(), whole);
        }
    }

    #[test]
    fn what_is_no_link_is_answered_by_what_to_write() {
        for (text, part) in [
            ("", "`sim`, `tcp:HOST:PORT`, `udp:HOST`, `serial:PATH` or `ft245:PATH`"),
            ("udp:", "write the host"),
            ("udp:box:0", "the port"),
            ("/dev/ttyUSB0", "`serial:PATH`"),
            ("tcp:localhost", "tcp:localhost:7000"),
            ("tcp:localhost:0", "host and port"),
            ("tcp::7000", "host and port"),
            ("serial:", "the port's path"),
            ("ft245:", "the port's path"),
            ("serial:/dev/ttyUSB0@fast", "the baud rate"),
            ("serial:/dev/ttyUSB0@0", "the baud rate"),
            ("serial:@115200", "the port's path"),
        ] {
            let message = text.parse::<LinkSpec>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
