//! `shopctl db stats`: how large the databases are, and of what.

use std::path::Path;
use std::time::Duration;

use kit::backup::stats::{self, stats};
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
struct Of {
    service: String,
    /// The write-ahead log beside it, in bytes.
    log_bytes: u64,
    /// `events_since` are those of the last 24 hours.
    #[serde(flatten)]
    stats: stats::Stats,
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
            let stats = &one.stats;
            let mut tables: Vec<(&String, &u64)> = stats.rows.iter().collect();
            tables.sort_by_key(|(name, rows)| (std::cmp::Reverse(**rows), (*name).clone()));
            let most = tables.iter().take(TABLES_SHOWN).map(|(name, rows)| format!("{name} {rows}"));
            let events = (stats.newest_event + 1).saturating_sub(stats.oldest_event);
            row![
                &one.service,
                bytes(Some(stats.bytes)),
                bytes(Some(one.log_bytes)),
                bytes(Some(stats.free_bytes)),
                events,
                stats.events_since,
                most.collect::<Vec<_>>().join(", ")
            ]
        });
        let table = Table::new(&["SERVICE", "SIZE", "LOG", "FREE", "EVENTS", "LAST DAY", "MOST ROWS"]);
        table.right(&[1, 2, 3, 4, 5]).rows(rows)
    })
}

fn of(shop: &Shop, service: &str, path: &Path) -> kit::Result<Of> {
    let log = kit::engine::check::log_of(path);
    Ok(Of {
        service: service.to_owned(),
        log_bytes: std::fs::metadata(log).map_or(0, |facts| facts.len()),
        stats: stats(path, shop.now() - A_DAY)?,
    })
}
