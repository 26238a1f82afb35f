//! The live view: state of a training or an instrument in the terminal.
//!
//! | module | content |
//! |---|---|
//! | `setting` | facts known before the first epoch |
//! | `dashboard` | the model: plain data, changed by events |
//! | `draw` | the model as text of any size |
//! | `keys` | keys and their actions |
//! | `screen` | the terminal, restored however the program ends |
//! | `plain` | status lines without a terminal |
//! | `events` | the worker's end: sends events, waits while paused |
//! | `remote_run` | a run by another client, assembled from its frames |
//! | `show` | the loop between worker, keys and screen |
//!
//! The view is drawn on standard error, like all progress of this program: standard output is for the result.

mod dashboard;
mod draw;
mod events;
mod keys;
mod plain;
mod remote_run;
pub mod screen;
mod setting;
mod show;

pub use dashboard::Ending;
pub use events::{Command, Event, EventSender, Guard};
pub use remote_run::RemoteRun;
pub use setting::Setting;
pub use show::{Leaving, Show};
