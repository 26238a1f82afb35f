//! The link against the protocol's own crate, a model of the session's rules, and its Verilog in Icarus.

mod bench;
#[path = "../cosim/mod.rs"]
mod cosim;
mod frames;
mod model;
mod ring;
mod sessions;
mod uart;
mod verilog;

/// `all` with `HGE_NIGHTLY=1`, else `some`.
fn nightly<T>(all: T, some: T) -> T {
    if std::env::var_os("HGE_NIGHTLY").is_some_and(|value| value == "1") {
        all
    } else {
        some
    }
}
