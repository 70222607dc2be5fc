//! SenML in JSON, as RFC 8428 has it: a pack of records that share base values.

use std::borrow::Cow;

use contracts::ingest::Refusal;

use crate::json::{Field, Object};
use crate::payload::{Found, Item, Unreadable, finite, whole};

/// The newest version that is understood: that of the RFC (section 4.4).
pub const VERSION_MAX: f64 = 10.0;

/// Times below this many seconds are relative to the time of receipt (section 4.5.3): 2 to the power of 28.
pub const RELATIVE_BELOW_SECONDS: f64 = 268_435_456.0;

/// What is put behind the name of a metric for the integrated sum of its values (`s`).
pub const SUM_SUFFIX: &str = ":sum";

/// The labels of section 12.2 by which a list of objects is known as a pack.
const LABELS: [&str; 14] = ["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "ut"];

/// Whether a list that begins with this object is a pack.
pub fn looks_like(first: &Object<'_>) -> bool {
    first.0.iter().any(|(name, _)| LABELS.contains(&&**name))
        && ["ts", "values", "metric"].iter().all(|name| first.get(name).is_none())
}

/// Whether an object that stands alone is a record: it has a name, and a value of those that only records have.
pub fn is_record(object: &Object<'_>) -> bool {
    ["n", "bn"].iter().any(|label| matches!(object.get(label), Some(Field::Text(_))))
        && ["v", "vb", "vs", "vd", "s"].iter().any(|label| object.get(label).is_some())
}

/// What the records before have said for those that follow.
#[derive(Default)]
struct Base<'a> {
    name: &'a str,
    unit: Option<&'a str>,
    time: f64,
    value: f64,
    sum: f64,
}

/// One record, before it is resolved.
#[derive(Default)]
struct Record<'a> {
    name: &'a str,
    unit: Option<&'a str>,
    time: f64,
    value: Option<Result<f64, Refusal>>,
    /// True or false, to which no base value is added.
    said: Option<f64>,
    sum: Option<Result<f64, Refusal>>,
    wrong: Option<Refusal>,
}

/// Reads a pack. All of it is looked through before the first reading is found.
///
/// # Errors
/// [`Unreadable::Pack`] for a version that is too new, a label that must be understood, or base values of a wrong
/// kind, without which nobody knows what the records say.
pub fn read(pack: &[Object<'_>], received: i64, found: &mut impl FnMut(Item<'_>)) -> Result<(), Unreadable> {
    pack.iter().flat_map(|object| &object.0).try_for_each(|(label, field)| understood(label, field))?;
    let mut base = Base::default();
    for object in pack {
        let record = Record::of(object, &mut base);
        if let Some(wrong) = record.wrong {
            found(Err(wrong));
            continue;
        }
        let name = match (base.name, record.name) {
            ("", own) => Cow::Borrowed(own),
            (base, "") => Cow::Borrowed(base),
            (base, own) => Cow::Owned([base, own].concat()),
        };
        let unit = record.unit.or(base.unit);
        let time = resolve(base.time + record.time, received);
        let item = |metric: &str, value: Result<f64, Refusal>, found: &mut dyn FnMut(Item<'_>)| {
            let value = value.and_then(finite);
            found(value.and_then(|value| Ok(Found { metric, unit, time: time?, value })));
        };
        if let Some(value) = record.value {
            item(&name, value.map(|value| base.value + value), found);
        }
        if let Some(said) = record.said {
            item(&name, Ok(said), found);
        }
        if let Some(sum) = record.sum {
            item(&[&name, SUM_SUFFIX].concat(), sum.map(|sum| base.sum + sum), found);
        }
    }
    Ok(())
}

/// The time of a record, given the sum of base time and its own.
fn resolve(seconds: f64, received: i64) -> Result<i64, Refusal> {
    let millis = whole(seconds * 1000.0)?;
    Ok(if seconds < RELATIVE_BELOW_SECONDS { received.saturating_add(millis) } else { millis })
}

/// Refuses what changes the meaning of a pack and is not understood.
fn understood(label: &str, field: &Field<'_>) -> Result<(), Unreadable> {
    let legal = match (label, field) {
        ("bver", Field::Number(version)) => *version <= VERSION_MAX,
        ("bn" | "bu", Field::Text(_)) | ("bt" | "bv" | "bs", Field::Number(_)) => true,
        ("bver" | "bn" | "bu" | "bt" | "bv" | "bs", _) => false,
        _ => !label.ends_with('_'),
    };
    let label: String = kit::text::printable(label).chars().take(32).collect();
    if legal { Ok(()) } else { Err(Unreadable::Pack(format!("its {label}"))) }
}

impl<'a> Record<'a> {
    fn of(object: &'a Object<'_>, base: &mut Base<'a>) -> Self {
        let mut record = Self::default();
        for (label, field) in &object.0 {
            match (&**label, field) {
                ("bn", Field::Text(name)) => base.name = name,
                ("bu", Field::Text(unit)) => base.unit = Some(unit),
                ("bt", Field::Number(time)) => base.time = *time,
                ("bv", Field::Number(value)) => base.value = *value,
                ("bs", Field::Number(sum)) => base.sum = *sum,
                ("n", Field::Text(name)) => record.name = name,
                ("n", _) => record.wrong = Some(Refusal::InvalidMetric),
                ("u", Field::Text(unit)) => record.unit = Some(unit),
                ("t", Field::Number(time)) => record.time = *time,
                ("t", _) => record.wrong = Some(Refusal::InvalidTime),
                ("v", Field::Number(value)) => record.value = Some(Ok(*value)),
                ("vb", Field::Bool(said)) => record.said = Some(f64::from(*said)),
                ("v" | "vb" | "vs" | "vd", _) => record.value = Some(Err(Refusal::NotANumber)),
                ("s", Field::Number(sum)) => record.sum = Some(Ok(*sum)),
                ("s", _) => record.sum = Some(Err(Refusal::NotANumber)),
                _ => {}
            }
        }
        record
    }
}
