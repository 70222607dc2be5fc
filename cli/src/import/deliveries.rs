//! Deliveries: which pieces of what came, and the keys under which they cannot be received twice.

use std::collections::HashMap;

use contracts::Sku;
use contracts::catalog::RefusedLine;
use contracts::inventory::{REASON_CHARS_MAX, ReceiveStock, STOCK_MAX};
use kit::text::printable;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::csv_rows::{self, Column};
use super::file::FileFormat;
use super::json_rows::{self, text_or_number};
use super::refused;
use crate::failure::Failure;

const COLUMNS: &[Column] = &[("sku", true), ("quantity", true), ("reason", false)];

/// A line of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeliveryLine {
    /// Where it stands in the file, from 1.
    pub(crate) line: u64,
    /// What to receive.
    pub(crate) request: ReceiveStock,
    /// Under which it cannot be received twice.
    pub(crate) key: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Lines that can be received.
    pub(crate) lines: Vec<DeliveryLine>,
    /// Lines that cannot be read.
    pub(crate) refused: Vec<RefusedLine>,
    /// Columns that nobody reads.
    pub(crate) ignored: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonLine {
    sku: String,
    #[serde(deserialize_with = "text_or_number")]
    quantity: String,
    #[serde(default)]
    reason: String,
}

/// The name of a delivery that has none: it follows from what the file says.
pub(crate) fn name_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes), 12)
}

/// Reads a file of deliveries. `reason` is that of lines without one.
///
/// # Errors
/// If it is no such file at all; a broken line is refused for itself.
pub(crate) fn read(bytes: &[u8], format: FileFormat, name: &str, reason: &str) -> Result<Delivery, Failure> {
    let mut delivery = Delivery::default();
    let rows: Vec<Result<(u64, [String; 3]), RefusedLine>> = match format {
        FileFormat::Csv => {
            let found = csv_rows::read(bytes, COLUMNS)?;
            delivery.ignored = found.ignored;
            found.rows.into_iter().map(|row| row.and_then(|(line, fields)| three(line, fields))).collect()
        }
        FileFormat::Jsonl => json_rows::read::<JsonLine>(bytes)?
            .into_iter()
            .map(|row| row.map(|(line, json)| (line, [json.sku, json.quantity, json.reason])))
            .collect(),
    };
    let mut before: HashMap<ReceiveStockText, u32> = HashMap::new();
    for row in rows {
        match row.and_then(|(line, fields)| request(line, &fields, reason).map(|request| (line, request))) {
            Ok((line, request)) => {
                let times = before.entry(text_of(&request)).or_default();
                let key = key(name, &request, *times);
                *times += 1;
                delivery.lines.push(DeliveryLine { line, request, key });
            }
            Err(refused) => delivery.refused.push(refused),
        }
    }
    Ok(delivery)
}

type ReceiveStockText = (String, u64, String);

fn text_of(request: &ReceiveStock) -> ReceiveStockText {
    (request.sku.to_string(), request.quantity, request.reason.clone())
}

/// The key of a line follows from the name of the delivery and from what the line says, not from
/// where it stands: a line that is corrected, added or moved leaves the keys of the others alone.
/// `times` tells equal lines apart.
fn key(name: &str, request: &ReceiveStock, times: u32) -> String {
    let (sku, quantity, reason) = text_of(request);
    let said = format!("{name}\0{sku}\0{quantity}\0{reason}\0{times}");
    format!("delivery-{}", hex(&Sha256::digest(said), 32))
}

fn three(line: u64, fields: Vec<String>) -> Result<(u64, [String; 3]), RefusedLine> {
    let fields = <[String; 3]>::try_from(fields)
        .map_err(|_| refused(line, "", "wrong_number_of_fields", "the line lacks a field"))?;
    Ok((line, fields))
}

fn request(
    line: u64,
    [sku, quantity, reason]: &[String; 3],
    otherwise: &str,
) -> Result<ReceiveStock, RefusedLine> {
    let no = |code: &str, message: String| refused(line, sku, code, message);
    let pieces =
        quantity.parse().ok().filter(|pieces| (1..=STOCK_MAX).contains(pieces)).ok_or_else(|| {
            no(
                "invalid_quantity",
                format!(
                    "a quantity must be a whole number from 1 to {STOCK_MAX}, not '{}'",
                    printable(quantity)
                ),
            )
        })?;
    let known: Sku =
        sku.parse().map_err(|error| no("invalid_sku", format!("{error}, not '{}'", printable(sku))))?;
    let reason = if reason.is_empty() { otherwise } else { reason };
    if !reason.is_empty() {
        kit::text::check("the reason", reason, REASON_CHARS_MAX, false)
            .map_err(|error| no(&error.reason, error.message))?;
    }
    Ok(ReceiveStock { sku: known, quantity: pieces, reason: reason.to_owned() })
}

fn hex(bytes: &[u8], digits: usize) -> String {
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str, name: &str) -> Delivery {
        read(text.as_bytes(), FileFormat::Csv, name, "opening stock").unwrap()
    }

    fn keys(text: &str, name: &str) -> Vec<String> {
        csv(text, name).lines.into_iter().map(|line| line.key).collect()
    }

    #[test]
    fn a_delivery_is_skus_and_quantities_with_or_without_a_reason() {
        let found = csv("sku,quantity\nmug-blue,40\n", "d");
        assert_eq!(found.lines[0].request.reason, "opening stock");
        let json = "{\"sku\":\"mug-blue\",\"quantity\":40,\"reason\":\"truck 7\"}";
        let found = read(json.as_bytes(), FileFormat::Jsonl, "d", "").unwrap();
        assert_eq!(
            (found.lines[0].request.quantity, found.lines[0].request.reason.as_str()),
            (40, "truck 7")
        );
    }

    #[test]
    fn a_broken_line_is_refused_with_its_number() {
        let found =
            csv("sku,quantity,reason\nmug,0,\nmug,-1,\nmug,1.5,\na.b,1,\nmug,1,\u{1b}[2J\ntee,1,\n", "d");
        assert_eq!(found.lines.len(), 1);
        let refused: Vec<(u64, &str)> =
            found.refused.iter().map(|no| (no.line, no.reason.as_str())).collect();
        let quantity = "invalid_quantity";
        assert_eq!(
            refused,
            [(2, quantity), (3, quantity), (4, quantity), (5, "invalid_sku"), (6, "invalid_text")]
        );
    }

    #[test]
    fn the_same_file_has_the_same_keys_and_every_line_its_own() {
        let file = "sku,quantity\nmug,1\nmug,1\ntee,1\n";
        let first = keys(file, &name_of(file.as_bytes()));
        assert_eq!(first, keys(file, &name_of(file.as_bytes())));
        let mut distinct = first.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 3);
        assert!(first.iter().all(|key| crate::pick::idempotency_key(key).is_ok()));
    }

    #[test]
    fn a_corrected_line_leaves_the_keys_of_the_others_alone() {
        let before = keys("sku,quantity\nmug,1\ntee,1000\ncup,3\n", "truck 7");
        let after = keys("sku,quantity\ncup,3\nnew,9\nmug,1\ntee,10\n", "truck 7");
        assert_eq!((&before[0], &before[2]), (&after[2], &after[0]));
        assert_ne!(before[1], after[3]);
    }

    #[test]
    fn another_delivery_has_other_keys() {
        let file = "sku,quantity\nmug,1\n";
        assert_ne!(keys(file, "monday"), keys(file, "tuesday"));
        assert_ne!(name_of(b"a"), name_of(b"b"));
    }
}
