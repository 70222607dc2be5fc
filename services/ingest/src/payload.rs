//! What a message says, in whichever of the common forms: SenML, plain JSON, a bare number.

use contracts::ingest::Refusal;
use contracts::readings::VALUE_MAX;

use crate::json::Object;
use crate::{plain, senml};

/// The metric of a bare number.
pub const BARE_METRIC: &str = "value";

/// The latest and the earliest time that is understood, in milliseconds: those that a calendar of four digits has.
pub const TIME_MS_MAX: f64 = 253_402_300_799_999.0;

/// A reading as a message has it. Whether its names are legal, and its time within bounds, is still to be seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'a> {
    /// What was measured.
    pub metric: &'a str,
    /// In which unit, if that is said.
    pub unit: Option<&'a str>,
    /// When: milliseconds since 1970.
    pub time: i64,
    /// How much: finite.
    pub value: f64,
}

/// A reading, or why it is none.
pub type Item<'a> = Result<Found<'a>, Refusal>;

/// Why nothing of a message can be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is empty.
    #[error("the message is empty; nothing of it was recorded")]
    Empty,
    /// It is neither a number nor JSON, or JSON of another form.
    #[error(
        "the message is no SenML, no JSON object, no list of them and no number; nothing of it was recorded: {0}"
    )]
    Form(String),
    /// SenML of a version, or with a field, that must be understood and is not.
    #[error("the SenML pack must be understood as a whole and is not; nothing of it was recorded: {0}")]
    Pack(String),
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        // It may quote what was sent.
        Self::Form(kit::text::printable(&error.to_string()).chars().take(200).collect())
    }
}

/// Reads a message that the broker received at a time, reading by reading.
///
/// # Errors
/// [`Unreadable`]: then there was no reading before.
pub fn read(body: &[u8], received: i64, mut found: impl FnMut(Item<'_>)) -> Result<(), Unreadable> {
    match body.trim_ascii_start().first() {
        None => return Err(Unreadable::Empty),
        Some(b'[') => {
            let objects: Vec<Object<'_>> = serde_json::from_slice(body)?;
            match objects.first() {
                Some(first) if senml::looks_like(first) => senml::read(&objects, received, &mut found)?,
                _ => objects.iter().for_each(|object| plain::read(object, received, &mut found)),
            }
        }
        Some(b'{') => {
            let object: Object<'_> = serde_json::from_slice(body)?;
            if senml::is_record(&object) {
                senml::read(std::slice::from_ref(&object), received, &mut found)?;
            } else {
                plain::read(&object, received, &mut found);
            }
        }
        Some(_) => {
            let value: f64 = serde_json::from_slice(body)?;
            found(finite(value).map(|value| Found {
                metric: BARE_METRIC,
                unit: None,
                time: received,
                value,
            }));
        }
    }
    Ok(())
}

/// A number that can be kept. Of the two zeros only one is, so that a repeat compares equal.
pub(crate) fn finite(value: f64) -> Result<f64, Refusal> {
    if value.abs() <= VALUE_MAX { Ok(value + 0.0) } else { Err(Refusal::NotANumber) }
}

/// Whole milliseconds since 1970, if they are a time.
#[expect(clippy::cast_possible_truncation, reason = "it is within bounds that were looked at")]
pub(crate) fn whole(millis: f64) -> Result<i64, Refusal> {
    if millis.abs() <= TIME_MS_MAX { Ok(millis.round() as i64) } else { Err(Refusal::InvalidTime) }
}
