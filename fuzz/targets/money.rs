//! Amounts as people write them, a line each, and as JSON.
#![no_main]

use contracts::money::AMOUNT_MAX;
use contracts::{Currency, Money};
use libfuzzer_sys::fuzz_target;

const CURRENCIES: &[&str] = &["EUR", "JPY", "KWD", "USD"];

fuzz_target!(|text: &str| {
    if let Ok(money) = serde_json::from_str::<Money>(text) {
        check(money);
        let again = serde_json::to_string(&money).expect("JSON");
        assert_eq!(serde_json::from_str::<Money>(&again).expect("an amount"), money);
    }
    let mut before: Option<Money> = None;
    for line in text.lines() {
        let known = line.parse::<Currency>().ok();
        let listed = CURRENCIES.iter().filter_map(|code| code.parse().ok());
        for currency in listed.chain(known) {
            let Ok(money) = Money::parse_major(line, currency) else { continue };
            check(money);
            if let Some(before) = before {
                let _ = before.plus(money).map(check);
                let _ = before.minus(money).map(check);
            }
            let _ = money.times(line.len() as u32).map(check);
            let _ = money.times(u32::MAX).map(check);
            before = Some(money);
        }
    }
});

fn check(money: Money) {
    assert!((0..=AMOUNT_MAX).contains(&money.amount()));
    let shown = money.to_string();
    let (number, currency) = shown.split_once(' ').expect("an amount and a currency");
    let currency: Currency = currency.parse().expect("a currency");
    assert_eq!(Money::parse_major(number, currency).expect("an amount"), money, "{shown}");
}
