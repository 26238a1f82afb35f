//! Memory of the running test, as Linux counts it.

/// Resident memory, kB.
///
/// # Panics
/// The system has no `/proc/self/status` with a `VmRSS`.
pub fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let number = line.split_whitespace().next().expect("a number");
    number.parse().expect("kB")
}
