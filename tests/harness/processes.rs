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
    running: BTreeMap<&'static str, Child>,
}

impl ProcessShop {
    /// Opens a shop of one's own.
    pub async fn open() -> (Self, Counter) {
        Self::open_on(|_| ()).await
    }

    /// The same, after something was done to the folder of the databases.
    pub async fn open_on(prepare: impl FnOnce(&Path)) -> (Self, Counter) {
        let broker = Broker::start(contracts::shop());
        let folder = broker.folder().join("data");
        std::fs::create_dir(&folder).expect("a data folder");
        prepare(&folder);
        let mut shop = Self { broker, folder, running: BTreeMap::new() };
        for name in NAMES {
            shop.start(name);
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
        let log = std::fs::File::create(self.folder.join(format!("{name}.log"))).expect("a log file");
        let child = Command::new(program("shopd"))
            .arg(name)
            .arg("--data")
            .arg(&self.folder)
            .args(["--nats", &self.broker.url()])
            .arg("--keys")
            .arg(self.broker.options(&self.folder).keys())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("shopd starts");
        self.running.insert(name, child);
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
