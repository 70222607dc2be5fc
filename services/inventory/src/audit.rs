//! All stock and every hold, for whoever audits the database itself.

use contracts::inventory::{HoldView, StockSums};
use kit::{Result, Sql};

use crate::hold::Hold;
use crate::store;

/// Products that are read at a time.
const PRODUCTS_AT_ONCE: usize = 1000;

/// The stock of every product, with what it should be.
///
/// # Errors
/// If the tables cannot be read.
pub fn sums(sql: &Sql<'_>) -> Result<Vec<StockSums>> {
    let mut all: Vec<StockSums> = Vec::new();
    loop {
        let (sums, more) = store::list_sums(sql, all.last().map(|last| &last.sku), PRODUCTS_AT_ONCE)?;
        all.extend(sums);
        if !more {
            return Ok(all);
        }
    }
}

/// Every hold, whatever became of it, the oldest first.
///
/// # Errors
/// If the tables cannot be read.
pub fn holds(sql: &Sql<'_>) -> Result<Vec<HoldView>> {
    let holds = store::list_all_holds(sql)?;
    let view = |hold: Hold| store::list_items(sql, hold.id).map(|items| hold.into_view(items));
    holds.into_iter().map(view).collect()
}
