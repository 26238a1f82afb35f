//! placeholder

pub mod leaf;
