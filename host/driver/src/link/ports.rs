//! Serial ports with their USB devices and permissions.

use super::LinkError;
use serialport::SerialPortType;

/// A serial port of this computer.
#[derive(Clone, Debug)]
pub struct Port {
    /// In the form of `serial:PATH`.
    pub path: String,
    /// The USB device of the port, if it is one.
    pub usb: Option<Usb>,
    /// Why this user cannot open it.
    pub refusal: Option<LinkError>,
}

/// A USB device as it calls itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Usb {
    /// Number of its vendor.
    pub vendor_id: u16,
    /// Number of the product.
    pub product_id: u16,
    /// Name of its vendor.
    pub manufacturer: Option<String>,
    /// Name of the product.
    pub product: Option<String>,
    /// Tells it from others of its kind.
    pub serial_number: Option<String>,
}

/// Every serial port there is.
pub fn ports() -> Vec<Port> {
    let found = serialport::available_ports().unwrap_or_default();
    let mut ports: Vec<Port> = found
        .into_iter()
        .map(|port| {
            let usb = match port.port_type {
                SerialPortType::UsbPort(usb) => Some(Usb {
                    vendor_id: usb.vid,
                    product_id: usb.pid,
                    manufacturer: usb.manufacturer,
                    product: usb.product,
                    serial_number: usb.serial_number,
                }),
                _ => None,
            };
            Port { usb, ..port_at(&port.port_name) }
        })
        .collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    ports
}

/// The port at `path`, whatever it is.
pub fn port_at(path: &str) -> Port {
    Port { path: path.into(), usb: None, refusal: refusal(path) }
}

/// Found without opening it: to open a port resets many a board.
#[cfg(unix)]
fn refusal(path: &str) -> Option<LinkError> {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(path) else {
        let ports = super::Serial::ports();
        return Some(LinkError::NoPort { path: path.into(), ports });
    };
    // Where the system tells nothing of this process, opening the port will.
    let process = std::fs::read_to_string("/proc/self/status").ok()?;
    if may_open(&process, metadata.mode(), metadata.uid(), metadata.gid()) {
        return None;
    }
    Some(LinkError::Permission { path: path.into(), group: super::serial::group(path) })
}

#[cfg(not(unix))]
fn refusal(_: &str) -> Option<LinkError> {
    None
}

/// Whether a process, by its description in /proc, may read and write a file.
#[cfg(unix)]
fn may_open(process: &str, mode: u32, owner: u32, group: u32) -> bool {
    let numbers = |name: &str| -> Vec<u32> {
        let line = process.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().split_whitespace().filter_map(|n| n.parse().ok()).collect()
    };
    // Real, effective, saved and file system's number: the last one counts.
    let (user, mut groups) = (numbers("Uid:").last().copied(), numbers("Gid:"));
    groups.extend(numbers("Groups:"));
    let bits = match user {
        Some(0) => return true,
        Some(user) if user == owner => mode >> 6,
        _ if groups.contains(&group) => mode >> 3,
        _ => mode,
    };
    bits & 6 == 6
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn owner_group_and_others_have_their_own_permissions() {
        let process = "Name:\thge\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t20 27 \n";
        let may = |mode, owner, group| may_open(process, mode, owner, group);
        assert!(may(0o660, 0, 20));
        assert!(!may(0o660, 0, 21));
        assert!(may(0o666, 0, 21));
        assert!(may(0o600, 1000, 21));
        assert!(!may(0o060, 1000, 20), "an owner is not helped by a group");
        assert!(!may(0o640, 0, 20), "to read is not enough");
        assert!(may_open("Uid:\t0\t0\t0\t0\n", 0, 5, 5));
    }

    #[test]
    fn a_port_that_is_not_there_is_named() {
        let refusal = port_at("/dev/ttyNOSUCH").refusal.map(|error| error.to_string());
        assert!(refusal.is_some_and(|text| text.contains("no serial port /dev/ttyNOSUCH")));
    }
}
