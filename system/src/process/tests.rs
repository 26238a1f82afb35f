use super::*;
use rustix::process::{kill_process, test_kill_process, Pid, Signal};
use std::io::{BufRead, BufReader};
use std::time::Instant;

/// Longest wait for what happens at once on a computer that is not busy.
const PATIENCE: Duration = Duration::from_secs(30);

fn sh(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

/// Running, and no zombie that nobody has waited for yet.
fn is_running(id: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    match state.rsplit_once(") ") {
        Some((_, state)) => !state.starts_with('Z'),
        // A system without /proc.
        None => test_kill_process(Pid::from_raw(id).unwrap()).is_ok(),
    }
}

fn wait_for_end(id: i32) {
    let begun = Instant::now();
    while is_running(id) {
        assert!(begun.elapsed() < PATIENCE, "{id} still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A group whose leader has a child that never ends, and the numbers of the two.
fn family() -> (Group, [i32; 2]) {
    let mut command = sh("sleep 1000 & echo $!; wait");
    let mut group = Group::spawn(command.stdout(Stdio::piped())).unwrap();
    let mut line = String::new();
    BufReader::new(group.child().stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ids = [group.child().id() as i32, line.trim().parse().unwrap()];
    assert!(ids.iter().all(|&id| is_running(id)));
    (group, ids)
}

#[test]
fn a_group_that_is_dropped_ends_with_its_grandchildren() {
    let (group, ids) = family();
    drop(group);
    ids.into_iter().for_each(wait_for_end);
}

#[test]
fn what_a_leader_leaves_running_is_killed_when_it_has_ended() {
    let (mut group, [leader, grandchild]) = family();
    kill_process(Pid::from_raw(leader).unwrap(), Signal::TERM).unwrap();
    assert!(!group.wait().unwrap().success());
    wait_for_end(grandchild);
}

#[test]
fn a_watcher_whose_pipe_closes_without_a_word_kills_the_group() {
    let (mut group, ids) = family();
    // As the kernel does at the end of this process.
    group.watcher.as_mut().unwrap().close();
    ids.into_iter().for_each(wait_for_end);
}

#[test]
fn a_tool_gives_its_status_and_all_it_prints_even_if_a_grandchild_holds_its_streams() {
    let output = output(&mut sh("echo out; echo err >&2; sleep 1000 & exit 3")).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
    assert!(output_of_nothing().is_err());
}

fn output_of_nothing() -> io::Result<Output> {
    output(&mut Command::new("/nowhere/no-program"))
}
