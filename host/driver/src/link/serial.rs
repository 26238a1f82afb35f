//! A serial port: 8 data bits, no parity, one stop bit, no flow control, opened exclusively.

use super::{Ends, Link, LinkError, Received, Sink, Source};
use serialport::{ErrorKind, SerialPort};
use std::io;
use std::time::Duration;

/// Bytes a second of a serial line: eight bits, a start and a stop bit each.
pub fn bytes_per_s(baud: u32) -> f64 {
    f64::from(baud) / 10.0
}

/// Time limit of a write: the driver's buffer accepts a request immediately unless the line is stuck.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Time limit of a reply: 280 bytes take 25 ms at 115200 baud, a USB bridge waits up to 16 ms, and a frame of
/// telemetry of 4 kB, which a reply does not interrupt, 14 ms at 3 Mbaud.
const REPLY_TIMEOUT: Duration = Duration::from_millis(250);

/// An open serial port.
pub struct Serial {
    port: Box<dyn SerialPort>,
    name: String,
}

impl Serial {
    /// Opens the port at `path`.
    ///
    /// # Errors
    /// It does not exist, is in use, or belongs to a group that the user is not in.
    pub fn open(path: &str, baud: u32) -> Result<Self, LinkError> {
        let port = serialport::new(path, baud)
            .timeout(SEND_TIMEOUT)
            .open()
            .map_err(|error| why(path, baud, &error))?;
        // What a former program has left on the way is nobody's.
        let _ = port.clear(serialport::ClearBuffer::All);
        Ok(Serial { port, name: path.into() })
    }

    /// Paths of the serial ports there are.
    pub fn ports() -> Vec<String> {
        let found = serialport::available_ports().unwrap_or_default();
        found.into_iter().map(|port| port.port_name).collect()
    }
}

fn why(path: &str, baud: u32, error: &serialport::Error) -> LinkError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::NotFound) => {
            LinkError::NoPort { path, ports: Serial::ports() }
        }
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            let group = group(&path);
            LinkError::Permission { path, group }
        }
        // Both ways to be alone with a port, TIOCEXCL and flock, end here.
        ErrorKind::NoDevice | ErrorKind::Io(io::ErrorKind::WouldBlock) => LinkError::Busy { path },
        _ => LinkError::NotSerial { path, baud, what: error.description.clone() },
    }
}

/// Name of the group that owns the device, if the group may open it.
#[cfg(unix)]
pub(super) fn group(path: &str) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata =
        std::fs::metadata(path).ok().filter(|metadata| metadata.mode() & 0o060 == 0o060)?;
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == metadata.gid()).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
pub(super) fn group(_: &str) -> Option<String> {
    None
}

impl Link for Serial {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn reply_timeout(&self) -> Duration {
        REPLY_TIMEOUT
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let Serial { port, name } = *self;
        let other = port.try_clone().map_err(|_| LinkError::Gone { name: name.clone() })?;
        let source = SerialSource { port: other, name: name.clone() };
        Ok((Box::new(source), Box::new(SerialSink { port, name })))
    }
}

struct SerialSource {
    port: Box<dyn SerialPort>,
    name: String,
}

impl Source for SerialSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let gone = || LinkError::Gone { name: self.name.clone() };
        self.port.set_timeout(timeout).map_err(|_| gone())?;
        let mut bytes = [0; 4096];
        match self.port.read(&mut bytes) {
            Ok(0) => Err(gone()),
            Ok(count) => {
                into.extend_from_slice(&bytes[..count]);
                Ok(Received::Bytes)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::TimedOut
                | io::ErrorKind::WouldBlock
                | io::ErrorKind::Interrupted => Ok(Received::Nothing),
                _ => Err(gone()),
            },
        }
    }
}

struct SerialSink {
    port: Box<dyn SerialPort>,
    name: String,
}

impl Sink for SerialSink {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.port.write_all(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                LinkError::Stuck { name: self.name.clone() }
            }
            _ => LinkError::Gone { name: self.name.clone() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(kind: ErrorKind, path: &str) -> String {
        why(path, 3_000_000, &serialport::Error::new(kind, "Not a typewriter")).to_string()
    }

    #[test]
    fn a_port_that_cannot_be_opened_is_answered_by_what_to_do() {
        let missing = Serial::open("/dev/ttyNOSUCH", 3_000_000).err().unwrap().to_string();
        assert!(missing.starts_with("there is no serial port /dev/ttyNOSUCH: "), "{missing}");
        assert!(missing.ends_with("plug the instrument in"), "{missing}");
        let file = Serial::open("/dev/null", 3_000_000).err().unwrap().to_string();
        assert!(file.starts_with("/dev/null cannot be opened as a serial port"), "{file}");
        let busy = sentence(ErrorKind::NoDevice, "/dev/ttyUSB0");
        assert!(busy.contains("in use by another program: end that program"), "{busy}");
    }

    #[test]
    fn the_ports_that_exist_are_named() {
        let ports = vec!["/dev/ttyUSB0".to_owned(), "/dev/ttyUSB1".to_owned()];
        let text = LinkError::NoPort { path: "/dev/ttyUSB9".into(), ports }.to_string();
        assert!(text.contains("choose /dev/ttyUSB0, /dev/ttyUSB1, or"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn the_group_that_may_open_the_port_is_named() {
        // Group 5 owns the terminals and may read and write them, everywhere Linux has devpts.
        let denied = ErrorKind::Io(io::ErrorKind::PermissionDenied);
        let file = std::env::temp_dir().join(format!("hge-port-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let path = file.to_str().unwrap();
        let number = std::fs::metadata(&file).unwrap().gid();
        let groups = std::fs::read_to_string("/etc/group").unwrap();
        let owner = groups.lines().find(|line| line.split(':').nth(2) == Some(&number.to_string()));
        let owner = owner.and_then(|line| line.split(':').next()).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o660)).unwrap();
        let text = sentence(denied, path);
        assert!(text.contains(&format!("add yourself to group {owner} ")), "{text}");
        assert!(text.ends_with("log in again"), "{text}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(sentence(denied, path).contains("ask the administrator"));
        std::fs::remove_file(&file).unwrap();
    }
}
