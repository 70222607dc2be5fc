//! Which orders stand on a page of the list, and how many there are.

use contracts::OrderId;
use kit::sql::parsed;
use kit::{Owner, Result, Sql, Timestamp};
use rusqlite::{named_params, params};

use crate::checkout::Standing;
use crate::page::Range;

const LIST_IDS: &str = "SELECT id FROM orders WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

const LIST_IDS_STANDING: &str = "SELECT id FROM orders
    WHERE standing = :standing AND id >= :from AND id < :before
    ORDER BY id DESC
    LIMIT :rows_max";

// The unary plus keeps SQLite on the index of the owner, who has few orders.
const LIST_IDS_OF: &str = "SELECT id FROM orders
    WHERE owner = :owner AND owner <> '' AND id >= :from AND id < :before
      AND +standing IN (SELECT value FROM json_each(:standings))
    ORDER BY id DESC
    LIMIT :rows_max";

/// Every order, the oldest first.
pub(crate) fn list_all(sql: &Sql<'_>) -> Result<Vec<OrderId>> {
    sql.list("SELECT id FROM orders ORDER BY id", [], |row| parsed(row, "id"))
}

/// The newest orders of a range.
pub(crate) fn list_ids(sql: &Sql<'_>, range: Range, rows_max: usize) -> Result<Vec<OrderId>> {
    sql.list(LIST_IDS, params![range.from.to_string(), range.before.to_string(), rows_max], |row| {
        parsed(row, "id")
    })
}

/// The newest orders of a range that stand at one place.
pub(crate) fn list_ids_standing(
    sql: &Sql<'_>,
    standing: Standing,
    range: Range,
    rows_max: usize,
) -> Result<Vec<OrderId>> {
    sql.list(
        LIST_IDS_STANDING,
        named_params! {
            ":standing": standing.word(),
            ":from": range.from.to_string(),
            ":before": range.before.to_string(),
            ":rows_max": rows_max,
        },
        |row| parsed(row, "id"),
    )
}

/// The newest orders of an owner in a range that stand at one of some places. Nobody owns the orders
/// that have no owner, so that none is found then.
pub(crate) fn list_ids_of(
    sql: &Sql<'_>,
    owner: &Owner,
    standings: &[Standing],
    range: Range,
    rows_max: usize,
) -> Result<Vec<OrderId>> {
    let words: Vec<&str> = standings.iter().map(|standing| standing.word()).collect();
    sql.list(
        LIST_IDS_OF,
        named_params! {
            ":owner": owner.as_str(),
            ":standings": serde_json::Value::from(words).to_string(),
            ":from": range.from.to_string(),
            ":before": range.before.to_string(),
            ":rows_max": rows_max,
        },
        |row| parsed(row, "id"),
    )
}

pub(crate) fn count_by_standing(sql: &Sql<'_>) -> Result<Vec<(Standing, u64)>> {
    // At most one row for each standing.
    sql.list("SELECT standing, count(*) AS orders FROM orders GROUP BY standing", [], |row| {
        Ok((parsed(row, "standing")?, row.get("orders")?))
    })
}

pub(crate) fn count_overdue(sql: &Sql<'_>, now: Timestamp) -> Result<u64> {
    sql.get(
        "SELECT count(*) FROM orders
         WHERE standing IN ('placed', 'awaiting_payment', 'awaiting_outcome') AND deadline_ms <= ?1",
        [now.as_millisecond()],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use kit::testing::Scratch;
    use rusqlite::Params;

    use super::*;

    /// What SQLite would do for a statement, step by step.
    fn plan(statement: &str, params: impl Params) -> Vec<String> {
        let scratch = Scratch::of(crate::service());
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        scratch.sql(|sql| sql.list(&explain, params, |row| row.get("detail"))).unwrap()
    }

    #[test]
    fn every_list_walks_along_an_index_of_its_own_and_sorts_nothing() {
        let by_id = "SEARCH orders USING PRIMARY KEY (id>? AND id<?)";
        assert_eq!(plan(LIST_IDS, params!["", "z", 51]), [by_id]);
        let by_standing =
            "SEARCH orders USING COVERING INDEX orders_by_standing (standing=? AND id>? AND id<?)";
        let range = named_params! { ":standing": "placed", ":from": "", ":before": "z", ":rows_max": 51 };
        assert_eq!(plan(LIST_IDS_STANDING, range), [by_standing]);
        let of = named_params! {
            ":owner": "user:1", ":standings": "[]", ":from": "", ":before": "z", ":rows_max": 51
        };
        let steps = plan(LIST_IDS_OF, of);
        assert_eq!(steps[0], "SEARCH orders USING INDEX orders_by_owner (owner=? AND id>? AND id<?)");
        assert!(steps.iter().all(|step| !step.contains("TEMP B-TREE FOR ORDER BY")), "{steps:?}");
    }
}
