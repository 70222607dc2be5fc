//! `shopctl backup verify`: whether a backup is whole.

use std::path::PathBuf;

use serde::Serialize;

use crate::backup::verify::{Fault, verify};
use crate::backup::{Copy, Manifest};
use crate::failure::{Failure, exit};
use crate::output::Table;
use crate::row;
use crate::shop::Shop;
use crate::status::bytes;

/// Look whether a backup is whole: every file what was written, sound, and all of one moment
///
/// Exit codes: 0 it is, 3 there is none, 12 something was found.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl backup verify ./backups/20260101T120000Z-7f3a
  shopctl backup verify /mnt/disk2/shop -o json | jq '.faults'")]
pub(crate) struct Args {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    faults: &'a [Fault],
}

pub(crate) fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let manifest = Manifest::read(&args.folder)?;
    let faults = verify(&args.folder, &manifest)?;
    if shop.out.is_table() {
        let rows = manifest.files.iter().map(|Copy { file, bytes: length, facts, .. }| {
            row![file, bytes(Some(*length)), facts.newest, &facts.origin]
        });
        shop.out.table(&Table::new(&["FILE", "SIZE", "EVENTS", "IDENTITY"]).right(&[1, 2]).rows(rows))?;
        for fault in &faults {
            shop.out.line(format!("✗ {}: {}", fault.about, fault.says))?;
        }
        if faults.is_empty() {
            shop.out.line(format!("Backup {} of {} is whole", manifest.backup, manifest.taken_at))?;
        }
    } else {
        shop.out.json(&Report { manifest: &manifest, faults: &faults })?;
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::shown(exit::PROBLEMS_FOUND)) }
}
