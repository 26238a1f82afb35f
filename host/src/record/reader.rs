//! Reading a log, also one that was cut off: item by item, whatever its size.

use super::item::{decode, Item, Topic};
use super::log::{segment_path, Resumed, PROFILE};
use super::RecordError;
use mcap::records::{op, Record};
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader, LinearReaderOptions};
use mcap::McapError;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// Longest record that is believed: a chunk ends with an epoch, and one epoch of 255 cases and 256 slots has 0.8 MB.
const MOST_RECORD_BYTES: usize = 256 << 20;

/// A log, from its first item to its last whole one.
pub struct LogReader {
    segments: Vec<Segment>,
    /// The next segment to be opened.
    next: usize,
    reading: Option<SegmentReader>,
    items: u64,
    last_ns: u64,
    cut: Option<PathBuf>,
}

/// A file of the log.
struct Segment {
    path: PathBuf,
    /// Items of the log after which what stands here counts no more.
    until: u64,
}

impl LogReader {
    /// Opens the log in a folder.
    ///
    /// # Errors
    /// There is none, or it is of another version.
    pub fn open(folder: &Path) -> Result<Self, RecordError> {
        let paths = (1..).map(|number| segment_path(folder, number));
        let paths: Vec<PathBuf> = paths.take_while(|path| path.exists()).collect();
        if paths.is_empty() {
            return Err(RecordError::NoLog { folder: folder.into() });
        }
        let mut segments: Vec<Segment> = Vec::new();
        for path in paths {
            if let Some(resumed) = SegmentReader::open(&path)?.resumed()? {
                // What was begun and not ended holds no more, however many files it fills.
                for before in &mut segments {
                    before.until = before.until.min(resumed.items);
                }
            }
            segments.push(Segment { path, until: u64::MAX });
        }
        Ok(LogReader { segments, next: 0, reading: None, items: 0, last_ns: 0, cut: None })
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

    /// The last file that had no proper end so far: it was cut off, and ends with its last whole chunk.
    pub fn cut(&self) -> Option<&Path> {
        self.cut.as_deref()
    }

    /// The next item, or `None` after the last whole one.
    ///
    /// # Errors
    /// A file cannot be read, or is damaged where others follow.
    pub fn next_item(&mut self) -> Result<Option<Item>, RecordError> {
        loop {
            let Some(reading) = &mut self.reading else {
                let Some(segment) = self.segments.get(self.next) else { return Ok(None) };
                self.reading = Some(SegmentReader::open(&segment.path)?);
                self.next += 1;
                continue;
            };
            let segment = &self.segments[self.next - 1];
            let item = match self.items < segment.until {
                true => reading.next_item()?,
                false => None,
            };
            match item {
                Some((_, Item::Note { topic: Topic::Resumed, .. })) => {}
                Some((time_ns, item)) => {
                    self.items += 1;
                    self.last_ns = self.last_ns.max(time_ns);
                    return Ok(Some(item));
                }
                None => {
                    if reading.cut {
                        self.cut = Some(segment.path.clone());
                    }
                    self.reading = None;
                }
            }
        }
    }
}

/// One file.
struct SegmentReader {
    path: PathBuf,
    file: File,
    reader: LinearReader,
    topics: HashMap<u16, Topic>,
    cut: bool,
    over: bool,
}

impl SegmentReader {
    fn open(path: &Path) -> Result<Self, RecordError> {
        let file = File::open(path)
            .map_err(|error| RecordError::Read { path: path.into(), what: error.to_string() })?;
        let options = LinearReaderOptions::default()
            .with_prevalidate_chunk_crcs(true)
            .with_record_length_limit(MOST_RECORD_BYTES);
        Ok(SegmentReader {
            path: path.into(),
            file,
            reader: LinearReader::new_with_options(options),
            topics: HashMap::new(),
            cut: false,
            over: false,
        })
    }

    /// What the file begins with, if it is that.
    fn resumed(&mut self) -> Result<Option<Resumed>, RecordError> {
        match self.next_item()? {
            Some((_, Item::Note { topic: Topic::Resumed, text })) => {
                let resumed = serde_json::from_str(&text);
                resumed.map(Some).map_err(|error| self.damaged(&error))
            }
            _ => Ok(None),
        }
    }

    /// The next item and its time. Damage in what was written last is a cut.
    fn next_item(&mut self) -> Result<Option<(u64, Item)>, RecordError> {
        if self.over {
            return Ok(None);
        }
        let found = self.next_message();
        match found {
            Ok(Some(found)) => Ok(Some(found)),
            Ok(None) => {
                self.over = true;
                Ok(None)
            }
            Err(Problem::Cut) => {
                (self.over, self.cut) = (true, true);
                Ok(None)
            }
            Err(Problem::Damage(_)) if self.is_at_end() => {
                (self.over, self.cut) = (true, true);
                Ok(None)
            }
            Err(Problem::Damage(what)) => Err(self.damaged(&what)),
            Err(Problem::Version(found)) => {
                Err(RecordError::Version { path: self.path.clone(), found })
            }
            Err(Problem::Read(what)) => Err(RecordError::Read { path: self.path.clone(), what }),
        }
    }

    /// Whether all of the file has been read.
    fn is_at_end(&mut self) -> bool {
        let length = self.file.metadata().map(|about| about.len());
        matches!((self.file.stream_position(), length), (Ok(at), Ok(length)) if at >= length)
    }

    fn damaged(&self, what: &dyn std::fmt::Display) -> RecordError {
        RecordError::Damaged { path: self.path.clone(), what: what.to_string() }
    }

    fn next_message(&mut self) -> Result<Option<(u64, Item)>, Problem> {
        while let Some(event) = self.reader.next_event() {
            match event? {
                LinearReadEvent::ReadRequest(count) => {
                    let read = self.file.read(self.reader.insert(count));
                    let read = read.map_err(|error| Problem::Read(error.to_string()))?;
                    self.reader.notify_read(read);
                }
                // Blocks that were reserved and never written.
                LinearReadEvent::Record { opcode: 0, .. } => return Err(Problem::Cut),
                LinearReadEvent::Record { opcode: op::DATA_END, .. } => return Ok(None),
                LinearReadEvent::Record { opcode, data } => {
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
                                    "a message of {} means nothing",
                                    topic.name()
                                ))
                            };
                            let item = decode(topic, &data).ok_or_else(strange)?;
                            return Ok(Some((header.log_time, item)));
                        }
                        _ => {}
                    }
                }
            }
        }
        Err(Problem::Cut)
    }
}

/// Why nothing more comes.
enum Problem {
    Cut,
    Damage(String),
    Version(String),
    Read(String),
}

impl From<McapError> for Problem {
    fn from(error: McapError) -> Self {
        match error {
            McapError::UnexpectedEof | McapError::UnexpectedEoc => Problem::Cut,
            error => Problem::Damage(error.to_string()),
        }
    }
}
