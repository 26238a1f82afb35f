//! Writer of a log: consecutive MCAP files of one folder.
//!
//! Messages are buffered in memory, then appended as a chunk with a checksum. That happens at the end of an epoch, at most
//! twenty times a second: a killed program loses less than that. Once a second the file is synced to disk.
//! A file is closed, with its index, at 64 MB or 16 384 chunks, whose index fills about 5 MB of memory; then the next one is opened.

use super::clock::Clock;
use super::format::{segment_path, Resumed, Seal, PROFILE};
use super::item::encode;
use super::RecordError;
use hge_driver::{Topic, TraceEvent};
use mcap::records::MessageHeader;
use mcap::{WriteOptions, Writer};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes and chunks of one file.
const MOST_BYTES: u64 = 64 << 20;
const MOST_CHUNKS: u32 = 16_384;

/// Least time between two chunks that end with an epoch, and between two requests to put them onto the disk.
const CHUNK_INTERVAL: Duration = Duration::from_millis(50);
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// A log that grows.
pub struct Log {
    folder: PathBuf,
    /// Number of the file that is written.
    number: u32,
    segment: Option<Segment>,
    clock: Clock,
    flushed: Instant,
    synced: Instant,
}

struct Segment {
    path: PathBuf,
    /// A second handle of the file, for operations that MCAP's writer lacks.
    file: File,
    writer: Writer<File>,
    channels: BTreeMap<Topic, u16>,
    chunks: u32,
    /// Bytes up to the last chunk.
    whole: u64,
}

impl Log {
    /// A new log in an empty folder that is there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(folder: &Path) -> Result<Self, RecordError> {
        let (clock, _) = Clock::after(0);
        Log::begin(folder, 1, clock)
    }

    /// Goes on with a log of which `items` hold: the last time stamp was `last_ns`, and its files are numbered up to `files`. Says by how much the
    /// computer's clock was set back meanwhile.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn resume(
        folder: &Path,
        files: u32,
        items: u64,
        last_ns: u64,
    ) -> Result<(Self, Option<Duration>), RecordError> {
        let (clock, back) = Clock::after(last_ns);
        let mut log = Log::begin(folder, files + 1, clock)?;
        let clock_back_s = back.map_or(0.0, |back| back.as_secs_f64());
        let resumed = Resumed { items, clock_back_s };
        let text = serde_json::to_string(&resumed).map_err(|error| log.failed(&error))?;
        log.append(TraceEvent::Note { topic: Topic::Resumed, text: &text })?;
        log.flush()?;
        Ok((log, back))
    }

    fn begin(folder: &Path, number: u32, clock: Clock) -> Result<Self, RecordError> {
        let segment = Some(Segment::create(&segment_path(folder, number))?);
        let now = Instant::now();
        Ok(Log { folder: folder.into(), number, segment, clock, flushed: now, synced: now })
    }

    /// Adds a message. The state after an epoch ends a chunk.
    ///
    /// # Errors
    /// The file cannot be written. Earlier chunks are complete, and no others are written.
    pub fn append(&mut self, event: TraceEvent<'_>) -> Result<(), RecordError> {
        let (topic, sequence, data) = encode(event);
        let log_time = self.clock.now_ns();
        let Some(segment) = &mut self.segment else { return Err(self.failed(&"it failed before")) };
        let channel_id = segment.channels.get(&topic).copied().unwrap_or_default();
        let header = MessageHeader { channel_id, sequence, log_time, publish_time: log_time };
        if let Err(error) = segment.writer.write_to_known_channel(&header, &data) {
            return Err(self.broken(&io_error(error)));
        }
        let over = matches!(topic, Topic::State | Topic::Outcome);
        if over && self.flushed.elapsed() >= CHUNK_INTERVAL {
            self.flush()?;
        }
        Ok(())
    }

    /// Adds seals and puts them onto the disk.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub(super) fn seal(&mut self, seals: &[Seal]) -> Result<(), RecordError> {
        for seal in seals {
            let text = serde_json::to_string(seal).map_err(|error| self.failed(&error))?;
            self.append(TraceEvent::Note { topic: Topic::Seal, text: &text })?;
        }
        self.flush()?;
        let synced = self.segment.as_ref().map_or(Ok(()), |segment| segment.file.sync_data());
        synced.map_err(|error| self.broken(&error))
    }

    /// Ends a chunk.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.flushed = Instant::now();
        let Some(segment) = &mut self.segment else { return Ok(()) };
        let sync = self.synced.elapsed() >= SYNC_INTERVAL;
        match segment.flush(sync) {
            Err(error) => return Err(self.broken(&error)),
            Ok(false) => {}
            Ok(true) => {
                self.end()?;
                self.number += 1;
                self.segment = Some(Segment::create(&segment_path(&self.folder, self.number))?);
            }
        }
        if sync {
            self.synced = Instant::now();
        }
        Ok(())
    }

    /// Ends the log, with an index.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn finish(mut self) -> Result<(), RecordError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), RecordError> {
        let Some(mut segment) = self.segment.take() else { return Ok(()) };
        let ended = segment.writer.finish().map_err(io_error);
        match ended.and_then(|_| segment.file.sync_data()) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.segment = Some(segment);
                Err(self.broken(&error))
            }
        }
    }

    /// Truncates the file to its last chunk.
    fn broken(&mut self, why: &dyn std::fmt::Display) -> RecordError {
        let error = self.failed(why);
        if let Some(segment) = self.segment.take() {
            // MCAP's writer would otherwise write an index as it is dropped.
            drop(segment.writer.into_inner());
            // A file that cannot even be cut is read up to what is not whole.
            let _ = segment.file.set_len(segment.whole);
        }
        error
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> RecordError {
        RecordError::Write { path: segment_path(&self.folder, self.number), what: why.to_string() }
    }
}

impl Segment {
    fn create(path: &Path) -> Result<Self, RecordError> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let failed = RecordError::write(path);
        let file = file.map_err(failed)?;
        let copy = file.try_clone().map_err(failed)?;
        let library = format!("hge {}", env!("CARGO_PKG_VERSION"));
        let mut writer = WriteOptions::new()
            .compression(None)
            .profile(PROFILE)
            .library(library)
            // A chunk is written at once, and no byte of the file is written twice.
            .disable_seeking(true)
            .create(file)
            .map_err(io_error)
            .map_err(failed)?;
        let channels = channels(&mut writer).map_err(io_error).map_err(failed)?;
        let mut segment =
            Segment { path: path.into(), file: copy, writer, channels, chunks: 0, whole: 0 };
        segment.flush(false).map_err(failed)?;
        Ok(segment)
    }

    /// Ends a chunk; whether the file is full.
    fn flush(&mut self, sync: bool) -> io::Result<bool> {
        self.writer.flush().map_err(io_error)?;
        if sync {
            self.file.sync_data()?;
        }
        self.whole = self.path.metadata()?.len();
        self.chunks += 1;
        Ok(self.whole >= MOST_BYTES || self.chunks >= MOST_CHUNKS)
    }
}

/// Message of the system, without the library's text, which mentions compression.
fn io_error(error: mcap::McapError) -> io::Error {
    match error {
        mcap::McapError::Io(error) => error,
        other => io::Error::other(other),
    }
}

fn channels(writer: &mut Writer<File>) -> mcap::McapResult<BTreeMap<Topic, u16>> {
    let mut channels = BTreeMap::new();
    for topic in Topic::ALL {
        let name = format!("hge.{}", topic.name());
        let (schema, encoding) = match topic.words() {
            Some(text) => (writer.add_schema(&name, "text", text.as_bytes())?, "hge"),
            None => (writer.add_schema(&name, "jsonschema", br#"{"type":"object"}"#)?, "json"),
        };
        let id = writer.add_channel(schema, topic.name(), encoding, &BTreeMap::new())?;
        channels.insert(topic, id);
    }
    Ok(channels)
}
