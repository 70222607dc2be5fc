//! `shopctl backup create`: a backup of the shop on this machine, while it goes on.

use std::path::PathBuf;

use kit::backup::Manifest;
use serde::Serialize;

use crate::backup::create::create;
use crate::failure::Failure;
use crate::output::Tone;
use crate::shop::Shop;
use crate::show;
use crate::status::bytes;

/// Make a backup of the shop on this machine, while it goes on
///
/// Every service stands still for a moment, all of them at the same one, and nothing is written. That takes some
/// milliseconds; requests wait that long and none is refused. Then each copies its database as it was at that
/// moment, while the shop goes on. Every copy is read from end to end before the backup gets its name: what fails
/// leaves nothing that looks like one.
///
/// Keys are not in it: they are in the folder keys of the data folder. Neither are the streams, which are made anew
/// from the databases.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl backup create                          into the folder backups of the data folder
  shopctl backup create --to /mnt/usb/monday     into a folder that is not there yet
  shopctl backup create -o json | jq -r .folder

Exit codes: 0 done, 10 a service does not answer, 12 a database is not sound, 74 no room or a file cannot be
written, 75 another backup is being made.")]
pub(crate) struct Args {
    /// The folder to make [default: a new one in the folder backups of the data folder]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// A backup that was made.
#[derive(Debug, Serialize)]
struct Made<'a> {
    folder: String,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let folder = shop.folder()?;
    let made = create(shop, &folder, args.to.as_deref()).await?;
    let name = made.folder.display().to_string();
    if !shop.out.is_table() {
        return shop.out.json(&Made { folder: name, manifest: &made.manifest });
    }
    let total: u64 = made.manifest.services.iter().map(|entry| entry.bytes).sum();
    let count = show::count(made.manifest.services.len() as u64, "database", "databases");
    #[expect(clippy::cast_precision_loss, reason = "a length of time for people")]
    let barrier = made.manifest.barrier_us as f64 / 1000.0;
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!(
        "{mark} {count} with {} as they were at {}; the shop stood still for {barrier:.1} ms",
        bytes(Some(total)),
        made.manifest.made_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    ));
    shop.out.line(&name)?;
    shop.out.next(format!("shopctl backup verify {name}"));
    shop.out.say("The keys are not in it: keep a copy of the folder keys of the data folder apart");
    Ok(())
}
