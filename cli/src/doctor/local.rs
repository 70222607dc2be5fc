//! What this machine knows of a shop that runs on it: its files, disks and processes. Only looks.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kit::access::Identity;
use kit::bus;

use super::certificate;
use super::facts::{Asked, Disk, Here, Keys, Process};
use super::limits::FILES_TIME;
use crate::keys::Ring;
use crate::private;
use crate::shop::Shop;
use crate::stack::listen::Listen;
use crate::stack::nats_server::NatsServer;
use crate::stack::{Folder, reload};

/// Looks at everything of the shop in the data folder, if it is the one that is asked. A disk that
/// hangs is said to.
pub(super) async fn look(shop: &Shop) -> Option<Asked<Here>> {
    let folder = shop.folder().ok().filter(|folder| folder.root().exists())?;
    let is_asked = folder.recorded_url().map_or(!shop.names_broker(), |url| url == shop.address().url);
    if !is_asked {
        return None;
    }
    let looked = tokio::task::spawn_blocking(move || here(&folder));
    Some(match tokio::time::timeout(FILES_TIME, looked).await {
        Ok(Ok(here)) => Ok(here),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("its files did not answer within {} s", FILES_TIME.as_secs())),
    })
}

fn here(folder: &Folder) -> Here {
    let parts = folder.parts();
    let conf = std::fs::read_to_string(folder.nats_conf()).unwrap_or_default();
    let leftovers = parts.iter().filter(|part| folder.process(part).is_none()).cloned().collect();
    Here {
        disks: disks(folder),
        memory: memory(),
        nats_server: NatsServer::find()
            .map(|found| found.version)
            .map_err(|failure| failure.message().to_owned()),
        sync: said(&conf, "sync_interval"),
        store_max: said(&conf, "max_file_store").and_then(|size| bytes(&size)),
        leftovers,
        processes: parts.iter().filter_map(|part| process(folder, part)).collect(),
        keys: keys(folder),
        certificate: Listen::recorded(folder).and_then(|listen| listen.certificate).map(|pem| {
            let text = std::fs::read_to_string(&pem.file)
                .map_err(|error| format!("{} cannot be read: {error}", private::shown(&pem.file)))?;
            certificate::ends(&text)
        }),
    }
}

/// The disk of the data folder, and that of the broker's store if it is another.
fn disks(folder: &Folder) -> Vec<Disk> {
    let disk = |holds: &'static str, path: PathBuf| {
        let facts = rustix::fs::statvfs(&path).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(facts.f_frsize);
        let disk = Disk {
            holds,
            path: private::shown(&path),
            free: bytes(facts.f_bavail),
            total: bytes(facts.f_blocks),
        };
        Some((facts.f_fsid, disk))
    };
    let data = disk("data folder", folder.root().to_path_buf());
    let store =
        disk("streams", folder.streams()).filter(|(id, _)| data.as_ref().is_none_or(|(own, _)| own != id));
    [data, store].into_iter().flatten().map(|(_, disk)| disk).collect()
}

fn memory() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    Some((bytes("MemAvailable")?, bytes("MemTotal")?))
}

/// What the configuration of the broker says of something; none if nothing.
fn said(conf: &str, name: &str) -> Option<String> {
    let said = conf.lines().find_map(|line| line.trim_start().strip_prefix(name))?;
    let said = said.split('#').next().unwrap_or_default().trim_start_matches([' ', ':', '=']);
    let word = said.trim().trim_matches(['"', '\'']);
    (!word.is_empty()).then(|| kit::text::printable(word).into_owned())
}

/// A size as the configuration writes it: `8GB`, `16MB`, or a number of bytes.
fn bytes(size: &str) -> Option<u64> {
    let digits = size.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit: u64 = match size[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "KB" | "KIB" | "KI" => 1 << 10,
        "MB" | "MIB" | "MI" => 1 << 20,
        "GB" | "GIB" | "GI" => 1 << 30,
        "TB" | "TIB" | "TI" => 1 << 40,
        _ => return None,
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(unit)
}

/// Where the system tells, how many files a process has open and how many it may.
fn process(folder: &Folder, part: &str) -> Option<Process> {
    let pid = folder.process(part)?.pid;
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let most = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let most = most.split_whitespace().next()?;
    Some(Process {
        name: part.to_owned(),
        open_files: std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64,
        // Without a limit the word stands there.
        open_files_max: most.parse().unwrap_or(u64::MAX),
    })
}

fn keys(folder: &Folder) -> Asked<Keys> {
    let ring = Ring::of(folder);
    let roster = ring.roster().map_err(|failure| failure.message().to_owned())?;
    let users = std::fs::read_to_string(ring.users()).unwrap_or_default();
    let runs = folder.process(crate::stack::BROKER).is_some();
    let seeds = roster.members.iter().map(|member| Identity::path(ring.folder(), &member.name));
    let exposed = seeds.chain([ring.folder().to_path_buf()]).filter_map(|path| exposed(&path));
    let aged = roster.members.iter().filter_map(|member| {
        let changed = std::fs::metadata(ring.seed(&member.name)).ok()?.modified().ok()?;
        Some((member.name.clone(), Timestamp::try_from(changed).ok()?))
    });
    Ok(Keys {
        members: roster.members.len(),
        exposed: exposed.collect(),
        users_match: users == bus::users_conf(&roster, &contracts::shop()),
        users_loaded: !runs || reload::is_up_to_date(folder),
        oldest: aged.min_by_key(|(_, since)| *since),
    })
}

/// What others may do with a file, in the words of `chmod`; none if nothing, or there is no such file.
fn exposed(path: &Path) -> Option<(String, String)> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| (private::shown(path), format!("{mode:o}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_says_how_often_the_broker_writes_to_the_disk_and_how_much() {
        let sync = |conf| said(conf, "sync_interval");
        assert_eq!(sync("jetstream {\n  sync_interval: always # slow\n}").as_deref(), Some("always"));
        assert_eq!(sync("sync_interval = \"2m\"").as_deref(), Some("2m"));
        assert_eq!(sync("# sync_interval: always\nport: 1"), None);
        let ours = said(include_str!("../../../nats.conf"), "max_file_store");
        assert_eq!(ours.and_then(|size| bytes(&size)), Some(8 << 30));
        assert_eq!((bytes("7"), bytes("2K"), bytes("GB"), bytes("lots")), (Some(7), Some(2000), None, None));
        assert_eq!(
            sync(include_str!("../../../nats.conf")),
            None,
            "the default, and the outboxes make up for it"
        );
    }
}
