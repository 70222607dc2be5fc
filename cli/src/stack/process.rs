//! One process of the local shop: recorded with the moment of its start, so that another process
//! which later has the same number is never taken for it.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::{BROKER, log_file};
use crate::failure::{Failure, exit};

/// How often a process that was told to end is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A process that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: u32,
    /// What tells it from any other process that ever had this number.
    mark: String,
}

/// What to tell a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Finish and end.
    Term,
    /// Read the configuration again.
    Reload,
    /// End at once.
    Kill,
}

impl Process {
    /// The process with this number, if there is one.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        mark(pid).map(|mark| Self { pid, mark })
    }

    /// The process that a file records, if it still runs.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (pid, recorded) = text.trim().split_once(' ')?;
        Self::of(pid.parse().ok()?).filter(|process| process.mark == recorded)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        mark(self.pid).is_some_and(|mark| mark == self.mark)
    }

    /// Sends it a signal, unless it has ended.
    ///
    /// The standard library cannot signal a process that another one started, and this workspace
    /// forbids unsafe code, so the `kill` that is part of every POSIX shell does it.
    pub(crate) fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Term => "TERM",
            Signal::Reload => "HUP",
            Signal::Kill => "KILL",
        };
        if self.is_alive() {
            // That it ended in between is what was wanted.
            let _ = Command::new("/bin/sh")
                .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &self.pid.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }

    /// Waits until it has ended, at most until then. False: it still runs.
    pub(crate) async fn ended_by(&self, limit: Instant) -> bool {
        while self.is_alive() {
            if Instant::now() >= limit {
                return false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        true
    }

    /// How many bytes of memory it uses, where the system tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    }
}

impl fmt::Display for Process {
    /// Writes what [`Process::read`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.pid, self.mark)
    }
}

/// A process that this shopctl started.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) process: Process,
    child: Child,
    /// Where in the log its first line stands.
    log_from: u64,
}

impl Started {
    /// Starts a part of the shop, which goes on when this shopctl ends: in a process group of its
    /// own, so that Ctrl-C and the end of the terminal do not reach it. Variables without a value are
    /// not handed on to it.
    ///
    /// # Errors
    /// 74 or 78 if it cannot be started.
    pub(crate) fn start(
        folder: &Folder,
        part: &str,
        program: &Path,
        arguments: &[&OsStr],
        variables: &[(&str, Option<&OsStr>)],
    ) -> Result<Self, Failure> {
        let log = folder.log(part);
        let unusable = |error| Failure::io(format!("{} cannot be written", log.display()), &error);
        log_file::make_room(&log).map_err(unusable)?;
        let file = File::options().create(true).append(true).mode(0o600).open(&log).map_err(unusable)?;
        let log_from = file.metadata().map_err(unusable)?.len();
        let mut command = Command::new(program);
        for (name, value) in variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command
            .args(arguments)
            .current_dir(folder.root())
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(unusable)?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .map_err(|error| {
                let what = format!("{part} was not started: {} cannot be run: {error}", program.display());
                Failure::new(exit::CONFIGURATION, "not_started", what)
            })?;
        let Some(process) = Process::of(child.id()) else {
            let code = child.wait().ok().and_then(|status| status.code());
            return Err(ended(folder, part, code, log_from));
        };
        folder.write(&folder.pid_file(part), &process.to_string())?;
        Ok(Self { process, child, log_from })
    }

    /// Fails if it has ended, with the last lines of its log.
    ///
    /// # Errors
    /// 74 or 78 if its exit code says so, 10 otherwise.
    pub(crate) fn check(&mut self, folder: &Folder, part: &str) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(ended(folder, part, status.code(), self.log_from)),
            Err(error) => Err(Failure::io(format!("nobody knows whether {part} runs"), &error)),
        }
    }
}

fn ended(folder: &Folder, part: &str, code: Option<i32>, log_from: u64) -> Failure {
    let exit = match code {
        Some(74) => exit::IO,
        Some(78) => exit::CONFIGURATION,
        // The broker has one code for everything; at its start it is nearly always this.
        Some(1) if part == BROKER => exit::CONFIGURATION,
        _ => exit::UNAVAILABLE,
    };
    let how = code.map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
    let mut why = format!("it ended {how}; the end of {}:", folder.log(part).display());
    let words = log_file::last_words(&folder.log(part), log_from);
    if words.is_empty() {
        why.push_str(" nothing was written there");
    }
    // The last error says why it ended, also if others that share the process said more after it.
    let cause = log_file::last_error(&folder.log(part), log_from);
    for line in cause.iter().filter(|cause| !words.contains(cause)).chain(&words) {
        why.push('\n');
        why.push_str(line);
    }
    let what = match cause.filter(|_| part != BROKER) {
        Some(cause) => format!("{part} ended right after its start: {cause}"),
        None => format!("{part} ended right after its start"),
    };
    let failure = Failure::new(exit, "ended_at_start", what).why(why);
    match code {
        Some(74) => failure.mend(format!(
            "see that {} can be written and has room, then: shopctl up",
            folder.root().display()
        )),
        _ => failure.mend("mend what the log says, then: shopctl up"),
    }
}

/// What tells a running process from every other: the boot, and the moment of its start.
fn mark(pid: u32) -> Option<String> {
    match std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
        Ok(boot) => {
            let (state, start) =
                state_and_start(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
            // A zombie has ended; only its parent has not asked yet.
            (!matches!(state, 'Z' | 'X')).then(|| format!("{}:{start}", boot.trim()))
        }
        // Without /proc, as on macOS, `ps` tells the moment of the start.
        Err(_) => {
            let told =
                Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
            let text = String::from_utf8_lossy(&told.stdout).trim().to_owned();
            let (state, start) = text.split_once(' ')?;
            (!state.starts_with('Z')).then(|| start.split_whitespace().collect::<Vec<_>>().join("_"))
        }
    }
}

/// Reads the third and the 22nd field of `/proc/PID/stat`. The second is the name of the program in
/// parentheses, and may hold anything, also spaces and parentheses.
fn state_and_start(stat: &str) -> Option<(char, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_read_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 20 0";
        assert_eq!(state_and_start(stat), Some(('S', 987_654)));
        assert_eq!(state_and_start("nonsense"), None);
    }

    #[test]
    fn a_process_is_itself_and_none_that_had_its_number_before() {
        let me = Process::of(std::process::id()).unwrap();
        assert!(me.is_alive());
        assert_eq!(Process::read(&me.to_string()), Some(me.clone()));
        let earlier = Process { mark: "another-boot:1".to_owned(), ..me };
        assert!(!earlier.is_alive());
        assert_eq!(Process::read(&earlier.to_string()), None);
        assert_eq!(Process::read("nonsense"), None);
    }

    #[tokio::test]
    async fn a_process_ends_when_it_is_told_to() {
        let mut child = Command::new("/bin/sh").args(["-c", "exec sleep 60"]).spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        process.signal(Signal::Term);
        assert!(process.ended_by(Instant::now() + Duration::from_secs(5)).await);
        assert!(!process.is_alive(), "a zombie has ended");
        child.wait().unwrap();
    }
}
