//! The statements about figures. A reader sees those of the standing generation, in one statement, so that a
//! swap is never seen half.

use contracts::Currency;
use contracts::analytics::{By, PRODUCT_LINES_MAX, ProductSales, REASONS_MAX, SalesFigures};
use kit::sql::{parsed, time};
use kit::{Result, Sql, Timestamp, Tx};
use rusqlite::{named_params, params};

use super::code;
use crate::figures::{Figures, Step};
use crate::span::Span;

/// Adds a change to the figures of a generation. What is nothing then is removed; that can only be where
/// something is taken away, because no figure is ever less than nothing.
pub fn add_figures(tx: &Tx<'_>, generation: u64, change: &Figures) -> Result<()> {
    for ((hour, currency), count) in &change.sales {
        tx.execute(
            "INSERT INTO sales (generation, hour_ms, currency, placed, orders, ordered, captured, refunded)
             VALUES (:generation, :hour, :currency, :placed, :orders, :ordered, :captured, :refunded)
             ON CONFLICT (generation, hour_ms, currency) DO UPDATE
             SET placed = placed + excluded.placed, orders = orders + excluded.orders,
                 ordered = ordered + excluded.ordered, captured = captured + excluded.captured,
                 refunded = refunded + excluded.refunded",
            named_params! {
                ":generation": generation,
                ":hour": hour,
                ":currency": currency.code(),
                ":placed": count.placed,
                ":orders": count.orders,
                ":ordered": count.ordered,
                ":captured": count.captured,
                ":refunded": count.refunded,
            },
        )?;
        if count.takes_away() {
            tx.execute(
                "DELETE FROM sales
                 WHERE generation = ?1 AND hour_ms = ?2 AND currency = ?3
                   AND placed = 0 AND orders = 0 AND ordered = 0 AND captured = 0 AND refunded = 0",
                params![generation, hour, currency.code()],
            )?;
        }
    }
    for ((hour, sku, currency), count) in &change.products {
        tx.execute(
            "INSERT INTO product_sales (generation, hour_ms, sku, currency, orders, pieces, amount)
             VALUES (:generation, :hour, :sku, :currency, :orders, :pieces, :amount)
             ON CONFLICT (generation, hour_ms, sku, currency) DO UPDATE
             SET orders = orders + excluded.orders, pieces = pieces + excluded.pieces,
                 amount = amount + excluded.amount",
            named_params! {
                ":generation": generation,
                ":hour": hour,
                ":sku": sku,
                ":currency": currency.code(),
                ":orders": count.orders,
                ":pieces": count.pieces,
                ":amount": count.amount,
            },
        )?;
        if count.takes_away() {
            tx.execute(
                "DELETE FROM product_sales
                 WHERE generation = ?1 AND hour_ms = ?2 AND sku = ?3 AND currency = ?4
                   AND orders = 0 AND pieces = 0 AND amount = 0",
                params![generation, hour, sku, currency.code()],
            )?;
        }
    }
    for ((hour, step, reason), number) in &change.funnel {
        tx.execute(
            "INSERT INTO funnel (generation, hour_ms, step, reason, number) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (generation, hour_ms, step, reason) DO UPDATE SET number = number + excluded.number",
            params![generation, hour, step.word(), reason, number],
        )?;
        if *number < 0 {
            tx.execute(
                "DELETE FROM funnel
                 WHERE generation = ?1 AND hour_ms = ?2 AND step = ?3 AND reason = ?4 AND number = 0",
                params![generation, hour, step.word(), reason],
            )?;
        }
    }
    Ok(())
}

/// Removes some figures of other generations than one. Answers whether there may be more.
pub fn remove_figures_but(tx: &Tx<'_>, standing: u64, rows_max: usize) -> Result<bool> {
    let sales = tx.execute(
        "DELETE FROM sales WHERE (generation, hour_ms, currency) IN (
             SELECT generation, hour_ms, currency FROM sales WHERE generation < ?1 LIMIT ?2)",
        params![standing, rows_max],
    )?;
    let products = tx.execute(
        "DELETE FROM product_sales WHERE (generation, hour_ms, sku, currency) IN (
             SELECT generation, hour_ms, sku, currency FROM product_sales WHERE generation < ?1 LIMIT ?2)",
        params![standing, rows_max],
    )?;
    let funnel = tx.execute(
        "DELETE FROM funnel WHERE (generation, hour_ms, step, reason) IN (
             SELECT generation, hour_ms, step, reason FROM funnel WHERE generation < ?1 LIMIT ?2)",
        params![standing, rows_max],
    )?;
    Ok([sales, products, funnel].contains(&rows_max))
}

/// What [`list_sales`] asks.
const SALES: &str = "
    SELECT currency, hour_ms - hour_ms % :long AS at_ms,
           sum(placed) AS placed, sum(orders) AS orders, sum(ordered) AS ordered,
           sum(captured) AS captured, sum(refunded) AS refunded
    FROM sales
    WHERE generation = (SELECT standing FROM state WHERE one = 1)
      AND hour_ms >= :from AND hour_ms < :to
      AND (:currency = '' OR currency = :currency)
    GROUP BY currency, at_ms ORDER BY currency, at_ms LIMIT :rows";

/// Sales by currency and hour or day. The average and the revenue are still to be worked out.
pub fn list_sales(
    sql: &Sql<'_>,
    span: Span,
    by: By,
    currency: Option<Currency>,
    rows_max: usize,
) -> Result<Vec<(Currency, Timestamp, SalesFigures)>> {
    sql.list(
        SALES,
        named_params! {
            ":long": by.millis(),
            ":from": span.from.as_millisecond(),
            ":to": span.to.as_millisecond(),
            ":currency": code(currency.as_ref()),
            ":rows": rows_max,
        },
        |row| {
            let figures = SalesFigures {
                placed: row.get("placed")?,
                orders: row.get("orders")?,
                ordered: row.get("ordered")?,
                captured: row.get("captured")?,
                refunded: row.get("refunded")?,
                ..SalesFigures::default()
            };
            Ok((parsed(row, "currency")?, time(row, "at_ms")?, figures))
        },
    )
}

/// What [`top_products`] asks.
const PRODUCTS: &str = "
    WITH sold AS (
        SELECT sku, currency, sum(orders) AS orders, sum(pieces) AS pieces, sum(amount) AS amount
        FROM product_sales
        WHERE generation = (SELECT standing FROM state WHERE one = 1)
          AND hour_ms >= :from AND hour_ms < :to
          AND (:currency = '' OR currency = :currency)
        GROUP BY sku, currency
    ), ranked AS (
        SELECT sku, currency, orders, pieces, amount,
               row_number() OVER (PARTITION BY currency ORDER BY amount DESC, pieces DESC, sku) AS place
        FROM sold
    )
    SELECT ranked.sku, currency, orders, pieces, amount, coalesce(name, ranked.sku) AS name
    FROM ranked LEFT JOIN product_names ON product_names.sku = ranked.sku
    WHERE place <= :limit
    ORDER BY currency, place LIMIT :rows";

/// The products that brought most in each currency, the one that brought most first.
pub fn top_products(
    sql: &Sql<'_>,
    span: Span,
    currency: Option<Currency>,
    limit: u32,
) -> Result<Vec<ProductSales>> {
    sql.list(
        PRODUCTS,
        named_params! {
            ":from": span.from.as_millisecond(),
            ":to": span.to.as_millisecond(),
            ":currency": code(currency.as_ref()),
            ":limit": limit,
            ":rows": PRODUCT_LINES_MAX,
        },
        |row| {
            Ok(ProductSales {
                sku: parsed(row, "sku")?,
                name: row.get("name")?,
                currency: parsed(row, "currency")?,
                orders: row.get("orders")?,
                pieces: row.get("pieces")?,
                amount: row.get("amount")?,
            })
        },
    )
}

/// What [`list_funnel`] asks.
const FUNNEL: &str = "
    WITH passed AS (
        SELECT step, reason, sum(number) AS number FROM funnel
        WHERE generation = (SELECT standing FROM state WHERE one = 1)
          AND hour_ms >= :from AND hour_ms < :to
        GROUP BY step, reason
    ), ranked AS (
        SELECT step, reason, number,
               row_number() OVER (PARTITION BY step ORDER BY number DESC, reason) AS place
        FROM passed
    ), named AS (
        SELECT step, CASE WHEN place <= :reasons THEN reason ELSE 'other' END AS reason, number FROM ranked
    )
    SELECT step, reason, sum(number) AS number FROM named
    GROUP BY step, reason ORDER BY sum(number) DESC, step, reason";

/// How many came to each step, or were lost there and why, the most first. The rarest reasons are one.
pub fn list_funnel(sql: &Sql<'_>, span: Span) -> Result<Vec<(Step, String, u64)>> {
    sql.list(
        FUNNEL,
        named_params! {
            ":from": span.from.as_millisecond(),
            ":to": span.to.as_millisecond(),
            ":reasons": REASONS_MAX,
        },
        |row| Ok((parsed(row, "step")?, row.get("reason")?, row.get("number")?)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// How SQLite would answer a statement, a line for each of its steps.
    fn plan(statement: &str) -> Vec<String> {
        let sql = Connection::open_in_memory().unwrap();
        sql.execute_batch(include_str!("../../migrations/0001_figures.sql")).unwrap();
        let mut explained = sql.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        // What a parameter is makes no difference to the plan, so none is given.
        let steps = explained.raw_query().mapped(|row| row.get::<_, String>("detail"));
        steps.map(Result::unwrap).collect()
    }

    #[test]
    fn figures_of_some_time_are_found_by_that_time() {
        for (statement, table) in [(SALES, "sales"), (PRODUCTS, "product_sales"), (FUNNEL, "funnel")] {
            let plan = plan(statement);
            let found =
                format!("SEARCH {table} USING PRIMARY KEY (generation=? AND hour_ms>? AND hour_ms<?)");
            assert!(plan.contains(&found), "{table}: {plan:#?}");
        }
    }

    #[test]
    fn what_is_known_of_an_order_is_found_by_its_number() {
        let joint = "SELECT id FROM facts WHERE about = '' AND id < 1 AND kind IN ('placed', 'due')";
        assert!(plan(joint)[0].contains("facts_by_about (about=? AND kind=?"), "{:?}", plan(joint));
        let span = "SELECT (SELECT min(at_ms) FROM facts), (SELECT max(at_ms) FROM facts)";
        let scans = plan(span).iter().any(|step| step.contains("SCAN facts") && !step.contains("INDEX"));
        assert!(!scans, "{:?}", plan(span));
    }
}
