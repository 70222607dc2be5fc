//! The SQL of what devices come in by: credentials, connections, and codes to claim them.

use contracts::DeviceId;
use contracts::device::CLAIM_TRIES_MAX;
use kit::sql::{parsed, time};
use kit::{Result, Sql, Timestamp, Tx};
use rusqlite::params;

use crate::secret::Digest;

/// A connection, as the broker numbers it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Connection {
    /// The server, as it calls itself.
    pub server: String,
    /// Its number there.
    pub number: u64,
}

/// Whether a secret of a device speaks now.
pub fn speaks(sql: &Sql<'_>, device: DeviceId, digest: &Digest, now: Timestamp) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 AS one FROM credentials WHERE device = ?1 AND digest = ?2 AND (until_ms = 0 OR until_ms > ?3)",
        params![device.to_string(), digest, now.as_millisecond()],
        |row| row.get::<_, i64>("one"),
    )?;
    Ok(found.is_some())
}

/// How many secrets of a device speak now.
pub fn speaking(sql: &Sql<'_>, device: DeviceId, now: Timestamp) -> Result<u32> {
    sql.get(
        "SELECT count(*) FROM credentials WHERE device = ?1 AND (until_ms = 0 OR until_ms > ?2)",
        params![device.to_string(), now.as_millisecond()],
        |row| row.get(0),
    )
}

/// Gives a device a secret; those before speak until a time, and what speaks no more is forgotten.
pub fn add_credential(tx: &Tx<'_>, device: DeviceId, digest: &Digest, before_until: Timestamp) -> Result<()> {
    let (id, now) = (device.to_string(), tx.now().as_millisecond());
    tx.execute(
        "UPDATE credentials SET until_ms = ?2 WHERE device = ?1 AND (until_ms = 0 OR until_ms > ?2)",
        params![id, before_until.as_millisecond()],
    )?;
    tx.execute(
        "DELETE FROM credentials WHERE device = ?1 AND until_ms <> 0 AND until_ms <= ?2",
        params![id, now],
    )?;
    tx.execute(
        "INSERT INTO credentials (device, digest, made_at_ms, until_ms) VALUES (?1, ?2, ?3, 0)",
        params![id, digest, now],
    )?;
    Ok(())
}

/// Takes all secrets of a device back.
pub fn remove_credentials(tx: &Tx<'_>, device: DeviceId) -> Result<usize> {
    tx.execute("DELETE FROM credentials WHERE device = ?1", [device.to_string()])
}

/// When the next secret of a device ends, of those that were replaced.
pub fn next_end(sql: &Sql<'_>, device: DeviceId, now: Timestamp) -> Result<Option<Timestamp>> {
    sql.find(
        "SELECT until_ms FROM credentials WHERE device = ?1 AND until_ms > ?2 ORDER BY until_ms LIMIT 1",
        params![device.to_string(), now.as_millisecond()],
        |row| time(row, "until_ms"),
    )
}

/// Notes that somebody was let in under a number, by a secret.
pub fn insert_connection(
    tx: &Tx<'_>,
    connection: &Connection,
    device: DeviceId,
    digest: &Digest,
) -> Result<()> {
    tx.execute(
        "INSERT INTO connections (server, number, device, digest, admitted_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (server, number) DO UPDATE SET device = ?3, digest = ?4, admitted_ms = ?5",
        params![connection.server, connection.number, device.to_string(), digest, tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// How many connections of a device a server has.
pub fn connections_at(sql: &Sql<'_>, device: DeviceId, server: &str) -> Result<u32> {
    sql.get(
        "SELECT count(*) FROM connections WHERE device = ?1 AND server = ?2",
        params![device.to_string(), server],
        |row| row.get(0),
    )
}

/// The connections of a device that were let in by a secret that speaks no more.
pub fn connections_outlived(sql: &Sql<'_>, device: DeviceId, now: Timestamp) -> Result<Vec<Connection>> {
    sql.list(
        "SELECT server, number FROM connections
         WHERE device = ?1 AND NOT EXISTS
               (SELECT 1 FROM credentials
                WHERE credentials.device = ?1 AND credentials.digest = connections.digest
                      AND (until_ms = 0 OR until_ms > ?2))
         ORDER BY server, number",
        params![device.to_string(), now.as_millisecond()],
        |row| Ok(Connection { server: row.get("server")?, number: row.get("number")? }),
    )
}

/// Whose connection this is.
pub fn device_of(sql: &Sql<'_>, connection: &Connection) -> Result<Option<DeviceId>> {
    sql.find(
        "SELECT device FROM connections WHERE server = ?1 AND number = ?2",
        params![connection.server, connection.number],
        |row| parsed(row, "device"),
    )
}

/// Forgets a connection that has ended.
pub fn remove_connection(tx: &Tx<'_>, connection: &Connection) -> Result<()> {
    tx.execute(
        "DELETE FROM connections WHERE server = ?1 AND number = ?2",
        params![connection.server, connection.number],
    )?;
    Ok(())
}

/// The connections of a device.
pub fn connections_of(sql: &Sql<'_>, device: DeviceId) -> Result<Vec<Connection>> {
    sql.list(
        "SELECT server, number FROM connections WHERE device = ?1 ORDER BY server, number",
        [device.to_string()],
        |row| Ok(Connection { server: row.get("server")?, number: row.get("number")? }),
    )
}

/// All connections of devices, and when each was let in.
pub fn connections(sql: &Sql<'_>) -> Result<Vec<(Connection, DeviceId, Timestamp)>> {
    sql.list("SELECT server, number, device, admitted_ms FROM connections", [], |row| {
        let connection = Connection { server: row.get("server")?, number: row.get("number")? };
        Ok((connection, parsed(row, "device")?, time(row, "admitted_ms")?))
    })
}

/// Keeps a code by which a device is claimed, in the place of one before.
pub fn put_claim(tx: &Tx<'_>, device: DeviceId, digest: &Digest, until: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO claims (device, digest, until_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (device) DO UPDATE SET digest = ?2, until_ms = ?3, tries = 0",
        params![device.to_string(), digest, until.as_millisecond()],
    )?;
    Ok(())
}

/// Until when a code claims a device; none if it is not the one.
pub fn find_claim(sql: &Sql<'_>, device: DeviceId, digest: &Digest) -> Result<Option<Timestamp>> {
    sql.find(
        "SELECT until_ms FROM claims WHERE device = ?1 AND digest = ?2",
        params![device.to_string(), digest],
        |row| time(row, "until_ms"),
    )
}

/// Counts a wrong code. With the last that may be tried the right one ends.
pub fn count_try(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    let id = device.to_string();
    tx.execute("UPDATE claims SET tries = tries + 1 WHERE device = ?1", [&id])?;
    tx.execute("DELETE FROM claims WHERE device = ?1 AND tries >= ?2", params![id, CLAIM_TRIES_MAX])?;
    Ok(())
}

/// Forgets the code of a device.
pub fn remove_claim(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute("DELETE FROM claims WHERE device = ?1", [device.to_string()])?;
    Ok(())
}
