//! `shopctl backup verify`: whether a backup is what was written.

use std::path::PathBuf;

use kit::backup::manifest::Manifest;
use kit::backup::{Finding, verify};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::output::{Cell, Table, Tone};
use crate::progress::Progress;
use crate::row;
use crate::shop::Shop;
use crate::stack::services;
use crate::status::bytes;

/// Check whether a backup is what was written: every file from end to end, and that all are of one moment
///
/// Nothing but the folder is needed, and nothing in it is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl backup verify /mnt/usb/monday
  shopctl backup verify /mnt/usb/monday -o json | jq .findings

Exit codes: 0 it is whole, 9 it is no backup, or of a newer form, 12 something in it is wrong.")]
pub(crate) struct Args {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// A backup that was checked.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    sound: bool,
    findings: &'a [Finding],
    #[serde(flatten)]
    manifest: &'a Manifest,
}

pub(crate) fn run(shop: &Shop, args: &Args) -> Result<(), Failure> {
    let progress = Progress::new(&shop.out, services::names().len(), "databases checked");
    let checked = verify(&args.folder, |_| progress.add(1));
    progress.end();
    let (manifest, findings) = checked?;
    if shop.out.is_table() {
        shop.out.table(&table(&manifest, &findings))?;
        for finding in &findings {
            let mark = shop.out.paint(Tone::Bad, "✗");
            shop.out.line(format!("{mark} {}: {}", finding.service, kit::text::printable(&finding.says)))?;
        }
        if findings.is_empty() {
            let when = manifest.made_at.strftime("%Y-%m-%d %H:%M:%S UTC");
            shop.out.say(format!("The backup {} of {when} is whole", kit::text::printable(&manifest.backup)));
            shop.out.next(format!("shopctl backup restore {} --data DIR", args.folder.display()));
        }
    } else {
        shop.out.json(&Checked { sound: findings.is_empty(), findings: &findings, manifest: &manifest })?;
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::shown(exit::PROBLEMS_FOUND)) }
}

/// A failure to put such a backup back.
pub(super) fn unsound(findings: &[Finding]) -> Option<Failure> {
    let first = findings.first()?;
    let what = format!("nothing was put back: the backup is not sound: {}: {}", first.service, first.says);
    Some(
        Failure::new(exit::PROBLEMS_FOUND, "backup_damaged", what)
            .mend("shopctl backup verify FOLDER      says all of it"),
    )
}

fn table(manifest: &Manifest, findings: &[Finding]) -> Table {
    let rows = manifest.services.iter().map(|entry| {
        let is_bad = findings.iter().any(|finding| finding.service == entry.service);
        let heard = entry.positions.iter().map(|heard| format!("{} {}", heard.source, heard.sequence));
        row![
            &entry.service,
            if is_bad { Cell::toned("wrong", Tone::Bad) } else { Cell::toned("ok", Tone::Good) },
            bytes(Some(entry.bytes)),
            entry.outbox_newest,
            heard.collect::<Vec<_>>().join(", "),
        ]
    });
    Table::new(&["service", "verdict", "size", "told up to", "heard up to"]).right(&[2, 3]).rows(rows)
}
