//! Writes the Verilog of one core and its FuseSoC core file into a folder: `cargo run -p hge-boards --example emit_core -- DIR`.

use hge_boards::package::{core, Core};
use hge_protocol::Parameters;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));
    let parameters = Parameters { slots: 16, ..Parameters::default() };
    for file in core(Core::Lockin, &parameters)? {
        println!("{}", file.name);
        std::fs::write(folder.join(&file.name), file.text)?;
    }
    Ok(())
}
