//! Reading the database: what a store's functions are given; [`columns`]: a row that is read often;
//! [`values`]: what is bound to a statement that is executed often.

mod columns;
mod values;

use std::error::Error as StdError;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row};

use crate::error::{Error, Result};

pub use columns::Columns;
pub(crate) use values::bind_in_order;

/// A connection to read with. A transaction is one too, and sees its own changes.
#[derive(Clone, Copy)]
pub struct Sql<'a> {
    connection: &'a Connection,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    pub(crate) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// The first row, or none.
    ///
    /// # Errors
    /// If the statement fails or the row does not read as wanted.
    pub fn find<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        Ok(rows.next()?.map(read).transpose()?)
    }

    /// The one row that must be there, such as a count.
    ///
    /// # Errors
    /// As [`Self::find`], and if there is none.
    pub fn get<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.find(sql, params, read)?
            .ok_or_else(|| Error::internal(format!("no row where one must be: {sql}")))
    }

    /// All rows. The statement must bound how many.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, |row| read(row))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Reads row after row, until one is read as the last or there are no more.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn list_while(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<bool>,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            if !read(row)? {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a text column as a type that is written as text, such as an identifier.
///
/// # Errors
/// If the column is not text or does not parse.
pub fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: StdError + Send + Sync + 'static,
{
    parsed_at(row, row.as_ref().column_index(column)?)
}

fn parsed_at<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: StdError + Send + Sync + 'static,
{
    row.get_ref(index)?
        .as_str()?
        .parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

/// Reads an integer column through a check, such as an amount that must be in range.
///
/// # Errors
/// If the column is not an integer or the check refuses it.
pub fn checked<T, E: StdError + Send + Sync + 'static>(
    row: &Row<'_>,
    column: &str,
    check: impl FnOnce(i64) -> std::result::Result<T, E>,
) -> rusqlite::Result<T> {
    checked_at(row, row.as_ref().column_index(column)?, check)
}

fn checked_at<T, E: StdError + Send + Sync + 'static>(
    row: &Row<'_>,
    index: usize,
    check: impl FnOnce(i64) -> std::result::Result<T, E>,
) -> rusqlite::Result<T> {
    check(row.get(index)?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Integer, Box::new(error)))
}

/// Reads a column of milliseconds since 1970 as a time.
///
/// # Errors
/// If the column is not an integer or out of range.
pub fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    checked(row, column, Timestamp::from_millisecond)
}
