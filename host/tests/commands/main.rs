//! The commands that talk to an instrument and `hge train`, as programs: `hge serve` in one process, the others beside it.

mod alone;
mod boards;
mod devices;
mod documents;
mod ending;
mod files;
mod help;
mod hostile;
mod links;
mod listing;
mod live;
mod processes;
mod program;
mod refusals;
mod reproduce;
mod results;
mod selftest;
mod scale;
mod served;
mod sharing;
mod spectrum;
mod terminal;
mod tones;
mod train;
mod train_refusals;
mod wording;
