//! Making a backup: room for it, the barrier, the copies, the checks, and only then its name.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use kit::admin::{CopySnapshot, GetHealth, SnapshotCopy};
use kit::backup::inspect::inspect;
use kit::backup::manifest::{self, Entry, FORMAT, Manifest, cut_faults, file_of};
use kit::backup::snapshot::{FOLDER, PARTIAL, sync};
use kit::error::reason;
use kit::vitals::Health;
use kit::{Call, Client};

use super::barrier;
use crate::failure::{Failure, exit};
use crate::progress::Progress;
use crate::shop::Shop;
use crate::stack::folder::{self, Folder};
use crate::stack::services;
use crate::status::bytes;

/// Room that must be left on the disk beside the backup, in bytes: the shop goes on writing.
const ROOM_LEFT: u64 = 64 * 1024 * 1024;

/// How long a service may take to say how far its copy is.
const COPY_TIME: Duration = Duration::from_secs(20);

/// The length of a page, to show how much is copied. What counts is the length of the file.
const PAGE_BYTES: u64 = 4096;

/// A backup that is whole.
pub(crate) struct Made {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
}

/// Makes a backup of the shop in this folder, and moves it to where it is wanted.
///
/// # Errors
/// 10 if a service does not answer or cannot copy; 12 if what was copied is not sound; 74 if a file cannot be
/// written; 75 if another one is being made. Nothing that looks like a backup is left then.
pub(crate) async fn create(shop: &Shop, here: &Folder, to: Option<&Path>) -> Result<Made, Failure> {
    let client = shop.asker().await?;
    let services = services::of(&client, shop.timeout).await;
    let backups = here.root().join(FOLDER);
    if let Some(to) = to.filter(|to| to.exists()) {
        let what = format!("no backup was made: {} is there already", to.display());
        return Err(Failure::new(exit::CONFLICT, "exists", what)
            .mend("shopctl backup create --to FOLDER      a new one"));
    }
    let needed = room(shop, &client, &services, here).await?;
    if let Some(to) = to {
        room_there(to, here, needed)?;
    }
    crate::private::make_folder(&backups)
        .map_err(|error| Failure::io(format!("the folder {} cannot be made", backups.display()), &error))?;
    let _lock =
        folder::lock(&backups.join("create.lock"), "another backup of this shop is being made".to_owned())?;
    sweep(&backups);
    let name = name();
    let partial = backups.join(format!("{name}{PARTIAL}"));
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let making = make(shop, &client, &services, (&name, &partial), needed);
    let made = tokio::select! {
        made = making => made,
        () = shop.interrupted() => Err(Failure::interrupted().why("no backup was made")),
    };
    match made {
        Ok(manifest) => {
            let folder = to.map_or_else(|| backups.join(&name), Path::to_path_buf);
            let named = settle(&partial, &folder);
            if named.is_err() {
                let _ = std::fs::remove_dir_all(&partial);
            }
            named.map(|()| Made { folder, manifest })
        }
        Err(failure) => {
            barrier::give_up(&client, &services, &name, &call).await;
            let _ = std::fs::remove_dir_all(&partial);
            Err(failure)
        }
    }
}

async fn make(
    shop: &Shop,
    client: &Client,
    services: &[&'static str],
    (name, partial): (&str, &Path),
    needed: u64,
) -> Result<Manifest, Failure> {
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let cut = barrier::stand_still(client, services, name, &call).await?;
    let pages = usize::try_from(needed / PAGE_BYTES).unwrap_or(usize::MAX);
    let progress = Progress::new(&shop.out, pages, "pages");
    let copied = try_join_all(services.iter().map(|service| copy(client, service, name, &progress))).await;
    progress.end();
    copied?;
    let mut entries = Vec::new();
    let progress = Progress::new(&shop.out, services.len(), "databases checked");
    for service in services {
        entries.push(checked(service, partial).await?);
        progress.add(1);
    }
    progress.end();
    if let Some((service, says)) = cut_faults(&entries).into_iter().next() {
        let what = format!("no backup was made: {service}: {says}");
        return Err(Failure::new(exit::PROBLEMS_FOUND, "no_common_moment", what)
            .mend("run the same command again; if it stays so: shopctl doctor"));
    }
    let manifest = Manifest {
        format: FORMAT,
        backup: name.to_owned(),
        made_at: cut.at,
        made_by: env!("CARGO_PKG_VERSION").to_owned(),
        barrier_us: cut.barrier_us,
        services: entries,
    };
    manifest.write(partial)?;
    Ok(manifest)
}

/// Has one service copy what it kept, and waits until that is done.
async fn copy(client: &Client, service: &str, name: &str, progress: &Progress) -> Result<(), Failure> {
    let asked = CopySnapshot { backup: name.to_owned() };
    let call = Call { timeout: COPY_TIME, ..Call::default() };
    let mut shown = 0;
    loop {
        let copy: SnapshotCopy = client
            .call_as(&format!("{service}.copy_snapshot"), &asked, call.clone())
            .await
            .map_err(|error| {
                let cannot_write = matches!(&*error.reason, reason::DISK_FULL | reason::BACKUP_FAILED);
                let failure = Failure::from(error)
                    .so(format!("no backup was made: {service} did not copy its database"))
                    .mend(format!("shopctl logs {service}"));
                if cannot_write { failure.exiting(exit::IO) } else { failure }
            })?;
        let done = copy.pages.saturating_sub(copy.left);
        progress.add(usize::try_from(done.saturating_sub(shown)).unwrap_or(0));
        shown = shown.max(done);
        if copy.is_done {
            return Ok(());
        }
    }
}

/// Reads a copy from end to end.
async fn checked(service: &'static str, partial: &Path) -> Result<Entry, Failure> {
    let path = partial.join(file_of(service));
    if !path.exists() {
        let what = format!("no backup was made: {service} keeps its data elsewhere, not in this data folder");
        return Err(Failure::new(exit::CONFIGURATION, "elsewhere", what)
            .why(format!("it copied its database into the folder {FOLDER} beside it"))
            .mend("run the same command on the machine of the shop, with --data for its data folder"));
    }
    let read = tokio::task::spawn_blocking(move || {
        let known = inspect(&path, true)?;
        Entry::of(&path, &known).map(|entry| (entry, known.findings))
    });
    let read = read.await.map_err(|error| Failure::new(exit::BUG, "bug", error.to_string()))?;
    let (entry, findings) =
        read.map_err(|error| Failure::from(error).so(format!("no backup was made: the copy of {service}")))?;
    match findings.first() {
        None => Ok(entry),
        Some(first) => {
            let what = format!("no backup was made: the database of {service} is not sound: {first}");
            Err(Failure::new(exit::PROBLEMS_FOUND, "database_damaged", what)
                .mend(format!("shopctl db check {service}"))
                .mend("shopctl backup verify FOLDER      an older backup, to put it back"))
        }
    }
}

/// How many bytes the backup will have, if there is room for them.
async fn room(
    shop: &Shop,
    client: &Client,
    services: &[&'static str],
    here: &Folder,
) -> Result<u64, Failure> {
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let all = join_all(services.iter().map(async |service| {
        let health =
            client.call_as::<_, Health>(&format!("{service}.health"), &GetHealth {}, call.clone()).await;
        health.map_err(|error| {
            Failure::from(error)
                .so(format!("no backup was made: {service} does not answer, and a backup is of all services"))
                .mend(format!("shopctl service info {service}"))
                .mend("shopctl up")
        })
    }))
    .await;
    let mut needed = 0;
    let mut free = u64::MAX;
    for health in all {
        let health = health?;
        needed += health.database_bytes;
        free = free.min(health.disk_free_bytes.unwrap_or(u64::MAX));
    }
    if free < needed.saturating_add(ROOM_LEFT) {
        let what = format!(
            "no backup was made: it needs {}, and the disk of {} has {} free, of which {} must stay for the shop",
            bytes(Some(needed)),
            here.root().display(),
            bytes(Some(free)),
            bytes(Some(ROOM_LEFT))
        );
        return Err(no_room(what, &here.root().join(FOLDER)));
    }
    Ok(needed)
}

/// Whether a folder can be made where it is wanted. On another disk the whole backup needs room once more.
fn room_there(to: &Path, here: &Folder, needed: u64) -> Result<(), Failure> {
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unusable =
        |error| Failure::io(format!("no backup was made: {} cannot be used", parent.display()), &error);
    let there = std::fs::metadata(parent).map_err(unusable)?;
    if std::fs::metadata(here.root()).is_ok_and(|facts| facts.dev() == there.dev()) {
        return Ok(());
    }
    let Ok(facts) = rustix::fs::statvfs(parent) else { return Ok(()) };
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    if free >= needed {
        return Ok(());
    }
    let (needed, free) = (bytes(Some(needed)), bytes(Some(free)));
    let what =
        format!("no backup was made: it needs {needed}, and the disk of {} has {free} free", to.display());
    Err(no_room(what, parent))
}

fn no_room(what: String, folder: &Path) -> Failure {
    Failure::new(exit::IO, "disk_full", what)
        .mend(format!("make room, such as of older backups in {}", folder.display()))
}

/// Removes what is left of backups that were never finished: nobody makes one at the moment.
fn sweep(backups: &Path) {
    for entry in std::fs::read_dir(backups).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().ends_with(PARTIAL) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A name that says when, and that no other has.
fn name() -> String {
    let key = Client::new_key();
    let end = key.get(key.len().saturating_sub(4)..).unwrap_or("0000");
    format!("{}-{end}", Client::now().strftime("%Y%m%d-%H%M%S"))
}

/// Gives a whole backup its place and its name. On another disk it is copied there first.
fn settle(partial: &Path, folder: &Path) -> Result<(), Failure> {
    let unusable = |error: std::io::Error| {
        let what = format!("no backup was made: {} cannot be written", folder.display());
        match error.kind() {
            std::io::ErrorKind::StorageFull => {
                no_room(format!("{what}: {error}"), folder.parent().unwrap_or(folder))
            }
            _ => Failure::io(what, &error),
        }
    };
    match std::fs::rename(partial, folder) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
            let mut name = folder.as_os_str().to_owned();
            name.push(PARTIAL);
            let beside = PathBuf::from(name);
            let moved = copy_folder(partial, &beside).and_then(|()| std::fs::rename(&beside, folder));
            if moved.is_err() {
                let _ = std::fs::remove_dir_all(&beside);
            }
            moved.map_err(unusable)?;
            let _ = std::fs::remove_dir_all(partial);
        }
        moved => moved.map_err(unusable)?,
    }
    sync(&folder.join(manifest::FILE))?;
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::File::open(parent).and_then(|file| file.sync_all()).map_err(unusable)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    crate::private::make_folder(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        std::fs::copy(entry.path(), &target)?;
        std::fs::File::open(&target)?.sync_all()?;
    }
    Ok(())
}
