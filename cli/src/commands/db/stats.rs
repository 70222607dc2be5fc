//! `shopctl db stats`: how large the databases are, and of what.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kit::backup::{facts, pages, rows, told_since};
use serde::Serialize;

use super::meant;
use crate::failure::{Failure, exit};
use crate::output::Table;
use crate::row;
use crate::shop::Shop;
use crate::status::bytes;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Tables that are named in the table: those with the most rows.
const TABLES_SHOWN: usize = 3;

/// Show how large the databases of this machine are, and of what
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl db stats
  shopctl db stats order -o json | jq '.items[].rows'")]
pub(crate) struct Args {
    /// Only of these services
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

/// One database.
#[derive(Debug, Serialize)]
struct Stats {
    service: String,
    bytes: u64,
    /// The write-ahead log beside it.
    log_bytes: u64,
    /// Room in the file that is used again before it grows.
    free_bytes: u64,
    /// The oldest and the newest event that is kept.
    oldest_event: u64,
    newest_event: u64,
    /// Events of the last 24 hours.
    events_last_day: u64,
    rows: BTreeMap<String, u64>,
}

pub(crate) fn run(shop: &Shop, args: &Args) -> Result<(), Failure> {
    let data = shop.folder()?.root().to_path_buf();
    let mut all = Vec::new();
    for service in meant(&args.services)? {
        let path = data.join(format!("{service}.db"));
        if path.exists() {
            all.push(of(shop, service, &path).map_err(|error| Failure::from(error).so(path.display()))?);
        }
    }
    if all.is_empty() {
        let what = format!("there are no databases in {}", data.display());
        return Err(Failure::new(exit::NOT_FOUND, "no_databases", what)
            .mend("shopctl db stats --data FOLDER")
            .mend("shopctl up      opens a shop there"));
    }
    shop.out.list(&all, |all| {
        let rows = all.iter().map(|one| {
            let mut tables: Vec<(&String, &u64)> = one.rows.iter().collect();
            tables.sort_by_key(|(name, rows)| (std::cmp::Reverse(**rows), (*name).clone()));
            let most = tables.iter().take(TABLES_SHOWN).map(|(name, rows)| format!("{name} {rows}"));
            let events = (one.newest_event + 1).saturating_sub(one.oldest_event);
            row![
                &one.service,
                bytes(Some(one.bytes)),
                bytes(Some(one.log_bytes)),
                bytes(Some(one.free_bytes)),
                events,
                one.events_last_day,
                most.collect::<Vec<_>>().join(", ")
            ]
        });
        let table = Table::new(&["SERVICE", "SIZE", "LOG", "FREE", "EVENTS", "LAST DAY", "MOST ROWS"]);
        table.right(&[1, 2, 3, 4, 5]).rows(rows)
    })
}

fn of(shop: &Shop, service: &str, path: &Path) -> kit::Result<Stats> {
    let known = facts(path)?;
    let (size, count, free) = pages(path)?;
    let log = kit::engine::check::log_of(path);
    Ok(Stats {
        service: service.to_owned(),
        bytes: size * count,
        log_bytes: std::fs::metadata(log).map_or(0, |facts| facts.len()),
        free_bytes: size * free,
        oldest_event: known.oldest,
        newest_event: known.newest,
        events_last_day: told_since(path, shop.now() - A_DAY)?,
        rows: rows(path)?,
    })
}
