//! What is taken for growth, what for a break, and that nothing is lost on the way to the file.

use proptest::prelude::*;

use super::*;

fn form(value: &Value) -> Form {
    Form::of(value)
}

fn compared(known: &Value, written: &Value) -> Difference {
    Form::from_json(known).compare(&form(written))
}

#[test]
fn a_shape_is_written_as_people_would() {
    let values = [
        json!({ "id": "a", "lines": [{ "sku": "x", "n": 1 }], "why": null, "rate": 0.5 }),
        json!({ "id": "b", "lines": [], "why": "y", "rate": 1, "email": "e" }),
    ];
    let joined = values.iter().map(form).reduce(Form::join).unwrap();
    assert_eq!(
        joined.to_json(),
        json!({
            "id": "string", "lines": [{ "sku": "string", "n": "integer" }],
            "why": "null | string", "rate": "integer | number", "email?": "string",
        })
    );
}

#[test]
fn what_is_nothing_or_an_object_stands_side_by_side() {
    let joined = form(&json!({ "of": 1 })).join(form(&Value::Null));
    assert_eq!(joined.to_json(), json!({ "|": ["null", { "of": "integer" }] }));
    assert_eq!(Form::from_json(&joined.to_json()), joined);
}

#[test]
fn a_new_field_is_growth_and_one_that_went_is_a_break() {
    let known = json!({ "id": "string", "n": "integer", "email?": "string" });
    assert_eq!(compared(&known, &json!({ "id": "a", "n": 1 })), Difference::default());
    let grown = compared(&known, &json!({ "id": "a", "n": 1, "more": true }));
    assert_eq!((grown.grown.as_slice(), grown.broken.len()), (&[".more: is new".to_owned()][..], 0));
    let broken = compared(&known, &json!({ "id": 5 }));
    assert_eq!(broken.broken, [".id: became integer, was string", ".n: is gone"]);
    let nested = compared(&json!([{ "a": [{ "b": "string" }] }]), &json!([{ "a": [{}] }]));
    assert_eq!(nested.broken, ["[].a[].b: is gone"]);
}

#[test]
fn null_and_missing_are_growth_and_another_type_is_a_break() {
    let known = json!({ "n": "integer", "x": "null" });
    assert_eq!(compared(&known, &json!({ "n": null, "x": "a" })).broken, Vec::<String>::new());
    assert_eq!(compared(&known, &json!({ "n": 1.5, "x": null })).broken, [".n: became number, was integer"]);
    assert_eq!(compared(&json!({ "n": "number" }), &json!({ "n": 1 })), Difference::default());
    let one = form(&json!({ "a": 1 })).join(form(&json!({})));
    assert_eq!(Form::from_json(&json!({ "a": "integer" })).compare(&one).grown, [".a: may be missing"]);
}

#[test]
fn what_is_anything_or_has_names_that_are_data_stays_so() {
    let known = json!({ "body": "any", "counts": { "*": "integer" } });
    let written = json!({ "body": { "x": [1] }, "counts": { "a": 1, "b": 2 } });
    assert_eq!(compared(&known, &written), Difference::default());
    assert_eq!(Form::from_json(&known).grown_by(form(&written)).to_json(), known);
    assert_eq!(compared(&known, &json!({ "body": 1, "counts": { "a": "x" } })).broken.len(), 1);
    let both = json!({ "level": "string", "*": "any" });
    assert_eq!(compared(&both, &json!({ "level": "INFO", "order.id": 5 })), Difference::default());
    assert_eq!(compared(&both, &json!({ "order.id": 5 })).broken, [".level: is gone"]);
    assert_eq!(Form::from_json(&both).grown_by(form(&json!({ "level": "a", "x": 1 }))).to_json(), both);
}

#[test]
fn an_empty_list_says_nothing_of_what_is_in_it() {
    let known = json!({ "lines": [] });
    assert_eq!(compared(&json!({ "lines": ["string"] }), &json!({ "lines": [] })), Difference::default());
    assert_eq!(compared(&known, &json!({ "lines": ["a"] })).grown, [".lines[]: seen for the first time"]);
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(0.5)),
        "[a-z]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]{1,2}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(a in values(), b in values()) {
        let joined = form(&a).join(form(&b));
        prop_assert_eq!(Form::from_json(&joined.to_json()), joined);
    }

    #[test]
    fn every_value_has_its_own_shape_and_that_of_any_list_it_stands_in(a in values(), b in values()) {
        prop_assert_eq!(form(&a).compare(&form(&a)), Difference::default());
        let joined = form(&a).join(form(&b));
        prop_assert_eq!(joined.compare(&form(&a)), Difference::default());
        prop_assert_eq!(joined.clone(), form(&b).join(form(&a)));
        prop_assert_eq!(joined.clone().grown_by(form(&b)), joined);
    }
}
