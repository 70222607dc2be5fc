//! Making a backup: every writer stands still at one moment, each takes its snapshot, all go on; then the
//! snapshots are copied while the shop works.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kit::Call;
use kit::admin::{
    CopyDatabase, DatabaseCopy, GetHealth, HoldWriter, ReleaseWriter, WriterHeld, WriterReleased,
};
use kit::engine::snapshot::PARTIAL;
use kit::vitals::Health;

use super::{Copy, FORM, MANIFEST, Manifest, sum_of, sync_folder, usual};
use crate::failure::{Failure, exit};
use crate::progress::Progress;
use crate::shop::Shop;
use crate::stack::services;

/// How often it is looked how far the copies are.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes a backup beside the databases, and answers where it is and what is in it.
///
/// # Errors
/// If a service does not answer, the writers did not stand still together, or the files cannot be written.
/// Nothing remains then that looks like a backup.
pub(crate) async fn create(shop: &Shop) -> Result<(PathBuf, Manifest), Failure> {
    let data = shop.folder()?.root().to_path_buf();
    let names = services::names();
    check_room(shop, &names, &data).await?;
    let now = shop.now();
    let backup = format!("{}-{:04x}", now.strftime("%Y%m%dT%H%M%SZ"), std::process::id() & 0xffff);
    let partial = usual(&data).join(format!("{backup}.{PARTIAL}"));
    let made = match cut(shop, &names, &backup).await {
        Ok(barrier) => {
            let copied = shop.until_interrupted(copies(shop, &names, &backup, &partial)).await;
            copied.map(|()| barrier)
        }
        Err(failure) => Err(failure),
    };
    let barrier = match made {
        Ok(barrier) => barrier,
        Err(failure) => {
            let release = ReleaseWriter { backup: backup.clone(), forget: true };
            join_all(
                names.iter().map(|name| ask::<_, WriterReleased>(shop, name, "release_writer", &release)),
            )
            .await;
            let _ = std::fs::remove_dir_all(&partial);
            return Err(failure.so("no backup was made"));
        }
    };
    let manifest = describe(&partial, &backup, now, barrier, &names)?;
    let folder = usual(&data).join(&backup);
    let renamed = std::fs::rename(&partial, &folder);
    renamed.map_err(|error| Failure::io(format!("{} cannot be renamed", partial.display()), &error))?;
    sync_folder(&usual(&data))?;
    Ok((folder, manifest))
}

async fn ask<Q: serde::Serialize, P: serde::de::DeserializeOwned>(
    shop: &Shop,
    service: &str,
    verb: &str,
    asked: &Q,
) -> Result<P, Failure> {
    let call = Call { timeout: shop.timeout, ..Call::default() };
    shop.call_as(&format!("{service}.{verb}"), asked, call).await
}

/// Copies need as much room as the databases have, and the shop must have some left.
async fn check_room(shop: &Shop, names: &[&'static str], data: &Path) -> Result<(), Failure> {
    let answers =
        join_all(names.iter().map(|name| ask::<_, Health>(shop, name, "health", &GetHealth {}))).await;
    let healths = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let needed: u64 = healths.iter().map(|health| health.database_bytes).sum();
    let free = healths.iter().filter_map(|health| health.disk_free_bytes).min();
    if free.is_some_and(|free| free < needed * 2) {
        let what = format!(
            "no backup was made: it needs {}, and little more is free on the disk of the databases",
            crate::status::bytes(Some(needed))
        );
        return Err(
            Failure::new(exit::REFUSED, "no_room", what).mend(format!("free space in {}", data.display()))
        );
    }
    Ok(())
}

/// The moment: all writers are held, all have their snapshots, all are let go. Answers how long that took.
async fn cut(shop: &Shop, names: &[&'static str], backup: &str) -> Result<Duration, Failure> {
    let began = Instant::now();
    let hold = HoldWriter { backup: backup.to_owned() };
    let held =
        join_all(names.iter().map(|name| ask::<_, WriterHeld>(shop, name, "hold_writer", &hold))).await;
    let release = ReleaseWriter { backup: backup.to_owned(), forget: false };
    let released =
        join_all(names.iter().map(|name| ask::<_, WriterReleased>(shop, name, "release_writer", &release)))
            .await;
    let barrier = began.elapsed();
    for held in held {
        held?;
    }
    for (name, released) in names.iter().zip(released) {
        if !released?.was_held {
            let what = format!("the writer of {name} went on before all others stood still");
            return Err(Failure::new(exit::UNAVAILABLE, "barrier_broke", what).mend("shopctl backup create"));
        }
    }
    Ok(barrier)
}

/// Has every snapshot copied, and waits.
async fn copies(shop: &Shop, names: &[&'static str], backup: &str, partial: &Path) -> Result<(), Failure> {
    let asked = CopyDatabase { backup: backup.to_owned() };
    let mut left: Vec<&str> = names.to_vec();
    let bar = Progress::new(&shop.out, names.len(), "databases");
    while !left.is_empty() {
        let answers =
            join_all(left.iter().map(|name| ask::<_, DatabaseCopy>(shop, name, "copy_database", &asked)));
        let answers = answers.await;
        let mut going = Vec::new();
        for (name, answer) in left.iter().zip(answers) {
            let copy = answer?;
            if Path::new(&copy.file).parent() != Some(partial) && !partial.exists() {
                let what = format!("{name} keeps its database elsewhere: its copy is in {}", copy.file);
                return Err(Failure::new(exit::CONFIGURATION, "elsewhere", what)
                    .mend("run shopctl backup create on the machine of the services, with --data"));
            }
            if copy.done {
                bar.add(1);
            } else {
                going.push(*name);
            }
        }
        left = going;
        if !left.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    bar.end();
    Ok(())
}

/// Looks at the copies, and writes what is in them.
fn describe(
    partial: &Path,
    backup: &str,
    taken_at: kit::Timestamp,
    barrier: Duration,
    names: &[&'static str],
) -> Result<Manifest, Failure> {
    let mut files = Vec::new();
    for name in names {
        let file = format!("{name}.db");
        let path = partial.join(&file);
        let facts = kit::backup::facts(&path).map_err(|error| Failure::from(error).so(path.display()))?;
        let summed =
            sum_of(&path).map_err(|error| Failure::io(format!("{} cannot be read", path.display()), &error));
        let (bytes, sha256) = summed?;
        files.push(Copy { file, bytes, sha256, facts });
    }
    let barrier_ms = u64::try_from(barrier.as_millis()).unwrap_or(u64::MAX);
    let manifest = Manifest { form: FORM, backup: backup.to_owned(), taken_at, barrier_ms, files };
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| Failure::new(exit::BUG, "internal", error.to_string()))?;
    let path = partial.join(MANIFEST);
    crate::private::replace(&path, &format!("{text}\n"))
        .map_err(|error| Failure::io(format!("{} was not written", path.display()), &error))?;
    let found = super::verify::verify(partial, &manifest)?;
    match found.first() {
        None => Ok(manifest),
        Some(fault) => {
            let what =
                format!("the copies in {} are not sound: {} {}", partial.display(), fault.about, fault.says);
            Err(Failure::new(exit::PROBLEMS_FOUND, "backup_damaged", what)
                .mend("shopctl db check      whether the databases themselves are sound"))
        }
    }
}
