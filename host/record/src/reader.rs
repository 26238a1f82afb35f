//! Reader of a log, complete or cut off: item by item, for any size.

use super::format::{segment_path, Resumed, Seal, PROFILE};
use super::item::{decode, Item};
use super::truncation::{torn_at, zeros_before};
use super::RecordError;
use hge_driver::text::serialize_path;
use hge_driver::Topic;
use mcap::records::{op, Record};
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader, LinearReaderOptions};
use mcap::McapError;
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

/// Longest record that is believed: a chunk ends with an epoch, and one epoch of 255 cases and 256 slots has 0.8 MB.
const MOST_RECORD_BYTES: usize = 256 << 20;

/// Bytes read in one call: a wrong length costs no more memory than the file has.
const BLOCK_BYTES: usize = 1 << 20;

/// A file of a log that was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// The file.
    #[serde(serialize_with = "serialize_path")]
    pub file: PathBuf,
    /// Bytes before the first incomplete record.
    pub bytes: u64,
}

/// A log, from its first item to its last complete one.
pub struct LogReader {
    segments: Vec<Segment>,
    /// The next segment to be opened.
    next: usize,
    reading: Option<SegmentReader>,
    items: u64,
    last_ns: u64,
    seals: Vec<Seal>,
    /// The last file that was cut off so far.
    cut: Option<Cut>,
    /// Damage ends the log.
    until_damage: bool,
}

/// A file of the log.
struct Segment {
    path: PathBuf,
    /// Items of the log after which the items of this file are ignored.
    until: u64,
    /// The run was resumed with this file, after this number of valid items.
    resumed: Option<u64>,
}

impl LogReader {
    /// Opens the log in a folder.
    ///
    /// # Errors
    /// There is none, a file of it is missing or damaged at its begin, or it is of another version.
    pub fn open(folder: &Path) -> Result<Self, RecordError> {
        LogReader::begin(folder, false)
    }

    /// As [`Self::open`]; damage ends the log without an error.
    ///
    /// # Errors
    /// As [`LogReader::open`], apart from damage.
    pub fn open_until_damage(folder: &Path) -> Result<Self, RecordError> {
        LogReader::begin(folder, true)
    }

    fn begin(folder: &Path, until_damage: bool) -> Result<Self, RecordError> {
        let mut segments: Vec<Segment> = Vec::new();
        for path in paths(folder)? {
            let resumed = match SegmentReader::open(&path).and_then(|mut file| file.resumed()) {
                Err(RecordError::Damaged { .. }) if until_damage => None,
                other => other?.map(|resumed| resumed.items),
            };
            if let Some(items) = resumed {
                // What was begun and not ended holds no more, however many files it fills.
                for before in &mut segments {
                    before.until = before.until.min(items);
                }
            }
            segments.push(Segment { path, until: u64::MAX, resumed });
        }
        let (seals, cut) = (Vec::new(), None);
        Ok(LogReader {
            segments,
            next: 0,
            reading: None,
            items: 0,
            last_ns: 0,
            seals,
            cut,
            until_damage,
        })
    }

    /// Items so far.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Files of the log.
    pub fn files(&self) -> u32 {
        self.segments.len() as u32
    }

    /// The last time stamp so far, in nanoseconds since 1970.
    pub fn last_ns(&self) -> u64 {
        self.last_ns
    }

    /// The last file that was cut off: it ends with its last complete chunk.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// Whether the last file of the log was cut off, as far as it was read.
    pub(super) fn is_cut_at_the_end(&self) -> bool {
        let last = self.segments.last().map(|segment| &segment.path);
        self.cut.as_ref().is_some_and(|cut| Some(&cut.file) == last)
    }

    /// Seals so far, in the order of their messages.
    pub(super) fn seals(&self) -> &[Seal] {
        &self.seals
    }

    /// The next item, or `None` after the last complete one.
    ///
    /// # Errors
    /// A file cannot be read, or is damaged.
    pub fn next_item(&mut self) -> Result<Option<Item>, RecordError> {
        match self.next_counted() {
            Err(RecordError::Damaged { .. }) if self.until_damage => {
                (self.next, self.reading) = (self.segments.len(), None);
                Ok(None)
            }
            other => other,
        }
    }

    fn next_counted(&mut self) -> Result<Option<Item>, RecordError> {
        loop {
            let Some(reading) = &mut self.reading else {
                let Some(segment) = self.segments.get(self.next) else { return Ok(None) };
                self.check_begin(segment)?;
                self.reading = Some(SegmentReader::open(&segment.path)?);
                self.next += 1;
                continue;
            };
            let segment = &self.segments[self.next - 1];
            match reading.next_item()? {
                Some((time_ns, item)) => {
                    self.last_ns = self.last_ns.max(time_ns);
                    match item {
                        Item::Note { topic: Topic::Resumed, .. } => {}
                        Item::Note { topic: Topic::Seal, text } => {
                            let seal = serde_json::from_str(&text);
                            self.seals.push(seal.map_err(|error| reading.damaged(&error))?);
                        }
                        // It is read to its end all the same: seals hold, and damage is found.
                        _ if self.items >= segment.until => {}
                        item => {
                            self.items += 1;
                            return Ok(Some(item));
                        }
                    }
                }
                None => {
                    if let Some(bytes) = reading.cut {
                        self.cut = Some(Cut { file: segment.path.clone(), bytes });
                    }
                    self.reading = None;
                }
            }
        }
    }

    /// Whether the files before `segment` contain the items that it continues from.
    fn check_begin(&self, segment: &Segment) -> Result<(), RecordError> {
        let Some(before) = self.next.checked_sub(1).map(|last| &self.segments[last]) else {
            return Ok(());
        };
        let damaged = |what| Err(RecordError::Damaged { path: before.path.clone(), what });
        match (segment.resumed, &self.cut) {
            (Some(items), _) if self.items < items.min(segment.until) => damaged(format!(
                "it ends after {} messages, and the next file continues from {items}",
                self.items
            )),
            (None, Some(cut)) if cut.file == before.path => damaged(format!(
                "it ends at byte {}, and the next file continues after it",
                cut.bytes
            )),
            _ => Ok(()),
        }
    }

    /// The last file, and its bytes up to where it was cut off.
    pub(super) fn end(&self) -> Option<Cut> {
        let file = self.segments.last()?.path.clone();
        let cut = self.cut.clone().filter(|cut| cut.file == file);
        let bytes = file.metadata().map_or(0, |about| about.len());
        cut.or(Some(Cut { file, bytes }))
    }
}

/// The files of a log, which are numbered from 1 without a gap.
fn paths(folder: &Path) -> Result<Vec<PathBuf>, RecordError> {
    let missing = |path| RecordError::Damaged { path, what: "the file is missing".into() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(missing(segment_path(folder, 1)))
        }
        Err(error) => return Err(RecordError::read(folder)(error)),
    };
    let number = |name: &str| name.strip_suffix(".mcap")?.parse().ok();
    let numbers = entries.filter_map(|entry| number(entry.ok()?.file_name().to_str()?));
    let last = numbers.max().unwrap_or(1).max(1);
    let paths = (1..=last).map(|number| segment_path(folder, number));
    paths.map(|path| if path.exists() { Ok(path) } else { Err(missing(path)) }).collect()
}

/// One file.
struct SegmentReader {
    path: PathBuf,
    file: File,
    reader: LinearReader,
    topics: HashMap<u16, Topic>,
    /// The messages of the file have ended, and its index follows.
    ended: bool,
    /// The file was cut off after this number of bytes.
    cut: Option<u64>,
    over: bool,
}

impl SegmentReader {
    fn open(path: &Path) -> Result<Self, RecordError> {
        let file = hge_system::file::open(path).map_err(RecordError::read(path))?;
        let mut options = LinearReaderOptions::default()
            .with_prevalidate_chunk_crcs(true)
            .with_validate_data_section_crc(true)
            .with_validate_summary_section_crc(true)
            .with_record_length_limit(MOST_RECORD_BYTES);
        options.check_finishes_after_end_magic = true;
        Ok(SegmentReader {
            path: path.into(),
            file,
            reader: LinearReader::new_with_options(options),
            topics: HashMap::new(),
            ended: false,
            cut: None,
            over: false,
        })
    }

    /// The first message of the file, if it is that.
    fn resumed(&mut self) -> Result<Option<Resumed>, RecordError> {
        match self.next_item()? {
            Some((_, Item::Note { topic: Topic::Resumed, text })) => {
                let resumed = serde_json::from_str(&text);
                resumed.map(Some).map_err(|error| self.damaged(&error))
            }
            _ => Ok(None),
        }
    }

    /// The next item and its time.
    fn next_item(&mut self) -> Result<Option<(u64, Item)>, RecordError> {
        if self.over {
            return Ok(None);
        }
        let found = self.next_message();
        self.over = !matches!(found, Ok(Some(_)));
        let unreadable = |what: String| RecordError::Read { path: self.path.clone(), what };
        match found {
            Ok(found) => Ok(found),
            Err(Problem::Cut) => {
                let torn =
                    torn_at(&mut self.file).map_err(|error| unreadable(error.to_string()))?;
                let torn = torn.ok_or_else(|| self.damaged(&"the length of a record is wrong"))?;
                self.cut = Some(torn);
                Ok(None)
            }
            Err(Problem::Damage(what)) => {
                let zeros =
                    self.file.stream_position().and_then(|at| zeros_before(&mut self.file, at));
                match zeros.map_err(|error| unreadable(error.to_string()))? {
                    Some(zeros) => {
                        self.cut = Some(zeros);
                        Ok(None)
                    }
                    None => Err(self.damaged(&what)),
                }
            }
            Err(Problem::Version(found)) => {
                Err(RecordError::Version { path: self.path.clone(), found })
            }
            Err(Problem::Read(what)) => Err(unreadable(what)),
        }
    }

    fn damaged(&self, what: &dyn std::fmt::Display) -> RecordError {
        RecordError::Damaged { path: self.path.clone(), what: what.to_string() }
    }

    fn next_message(&mut self) -> Result<Option<(u64, Item)>, Problem> {
        while let Some(event) = self.reader.next_event() {
            let (opcode, data) = match event? {
                LinearReadEvent::ReadRequest(count) => {
                    let read = self.file.read(self.reader.insert(count.min(BLOCK_BYTES)));
                    let read = read.map_err(|error| Problem::Read(error.to_string()))?;
                    self.reader.notify_read(read);
                    continue;
                }
                LinearReadEvent::Record { opcode, data } => (opcode, data),
            };
            match (opcode, self.ended) {
                (op::DATA_END, false) => self.ended = true,
                (op::HEADER | op::SCHEMA | op::CHANNEL | op::MESSAGE, false) => {
                    match mcap::parse_record(opcode, data)? {
                        Record::Header(header) if header.profile != PROFILE => {
                            return Err(Problem::Version(header.profile));
                        }
                        Record::Channel(channel) => {
                            if let Some(topic) = Topic::find(&channel.topic) {
                                self.topics.insert(channel.id, topic);
                            }
                        }
                        Record::Message { header, data } => {
                            // Channels of others are nobody's business.
                            let Some(&topic) = self.topics.get(&header.channel_id) else {
                                continue;
                            };
                            let strange = || {
                                Problem::Damage(format!(
                                    "a message of {} is not valid",
                                    topic.name()
                                ))
                            };
                            let item = decode(topic, &data).ok_or_else(strange)?;
                            return Ok(Some((header.log_time, item)));
                        }
                        _ => {}
                    }
                }
                (op::MESSAGE_INDEX, false) => {}
                (op::SCHEMA | op::CHANNEL | op::CHUNK_INDEX | op::STATISTICS, true) => {}
                (op::SUMMARY_OFFSET | op::FOOTER, true) => {}
                (opcode, _) => {
                    let what = format!("a record of kind {opcode} is in the wrong place");
                    return Err(Problem::Damage(what));
                }
            }
        }
        Ok(None)
    }
}

/// Why the log ends.
enum Problem {
    Cut,
    Damage(String),
    Version(String),
    Read(String),
}

impl From<McapError> for Problem {
    fn from(error: McapError) -> Self {
        match error {
            McapError::UnexpectedEof => Problem::Cut,
            error => Problem::Damage(error.to_string()),
        }
    }
}
