//! Folders of runs that are made, killed, copied and removed.

use crate::chunks::ends_with;
use crate::program::{command, hge};
use crate::served::interrupt;
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a program that makes progress.
const PATIENCE: Duration = Duration::from_secs(600);

/// A training without noise that a linear device never solves, so that it always goes through all its starts.
pub const UNSOLVABLE: &str = r#"
gate = "xor"
device = "linear:3,-2,5,1.5,-4,2.5,6"
restarts = 6
[bench]
noise_na2_per_hz = 0.0
[host]
epochs = 60
[standalone]
epochs = 60
"#;

/// Random numbers of a test.
pub fn dice(seed: u64) -> ChaCha8Rng {
    rand::SeedableRng::seed_from_u64(seed)
}

/// A folder for runs, removed with the guard.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-runs-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a writable temporary directory");
        Scratch(path)
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Path of a file or folder in it.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path of text").to_owned()
    }

    /// Writes a file in it.
    pub fn file(&self, name: &str, content: &str) -> String {
        fs::write(self.0.join(name), content).expect("a writable file");
        self.path(name)
    }

    /// A run of [`UNSOLVABLE`] that was not interrupted.
    pub fn finished(&self, name: &str, options: &[&str]) -> String {
        let (file, run) = (self.file("unsolvable.toml", UNSOLVABLE), self.path(name));
        let output = hge(&[&["train", &file, "-o", &run], options].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        run
    }

    /// A small run that is solved, with a calibration.
    pub fn calibrated(&self, name: &str) -> String {
        let calibration = self.path("calibration.json");
        if !Path::new(&calibration).exists() {
            let measured = hge(&["calibrate", "experiments/short.toml", "-o", &calibration]);
            assert!(measured.status.success(), "{measured:?}");
        }
        let run = self.path(name);
        let trained =
            hge(&["train", "experiments/short.toml", "--calibration", &calibration, "-o", &run]);
        assert!(matches!(trained.status.code(), Some(0 | 2)), "{trained:?}");
        run
    }

    /// A run of [`UNSOLVABLE`] that is killed at work, when its log has at least `bytes` bytes. Where the computer pauses this test until the run has
    /// its outcome, the run is made again.
    pub fn killed(&self, name: &str, bytes: u64, options: &[&str]) -> String {
        let (file, run) = (self.file("unsolvable.toml", UNSOLVABLE), self.path(name));
        let train = [&["train", &file, "-o", &run], options].concat();
        for _ in 0..5 {
            let killed = kill_at(&run, bytes, &train);
            let log = fs::read(Path::new(&run).join("log/00001.mcap")).expect("a log");
            if killed && ends_with(&log, "outcome").is_empty() {
                return run;
            }
            fs::remove_dir_all(&run).expect("it was written");
        }
        panic!("{run} ended five times before its log had {bytes} bytes");
    }

    /// A copy of a folder.
    pub fn copy(&self, from: &str, name: &str) -> String {
        let to = self.0.join(name);
        copy(Path::new(from), &to);
        to.to_str().expect("a path of text").to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a writable directory");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}

/// Bytes of all files of a run's log.
pub fn log_bytes(run: &str) -> u64 {
    let Ok(entries) = fs::read_dir(Path::new(run).join("log")) else { return 0 };
    entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum()
}

/// A program that is killed when it is dropped, so that none outlives a test that fails.
pub struct AtWork(Child);

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command that writes to a run's folder and kills it when the log has `bytes` bytes; whether it was killed at work.
pub fn kill_at(run: &str, bytes: u64, arguments: &[&str]) -> bool {
    stop_at(run, bytes, arguments, |child| child.kill().expect("it is not waited for")).is_none()
}

/// The same with Ctrl-C; whether it was interrupted at work.
pub fn interrupt_at(run: &str, bytes: u64, arguments: &[&str]) -> bool {
    stop_at(run, bytes, arguments, |child| interrupt(child.id())) == Some(1)
}

/// The exit code of a command that is stopped when the log of its run has `bytes` bytes; `None`: it was killed.
fn stop_at(
    run: &str,
    bytes: u64,
    arguments: &[&str],
    stop: impl FnOnce(&mut Child),
) -> Option<i32> {
    match at_work(run, bytes, arguments) {
        Ok(AtWork(ref mut child)) => {
            stop(child);
            child.wait().expect("it was started").code()
        }
        Err(status) => status.code(),
    }
}

/// A command at work, without output, when the log of its run has `bytes` bytes; the error: it has ended before.
pub fn at_work(run: &str, bytes: u64, arguments: &[&str]) -> Result<AtWork, ExitStatus> {
    let mut command = command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = AtWork(command.spawn().expect("hge starts"));
    let provenance = Path::new(run).join("provenance.json");
    let begun = Instant::now();
    loop {
        if let Some(status) = program.0.try_wait().expect("it was started") {
            return Err(status);
        }
        if provenance.exists() && log_bytes(run) >= bytes {
            return Ok(program);
        }
        assert!(begun.elapsed() < PATIENCE, "the log of {run} never had {bytes} bytes");
        std::thread::sleep(Duration::from_micros(300));
    }
}

/// Content of a file of a run.
pub fn content(run: &str, name: &str) -> Vec<u8> {
    fs::read(Path::new(run).join(name)).unwrap_or_else(|error| panic!("{run}/{name}: {error}"))
}

/// The rows of a run's table, its heading first.
pub fn table(run: &str) -> Vec<String> {
    let file = format!("{run}.csv");
    let output = hge(&["export", run, "--format", "csv", "-o", &file]);
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(&file).expect("the table");
    text.lines().map(str::to_owned).collect()
}

/// Start and epoch of every row of a table.
pub fn epochs(table: &[String]) -> Vec<(u32, u32)> {
    let rows = table.iter().skip(1).map(|row| {
        let mut cells = row.split(',').map(str::parse);
        (cells.next()?.ok()?, cells.next()?.ok()?).into()
    });
    rows.map(|row: Option<(u32, u32)>| row.expect("restart and epoch")).collect()
}
