//! `shopctl db check`: whether the files of the databases are sound.

use std::path::Path;

use kit::Call;
use kit::admin::{CheckDatabase, DatabaseChecked};
use kit::backup::Inspected;
use kit::backup::inspect::inspect_live;
use kit::engine::check;
use kit::runtime::lock::take;
use serde::Serialize;

use super::meant;
use crate::failure::{Failure, exit};
use crate::output::Table;
use crate::row;
use crate::shop::Shop;
use crate::status::bytes;

/// Look whether the files of the databases are sound
///
/// A service that runs looks at its own; of one that does not, the file in the data folder is read: every page,
/// every reference, every event with its checksum, and the write-ahead log. A flipped bit in a row of any other
/// table is found by nobody.
///
/// Exit codes: 0 they are, 12 something was found.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl db check
  shopctl db check order payment --deep
  shopctl down && shopctl db check          the files, while nobody has them open")]
pub(crate) struct Args {
    /// Only of these services
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// Compare indexes with their tables, and all events with their checksums; takes longer
    #[arg(long)]
    deep: bool,
}

/// What was found of one database.
#[derive(Debug, Serialize)]
struct Checked {
    service: String,
    /// `running`, or `file`.
    how: &'static str,
    bytes: u64,
    findings: Vec<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let data = shop.folder()?.root().to_path_buf();
    let mut checked = Vec::new();
    let runs = shop.asker().await.is_ok();
    for service in meant(&args.services)? {
        let call = || Call { timeout: shop.timeout, ..Call::default() };
        let asked = CheckDatabase { deep: args.deep };
        let answer = match runs {
            true => {
                shop.call_as::<_, DatabaseChecked>(&format!("{service}.check_database"), &asked, call()).await
            }
            false => Err(Failure::new(exit::UNAVAILABLE, "not_asked", "the shop is down")),
        };
        checked.push(match answer {
            Ok(DatabaseChecked { findings, database_bytes }) => {
                Checked { service: service.to_owned(), how: "running", bytes: database_bytes, findings }
            }
            Err(failure) => of_file(&data, service, &failure)?,
        });
    }
    let sound = checked.iter().all(|one| one.findings.is_empty());
    if shop.out.is_table() {
        let rows = checked.iter().map(|one| {
            let found = if one.findings.is_empty() { "sound".to_owned() } else { one.findings.join("; ") };
            row![&one.service, one.how, bytes(Some(one.bytes)), found]
        });
        shop.out.table(&Table::new(&["SERVICE", "LOOKED AT", "SIZE", "FOUND"]).right(&[2]).rows(rows))?;
        if !sound {
            shop.out.next("shopctl backup restore FOLDER      puts back all databases of one moment");
        }
    } else {
        shop.out.json(&serde_json::json!({ "databases": checked, "sound": sound }))?;
    }
    if sound { Ok(()) } else { Err(Failure::shown(exit::PROBLEMS_FOUND)) }
}

/// The file in the data folder, if nobody has it open; otherwise why its service does not answer.
fn of_file(data: &Path, service: &str, silent: &Failure) -> Result<Checked, Failure> {
    let path = data.join(format!("{service}.db"));
    let findings = |findings| {
        let bytes = std::fs::metadata(&path).map_or(0, |facts| facts.len());
        Checked { service: service.to_owned(), how: "file", bytes, findings }
    };
    if !path.exists() {
        return Ok(findings(vec![format!(
            "{} is not there, and the service does not answer",
            path.display()
        )]));
    }
    let lock = take(&data.join(format!("{service}.lock")))
        .map_err(|error| Failure::io(format!("{} cannot be locked", data.display()), &error))?;
    if lock.is_none() {
        let what = format!("its process has the file and does not answer: {}", silent.message());
        return Ok(findings(vec![what]));
    }
    let mut found = Vec::new();
    match check::log(&path) {
        Ok(damage) => found.extend(damage),
        Err(error) => found.push(format!("the write-ahead log cannot be read: {error}")),
    }
    match inspect_live(&path, true) {
        Ok(Inspected { findings, .. }) => found.extend(findings),
        Err(error) => found.push(error.chain()),
    }
    Ok(findings(found))
}
