//! Items of a log, and their encoding as MCAP messages.

use hge_driver::{Topic, TraceEvent};
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
        /// Mode of the run.
        mode: u32,
    },
    /// A frame of telemetry.
    RunEvent {
        /// Number of the frame since power-up.
        number: u32,
        /// Content of the frame.
        record: Record,
    },
    /// Frames were lost for good.
    Lost {
        /// Their number.
        frames: u32,
    },
    /// A result of the host.
    Note {
        /// Content of the result.
        topic: Topic,
        /// JSON.
        text: String,
    },
}

/// Topic, number and bytes of an item.
pub(super) fn encode(event: TraceEvent<'_>) -> (Topic, u32, Vec<u8>) {
    match event {
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
        TraceEvent::Note { topic, text } => (topic, 0, text.as_bytes().to_vec()),
    }
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
        _ => Item::Note { topic, text: String::from_utf8(data.to_vec()).ok()? },
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
                TraceEvent::Note { topic: Topic::Epoch, text: "{}" },
                Item::Note { topic: Topic::Epoch, text: "{}".into() },
            ),
        ];
        for (event, item) in cases {
            let (topic, _, data) = encode(event);
            assert_eq!(decode(topic, &data), Some(item));
        }
        assert_eq!(decode(Topic::Frames, &[1, 2, 3]), None);
        assert_eq!(decode(Topic::Runs, &[]), None);
    }
}
