//! Every order, for whoever audits the database itself.

use contracts::order::OrderView;
use kit::{Result, Sql};

use crate::store;

/// Every order, the oldest first.
///
/// # Errors
/// If the tables cannot be read.
pub fn orders(sql: &Sql<'_>) -> Result<Vec<OrderView>> {
    let ids = store::lists::list_all(sql)?;
    ids.into_iter().map(|id| store::view(sql, store::get_order(sql, id)?)).collect()
}
