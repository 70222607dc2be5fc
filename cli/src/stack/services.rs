//! Running the services of the local shop, and waiting until they answer.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kit::admin::GetHealth;
use kit::client::Link;
use kit::vitals::Health;
use kit::{Call, Client};

use super::ALL_IN_ONE;
use super::folder::Folder;
use super::log_file;
use super::nats_server::{is_program, on_path};
use super::process::Started;
use crate::failure::{Failure, exit};
use crate::output::Tone;

/// How long all services together may take until they answer.
const READY_TIME: Duration = Duration::from_secs(20);

/// How long a service that answers may take until its parts are in order: at the very first start
/// each waits for the streams of the others.
const SETTLE_TIME: Duration = Duration::from_secs(5);

/// How often the processes are looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long the first answer may take before a service is asked again, and the longest.
const ASK_TIME: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(2));

/// A process that holds one service, or all of them.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) pid: u32,
    /// None: it was running before.
    pub(crate) started: Option<Started>,
}

/// The services of the shop, in the order of an order's life.
pub(crate) fn names() -> Vec<&'static str> {
    contracts::services().collect()
}

/// The services that a shop has: all of them, without those of devices if it never had them, so that they neither answer
/// nor have a stream. If the broker does not say what streams there are, all are expected.
pub(crate) async fn of(client: &Client, wait: Duration) -> Vec<&'static str> {
    let streams = tokio::time::timeout(wait, client.streams()).await;
    let Ok(Ok(streams)) = streams else { return names() };
    let has_stream = |name: &str| {
        let own = kit::message::stream_of(name);
        streams.iter().any(|stream| stream.name == own)
    };
    let mut all = Vec::new();
    for name in names() {
        if !contracts::OF_DEVICES.contains(&name) || has_stream(name) || answers(client, name, wait).await {
            all.push(name);
        }
    }
    all
}

async fn answers(client: &Client, name: &str, wait: Duration) -> bool {
    let call = Call { timeout: wait, ..Call::default() };
    let answer = client.call_once(&format!("{name}.health"), "{}".into(), call).await;
    !matches!(answer, Err(error) if error.reason == kit::error::reason::NO_RESPONDERS)
}

/// The colour of a service, the same wherever it is named.
pub(crate) fn tone(service: &str) -> Tone {
    let place = names().iter().position(|name| *name == service);
    Tone::Hue(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX))
}

/// How the services are to be started: decided before anything is.
#[derive(Debug)]
pub(crate) struct Plan {
    parts: Vec<&'static str>,
    /// The program; none if nothing has to be started.
    program: Option<PathBuf>,
}

impl Plan {
    /// One process a service, or one for all of them; as they run already, if some do.
    ///
    /// # Errors
    /// If they run in the other way than was asked for, or there is no program to start.
    pub(crate) fn make(folder: &Folder, one_process: bool) -> Result<Self, Failure> {
        let apart = names().into_iter().find(|name| folder.process(name).is_some());
        if let (true, Some(service)) = (one_process, apart) {
            let what = "the services run already, each in a process of its own";
            return Err(Failure::new(exit::CONFLICT, "runs_apart", what)
                .why(format!("{service} does, for one"))
                .mend("shopctl down && shopctl up --one-process"));
        }
        let together = one_process || folder.process(ALL_IN_ONE).is_some();
        let parts = if together { vec![ALL_IN_ONE] } else { names() };
        let is_complete = parts.iter().all(|part| folder.process(part).is_some());
        Ok(Self { program: if is_complete { None } else { Some(find_shopd()?) }, parts })
    }

    /// One part, which is being started again.
    ///
    /// # Errors
    /// If there is no program to start.
    pub(crate) fn only(part: &'static str) -> Result<Self, Failure> {
        Ok(Self { parts: vec![part], program: Some(find_shopd()?) })
    }

    /// Starts what does not run.
    ///
    /// # Errors
    /// If a process cannot be started.
    pub(crate) fn start(&self, folder: &Folder, link: &Link) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for name in &self.parts {
            let part = match (folder.process(name), &self.program) {
                (None, Some(program)) => {
                    let started = start(folder, name, program, link)?;
                    Part { name: (*name).to_owned(), pid: started.process.pid, started: Some(started) }
                }
                (running, _) => {
                    let pid = running.map(|process| process.pid).unwrap_or_default();
                    Part { name: (*name).to_owned(), pid, started: None }
                }
            };
            parts.push(part);
        }
        Ok(parts)
    }
}

/// Nothing secret stands in the arguments or the environment: a service reads its key from the folder
/// of the keys.
fn start(folder: &Folder, name: &str, program: &Path, link: &Link) -> Result<Started, Failure> {
    let wanted = if name == ALL_IN_ONE { "all" } else { name };
    let (data, keys, log) = (folder.root(), folder.keys(), folder.log(name));
    let mut arguments: Vec<&OsStr> = vec![wanted.as_ref(), "--data".as_ref(), data.as_ref()];
    arguments.extend(["--keys".as_ref(), keys.as_os_str(), "--nats".as_ref(), link.url.as_ref()]);
    if let Some(ca) = &link.ca {
        arguments.extend(["--nats-ca".as_ref(), ca.as_os_str()]);
    }
    // What this shopctl itself was told about another broker is not meant for the services.
    let variables =
        [("SHOP_LOG_FILE", Some(log.as_os_str())), ("SHOP_NATS_CA", None), ("SHOP_SEED_FILE", None)];
    Started::start(folder, name, program, &arguments, &variables)
}

/// Waits until these services answer, and tells of each as it does.
///
/// # Errors
/// If one ends, or does not answer in time.
pub(crate) async fn answering(
    folder: &Folder,
    client: &Client,
    names: &[&'static str],
    parts: &mut [Part],
    mut told: impl FnMut(Health),
) -> Result<(), Failure> {
    let limit = Instant::now() + READY_TIME;
    let mut missing = names.to_vec();
    let mut asking: FuturesUnordered<_> = names.iter().map(|service| ask(client, service)).collect();
    loop {
        for part in parts.iter_mut() {
            if let Some(started) = &mut part.started {
                started.check(folder, &part.name)?;
            }
        }
        if Instant::now() >= limit {
            return Err(silent(folder, &missing));
        }
        match tokio::time::timeout(LOOK_EVERY, asking.next()).await {
            Ok(Some(health)) => {
                missing.retain(|service| *service != health.service);
                told(health);
            }
            Ok(None) => return Ok(()),
            Err(_) => {}
        }
    }
}

/// Asks one service until it answers that its parts are in order. A part that stays in trouble is no
/// reason to wait for ever: the answer then says so.
async fn ask(client: &Client, service: &str) -> Health {
    let mut timeout = ASK_TIME.0;
    let mut first_answer = None;
    loop {
        let call = Call { timeout, ..Call::default() };
        if let Ok(health) =
            client.call_as::<_, Health>(&format!("{service}.health"), &GetHealth {}, call).await
        {
            let since = *first_answer.get_or_insert_with(Instant::now);
            if health.parts.values().all(|state| state == "ok") || since.elapsed() > SETTLE_TIME {
                return health;
            }
        }
        // It may have failed at once, such as while the connection is lost.
        tokio::time::sleep(LOOK_EVERY).await;
        timeout = (timeout * 2).min(ASK_TIME.1);
    }
}

fn silent(folder: &Folder, missing: &[&str]) -> Failure {
    let what = format!("within {} s no answer came from {}", READY_TIME.as_secs(), missing.join(", "));
    let mut why = String::from("the last they said:");
    for service in missing {
        for line in log_file::last_words(&folder.log(service), 0).iter().rev().take(2).rev() {
            why.push_str(&format!("\n{service}: {line}"));
        }
    }
    Failure::new(exit::UNAVAILABLE, "not_ready", what)
        .why(why)
        .mend(format!("shopctl logs {}", missing.join(" ")))
        .mend("shopctl up      goes on where this one stopped")
}

/// The program that holds the services: what `SHOPD` names, else the one beside this program, else
/// the first on the PATH.
fn find_shopd() -> Result<PathBuf, Failure> {
    let missing = |what: String| {
        Failure::new(exit::CONFIGURATION, "no_shopd", what)
            .mend("cargo build      in a checkout of this project makes it, beside shopctl")
            .mend("or set SHOPD to its path")
    };
    if let Some(named) = std::env::var_os("SHOPD").filter(|named| !named.is_empty()) {
        let path = Path::new(&named);
        let is_usable = is_program(path);
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        return if is_usable {
            Ok(path)
        } else {
            Err(missing(format!("SHOPD names no program: {}", path.display())))
        };
    }
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name("shopd"));
    beside
        .filter(|path| is_program(path))
        .or_else(|| on_path("shopd"))
        .ok_or_else(|| missing("the services were not started: there is no shopd".to_owned()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_services_are_those_that_contracts_name() {
        assert_eq!(
            super::names(),
            [
                "streams",
                "auth",
                "catalog",
                "cart",
                "order",
                "inventory",
                "payment",
                "notification",
                "analytics",
                "device",
                "ingest",
                "telemetry",
                "alert",
            ]
        );
    }
}
