//! Article numbers, quantities, addresses and cursors.
#![no_main]

use catalog::search::Place;
use contracts::basics::{EMAIL_CHARS_MAX, QUANTITY_MAX, SKU_CHARS_MAX};
use contracts::{Email, Quantity, Sku};
use kit::page::after;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(sku) = text.parse::<Sku>() {
        assert_eq!(sku.as_str(), text);
        assert!(text.len() <= SKU_CHARS_MAX && !text.contains(['.', '*', '>', ' ']) && text.is_ascii());
    }
    if let Ok(quantity) = text.parse::<Quantity>() {
        assert!((1..=QUANTITY_MAX).contains(&quantity.get()));
    }
    if let Ok(email) = text.parse::<Email>() {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c);
        assert!(!text.contains(odd) && text.matches('@').count() == 1, "{text:?}");
        assert!(text.chars().count() <= EMAIL_CHARS_MAX);
        let (_, domain) = text.rsplit_once('@').expect("a domain");
        assert!(email.masked().ends_with(domain));
    }
    if let Ok(Some(place)) = after::<Place>(Some(text)) {
        let again = after(Some(&place.to_string())).expect("a cursor");
        assert_eq!(again, Some(place));
    }
    for json in [text.to_owned(), serde_json::Value::from(text).to_string()] {
        let _ = serde_json::from_str::<Quantity>(&json);
        let sku = serde_json::from_str::<Sku>(&json).map(|sku| sku.to_string());
        let email = serde_json::from_str::<Email>(&json).map(|email| email.to_string());
        assert!(sku.is_err() || sku.is_ok_and(|sku| sku.parse::<Sku>().is_ok()));
        assert!(email.is_err() || email.is_ok_and(|email| email.parse::<Email>().is_ok()));
    }
});
