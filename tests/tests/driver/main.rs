//! The driver over good lines and bad ones, and the servers it talks to.

mod instruments;
mod lines;

mod ends;
mod identity;
mod losses;
mod protection;
mod requests;
mod servers;
mod sharing;
