//! The channels of a record, one table: name, encoding, and what a message is.

macro_rules! topics {
    ($($(#[doc = $doc:literal])+ $topic:ident = $name:literal $(, $words:literal)?;)+) => {
        /// Channels of a record, in the order of their numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Topic {
            $($(#[doc = $doc])+ $topic,)+
        }

        impl Topic {
            /// All of them.
            pub const ALL: [Topic; [$(Topic::$topic),+].len()] = [$(Topic::$topic),+];

            /// Name of the channel.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Topic::$topic => $name,)+
                }
            }

            /// How words of its messages are to be read by whoever opens a record without this program; `None`: its messages are JSON.
            pub const fn words(self) -> Option<&'static str> {
                let words: &[&'static str] = match self {
                    $(Topic::$topic => &[$($words)?],)+
                };
                words.first().copied()
            }
        }
    };
}

topics! {
    /// Telemetry, word for word.
    Frames = "frames", "little-endian 32-bit words: the body of a telemetry frame, see docs/protocol.md; the message's sequence is the frame's number";
    /// Writes of registers.
    Writes = "writes", "little-endian 32-bit words, two a register: address, value; see docs/registers.md";
    /// Reads of the parameter table.
    Reads = "reads", "little-endian 32-bit words: address of the first register, then the values";
    /// Begins of runs.
    Runs = "runs", "a little-endian 32-bit word: the mode of the run";
    /// Frames that were lost for good.
    Lost = "lost", "a little-endian 32-bit word: how many frames";
    /// Every epoch of a training.
    Epoch = "epoch";
    /// Where the training stands after it.
    State = "state";
    /// Result of the training.
    Outcome = "outcome";
    /// One pass over all cases at the best controls, without tones.
    Waveform = "waveform";
    /// One case held at the best controls, tones on.
    Spectrum = "spectrum";
    /// Where a segment goes on.
    Resumed = "resumed";
    /// Digest of a file of the folder.
    Seal = "seal";
}

impl Topic {
    /// The topic of this name.
    pub fn find(name: &str) -> Option<Self> {
        Topic::ALL.into_iter().find(|topic| topic.name() == name)
    }
}
