//! Every order, for whoever audits the database itself.

use contracts::order::OrderView;
use kit::{Result, Sql};

use crate::page::READ_AT_ONCE;
use crate::store;

/// Every order, the oldest first.
///
/// # Errors
/// If the tables cannot be read.
pub fn orders(sql: &Sql<'_>) -> Result<Vec<OrderView>> {
    let ids = store::lists::list_all(sql)?;
    let views = ids.chunks(READ_AT_ONCE).map(|some| store::pages::views(sql, some));
    Ok(views.collect::<Result<Vec<_>>>()?.concat())
}
