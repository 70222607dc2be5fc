//! What a shape is: taken from values, joined with others, written as JSON, compared.
//!
//! Written, a text is `"string"`, a list `[what is in it]`, an object its fields, with `?` behind the
//! name of a field that may be missing. `"any"` is whatever it is, `"*"` stands for every name that is
//! not listed, where names are data; several possibilities are `"null | string"`, or stand side by side
//! in `{"|": [..]}` if one is a list or an object. `"any"` and `"*"` are written by hand; the rest is
//! taken from what commands wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Behind the name of a field that may be missing.
const OPTIONAL: char = '?';

/// The name that stands for every name.
const EVERY: &str = "*";

/// Between the names of texts, numbers and the like that a value may be.
const OR: &str = " | ";

/// What stands before several possibilities of which one is a list or an object.
const EITHER: &str = "|";

/// A shape: what a value may be. Several of these at once, or nothing if nobody saw one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Form {
    any: bool,
    plain: BTreeSet<String>,
    list: Option<Box<Self>>,
    map: Option<Box<Self>>,
    fields: Option<BTreeMap<String, Field>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    optional: bool,
    form: Form,
}

/// How what was written differs from what is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Difference {
    /// What came: programs that know the old shape are not disturbed.
    pub(crate) grown: Vec<String>,
    /// What went or became something else.
    pub(crate) broken: Vec<String>,
}

impl Form {
    /// The shape of a value.
    pub(crate) fn of(value: &Value) -> Self {
        let plain = |name: &str| Self { plain: [name.to_owned()].into(), ..Self::default() };
        match value {
            Value::Null => plain("null"),
            Value::Bool(_) => plain("boolean"),
            Value::Number(number) if number.is_f64() => plain("number"),
            Value::Number(_) => plain("integer"),
            Value::String(_) => plain("string"),
            Value::Array(items) => {
                let inner = items.iter().map(Self::of).reduce(Self::join).unwrap_or_default();
                Self { list: Some(Box::new(inner)), ..Self::default() }
            }
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| {
                    (name.clone(), Field { optional: false, form: Self::of(value) })
                };
                Self { fields: Some(fields.iter().map(field).collect()), ..Self::default() }
            }
        }
    }

    /// What either of two may be.
    pub(crate) fn join(self, other: Self) -> Self {
        let inner = |one: Option<Box<Self>>, two: Option<Box<Self>>| match (one, two) {
            (Some(one), Some(two)) => Some(Box::new(one.join(*two))),
            (one, two) => one.or(two),
        };
        let fields = match (self.fields, other.fields) {
            (Some(one), Some(two)) => Some(join_fields(one, two)),
            (one, two) => one.or(two),
        };
        Self {
            any: self.any || other.any,
            plain: self.plain.into_iter().chain(other.plain).collect(),
            list: inner(self.list, other.list),
            map: inner(self.map, other.map),
            fields,
        }
    }

    /// How something that was written differs from this, which is known.
    pub(crate) fn compare(&self, written: &Self) -> Difference {
        let mut difference = Difference::default();
        self.compare_at("", written, &mut difference);
        difference
    }

    fn compare_at(&self, place: &str, written: &Self, found: &mut Difference) {
        let at = |what: String| format!("{}: {what}", if place.is_empty() { "." } else { place });
        if self.any || *written == Self::default() {
            return;
        }
        if *self == Self::default() {
            return found.grown.push(at("seen for the first time".to_owned()));
        }
        let new: Vec<String> = written.kinds().difference(&self.kinds()).cloned().collect();
        // What may be missing may come as null; what was always something has become something else.
        for kind in new {
            if kind == "null" || self.kinds() == BTreeSet::from(["null".to_owned()]) {
                found.grown.push(at(format!("may be {kind}")));
            } else {
                found.broken.push(at(format!("became {kind}, was {}", join(&self.kinds()))));
            }
        }
        if let (Some(known), Some(written)) = (&self.list, &written.list) {
            known.compare_at(&format!("{place}[]"), written, found);
        }
        if let Some(written) = &written.fields {
            let none = BTreeMap::new();
            let known = self.fields.as_ref().unwrap_or(&none);
            if self.fields.is_some() || self.map.is_some() {
                compare_fields(place, known, self.map.as_deref(), written, found);
            }
        }
    }

    fn kinds(&self) -> BTreeSet<String> {
        let mut kinds = self.plain.clone();
        // A whole number is a number too.
        if kinds.contains("number") {
            kinds.insert("integer".to_owned());
        }
        if self.list.is_some() {
            kinds.insert("list".to_owned());
        }
        if self.fields.is_some() || self.map.is_some() {
            kinds.insert("object".to_owned());
        }
        kinds
    }

    /// What is known, with what was written besides; what is known to be anything stays so.
    pub(crate) fn grown_by(self, written: Self) -> Self {
        if self.any {
            return self;
        }
        let inner = |known: Option<Box<Self>>, written: Option<Box<Self>>| match (known, written) {
            (Some(known), Some(written)) => Some(Box::new(known.grown_by(*written))),
            (known, written) => known.or(written),
        };
        let (map, fields) = match (self.map, self.fields, written.fields) {
            (Some(map), known, Some(written)) => {
                let is_listed = |name: &str| known.as_ref().is_some_and(|known| known.contains_key(name));
                let (listed, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
                    written.into_iter().partition(|(name, _)| is_listed(name));
                let every = others.into_values().fold(*map, |map, field| map.grown_by(field.form));
                (Some(Box::new(every)), known.map(|known| grow_fields(known, listed)))
            }
            (map, Some(known), Some(written)) => (map, Some(grow_fields(known, written))),
            (map, known, written) => (map, known.or(written)),
        };
        let plain = self.plain.into_iter().chain(written.plain).collect();
        Self { any: false, plain, list: inner(self.list, written.list), map, fields }
    }

    /// Written as JSON; `null` if nobody saw one.
    pub(crate) fn to_json(&self) -> Value {
        if self.any {
            return json!("any");
        }
        let plain: Vec<&str> = self.plain.iter().map(String::as_str).collect();
        let mut either: Vec<Value> = if plain.is_empty() { Vec::new() } else { vec![json!(plain.join(OR))] };
        either.extend(self.list.iter().map(|inner| match inner.to_json() {
            Value::Null => json!([]),
            inner => json!([inner]),
        }));
        if self.map.is_some() || self.fields.is_some() {
            let field = |(name, field): (&String, &Field)| {
                let mark = if field.optional { OPTIONAL.to_string() } else { String::new() };
                (format!("{name}{mark}"), field.form.to_json())
            };
            let every = self.map.iter().map(|inner| (EVERY.to_owned(), inner.to_json()));
            let listed = self.fields.iter().flatten().map(field);
            either.push(Value::Object(listed.chain(every).collect::<Map<String, Value>>()));
        }
        match either.len() {
            0 => Value::Null,
            1 => either.remove(0),
            _ => json!({ EITHER: either }),
        }
    }

    /// Reads what [`Self::to_json`] wrote.
    pub(crate) fn from_json(value: &Value) -> Self {
        match value {
            Value::String(name) if name == "any" => Self { any: true, ..Self::default() },
            Value::String(names) => {
                Self { plain: names.split(OR).map(str::to_owned).collect(), ..Self::default() }
            }
            Value::Array(items) => {
                let inner = items.first().map(Self::from_json).unwrap_or_default();
                Self { list: Some(Box::new(inner)), ..Self::default() }
            }
            Value::Object(fields) => {
                if let Some(Value::Array(either)) = fields.get(EITHER) {
                    return either.iter().map(Self::from_json).reduce(Self::join).unwrap_or_default();
                }
                let field = |(name, value): (&String, &Value)| {
                    let bare = name.strip_suffix(OPTIONAL);
                    let field = Field { optional: bare.is_some(), form: Self::from_json(value) };
                    (bare.unwrap_or(name).to_owned(), field)
                };
                let map = fields.get(EVERY).map(|inner| Box::new(Self::from_json(inner)));
                let listed: BTreeMap<_, _> =
                    fields.iter().filter(|(name, _)| *name != EVERY).map(field).collect();
                let is_map_only = map.is_some() && listed.is_empty();
                Self { map, fields: (!is_map_only).then_some(listed), ..Self::default() }
            }
            _ => Self::default(),
        }
    }
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" or ")
}

/// A field is optional if one of both is without it.
fn join_fields(mut one: BTreeMap<String, Field>, two: BTreeMap<String, Field>) -> BTreeMap<String, Field> {
    for (name, field) in &mut one {
        field.optional |= !two.contains_key(name);
    }
    for (name, field) in two {
        let joined = match one.remove(&name) {
            Some(known) => {
                Field { optional: known.optional || field.optional, form: known.form.join(field.form) }
            }
            None => Field { optional: true, ..field },
        };
        one.insert(name, joined);
    }
    one
}

/// As [`join_fields`], but a field that nobody knew is as optional as it was written, and one that is
/// known and was not seen stays as it is.
fn grow_fields(
    mut known: BTreeMap<String, Field>,
    written: BTreeMap<String, Field>,
) -> BTreeMap<String, Field> {
    for (name, field) in written {
        let grown = match known.remove(&name) {
            Some(old) => {
                Field { optional: old.optional || field.optional, form: old.form.grown_by(field.form) }
            }
            None => field,
        };
        known.insert(name, grown);
    }
    known
}

fn compare_fields(
    place: &str,
    known: &BTreeMap<String, Field>,
    every: Option<&Form>,
    written: &BTreeMap<String, Field>,
    found: &mut Difference,
) {
    for (name, field) in known {
        let at = format!("{place}.{name}");
        match written.get(name) {
            Some(now) => {
                if now.optional && !field.optional {
                    found.grown.push(format!("{at}: may be missing"));
                }
                field.form.compare_at(&at, &now.form, found);
            }
            None if !field.optional => found.broken.push(format!("{at}: is gone")),
            None => {}
        }
    }
    for (name, field) in written.iter().filter(|(name, _)| !known.contains_key(*name)) {
        match every {
            Some(every) => every.compare_at(&format!("{place}.{EVERY}"), &field.form, found),
            None => found.grown.push(format!("{place}.{name}: is new")),
        }
    }
}

#[cfg(test)]
mod tests;
