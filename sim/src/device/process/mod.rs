//! A device in another process, for an external simulator. `docs/devices.md` specifies the protocol.
//!
//! ```text
//! child -> host    {"hge_device":1,"electrodes":N,"outputs":J,"name":"..."} and a newline, once
//! host -> child    rows as u32, then rows x N voltages in V as f64, all little-endian
//! child -> host    rows x J currents in nA as f64
//! ```
//!
//! A child that fails is ended and not used again; the device's [`Health`] holds the error.

mod child;
#[cfg(test)]
mod tests;

use super::spec::Kind;
use super::{is_finite, Device, DeviceError, Health, MOST_OUTPUTS};
use child::{Silence, Worker};
use hge_system::text::{quoted, QUOTED_CHARS};
use serde::Deserialize;
use std::cell::RefCell;
use std::time::Duration;

pub(super) const PROCESS: Kind = Kind {
    name: "process",
    forms: &["`process:COMMAND`"],
    open: |spec| match spec.text()?.trim() {
        "" => Err(spec.wrong(
            "the command is empty".into(),
            "write a program and its arguments, e.g. `process:python3 device.py`",
        )),
        command => Ok(Box::new(ProcessDevice::start(command)?)),
    },
};

/// Time for the first line: an interpreter loads large libraries.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for a batch. The driver gives an instrument in this process 40 s.
const BATCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Rows of a batch: a chunk of the model's at most, so that a batch's time is bounded.
const BATCH_ROWS: usize = 1024;

/// Bytes of the first line.
const GREETING_BYTES: usize = 4096;

/// Characters of a command or a line that messages quote.
const MOST_QUOTED: usize = 80;

/// Electrodes that an instrument can have outputs for.
const MOST_ELECTRODES: usize = 64;

/// The child's first line.
#[derive(Deserialize)]
struct Greeting {
    /// Version of the protocol.
    hge_device: u32,
    electrodes: usize,
    #[serde(default = "one")]
    outputs: usize,
    name: String,
}

/// Outputs of a child that does not report any.
fn one() -> usize {
    1
}

/// A device that a child process computes. Dropping it ends the child.
pub struct ProcessDevice {
    /// Command in messages.
    command: String,
    name: String,
    electrodes: usize,
    outputs: usize,
    /// `None` once it has failed.
    worker: RefCell<Option<Worker>>,
    health: Health,
    batch_timeout: Duration,
}

impl ProcessDevice {
    /// Starts `command`, split into words as a shell does: at blanks, with single quotes, double quotes and
    /// backslashes. There is no shell: no variables, patterns, pipes or redirection.
    ///
    /// # Errors
    /// [`DeviceError::Process`] if the command is no command, does not start or does not greet.
    pub fn start(command: &str) -> Result<Self, DeviceError> {
        Self::start_within(command, START_TIMEOUT, BATCH_TIMEOUT)
    }

    fn start_within(
        command: &str,
        start_timeout: Duration,
        batch_timeout: Duration,
    ) -> Result<Self, DeviceError> {
        let failed =
            |what: String, change| DeviceError::Process { command: short(command), what, change };
        let words = shlex::split(command).filter(|words| !words.is_empty()).ok_or_else(|| {
            failed(
                "is not a command".into(),
                "write a program and its arguments and close every quote",
            )
        })?;
        let mut worker = Worker::start(&words).map_err(|error| {
            failed(format!("does not start ({error})"), "check the program's name and path")
        })?;
        let line = worker.line(b'\n', GREETING_BYTES, start_timeout).map_err(|silence| {
            let (what, change) = account(&mut worker, &silence, 0, start_timeout);
            failed(what, change)
        })?;
        let form =
            "let its first line on stdout be {\"hge_device\":1,\"electrodes\":N,\"name\":\"...\"}";
        let greeting: Greeting = serde_json::from_slice(&line).map_err(|_| {
            failed(format!("begins with `{}`", short(&String::from_utf8_lossy(&line))), form)
        })?;
        if greeting.hge_device != 1 {
            let what = format!("uses version {} of the protocol", greeting.hge_device);
            return Err(failed(what, "let it use version 1"));
        }
        if !(1..=MOST_ELECTRODES).contains(&greeting.electrodes) {
            let what = format!("has {} electrodes", greeting.electrodes);
            return Err(failed(what, "let it have 1 to 64"));
        }
        if !(1..=MOST_OUTPUTS).contains(&greeting.outputs) {
            let what = format!("has {} outputs", greeting.outputs);
            return Err(failed(what, "let it have 1 to 8"));
        }
        Ok(ProcessDevice {
            command: short(command),
            name: short(&greeting.name),
            electrodes: greeting.electrodes,
            outputs: greeting.outputs,
            worker: RefCell::new(Some(worker)),
            health: Health::default(),
            batch_timeout,
        })
    }

    /// Ends the child and keeps the reason.
    fn fail(&self, what: &str, change: &str) {
        *self.worker.borrow_mut() = None;
        self.health.fail(format!("the device process `{}` {what}; {change}", self.command));
    }

    /// Currents of complete rows, `[rows, outputs]`, of which those that are not finite are asked for as zeros; `None` if the child
    /// has failed.
    fn batch(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        let rows = voltages_v.len() / self.electrodes;
        let mut order = Vec::with_capacity(4 + 8 * voltages_v.len());
        order.extend(u32::try_from(rows).ok()?.to_le_bytes());
        for row in voltages_v.chunks_exact(self.electrodes) {
            let finite = is_finite(row);
            order.extend(row.iter().flat_map(|&v| if finite { v } else { 0.0 }.to_le_bytes()));
        }
        let mut slot = self.worker.borrow_mut();
        let worker = slot.as_mut()?;
        worker.order(order);
        let wanted = 8 * rows * self.outputs;
        let answer = match worker.bytes(wanted, self.batch_timeout) {
            Err(silence) => Err(account(worker, &silence, wanted, self.batch_timeout)),
            // What comes later still is taken for the next answer, and its end is the surplus then.
            Ok(_) if worker.surplus() > 0 => {
                let what = format!("answered {} bytes too many", worker.surplus());
                Err((what, "let it answer a row with one f64 of 8 bytes for each output, and print to stderr only"))
            }
            Ok(bytes) => Ok(bytes),
        };
        drop(slot);
        let bytes = answer.map_err(|(what, change)| self.fail(&what, change)).ok()?;
        let (currents, _) = bytes.as_chunks::<8>();
        let currents: Vec<f64> = currents.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        if let Some(at) = currents.iter().position(|current| !current.is_finite()) {
            let row = at / self.outputs;
            let volts = &voltages_v[row * self.electrodes..(row + 1) * self.electrodes];
            let what = format!("answered {} at {volts:.3?} V", currents[at]);
            self.fail(&what, "correct it, or narrow the electrodes' ranges to where it is valid");
            return None;
        }
        Some(currents)
    }
}

/// Text of others on one line of a message.
fn short(text: &str) -> String {
    quoted(&text.split_whitespace().collect::<Vec<_>>().join(" "), MOST_QUOTED)
}

/// Message about a child without a reply: fault and remedy.
fn account(
    worker: &mut Worker,
    silence: &Silence,
    wanted: usize,
    timeout: Duration,
) -> (String, &'static str) {
    let seconds = timeout.as_secs_f64();
    let (mut what, change) = match silence {
        Silence::Late(0) => (
            format!("did not answer for {seconds} s"),
            "let it flush its output after every batch, and take less time",
        ),
        Silence::Late(came) if wanted > 0 => (
            format!("answered {came} bytes instead of {wanted} in {seconds} s"),
            "let it answer every row with one f64 of 8 bytes for each output, and flush",
        ),
        Silence::Late(_) => (
            format!("did not end its first line in {seconds} s"),
            "end the line and flush the output",
        ),
        Silence::Closed(came) => {
            let what = match worker.ending() {
                Some(status) => format!("ended ({status})"),
                None => "closed its output".into(),
            };
            let short =
                if *came > 0 { format!(" after {came} bytes of an answer") } else { String::new() };
            (what + &short, "run it by itself to see why")
        }
    };
    let last_line = worker.last_line();
    if !last_line.is_empty() {
        what += &format!(", its last line was `{}`", quoted(&last_line, QUOTED_CHARS));
    }
    (what, change)
}

impl Device for ProcessDevice {
    fn name(&self) -> String {
        format!("process:{}", self.name)
    }

    fn electrodes(&self) -> usize {
        self.electrodes
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let (k, outputs) = (self.electrodes, self.outputs);
        let mut rows = voltages_v.chunks(k * BATCH_ROWS);
        for out in current_na.chunks_mut(BATCH_ROWS * outputs) {
            let volts = rows.next().unwrap_or_default();
            let complete = volts.len() / k * k;
            let asked = (out.len() / outputs * k).min(complete);
            let currents = self.batch(&volts[..asked]).unwrap_or_default();
            let mut asked_rows = volts[..asked].chunks_exact(k).zip(currents.chunks_exact(outputs));
            for out in out.chunks_mut(outputs) {
                match asked_rows.next() {
                    Some((row, currents)) if is_finite(row) => out.copy_from_slice(currents),
                    _ => out.fill(f64::NAN),
                }
            }
        }
    }

    /// `None`: the pipe carries currents only.
    fn jacobian_na_per_v(&self, _: &[f64]) -> Option<Vec<f64>> {
        None
    }

    fn health(&self) -> Option<Health> {
        Some(self.health.clone())
    }
}
