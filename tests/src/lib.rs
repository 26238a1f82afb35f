//! Tools of tests across crates: the engines against each other, faults, and the dialect of the gateware.

pub mod dialect;
pub mod fault_list;
pub mod faults;
pub mod faulty_link;
pub mod laboratory;
pub mod memory;
pub mod netlist;
pub mod packages;
pub mod plane;
pub mod scenario;
pub mod testbench;
pub mod testbench_scenario;
pub mod toggles;

/// `all` with `HGE_NIGHTLY=1`, else `some`: what takes too long for every change.
pub fn nightly<T>(all: T, some: T) -> T {
    if std::env::var_os("HGE_NIGHTLY").is_some_and(|value| value == "1") {
        all
    } else {
        some
    }
}
