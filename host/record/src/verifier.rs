//! Compares the data of the tap with a record.
//!
//! Frames, notes, reads and begins of runs must follow one another as in the log. Writes may be grouped differently, as after a
//! resumption: when a run begins, all registers must have the same values.

use super::item::{decode, encode, Item};
use super::reader::LogReader;
use super::RecordError;
use hge_driver::{Topic, TraceEvent};
use hge_protocol::frame::Record;
use hge_protocol::registers as map;
use std::collections::BTreeMap;

/// Result of comparing an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The item is in the log.
    Recorded,
    /// The log has ended before it.
    New,
}

/// Reads the log in step with the items.
pub(super) struct Verifier {
    reader: LogReader,
    recorded: BTreeMap<u16, u32>,
    passed: BTreeMap<u16, u32>,
    over: bool,
    /// Epochs that agreed.
    pub(super) epochs: u64,
    /// Windows that agreed.
    pub(super) windows: u64,
}

impl Verifier {
    pub(super) fn new(reader: LogReader) -> Self {
        let (recorded, passed) = (BTreeMap::new(), BTreeMap::new());
        Verifier { reader, recorded, passed, over: false, epochs: 0, windows: 0 }
    }

    /// The log, read as far as was compared.
    pub(super) fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// Writes that are not in the log.
    pub(super) fn unrecorded(&self) -> Vec<(u16, u32)> {
        let passed = self.passed.iter().map(|(&address, &value)| (address, value));
        passed.filter(|(address, value)| self.recorded.get(address) != Some(value)).collect()
    }

    /// Compares.
    ///
    /// # Errors
    /// The log has another item, or cannot be read.
    pub(super) fn check(&mut self, event: TraceEvent<'_>) -> Result<Verdict, String> {
        if let TraceEvent::Wrote(writes) = event {
            // Commands act; they hold nothing.
            let held = writes.iter().filter(|(address, _)| *address != map::COMMAND);
            self.passed.extend(held.copied());
            return Ok(if self.over { Verdict::New } else { Verdict::Recorded });
        }
        let Some(item) = self.next().map_err(|error| error.to_string())? else {
            return Ok(Verdict::New);
        };
        match (event, &item) {
            (TraceEvent::Runs { mode }, Item::Runs { mode: recorded }) if mode == *recorded => {
                self.compare_registers()?;
            }
            (TraceEvent::RunEvent { record, .. }, Item::RunEvent { record: recorded, .. })
                if record == recorded =>
            {
                self.windows += u64::from(matches!(record, Record::Window(_)));
            }
            (TraceEvent::Lost { frames }, Item::Lost { frames: recorded })
                if frames == *recorded => {}
            (
                TraceEvent::Read { address, values },
                Item::Read { address: at, values: recorded },
            ) if address == *at && values == recorded => {}
            (TraceEvent::Note { topic, text }, Item::Note { topic: of, text: recorded })
                if topic == *of && text == recorded =>
            {
                self.epochs += u64::from(*of == Topic::Epoch);
            }
            (event, item) => return Err(self.differs(&event, item)),
        }
        Ok(Verdict::Recorded)
    }

    /// The next item that is no write.
    fn next(&mut self) -> Result<Option<Item>, RecordError> {
        while !self.over {
            match self.reader.next_item()? {
                Some(Item::Wrote(writes)) => {
                    let held = writes.into_iter().filter(|(address, _)| *address != map::COMMAND);
                    self.recorded.extend(held);
                }
                Some(item) => return Ok(Some(item)),
                None => self.over = true,
            }
        }
        Ok(None)
    }

    fn compare_registers(&self) -> Result<(), String> {
        let addresses = self.recorded.keys().chain(self.passed.keys());
        let differs = |address: &&u16| self.recorded.get(address) != self.passed.get(address);
        let Some(&address) = addresses.into_iter().find(differs) else { return Ok(()) };
        let name = map::find(address).map_or("?", |register| register.name);
        let value = |held: &BTreeMap<u16, u32>| match held.get(&address) {
            Some(value) => format!("0x{value:08x}"),
            None => "nothing".into(),
        };
        Err(format!(
            "run {} begins with {} in register 0x{address:04x} ({name}), in the record {}",
            self.place(),
            value(&self.passed),
            value(&self.recorded)
        ))
    }

    fn differs(&self, event: &TraceEvent<'_>, item: &Item) -> String {
        // As it would stand in the log, so that both are described alike.
        let (topic, _, data) = encode(*event);
        let passed = decode(topic, &data);
        let present = passed.as_ref().map_or("nothing to be recorded".into(), of_item);
        let recorded = of_item(item);
        match present == recorded {
            true => format!("at {} {present} differs from the record's", self.place()),
            false => format!("at {} there is {present}, in the record {recorded}", self.place()),
        }
    }

    fn place(&self) -> String {
        format!("epoch {}, window {}", self.epochs + 1, self.windows + 1)
    }
}

/// The kind of an item, for a message.
fn of_item(item: &Item) -> String {
    match item {
        Item::Wrote(_) => "a write of registers".into(),
        Item::Read { address, .. } => format!("a read of register 0x{address:04x}"),
        Item::Runs { mode } => format!("the begin of a run with the mode 0x{mode:08x}"),
        Item::RunEvent { record, .. } => of_record(record).into(),
        Item::Lost { frames } => format!("a loss of {frames} frames"),
        Item::Note { topic, .. } => format!("the host's {}", topic.name()),
    }
}

fn of_record(record: &Record) -> &'static str {
    match record {
        Record::Window(_) => "a window",
        Record::Epoch(_) => "an epoch of the standalone loop",
        Record::End(_) => "the end of a run",
        Record::Event(_) => "a trip of the guard",
        Record::Block(_) => "a block of a capture",
    }
}
