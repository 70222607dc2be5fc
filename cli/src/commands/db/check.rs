//! `shopctl db check`: whether the files of the databases are sound.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use kit::admin::{CheckDatabase, DatabaseChecked, GetHealth};
use kit::backup::inspect::{Inspected, inspect_live};
use kit::backup::manifest::{file_of, too_new};
use kit::message::stream_of;
use kit::vitals::Health;
use kit::{Call, Client};
use serde::Serialize;

use crate::backup::locks;
use crate::failure::{Failure, exit};
use crate::output::{Cell, Table, Tone};
use crate::row;
use crate::shop::Shop;
use crate::status::bytes;

/// How long a service may take to read its database from end to end.
const CHECK_TIME: Duration = Duration::from_secs(60);

/// Check the databases: pages, indexes, references, and the outbox by its checksums and numbers
///
/// A service that runs is asked; the file of one that does not is read here. With --offline all files are read here,
/// for a shop that is down: then it is looked too whether somebody has heard more than a source has told, which
/// means that the files are not of one moment.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl db check                       all services
  shopctl db check order payment         these
  shopctl db check --offline             the files of a shop that is down

Exit codes: 0 all are sound, 12 something is wrong, 75 --offline was said and a service runs.")]
pub(crate) struct Args {
    /// Which services [default: all]
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// Read the files of the data folder here; no service of it may run
    #[arg(long)]
    offline: bool,
}

/// One database.
#[derive(Debug, Serialize)]
struct Checked {
    service: String,
    /// `ok`, `wrong`, `missing` or `busy`.
    verdict: &'static str,
    /// Who looked: `service` or `file`.
    by: &'static str,
    bytes: u64,
    findings: Vec<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let mut services = super::wanted(&args.services)?;
    let data = shop.folder()?.root().to_owned();
    if args.services.is_empty() {
        // A shop may never have had devices.
        services.retain(|name| !contracts::OF_DEVICES.contains(name) || data.join(file_of(name)).exists());
    }
    let checked = if args.offline {
        let locks = locks::take_all(&data, services.iter().copied(), "nothing was checked")?;
        let checked = of_files(&data, &services);
        drop(locks);
        checked
    } else {
        asked(shop, &data, &services).await
    };
    shop.out.list(&checked, table)?;
    if shop.out.is_table() {
        for one in &checked {
            for finding in &one.findings {
                let mark = shop.out.paint(Tone::Bad, "✗");
                shop.out.line(format!("{mark} {}: {}", one.service, kit::text::printable(finding)))?;
            }
        }
        if let Some(one) = checked.iter().find(|one| one.verdict == "wrong") {
            shop.out.line(format!(
                "  {}  stop the shop, then put back a backup of all services: shopctl backup restore FOLDER --replace",
                shop.out.paint(Tone::Faint, "mend")
            ))?;
            shop.out.say(format!("What {} holds stays where it is until then", file_of(&one.service)));
        }
    }
    if checked.iter().all(|one| one.verdict == "ok") {
        Ok(())
    } else {
        Err(Failure::shown(exit::PROBLEMS_FOUND))
    }
}

/// Asks each service; the file of one that does not answer is read here, if it is here and nobody has it.
async fn asked(shop: &Shop, data: &Path, services: &[&'static str]) -> Vec<Checked> {
    let client = shop.asker().await.ok();
    join_all(services.iter().map(async |service| {
        let call = Call { timeout: CHECK_TIME, ..Call::default() };
        let answer = match &client {
            // Whoever does not run is not waited for as long as a check may take.
            Some(client) if answers(shop, client, service).await => {
                let subject = format!("{service}.check_database");
                client.call_as::<_, DatabaseChecked>(&subject, &CheckDatabase { deep: true }, call).await.ok()
            }
            _ => None,
        };
        match answer {
            Some(DatabaseChecked { findings, database_bytes }) => Checked {
                service: (*service).to_owned(),
                verdict: if findings.is_empty() { "ok" } else { "wrong" },
                by: "service",
                bytes: database_bytes,
                findings,
            },
            None => match locks::take_one(data, service, "") {
                Ok(_lock) => of_file(data, service).0,
                Err(_) => {
                    problem(service, "busy", "it does not answer, and its process has the file".to_owned())
                }
            },
        }
    }))
    .await
}

async fn answers(shop: &Shop, client: &Client, service: &str) -> bool {
    let call = Call { timeout: shop.timeout, ..Call::default() };
    client.call_as::<_, Health>(&format!("{service}.health"), &GetHealth {}, call).await.is_ok()
}

fn problem(service: &str, verdict: &'static str, finding: String) -> Checked {
    Checked { service: service.to_owned(), verdict, by: "file", bytes: 0, findings: vec![finding] }
}

fn of_file(data: &Path, service: &str) -> (Checked, Option<Inspected>) {
    let path = data.join(file_of(service));
    if !path.exists() {
        return (problem(service, "missing", format!("there is no {}", path.display())), None);
    }
    match inspect_live(&path, true) {
        Ok(known) => {
            let mut findings = known.findings.clone();
            findings.extend(too_new(known.schema));
            if known.service != service {
                findings.push(format!("it belongs to {}", known.service));
            }
            let verdict = if findings.is_empty() { "ok" } else { "wrong" };
            let one =
                Checked { service: service.to_owned(), verdict, by: "file", bytes: known.bytes, findings };
            (one, Some(known))
        }
        Err(error) => (problem(service, "wrong", format!("it cannot be read: {}", error.chain())), None),
    }
}

/// Reads all files, and looks whether somebody has heard more than its source has told.
fn of_files(data: &Path, services: &[&'static str]) -> Vec<Checked> {
    let mut known = BTreeMap::new();
    let mut checked = Vec::new();
    for service in services {
        let (one, inspected) = of_file(data, service);
        checked.push(one);
        known.extend(inspected.map(|inspected| ((*service).to_owned(), inspected)));
    }
    for one in &mut checked {
        for heard in known.get(&one.service).into_iter().flat_map(|hearer| &hearer.positions) {
            let source = known
                .iter()
                .find(|(name, source)| stream_of(name) == heard.source && source.origin == heard.origin);
            if let Some((name, source)) = source.filter(|(_, source)| source.outbox_newest < heard.sequence) {
                one.findings.push(format!(
                    "it has heard {} up to message {}, but the database of {name} ends with row {}: that one is older",
                    heard.source, heard.sequence, source.outbox_newest
                ));
                one.verdict = "wrong";
            }
        }
    }
    checked
}

fn table(checked: &[Checked]) -> Table {
    let rows = checked.iter().map(|one| {
        let tone = if one.verdict == "ok" { Tone::Good } else { Tone::Bad };
        row![&one.service, Cell::toned(one.verdict, tone), bytes(Some(one.bytes)), one.by, one.findings.len()]
    });
    Table::new(&["service", "verdict", "size", "read by", "findings"]).right(&[2, 4]).rows(rows)
}
