//! What rules remember of devices, and what is known of these.

use contracts::alert::RuleName;
use contracts::readings::Site;
use contracts::{AlarmId, DeviceId};
use kit::sql::parsed;
use kit::{Error, Result, Sql, Tx};
use rusqlite::params;

use super::from_json;
use crate::watch::Watch;

/// What a rule remembers of a device, if that was under this edition.
pub fn find_watch(sql: &Sql<'_>, rule: &RuleName, device: DeviceId, edition: &str) -> Result<Option<Watch>> {
    sql.find(
        "SELECT body FROM watches WHERE rule = ?1 AND device = ?2 AND edition = ?3",
        params![rule.as_str(), device.to_string(), edition],
        |row| from_json(row, "body"),
    )
}

/// Remembers it.
pub fn put_watch(tx: &Tx<'_>, rule: &RuleName, device: DeviceId, edition: &str, watch: &Watch) -> Result<()> {
    let body = serde_json::to_string(watch)
        .map_err(|error| Error::internal("a watch cannot be written as JSON").caused_by(error))?;
    tx.execute(
        "INSERT INTO watches (rule, device, edition, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (rule, device) DO UPDATE SET edition = excluded.edition, body = excluded.body",
        params![rule.as_str(), device.to_string(), edition, body],
    )?;
    Ok(())
}

/// Forgets what a rule saw, after its alarm was cleared by hand.
pub fn reset_watch(tx: &Tx<'_>, rule: &RuleName, device: DeviceId, alarm: AlarmId) -> Result<()> {
    let found = tx.find(
        "SELECT edition, body FROM watches WHERE rule = ?1 AND device = ?2",
        params![rule.as_str(), device.to_string()],
        |row| Ok((row.get::<_, String>("edition")?, from_json::<Watch>(row, "body")?)),
    )?;
    match found {
        Some((edition, mut watch)) if watch.open == Some(alarm) => {
            watch.reset();
            put_watch(tx, rule, device, &edition, &watch)
        }
        _ => Ok(()),
    }
}

/// Forgets what a rule remembers under other editions, so many at a time. Answers how many.
pub fn forget_watches(tx: &Tx<'_>, rule: &RuleName, edition: &str, rows_max: usize) -> Result<usize> {
    tx.execute(
        "DELETE FROM watches WHERE rule = ?1 AND device IN
             (SELECT device FROM watches WHERE rule = ?1 AND edition <> ?2 LIMIT ?3)",
        params![rule.as_str(), edition, rows_max],
    )
}

/// Forgets what all rules remember of a device. Its profile stays known: it may get other credentials.
pub fn forget_watches_of(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute("DELETE FROM watches WHERE device = ?1", [device.to_string()])?;
    Ok(())
}

/// Remembers the site and profile of a device.
pub fn put_device(tx: &Tx<'_>, device: DeviceId, site: &Site, profile: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO devices (device, site, profile) VALUES (?1, ?2, ?3)
         ON CONFLICT (device) DO UPDATE SET site = excluded.site, profile = excluded.profile",
        params![device.to_string(), site.as_str(), profile],
    )?;
    Ok(())
}

/// The profile of a device, if it is known.
pub fn find_profile(sql: &Sql<'_>, device: DeviceId) -> Result<Option<String>> {
    sql.find("SELECT profile FROM devices WHERE device = ?1", [device.to_string()], |row| row.get("profile"))
}

/// The site of a device, if it is known.
pub fn find_site(sql: &Sql<'_>, device: DeviceId) -> Result<Option<Site>> {
    sql.find("SELECT site FROM devices WHERE device = ?1", [device.to_string()], |row| parsed(row, "site"))
}
