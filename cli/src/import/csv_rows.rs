//! CSV with a header: rows by the names of their columns, each with the number of its line.

use contracts::catalog::RefusedLine;
use csv::{ByteRecord, Position};

use super::refused;
use crate::failure::Failure;

/// A row of text: the number of its line and its fields, as the wanted columns stand.
pub(crate) type Row = Result<(u64, Vec<String>), RefusedLine>;

/// A column that is wanted, and whether the file must have it.
pub(crate) type Column = (&'static str, bool);

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// Columns that nobody asked for.
    pub(crate) ignored: Vec<String>,
}

/// Reads rows. Fields of columns that the file does not have are empty.
///
/// # Errors
/// If the header lacks a column or names one twice.
pub(crate) fn read(bytes: &[u8], wanted: &[Column]) -> Result<Rows, Failure> {
    let separator = separator(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(bytes);
    let header: Vec<String> = match reader.byte_headers() {
        Ok(header) => {
            header.iter().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect()
        }
        Err(error) => {
            return Err(Failure::invalid("invalid_csv", format!("the header cannot be read: {error}")));
        }
    };
    let places = places(&header, wanted)?;
    let ignored =
        header.iter().filter(|name| !wanted.iter().any(|(known, _)| known == name)).cloned().collect();
    let rows = reader.byte_records().map(|record| row(bytes, record, header.len(), &places)).collect();
    Ok(Rows { rows, ignored })
}

/// Where each wanted column stands.
fn places(header: &[String], wanted: &[Column]) -> Result<Vec<Option<usize>>, Failure> {
    let names = || wanted.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(name, must)| *must && !header.iter().any(|have| have == name))
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        let columns = if missing.len() == 1 { "the column" } else { "the columns" };
        return Err(Failure::invalid(
            "missing_column",
            format!("the header lacks {columns} {}", missing.join(", ")),
        )
        .why(format!("the first line is: {}", header.join(",")))
        .mend(format!("the first line must name the columns, such as: {}", names())));
    }
    for (name, _) in wanted {
        if header.iter().filter(|have| have == name).count() > 1 {
            return Err(Failure::invalid(
                "repeated_column",
                format!("the header names the column {name} twice"),
            ));
        }
    }
    Ok(wanted.iter().map(|(name, _)| header.iter().position(|have| have == name)).collect())
}

fn row(
    bytes: &[u8],
    record: Result<ByteRecord, csv::Error>,
    columns: usize,
    places: &[Option<usize>],
) -> Row {
    let record = record
        .map_err(|error| refused(line(bytes, error.position()), "", "invalid_csv", error.to_string()))?;
    let line = line(bytes, record.position());
    // The first field that is text may tell people which row this is, also if another is broken.
    let text =
        |place: usize| record.get(place).and_then(|field| std::str::from_utf8(field).ok()).map(str::trim);
    let sku = places.first().copied().flatten().and_then(text).unwrap_or_default();
    if record.len() != columns {
        let message = format!("the line has {} fields, the header has {columns}", record.len());
        return Err(refused(line, sku, "wrong_number_of_fields", message));
    }
    let fields: Option<Vec<String>> =
        places.iter().map(|place| place.map_or(Some(""), text).map(str::to_owned)).collect();
    match fields {
        Some(fields) => Ok((line, fields)),
        None => Err(refused(line, sku, "invalid_text", "the line is not UTF-8 text")),
    }
}

/// The line on which a row begins. The reader knows where it began to read, which is in front of
/// empty lines and may be in front of the second half of the line break before.
fn line(bytes: &[u8], position: Option<&Position>) -> u64 {
    let Some(position) = position else { return 0 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(bytes.len());
    let breaks = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + breaks.filter(|byte| **byte == b'\n').count() as u64
}

/// A comma, unless the header has more of another sign that spreadsheets separate with.
fn separator(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| header.iter().filter(|byte| **byte == sign).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|sign| count(*sign))
        .filter(|sign| count(*sign) > 0)
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &[Column] = &[("sku", true), ("name", true), ("note", false)];

    fn rows(text: &str) -> Vec<Row> {
        read(text.as_bytes(), WANTED).unwrap().rows
    }

    fn fields(line: u64, fields: &[&str]) -> Row {
        Ok((line, fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let found = read(b" Name ,SKU,colour\n\"Mug, blue\",mug-blue,blue\n\nTee,tee,\n", WANTED).unwrap();
        assert_eq!(found.rows, [fields(2, &["mug-blue", "Mug, blue", ""]), fields(4, &["tee", "Tee", ""])]);
        assert_eq!(found.ignored, ["colour"]);
    }

    #[test]
    fn spreadsheets_may_separate_with_something_else() {
        assert_eq!(rows("sku;name\nmug;Mug, blue\n"), [fields(2, &["mug", "Mug, blue", ""])]);
        let windows = rows("sku\tname\r\nmug\tMug\r\n\r\ntee\tTee\r\n");
        assert_eq!(windows, [fields(2, &["mug", "Mug", ""]), fields(4, &["tee", "Tee", ""])]);
    }

    #[test]
    fn a_broken_line_is_refused_with_its_number_and_leaves_the_others_alone() {
        let text = b"sku,name\nmug,Mug\ntee\ncup,\xff\n\"two\nlines\",Two\nlast,Last,more\n";
        let found = read(text, WANTED).unwrap().rows;
        let seen: Vec<(u64, String)> = found
            .into_iter()
            .map(|row| match row {
                Ok((line, fields)) => (line, fields[0].clone()),
                Err(refused) => (refused.line, refused.reason),
            })
            .collect();
        let expected = [
            (2, "mug"),
            (3, "wrong_number_of_fields"),
            (4, "invalid_text"),
            (5, "two\nlines"),
            (7, "wrong_number_of_fields"),
        ];
        assert_eq!(seen, expected.map(|(line, what)| (line, what.to_owned())));
    }

    #[test]
    fn a_header_without_a_column_is_refused_by_its_name() {
        let failure = read(b"sku,title\n", WANTED).unwrap_err();
        assert_eq!(failure.message(), "the header lacks the column name");
        assert_eq!(read(b"", WANTED).unwrap_err().message(), "the header lacks the columns sku, name");
        assert_eq!(read(b"sku,name,SKU\n", WANTED).unwrap_err().code(), "repeated_column");
    }

    #[test]
    fn a_quote_that_never_ends_is_one_refused_line() {
        let found = rows("sku,name\nmug,Mug\ntee,\"Tee\ncup,Cup\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], fields(3, &["tee", "Tee\ncup,Cup", ""]));
    }
}
