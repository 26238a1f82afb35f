//! The self-test finds what is wrong with a bench or an instrument, and nothing else: one fault each.

mod benches;
mod board;
mod instruments;
mod trial;
