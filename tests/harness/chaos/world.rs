//! The shop under test: real processes, each behind a line of its own that can be bad.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kit::testing::PATIENCE;

use crate::processes::{ProcessShop, signal};
use crate::proxy::{Line, Proxy};
use crate::{Counter, NAMES};

/// How long somebody who was told to stop may take; after it they are killed, and that is written down.
const STOP_TIME: Duration = Duration::from_secs(15);

/// How often it is looked whether somebody has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What fills a disk.
const BALLAST: &str = "ballast";

/// A shop of processes, and what was done to them.
pub struct World {
    /// The processes and the broker.
    pub shop: ProcessShop,
    /// The operator, straight at the broker.
    pub counter: Counter,
    lines: BTreeMap<&'static str, Proxy>,
    /// The folder that a small disk of its own is mounted at, if there is one.
    disk: Option<PathBuf>,
    /// Who ended by themselves, and how.
    pub ended: Vec<String>,
    full: bool,
}

impl World {
    /// Opens a shop. `disk` is where a small disk is mounted, on which all of it lies.
    ///
    /// # Panics
    /// If the shop does not open.
    pub async fn open(disk: Option<PathBuf>) -> Self {
        let mut shop = ProcessShop::closed();
        let url = shop.lent_broker().url();
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let mut lines = BTreeMap::new();
        for name in NAMES {
            let proxy = Proxy::before(port).await.expect("a free port");
            shop.broker_is_at(name, proxy.url());
            lines.insert(name, proxy);
            shop.start_again(name, &[]);
        }
        let counter = Counter::on(shop.lent_broker().client().await);
        counter.until_open().await;
        Self { shop, counter, lines, disk, ended: Vec::new(), full: false }
    }

    /// Makes the line of a service so.
    pub fn line(&self, name: &str, line: Line) {
        if let Some(proxy) = self.lines.get(name) {
            proxy.becomes(line);
        }
    }

    /// The folder of the broker's streams.
    pub fn store(&self) -> PathBuf {
        self.shop.lent_broker().store()
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.shop.lent_broker().folder()
    }

    /// Sends a signal to a service, if it runs.
    pub fn signal(&mut self, name: &str, what: &str) {
        if self.shop.is_running(name)
            && let Some(pid) = self.shop.pid_of(name)
        {
            signal(what, pid);
        }
    }

    /// Sends a signal to the broker.
    pub fn signal_broker(&self, what: &str) {
        signal(what, self.shop.lent_broker().pid());
    }

    /// Tells a service to stop, and waits for its end; it is killed if that takes too long.
    pub async fn stop(&mut self, name: &'static str, times: u32) {
        for _ in 0..times {
            self.signal(name, "TERM");
        }
        let until = Instant::now() + STOP_TIME;
        while self.shop.is_running(name) {
            if Instant::now() > until {
                self.ended.push(format!("{name} did not end within {STOP_TIME:?} of SIGTERM"));
                self.shop.kill(name);
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        match self.shop.ended(name) {
            Some(status) if !status.success() => {
                self.ended.push(format!("{name} was told to stop and ended with {status}"));
            }
            _ => {}
        }
    }

    /// Tells the broker to stop, and waits for its end.
    pub async fn stop_broker(&mut self) {
        self.signal_broker("TERM");
        let url = self.shop.lent_broker().url();
        let address = url.trim_start_matches("nats://").to_owned();
        let until = Instant::now() + STOP_TIME;
        while tokio::net::TcpStream::connect(&address).await.is_ok() && Instant::now() < until {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.shop.broker().kill();
    }

    /// Starts every service that has ended, as whoever looks after a machine would, and writes down
    /// who ended by themselves.
    pub fn revive(&mut self, down: &[&str]) {
        for name in NAMES {
            if let Some(status) = self.shop.ended(name) {
                let full = if self.full { ", while the disk was full" } else { "" };
                self.ended.push(format!("{name} ended by itself with {status}{full}"));
            }
            if !down.contains(&name) && !self.shop.is_running(name) {
                self.shop.start_again(name, &[]);
            }
        }
    }

    /// Fills the disk. Answers with how much.
    ///
    /// # Errors
    /// If there is no small disk, or nothing can be written to it at all.
    pub fn fill_disk(&mut self) -> std::io::Result<u64> {
        let disk = self.disk.as_ref().ok_or_else(|| std::io::Error::other("there is no small disk"))?;
        self.full = true;
        super::damage::fill(&disk.join(BALLAST))
    }

    /// Makes room again.
    pub fn empty_disk(&mut self) {
        if let Some(disk) = &self.disk {
            let _ = std::fs::remove_file(disk.join(BALLAST));
        }
        self.full = false;
    }

    /// Whether every service answers, or who does not after a while.
    pub async fn until_open(&self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        for name in NAMES {
            while self.counter.health(name).await.is_none() {
                if Instant::now() > until {
                    return Err(format!("{name} does not answer"));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }
}
