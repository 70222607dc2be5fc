//! `shopctl backup restore`: a backup put back in a data folder.

use std::path::PathBuf;

use kit::backup::restore::{Present, prepare};
use kit::backup::verify;
use serde::Serialize;

use super::verify::unsound;
use crate::backup::locks;
use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::progress::Progress;
use crate::shop::Shop;
use crate::show;

/// What is said first when nothing was done.
const NOTHING: &str = "nothing was put back";

/// Put a backup back in a data folder: all databases of it, while the shop is down
///
/// The backup is checked first. With --replace the databases that are there are moved into a folder beside them and
/// never deleted. What was told after the moment of the backup is forgotten: at the next start every stream is made
/// anew from its database, and subscribers outside the shop see a new origin and begin a new count. What was to be
/// done on the outside world at that moment is tried again under the same keys.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl down
  shopctl backup restore /mnt/usb/monday --replace          in place of what is there
  shopctl backup restore /mnt/usb/monday --data /srv/shop   in an empty folder, also on another machine
  shopctl up; shopctl audit                                 see that the books agree

Exit codes: 0 done, 6 there are databases and --replace was not said, 9 it is no backup, 12 the backup is damaged,
74 a file cannot be written, 75 the shop runs.")]
pub(crate) struct Args {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Move databases that are there into a folder beside them, and put the backup in their place
    #[arg(long)]
    replace: bool,
}

/// A backup that was put back.
#[derive(Debug, Serialize)]
struct Restored<'a> {
    backup: &'a str,
    made_at: kit::Timestamp,
    data: String,
    services: Vec<&'a str>,
    /// Where the databases are that were there; none if there were none.
    moved_to: Option<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let here = shop.folder()?;
    here.create()?;
    let _starting = here.lock()?;
    let data = here.root().to_owned();
    let (manifest, findings) = {
        let progress = Progress::new(&shop.out, crate::stack::services::names().len(), "databases checked");
        let checked = verify(&args.folder, |_| progress.add(1));
        progress.end();
        checked.map_err(|error| Failure::from(error).so(NOTHING))?
    };
    if let Some(failure) = unsound(&findings) {
        return Err(failure);
    }
    let services: Vec<&str> = manifest.services.iter().map(|entry| entry.service.as_str()).collect();
    let of_devices = |name: &str| contracts::OF_DEVICES.contains(&name);
    let all = crate::stack::services::names();
    if let Some(missing) = all.into_iter().find(|name| !services.contains(name) && !of_devices(name)) {
        let what =
            format!("{NOTHING}: the backup has no database of {missing}, and all are put back together");
        return Err(Failure::new(exit::REFUSED, "not_all", what));
    }
    let _locks = locks::take_all(&data, services.iter().copied(), NOTHING)?;
    let present = Present::look(&data, &manifest);
    if !present.services.is_empty() && !args.replace {
        let what =
            format!("{NOTHING}: there are databases in {}: {}", data.display(), present.services.join(", "));
        return Err(Failure::new(exit::CONFLICT, "databases_there", what).mend(format!(
            "shopctl backup restore {} --replace      moves them into a folder beside them first",
            args.folder.display()
        )));
    }
    let prepared = prepare(&args.folder, &data, &manifest, &present)
        .map_err(|error| Failure::from(error).so(NOTHING))?;
    let moved = prepared.put().map_err(|error| {
        Failure::from(error).exiting(exit::IO).mend(format!(
            "shopctl backup restore {} --replace      once the reason is gone",
            args.folder.display()
        ))
    })?;
    let moved_to = moved.map(|folder| folder.display().to_string());
    if !shop.out.is_table() {
        return shop.out.json(&Restored {
            backup: &manifest.backup,
            made_at: manifest.made_at,
            data: data.display().to_string(),
            services,
            moved_to,
        });
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let count = show::count(services.len() as u64, "database is", "databases are");
    shop.out.say(format!(
        "{mark} {count} as they were at {}",
        manifest.made_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    ));
    if let Some(moved_to) = &moved_to {
        shop.out.say(format!("Those that were there are in {moved_to}"));
    }
    shop.out.line(data.display().to_string())?;
    shop.out.next("shopctl up      makes every stream anew; then shopctl audit");
    Ok(())
}
