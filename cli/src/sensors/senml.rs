//! A pack of readings as SenML JSON (RFC 8428): the base fields once, then name, time and value.

use std::fmt::Write;

use contracts::readings::{Metric, Reading, Unit};

/// The most readings in one message.
pub(crate) const PACK_MAX: usize = 1000;

/// Writes readings of one metric. Times are those of the readings, never relative to now.
pub(crate) fn pack(metric: &Metric, unit: Option<&Unit>, readings: &[Reading]) -> String {
    let mut text = String::with_capacity(64 + 40 * readings.len());
    text.push('[');
    for (place, Reading { time, value }) in readings.iter().enumerate() {
        // Writing to a text cannot fail.
        let _ = match (place, unit) {
            (0, Some(unit)) => write!(text, "{{\"bn\":\"{metric}\",\"bu\":{},", quoted(unit.as_str())),
            (0, None) => write!(text, "{{\"bn\":\"{metric}\","),
            _ => write!(text, ",{{"),
        };
        let _ = write!(text, "\"t\":{},\"v\":{value}}}", seconds(*time));
    }
    text.push(']');
    text
}

/// Milliseconds as seconds, with as many decimals as they need: a float of JSON would not keep them all.
fn seconds(millis: i64) -> String {
    let (sign, millis) = if millis < 0 { ("-", millis.unsigned_abs()) } else { ("", millis.unsigned_abs()) };
    match millis % 1000 {
        0 => format!("{sign}{}", millis / 1000),
        rest => format!("{sign}{}.{rest:03}", millis / 1000),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(unit: Option<&str>, readings: &[(i64, f64)]) -> String {
        let metric: Metric = "temperature".parse().unwrap();
        let unit: Option<Unit> = unit.map(|unit| unit.parse().unwrap());
        let readings: Vec<Reading> = readings.iter().copied().map(Reading::from).collect();
        pack(&metric, unit.as_ref(), &readings)
    }

    #[test]
    fn the_base_fields_stand_once() {
        assert_eq!(
            written(Some("Cel"), &[(1_262_304_000_000, 4.1), (1_262_304_000_250, -0.5)]),
            r#"[{"bn":"temperature","bu":"Cel","t":1262304000,"v":4.1},{"t":1262304000.250,"v":-0.5}]"#
        );
    }

    #[test]
    fn what_is_written_is_json_whatever_the_unit() {
        let text = written(Some("a\"b"), &[(1, 1.0)]);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        assert_eq!(written(None, &[]), "[]");
    }
}
