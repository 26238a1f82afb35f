//! The commands that talk to an instrument, as programs: `hge serve` in one process, the others beside it.

mod boards;
mod documents;
mod links;
mod listing;
mod refusals;
mod results;
mod served;
mod sharing;
