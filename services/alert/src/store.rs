//! Every SQL statement of alert: here those of rules, in [`watches`] and [`alarms`] the others.

mod alarms;
mod watches;

use contracts::alert::{RULES_MAX, Rule, RuleName, RuleView};
use kit::id::EventId;
use kit::sql::time;
use kit::{Error, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, params};

use crate::checks::AlertError;

pub use alarms::{
    Wanted, acknowledge, clear, count_on, escalate, find_alarm, find_open, forget_alarms, get_alarm,
    insert_alarm, list_alarms, list_of_other_editions, list_open_of,
};
pub use watches::{
    Known, end_revoked, find_known, find_site, find_watch, forget_watch, forget_watches, forget_watches_of,
    put_device, put_revoked, put_watch, update_site,
};

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The rule.
    pub rule: Rule,
    /// What its watches and alarms must have been made under.
    pub edition: String,
    /// When it was set last.
    pub changed_at: Timestamp,
}

impl Kept {
    /// What others see of it.
    pub fn into_view(self) -> RuleView {
        RuleView { rule: self.rule, changed_at: self.changed_at }
    }
}

/// Changed with every change of any rule.
pub fn book_edition(sql: &Sql<'_>) -> Result<String> {
    sql.get("SELECT edition FROM rulebook WHERE one = 1", [], |row| row.get("edition"))
}

/// A rule.
pub fn find_rule(sql: &Sql<'_>, name: &RuleName) -> Result<Option<Kept>> {
    sql.find("SELECT edition, body, changed_at_ms FROM rules WHERE name = ?1", [name.as_str()], row_to_rule)
}

/// A rule that must be there.
pub fn get_rule(sql: &Sql<'_>, name: &RuleName) -> Result<Kept> {
    find_rule(sql, name)?.ok_or_else(|| AlertError::UnknownRule(name.clone()).into())
}

/// How many rules there are.
pub fn count_rules(sql: &Sql<'_>) -> Result<usize> {
    sql.get("SELECT count(*) AS number FROM rules", [], |row| row.get("number"))
}

/// Rules by name, behind one.
pub fn list_rules(sql: &Sql<'_>, after: Option<&RuleName>, rows_max: usize) -> Result<Vec<Kept>> {
    sql.list(
        "SELECT edition, body, changed_at_ms FROM rules WHERE name > ?1 ORDER BY name LIMIT ?2",
        params![after.map_or("", RuleName::as_str), rows_max],
        row_to_rule,
    )
}

/// Every rule.
pub fn all_rules(sql: &Sql<'_>) -> Result<Vec<Kept>> {
    list_rules(sql, None, RULES_MAX)
}

/// Sets a rule.
pub fn put_rule(tx: &mut Tx<'_>, kept: &Kept) -> Result<()> {
    let body = serde_json::to_string(&kept.rule)
        .map_err(|error| Error::internal("a rule cannot be written as JSON").caused_by(error))?;
    tx.execute(
        "INSERT INTO rules (name, edition, body, changed_at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE
         SET edition = excluded.edition, body = excluded.body, changed_at_ms = excluded.changed_at_ms",
        params![kept.rule.name.as_str(), kept.edition, body, kept.changed_at.as_millisecond()],
    )?;
    change_book(tx)
}

/// Removes a rule.
pub fn remove_rule(tx: &mut Tx<'_>, name: &RuleName) -> Result<()> {
    tx.execute("DELETE FROM rules WHERE name = ?1", [name.as_str()])?;
    change_book(tx)
}

fn change_book(tx: &mut Tx<'_>) -> Result<()> {
    let edition: EventId = tx.new_id();
    tx.execute("UPDATE rulebook SET edition = ?1 WHERE one = 1", [edition.to_string()])?;
    Ok(())
}

fn row_to_rule(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        rule: from_json(row, "body")?,
        edition: row.get("edition")?,
        changed_at: time(row, "changed_at_ms")?,
    })
}

/// Reads a text column that holds JSON.
fn from_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    serde_json::from_str(row.get_ref(index)?.as_str()?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
    })
}
