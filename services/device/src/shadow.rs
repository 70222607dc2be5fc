//! What a device is to be like and is like: changing it field by field, and what is missing.

use contracts::device::{STATE_BYTES_MAX, STATE_DEPTH_MAX};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// A JSON object.
pub type Object = Map<String, Value>;

/// The state of a device.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Grows with each change; 0 if nothing was ever said.
    pub version: u64,
    /// What it is to be like, and when that was said of each field.
    pub desired: Side,
    /// What it says it is like.
    pub reported: Side,
    /// When it last changed, in milliseconds since 1970.
    pub changed_at_ms: i64,
}

/// One side of a state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// The fields.
    pub fields: Object,
    /// When each was set, in milliseconds since 1970: of the same form.
    pub at: Object,
}

impl State {
    /// Refuses if the state is not at the version that was expected.
    ///
    /// # Errors
    /// [`Refusal::VersionDiffers`].
    pub fn must_be_at(&self, expected: Option<u64>) -> Result<(), Refusal> {
        match expected {
            Some(expected) if expected != self.version => {
                Err(Refusal::VersionDiffers { is: self.version, expected })
            }
            _ => Ok(()),
        }
    }

    /// What is desired and not reported. A list counts as one value, and an object field by field.
    pub fn delta(&self) -> Object {
        missing(&self.desired.fields, &self.reported.fields)
    }
}

impl Side {
    /// Changes fields: what is null goes, objects are changed field by field, everything else is replaced.
    ///
    /// # Errors
    /// [`Refusal::InvalidState`] if what comes of it is too long or too deep.
    pub fn change(&mut self, change: &Object, now_ms: i64) -> Result<(), Refusal> {
        if depth(change) > STATE_DEPTH_MAX {
            return Err(Refusal::InvalidState("has objects too deep in each other"));
        }
        merge(&mut self.fields, &mut self.at, change, now_ms);
        let bytes = serde_json::to_vec(&self.fields).map_or(usize::MAX, |text| text.len());
        if bytes > STATE_BYTES_MAX {
            return Err(Refusal::InvalidState("would be too long"));
        }
        Ok(())
    }
}

fn merge(fields: &mut Object, at: &mut Object, change: &Object, now_ms: i64) {
    for (name, value) in change {
        match value {
            Value::Null => {
                fields.remove(name);
                at.remove(name);
            }
            Value::Object(inner) => {
                let (inner_fields, inner_at) = (object_in(fields, name), object_in(at, name));
                merge(inner_fields, inner_at, inner, now_ms);
                // An object without fields says nothing, and would be told as missing for ever.
                if inner_fields.is_empty() {
                    fields.remove(name);
                    at.remove(name);
                }
            }
            value => {
                fields.insert(name.clone(), value.clone());
                at.insert(name.clone(), now_ms.into());
            }
        }
    }
}

/// The object in a field, in the place of whatever else stood there.
fn object_in<'a>(of: &'a mut Object, name: &str) -> &'a mut Object {
    let slot = of.entry(name).or_insert_with(|| Value::Object(Object::new()));
    if !slot.is_object() {
        *slot = Value::Object(Object::new());
    }
    match slot {
        Value::Object(inner) => inner,
        _ => unreachable!("it was made an object"),
    }
}

fn missing(desired: &Object, reported: &Object) -> Object {
    let mut delta = Object::new();
    for (name, wanted) in desired {
        match (wanted, reported.get(name)) {
            (Value::Object(wanted), Some(Value::Object(is))) => {
                let inner = missing(wanted, is);
                if !inner.is_empty() {
                    delta.insert(name.clone(), Value::Object(inner));
                }
            }
            (wanted, is) if is == Some(wanted) => {}
            (wanted, _) => {
                delta.insert(name.clone(), wanted.clone());
            }
        }
    }
    delta
}

/// How deep objects and lists stand in each other: 1 for one without others.
fn depth(object: &Object) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Object(inner) => depth(inner),
            Value::Array(inner) => 1 + inner.iter().map(of).max().unwrap_or(0),
            _ => 0,
        }
    }
    1 + object.values().map(of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn fields_are_changed_one_by_one_and_each_has_its_time() {
        let mut side = Side::default();
        side.change(&object(json!({"a": 1, "in": {"b": 2, "c": [1, 2]}})), 10).unwrap();
        side.change(&object(json!({"a": null, "in": {"b": 3}})), 20).unwrap();
        assert_eq!(side.fields, object(json!({"in": {"b": 3, "c": [1, 2]}})));
        assert_eq!(side.at, object(json!({"in": {"b": 20, "c": 10}})));
        side.change(&object(json!({"in": 5})), 30).unwrap();
        assert_eq!((side.fields, side.at), (object(json!({"in": 5})), object(json!({"in": 30}))));
    }

    #[test]
    fn an_object_goes_with_its_last_field() {
        let mut state = State::default();
        state.desired.change(&object(json!({"in": {"b": 2, "deep": {"c": 3}}})), 10).unwrap();
        state
            .desired
            .change(&object(json!({"in": {"b": null, "deep": {"c": null}}, "none": {}})), 20)
            .unwrap();
        assert_eq!(state.desired, Side::default());
        assert_eq!(state.delta(), Object::new());
    }

    #[test]
    fn the_delta_is_what_is_desired_and_not_reported() {
        let mut state = State::default();
        let desired = json!({"a": 1, "b": {"x": 1, "y": 2}, "list": [1, 2], "same": true});
        state.desired.change(&object(desired), 1).unwrap();
        let reported = json!({"b": {"x": 1, "y": 3}, "list": [2, 1], "same": true, "more": 0});
        state.reported.change(&object(reported), 1).unwrap();
        assert_eq!(state.delta(), object(json!({"a": 1, "b": {"y": 2}, "list": [1, 2]})));
    }

    #[test]
    fn a_state_is_neither_too_deep_nor_too_long() {
        let deep = (0..STATE_DEPTH_MAX).fold(json!(1), |inner, _| json!({ "in": inner }));
        assert_eq!(Side::default().change(&object(deep.clone()), 1), Ok(()));
        assert!(Side::default().change(&object(json!({ "in": deep })), 1).is_err());
        let long = json!({ "text": "x".repeat(STATE_BYTES_MAX) });
        assert!(Side::default().change(&object(long), 1).is_err());
    }

    #[test]
    fn a_state_at_another_version_is_refused() {
        let state = State { version: 3, ..State::default() };
        assert_eq!(state.must_be_at(None), Ok(()));
        assert_eq!(state.must_be_at(Some(3)), Ok(()));
        assert_eq!(state.must_be_at(Some(2)), Err(Refusal::VersionDiffers { is: 3, expected: 2 }));
    }
}
