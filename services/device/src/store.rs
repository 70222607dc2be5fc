//! Every SQL statement of the service: here those of devices; in [`profiles`], [`doors`] and [`states`] the others.

pub mod doors;
pub mod profiles;
pub mod states;

use std::collections::BTreeMap;

use contracts::DeviceId;
use contracts::device::{DeviceState, DeviceView, HardwareId, ListDevices};
use contracts::readings::Site;
use kit::sql::{parsed, time};
use kit::{Error, Owner, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, params};

use crate::refusal::Refusal;

/// A device, as its row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its kind.
    pub profile: String,
    /// What is written on it.
    pub hardware: Option<HardwareId>,
    /// Where it stands.
    pub site: Site,
    /// What has become of it.
    pub state: DeviceState,
    /// To whom it belongs.
    pub owner: Owner,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// Whether it counts as there.
    pub online: bool,
    /// Since when it does or does not; none if it was never there.
    pub since: Option<Timestamp>,
    /// When its last connection ended; none while it has one.
    pub left_at: Option<Timestamp>,
    /// How often it came back soon after it had left.
    pub flaps: u32,
    /// When it last said a reading.
    pub last_seen: Option<Timestamp>,
    /// When it was registered.
    pub made_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl Device {
    /// As it is shown.
    pub fn into_view(self, credentials: u32) -> DeviceView {
        let owner = self.owner.as_str();
        DeviceView {
            device: self.id,
            profile: self.profile,
            hardware: self.hardware,
            site: self.site,
            state: self.state,
            owner: owner.strip_prefix("user:").map(str::to_owned),
            labels: self.labels,
            credentials,
            online: self.online,
            online_since: self.since,
            last_seen: self.last_seen,
            made_at: self.made_at,
            changed_at: self.changed_at,
        }
    }
}

/// A device.
pub fn find(sql: &Sql<'_>, id: DeviceId) -> Result<Option<Device>> {
    sql.find(
        "SELECT id, profile, hardware, site, state, owner, labels, online, since_ms, left_at_ms, flaps, last_seen_ms,
                made_at_ms, changed_at_ms
         FROM devices WHERE id = ?1",
        [id.to_string()],
        row_to_device,
    )
}

/// Whether a device that is there was seen after a time: then to see it once more says nothing new.
pub fn was_seen(sql: &Sql<'_>, id: DeviceId, after: Timestamp) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM devices WHERE id = ?1 AND online AND left_at_ms = 0 AND last_seen_ms >= ?2",
        params![id.to_string(), after.as_millisecond()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// A device that must be there.
///
/// # Errors
/// [`Refusal::UnknownDevice`].
pub fn get(sql: &Sql<'_>, id: DeviceId) -> Result<Device> {
    find(sql, id)?.ok_or_else(|| Refusal::UnknownDevice(id).into())
}

/// The device with a hardware id.
pub fn find_by_hardware(sql: &Sql<'_>, hardware: &HardwareId) -> Result<Option<Device>> {
    sql.find(
        "SELECT id, profile, hardware, site, state, owner, labels, online, since_ms, left_at_ms, flaps, last_seen_ms,
                made_at_ms, changed_at_ms
         FROM devices WHERE hardware = ?1 AND hardware <> ''",
        [hardware.as_str()],
        row_to_device,
    )
}

/// Devices in the order in which they were registered, behind one, each with how many of its secrets speak.
pub fn list(
    sql: &Sql<'_>,
    asked: &ListDevices,
    after: Option<DeviceId>,
    now: Timestamp,
    rows_max: usize,
) -> Result<Vec<DeviceView>> {
    sql.list(
        "SELECT id, profile, hardware, site, state, owner, labels, online, since_ms, left_at_ms, flaps, last_seen_ms,
                made_at_ms, changed_at_ms,
                (SELECT count(*) FROM credentials WHERE device = devices.id AND (until_ms = 0 OR until_ms > ?5))
                    AS speaking
         FROM devices
         WHERE id > ?1 AND (?2 = '' OR state = ?2) AND (?3 = '' OR profile = ?3) AND (?4 = '' OR site = ?4)
         ORDER BY id LIMIT ?6",
        params![
            after.map(|id| id.to_string()).unwrap_or_default(),
            asked.state.map(DeviceState::word).unwrap_or_default(),
            asked.profile.as_deref().unwrap_or_default(),
            asked.site.as_ref().map(Site::as_str).unwrap_or_default(),
            now.as_millisecond(),
            rows_max,
        ],
        |row| Ok(row_to_device(row)?.into_view(row.get("speaking")?)),
    )
}

/// Devices of a kind that count as there, by id, behind one.
pub fn list_online(sql: &Sql<'_>, profile: &str, after: &str, rows_max: usize) -> Result<Vec<Device>> {
    sql.list(
        "SELECT id, profile, hardware, site, state, owner, labels, online, since_ms, left_at_ms, flaps, last_seen_ms,
                made_at_ms, changed_at_ms
         FROM devices WHERE id > ?1 AND profile = ?2 AND online ORDER BY id LIMIT ?3",
        params![after, profile, rows_max],
        row_to_device,
    )
}

/// Writes down a new device.
pub fn insert(tx: &Tx<'_>, device: &Device) -> Result<()> {
    tx.execute(
        "INSERT INTO devices (id, profile, hardware, site, state, owner, labels, online, since_ms, left_at_ms, flaps,
                              last_seen_ms, made_at_ms, changed_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, 0, 0, ?8, ?8)",
        params![
            device.id.to_string(),
            device.profile,
            device.hardware.as_ref().map(HardwareId::as_str).unwrap_or_default(),
            device.site.as_str(),
            device.state.word(),
            device.owner.as_str(),
            to_json(&device.labels)?,
            tx.now().as_millisecond(),
        ],
    )?;
    Ok(())
}

/// Writes down what an operator or a customer may change of a device.
pub fn update(tx: &Tx<'_>, device: &Device) -> Result<()> {
    tx.execute(
        "UPDATE devices SET site = ?2, state = ?3, owner = ?4, labels = ?5, changed_at_ms = ?6 WHERE id = ?1",
        params![
            device.id.to_string(),
            device.site.as_str(),
            device.state.word(),
            device.owner.as_str(),
            to_json(&device.labels)?,
            tx.now().as_millisecond(),
        ],
    )?;
    Ok(())
}

/// Writes down whether a device is there.
pub fn update_presence(tx: &Tx<'_>, device: &Device) -> Result<()> {
    let ms = |time: Option<Timestamp>| time.map_or(0, Timestamp::as_millisecond);
    tx.execute(
        "UPDATE devices SET online = ?2, since_ms = ?3, left_at_ms = ?4, flaps = ?5, last_seen_ms = ?6 WHERE id = ?1",
        params![
            device.id.to_string(),
            device.online,
            ms(device.since),
            ms(device.left_at),
            device.flaps,
            ms(device.last_seen),
        ],
    )?;
    Ok(())
}

fn row_to_device(row: &Row<'_>) -> rusqlite::Result<Device> {
    let hardware: String = row.get("hardware")?;
    Ok(Device {
        id: parsed(row, "id")?,
        profile: row.get("profile")?,
        hardware: if hardware.is_empty() { None } else { Some(parsed(row, "hardware")?) },
        site: parsed(row, "site")?,
        state: parsed(row, "state")?,
        owner: parsed(row, "owner")?,
        labels: json(row, "labels")?,
        online: row.get("online")?,
        since: maybe_time(row, "since_ms")?,
        left_at: maybe_time(row, "left_at_ms")?,
        flaps: row.get("flaps")?,
        last_seen: maybe_time(row, "last_seen_ms")?,
        made_at: time(row, "made_at_ms")?,
        changed_at: time(row, "changed_at_ms")?,
    })
}

/// A time that may not have come yet, which is 0 in a row.
fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let time = time(row, column)?;
    Ok(Some(time).filter(|time| *time != Timestamp::UNIX_EPOCH))
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal("a row cannot be written as JSON").caused_by(error))
}
