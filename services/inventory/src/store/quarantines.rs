//! What alarms put aside, and what scales counted.

use contracts::{AlarmId, DeviceId, Sku};
use kit::{Result, Timestamp, Tx};
use rusqlite::params;

/// Notes that an alarm puts stock aside. Answers false if it did before.
pub fn insert_quarantine(tx: &Tx<'_>, alarm: AlarmId, sku: &Sku) -> Result<bool> {
    let inserted = tx.execute(
        "INSERT INTO quarantines (alarm, sku, since_ms, released_at_ms) VALUES (?1, ?2, ?3, NULL)
         ON CONFLICT (alarm) DO NOTHING",
        params![alarm.to_string(), sku.as_str(), tx.now().as_millisecond()],
    )?;
    Ok(inserted > 0)
}

/// Notes that what was put aside of a product is released.
pub fn end_quarantines(tx: &Tx<'_>, sku: &Sku) -> Result<()> {
    tx.execute(
        "UPDATE quarantines SET released_at_ms = ?2 WHERE sku = ?1 AND released_at_ms IS NULL",
        params![sku.as_str(), tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Notes whether the stock of a product may not be sold.
pub fn update_quarantined(tx: &Tx<'_>, sku: &Sku, quarantined: bool) -> Result<()> {
    tx.execute("UPDATE stock SET quarantined = ?2 WHERE sku = ?1", params![sku.as_str(), quarantined])?;
    Ok(())
}

/// Notes when a scale counted. Answers false if a count of then, or of later, was heard of before.
pub fn note_count(tx: &Tx<'_>, device: DeviceId, sku: &Sku, at: Timestamp) -> Result<bool> {
    let noted = tx.execute(
        "INSERT INTO counts (device, sku, counted_at_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (device, sku) DO UPDATE SET counted_at_ms = excluded.counted_at_ms
         WHERE counted_at_ms < excluded.counted_at_ms",
        params![device.to_string(), sku.as_str(), at.as_millisecond()],
    )?;
    Ok(noted > 0)
}
