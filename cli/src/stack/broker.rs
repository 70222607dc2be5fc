//! Running the broker of the local shop.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kit::Client;
use kit::access::Identity;
use kit::client::Link;
use kit::error::reason;
use serde::Deserialize;

use super::BROKER;
use super::folder::Folder;
use super::listen::{Certificate, Listen};
use super::mqtt;
use super::nats_server::NatsServer;
use super::process::Started;
use super::reload;
use crate::failure::{Failure, exit};

/// The port of the broker when nobody says.
const PORT_DEFAULT: u16 = 4222;

/// How long the broker may take until it answers.
const READY_TIME: Duration = Duration::from_secs(10);

/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the broker may use before it gives memory back more eagerly; nothing is refused because
/// of it. Without it, a broker on a machine with much memory lets its garbage grow. Under full load up to
/// 100 MiB of it are the newest blocks of the streams, in a flood of readings 200: what was written stays in memory for
/// ten seconds. Where that is more than this, half of its time goes into collecting what little is left.
const MEMORY_AIM: (&str, &str) = ("GOMEMLIMIT", "224MiB");

/// The processors that the broker may use at a time: the other half is for the services, which have the more to
/// do. It also hands its work from thread to thread less often.
const PROCESSORS: &str = "GOMAXPROCS";

const CONFIGURATION: &str = include_str!("../../../nats.conf");

/// Settings of the log, as far as a configuration does not say them.
const LOG_SETTINGS: [(&str, &str); 3] =
    [("logtime_utc", "true"), ("log_size_limit", "10485760"), ("logfile_max_num", "2")];

const SETTINGS_NOTE: &str = "
# Added by `shopctl up`, which writes this file anew at each start: a log begins anew at 10 MiB, and
# beside it one earlier one is kept. For changes of your own, copy the file and say
# `shopctl up --nats-conf FILE`.
";

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// The port; 0 is any that is free.
    pub(crate) port: Option<u16>,
    /// The port for MQTT; 0 is any that is free.
    pub(crate) mqtt_port: Option<u16>,
    /// The configuration file.
    pub(crate) conf: Option<PathBuf>,
    /// Where it is to listen; none: where it did, or on this machine only.
    pub(crate) listen: Option<Listen>,
}

/// A broker that answers.
pub(crate) struct Broker {
    pub(crate) client: Client,
    /// How it is reached.
    pub(crate) link: Link,
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
    /// Starts the broker if it does not run, and waits until it answers; one that runs reads its users
    /// again if they changed.
    ///
    /// # Errors
    /// If it cannot be started, or is not where its services expect it.
    pub(crate) async fn ensure(
        folder: &Folder,
        wish: &Wish,
        identity: Option<Arc<Identity>>,
    ) -> Result<Self, Failure> {
        let limit = Instant::now() + READY_TIME;
        let recorded = Listen::recorded(folder);
        if let Some(process) = folder.process(BROKER) {
            let listen = recorded.unwrap_or_default();
            if let Some(differs) = wish.listen.as_ref().filter(|wanted| **wanted != listen) {
                return Err(listens_elsewhere(differs, &listen));
            }
            reload::users(folder).await?;
            let link = link(folder, identity)?;
            let client = connect(folder, &link, limit).await?;
            return Ok(Self { client, link, pid: process.pid, is_new: false });
        }
        let listen = wish.listen.clone().or(recorded).unwrap_or_default();
        let port = choose_port(folder, wish, &listen)?;
        let server = NatsServer::find()?;
        let devices = mqtt::choose_port(folder, wish.mqtt_port, port == 0, &listen)?;
        configure(folder, wish, &listen, devices)?;
        let mut started = start(folder, &server, &listen, port)?;
        let port = loop {
            started.check(folder, BROKER)?;
            match listening_at(folder, started.process.pid) {
                Some(port) => break port,
                None if Instant::now() >= limit => return Err(silent(folder, "any port", None)),
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
        };
        folder.write(&folder.broker_url(), &format!("{}\n", listen.url(port)))?;
        listen.record(folder)?;
        mqtt::record(folder, &listen, devices)?;
        reload::note(folder)?;
        let link = link(folder, identity)?;
        let client = connect(folder, &link, limit).await?;
        started.check(folder, BROKER)?;
        Ok(Self { client, link, pid: started.process.pid, is_new: true })
    }
}

/// How the broker of a folder is reached, as it is recorded there.
///
/// # Errors
/// 11 if nothing is recorded.
pub(crate) fn link(folder: &Folder, identity: Option<Arc<Identity>>) -> Result<Link, Failure> {
    let url = folder.recorded_url().ok_or_else(|| silent(folder, "an address that is not recorded", None))?;
    let ca = Listen::recorded(folder).and_then(|listen| listen.ca);
    Ok(Link { url, name: "shopctl up".to_owned(), identity, ca })
}

/// Removes what says where the broker is, once it has ended.
pub(crate) fn forget(folder: &Folder) {
    for file in
        [folder.broker_url(), folder.pid_file(BROKER), folder.users_loaded(), folder.listen(), folder.mqtt()]
    {
        folder.remove(&file);
    }
    forget_ports(folder);
}

fn start(folder: &Folder, server: &NatsServer, listen: &Listen, port: u16) -> Result<Started, Failure> {
    let (conf, streams, run, log) = (folder.nats_conf(), folder.streams(), folder.run(), folder.log(BROKER));
    let address = listen.address.to_string();
    let port = if port == 0 { "-1".to_owned() } else { port.to_string() };
    let mut arguments: Vec<&OsStr> = vec!["-c".as_ref(), conf.as_ref(), "-a".as_ref(), address.as_ref()];
    arguments.extend(["-p".as_ref(), OsStr::new(&port), "-sd".as_ref(), streams.as_ref()]);
    arguments.extend(["--ports_file_dir".as_ref(), run.as_os_str(), "-l".as_ref(), log.as_ref()]);
    let half = half_of_the_processors();
    let aims = [(MEMORY_AIM.0, MEMORY_AIM.1), (PROCESSORS, half.as_str())];
    // Whoever sets one of them knows better.
    let variables: Vec<(&str, Option<&OsStr>)> = aims
        .into_iter()
        .filter(|(name, _)| std::env::var_os(name).is_none())
        .map(|(name, value)| (name, Some(OsStr::new(value))))
        .collect();
    forget_ports(folder);
    Started::start(folder, BROKER, &server.path, &arguments, &variables)
}

fn half_of_the_processors() -> String {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    (all / 2).max(1).to_string()
}

/// The port that was asked for; else the one where services that still run expect the broker; else
/// the usual one.
fn choose_port(folder: &Folder, wish: &Wish, listen: &Listen) -> Result<u16, Failure> {
    let waiting: Vec<String> =
        folder.parts().into_iter().filter(|part| folder.process(part).is_some()).collect();
    let expected = folder.recorded_url().filter(|_| !waiting.is_empty()).as_deref().and_then(port_of);
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
        TcpListener::bind((listen.address, port)).map_err(|error| taken(port, &error))?;
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

/// Writes the broker's configuration beside its users, which it includes: that of this project, or
/// the one that was named.
fn configure(folder: &Folder, wish: &Wish, listen: &Listen, mqtt_port: u16) -> Result<(), Failure> {
    let write = |text: &str| folder.write(&folder.nats_conf(), &with_settings(text, listen, mqtt_port));
    let Some(conf) = &wish.conf else { return write(CONFIGURATION) };
    let wrong = |code: &str, why: String| {
        let what = format!("the broker was not started: {} {why}", conf.display());
        Failure::new(exit::CONFIGURATION, code, what)
            .mend("shopctl up      without --nats-conf uses the configuration of this project")
    };
    let text = std::fs::read_to_string(conf)
        .map_err(|error| wrong("no_nats_conf", format!("cannot be read: {error}")))?;
    if !text.lines().any(includes_users) {
        let why = "does not include the users, so it would let everybody in".to_owned();
        return Err(wrong("conf_without_users", why).mend("add the line      include \"users.conf\""));
    }
    write(&text)
}

/// A configuration with what is added to it. These are no options of the program, because it would
/// refuse to read its users again if one of them was.
fn with_settings(conf: &str, listen: &Listen, mqtt_port: u16) -> String {
    let mut text = format!("{conf}{SETTINGS_NOTE}");
    let says = |name: &str| conf.lines().any(|line| line.trim_start().starts_with(name));
    for (name, value) in LOG_SETTINGS.iter().filter(|(name, _)| !says(name)) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(Certificate { file, key }) = &listen.certificate {
        let (file, key) = (file.display(), key.display());
        text.push_str(&format!("tls {{\n  cert_file: \"{file}\"\n  key_file: \"{key}\"\n  timeout: 5\n}}\n"));
    }
    if !says("mqtt") {
        text.push_str(&mqtt::settings(listen, mqtt_port));
    }
    text
}

fn includes_users(line: &str) -> bool {
    let named = line.trim().strip_prefix("include").map(|rest| rest.trim().trim_matches(['"', '\'']));
    named == Some(kit::bus::FILE)
}

fn listens_elsewhere(wanted: &Listen, listen: &Listen) -> Failure {
    let encrypted =
        |listen: &Listen| if listen.certificate.is_some() { "encrypted" } else { "in clear text" };
    let what = "the broker runs already, and listens in another way than was asked for";
    Failure::new(exit::CONFLICT, "listens_elsewhere", what)
        .why(format!(
            "it listens at {}, {}; asked for was {}, {}",
            listen.address,
            encrypted(listen),
            wanted.address,
            encrypted(wanted)
        ))
        .mend("shopctl down      then the same command again")
}

/// The port at which the broker with this process listens. It writes its file in place, so half of
/// it may be read; that is no JSON, and it is read again.
fn listening_at(folder: &Folder, pid: u32) -> Option<u16> {
    let ending = format!("_{pid}.ports");
    let file = ports_files(folder).into_iter().find(|path| path.to_string_lossy().ends_with(&ending))?;
    let ports: Ports = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    ports.nats.first().and_then(|url| port_of(url))
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

/// A broker that does not know the key will not know it in a moment either; for everything else it
/// is given time.
async fn connect(folder: &Folder, link: &Link, limit: Instant) -> Result<Client, Failure> {
    loop {
        match Client::connect(link, Duration::from_secs(1)).await {
            Ok(client) => return Ok(client),
            Err(error) if error.reason == reason::NOT_ADMITTED => {
                return Err(Failure::from(error)
                    .mend("shopctl up --seed FILE      asks with the key of an admin")
                    .mend("shopctl down && shopctl up      if the broker was started otherwise"));
            }
            Err(error) if Instant::now() >= limit => {
                return Err(silent(folder, &link.url, Some(&error.message)));
            }
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

fn silent(folder: &Folder, at: &str, why: Option<&str>) -> Failure {
    let what = format!("the broker runs, but does not answer at {at}");
    let failure = Failure::new(exit::BROKER_UNREACHABLE, "broker_silent", what)
        .mend("shopctl logs broker")
        .mend(format!("shopctl down --data {0} && shopctl up --data {0}", folder.root().display()));
    match why {
        Some(why) => failure.why(why),
        None => failure,
    }
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
