//! A page and the commands in it.

use std::path::{Path, PathBuf};

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A page of the book, or beside it.
pub struct Page {
    /// Its path in the project.
    pub name: String,
    pub text: String,
}

/// A line of a shell.
pub struct Command {
    /// Without its comment.
    pub line: String,
    /// Exit code that its comment names, else 0.
    pub exit_code: i32,
}

impl Page {
    pub fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(root().join(name));
        Page { name: name.into(), text: text.unwrap_or_else(|error| panic!("{name}: {error}")) }
    }

    /// Where the page is.
    pub fn folder(&self) -> PathBuf {
        root().join(&self.name).parent().expect("a page is in a folder").into()
    }

    /// Lines of its blocks of shell commands.
    pub fn commands(&self) -> Vec<Command> {
        let (mut commands, mut shell) = (Vec::new(), false);
        for line in self.text.lines().map(str::trim) {
            if line.starts_with("```") {
                shell = line == "```sh";
            } else if shell && !line.is_empty() {
                let (line, comment) = line.split_once(" #").unwrap_or((line, ""));
                let code = comment.split_once("exit code ").map(|(_, code)| code.trim());
                let exit_code = code.map_or(0, |code| code.parse().expect("an exit code"));
                commands.push(Command { line: line.trim().into(), exit_code });
            }
        }
        commands
    }

    /// Its lines that are not of a block of code.
    pub fn prose(&self) -> impl Iterator<Item = &str> {
        let mut code = false;
        self.text.lines().filter(move |line| {
            let fence = line.trim().starts_with("```");
            code ^= fence;
            !code && !fence
        })
    }
}

/// All pages: those of `docs`, and the two that stand before it.
pub fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).expect("the folder docs") {
        let name = entry.expect("an entry").file_name().into_string().expect("text");
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.iter().map(|name| Page::read(name)).collect()
}
