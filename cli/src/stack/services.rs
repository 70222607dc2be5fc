//! Running the services of the local shop, and waiting until they answer.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kit::admin::GetHealth;
use kit::vitals::Health;
use kit::{Call, Client};

use super::ALL_IN_ONE;
use super::folder::Folder;
use super::log_file;
use super::nats_server::{is_program, on_path};
use super::process::Started;
use crate::failure::{Failure, exit};

/// How long all services together may take until they answer.
const READY_TIME: Duration = Duration::from_secs(20);

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
    let mut names: Vec<&'static str> = Vec::new();
    for word in contracts::words() {
        if !names.contains(&word.owner()) {
            names.push(word.owner());
        }
    }
    names
}

/// Starts what does not run: one process a service, or one for all of them.
///
/// # Errors
/// If a process cannot be started, or the services run in the other way.
pub(crate) fn start(folder: &Folder, url: &str, one_process: bool) -> Result<Vec<Part>, Failure> {
    let together = folder.process(ALL_IN_ONE).is_some();
    let apart = names().into_iter().find(|name| folder.process(name).is_some());
    if let (true, Some(service)) = (one_process, apart) {
        return Err(Failure::new(
            exit::CONFLICT,
            "runs_apart",
            "the services run already, each in a process of its own",
        )
        .why(format!("{service} does, for one"))
        .mend("shopctl down && shopctl up --one-process"));
    }
    let names = if one_process || together { vec![ALL_IN_ONE] } else { names() };
    let mut program = None;
    let mut parts = Vec::new();
    for name in names {
        if let Some(process) = folder.process(name) {
            parts.push(Part { name: name.to_owned(), pid: process.pid, started: None });
            continue;
        }
        let program = match &program {
            Some(program) => program,
            None => program.insert(find_shopd()?),
        };
        let wanted = if name == ALL_IN_ONE { "all" } else { name };
        let arguments: [&OsStr; 5] =
            [wanted.as_ref(), "--data".as_ref(), folder.root().as_ref(), "--nats".as_ref(), url.as_ref()];
        let started = Started::start(folder, name, program, &arguments, &[])?;
        parts.push(Part { name: name.to_owned(), pid: started.process.pid, started: Some(started) });
    }
    Ok(parts)
}

/// Waits until every service answers, and tells of each as it does.
///
/// # Errors
/// If one ends, or does not answer in time.
pub(crate) async fn answering(
    folder: &Folder,
    client: &Client,
    parts: &mut [Part],
    mut told: impl FnMut(Health),
) -> Result<(), Failure> {
    let limit = Instant::now() + READY_TIME;
    let mut missing = names();
    let mut asking: FuturesUnordered<_> = missing.iter().map(|service| ask(client, service)).collect();
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

/// Asks one service until it answers.
async fn ask(client: &Client, service: &str) -> Health {
    let mut timeout = ASK_TIME.0;
    loop {
        let call = Call { timeout, ..Call::default() };
        match client.call_as(&format!("{service}.health"), &GetHealth {}, call).await {
            Ok(health) => return health,
            // It may have failed at once, such as while the connection is lost.
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
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
        assert_eq!(super::names(), ["catalog", "cart", "order", "inventory", "payment", "notification"]);
    }
}
