//! Making the running broker read its users and its certificate again, and waiting until it has.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use super::BROKER;
use super::folder::Folder;
use super::listen::Listen;
use super::process::Signal;
use crate::failure::{Failure, exit};
use crate::keys::Ring;

/// How long the broker may take to read its users again.
const RELOAD_TIME: Duration = Duration::from_secs(10);

/// How often its log is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How often the broker is told: what an account borrows that it has just heard of counts from the second
/// time on (nats-server 2.15.1).
const TOLD_TIMES: usize = 2;

/// What the broker writes once it has read its users again, and if it cannot.
const RELOADED: &str = "Reloaded server configuration";
const NOT_RELOADED: &str = "Failed to reload";

/// Lets the broker read its users again, if it runs and has not read them as they are, or if its
/// certificate was renewed. From then on nobody who was removed is connected. Answers whether it had to.
///
/// # Errors
/// 11 if it does not do so in time, 78 if it does not accept them; the users it knew stay in force.
pub(crate) async fn users(folder: &Folder) -> Result<bool, Failure> {
    let Some(broker) = folder.process(BROKER) else { return Ok(false) };
    let wanted = wanted(folder)?;
    if is_loaded(folder, &wanted) {
        return Ok(false);
    }
    let log = folder.log(BROKER);
    let from = std::fs::metadata(&log).map(|facts| facts.len()).unwrap_or(0);
    let limit = Instant::now() + RELOAD_TIME;
    broker.signal(Signal::Reload);
    let mut told = 1;
    loop {
        let said = said_since(&log, from);
        let done = said.matches(RELOADED).count();
        if done == told && told < TOLD_TIMES {
            broker.signal(Signal::Reload);
            told += 1;
        } else if done >= TOLD_TIMES {
            folder.write(&folder.users_loaded(), &wanted)?;
            return Ok(true);
        }
        if let Some(line) = said.lines().find(|line| line.contains(NOT_RELOADED)) {
            let what = "the broker does not accept its users; those it knew stay in force";
            return Err(Failure::new(exit::CONFIGURATION, "users_refused", what)
                .why(line.to_owned())
                .mend("shopctl down && shopctl up      starts it with them"));
        }
        if Instant::now() >= limit || !broker.is_alive() {
            let what = format!("the broker has not read its users again within {} s", RELOAD_TIME.as_secs());
            return Err(Failure::new(exit::BROKER_UNREACHABLE, "not_reloaded", what)
                .mend("shopctl logs broker")
                .mend("shopctl up      tries it again"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether the broker has read its users and its certificate as they are.
pub(crate) fn is_up_to_date(folder: &Folder) -> bool {
    wanted(folder).is_ok_and(|wanted| is_loaded(folder, &wanted))
}

fn is_loaded(folder: &Folder, wanted: &str) -> bool {
    std::fs::read_to_string(folder.users_loaded()).is_ok_and(|loaded| loaded == wanted)
}

/// Notes that the broker, which was started just now, has read everything as it is.
///
/// # Errors
/// 74 if a file cannot be read or written.
pub(super) fn note(folder: &Folder) -> Result<(), Failure> {
    folder.write(&folder.users_loaded(), &wanted(folder)?)
}

/// What the broker is to have read: its users, and its certificate, which may have been renewed.
fn wanted(folder: &Folder) -> Result<String, Failure> {
    let certificate = Listen::recorded(folder).and_then(|listen| listen.certificate);
    let mut text = String::new();
    for path in std::iter::once(Ring::of(folder).users().to_owned()).chain(certificate.map(|pem| pem.file)) {
        let read = std::fs::read_to_string(&path);
        text += &read.map_err(|error| Failure::io(format!("{} cannot be read", path.display()), &error))?;
    }
    Ok(text)
}

/// What stands in a log behind a place; all of it if it was begun anew since.
fn said_since(log: &Path, from: u64) -> String {
    let read = || {
        let mut file = std::fs::File::open(log)?;
        let from = if file.metadata()?.len() < from { 0 } else { from };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default()
}
