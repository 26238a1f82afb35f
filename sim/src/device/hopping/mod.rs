//! hopping
pub mod newton;
pub mod network;
pub mod geometry;
