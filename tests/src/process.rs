//! One process that a test has started, with its log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::scratch::Scratch;
use crate::wait;

/// How many lines of the log a failing test shows.
const SHOWN_LINES: usize = 60;

/// A running process. It is killed with its children when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    _scratch: Scratch,
}

impl Process {
    /// Starts a command; stdout and stderr go to the log.
    ///
    /// # Panics
    /// The program is not there.
    #[must_use]
    pub fn start(name: &str, mut command: Command) -> Self {
        let scratch = Scratch::new(name);
        let log = scratch.path().join("log");
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| {
            let program = command.get_program().display();
            panic!("{program} can't be started: {error}; `make test` builds and installs what is needed")
        });
        Self { name: name.to_owned(), child, log, _scratch: scratch }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has logged.
    ///
    /// # Panics
    /// The log was removed.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Whether it has not ended.
    ///
    /// # Panics
    /// The system does not tell.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It has not ended within `limit`.
    pub async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        wait::until(&what, limit, async || self.child.try_wait().unwrap()).await
    }

    /// Waits for a line of the log that contains `mark` and gives what follows it on that line.
    ///
    /// # Panics
    /// No such line within `limit`, or the process has ended.
    pub async fn logged(&mut self, mark: &str, limit: Duration) -> String {
        let what = format!("{} logs `{mark}`", self.name);
        wait::until(&what, limit, async || {
            let found = after(&self.log(), mark);
            assert!(
                found.is_some() || self.is_running(),
                "{} ended before it logged `{mark}`",
                self.name
            );
            found
        })
        .await
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        signal(self.pid(), Signal::TERM);
    }

    /// Kills it as the kernel would, without a last word.
    ///
    /// # Panics
    /// It can't be waited for.
    pub fn kill(&mut self) {
        signal(self.pid(), Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Freezes it.
    pub fn freeze(&self) {
        signal(self.pid(), Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal(self.pid(), Signal::CONT);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let family = descendants(self.pid());
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in family {
            signal(pid, Signal::KILL);
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default();
            eprintln!("--- {} (pid {}) logged:\n{}", self.name, self.pid(), shown.join("\n"));
        }
    }
}

/// Sends a signal; a process that is gone already is no failure.
///
/// # Panics
/// The id is none.
pub fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).expect("process ids are above zero");
    let _ = kill_process(pid, signal);
}

/// Whether a process is there and no zombie.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next());
    state.is_some_and(|state| state != 'Z')
}

/// The resident memory of a process in bytes; `None` once it is gone.
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The direct children of a process whose command line contains `word`.
///
/// # Panics
/// There is no `/proc`.
#[must_use]
pub fn children(pid: u32, word: &str) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("tests look into /proc").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent(*id) == Some(pid) && is_alive(*id) && command_line(*id).contains(word))
        .collect()
}

fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid, "");
    let grandchildren: Vec<u32> = found.iter().flat_map(|child| descendants(*child)).collect();
    found.extend(grandchildren);
    found
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

fn after(log: &str, mark: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains(mark))?;
    line.split_once(mark).map(|(_, rest)| rest.to_owned())
}

/// A program that the workspace builds.
///
/// # Panics
/// It is not built.
#[must_use]
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // The test lies in target/<profile>/deps.
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.exists(), "{} is not built: `cargo build --workspace --bins`", path.display());
    path
}
