//! `shopctl db recover`: a database that is older than its stream.

use std::collections::BTreeSet;
use std::path::Path;

use kit::Client;
use kit::backup::Inspected;
use kit::backup::inspect::inspect_live;
use kit::backup::recover::{Lost, take_back};
use kit::client::Stored;
use serde::Serialize;

use crate::backup::locks::take_one;
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::services;
use crate::stream::name;

/// Events that are taken back at most. A database that is older than that is put back with all others.
const LOST_MAX: u64 = 100_000;

/// Things to look at that are named on the screen; -o json has all.
const KEYS_SHOWN: usize = 20;

/// What to do with a database that is older than its stream: such a service accepts nothing
///
/// The stream still has what the database has lost of its own events, but they do not say everything that stood
/// in its tables. So the better ways are to put the newer file back, or all databases of one moment: shopctl
/// backup restore. If neither can be had, --events-only takes the events back: no number is given twice then and
/// the service works again, but what they are about is missing in it, or stands where it stood before. Every
/// such order or product is named, and a person must look at it; shopctl audit and shopctl dlq ls show the rest.
///
/// The service must be stopped, and the broker must run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl db recover order                    what is lost, and what can be done
  shopctl db recover order --events-only      take the events back, and name what to look at")]
pub(crate) struct Args {
    /// Whose database
    #[arg(value_name = "SERVICE")]
    service: String,
    /// Take the events back, although the tables do not have what they say
    #[arg(long)]
    events_only: bool,
}

/// What was found, and what was done.
#[derive(Debug, Serialize)]
struct Recovery {
    service: String,
    /// The newest event the database had.
    newest: u64,
    /// The last message of the stream.
    last: u64,
    /// Whether the events were taken back.
    taken_back: bool,
    /// What they are about.
    keys: BTreeSet<String>,
    /// What they say, by subject.
    subjects: BTreeSet<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let known = services::names();
    let service = name::among("service", &args.service, &known, "shopctl service ls")?.to_owned();
    let data = shop.folder()?.root().to_path_buf();
    let path = data.join(format!("{service}.db"));
    let _lock = take_one(&data, &service, "nothing was done")?;
    let own = inspect_live(&path, false).map_err(|error| Failure::from(error).so(path.display()))?;
    let lost = lost(&shop.asker().await?, &own).await?;
    let recovery = Recovery {
        service: service.clone(),
        newest: own.outbox_newest,
        last: own.outbox_newest + lost.len() as u64,
        taken_back: args.events_only && !lost.is_empty(),
        keys: lost.iter().map(|event| event.key.clone()).collect(),
        subjects: lost.iter().map(|event| event.subject.clone()).collect(),
    };
    if lost.is_empty() {
        return tell(shop, &recovery);
    }
    if !args.events_only {
        let (many, first) = (lost.len(), own.outbox_newest + 1);
        let what = format!(
            "nothing was done: the database has lost {many} events from {first} on, and its tables what they say"
        );
        let about = recovery.subjects.iter().cloned().collect::<Vec<_>>().join(", ");
        return Err(Failure::new(exit::REFUSED, "tables_not_recoverable", what)
            .why(format!("they are {about}, about {} things", recovery.keys.len()))
            .mend(format!("put the newer {service}.db back"))
            .mend("shopctl backup restore FOLDER --replace      all databases of one moment")
            .mend(format!("shopctl db recover {service} --events-only      go on without what they say"))
            .details(serde_json::json!(recovery)));
    }
    write(&path, &lost)?;
    tell(shop, &recovery)
}

fn write(path: &Path, lost: &[Lost]) -> Result<(), Failure> {
    take_back(path, lost).map_err(|error| Failure::from(error).so("the events were not taken back"))
}

fn tell(shop: &Shop, recovery: &Recovery) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(recovery);
    }
    let (service, newest, last) = (&recovery.service, recovery.newest, recovery.last);
    if !recovery.taken_back {
        return shop.out.line(format!(
            "Nothing is lost: {service} has told {newest} events, and its stream has no more"
        ));
    }
    shop.out.line(format!("{service} has its events up to {last} again. Look at what they are about:"))?;
    for key in recovery.keys.iter().take(KEYS_SHOWN) {
        shop.out.line(format!("  {key}"))?;
    }
    if recovery.keys.len() > KEYS_SHOWN {
        shop.out.line(format!("  and {} more: -o json names all", recovery.keys.len() - KEYS_SHOWN))?;
    }
    shop.out.next("shopctl up");
    shop.out.next("shopctl audit");
    shop.out.next("shopctl dlq ls");
    Ok(())
}

/// The messages of its stream that a database has no row of, in order.
async fn lost(client: &Client, own: &Inspected) -> Result<Vec<Lost>, Failure> {
    let stream = kit::message::stream_of(&own.service);
    let state = client.streams().await?.into_iter().find(|state| state.name == stream);
    let Some(state) = state.filter(|state| state.last > own.outbox_newest) else { return Ok(Vec::new()) };
    let diverged = |what: String| {
        Failure::new(exit::CONFLICT, "another_database", format!("nothing was done: {what}"))
            .mend("shopctl backup restore FOLDER --replace      puts back all databases of one moment")
    };
    if state.origin != own.origin {
        return Err(diverged(format!("the stream {stream} mirrors another database than this one")));
    }
    if state.last - own.outbox_newest > LOST_MAX {
        let many = state.last - own.outbox_newest;
        return Err(diverged(format!("{many} events are lost, and at most {LOST_MAX} are taken back")));
    }
    let mut lost = Vec::new();
    for sequence in own.outbox_newest + 1..=state.last {
        let message = client.message(&stream, sequence).await?;
        let Some(message) = message.filter(|message| message.origin == own.origin) else {
            return Err(diverged(format!("message {sequence} of {stream} is missing, or somebody else's")));
        };
        lost.push(of(message).map_err(diverged)?);
    }
    Ok(lost)
}

fn of(message: Stored) -> Result<Lost, String> {
    let header = |name: &str| {
        let found = message.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let sequence = message.sequence;
    let unread = |what: &str| format!("the {what} of message {sequence} cannot be read");
    Ok(Lost {
        sequence,
        trace: header(kit::wire::TRACEPARENT).parse().map_err(|_| unread("flow"))?,
        at: header(kit::wire::EVENT_TIME).parse().map_err(|_| unread("time"))?,
        id: message.id,
        subject: message.subject,
        key: message.key,
        body: message.body.to_vec(),
    })
}
