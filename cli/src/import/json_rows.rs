//! JSON Lines: an object a line, each with the number of its line.

use contracts::catalog::RefusedLine;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;

use super::refused;
use crate::failure::Failure;

/// An object that was read: the number of its line and what it says.
pub(crate) type Row<T> = Result<(u64, T), RefusedLine>;

/// Reads an object a line. Empty lines are skipped.
///
/// # Errors
/// If the file is one JSON list rather than an object a line.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<Row<T>>, Failure> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Failure::invalid(
            "invalid_jsonl",
            "the file is one JSON list, wanted is a JSON object a line",
        )
        .mend("jq -c '.[]' FILE > FILE.jsonl      makes one of the other"));
    }
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    Ok(lines
        .filter(|(line, _)| !line.trim_ascii().is_empty())
        .map(|(line, number)| row(number, line))
        .collect())
}

fn row<T: DeserializeOwned>(number: u64, line: &[u8]) -> Row<T> {
    serde_json::from_slice(line).map(|row| (number, row)).map_err(|error| {
        // The sku tells people which row this is, also if something else in it is wrong.
        let value: Value = serde_json::from_slice(line).unwrap_or_default();
        let sku = value.get("sku").and_then(Value::as_str).unwrap_or_default();
        refused(number, sku, "invalid_json", without_place(&error))
    })
}

/// What is wrong, with its column but without a line: the number that serde knows is always 1.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    match (error.classify(), error.column()) {
        (Category::Data, 0) => said.to_owned(),
        (Category::Data, column) => format!("{said}, at column {column}"),
        (_, column) => format!("the line is not JSON: {said}, at column {column}"),
    }
}

/// A number as it is written, or a text.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("wanted is a number, or a text such as \"12.90\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Thing {
        sku: String,
        #[serde(deserialize_with = "text_or_number")]
        price: String,
    }

    fn read_all(text: &str) -> Vec<Result<(u64, String), (u64, String)>> {
        let rows = read::<Thing>(text.as_bytes()).unwrap();
        rows.into_iter()
            .map(|row| row.map(|(line, thing)| (line, thing.price)).map_err(|no| (no.line, no.sku)))
            .collect()
    }

    #[test]
    fn a_price_is_a_number_or_a_text_and_kept_as_it_is_written() {
        let text = "{\"sku\":\"a\",\"price\":12.9}\r\n\n{\"sku\":\"b\",\"price\":\"12.90\"}\n{\"sku\":\"c\",\"price\":7}";
        assert_eq!(read_all(text), [Ok((1, "12.9".into())), Ok((3, "12.90".into())), Ok((4, "7".into()))]);
    }

    #[test]
    fn a_broken_line_is_refused_with_its_number_and_leaves_the_others_alone() {
        let text = "{\"sku\":\"a\",\"price\":1}\n{\"sku\":\"b\",\"price\":[]}\nnonsense\n{\"sku\":\"d\",\"price\":1}\n";
        assert_eq!(
            read_all(text),
            [Ok((1, "1".into())), Err((2, "b".into())), Err((3, String::new())), Ok((4, "1".into()))]
        );
        let refused = read::<Thing>(b"{\"sku\": \"a\",}").unwrap().remove(0).unwrap_err();
        assert_eq!(refused.message, "the line is not JSON: trailing comma, at column 13");
    }

    #[test]
    fn a_list_is_not_a_line() {
        assert_eq!(read::<Thing>(b"\n [{}]").unwrap_err().code(), "invalid_jsonl");
        assert!(read::<Thing>(b"").unwrap().is_empty());
    }
}
