//! The table of the keys that sign tokens. What others are told stands in the table of the kit.

use kit::sql::{parsed, time};
use kit::{Result, Sql, Tx};
use rusqlite::named_params;

use crate::keys::{KEYS_MAX, Key};

/// The keys, the newest first.
pub(crate) fn list_keys(sql: &Sql<'_>) -> Result<Vec<Key>> {
    sql.list(
        "SELECT id, secret, signs_from_ms, valid_until_ms, told_at_ms FROM own_keys
         ORDER BY signs_from_ms DESC, id DESC LIMIT ?1",
        [KEYS_MAX + 1],
        |row| {
            Ok(Key {
                id: parsed(row, "id")?,
                secret: row.get("secret")?,
                signs_from: time(row, "signs_from_ms")?,
                valid_until: time(row, "valid_until_ms")?,
                told_at: time(row, "told_at_ms")?,
            })
        },
    )
}

pub(crate) fn save_key(tx: &Tx<'_>, key: &Key) -> Result<()> {
    tx.execute(
        "INSERT INTO own_keys (id, secret, signs_from_ms, valid_until_ms, told_at_ms)
         VALUES (:id, :secret, :signs_from, :valid_until, :told_at)
         ON CONFLICT (id) DO UPDATE
         SET valid_until_ms = excluded.valid_until_ms, told_at_ms = excluded.told_at_ms",
        named_params! {
            ":id": key.id.to_string(),
            ":secret": key.secret,
            ":signs_from": key.signs_from.as_millisecond(),
            ":valid_until": key.valid_until.as_millisecond(),
            ":told_at": key.told_at.as_millisecond(),
        },
    )?;
    Ok(())
}

/// Removes the keys that nobody believes any more. The newest stays: it signs until there is another,
/// and others are told of it again before.
pub(crate) fn delete_keys(tx: &Tx<'_>) -> Result<()> {
    tx.execute(
        "DELETE FROM own_keys
         WHERE valid_until_ms <= ?1 AND signs_from_ms < (SELECT max(signs_from_ms) FROM own_keys)",
        [tx.now().as_millisecond()],
    )?;
    Ok(())
}
