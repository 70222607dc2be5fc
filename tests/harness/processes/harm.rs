//! What tests do to a single process: limits, a second one of the same kind, waiting for its end.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use kit::testing::eventually;

use super::{ProcessShop, program};

impl ProcessShop {
    /// Starts a service from a shell that has run a line before, such as `ulimit -n 20`.
    pub fn start_after(&mut self, name: &'static str, line: &str) {
        let folder = self.folder.clone();
        let child = self.spawn_after(name, &folder, line);
        self.running.insert(name, child);
    }

    /// Starts a service once more, on a folder of its own choice. It is killed when the answer is dropped.
    pub fn second(&self, name: &str, folder: &std::path::Path) -> Second {
        Second(self.spawn_after(name, folder, ":"))
    }

    fn spawn_after(&self, name: &str, folder: &std::path::Path, line: &str) -> Child {
        let log =
            std::fs::File::options().create(true).append(true).open(self.harm_log(name)).expect("a log file");
        Command::new("sh")
            .args(["-c", &format!("{line}; exec \"$@\""), "sh"])
            .arg(program("shopd"))
            .arg(name)
            .arg("--data")
            .arg(folder)
            .args(["--nats", &self.broker.url()])
            .arg("--keys")
            .arg(self.broker.options(folder).keys())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("shopd starts")
    }

    fn harm_log(&self, name: &str) -> PathBuf {
        self.broker.folder().join(format!("{name}.harm.log"))
    }

    /// What a service has said that was started here.
    pub fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.harm_log(name)).unwrap_or_default()
    }

    /// The process of a service.
    pub fn pid(&self, name: &str) -> u32 {
        self.running[name].id()
    }

    /// Waits until a service ends by itself.
    pub async fn ends(&mut self, name: &str) -> ExitStatus {
        let mut child = self.running.remove(name).expect("a running service");
        eventually(&format!("{name} ends"), || {
            let ended = child.try_wait().expect("a child");
            async move { ended }
        })
        .await
    }
}

/// A process beside the one of its kind.
pub struct Second(Child);

impl Second {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child")
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
