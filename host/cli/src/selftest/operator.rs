//! Manual actions of the self-test, moving the wire and opening the interlock: by a user at a terminal, or not at all.

use crate::interrupt;
use crate::streams::note;
use hge_driver::text::number;
use hge_selftest::bench::SimulatedBench;
use hge_selftest::{Fixture, Operator, Settings};
use std::io::stdin;
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::time::Duration;

/// Interval of checks for an interrupt while waiting for the user.
const LOOK: Duration = Duration::from_millis(50);

/// Asks the user at the terminal.
pub struct Prompts {
    fixture: Fixture,
    connected_at_once: bool,
}

impl Prompts {
    pub fn new(fixture: Fixture, settings: &Settings) -> Self {
        Prompts { fixture, connected_at_once: settings.connected_at_once }
    }
}

impl Operator for Prompts {
    fn connect(&mut self, output: usize) -> Result<(), String> {
        if self.connected_at_once {
            return Ok(());
        }
        let what = match self.fixture {
            Fixture::Resistor(mohm) => format!(
                "a resistor of {} MOhm leads from output {output} to the I-V converter's input",
                number(mohm)
            ),
            Fixture::Wire => format!("a wire leads from output {output} to the ADC's input"),
        };
        let question = format!("No device may be connected. Check that {what} and nothing else is connected to the input: press Enter, or s and Enter to skip output {output}");
        answered(&question, "skipped")
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), String> {
        let what = if closed { "Close the interlock" } else { "Open the interlock" };
        answered(&format!("{what}: press Enter, or s and Enter to skip this check"), "skipped")
    }
}

/// Waits for Enter.
fn answered(question: &str, skipped: &str) -> Result<(), String> {
    note(question);
    let (sender, answers) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().read_line(&mut line);
        // Nobody waits any more after an interrupt.
        let _ = sender.send(read.map(|count| (count, line)));
    });
    loop {
        match answers.recv_timeout(LOOK) {
            Ok(Ok((count, line))) if count > 0 && line.trim().is_empty() => return Ok(()),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return Err(skipped.into()),
            Err(RecvTimeoutError::Timeout) if interrupt::is_asked() => {
                return Err("interrupted".into());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Without a user: the first output counts as connected, or all of them.
pub struct AtOnce {
    connected: Vec<usize>,
    bench: Option<SimulatedBench>,
}

impl AtOnce {
    /// `bench`: of a simulation, whose interlock the program opens.
    pub fn new(settings: &Settings, bench: Option<SimulatedBench>) -> Self {
        let all = settings.connected_at_once;
        let count = if all { settings.outputs.len() } else { 1 };
        AtOnce { connected: settings.outputs.iter().copied().take(count).collect(), bench }
    }
}

impl Operator for AtOnce {
    fn connect(&mut self, output: usize) -> Result<(), String> {
        if self.connected.contains(&output) {
            return Ok(());
        }
        Err("moving the wire needs a terminal: run the test there without --json, or with --all-connected where every output has its own resistor".into())
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), String> {
        match &mut self.bench {
            Some(bench) => bench.set_interlock(closed),
            None => {
                Err("opening the interlock needs a terminal: run the test there without --json"
                    .into())
            }
        }
    }
}
