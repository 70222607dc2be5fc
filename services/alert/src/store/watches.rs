//! What rules remember of devices, and what is known of these.

use contracts::DeviceId;
use contracts::alert::RuleName;
use contracts::readings::Site;
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

/// Forgets what a rule remembers under other editions, so many at a time. Answers how many.
pub fn forget_watches(tx: &Tx<'_>, rule: &RuleName, edition: &str, rows_max: usize) -> Result<usize> {
    tx.execute(
        "DELETE FROM watches WHERE rule = ?1 AND device IN
             (SELECT device FROM watches WHERE rule = ?1 AND edition <> ?2 LIMIT ?3)",
        params![rule.as_str(), edition, rows_max],
    )
}

/// Forgets what a rule remembers of a device.
pub fn forget_watch(tx: &Tx<'_>, rule: &RuleName, device: DeviceId) -> Result<()> {
    tx.execute(
        "DELETE FROM watches WHERE rule = ?1 AND device = ?2",
        params![rule.as_str(), device.to_string()],
    )?;
    Ok(())
}

/// Notes where a device stands now, if it is known.
pub fn update_site(tx: &Tx<'_>, device: DeviceId, site: &Site) -> Result<()> {
    tx.execute("UPDATE devices SET site = ?2 WHERE device = ?1", params![device.to_string(), site.as_str()])?;
    Ok(())
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

/// What is known of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Its profile; empty if that is not known.
    pub profile: String,
    /// Whether it may not connect any more.
    pub revoked: bool,
}

/// What is known of a device.
pub fn find_known(sql: &Sql<'_>, device: DeviceId) -> Result<Known> {
    let known =
        sql.find("SELECT profile, revoked FROM devices WHERE device = ?1", [device.to_string()], |row| {
            Ok(Known { profile: row.get("profile")?, revoked: row.get("revoked")? })
        })?;
    Ok(known.unwrap_or_default())
}

/// Notes that a device may not connect any more.
pub fn put_revoked(tx: &Tx<'_>, device: DeviceId, site: &Site) -> Result<()> {
    tx.execute(
        "INSERT INTO devices (device, site, profile, revoked) VALUES (?1, ?2, '', 1)
         ON CONFLICT (device) DO UPDATE SET revoked = 1",
        params![device.to_string(), site.as_str()],
    )?;
    Ok(())
}

/// Notes that a device is there, and so may connect.
pub fn end_revoked(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute("UPDATE devices SET revoked = 0 WHERE device = ?1 AND revoked", [device.to_string()])?;
    Ok(())
}

/// The site of a device, if it is known.
pub fn find_site(sql: &Sql<'_>, device: DeviceId) -> Result<Option<Site>> {
    sql.find("SELECT site FROM devices WHERE device = ?1", [device.to_string()], |row| parsed(row, "site"))
}
