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
    /// Second instances, which stand by.
    spare: BTreeMap<&'static str, Child>,
    /// Where a service is told that the broker is, if it is not told the truth.
    addresses: BTreeMap<&'static str, String>,
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

    /// All of that: another program, variables, and something done to the folder before.
    pub async fn open_as(
        program: &'static str,
        variables: &[(&str, &str)],
        prepare: impl FnOnce(&Path),
    ) -> (Self, Counter) {
        let mut shop = Self::closed();
        shop.program = program;
        prepare(&shop.folder);
        for name in NAMES {
            shop.start_with(name, variables);
        }
        let counter = Counter::on(shop.broker.client().await);
        counter.until_open().await;
        (shop, counter)
    }

    /// A shop with a broker, of which no service runs yet.
    pub fn closed() -> Self {
        Self::closed_on(Broker::start(contracts::shop()), "shopd")
    }

    /// The same on a broker that speaks MQTT, and with another program than `shopd`.
    pub fn closed_with_mqtt(program: &'static str) -> Self {
        Self::closed_on(Broker::start_with_mqtt(contracts::shop()), program)
    }

    fn closed_on(broker: Broker, program: &'static str) -> Self {
        let folder = broker.folder().join("data");
        std::fs::create_dir(&folder).expect("a data folder");
        let (running, spare, addresses) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { broker, folder, program, running, spare, addresses }
    }

    /// Tells a service, from its next start on, that the broker is elsewhere: behind a proxy.
    pub fn broker_is_at(&mut self, name: &'static str, url: String) {
        self.addresses.insert(name, url);
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
    pub fn data(&self) -> &Path {
        &self.folder
    }

    /// Starts a service.
    pub fn start(&mut self, name: &'static str) {
        self.start_with(name, &[]);
    }

    /// Starts a service with variables. Its log begins anew.
    pub fn start_with(&mut self, name: &'static str, variables: &[(&str, &str)]) {
        let _ = std::fs::remove_file(self.log_of(name));
        self.start_again(name, variables);
    }

    /// Starts a service, whose log goes on.
    pub fn start_again(&mut self, name: &'static str, variables: &[(&str, &str)]) {
        let child = self.spawn(name, variables);
        self.running.insert(name, child);
    }

    /// Starts a second instance of a service, which stands by until the first is gone.
    pub fn start_beside(&mut self, name: &'static str) {
        let child = self.spawn(name, &[]);
        self.spare.insert(name, child);
    }

    /// From now on the second instance is the one that is meant, if there is one.
    pub fn promote(&mut self, name: &'static str) {
        if let Some(child) = self.spare.remove(name)
            && let Some(mut other) = self.running.insert(name, child)
        {
            let _ = other.kill();
            let _ = other.wait();
        }
    }

    fn spawn(&self, name: &'static str, variables: &[(&str, &str)]) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(self.log_of(name));
        let log = log.expect("a log file");
        let url = self.addresses.get(name).cloned().unwrap_or_else(|| self.broker.url());
        Command::new(program(self.program))
            .arg(name)
            .arg("--data")
            .arg(&self.folder)
            .args(["--nats", &url])
            .arg("--keys")
            .arg(self.broker.options(&self.folder).keys())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a log file"))
            .stdout(log)
            .spawn()
            .expect("the program starts")
    }

    /// The log of a service.
    pub fn log_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// What a service has said since its log began.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.log_of(name)).unwrap_or_default()
    }

    /// The process of a service, if it was started.
    pub fn pid_of(&self, name: &str) -> Option<u32> {
        self.running.get(name).map(Child::id)
    }

    /// Whether a service was started and has not ended.
    pub fn is_running(&mut self, name: &str) -> bool {
        self.running.get_mut(name).is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// How a service ended, if it did.
    pub fn end_of(&mut self, name: &str) -> Option<ExitStatus> {
        self.running.get_mut(name)?.try_wait().expect("the state of a process")
    }

    /// How a service ended by itself, if it did: it is no longer one that was started.
    pub fn ended(&mut self, name: &'static str) -> Option<ExitStatus> {
        let status = self.end_of(name)?;
        self.running.remove(name);
        Some(status)
    }

    /// Sends a service a signal, and does not wait for what comes of it.
    pub fn signal(&self, name: &str, signal_name: &str) {
        signal(signal_name, self.running.get(name).expect("a running service").id());
    }

    /// Kills a service at once, if it was started and has not ended.
    pub fn kill(&mut self, name: &str) {
        if let Some(mut child) = self.running.remove(name) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Kills a service at once, and starts it again.
    pub fn kill_and_restart(&mut self, name: &'static str) {
        self.kill(name);
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
        for child in self.running.values_mut().chain(self.spare.values_mut()) {
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
    let own = std::env::current_exe().expect("the path of this program");
    // A test stands one folder deeper than the programs do.
    let beside = own.ancestors().nth(1).expect("a folder").join(name);
    let program =
        if beside.exists() { beside } else { own.ancestors().nth(2).expect("the target folder").join(name) };
    assert!(program.exists(), "{} is not built; run scripts/test, which builds it first", program.display());
    program
}
