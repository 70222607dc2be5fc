//! A shop made of a backup. What was there before is moved aside and never deleted.

use std::path::{Path, PathBuf};

use kit::Timestamp;
use kit::backup::{Facts, RESTORING, adopt, new_origins};
use kit::runtime::{OwnerLock, try_own};

use super::{Manifest, sync_folder};
use crate::failure::{Failure, exit};

/// Puts the databases of a backup into a data folder. Answers where those are now that were there before,
/// if there were any.
///
/// # Errors
/// 75 if the shop runs, 6 if there are databases and they were not to be replaced, 74 if files cannot be
/// written. A restore that broke off is done again from the beginning; nothing starts before it is done.
pub(crate) fn restore(
    from: &Path,
    manifest: &Manifest,
    data: &Path,
    replace: bool,
    now: Timestamp,
) -> Result<Option<PathBuf>, Failure> {
    make_folder(data)?;
    let names: Vec<&str> = manifest.files.iter().map(|copy| copy.facts.service.as_str()).collect();
    let _locks = own(data, &names)?;
    let marker = data.join(RESTORING);
    let present: Vec<PathBuf> = names.iter().flat_map(|name| files_of(data, name)).collect();
    if !present.is_empty() && !replace && !marker.exists() {
        let what = format!("nothing was restored: {} has databases already", data.display());
        return Err(Failure::new(exit::CONFLICT, "databases_exist", what)
            .mend("shopctl backup restore FOLDER --replace      moves them aside, and deletes nothing"));
    }
    let failed = |what: String| move |error: std::io::Error| Failure::io(what, &error);
    std::fs::write(&marker, format!("{}\n", from.display()))
        .map_err(failed(format!("{} was not written", marker.display())))?;
    sync_folder(data)?;
    let facts: Vec<Facts> = manifest.files.iter().map(|copy| copy.facts.clone()).collect();
    let origins = new_origins(&facts, now);
    for copy in &manifest.files {
        let new = coming(data, &copy.facts.service);
        std::fs::copy(from.join(&copy.file), &new)
            .map_err(failed(format!("{} was not written; nothing was replaced", new.display())))?;
        adopt(&new, &origins).map_err(|error| Failure::from(error).so(new.display()))?;
        make_private(&new)
            .and_then(|()| std::fs::File::open(&new)?.sync_all())
            .map_err(failed(format!("{} may not be on the disk", new.display())))?;
    }
    let aside = move_aside(data, &present, now)?;
    for name in &names {
        let (new, own) = (coming(data, name), data.join(format!("{name}.db")));
        std::fs::rename(&new, &own).map_err(failed(format!("{} was not put in place", own.display())))?;
    }
    sync_folder(data)?;
    std::fs::remove_file(&marker).map_err(failed(format!("{} was not removed", marker.display())))?;
    sync_folder(data)?;
    Ok(aside)
}

/// The locks of all services: nobody may have one of these databases open.
fn own(data: &Path, names: &[&str]) -> Result<Vec<OwnerLock>, Failure> {
    let mut locks = Vec::new();
    for name in names {
        let tried = try_own(data, name);
        let lock =
            tried.map_err(|error| Failure::io(format!("{} cannot be locked", data.display()), &error))?;
        locks.push(lock.ok_or_else(|| {
            let what = format!("nothing was restored: {name} runs in {}", data.display());
            Failure::new(exit::LOCKED, "shop_runs", what).mend("shopctl down")
        })?);
    }
    Ok(locks)
}

/// A database and what SQLite keeps beside it belong together.
fn files_of(data: &Path, name: &str) -> Vec<PathBuf> {
    let all = ["db", "db-wal", "db-shm"].map(|end| data.join(format!("{name}.{end}")));
    all.into_iter().filter(|path| path.exists()).collect()
}

fn coming(data: &Path, name: &str) -> PathBuf {
    data.join(format!("{name}.db.restoring"))
}

fn move_aside(data: &Path, present: &[PathBuf], now: Timestamp) -> Result<Option<PathBuf>, Failure> {
    if present.is_empty() {
        return Ok(None);
    }
    let aside = data.join(format!("replaced-{}", now.strftime("%Y%m%dT%H%M%SZ")));
    make_folder(&aside)?;
    for path in present {
        let Some(name) = path.file_name() else { continue };
        let to = aside.join(name);
        std::fs::rename(path, &to).map_err(|error| {
            Failure::io(format!("{} was not moved to {}", path.display(), to.display()), &error)
        })?;
    }
    sync_folder(&aside)?;
    Ok(Some(aside))
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::io(format!("{} cannot be made", folder.display()), &error))
}

fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}
