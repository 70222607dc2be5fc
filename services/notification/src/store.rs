//! Every SQL statement of the notification service.

pub mod alarms;
#[cfg(test)]
mod checks;

use contracts::notification::{AttemptView, NotificationState};
use contracts::{NotificationId, Sku, TicketId};
use kit::id::Id;
use kit::sql::{parsed, time};
use kit::{Result, Sql, Tx};
use rusqlite::{Row, named_params, params};

use crate::channel::{MAIL, Message};
use crate::notice::Notice;
use crate::notification::{ATTEMPTS_KEPT, Notification, NotificationError};
use crate::template::Written;

/// Which messages a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only what is about this.
    pub about: Option<String>,
    /// Only in this state.
    pub state: Option<NotificationState>,
    /// Only what is older than this message.
    pub before: Option<NotificationId>,
}

/// Adds a message. Answers false if this person was written to about this before, or anybody about
/// this ticket.
pub fn insert_notification(
    tx: &Tx<'_>,
    id: NotificationId,
    recipient: &str,
    notice: &Notice,
    written: &Written,
) -> Result<bool> {
    let inserted = tx.execute(
        "INSERT INTO notifications (id, about, happening, channel, recipient, subject, text, state, generation,
                                    created_at_ms, asked_at_ms, code_of)
         VALUES (:id, :about, :happening, :channel, :recipient, :subject, :text, 'pending', 1, :now, :now,
                 :code_of)
         ON CONFLICT (about, happening, channel, recipient) DO NOTHING
         ON CONFLICT (code_of) WHERE code_of <> '' DO NOTHING",
        named_params! {
            ":id": id.to_string(),
            ":about": notice.about,
            ":happening": notice.happening,
            ":channel": MAIL,
            ":recipient": recipient,
            ":subject": written.subject,
            ":text": written.text,
            ":now": tx.now().as_millisecond(),
            ":code_of": notice.code_of.map(|ticket| ticket.to_string()).unwrap_or_default(),
        },
    )?;
    Ok(inserted > 0)
}

/// Whether somebody was written to about this.
pub fn was_written(sql: &Sql<'_>, notice: &Notice, recipient: &str) -> Result<bool> {
    let found = sql.find(
        "SELECT 1 FROM notifications WHERE about = ?1 AND happening = ?2 AND channel = ?3 AND recipient = ?4",
        [notice.about.as_str(), &notice.happening, MAIL, recipient],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// A message that must be there.
pub fn get_notification(sql: &Sql<'_>, id: NotificationId) -> Result<Notification> {
    let found = sql.find(
        "SELECT id, about, happening, channel, recipient, subject, text, state, generation, created_at_ms
         FROM notifications WHERE id = ?1",
        [id.to_string()],
        notification,
    )?;
    found.ok_or_else(|| NotificationError::Unknown(id).into())
}

/// What is to be handed over of a message, and the ticket whose code is still to be filled in.
pub fn get_message(sql: &Sql<'_>, id: NotificationId) -> Result<(Message, Option<TicketId>)> {
    let found = sql.find(
        "SELECT id, generation, recipient, subject, text, asked_at_ms, code_of
         FROM notifications WHERE id = ?1",
        [id.to_string()],
        |row| {
            let message = Message {
                notification: parsed(row, "id")?,
                generation: row.get("generation")?,
                recipient: row.get("recipient")?,
                subject: row.get("subject")?,
                text: row.get("text")?,
                asked_at: time(row, "asked_at_ms")?,
            };
            let has_code = !row.get_ref("code_of")?.as_str()?.is_empty();
            Ok((message, has_code.then(|| parsed(row, "code_of")).transpose()?))
        },
    )?;
    found.ok_or_else(|| NotificationError::Unknown(id).into())
}

/// Messages, the newest first.
pub fn list_notifications(sql: &Sql<'_>, wanted: &Wanted, rows_max: usize) -> Result<Vec<Notification>> {
    // Each filter is a condition of its own, so that the index for it is used.
    let is_about = if wanted.about.is_some() { "about = :about" } else { ":about = ''" };
    let is_in_state = if wanted.state.is_some() { "state = :state" } else { ":state = ''" };
    sql.list(
        &format!(
            "SELECT id, about, happening, channel, recipient, subject, text, state, generation, created_at_ms
             FROM notifications
             WHERE id < :before AND {is_about} AND {is_in_state}
             ORDER BY id DESC LIMIT :rows_max"
        ),
        named_params! {
            ":before": wanted.before.unwrap_or(Id::from_bits(u128::MAX)).to_string(),
            ":about": wanted.about.as_deref().unwrap_or_default(),
            ":state": wanted.state.map_or("", NotificationState::word),
            ":rows_max": rows_max,
        },
        notification,
    )
}

/// The tries of a message, the first first.
pub fn list_attempts(sql: &Sql<'_>, id: NotificationId) -> Result<Vec<AttemptView>> {
    sql.list(
        "SELECT at_ms, outcome FROM attempts WHERE notification = ?1 ORDER BY id LIMIT ?2",
        params![id.to_string(), ATTEMPTS_KEPT],
        |row| Ok(AttemptView { at: time(row, "at_ms")?, outcome: row.get("outcome")? }),
    )
}

/// Adds a try, and forgets the oldest if there are many.
pub fn insert_attempt(tx: &Tx<'_>, id: NotificationId, outcome: &str) -> Result<()> {
    let id = id.to_string();
    tx.execute(
        "INSERT INTO attempts (notification, at_ms, outcome) VALUES (?1, ?2, ?3)",
        params![id, tx.now().as_millisecond(), outcome],
    )?;
    tx.execute(
        "DELETE FROM attempts
         WHERE notification = ?1
           AND id <= (SELECT id FROM attempts WHERE notification = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        params![id, ATTEMPTS_KEPT],
    )?;
    Ok(())
}

/// Notes where a message stands.
pub fn update_state(tx: &Tx<'_>, id: NotificationId, state: NotificationState) -> Result<()> {
    tx.execute("UPDATE notifications SET state = ?2 WHERE id = ?1", [id.to_string(), state.to_string()])?;
    Ok(())
}

/// Notes that a message is to be sent again. Within a generation it stays the same message, of the
/// same time, so that whoever carries it can know the repeat.
pub fn ask_again(tx: &Tx<'_>, id: NotificationId, generation: u32) -> Result<()> {
    tx.execute(
        "UPDATE notifications
         SET state = 'pending',
             generation = ?2,
             asked_at_ms = CASE generation WHEN ?2 THEN asked_at_ms ELSE ?3 END
         WHERE id = ?1",
        params![id.to_string(), generation, tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Counts that stock ran low. Answers which time it is, or nothing if it has been low all along.
pub fn count_crossing(tx: &Tx<'_>, sku: &Sku) -> Result<Option<u32>> {
    let changed = tx.execute(
        "INSERT INTO low_stock (sku, crossings, low) VALUES (?1, 1, 1)
         ON CONFLICT (sku) DO UPDATE SET crossings = crossings + 1, low = 1 WHERE low = 0",
        [sku.as_str()],
    )?;
    if changed == 0 {
        return Ok(None);
    }
    tx.find("SELECT crossings FROM low_stock WHERE sku = ?1", [sku.as_str()], |row| row.get("crossings"))
}

/// Notes that stock is no longer low.
pub fn rearm(tx: &Tx<'_>, sku: &Sku) -> Result<()> {
    tx.execute("UPDATE low_stock SET low = 0 WHERE sku = ?1", [sku.as_str()])?;
    Ok(())
}

fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    Ok(Notification {
        id: parsed(row, "id")?,
        about: row.get("about")?,
        happening: row.get("happening")?,
        channel: row.get("channel")?,
        recipient: row.get("recipient")?,
        subject: row.get("subject")?,
        text: row.get("text")?,
        state: parsed(row, "state")?,
        generation: row.get("generation")?,
        created_at: time(row, "created_at_ms")?,
    })
}
