//! The services as processes of their own, for tests that kill them.

mod harm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use kit::testing::Broker;

use crate::{Counter, NAMES};

/// A shop as it runs on a machine: a broker, and a process a service.
pub struct ProcessShop {
    broker: Broker,
    folder: PathBuf,
    program: &'static str,
    running: BTreeMap<&'static str, Child>,
}

impl ProcessShop {
    /// Opens a shop of one's own.
    pub async fn open() -> (Self, Counter) {
        Self::open_as("shopd", &[], |_| ()).await
    }

    /// The same with another program than `shopd`, and with variables for every service at its first start.
    pub async fn open_with(program: &'static str, variables: &[(&str, &str)]) -> (Self, Counter) {
        Self::open_as(program, variables, |_| ()).await
    }

    /// The same, after something was done to the folder of the databases.
    pub async fn open_on(prepare: impl FnOnce(&Path)) -> (Self, Counter) {
        Self::open_as("shopd", &[], prepare).await
    }

    async fn open_as(
        program: &'static str,
        variables: &[(&str, &str)],
        prepare: impl FnOnce(&Path),
    ) -> (Self, Counter) {
        let broker = Broker::start(contracts::shop());
        let folder = broker.folder().join("data");
        std::fs::create_dir(&folder).expect("a data folder");
        prepare(&folder);
        let mut shop = Self { broker, folder, program, running: BTreeMap::new() };
        for name in NAMES {
            shop.start_with(name, variables);
        }
        let counter = Counter::on(shop.broker.client().await);
        counter.until_open().await;
        (shop, counter)
    }

    /// The broker.
    pub fn broker(&mut self) -> &mut Broker {
        &mut self.broker
    }

    /// The broker, to look at or to connect to.
    pub fn lent_broker(&self) -> &Broker {
        &self.broker
    }

    /// The folder of the databases.
    pub fn data(&self) -> &std::path::Path {
        &self.folder
    }

    /// Starts a service.
    pub fn start(&mut self, name: &'static str) {
        self.start_with(name, &[]);
    }

    /// Starts a service with variables.
    pub fn start_with(&mut self, name: &'static str, variables: &[(&str, &str)]) {
        let log = std::fs::File::create(self.folder.join(format!("{name}.log"))).expect("a log file");
        let child = Command::new(program(self.program))
            .arg(name)
            .arg("--data")
            .arg(&self.folder)
            .args(["--nats", &self.broker.url()])
            .arg("--keys")
            .arg(self.broker.options(&self.folder).keys())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        self.running.insert(name, child);
    }

    /// What a service has said since it was started last.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default()
    }

    /// How a service ended, if it did.
    pub fn end_of(&mut self, name: &str) -> Option<ExitStatus> {
        self.running.get_mut(name)?.try_wait().expect("the state of a process")
    }

    /// Sends a service a signal, and does not wait for what comes of it.
    pub fn signal(&self, name: &str, signal_name: &str) {
        signal(signal_name, self.running.get(name).expect("a running service").id());
    }

    /// Kills a service at once, unless it has ended.
    pub fn kill(&mut self, name: &str) {
        if let Some(mut child) = self.running.remove(name) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Kills a service at once, and starts it again.
    pub fn kill_and_restart(&mut self, name: &'static str) {
        if let Some(mut child) = self.running.remove(name) {
            child.kill().expect("a process to kill");
            let _ = child.wait();
        }
        self.start(name);
    }

    /// Tells a service to stop, and waits for its end.
    pub fn stop(&mut self, name: &'static str) -> ExitStatus {
        let mut child = self.running.remove(name).expect("a running service");
        signal("TERM", child.id());
        child.wait().expect("an end")
    }
}

impl Drop for ProcessShop {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal to a process. The standard library can only kill.
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} to {pid}");
}

/// A program of this project, beside the test that runs.
///
/// # Panics
/// If it was not built; `scripts/test` builds it first.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let program = test.ancestors().nth(2).expect("the target folder").join(name);
    assert!(program.exists(), "{} is not built; run scripts/test, which builds it first", program.display());
    program
}
