//! The headers of a request, a line each, and behind an empty line its body. `{token}` stands for a
//! token that is good.
#![no_main]

use std::sync::LazyLock;

use kit::access::Trust;
use kit::testing::receive;
use kit::{Caller, Timestamp};
use libfuzzer_sys::fuzz_target;

struct Shop {
    trust: Trust,
    token: String,
    now: Timestamp,
}

static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let now = fuzz::now();
    Shop { trust: fuzz::trust(), token: fuzz::order().token_for("cart", now).expect("a token"), now }
});

fuzz_target!(|text: &str| {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let head = head.replace("{token}", &SHOP.token);
    let headers: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();
    let received = receive(&SHOP.trust, "cart", &headers, body.to_owned().into(), SHOP.now);
    let Some(incoming) = fuzz::no_mistake(received) else { return };
    let known = headers.iter().any(|(_, value)| value.contains(&SHOP.token));
    match &incoming.caller {
        Caller::Service(name) => assert!(known && name == "order", "{name} was believed"),
        other => assert!(fuzz::is_nobody(other) && incoming.behalf.is_none(), "{other} was believed"),
    }
    assert!(incoming.timeout.is_none_or(|time| !time.is_zero()));
    assert!(incoming.trace.is_none_or(|trace| trace.id != 0 && trace.span != 0));
});
