//! The live view: what a training or an instrument is at, in the terminal.
//!
//! | module | holds |
//! |---|---|
//! | `setting` | what is known before the first epoch |
//! | `dashboard` | the model: plain data, changed by events |
//! | `draw` | the model as text of any size |
//! | `keys` | keys, and what each means |
//! | `screen` | the terminal, given back however the program ends |
//! | `plain` | lines, where there is no terminal |
//! | `teller` | the end of the worker: it tells, and waits while paused |
//! | `hearing` | somebody else's run, put together from its frames |
//! | `show` | the loop between worker, keys and screen |
//!
//! It is drawn on standard error, like every progress of this program: standard output is for what the command was asked for.

mod dashboard;
mod draw;
mod hearing;
mod keys;
mod plain;
pub mod screen;
mod setting;
mod show;
mod teller;

pub use dashboard::Ending;
pub use hearing::Hearing;
pub use setting::Setting;
pub use show::{Leaving, Show};
pub use teller::{Event, GradientSource, Guard, Order};
