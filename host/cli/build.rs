//! Tells the program which commit it was built from: the gateware it emits carries it.

use std::path::Path;
use std::process::Command;

fn main() {
    let hash = git(&["rev-parse", "--short=8", "HEAD"]).filter(|hash| hash.len() == 8);
    // Without git, or outside a clone, the build has no commit.
    println!("cargo:rustc-env=HGE_COMMIT={}", hash.unwrap_or_else(|| "00000000".into()));
    // What is not committed shows in what would be built anew; a change elsewhere than in these folders makes no other program.
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let dirty = changed.is_some_and(|changed| !changed.is_empty());
    println!("cargo:rustc-env=HGE_DIRTY={}", u8::from(dirty));
    for source in
        ["..", "../../sim/src", "../../gateware", "../../protocol/src", "../../Cargo.lock"]
    {
        println!("cargo:rerun-if-changed={source}");
    }
    // The log of HEAD grows with every commit and every checkout.
    if let Some(path) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    println!("cargo:rerun-if-changed=build.rs");
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
