//! Running the broker of the local shop.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kit::{Caller, Client};
use serde::Deserialize;

use super::BROKER;
use super::folder::Folder;
use super::nats_server::NatsServer;
use super::process::Started;
use crate::failure::{Failure, exit};

/// The port of the broker when nobody says.
const PORT_DEFAULT: u16 = 4222;

/// How long the broker may take until it answers.
const READY_TIME: Duration = Duration::from_secs(10);

/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The size at which the broker begins a new log, in bytes.
const LOG_BYTES_MAX: &str = "10485760";

/// What the broker may use before it gives memory back more eagerly; nothing is refused because
/// of it. Without it, a broker on a machine with much memory lets its garbage grow.
const MEMORY_AIM: (&str, &str) = ("GOMEMLIMIT", "256MiB");

const CONFIGURATION: &str = concat!(
    include_str!("../../../nats.conf"),
    "\n# Added by `shopctl up`, which writes this file anew at each start: beside the log, one earlier
# one is kept. For changes of your own, copy the file and say `shopctl up --nats-conf FILE`.
logfile_max_num: 2\n"
);

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// The port; 0 is any that is free.
    pub(crate) port: Option<u16>,
    /// The configuration file.
    pub(crate) conf: Option<PathBuf>,
}

/// A broker that answers.
pub(crate) struct Broker {
    pub(crate) client: Client,
    pub(crate) url: String,
    pub(crate) pid: u32,
    /// Whether it was started just now.
    pub(crate) is_new: bool,
}

/// The file in which the broker writes where it listens.
#[derive(Deserialize)]
struct Ports {
    #[serde(default)]
    nats: Vec<String>,
}

impl Broker {
    /// Starts the broker if it does not run, and waits until it answers.
    ///
    /// # Errors
    /// If it cannot be started, or is not where its services expect it.
    pub(crate) async fn ensure(folder: &Folder, wish: &Wish) -> Result<Self, Failure> {
        let limit = Instant::now() + READY_TIME;
        let recorded = folder.recorded_url();
        if let Some(process) = folder.process(BROKER) {
            let url = recorded.ok_or_else(|| silent(folder, "an address that is not recorded"))?;
            let client = connect(&url, limit).await.ok_or_else(|| silent(folder, &url))?;
            return Ok(Self { client, url, pid: process.pid, is_new: false });
        }
        let port = choose_port(folder, wish, recorded.as_deref())?;
        let server = NatsServer::find()?;
        let conf = configuration(folder, wish)?;
        let mut started = start(folder, &server, &conf, port)?;
        let url = loop {
            started.check(folder, BROKER)?;
            match listening_at(folder, started.process.pid) {
                Some(url) => break url,
                None if Instant::now() >= limit => return Err(silent(folder, "any port")),
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
        };
        folder.write(&folder.broker_url(), &format!("{url}\n"))?;
        let client = connect(&url, limit).await.ok_or_else(|| silent(folder, &url))?;
        started.check(folder, BROKER)?;
        Ok(Self { client, url, pid: started.process.pid, is_new: true })
    }
}

/// Removes what says where the broker is, once it has ended.
pub(crate) fn forget(folder: &Folder) {
    folder.remove(&folder.broker_url());
    folder.remove(&folder.pid_file(BROKER));
    forget_ports(folder);
}

fn start(folder: &Folder, server: &NatsServer, conf: &Path, port: u16) -> Result<Started, Failure> {
    let (streams, run, log) = (folder.streams(), folder.run(), folder.log(BROKER));
    let port = if port == 0 { "-1".to_owned() } else { port.to_string() };
    let arguments: [&OsStr; 15] = [
        "-c".as_ref(),
        conf.as_ref(),
        "-a".as_ref(),
        "127.0.0.1".as_ref(),
        "-p".as_ref(),
        port.as_ref(),
        "-sd".as_ref(),
        streams.as_ref(),
        "--ports_file_dir".as_ref(),
        run.as_ref(),
        "-l".as_ref(),
        log.as_ref(),
        "--logtime_utc".as_ref(),
        "--log_size_limit".as_ref(),
        LOG_BYTES_MAX.as_ref(),
    ];
    let said = std::env::var_os(MEMORY_AIM.0).is_some();
    let aim = [(MEMORY_AIM.0, OsStr::new(MEMORY_AIM.1))];
    let variables: &[(&str, &OsStr)] = if said { &[] } else { &aim };
    forget_ports(folder);
    Started::start(folder, BROKER, &server.path, &arguments, variables)
}

/// The port that was asked for; else the one where services that still run expect the broker; else
/// the usual one.
fn choose_port(folder: &Folder, wish: &Wish, recorded: Option<&str>) -> Result<u16, Failure> {
    let waiting: Vec<String> =
        folder.parts().into_iter().filter(|part| folder.process(part).is_some()).collect();
    let expected = recorded.filter(|_| !waiting.is_empty()).and_then(port_of);
    let port = match (wish.port, expected) {
        (Some(wanted), Some(expected)) if wanted != 0 && wanted != expected => {
            let what = format!(
                "the broker was not started at port {wanted}: services still run and expect it at {expected}"
            );
            return Err(Failure::new(exit::CONFLICT, "port_differs", what)
                .why(format!("running: {}", waiting.join(", ")))
                .mend("shopctl up      without --port")
                .mend(format!("shopctl down && shopctl up --port {wanted}")));
        }
        (_, Some(expected)) => expected,
        (wanted, None) => wanted.unwrap_or(PORT_DEFAULT),
    };
    if port != 0 {
        // Let go of at once; the broker itself says so if somebody is quicker.
        TcpListener::bind(("127.0.0.1", port)).map_err(|error| taken(port, &error))?;
    }
    Ok(port)
}

fn taken(port: u16, error: &std::io::Error) -> Failure {
    let url = format!("nats://127.0.0.1:{port}");
    match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure::new(
            exit::CONFIGURATION,
            "port_taken",
            format!("the broker was not started: another program has port {port}"),
        )
        .mend("shopctl up --port 0      takes any port that is free")
        .mend(format!("shopctl --nats {url} status      if it is the broker of another shop")),
        _ => Failure::new(
            exit::CONFIGURATION,
            "port_unusable",
            format!("the broker was not started: port {port} cannot be used: {error}"),
        )
        .mend("shopctl up --port 0      takes any port that is free"),
    }
}

fn configuration(folder: &Folder, wish: &Wish) -> Result<PathBuf, Failure> {
    let Some(conf) = &wish.conf else {
        let path = folder.nats_conf();
        folder.write(&path, CONFIGURATION)?;
        return Ok(path);
    };
    let wrong = |error: &std::io::Error| {
        let what = format!("the broker was not started: {} cannot be read: {error}", conf.display());
        Failure::new(exit::CONFIGURATION, "no_nats_conf", what)
            .mend("shopctl up      without --nats-conf uses the configuration of this project")
    };
    std::fs::File::open(conf).map_err(|error| wrong(&error))?;
    std::path::absolute(conf).map_err(|error| wrong(&error))
}

/// Where the broker with this process listens. It writes its file in place, so half of it may be
/// read; that is no JSON, and it is read again.
fn listening_at(folder: &Folder, pid: u32) -> Option<String> {
    let ending = format!("_{pid}.ports");
    let file = ports_files(folder).into_iter().find(|path| path.to_string_lossy().ends_with(&ending))?;
    let ports: Ports = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    ports.nats.into_iter().next()
}

fn ports_files(folder: &Folder) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.run()) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "ports")).collect()
}

/// A broker that is killed leaves its file behind.
fn forget_ports(folder: &Folder) {
    for path in ports_files(folder) {
        folder.remove(&path);
    }
}

async fn connect(url: &str, limit: Instant) -> Option<Client> {
    loop {
        let connected =
            Client::connect(url, "shopctl up", Caller::LocalOperator, Duration::from_secs(1)).await;
        match connected {
            Ok(client) => return Some(client),
            Err(_) if Instant::now() >= limit => return None,
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

fn silent(folder: &Folder, at: &str) -> Failure {
    let what = format!("the broker runs, but does not answer at {at}");
    Failure::new(exit::BROKER_UNREACHABLE, "broker_silent", what)
        .mend("shopctl logs broker")
        .mend(format!("shopctl down --data {0} && shopctl up --data {0}", folder.root().display()))
}

fn port_of(url: &str) -> Option<u16> {
    url.rsplit_once(':')?.1.trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_an_address() {
        assert_eq!(port_of("nats://127.0.0.1:36329"), Some(36329));
        assert_eq!(port_of("nats://127.0.0.1"), None);
    }

    #[test]
    fn a_taken_port_says_how_to_go_on() {
        let failure = taken(4222, &std::io::ErrorKind::AddrInUse.into());
        assert_eq!((failure.exit(), failure.code()), (exit::CONFIGURATION, "port_taken"));
        assert!(failure.lines().iter().any(|(_, line)| line.contains("--port 0")));
    }
}
