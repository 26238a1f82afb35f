//! The driver over good lines and bad ones, and the servers it talks to.

mod apparatus;
mod control;
mod ends;
mod half_open;
mod identity;
mod instruments;
mod last_epoch;
mod lines;
mod link_faults;
mod losing;
mod losses;
mod protection;
mod raw;
mod requests;
mod scpi;
mod servers;
mod sharing;
mod withholding;
