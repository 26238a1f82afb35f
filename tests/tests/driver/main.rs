//! The driver over good lines and bad ones, and the servers it talks to.

mod instruments;
mod lines;
mod raw;

mod control;
mod ends;
mod half_open;
mod identity;
mod last_epoch;
mod losses;
mod protection;
mod requests;
mod servers;
mod sharing;
