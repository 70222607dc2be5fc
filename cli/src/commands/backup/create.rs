//! `shopctl backup create`: copies of all databases, of one moment.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use crate::backup::{Manifest, create, sync_folder};
use crate::failure::Failure;
use crate::shop::Shop;
use crate::show;
use crate::status::bytes;

/// Copy all databases of the running shop, as they are at one moment
///
/// For that moment, well under a second, nothing is written; what is asked meanwhile waits. Then the shop
/// goes on while the copies are made. They are checked before they count as a backup: every page is read,
/// and every event compared with its checksum. Keys and mails are not in a backup; keep the keys elsewhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl backup create                         into backups of the data folder
  shopctl backup create --to /mnt/disk2/shop    and from there to another disk
  shopctl backup create -o json | jq -r .folder")]
pub(crate) struct Args {
    /// Move the backup here once it is made: a folder that does not exist yet
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Made<'a> {
    folder: PathBuf,
    bytes: u64,
    took_ms: u64,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    if let Some(to) = args.to.as_ref().filter(|to| to.exists()) {
        let what = format!("no backup was made: {} exists already", to.display());
        return Err(Failure::invalid("folder_exists", what).mend("name a folder that does not exist yet"));
    }
    let began = Instant::now();
    let (made_in, manifest) = create::create(shop).await?;
    let folder = match args.to {
        Some(to) => move_to(&made_in, to, &manifest)?,
        None => made_in,
    };
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if !shop.out.is_table() {
        return shop.out.json(&Made { folder, bytes: manifest.bytes(), took_ms, manifest: &manifest });
    }
    let barrier = i64::try_from(manifest.barrier_ms * 1000).unwrap_or(i64::MAX);
    shop.out.line(format!(
        "Backup {} of {} databases, {}, is in {}; the shop stood still for {}",
        manifest.backup,
        manifest.files.len(),
        bytes(Some(manifest.bytes())),
        folder.display(),
        show::duration(barrier)
    ))?;
    shop.out.next(format!("shopctl backup verify {}", folder.display()));
    Ok(())
}

/// To another place, which may be another disk: copied and checked there before it goes here.
fn move_to(from: &std::path::Path, to: PathBuf, manifest: &Manifest) -> Result<PathBuf, Failure> {
    let failed = |error: std::io::Error| {
        let what = format!("the backup is in {}, and could not be moved to {}", from.display(), to.display());
        Failure::io(what, &error)
    };
    if std::fs::rename(from, &to).is_err() {
        std::fs::create_dir_all(&to).map_err(failed)?;
        for entry in std::fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let copy = to.join(entry.file_name());
            std::fs::copy(entry.path(), &copy).map_err(failed)?;
            std::fs::File::open(&copy).and_then(|file| file.sync_all()).map_err(failed)?;
        }
        sync_folder(&to)?;
        if let Some(fault) = crate::backup::verify::verify(&to, manifest)?.first() {
            let what = format!("the copy in {} is not sound: {} {}", to.display(), fault.about, fault.says);
            return Err(Failure::new(crate::failure::exit::PROBLEMS_FOUND, "backup_damaged", what)
                .mend(format!("the backup itself is in {}", from.display())));
        }
        std::fs::remove_dir_all(from).map_err(failed)?;
    }
    Ok(to)
}
