//! JSON laid out for people: what fits into a line stays on one, the rest is one field a line.

use kit::text::printable;
use serde_json::Value;

use super::cells::width;

/// Blanks in front of what belongs to the line above.
const INDENT: usize = 2;

/// A value in lines, as far as possible not wider than so many cells.
pub(crate) fn lay_out(value: &Value, wide: usize) -> Vec<String> {
    let mut lines = Vec::new();
    add(&mut lines, value, "", "", 0, wide);
    lines
}

/// Adds a value with what stands before and behind it.
fn add(lines: &mut Vec<String>, value: &Value, before: &str, behind: &str, depth: usize, wide: usize) {
    let indent = " ".repeat(depth * INDENT);
    let short = on_one_line(value);
    let fits = depth * INDENT + width(before) + width(&printable(&short)) + width(behind) <= wide;
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) if !fits && !fields.is_empty() => {
            fields.iter().map(|(name, value)| (format!("{}: ", quoted(name)), value)).collect()
        }
        Value::Array(items) if !fits && !items.is_empty() => {
            items.iter().map(|item| (String::new(), item)).collect()
        }
        _ => return lines.push(format!("{indent}{before}{short}{behind}")),
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    lines.push(format!("{indent}{before}{open}"));
    let last = inside.len() - 1;
    for (place, (name, value)) in inside.into_iter().enumerate() {
        add(lines, value, &name, if place < last { "," } else { "" }, depth + 1, wide);
    }
    lines.push(format!("{indent}{close}{behind}"));
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let fields =
                fields.iter().map(|(name, value)| format!("{}: {}", quoted(name), on_one_line(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stays_on_a_line() {
        let body = json!({ "order": "ord_1", "total": { "amount": 1290, "currency": "EUR" }, "lines": [1, 2], "none": {} });
        assert_eq!(
            lay_out(&body, 46),
            [
                "{",
                "  \"lines\": [1, 2],",
                "  \"none\": {},",
                "  \"order\": \"ord_1\",",
                "  \"total\": {\"amount\": 1290, \"currency\": \"EUR\"}",
                "}"
            ]
        );
        assert_eq!(lay_out(&body, 200).len(), 1);
        assert_eq!(lay_out(&json!(null), 0), ["null"]);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_says_the_same_at_any_width(value in value(), wide in 0..100usize) {
            let lines = lay_out(&value, wide);
            prop_assert_eq!(serde_json::from_str::<Value>(&lines.join("\n")).unwrap(), value);
        }
    }
}
