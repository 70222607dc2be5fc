//! Attributes as OTLP has them: a list of names with values that say their type.

use serde_json::{Value, json};

/// A list of attributes. A text that is empty is left out.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<Value>);

impl Attributes {
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        if text.is_empty() { self } else { self.put(name, json!({ "stringValue": text })) }
    }

    pub(super) fn number(&mut self, name: &str, number: i64) -> &mut Self {
        self.put(name, json!({ "intValue": number.to_string() }))
    }

    /// A number in a stream; one too large for OTLP is none that a stream has.
    pub(super) fn sequence(&mut self, name: &str, sequence: u64) -> &mut Self {
        self.number(name, i64::try_from(sequence).unwrap_or(i64::MAX))
    }

    pub(super) fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.put(name, json!({ "boolValue": flag }))
    }

    pub(super) fn into_json(self) -> Vec<Value> {
        self.0
    }

    /// The first of a name counts: OTLP wants each once.
    fn put(&mut self, name: &str, value: Value) -> &mut Self {
        if !self.0.iter().any(|known| known["key"] == name) {
            self.0.push(json!({ "key": name, "value": value }));
        }
        self
    }
}
