//! Binding values to a statement in the order in which it names them.

use rusqlite::{Error, Result, Statement, ToSql};

/// Binds each value to the parameter that the statement names first, second and so on. A name that is used again
/// is no new parameter.
pub(crate) fn bind_in_order(statement: &mut Statement<'_>, values: &[(&str, &dyn ToSql)]) -> Result<()> {
    if statement.parameter_count() != values.len() {
        return Err(Error::InvalidParameterCount(values.len(), statement.parameter_count()));
    }
    for (index, (name, value)) in (1..).zip(values) {
        debug_assert_eq!(statement.parameter_name(index), Some(*name), "parameter {index}");
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, named_params};

    use super::*;

    fn read(values: &[(&str, &dyn ToSql)]) -> Result<(i64, i64, i64)> {
        let sql = Connection::open_in_memory().unwrap();
        let mut statement = sql.prepare("SELECT :one, :two, :one").unwrap();
        bind_in_order(&mut statement, values)?;
        let mut rows = statement.raw_query();
        let row = rows.next()?.unwrap();
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    }

    #[test]
    fn a_value_goes_wherever_its_name_stands() {
        assert_eq!(read(named_params! { ":one": 1, ":two": 2 }).unwrap(), (1, 2, 1));
    }

    #[test]
    fn a_value_too_few_or_too_many_is_an_error() {
        assert!(matches!(read(named_params! { ":one": 1 }), Err(Error::InvalidParameterCount(1, 2))));
        let three = named_params! { ":one": 1, ":two": 2, ":three": 3 };
        assert!(matches!(read(three), Err(Error::InvalidParameterCount(3, 2))));
    }

    #[test]
    #[should_panic(expected = "parameter 1")]
    fn values_in_another_order_are_found_by_every_test() {
        let _ = read(named_params! { ":two": 2, ":one": 1 });
    }
}
