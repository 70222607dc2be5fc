//! Looking into a database that a service has open, without being able to change it.

use std::path::Path;

use crate::engine::schema::open_reader;
use crate::error::Result;
use crate::sql::Sql;

/// Reads a database file, beside whoever owns it.
///
/// # Errors
/// If it cannot be opened, or what the closure returns.
pub fn read_file<T>(path: &Path, read: impl FnOnce(&Sql<'_>) -> Result<T>) -> Result<T> {
    let connection = open_reader(path)?;
    read(&Sql::new(&connection))
}
