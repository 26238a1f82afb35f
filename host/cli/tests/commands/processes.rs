//! Processes and their children, as /proc shows them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// State and parent of a process.
fn stat(id: i32) -> Option<(char, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Whether a process runs; one that has ended and that nobody has waited for does not.
pub fn is_running(id: i32) -> bool {
    stat(id).is_some_and(|(state, _)| state != 'Z')
}

/// Name of a process's program.
pub fn name(id: i32) -> String {
    std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default().trim().to_owned()
}

/// All children of a process and theirs.
pub fn descendants(id: i32) -> Vec<i32> {
    let all: Vec<(i32, i32)> = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id| Some((id, stat(id)?.1)))
        .collect();
    let mut found = BTreeSet::from([id]);
    loop {
        let before = found.len();
        let more = all.iter().filter(|(_, parent)| found.contains(parent)).map(|(id, _)| *id);
        found = found.iter().copied().chain(more.collect::<Vec<_>>()).collect();
        if found.len() == before {
            break;
        }
    }
    found.remove(&id);
    found.into_iter().collect()
}

/// Waits until none of these runs; how long that took, or which still run after `most`.
pub fn wait_for_end(ids: &[i32], most: Duration) -> Result<Duration, String> {
    let begun = Instant::now();
    loop {
        let left: Vec<i32> = ids.iter().copied().filter(|&id| is_running(id)).collect();
        if left.is_empty() {
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > most {
            let names: Vec<String> =
                left.iter().map(|&id| format!("{} ({id})", name(id))).collect();
            return Err(format!("after {most:?} there are still {}", names.join(", ")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
