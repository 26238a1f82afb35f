//! Where the standalone update is computed.

use serde::{Deserialize, Serialize};

/// Most slots with the update in hardware, which keeps their sums in two banks.
pub const BANKED_SLOTS: u32 = 128;

/// Where the standalone update is computed; results are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Update {
    /// By the post-processor's program, before the next case begins.
    #[default]
    Microcode,
    /// By a core of its own, while the window is recorded and the next case begins. Only up to [`BANKED_SLOTS`] slots, in a pipeline.
    Hardware,
}

impl Update {
    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Update::Microcode => "microcode",
            Update::Hardware => "hardware",
        }
    }

    /// Value of the info register.
    pub fn to_word(self) -> u32 {
        u32::from(self.is_hardware())
    }

    /// The inverse of [`Update::to_word`]; unknown words count as microcode.
    pub fn from_word(word: u32) -> Self {
        if word == 1 {
            Update::Hardware
        } else {
            Update::Microcode
        }
    }

    /// Whether it is a core of its own.
    pub fn is_hardware(self) -> bool {
        self == Update::Hardware
    }
}
