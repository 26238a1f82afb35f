//! The documentation names what there is.

use hge_boards::board_file::Board;
use hge_boards::wiring;
use hge_core::experiment::{self, Experiment, OneOrMany};
use hge_needs::needs;
use hge_protocol::keys::{Key, Keys, Rule};
use hge_protocol::registers;
use hge_tests::packages;
use std::path::Path;
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/experiments.md");

#[test]
fn the_tables_of_keys_are_current() {
    assert_eq!(
        PAGE,
        experiment::with_tables(PAGE),
        "make them again: cargo run -p hge-core --example document_keys"
    );
}

#[test]
fn every_key_of_an_experiment_is_documented() {
    fn names(keys: &[Key]) -> Vec<&'static str> {
        let below = |key: &Key| match key.rule {
            Rule::Section(keys) | Rule::Entries(keys) => names(keys),
            _ => Vec::new(),
        };
        keys.iter().flat_map(|key| [vec![key.name], below(key)].concat()).collect()
    }
    let keys = names(Experiment::KEYS);
    assert!(keys.len() > 100, "{keys:?}");
    for key in keys {
        let forms = [format!("`{key}`"), format!("[{key}]")];
        assert!(forms.iter().any(|form| PAGE.contains(form)), "{key}");
    }
}

#[test]
fn the_documented_cases_are_read() {
    let start = PAGE.find("```toml").expect("an example") + "```toml".len();
    let length = PAGE[start..].find("```").expect("its end");
    let experiment: Experiment = toml::from_str(&PAGE[start..start + length]).expect("valid");
    assert_eq!(experiment.cases.len(), 2);
    assert_eq!(experiment.cases[0].high, Some(OneOrMany::One(true)));
    assert_eq!(experiment.cases[1].high, Some(OneOrMany::One(false)));
}

#[test]
fn the_page_of_registers_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/registers.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        page,
        registers::markdown(),
        "make it again: hge regs --markdown > docs/registers.md"
    );
}

#[test]
fn the_wiring_diagram_and_its_table_are_current() {
    let board = Board::named("icebreaker").unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let read = |name: &str| std::fs::read_to_string(docs.join(name)).unwrap();
    assert_eq!(
        read("wiring-icebreaker.svg"),
        wiring::svg(&board),
        "make it again: hge gateware wiring --board icebreaker -o docs/wiring-icebreaker.svg"
    );
    assert!(
        read("hardware.md").contains(&wiring::table(&board)),
        "make its table again: hge gateware wiring --board icebreaker --markdown"
    );
}

#[test]
fn the_page_on_hardware_names_every_board_with_its_line() {
    let page = include_str!("../../../docs/hardware.md");
    for board in Board::all().unwrap() {
        let file = &board.file;
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", file.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the table of boards", file.name));
        let rate = board.line().baud().map_or("FIFO".into(), |baud| baud.to_string());
        for fact in [rate, board.located()[0].1.clone()] {
            assert!(row.contains(&fact), "{fact}: {row}");
        }
    }
}

/// Folders and files that programs make, from the repository's root.
const GENERATED: [&str; 7] = [
    "target/",
    "build/",
    "reproduce/",
    "runs/",
    "calibration.json",
    "python/target/",
    "python/hge/_native.abi3.so",
];

/// What Python leaves beside its sources.
const BYTECODE: &str = "__pycache__/";

/// Standard output of git in the repository.
fn git(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut git = Command::new("git");
    // What a user ignores everywhere is not the repository's.
    git.current_dir(root).args(["-c", "core.excludesFile=/dev/null", "-c", "core.quotePath=false"]);
    let output = git.args(arguments).output().expect("git starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("paths of text")
}

/// The paths that `{a,b}` in a path stands for.
fn alternatives(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(begin, rest)| Some((begin, rest.split_once('}')?)));
    match parts {
        None => vec![path.into()],
        Some((begin, (names, end))) => {
            names.split(',').map(|name| format!("{begin}{name}{end}")).collect()
        }
    }
}

/// Whether a tracked file, or a folder of one, has this path, in which a star stands for any letters.
fn is_tracked(tracked: &str, path: &str) -> bool {
    let (begin, end) = path.split_once('*').unwrap_or((path, ""));
    tracked.lines().filter_map(|file| file.strip_prefix(begin)).any(|rest| {
        match path.contains('*') {
            true => rest.ends_with(end),
            false => rest.is_empty() || rest.starts_with('/'),
        }
    })
}

/// Paths between backticks in a line; one without a folder is in that of the path before.
fn cited_paths(line: &str) -> Vec<String> {
    let mut folder = "";
    let mut paths = Vec::new();
    for cited in line.split('`').skip(1).step_by(2) {
        let generated = GENERATED.iter().any(|generated| cited.starts_with(generated));
        let outside = cited.starts_with("../") || cited.contains(":") || cited.contains(' ');
        match cited.rsplit_once('/') {
            _ if generated || outside => {}
            Some((above, _)) => {
                folder = above;
                paths.extend(alternatives(cited));
            }
            None if cited.ends_with(".rs") => paths.push(format!("{folder}/{cited}")),
            None => {}
        }
    }
    paths
}

#[needs(clone)]
#[test]
fn every_file_and_function_that_the_page_on_verification_names_is_in_git() {
    let page = include_str!("../../../docs/verification.md");
    let tracked = git(&["ls-files"]);
    let mut count = 0;
    for line in page.lines() {
        for path in cited_paths(line) {
            assert!(is_tracked(&tracked, &path), "{path} is not in git: {line}");
            count += 1;
        }
        for name in line.split('`').skip(1).step_by(2) {
            let words = name.trim_end_matches('*');
            let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if words.matches('_').count() > 1 && words.chars().all(lower) {
                let defined = git(&["grep", "-l", &format!("fn {words}"), "--", "*.rs"]);
                assert!(!defined.is_empty(), "no function {name}: {line}");
            }
        }
    }
    assert!(count > 150, "{count} paths");
    for missing in ["host/cli/tests/absent.rs", "host/cli/tests/r", "host/cli/tests/absent*.rs"] {
        assert!(!is_tracked(&tracked, missing), "{missing} is no file or folder");
    }
}

#[needs(clone)]
#[test]
fn every_row_of_the_page_on_verification_cites_a_file_with_tests() {
    let page = include_str!("../../../docs/verification.md");
    let tracked = git(&["ls-files", "*.rs"]);
    let tested = git(&["grep", "-l", r"#\[test\]", "--", "*.rs"]);
    let begin = page.find("| claim | test |").expect("a table");
    let rows = page[begin..].lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let cited = row.trim_end_matches('|').rsplit('|').next().expect("a column");
        let paths = cited_paths(cited);
        assert!(!paths.is_empty(), "no file: {row}");
        let sources = paths.iter().filter(|path| is_tracked(&tracked, path));
        for path in sources {
            assert!(is_tracked(&tested, path), "no test in {path}: {row}");
        }
        count += 1;
    }
    assert!(count > 50, "{count} rows");
}

/// The tests that compare a core with its model or its Verilog.
const CORE_TESTS: [&str; 3] = [
    "gateware/cores/tests/cores",
    "gateware/cores/tests/link/verilog.rs",
    "gateware/cores/tests/twins",
];

#[needs(clone)]
#[test]
fn the_matrix_of_equivalence_names_every_test_of_a_core() {
    let page = include_str!("../../../docs/verification.md");
    let (_, matrix) = page.split_once("## Equivalence").expect("a section");
    let (matrix, _) = matrix.split_once("\n## ").expect("an end");
    let mut arguments = vec!["grep", "-h", "-A4", r"#\[test\]", "--"];
    arguments.extend(CORE_TESTS);
    let tests = git(&arguments);
    let names = tests.lines().filter_map(|line| line.trim().strip_prefix("fn ")?.split('(').next());
    let mut count = 0;
    for name in names.filter(|name| name.matches('_').count() > 1) {
        assert!(matrix.contains(&format!("`{name}`")), "{name} is not in the matrix");
        count += 1;
    }
    assert!(count > 50, "{count} tests");
}

#[needs(clone)]
#[test]
fn git_ignores_no_source_file() {
    let ignored = git(&["status", "--ignored", "--porcelain"]);
    for path in ignored.lines().filter_map(|line| line.strip_prefix("!! ")) {
        let trace = !path.contains('/') && [".vcd", ".fst"].iter().any(|end| path.ends_with(end));
        assert!(
            trace || GENERATED.contains(&path) || path.ends_with(BYTECODE),
            "{path} is ignored: see .gitignore"
        );
    }
    for folder in [
        "host/cli/tests/runs", "host/record/src/runs", "tests/build", "docs/target",
        "gateware/reproduce",
    ] {
        for ending in ["rs", "py", "toml", "v", "md", "json"] {
            // Exit code 1: it is not ignored.
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let file = format!("{folder}/calibration.{ending}");
            let mut git = Command::new("git");
            git.current_dir(root).args(["-c", "core.excludesFile=/dev/null", "check-ignore", "-q"]);
            let status = git.args(["--no-index", &file]).status().expect("git starts");
            assert_eq!(status.code(), Some(1), "{file} would be ignored: see .gitignore");
        }
    }
}

#[needs(clone)]
#[test]
fn every_test_that_a_page_or_a_script_runs_is_in_git() {
    let tracked = git(&["ls-files"]);
    let files = tracked.lines().filter(|file| file.ends_with(".md") || file.starts_with(".ci/"));
    let mut count = 0;
    for file in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = std::fs::read_to_string(path).expect("text");
        for line in text.lines().filter(|line| line.contains("cargo test")) {
            let words: Vec<&str> = line.split([' ', '`']).collect();
            let after = |option: &str| {
                words.iter().position(|word| *word == option).and_then(|place| words.get(place + 1))
            };
            let (Some(package), Some(name)) = (after("-p"), after("--test")) else { continue };
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let Some(package_folder) = packages::folder(&root, package) else {
                panic!("{file} tests {package}, which is not in the workspace: {line}");
            };
            let folder = format!("{package_folder}/tests/{name}");
            let exists = is_tracked(&tracked, &format!("{folder}.rs"))
                || is_tracked(&tracked, &format!("{folder}/main.rs"));
            assert!(exists, "{file} runs {folder}, which is not in git: {line}");
            // A filter is a module of it: cargo passes where nothing matches.
            let filter =
                after(name).filter(|word| !word.is_empty() && !word.starts_with(['-', '<']));
            if let Some(module) = filter.and_then(|filter| filter.split("::").next()) {
                let inside = format!("{folder}/{module}");
                let exists = is_tracked(&tracked, &format!("{inside}.rs"))
                    || is_tracked(&tracked, &format!("{inside}/mod.rs"));
                assert!(exists, "{file} filters by {inside}, which is not in git: {line}");
            }
            count += 1;
        }
    }
    assert!(count > 10, "{count} commands");
}
