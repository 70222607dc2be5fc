//! `shopctl backup restore`: a shop made of a backup.

use std::path::PathBuf;

use serde::Serialize;

use crate::backup::restore::restore;
use crate::backup::verify::verify;
use crate::backup::{Manifest, usual};
use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// Put the databases of a backup into the data folder; the shop must be down
///
/// The backup is verified first. Databases that are there are moved aside with --replace, and never deleted.
/// What happened in the shop after the backup is gone from it. At the next start every stream is made anew
/// from these databases, and subscribers outside the shop begin a new count. Cards that were charged after
/// the backup are known to the payment provider only: compare with its list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl backup restore ./backups/20260101T120000Z-7f3a --data ./new    on an empty folder
  shopctl down && shopctl backup restore FOLDER --replace && shopctl up
  shopctl audit                                                          whether its books agree")]
pub(crate) struct Args {
    /// The folder of the backup, or its name in backups of the data folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Move databases aside that are there already
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Serialize)]
struct Restored<'a> {
    backup: &'a str,
    taken_at: kit::Timestamp,
    data: PathBuf,
    databases: usize,
    /// Where those are that were there before; none if there were none.
    replaced: Option<PathBuf>,
}

pub(crate) fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let data = shop.folder()?.root().to_path_buf();
    let named = usual(&data).join(&args.folder);
    let folder = if args.folder.exists() || !named.exists() { args.folder } else { named };
    let manifest = Manifest::read(&folder)?;
    if let Some(fault) = verify(&folder, &manifest)?.first() {
        let what = format!("nothing was restored: the backup is not whole: {} {}", fault.about, fault.says);
        return Err(Failure::new(exit::PROBLEMS_FOUND, "backup_damaged", what)
            .mend(format!("shopctl backup verify {}", folder.display())));
    }
    let replaced = restore(&folder, &manifest, &data, args.replace, shop.now())?;
    let databases = manifest.files.len();
    if !shop.out.is_table() {
        let (backup, taken_at) = (&*manifest.backup, manifest.taken_at);
        return shop.out.json(&Restored { backup, taken_at, data, databases, replaced });
    }
    shop.out.line(format!("{databases} databases as of {} are in {}", manifest.taken_at, data.display()))?;
    if let Some(replaced) = replaced {
        shop.out.say(format!("Those that were there before are in {}", replaced.display()));
    }
    shop.out.next("shopctl up");
    shop.out.next("shopctl audit");
    Ok(())
}
