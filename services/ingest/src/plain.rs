//! Plain JSON in the forms that devices commonly send:
//!
//! ```text
//! {"ts": 1262304000000, "values": {"temperature": 4.1, "humidity": 80}}      one time for several values
//! {"metric": "temperature", "value": 4.1, "unit": "Cel", "time": "2010-01-01T00:00:00Z"}
//! {"temperature": 4.1, "humidity": 80}                                      measured when it is received
//! ```
//!
//! A time is `ts`, `time` or `timestamp`: a text of RFC 3339, or a number since 1970, of milliseconds, or of seconds if
//! it would be before March 1973 otherwise.

use contracts::ingest::Refusal;
use kit::Timestamp;

use crate::json::{Field, Object};
use crate::payload::{Found, Item, finite, whole};

/// Numbers from here on are milliseconds, smaller ones seconds: in March 1973, and in the year 5138.
pub const MILLIS_FROM: f64 = 1e11;

/// The names under which an object says its time.
const TIMES: [&str; 3] = ["ts", "time", "timestamp"];

/// Reads an object, reading by reading.
pub fn read(object: &Object<'_>, received: i64, found: &mut impl FnMut(Item<'_>)) {
    let said = TIMES.iter().find_map(|name| object.get(name));
    let time = said.map_or(Ok(received), time_of);
    let unit = object.get("unit").and_then(text);
    let mut item = |metric: &str, unit, field: &Field<'_>| {
        found(number(field).and_then(|value| Ok(Found { metric, unit, time: time?, value })));
    };
    if let Some(Field::Object(values)) = object.get("values") {
        values.0.iter().for_each(|(metric, field)| item(metric, None, field));
    } else if let (Some(metric), Some(value)) = (object.get("metric"), object.get("value")) {
        // What is no text is no legal name either.
        item(text(metric).unwrap_or_default(), unit, value);
    } else {
        let values = object.0.iter().filter(|(name, _)| !TIMES.contains(&&**name));
        values.for_each(|(metric, field)| item(metric, None, field));
    }
}

fn text<'a>(field: &'a Field<'_>) -> Option<&'a str> {
    match field {
        Field::Text(text) => Some(text),
        _ => None,
    }
}

fn number(field: &Field<'_>) -> Result<f64, Refusal> {
    match field {
        Field::Number(value) => finite(*value),
        Field::Bool(said) => Ok(f64::from(*said)),
        Field::Text(_) | Field::Object(_) | Field::Other => Err(Refusal::NotANumber),
    }
}

fn time_of(field: &Field<'_>) -> Result<i64, Refusal> {
    match field {
        Field::Number(number) if number.abs() < MILLIS_FROM => whole(number * 1000.0),
        Field::Number(number) => whole(*number),
        Field::Text(text) => {
            text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| Refusal::InvalidTime)
        }
        _ => Err(Refusal::InvalidTime),
    }
}
