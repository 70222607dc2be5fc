//! `shopctl down`: stops the shop on this machine, services first.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::output::{Output, Tone};
use crate::shop::Shop;
use crate::stack::process::{Process, Signal};
use crate::stack::{BROKER, Folder, broker};

/// How long what was told to end may take; a service itself takes at most 10 s.
const END_TIME: Duration = Duration::from_secs(12);

/// How long the system may take to end what was killed.
const KILL_TIME: Duration = Duration::from_secs(2);

/// Stop the shop on this machine; nothing is lost
///
/// Each service finishes what it has accepted, then the broker ends. What still runs after 12
/// seconds is killed; it loses nothing either, and goes on where it was at the next start.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// How a part ended.
#[derive(Debug, Serialize)]
struct Ended {
    name: String,
    pid: u32,
    killed: bool,
    #[serde(skip)]
    is_gone: bool,
}

pub(crate) async fn run(shop: &Shop, _: Args) -> Result<(), Failure> {
    let folder = shop.folder()?;
    let runs = folder.parts().iter().any(|part| folder.process(part).is_some());
    // Without a folder there is nothing to lock either.
    let _lock = if folder.run().exists() { Some(folder.lock()?) } else { None };

    let parts = folder.parts();
    let services: Vec<&str> = parts.iter().map(String::as_str).filter(|part| *part != BROKER).collect();
    let mut ended = end(&shop.out, &folder, &services).await;
    // Services answer and tell over the broker until their last moment, so it goes last.
    ended.extend(end(&shop.out, &folder, &[BROKER]).await);
    let left: Vec<String> = ended.iter().filter(|part| !part.is_gone).map(|part| part.name.clone()).collect();
    if !left.is_empty() {
        return Err(Failure::new(
            exit::OTHER,
            "not_stopped",
            format!("these still run: {}", left.join(", ")),
        )
        .why("the system did not end them; they may belong to somebody else, or hang in a broken disk"));
    }
    if folder.process(BROKER).is_none() {
        broker::forget(&folder);
    }

    if !shop.out.is_table() {
        return shop.out.json(&serde_json::json!({ "data": folder.root(), "stopped": ended }));
    }
    if runs {
        shop.out.say(format!("The shop is closed; its data stays in {}", folder.root().display()));
        shop.out.next("shopctl up");
    } else {
        shop.out.say(format!("Nothing runs in {}", folder.root().display()));
    }
    Ok(())
}

/// Ends these parts, all at once, and says how each ended.
async fn end(out: &Output, folder: &Folder, parts: &[&str]) -> Vec<Ended> {
    let began = Instant::now();
    let limit = began + END_TIME;
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
        say(out, &part, began);
        ended.push(part);
    }
    ended
}

async fn end_one(part: &str, process: Process, limit: Instant) -> Ended {
    let (mut killed, mut is_gone) = (false, process.ended_by(limit).await);
    if !is_gone {
        process.signal(Signal::Kill);
        (killed, is_gone) = (true, process.ended_by(Instant::now() + KILL_TIME).await);
    }
    Ended { name: part.to_owned(), pid: process.pid, killed, is_gone }
}

fn say(out: &Output, part: &Ended, began: Instant) {
    let (mark, tone, how) = match (part.is_gone, part.killed) {
        (true, false) => ("✓", Tone::Good, "stopped".to_owned()),
        (true, true) => {
            ("!", Tone::Warn, format!("killed, because it did not end within {} s", END_TIME.as_secs()))
        }
        (false, _) => ("✗", Tone::Bad, "still runs".to_owned()),
    };
    let time = out.paint_note(Tone::Faint, &format!("{:>6} ms", began.elapsed().as_millis()));
    out.say(format!("{} {:<14} {time}   {:<8} {how}", out.paint_note(tone, mark), part.name, part.pid));
}
