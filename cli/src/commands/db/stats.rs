//! `shopctl db stats`: how large everything in the databases is, and how fast it grows.

use kit::backup::manifest::file_of;
use kit::backup::stats::{DatabaseStats, measure_live};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::output::Table;
use crate::row;
use crate::shop::Shop;
use crate::status::bytes;

/// Tables of each database that are named; -o json has all.
const TABLES_SHOWN: usize = 3;

/// Show how large everything in the databases of this machine is, and how fast it grows
///
/// The files are read, whether the shop runs or not: reading does not hold it up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl db stats
  shopctl db stats order -o json | jq '.[].stats.rows[]'

Exit codes: 0 done, 3 there is no database in the data folder, 74 a file cannot be read.")]
pub(crate) struct Args {
    /// Which services [default: all]
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

/// One database.
#[derive(Debug, Serialize)]
struct Measured {
    service: String,
    stats: DatabaseStats,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let data = shop.folder()?.root().to_owned();
    let mut measured = Vec::new();
    for service in super::wanted(&args.services)? {
        let path = data.join(file_of(service));
        if !path.exists() {
            continue;
        }
        let stats = measure_live(&path).map_err(|error| {
            Failure::from(error)
                .exiting(exit::IO)
                .so(format!("{} was not read", path.display()))
                .mend(format!("shopctl db check {service}"))
        })?;
        measured.push(Measured { service: service.to_owned(), stats });
    }
    if measured.is_empty() {
        let what = format!("there is no such database in {}", data.display());
        return Err(Failure::new(exit::NOT_FOUND, "no_database", what)
            .mend("shopctl db stats --data DIR      with the data folder of the shop"));
    }
    shop.out.list(&measured, table)
}

fn table(measured: &[Measured]) -> Table {
    let rows = measured.iter().map(|Measured { service, stats }| {
        let mut largest: Vec<_> = stats.rows.iter().collect();
        largest.sort_by_key(|table| (std::cmp::Reverse(table.rows), &table.table));
        let largest =
            largest.iter().take(TABLES_SHOWN).map(|table| format!("{} {}", table.table, table.rows));
        row![
            service,
            bytes(Some(stats.pages * stats.page_bytes)),
            bytes(Some(stats.pages_free * stats.page_bytes)),
            bytes(Some(stats.wal_bytes)),
            told(stats),
            if stats.outbox_a_day > 0.0 { format!("{:.0}", stats.outbox_a_day) } else { "-".to_owned() },
            bytes(stats.disk_free_bytes),
            largest.collect::<Vec<_>>().join(", "),
        ]
    });
    Table::new(&["service", "size", "unused", "log", "outbox", "a day", "disk free", "most rows"])
        .right(&[1, 2, 3, 5, 6])
        .rows(rows)
}

fn told(stats: &DatabaseStats) -> String {
    match stats.outbox_newest {
        0 => "nothing yet".to_owned(),
        newest => format!("{} to {newest}", stats.outbox_oldest),
    }
}
