//! Items of a log, and their encoding as MCAP messages.

use hge_driver::TraceEvent;
use hge_protocol::frame::{Frame, Record};
use zerocopy::little_endian::U32;
use zerocopy::FromBytes;

/// One message of a log, see [`TraceEvent`].
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Registers were written.
    Wrote(Vec<(u16, u32)>),
    /// Registers were read.
    Read {
        /// The first one's address.
        address: u16,
        /// Their values.
        values: Vec<u32>,
    },
    /// A run began.
    Runs {
        /// Its mode.
        mode: u32,
    },
    /// A frame of telemetry.
    RunEvent {
        /// Its number since power-up.
        number: u32,
        /// Its content.
        record: Record,
    },
    /// Frames were lost for good.
    Lost {
        /// Their number.
        frames: u32,
    },
    /// A result of the host.
    Note {
        /// Its content.
        topic: Topic,
        /// JSON.
        text: String,
    },
}

/// Channels of a log, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Telemetry, word for word.
    Frames,
    /// Writes of registers.
    Writes,
    /// Reads of the parameter table.
    Reads,
    /// Begins of runs.
    Runs,
    /// Frames that were lost for good.
    Lost,
    /// Every epoch: [`hge_core::train::Progress`].
    Epoch,
    /// State of the training after an epoch: [`hge_core::train::State`].
    State,
    /// Result of the training: [`hge_core::train::Outcome`].
    Outcome,
    /// One pass over all cases at the best controls, without tones: [`hge_core::measure::waveform::Waveform`].
    Waveform,
    /// One case held at the best controls, tones on: the same.
    Spectrum,
    /// Where a segment goes on.
    Resumed,
    /// Digest of a file of the folder.
    Seal,
}

/// Description of binary messages, for readers without this program.
const WORDS: [(Topic, &str); 5] = [
    (Topic::Frames, "little-endian 32-bit words: the body of a telemetry frame, see docs/protocol.md; the message's sequence is the frame's number"),
    (Topic::Writes, "little-endian 32-bit words, two a register: address, value; see docs/registers.md"),
    (Topic::Reads, "little-endian 32-bit words: address of the first register, then the values"),
    (Topic::Runs, "a little-endian 32-bit word: the mode of the run"),
    (Topic::Lost, "a little-endian 32-bit word: how many frames"),
];

impl Topic {
    /// All topics.
    pub const ALL: [Topic; 12] = [
        Topic::Frames,
        Topic::Writes,
        Topic::Reads,
        Topic::Runs,
        Topic::Lost,
        Topic::Epoch,
        Topic::State,
        Topic::Outcome,
        Topic::Waveform,
        Topic::Spectrum,
        Topic::Resumed,
        Topic::Seal,
    ];

    /// Name of the channel.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Frames => "frames",
            Topic::Writes => "writes",
            Topic::Reads => "reads",
            Topic::Runs => "runs",
            Topic::Lost => "lost",
            Topic::Epoch => "epoch",
            Topic::State => "state",
            Topic::Outcome => "outcome",
            Topic::Waveform => "waveform",
            Topic::Spectrum => "spectrum",
            Topic::Resumed => "resumed",
            Topic::Seal => "seal",
        }
    }

    /// The topic of this name.
    pub fn find(name: &str) -> Option<Self> {
        Topic::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// Description of its messages; `None`: they are JSON.
    pub(super) fn words(self) -> Option<&'static str> {
        WORDS.iter().find(|(topic, _)| *topic == self).map(|&(_, text)| text)
    }
}

/// Topic, number and bytes of an item; none for a note of no topic.
pub(super) fn encode(passing: TraceEvent<'_>) -> Option<(Topic, u32, Vec<u8>)> {
    Some(match passing {
        TraceEvent::Wrote(writes) => {
            let pairs = writes.iter().flat_map(|&(address, value)| [u32::from(address), value]);
            (Topic::Writes, 0, bytes(pairs))
        }
        TraceEvent::Read { address, values } => {
            let words = std::iter::once(u32::from(address)).chain(values.iter().copied());
            (Topic::Reads, 0, bytes(words))
        }
        TraceEvent::Runs { mode } => (Topic::Runs, 0, bytes([mode])),
        TraceEvent::RunEvent { number, record } => {
            (Topic::Frames, number, bytes(record.to_words(number)))
        }
        TraceEvent::Lost { frames } => (Topic::Lost, 0, bytes([frames])),
        TraceEvent::Note { topic, text } => (Topic::find(topic)?, 0, text.as_bytes().to_vec()),
    })
}

fn bytes(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// The item in a message; `None`: it is none of this version.
pub(super) fn decode(topic: Topic, data: &[u8]) -> Option<Item> {
    let words = || <[U32]>::ref_from_bytes(data).ok();
    Some(match topic {
        Topic::Frames => match Frame::from_words(words()?) {
            Ok(Frame::Telemetry(number, record)) => Item::RunEvent { number, record },
            _ => return None,
        },
        Topic::Writes => {
            let pairs = words()?.chunks_exact(2);
            let writes = pairs.map(|pair| (pair[0].get() as u16, pair[1].get()));
            Item::Wrote(writes.collect())
        }
        Topic::Reads => {
            let (address, values) = words()?.split_first()?;
            let values = values.iter().map(|value| value.get()).collect();
            Item::Read { address: address.get() as u16, values }
        }
        Topic::Runs => Item::Runs { mode: words()?.first()?.get() },
        Topic::Lost => Item::Lost { frames: words()?.first()?.get() },
        Topic::Epoch
        | Topic::State
        | Topic::Outcome
        | Topic::Waveform
        | Topic::Spectrum
        | Topic::Resumed
        | Topic::Seal => Item::Note { topic, text: String::from_utf8(data.to_vec()).ok()? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::Event;

    #[test]
    fn every_item_is_what_it_was_after_its_bytes() {
        let record = Record::Event(Event { cause: 3, time: 9 });
        let writes = [(7_u16, 0xdead_beef_u32), (0x1fff, 0)];
        let cases = [
            (TraceEvent::Wrote(&writes), Item::Wrote(writes.to_vec())),
            (
                TraceEvent::Read { address: 0x1000, values: &[1, 2] },
                Item::Read { address: 0x1000, values: vec![1, 2] },
            ),
            (TraceEvent::Runs { mode: 5 }, Item::Runs { mode: 5 }),
            (
                TraceEvent::RunEvent { number: 77, record: &record },
                Item::RunEvent { number: 77, record: record.clone() },
            ),
            (TraceEvent::Lost { frames: 2 }, Item::Lost { frames: 2 }),
            (
                TraceEvent::Note { topic: "epoch", text: "{}" },
                Item::Note { topic: Topic::Epoch, text: "{}".into() },
            ),
        ];
        for (passing, item) in cases {
            let (topic, _, data) = encode(passing).unwrap();
            assert_eq!(decode(topic, &data), Some(item));
        }
        assert_eq!(encode(TraceEvent::Note { topic: "gossip", text: "" }), None);
        assert_eq!(decode(Topic::Frames, &[1, 2, 3]), None);
        assert_eq!(decode(Topic::Runs, &[]), None);
    }
}
