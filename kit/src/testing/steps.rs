//! What a statement costs, in a measure that is the same on every machine.

use rusqlite::{Params, StatementStatus};

use crate::error::Result;
use crate::sql::Sql;

/// Runs a statement to its last row. Answers how many steps of its program SQLite took for that.
///
/// # Errors
/// If the statement fails.
pub fn steps(sql: &Sql<'_>, statement: &str, params: impl Params) -> Result<i32> {
    let mut prepared = sql.connection().prepare(statement)?;
    let mut rows = prepared.query(params)?;
    while rows.next()?.is_some() {}
    drop(rows);
    Ok(prepared.get_status(StatementStatus::VmStep))
}
