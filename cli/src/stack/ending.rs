//! Ending parts of the local shop: told to, waited for, and killed if that takes too long.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;

use super::folder::Folder;
use super::process::{Process, Signal};
use crate::failure::{Failure, exit};

/// How long what was told to end may take; a service itself takes at most 10 s.
pub(crate) const END_TIME: Duration = Duration::from_secs(12);

/// How long the system may take to end what was killed.
const KILL_TIME: Duration = Duration::from_secs(2);

/// How a part ended.
#[derive(Debug, Serialize)]
pub(crate) struct Ended {
    pub(crate) name: String,
    pub(crate) pid: u32,
    pub(crate) killed: bool,
    #[serde(skip)]
    pub(crate) is_gone: bool,
}

/// Ends these parts, all at once, and tells of each how it ended.
pub(crate) async fn end(folder: &Folder, parts: &[&str], mut told: impl FnMut(&Ended)) -> Vec<Ended> {
    let limit = Instant::now() + END_TIME;
    let mut ending = FuturesUnordered::new();
    for part in parts {
        match folder.process(part) {
            Some(process) => {
                process.signal(Signal::Term);
                ending.push(end_one(part, process, limit));
            }
            None => folder.remove(&folder.pid_file(part)),
        }
    }
    let mut ended = Vec::new();
    while let Some(part) = ending.next().await {
        if part.is_gone {
            folder.remove(&folder.pid_file(&part.name));
        }
        told(&part);
        ended.push(part);
    }
    ended
}

/// Fails if some of what was told to end still runs.
///
/// # Errors
/// 1, with their names.
pub(crate) fn check(ended: &[Ended]) -> Result<(), Failure> {
    let left: Vec<&str> = ended.iter().filter(|part| !part.is_gone).map(|part| part.name.as_str()).collect();
    if left.is_empty() {
        return Ok(());
    }
    let what = format!("these still run: {}", left.join(", "));
    Err(Failure::new(exit::OTHER, "not_stopped", what)
        .why("the system did not end them; they may belong to somebody else, or hang in a broken disk"))
}

async fn end_one(part: &str, process: Process, limit: Instant) -> Ended {
    let (mut killed, mut is_gone) = (false, process.ended_by(limit).await);
    if !is_gone {
        process.signal(Signal::Kill);
        (killed, is_gone) = (true, process.ended_by(Instant::now() + KILL_TIME).await);
    }
    Ended { name: part.to_owned(), pid: process.pid, killed, is_gone }
}
