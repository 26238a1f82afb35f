//! The engines against each other: model, rust-hdl, emitted Verilog and netlists, whole.

mod board;
mod codes;
mod compiled_against_model;
mod converters;
mod dead_time;
mod dialect;
mod engines;
mod guard_trips;
mod line_rate;
mod many_samples;
mod model_in_pieces;
mod rtl_against_model;
mod safety;
mod soak;
mod toggles;
mod verilog_ecp5_leaves;
mod verilog_ecp5_models;
mod verilog_icarus;
mod verilog_netlist;
