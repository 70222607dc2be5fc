//! Tables that leave out the columns for which there is no room.

use crate::output::{Cell, Table};

/// The rank of a column that always stays.
pub(crate) const STAYS: u8 = u8::MAX;

/// One column of a table of things.
pub(crate) struct Column<'a, T> {
    header: &'static str,
    rank: u8,
    right: bool,
    cell: Box<dyn Fn(&T) -> Cell + 'a>,
}

impl<'a, T> Column<'a, T> {
    /// A column of words. The first to be left out has the lowest rank.
    pub(crate) fn new<C: Into<Cell>>(header: &'static str, rank: u8, cell: impl Fn(&T) -> C + 'a) -> Self {
        Self { header, rank, right: false, cell: Box::new(move |item| cell(item).into()) }
    }

    /// A column of numbers.
    pub(crate) fn number<C: Into<Cell>>(header: &'static str, rank: u8, cell: impl Fn(&T) -> C + 'a) -> Self {
        Self { right: true, ..Self::new(header, rank, cell) }
    }
}

/// The table of some things, with as many columns as fit; those that stay are wrapped.
pub(crate) fn fitted<T>(mut columns: Vec<Column<'_, T>>, items: &[T], width: Option<usize>) -> Table {
    loop {
        let headers: Vec<&str> = columns.iter().map(|column| column.header).collect();
        let right = columns.iter().enumerate().filter(|(_, column)| column.right);
        let right: Vec<usize> = right.map(|(place, _)| place).collect();
        let rows = items.iter().map(|item| columns.iter().map(|column| (column.cell)(item)).collect());
        let table = Table::new(&headers).right(&right).rows(rows);
        let least = columns.iter().map(|column| column.rank).min().unwrap_or(STAYS);
        if least == STAYS || width.is_none_or(|width| table.natural_width() <= width) {
            return table;
        }
        columns.retain(|column| column.rank != least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_goes_first() {
        let columns = || {
            vec![
                Column::new("name", STAYS, |n: &u64| format!("thing-{n}")),
                Column::number("much", 2, |n: &u64| n * 1000),
                Column::new("note", 1, |_| "long enough"),
            ]
        };
        let header = |width| {
            let table = fitted(columns(), &[7], Some(width)).draw(Some(width), false);
            table.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(header(80), "NAME     MUCH  NOTE");
        assert_eq!(header(20), "NAME     MUCH");
        assert_eq!(header(8), "NAME");
    }
}
