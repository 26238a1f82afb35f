//! Inserts every fault of `tests/faults` into a copy of the last commit and runs its tests.
//!
//! Exit code 0: at least 95 % are detected; 2: fewer are, or one does not compile; 1: an error.

use clap::Parser;
use hge_tests::fault_list::{
    self, Entry, Fault, FaultError, Results, Stop, Summary, Tree, Verdict,
};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Deliberate faults against the tests of a day; an interrupted run goes on where it ended.
#[derive(Parser)]
struct Arguments {
    /// Print the list and run nothing.
    #[arg(long)]
    list: bool,
    /// Print the table of docs/verification.md and run nothing.
    #[arg(long)]
    markdown: bool,
    /// Only faults whose name, file or area contains one of these.
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
    /// Print the results so far and run nothing.
    #[arg(long)]
    report: bool,
    /// Results of earlier commits stand, where the fault is the same.
    #[arg(long)]
    any_commit: bool,
    /// Print one object on the last line of stdout.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, FaultError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if arguments.list || arguments.markdown {
        let chosen = chosen(&root, arguments)?;
        if arguments.markdown {
            print!("{}", fault_list::markdown(&chosen));
        } else if arguments.json {
            println!("{}", serde_json::json!({ "faults": chosen }));
        } else {
            for fault in &chosen {
                println!("{:10} {:50} {} ({})", fault.area, fault.name, fault.file, fault.kind);
            }
        }
        return Ok(true);
    }
    let stop = Stop::default();
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.0.store(true, Ordering::Relaxed)).map_err(|error| {
        FaultError::Program { command: "signal handler".into(), what: error.to_string() }
    })?;
    let tree = Tree::prepare(&root, stop)?;
    // The list of the copied commit: its text and that of the sources agree.
    let chosen = chosen(&tree.sources(), arguments)?;
    let mut results = Results::load(&tree.results())?;
    let commit = (!arguments.any_commit).then(|| tree.commit().to_string());
    for (n, fault) in chosen.iter().enumerate() {
        let progress = format!("{} of {}", n + 1, chosen.len());
        let entry = match results.of(fault, commit.as_deref()) {
            Some(entry) => entry.clone(),
            None if arguments.report => continue,
            None => attempt(&tree, fault, &mut results)?,
        };
        let by = entry.by.as_deref().unwrap_or("");
        eprintln!("{progress}: {} {} {by}", fault.name, entry.verdict.name());
    }
    let entries: Vec<&Entry> =
        chosen.iter().filter_map(|fault| results.of(fault, commit.as_deref())).collect();
    let summary = Summary::of(entries.iter().copied());
    let not_tried = chosen.len() - entries.len();
    report(&entries, &summary, not_tried, tree.commit(), arguments.json);
    Ok(summary.holds())
}

fn chosen(root: &Path, arguments: &Arguments) -> Result<Vec<Fault>, FaultError> {
    let mut faults = fault_list::load(root)?;
    let wanted = |fault: &Fault| {
        let names = [&fault.name, &fault.file, &fault.area];
        let only = &arguments.only;
        only.is_empty() || only.iter().any(|part| names.iter().any(|name| name.contains(part)))
    };
    faults.retain(wanted);
    Ok(faults)
}

/// Runs the tests of `fault`, in their order, until it is killed; each must pass without the fault.
fn attempt(tree: &Tree, fault: &Fault, results: &mut Results) -> Result<Entry, FaultError> {
    let (mut verdict, mut by, mut spent) = (Verdict::Survived, None, Duration::ZERO);
    for tests in &fault.tests {
        if results.baseline.get(tests).is_none_or(|commit| commit != tree.commit()) {
            tree.baseline(tests)?;
            results.baseline.insert(tests.clone(), tree.commit().into());
        }
        let start = Instant::now();
        verdict = tree.try_fault(fault, tests)?;
        spent += start.elapsed();
        by = verdict.is_killed().then(|| tests.clone());
        if verdict != Verdict::Survived {
            break;
        }
    }
    let (commit, seconds) = (tree.commit().to_string(), spent.as_secs_f64());
    let entry = Entry { commit, fault: fault.clone(), verdict, by, seconds };
    results.faults.insert(fault.name.clone(), entry.clone());
    results.save(&tree.results())?;
    Ok(entry)
}

fn report(entries: &[&Entry], summary: &Summary, not_tried: usize, commit: &str, json: bool) {
    if json {
        let object = serde_json::json!({
            "commit": commit, "summary": summary, "not_tried": not_tried, "faults": entries
        });
        println!("{object}");
        return;
    }
    for entry in entries {
        let by = entry.by.as_deref().unwrap_or("-");
        let (name, verdict) = (&entry.fault.name, entry.verdict.name());
        println!("{name:50} {verdict:18} {:5.0} s  {by}", entry.seconds);
    }
    let Summary { faults, killed, survived, not_built } = summary;
    println!("{killed} of {faults} faults killed, 95 % needed");
    for (names, what) in [(survived, "survived"), (not_built, "did not build")] {
        if !names.is_empty() {
            println!("{what}: {}", names.join(", "));
        }
    }
    if not_tried > 0 {
        println!("{not_tried} not tried");
    }
}
