//! Regenerates the tables of keys in `docs/experiments.md`: `cargo run -p hge-core --example document_keys`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/experiments.md");
    let text = std::fs::read_to_string(&page)?;
    std::fs::write(page, hge_core::experiment::with_tables(&text))
}
