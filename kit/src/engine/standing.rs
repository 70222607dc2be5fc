//! Where a hearer stands in the streams it hears: what it acted on, and what should have come and did not.
//!
//! A consumer hands out only some subjects, so numbers that are missing between two messages say nothing. Two
//! things do: the broker's count of what it handed out, and what each event says was told before it.

use rusqlite::params;

use crate::error::{Error, Result};
use crate::sql::Sql;

/// The position of a source whose database was replaced by a restore: nothing of it is heard any more.
pub const CLOSED: u64 = i64::MAX as u64;

/// Where a hearer is in what its consumer hands out.
///
/// The broker counts what it hands out. A connection that is cut takes some of it along, and the next
/// one goes on behind that; acknowledging what comes then would acknowledge what was never here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Course {
    handed: u64,
    previous: u64,
}

impl Course {
    /// A hearer that stands at a position, and whose consumer has handed out so much.
    pub fn at(position: u64, handed: u64) -> Self {
        Self { handed, previous: position }
    }

    /// Takes a message by both its numbers. Answers the number in the stream of the one before it.
    ///
    /// # Errors
    /// If something was handed out before it that never came here, or the consumer was set back: begin
    /// again from the position.
    pub fn takes(&mut self, handed: u64, sequence: u64) -> Result<u64> {
        if handed != self.handed + 1 {
            let (came, due) = (handed, self.handed + 1);
            let what =
                format!("message {sequence} came as number {came} of its consumer, and number {due} did not");
            return Err(Error::unavailable("went_astray", what));
        }
        self.handed = handed;
        let previous = self.previous;
        self.previous = previous.max(sequence);
        Ok(previous)
    }
}

/// Where in a stream a hearer stands; 0 if it has heard nothing of this database.
///
/// # Errors
/// If the table cannot be read.
pub fn position(sql: &Sql<'_>, source: &str, origin: &str) -> Result<u64> {
    let found = sql.find(
        "SELECT sequence FROM position WHERE source = ?1 AND origin = ?2",
        [source, origin],
        |row| row.get(0),
    )?;
    Ok(found.unwrap_or(0))
}

/// Notes that everything was heard up to a number.
pub(crate) fn note(sql: &Sql<'_>, source: &str, origin: &str, sequence: u64) -> Result<()> {
    sql.connection()
        .prepare_cached(
            "INSERT INTO position (source, origin, sequence) VALUES (?1, ?2, ?3)
             ON CONFLICT (source, origin) DO UPDATE SET sequence = excluded.sequence",
        )?
        .execute(params![source, origin, sequence])?;
    Ok(())
}

/// When the newest of the messages was received that were drained of a stream, in nanoseconds since 1970; none if nobody
/// noted it.
///
/// # Errors
/// If the table cannot be read.
pub fn received(sql: &Sql<'_>, source: &str, origin: &str) -> Result<Option<i64>> {
    let found = sql.find(
        "SELECT sequence FROM position WHERE source = ?1 AND origin = ?2",
        [times_of(source).as_str(), origin],
        |row| row.get(0),
    )?;
    Ok(found)
}

/// Notes when the newest of the messages was received that were drained of a stream.
pub(crate) fn note_received(sql: &Sql<'_>, source: &str, origin: &str, nanos: i64) -> Result<()> {
    note(sql, &times_of(source), origin, nanos.unsigned_abs())
}

/// The name under which the times of a stream are noted: that of no stream, for none has a dot in its name.
fn times_of(source: &str) -> String {
    format!("{source}.received")
}

/// The last of the events that a hearer should have heard before another, given what that one says was told
/// before it; 0 if there is none, or if it does not say. `subjects` is what the hearer hears of the service.
pub fn due_before(told_before: &str, service: &str, subjects: &[&str]) -> u64 {
    fn name_of<'a>(subject: &'a str, service: &str) -> Option<&'a str> {
        subject.strip_prefix("events.")?.strip_prefix(service)?.strip_prefix('.')
    }
    let told = told_before.split(' ').filter_map(|entry| entry.split_once('='));
    let heard = told.filter(|(name, _)| subjects.iter().any(|heard| name_of(heard, service) == Some(name)));
    heard.filter_map(|(_, number)| number.parse().ok()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::due_before;

    #[test]
    fn what_is_due_before_an_event_is_the_newest_of_what_is_heard() {
        let told = "cancelled=7 confirmed=12 payment_due=14";
        let due = |subjects: &[&str]| due_before(told, "order", subjects);
        assert_eq!(due(&["events.order.confirmed", "events.order.cancelled"]), 12);
        assert_eq!(due(&["events.order.placed"]), 0, "never told");
        assert_eq!(due(&["events.orders.confirmed", "events.payment.confirmed"]), 0, "another service");
        assert_eq!(due_before("", "order", &["events.order.confirmed"]), 0);
        assert_eq!(due_before("confirmed confirmed=x =3", "order", &["events.order.confirmed"]), 0);
    }
}
