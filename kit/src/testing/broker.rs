//! A broker of one's own, on a free port, with its store in a scratch folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::caller::Caller;
use crate::client::Client;

/// How long a broker may take to start.
const START_TIME: Duration = Duration::from_secs(10);

/// A nats-server of one's own. It ends when this is dropped.
pub struct Broker {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
}

impl Broker {
    /// Starts a broker with the project's own `nats.conf`.
    ///
    /// # Panics
    /// If there is no nats-server: `NATS_SERVER`, the PATH and `target/nats-server` are looked at.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let ports = folder.path().join("ports");
        std::fs::create_dir(&ports).expect("a folder for the ports file");
        let mut broker = Self { child: None, folder, port: 0 };
        broker.spawn(&["-p", "-1", "--ports_file_dir", &ports.display().to_string()]);
        broker.port = broker.read_port(&ports);
        broker
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The folder of its streams.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port and store.
    pub fn restart(&mut self) {
        self.kill();
        let port = self.port.to_string();
        self.spawn(&["-p", &port]);
        let until = Instant::now() + START_TIME;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "the broker did not start again within {START_TIME:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A client with the rights of the operator.
    pub async fn client(&self) -> Client {
        Client::connect(&self.url(), "test", Caller::LocalOperator, Duration::from_secs(5)).await.expect("a connection")
    }

    fn spawn(&mut self, arguments: &[&str]) {
        let log = std::fs::File::create(self.folder.path().join("nats.log")).expect("a log file");
        let child = Command::new(find_server())
            .arg("-c")
            .arg(configuration())
            .args(["-a", "127.0.0.1", "-sd"])
            .arg(self.store())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("nats-server starts");
        self.child = Some(child);
    }

    /// The broker writes the file bit by bit, so it is read until it is whole.
    fn read_port(&mut self, folder: &Path) -> u16 {
        let until = Instant::now() + START_TIME;
        loop {
            let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for file in files {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                let ports: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                let url = ports["nats"][0].as_str().unwrap_or_default();
                if let Some(port) = url.rsplit(':').next().and_then(|port| port.parse().ok()) {
                    return port;
                }
            }
            let early = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            let said = || std::fs::read_to_string(self.folder.path().join("nats.log")).unwrap_or_default();
            assert!(early.is_none() && Instant::now() < until, "the broker did not start: {}", said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn configuration() -> PathBuf {
    top().join("nats.conf")
}

fn find_server() -> PathBuf {
    if let Some(named) = std::env::var_os("NATS_SERVER") {
        return named.into();
    }
    let fetched = top().join("target/nats-server/2.15.1/nats-server");
    if fetched.exists() {
        return fetched;
    }
    let on_path = std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    on_path
        .map(|folder| folder.join("nats-server"))
        .find(|program| program.exists())
        .expect("no nats-server; scripts/ensure-nats-server gets one, and scripts/test finds it by itself")
}
