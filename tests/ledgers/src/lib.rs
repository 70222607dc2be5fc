//! Everything that the databases of a shop say, gathered for the rules of `cli::books`.
//!
//! Used by whoever can read databases: the simulation hands its own over, tests that break processes read the
//! files. Nothing is changed, and no service is asked. What only others know, such as what buyers were told and
//! what the streams hold, is for them to add to [`Everything`].

use std::path::Path;

use cli::books::Fault;
use cli::books::heard::{Hearer, Teller};
use cli::books::notices::Notice;
use cli::books::replies::Kept;
use cli::books::secrets::{Scanner, faults as leaks};
use cli::books::whole::Everything;
use contracts::order::OrderView;
use kit::engine::written;
use kit::message::stream_of;
use kit::{Result, Service, Sql, Timestamp};
use notification::audit::Message;

/// Bytes of a file that are looked at at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Adds what the database of a service says.
///
/// # Errors
/// If its tables cannot be read.
pub fn add(all: &mut Everything, service: &Service, sql: &Sql<'_>) -> Result<()> {
    let name = service.name();
    let (stream, origin) = (stream_of(name), written::origin(sql)?);
    all.tellers.push(Teller { stream, origin, rows: written::told(sql)? });
    all.hearers.push(hearer(service, sql)?);
    match name {
        "order" => {
            all.orders = order::audit::orders(sql)?;
            all.kept = kept(name, sql)?;
        }
        "inventory" => {
            all.holds = inventory::audit::holds(sql)?;
            all.stock = inventory::audit::sums(sql)?;
        }
        "payment" => {
            all.payments = payment::audit::payments(sql)?;
            all.sums = payment::audit::sums(sql)?;
        }
        "notification" => {
            all.notices = notification::audit::messages(sql)?.into_iter().map(notice).collect();
            all.all_notices = true;
        }
        _ => {}
    }
    Ok(())
}

/// What the databases in a folder say, of a shop with the built-in provider, whose ledger is judged too. `quiet`:
/// nothing is on its way any more.
///
/// # Errors
/// If a database is not there or cannot be read.
pub fn of_files(folder: &Path, services: &[Service], now: Timestamp, quiet: bool) -> Result<Everything> {
    let mut all = Everything { now, quiet, ..Everything::default() };
    for service in services {
        let file = folder.join(format!("{}.db", service.name()));
        written::read(&file, |sql| add(&mut all, service, sql))?;
    }
    all.by_sums();
    Ok(all)
}

/// Cards and secrets in every file of a folder and below it. A secret is a name and its bytes.
///
/// # Errors
/// If a file cannot be read. One that goes away meanwhile is passed over.
pub fn secrets_in(folder: &Path, secrets: &[(&str, &[u8])]) -> std::io::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            faults.extend(secrets_in(&path, secrets)?);
        } else if path.is_file() {
            faults.extend(secrets_of(&path, secrets)?);
        }
    }
    Ok(faults)
}

fn secrets_of(path: &Path, secrets: &[(&str, &[u8])]) -> std::io::Result<Vec<Fault>> {
    use std::io::Read;
    let mut file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let (mut scanner, mut piece) = (Scanner::new(secrets.iter().copied()), vec![0; PIECE_BYTES]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(leaks(&path.display().to_string(), &scanner.finish())),
            read => scanner.feed(&piece[..read]),
        }
    }
}

fn hearer(service: &Service, sql: &Sql<'_>) -> Result<Hearer> {
    let subjects = |all: Vec<&'static str>| all.into_iter().map(str::to_owned).collect();
    let hears = service.sources().into_iter().map(|(source, all)| (stream_of(source), subjects(all)));
    Ok(Hearer {
        service: service.name().to_owned(),
        hears: hears.collect(),
        acted: written::heard(sql)?,
        positions: written::positions(sql)?,
        journal_from_us: written::journal_from(sql)?,
    })
}

/// Answers that name an order. Others, such as a page of them, do not read as one.
fn kept(service: &str, sql: &Sql<'_>) -> Result<Vec<Kept>> {
    let order = |kept: written::Kept| {
        let said: OrderView = serde_json::from_slice(&kept.body).ok()?;
        Some(Kept { service: service.to_owned(), key: kept.key, said })
    };
    Ok(written::kept(sql)?.into_iter().filter_map(order).collect())
}

/// Of every try that did not end well, nobody may know whether the channel has the message.
fn notice(found: Message) -> Notice {
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    let (handed_over, unknown) = (count(found.handed_over()), count(found.failed()));
    let message = found.message;
    Notice {
        about: message.about,
        happening: message.happening,
        recipient: message.recipient,
        asked: message.generation,
        handed_over,
        unknown,
    }
}
