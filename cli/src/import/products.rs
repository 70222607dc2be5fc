//! Lists of products: which lines can be sent, and in which batches.

use std::collections::HashMap;

use contracts::catalog::{IMPORT_LINES_MAX, ImportLine, RefusedLine};
use kit::limits::REQUEST_BYTES_MAX;
use serde::Deserialize;

use super::csv_rows::{self, Column};
use super::file::FileFormat;
use super::json_rows::{self, text_or_number};
use super::refused;
use crate::failure::Failure;

const COLUMNS: &[Column] = &[
    ("sku", true),
    ("name", true),
    ("category", true),
    ("price", true),
    ("currency", true),
    ("description", false),
];

/// Room that is left in a request for what is around its lines.
const FRAME_BYTES: usize = 64;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Products {
    /// Lines to send, each product once.
    pub(crate) lines: Vec<ImportLine>,
    /// Lines that cannot be sent.
    pub(crate) refused: Vec<RefusedLine>,
    /// Columns that nobody reads.
    pub(crate) ignored: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonLine {
    sku: String,
    name: String,
    #[serde(default)]
    description: String,
    category: String,
    #[serde(deserialize_with = "text_or_number")]
    price: String,
    currency: String,
}

/// Reads a file of products.
///
/// # Errors
/// If it is no such file at all; a broken line is refused for itself.
pub(crate) fn read(bytes: &[u8], format: FileFormat) -> Result<Products, Failure> {
    let mut products = Products::default();
    let mut seen: HashMap<String, u64> = HashMap::new();
    let rows: Vec<Result<ImportLine, RefusedLine>> = match format {
        FileFormat::Csv => {
            let found = csv_rows::read(bytes, COLUMNS)?;
            products.ignored = found.ignored;
            found.rows.into_iter().map(|row| row.and_then(|(line, fields)| from_csv(line, fields))).collect()
        }
        FileFormat::Jsonl => json_rows::read::<JsonLine>(bytes)?
            .into_iter()
            .map(|row| row.map(|(line, json)| from_json(line, json)))
            .collect(),
    };
    for row in rows {
        match row.and_then(|line| once(&mut seen, line)).and_then(small_enough) {
            Ok(line) => products.lines.push(line),
            Err(refused) => products.refused.push(refused),
        }
    }
    Ok(products)
}

/// The lines in batches that fit a request.
pub(crate) fn batches(lines: Vec<ImportLine>) -> Vec<Vec<ImportLine>> {
    let mut batches: Vec<Vec<ImportLine>> = Vec::new();
    let mut used = usize::MAX;
    for line in lines {
        let bytes = size(&line);
        let fits = used.saturating_add(bytes) <= REQUEST_BYTES_MAX - FRAME_BYTES;
        match batches.last_mut().filter(|batch| fits && batch.len() < IMPORT_LINES_MAX) {
            Some(batch) => {
                used += bytes;
                batch.push(line);
            }
            None => {
                used = bytes;
                batches.push(vec![line]);
            }
        }
    }
    batches
}

fn from_csv(line: u64, fields: Vec<String>) -> Result<ImportLine, RefusedLine> {
    let [sku, name, category, price, currency, description] = <[String; 6]>::try_from(fields)
        .map_err(|_| refused(line, "", "wrong_number_of_fields", "the line lacks a field"))?;
    Ok(ImportLine { line, sku, name, description, category, price, currency })
}

fn from_json(line: u64, json: JsonLine) -> ImportLine {
    let JsonLine { sku, name, description, category, price, currency } = json;
    ImportLine { line, sku, name, description, category, price, currency }
}

/// Several batches are under way at once, so of two lines for one product either could win.
fn once(seen: &mut HashMap<String, u64>, line: ImportLine) -> Result<ImportLine, RefusedLine> {
    match seen.get(&line.sku) {
        Some(first) => {
            let message = format!("the product stands on line {first} already");
            Err(refused(line.line, &line.sku, "repeated_sku", message))
        }
        None => {
            seen.insert(line.sku.clone(), line.line);
            Ok(line)
        }
    }
}

fn small_enough(line: ImportLine) -> Result<ImportLine, RefusedLine> {
    let bytes = size(&line);
    if bytes > REQUEST_BYTES_MAX - FRAME_BYTES {
        let message = format!("the line has {bytes} bytes, at most {REQUEST_BYTES_MAX} can be sent");
        return Err(refused(line.line, &line.sku, "line_too_long", message));
    }
    Ok(line)
}

/// How many bytes a line takes in a request, with the comma behind it.
fn size(line: &ImportLine) -> usize {
    serde_json::to_vec(line).map_or(usize::MAX, |json| json.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "sku,name,description,category,price,currency\n";

    #[test]
    fn a_line_is_the_same_in_both_formats() {
        let csv = format!("{HEADER}mug-blue,\"Mug, blue\",Stoneware,Kitchen,12.90,EUR\n");
        let json = "\n{\"sku\":\"mug-blue\",\"name\":\"Mug, blue\",\"description\":\"Stoneware\",\"category\":\"Kitchen\",\"price\":\"12.90\",\"currency\":\"EUR\"}";
        let csv = read(csv.as_bytes(), FileFormat::Csv).unwrap();
        let json = read(json.as_bytes(), FileFormat::Jsonl).unwrap();
        assert_eq!(csv.lines, json.lines);
        assert_eq!((csv.lines.len(), csv.lines[0].line), (1, 2));
    }

    #[test]
    fn nothing_of_a_line_is_judged_here_but_its_form() {
        let csv = format!("{HEADER}*,,,,free,XYZ\n");
        let found = read(csv.as_bytes(), FileFormat::Csv).unwrap();
        assert_eq!((found.lines[0].price.as_str(), found.refused.len()), ("free", 0));
    }

    #[test]
    fn a_product_that_stands_there_twice_is_refused_the_second_time() {
        let csv = format!("{HEADER}mug,A,,K,1,EUR\ntee,T,,K,1,EUR\nmug,B,,K,2,EUR\n");
        let found = read(csv.as_bytes(), FileFormat::Csv).unwrap();
        assert_eq!(found.lines.len(), 2);
        let refused = &found.refused[0];
        assert_eq!((refused.line, refused.message.as_str()), (4, "the product stands on line 2 already"));
    }

    #[test]
    fn an_unknown_field_is_a_refused_line_and_an_unknown_column_is_named() {
        let json = "{\"sku\":\"a\",\"name\":\"A\",\"category\":\"K\",\"price\":1,\"currency\":\"EUR\",\"colour\":\"red\"}";
        let refused = read(json.as_bytes(), FileFormat::Jsonl).unwrap().refused.remove(0);
        assert!(refused.message.contains("colour"), "{}", refused.message);
        let csv = "sku,name,category,price,currency,colour\na,A,K,1,EUR,red\n";
        let found = read(csv.as_bytes(), FileFormat::Csv).unwrap();
        assert_eq!((found.ignored, found.lines.len()), (vec!["colour".to_owned()], 1));
    }

    #[test]
    fn every_batch_fits_a_request() {
        let line = |n: u64, chars: usize| ImportLine {
            line: n,
            sku: format!("s{n}"),
            description: "ü".repeat(chars),
            ..ImportLine::default()
        };
        let counts = |lines: Vec<ImportLine>| batches(lines).iter().map(Vec::len).collect::<Vec<_>>();
        assert!(counts(vec![]).is_empty());
        assert_eq!(counts((0..450).map(|n| line(n, 1)).collect()), [200, 200, 50]);
        for batch in batches((0..450).map(|n| line(n, 4000)).collect()) {
            let body = serde_json::to_vec(&contracts::catalog::ImportProducts { lines: batch }).unwrap();
            assert!(body.len() <= REQUEST_BYTES_MAX);
        }
        let csv = format!("{HEADER}mug,A,{},K,1,EUR\n", "x".repeat(REQUEST_BYTES_MAX));
        assert_eq!(read(csv.as_bytes(), FileFormat::Csv).unwrap().refused[0].reason, "line_too_long");
    }
}
