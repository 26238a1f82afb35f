//! The book holds: every command in it runs, every link leads somewhere, every sentence it quotes is in the sources.

mod links;
mod page;
mod session;
mod unrun;

use hge_needs::needs;
use hge_tests::nightly;
use page::{pages, root, Page};
use session::Session;
use unrun::{AT_NIGHT, UNRUN};

/// What is not run now, and why.
fn left_out() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    UNRUN.iter().chain(nightly(&[][..], AT_NIGHT))
}

/// A test for each page with commands.
macro_rules! followed {
    ($($(#[$needs:meta])* $test:ident: $page:literal,)*) => {
        const FOLLOWED: &[&str] = &[$($page),*];
        $($(#[$needs])*
        #[test]
        fn $test() {
            let page = Page::read($page);
            let mut session = Session::begin(&page);
            for command in page.commands() {
                if left_out().all(|(unrun, _)| *unrun != command.line) {
                    session.run(&command);
                }
            }
        })*
    };
}

followed! {
    the_commands_of_the_readme_run: "README.md",
    the_commands_of_contributing_run: "CONTRIBUTING.md",
    the_commands_of_the_quick_start_run: "docs/quick-start.md",
    the_commands_of_the_tutorial_run: "docs/tutorial.md",
    #[needs(mcap)] the_commands_on_run_folders_run: "docs/runs.md",
    the_commands_against_trouble_run: "docs/troubleshooting.md",
    the_commands_of_the_page_of_commands_run: "docs/commands.md",
    the_commands_on_devices_run: "docs/devices.md",
    the_commands_on_hardware_run: "docs/hardware.md",
    the_commands_on_standalone_run: "docs/standalone.md",
    the_commands_on_verification_run: "docs/verification.md",
}

#[test]
fn every_page_with_commands_is_followed() {
    for page in pages() {
        let followed = FOLLOWED.contains(&page.name.as_str());
        assert!(followed || page.commands().is_empty(), "{} has commands: follow it", page.name);
    }
}

#[test]
fn commands_that_are_not_run_are_in_the_book() {
    let pages = pages();
    for (unrun, why) in UNRUN.iter().chain(AT_NIGHT) {
        assert!(why.len() > 10, "say why `{unrun}` is not run");
        let shown = pages.iter().flat_map(Page::commands).any(|command| command.line == *unrun);
        assert!(shown, "`{unrun}` is in no page: take it off the list");
    }
}

#[test]
fn every_command_of_the_program_is_in_the_book() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_hge")).arg("help").output();
    let help = String::from_utf8(help.expect("hge starts").stdout).expect("text");
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<&str> = listed.map_while(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 15, "{help}");
    let (pages, example) = (pages(), |name: &str| format!("hge {name} "));
    for name in names.into_iter().filter(|name| *name != "help") {
        let mut commands = pages.iter().flat_map(Page::commands);
        let shown = commands.any(|command| (command.line + " ").contains(&example(name)));
        assert!(shown, "no page shows `hge {name}`");
    }
}

#[test]
fn the_page_on_runs_has_every_array_and_channel() {
    let page = Page::read("docs/runs.md").text;
    let path = root().join("host/record/src/arrays.rs");
    let arrays = std::fs::read_to_string(path).expect("a source");
    let rows: Vec<&str> = arrays.lines().filter_map(|line| line.strip_prefix("//! | `")).collect();
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        assert!(page.contains(&format!("\n| `{row}\n")), "not on the page: {row}");
    }
    for topic in hge_record::Topic::ALL {
        let name = topic.name();
        assert!(page.contains(&format!("`{name}`")), "not on the page: {name}");
    }
}

#[test]
fn what_the_page_on_trouble_quotes_is_said_by_the_program() {
    let mut sources = Vec::new();
    let crates = ["protocol/src", "system/src", "gateware", "sim/src", "host"];
    let mut folders: Vec<_> = crates.map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"))
        {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(path).expect("text").replace("\\\"", "\""));
            }
        }
    }
    let page = Page::read("docs/troubleshooting.md");
    let quoted: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert!(quoted.len() > 30, "{} sentences", quoted.len());
    for sentence in quoted {
        // What stands where the page has an ellipsis depends on the case.
        let parts: Vec<&str> = sentence.split('…').filter(|part| part.len() > 3).collect();
        assert!(!parts.is_empty(), "{sentence}");
        let found = sources.iter().any(|source| parts.iter().all(|part| source.contains(part)));
        assert!(found, "no file says: {sentence}");
    }
}
