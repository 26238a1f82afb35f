//! Repetition of the last epoch's frames, for a host that missed them.

use super::reader::{Feed, Item};
use super::{DriverError, Instrument};
use crossbeam::channel::{Receiver, RecvTimeoutError};
use hge_protocol::frame::Record;
use hge_protocol::registers::{self as map, command};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames that may wait: an epoch of a full table, many times over.
const WAITING_FRAMES: usize = 4096;

/// Requests for a repetition on a line that loses frames.
const MOST_REPEATS: u32 = 16;

/// Longest interval of checks of clock and cancellation.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

impl Instrument {
    /// All frames from the last epoch's first window on, in order, of an idle instrument.
    ///
    /// # Errors
    /// The link breaks, there was no measurement or it is no longer in memory, or the line loses too many frames.
    pub fn last_epoch(&mut self) -> Result<Vec<Record>, DriverError> {
        let Feed { items, .. } = self.shared.feed(WAITING_FRAMES);
        let made = self.read(map::FRAMES)?;
        // By their distance from the latest, since numbers wrap.
        let mut found = BTreeMap::new();
        for _ in 0..MOST_REPEATS {
            let after = self.command_count(command::REPEAT)?;
            self.gather(&items, after, made, &mut found)?;
            let whole = (0..).zip(found.keys()).all(|(place, &back)| place == back);
            let begins = matches!(
                found.last_key_value(),
                Some((_, Record::Window(window))) if window.begins_epoch()
            );
            if whole && begins {
                return Ok(found.into_values().rev().collect());
            }
        }
        Err(DriverError::EndLost)
    }

    /// Takes frames until the latest one has arrived, or none arrives for a while.
    fn gather(
        &self,
        items: &Receiver<Arc<Item>>,
        after: u64,
        made: u32,
        found: &mut BTreeMap<u32, Record>,
    ) -> Result<(), DriverError> {
        let mut quiet = Instant::now() + self.settings.poll_interval;
        while Instant::now() < quiet {
            self.check_cancel()?;
            match items.recv_timeout(LOOK_INTERVAL) {
                Ok(item) if item.after >= after => {
                    let back = made.wrapping_sub(1).wrapping_sub(item.number);
                    found.insert(back, item.record.clone());
                    if back == 0 {
                        return Ok(());
                    }
                    quiet = Instant::now() + self.settings.poll_interval;
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.link_end()),
            }
        }
        Ok(())
    }
}
