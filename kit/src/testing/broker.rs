//! A broker of one's own, on a free port, with its store in a scratch folder.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::keys::{Keys, OPERATOR};
use crate::access::Identity;
use crate::bus::Shop;
use crate::client::{Client, Link};
use crate::runtime::Options;

/// How long a broker may take to start.
const START_TIME: Duration = Duration::from_secs(10);

/// Starts the server, tells its number, and kills it when the pipe from the test closes. Unless it is
/// told to keep it, the folder goes too: a test that is itself killed, or ends while something
/// static still holds a broker, leaves nothing behind.
const WATCHED: &str = r#"
folder=$1; shift
"$@" </dev/null >/dev/null 2>>"$folder/nats.log" & echo $!
read -r word
kill -9 $! 2>/dev/null
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A nats-server of one's own. It ends when this is dropped.
pub struct Broker {
    watcher: Option<Child>,
    pid: u32,
    folder: TempDir,
    port: u16,
    keys: Keys,
    mqtt: Option<u16>,
}

impl Broker {
    /// Starts a broker with the project's own `nats.conf` and users for a shop: a key a service, and
    /// one for an admin.
    ///
    /// # Panics
    /// If there is no nats-server: `NATS_SERVER`, the PATH and `target/nats-server` are looked at.
    pub fn start(shop: Shop) -> Self {
        Self::start_at(shop, None)
    }

    /// The same, and it also speaks MQTT.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_with_mqtt(shop: Shop) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        Self::start_at(shop, Some(free.expect("a free port").port()))
    }

    /// The port at which it speaks MQTT.
    ///
    /// # Panics
    /// If it does not.
    pub fn mqtt_port(&self) -> u16 {
        self.mqtt.expect("a broker that speaks MQTT")
    }

    fn start_at(shop: Shop, mqtt: Option<u16>) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let mut conf = std::fs::read_to_string(configuration()).expect("a configuration");
        if let Some(port) = mqtt {
            conf.push_str(&format!("\nmqtt {{ listen: \"127.0.0.1:{port}\" }}\n"));
        }
        std::fs::write(folder.path().join("nats.conf"), conf).expect("a configuration");
        let keys = Keys::make(folder.path(), shop);
        let ports = folder.path().join("ports");
        std::fs::create_dir(&ports).expect("a folder for the ports file");
        let mut broker = Self { watcher: None, pid: 0, folder, port: 0, keys, mqtt };
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

    /// A folder for whatever belongs to this broker's world; it goes when the broker does.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        if let Some(mut watcher) = self.watcher.take() {
            if let Some(mut pipe) = watcher.stdin.take() {
                let _ = pipe.write_all(b"keep\n");
            }
            let _ = watcher.wait();
        }
    }

    /// Starts it again on the same port and store. Whoever has got the port meanwhile is waited for: it is
    /// one of those that the system gives to anybody.
    pub fn restart(&mut self) {
        self.kill();
        let port = self.port.to_string();
        let until = Instant::now() + START_TIME;
        let mut said = self.said().len();
        self.spawn(&["-p", &port]);
        while !self.answers() {
            assert!(Instant::now() < until, "the broker did not start again: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
            if self.said().get(said..).is_some_and(|new| new.contains("address already in use")) {
                self.kill();
                said = self.said().len();
                self.spawn(&["-p", &port]);
            }
        }
    }

    /// Whether a broker says something at the port, and not only somebody who has got it.
    fn answers(&self) -> bool {
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut first = [0; 4];
        let read = stream
            .set_read_timeout(Some(Duration::from_secs(1)))
            .and_then(|()| stream.read_exact(&mut first));
        read.is_ok() && &first == b"INFO"
    }

    /// A client with the rights of the operator.
    pub async fn client(&self) -> Client {
        self.client_of(OPERATOR).await
    }

    /// A client on the key of somebody.
    pub async fn client_of(&self, name: &str) -> Client {
        self.try_client_of(name).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The same, if the broker lets them in.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn try_client_of(&self, name: &str) -> crate::Result<Client> {
        Client::connect(&self.link_of(name), Duration::from_secs(5)).await
    }

    /// How somebody reaches this broker.
    pub fn link_of(&self, name: &str) -> Link {
        let identity = Identity::read(&Identity::path(&self.keys.folder(), name)).expect("a key");
        Link { url: self.url(), name: name.to_owned(), identity: Some(Arc::new(identity)), ca: None }
    }

    /// How a service finds its data, its key and this broker.
    pub fn options(&self, data: impl Into<PathBuf>) -> Options {
        Options { keys: Some(self.keys.folder()), ..Options::usual(data, self.url()) }
    }

    /// Whose keys there are.
    pub fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }

    /// Lets the broker read its users again. What an account borrows that it has just heard of counts
    /// from the second time on. Told twice at once it might read them once, so each time is waited for.
    pub fn reload(&self) {
        for _ in 0..2 {
            let times = self.reloads();
            let sent = Command::new("kill").args(["-HUP", &self.pid.to_string()]).status();
            assert!(sent.is_ok_and(|status| status.success()), "SIGHUP to the broker");
            let until = Instant::now() + START_TIME;
            while self.reloads() == times {
                assert!(Instant::now() < until, "the broker did not read its users: {}", self.said());
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// How often it has read its users again since it started.
    fn reloads(&self) -> usize {
        self.said().matches("Reloaded server configuration").count()
    }

    fn spawn(&mut self, arguments: &[&str]) {
        let mut watcher = Command::new("sh")
            .args(["-c", WATCHED, "sh"])
            .arg(self.folder.path())
            .arg(find_server())
            .arg("-c")
            .arg(self.folder.path().join("nats.conf"))
            .args(["-a", "127.0.0.1", "-sd"])
            .arg(self.store())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell starts");
        let mut line = String::new();
        let told = BufReader::new(watcher.stdout.take().expect("a pipe")).read_line(&mut line);
        self.pid =
            told.ok().and_then(|_| line.trim().parse().ok()).expect("the number of the server's process");
        self.watcher = Some(watcher);
    }

    /// The broker writes the file bit by bit, so it is read until it is whole.
    fn read_port(&self, folder: &Path) -> u16 {
        let until = Instant::now() + START_TIME;
        loop {
            for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                let ports: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                let url = ports["nats"][0].as_str().unwrap_or_default();
                if let Some(port) = url.rsplit(':').next().and_then(|port| port.parse().ok()) {
                    return port;
                }
            }
            assert!(Instant::now() < until, "the broker did not start: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("nats.log")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a request with headers of one's own making.
///
/// # Errors
/// What the service answers.
pub async fn request_with(
    nats: &async_nats::Client,
    subject: &'static str,
    headers: &[(&'static str, &str)],
    body: &'static [u8],
) -> crate::Result<bytes::Bytes> {
    let mut map = async_nats::HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, *value);
    }
    let answer = nats.request_with_headers(subject, map, body.into()).await.expect("an answer");
    match crate::wire::error_of(answer.headers.as_ref()) {
        Some(error) => Err(error),
        None => Ok(answer.payload),
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
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    on_path
        .map(|folder| folder.join("nats-server"))
        .find(|program| program.exists())
        .expect("no nats-server; scripts/ensure-nats-server gets one, and scripts/test finds it by itself")
}
