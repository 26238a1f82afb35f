//! Growth of the running process's memory, as Linux counts it.

use std::sync::{Mutex, MutexGuard, PoisonError};

static MEASURING: Mutex<()> = Mutex::new(());

/// Memory taken after a process has settled. Only one exists at a time in a process, so that a test that makes it first measures no other such test's memory.
pub struct MemoryGrowth {
    _alone: MutexGuard<'static, ()>,
    settled_kb: Option<u64>,
}

impl MemoryGrowth {
    /// Waits until no other measurement of this process goes on.
    pub fn begin() -> Self {
        let alone = MEASURING.lock().unwrap_or_else(PoisonError::into_inner);
        Self { _alone: alone, settled_kb: None }
    }

    /// Counts growth from the first call on.
    pub fn settle(&mut self) {
        self.settled_kb.get_or_insert_with(resident_kb);
    }

    /// Resident memory taken since the first call of `settle`, kB.
    ///
    /// # Panics
    /// `settle` was not called.
    pub fn kb(&self) -> u64 {
        resident_kb().saturating_sub(self.settled_kb.expect("a settled process"))
    }
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let number = line.split_whitespace().next().expect("a number");
    number.parse().expect("kB")
}
