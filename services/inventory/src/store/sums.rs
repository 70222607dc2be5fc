//! What the stock of each product is, and what it should be.

use contracts::Sku;
use contracts::inventory::{StockFlow, StockSums};
use kit::{Result, Sql};
use rusqlite::params;

use super::parsed;

/// Entries of the ledger that are walked for one page. The product at which there are more is the last of its page;
/// by itself it may have as many as it has.
const ENTRIES_MAX: u64 = 20_000;

/// The sums of each product, by sku, behind one: so many products at most, and fewer if their ledger is long.
/// Answers also whether there may be more.
///
/// # Errors
/// If the tables cannot be read.
pub fn list_sums(sql: &Sql<'_>, after: Option<&Sku>, rows_max: usize) -> Result<(Vec<StockSums>, bool)> {
    let skus: Vec<Sku> = sql.list(
        "SELECT sku FROM stock WHERE sku > ?1 ORDER BY sku LIMIT ?2",
        params![after.map_or("", Sku::as_str), rows_max + 1],
        |row| parsed(row, "sku"),
    )?;
    let (mut walked, mut sums) = (0, Vec::with_capacity(skus.len()));
    for sku in skus.iter().take(rows_max) {
        if walked >= ENTRIES_MAX {
            break;
        }
        let (of_sku, entries) = sums_of(sql, sku)?;
        sums.push(of_sku);
        walked += entries;
    }
    let more = sums.len() < skus.len();
    Ok((sums, more))
}

/// One statement, so that all figures are of the same moment. Answers also how many entries its ledger has.
fn sums_of(sql: &Sql<'_>, sku: &Sku) -> Result<(StockSums, u64)> {
    sql.get(
        "WITH told AS MATERIALIZED (
             SELECT count(*) AS entries,
                    coalesce(sum(on_hand_change), 0) AS on_hand, coalesce(sum(held_change), 0) AS held,
                    coalesce(sum(iif(cause = 'received', on_hand_change, 0)), 0) AS received,
                    coalesce(sum(iif(cause IN ('adjusted', 'counted'), on_hand_change, 0)), 0) AS adjusted
             FROM ledger WHERE sku = ?1
         ),
         lines AS MATERIALIZED (
             SELECT coalesce(sum(iif(holds.state = 'held', quantity, 0)), 0) AS live,
                    coalesce(sum(iif(holds.state = 'sold', quantity, 0)), 0) AS gone
             FROM hold_lines CROSS JOIN holds ON holds.id = hold_lines.hold
             WHERE hold_lines.sku = ?1
         )
         SELECT stock.sku AS sku, stock.on_hand AS on_hand, stock.held AS held, told.entries AS entries,
                told.on_hand AS ledger_on_hand, told.held AS ledger_held, lines.live AS holds,
                told.received AS received, told.adjusted AS adjusted, lines.gone AS sold
         FROM stock, told, lines WHERE stock.sku = ?1",
        [sku.as_str()],
        |row| {
            let sums = StockSums {
                sku: parsed(row, "sku")?,
                on_hand: row.get("on_hand")?,
                held: row.get("held")?,
                ledger_on_hand: row.get("ledger_on_hand")?,
                ledger_held: row.get("ledger_held")?,
                holds: row.get("holds")?,
                flow: Some(StockFlow {
                    received: row.get("received")?,
                    adjusted: row.get("adjusted")?,
                    sold: row.get("sold")?,
                }),
            };
            Ok((sums, row.get("entries")?))
        },
    )
}

#[cfg(test)]
mod tests {
    use kit::testing::Scratch;

    use super::*;

    #[test]
    fn a_page_ends_behind_a_product_with_a_long_ledger_and_the_next_goes_on() {
        let scratch = Scratch::of(crate::service());
        let ended = scratch.sql(|sql| {
            let write = |text, value: &dyn rusqlite::ToSql| sql.list(text, [value], |_| Ok(())).map(drop);
            for sku in ["a", "b", "c"] {
                write(
                    "INSERT INTO stock (sku, on_hand, held, low_mark, high_mark, low, changed_at_ms)
                     VALUES (?1, 0, 0, 0, 0, 0, 0)",
                    &sku,
                )?;
            }
            write(
                "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
                 INSERT INTO ledger (sku, cause, on_hand_change, held_change, on_hand, held, order_id, reason, at_ms)
                 SELECT 'b', 'received', 1, 0, n, 0, '', '', 0 FROM number",
                &ENTRIES_MAX,
            )?;
            let (first, more) = list_sums(sql, None, 3)?;
            let skus: Vec<&str> = first.iter().map(|sums| sums.sku.as_str()).collect();
            assert_eq!((skus, more), (vec!["a", "b"], true));
            assert_eq!(first[1].flow.map(|flow| flow.received), Some(ENTRIES_MAX.cast_signed()));
            let (rest, more) = list_sums(sql, Some(&first[1].sku), 3)?;
            assert_eq!((rest[0].sku.as_str(), rest.len(), more), ("c", 1, false));
            Ok(())
        });
        ended.unwrap();
    }
}
