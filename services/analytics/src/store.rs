//! Every SQL statement of the analytics: here those of facts and rebuilds, in [`figures`] those of figures.

mod figures;

use contracts::analytics::{AnalyticsState, RebuildProgress};
use contracts::{Currency, Sku};
use kit::sql::{Columns, time};
use kit::{Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use crate::fact::Fact;

pub use figures::{add_figures, list_funnel, list_sales, remove_figures_but, top_products};

/// Which figures are shown, and what is being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The generation that is shown.
    pub standing: u64,
    /// The rebuild that runs.
    pub building: Option<Building>,
}

/// A rebuild that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Building {
    /// The generation that is built.
    pub generation: u64,
    /// The last fact that is counted.
    pub counted: i64,
}

/// Adds a fact. Whether it is news is decided before, by what is known: [`facts_about`].
pub fn insert_fact(tx: &Tx<'_>, fact: &Fact) -> Result<()> {
    tx.execute_in_order(
        "INSERT INTO facts (about, kind, item, at_ms, amount, currency, pieces)
         VALUES (:about, :kind, :item, :at, :amount, :currency, :pieces)",
        named_params! {
            ":about": fact.about,
            ":kind": fact.kind.word(),
            ":item": fact.item,
            ":at": fact.at.as_millisecond(),
            ":amount": fact.amount,
            ":currency": code(fact.currency.as_ref()),
            ":pieces": fact.pieces,
        },
    )?;
    Ok(())
}

/// All that is known of an order or a cart. That is not much: of what is heard again only what is earlier
/// is kept.
pub fn facts_about(sql: &Sql<'_>, about: &str) -> Result<Vec<Fact>> {
    sql.list(
        "SELECT about, kind, item, at_ms, amount, currency, pieces FROM facts WHERE about = ?1 ORDER BY id",
        [about],
        row_to_fact,
    )
}

/// The facts before a number that are looked at together with one.
pub fn facts_beside(sql: &Sql<'_>, id: i64, fact: &Fact) -> Result<Vec<Fact>> {
    let (about, alone) = fact.group();
    match alone {
        Some((kind, item)) => sql.list(
            "SELECT about, kind, item, at_ms, amount, currency, pieces FROM facts
             WHERE about = ?1 AND kind = ?2 AND item = ?3 AND id < ?4",
            params![about, kind.word(), item, id],
            row_to_fact,
        ),
        None => sql.list(
            "SELECT about, kind, item, at_ms, amount, currency, pieces FROM facts
             WHERE about = ?1 AND id < ?2
               AND kind IN ('filled', 'ordered', 'expired', 'placed', 'due', 'confirmed', 'cancelled', 'refused')",
            params![about, id],
            row_to_fact,
        ),
    }
}

/// The facts behind a number, in the order they were heard.
pub fn list_facts(sql: &Sql<'_>, after: i64, rows_max: usize) -> Result<Vec<(i64, Fact)>> {
    sql.list(
        "SELECT id, about, kind, item, at_ms, amount, currency, pieces FROM facts
         WHERE id > ?1 ORDER BY id LIMIT ?2",
        params![after, rows_max],
        |row| {
            let mut columns = Columns::of(row);
            Ok((columns.get("id")?, read_fact(&mut columns)?))
        },
    )
}

/// Keeps the name of a product, unless a later one is known.
pub fn put_name(tx: &Tx<'_>, sku: &Sku, name: &str, version: u64, at: Timestamp) -> Result<()> {
    tx.execute_in_order(
        "INSERT INTO product_names (sku, name, version, at_ms) VALUES (:sku, :name, :version, :at)
         ON CONFLICT (sku) DO UPDATE
         SET name = excluded.name, version = excluded.version, at_ms = excluded.at_ms
         WHERE (excluded.version, excluded.at_ms, excluded.name) > (version, at_ms, name)",
        named_params! {
            ":sku": sku.as_str(),
            ":name": name,
            ":version": version,
            ":at": at.as_millisecond(),
        },
    )?;
    Ok(())
}

/// Which figures are shown, and what is being built.
pub fn state(sql: &Sql<'_>) -> Result<State> {
    sql.get("SELECT standing, building, counted FROM state WHERE one = 1", [], |row| {
        let (generation, counted) = (row.get("building")?, row.get("counted")?);
        let building = Some(Building { generation, counted }).filter(|building| building.generation != 0);
        Ok(State { standing: row.get("standing")?, building })
    })
}

/// The same with all that there is to show of it.
pub fn show_state(sql: &Sql<'_>) -> Result<AnalyticsState> {
    sql.get(
        "SELECT standing, building, counted, began_at_ms, rebuilt_at_ms,
                (SELECT coalesce(max(id), 0) FROM facts) AS facts,
                (SELECT coalesce(min(at_ms), 0) FROM facts) AS oldest_ms,
                (SELECT coalesce(max(at_ms), 0) FROM facts) AS newest_ms
         FROM state WHERE one = 1",
        [],
        |row| {
            let generation = row.get("building")?;
            let progress = RebuildProgress {
                generation,
                began_at: time(row, "began_at_ms")?,
                counted: row.get("counted")?,
            };
            let facts = row.get("facts")?;
            let known = |at: Timestamp| Some(at).filter(|at| *at != Timestamp::UNIX_EPOCH);
            Ok(AnalyticsState {
                generation: row.get("standing")?,
                facts,
                oldest: known(time(row, "oldest_ms")?),
                newest: known(time(row, "newest_ms")?),
                rebuilt_at: known(time(row, "rebuilt_at_ms")?),
                rebuild: Some(progress).filter(|progress| progress.generation != 0),
            })
        },
    )
}

/// Notes that a generation is being built.
pub fn begin_rebuild(tx: &Tx<'_>, generation: u64) -> Result<()> {
    tx.execute(
        "UPDATE state SET building = ?1, counted = 0, began_at_ms = ?2 WHERE one = 1",
        params![generation, tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Notes the last fact that is counted.
pub fn advance_rebuild(tx: &Tx<'_>, counted: i64) -> Result<()> {
    tx.execute("UPDATE state SET counted = ?1 WHERE one = 1", [counted])?;
    Ok(())
}

/// Shows what was built instead of what was shown.
pub fn end_rebuild(tx: &Tx<'_>) -> Result<()> {
    tx.execute(
        "UPDATE state SET standing = building, building = 0, counted = 0, rebuilt_at_ms = ?1 WHERE one = 1",
        [tx.now().as_millisecond()],
    )?;
    Ok(())
}

fn code(currency: Option<&Currency>) -> &str {
    currency.map_or("", Currency::code)
}

fn row_to_fact(row: &Row<'_>) -> rusqlite::Result<Fact> {
    read_fact(&mut Columns::of(row))
}

fn read_fact(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Fact> {
    Ok(Fact {
        about: columns.get("about")?,
        kind: columns.parsed("kind")?,
        item: columns.get("item")?,
        at: columns.time("at_ms")?,
        amount: columns.get("amount")?,
        currency: columns.optional("currency")?,
        pieces: columns.get("pieces")?,
    })
}
