//! Run folders through the command: kills, cuts, damage, seals, resuming, locks, versions, full disks, listing.

mod chunks;
mod cut;
mod damage;
mod folders;
mod killed;
mod listing;
#[path = "../commands/program.rs"]
#[allow(dead_code)]
mod program;
mod refusals;
mod seals;
#[path = "../commands/served.rs"]
#[allow(dead_code)]
mod served;
mod state;
mod storage;
mod tables;
mod tampered;
