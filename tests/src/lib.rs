//! What crosses crates: the engines against each other, faults, and the dialect of the gateware.

pub mod absent;
pub mod dialect;
pub mod faults;
pub mod faulty_link;
pub mod laboratory;
pub mod netlist;
pub mod scenario;
pub mod testbench;
pub mod testbench_scenario;
