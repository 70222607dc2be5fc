//! The SQL of what devices are to be like, and are like.

use contracts::DeviceId;
use kit::{Result, Sql, Tx};
use rusqlite::{Row, params};

use super::{json, to_json};
use crate::shadow::{Side, State};

/// The state of a device; an empty one if nothing was ever said.
pub fn get(sql: &Sql<'_>, device: DeviceId) -> Result<State> {
    let found = sql.find(
        "SELECT version, desired, reported, desired_at, reported_at, changed_at_ms FROM states WHERE device = ?1",
        [device.to_string()],
        row_to_state,
    )?;
    Ok(found.unwrap_or_default())
}

/// Writes down the state of a device.
pub fn put(tx: &Tx<'_>, device: DeviceId, state: &State) -> Result<()> {
    tx.execute(
        "INSERT INTO states (device, version, desired, reported, desired_at, reported_at, changed_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (device) DO UPDATE
         SET version = ?2, desired = ?3, reported = ?4, desired_at = ?5, reported_at = ?6, changed_at_ms = ?7",
        params![
            device.to_string(),
            state.version,
            to_json(&state.desired.fields)?,
            to_json(&state.reported.fields)?,
            to_json(&state.desired.at)?,
            to_json(&state.reported.at)?,
            state.changed_at_ms,
        ],
    )?;
    Ok(())
}

fn row_to_state(row: &Row<'_>) -> rusqlite::Result<State> {
    Ok(State {
        version: row.get("version")?,
        desired: Side { fields: json(row, "desired")?, at: json(row, "desired_at")? },
        reported: Side { fields: json(row, "reported")?, at: json(row, "reported_at")? },
        changed_at_ms: row.get("changed_at_ms")?,
    })
}
