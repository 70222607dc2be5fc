//! Reading the columns of a row in the order of the SELECT.

use std::error::Error as StdError;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::FromSql;

use super::{checked_at, parsed_at};

/// The columns of a row, from the first to the last of the SELECT.
///
/// A column is found by its name by comparing it with those before: of an order of 24 columns that costs more
/// than all else that is done to read it. Here the next column is read, whatever its name; the name is said for
/// whoever reads the code, and programs with debug assertions, as the tests are, stop if it is another one.
#[derive(Debug)]
pub struct Columns<'row, 'statement> {
    row: &'row Row<'statement>,
    next: usize,
}

impl<'row, 'statement> Columns<'row, 'statement> {
    /// The columns from the first on.
    pub fn of(row: &'row Row<'statement>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    ///
    /// # Errors
    /// If there is none, or it does not read as wanted.
    pub fn get<T: FromSql>(&mut self, name: &str) -> rusqlite::Result<T> {
        let index = self.step(name);
        self.row.get(index)
    }

    /// The next column, as a type that is written as text, such as an identifier.
    ///
    /// # Errors
    /// If there is none, it is not text or does not parse.
    pub fn parsed<T>(&mut self, name: &str) -> rusqlite::Result<T>
    where
        T: FromStr,
        T::Err: StdError + Send + Sync + 'static,
    {
        let index = self.step(name);
        parsed_at(self.row, index)
    }

    /// The same; none if the text is empty.
    ///
    /// # Errors
    /// If there is no column, it is not text or does not parse.
    pub fn optional<T>(&mut self, name: &str) -> rusqlite::Result<Option<T>>
    where
        T: FromStr,
        T::Err: StdError + Send + Sync + 'static,
    {
        let index = self.step(name);
        let empty = self.row.get_ref(index)?.as_str()?.is_empty();
        if empty { Ok(None) } else { parsed_at(self.row, index).map(Some) }
    }

    /// The next column, an integer, through a check, such as an amount that must be in range.
    ///
    /// # Errors
    /// If there is none, it is not an integer or the check refuses it.
    pub fn checked<T, E: StdError + Send + Sync + 'static>(
        &mut self,
        name: &str,
        check: impl FnOnce(i64) -> Result<T, E>,
    ) -> rusqlite::Result<T> {
        let index = self.step(name);
        checked_at(self.row, index, check)
    }

    /// The next column, milliseconds since 1970, as a time.
    ///
    /// # Errors
    /// If there is none, it is not an integer or out of range.
    pub fn time(&mut self, name: &str) -> rusqlite::Result<Timestamp> {
        self.checked(name, Timestamp::from_millisecond)
    }

    fn step(&mut self, name: &str) -> usize {
        let index = self.next;
        debug_assert_eq!(self.row.as_ref().column_name(index), Ok(name), "column {index} of the SELECT");
        self.next += 1;
        index
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn columns_are_read_one_after_the_other() {
        let sql = Connection::open_in_memory().unwrap();
        let select = "SELECT 'ord' AS word, '7' AS number, '' AS absent, 1000 AS at_ms, 'more' AS rest";
        let read = sql.query_row(select, [], |row| {
            let mut columns = Columns::of(row);
            let word: String = columns.get("word")?;
            let number: u64 = columns.parsed("number")?;
            let absent: Option<u64> = columns.optional("absent")?;
            Ok((word, number, absent, columns.time("at_ms")?, columns.optional::<String>("rest")?))
        });
        let second = Timestamp::from_second(1).unwrap();
        assert_eq!(read.unwrap(), ("ord".to_owned(), 7, None, second, Some("more".to_owned())));
    }

    #[test]
    fn a_column_that_does_not_parse_is_an_error() {
        let sql = Connection::open_in_memory().unwrap();
        let refused = sql.query_row("SELECT 'ord' AS word", [], |row| Columns::of(row).parsed::<u64>("word"));
        assert!(matches!(refused, Err(rusqlite::Error::FromSqlConversionFailure(0, ..))), "{refused:?}");
    }

    #[test]
    #[should_panic(expected = "column 0 of the SELECT")]
    fn a_column_of_another_name_is_found_by_every_test() {
        let sql = Connection::open_in_memory().unwrap();
        let _ = sql.query_row("SELECT 'ord' AS word", [], |row| Columns::of(row).get::<String>("number"));
    }
}
