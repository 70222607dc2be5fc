//! Tokens: any text, and a good token in which bytes were changed.
#![no_main]

use std::sync::LazyLock;

use kit::access::roster::{ISSUER, public_bytes};
use kit::access::token::{Claims, key_of, verify};
use kit::access::{Presented, Trust};
use libfuzzer_sys::fuzz_target;

struct Shop {
    trust: Trust,
    token: String,
    claims: Claims,
    public: [u8; 32],
}

static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let order = fuzz::order();
    let token = order.token_for("cart", fuzz::now()).expect("a token");
    let public = public_bytes(order.public_key()).expect("a key");
    let claims = verify(&token, &public, ISSUER, "cart", fuzz::now()).expect("a good token");
    Shop { trust: fuzz::trust(), token, claims, public }
});

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        look_at(text);
    }
    let mut changed = SHOP.token.clone().into_bytes();
    for change in data.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len();
        changed[place] = change[2];
    }
    if let Ok(text) = String::from_utf8(changed) {
        look_at(&text);
    }
});

fn look_at(token: &str) {
    let _ = key_of(token);
    let believed = verify(token, &SHOP.public, ISSUER, "cart", fuzz::now());
    if let Ok(claims) = &believed {
        assert_eq!((token, claims), (SHOP.token.as_str(), &SHOP.claims), "a forged token was believed");
    }
    let presented = Presented { token: Some(token.to_owned()), ..Presented::default() };
    let who = SHOP.trust.who(&presented, "cart", fuzz::now());
    if let Some(asking) = fuzz::no_mistake(who) {
        assert!(believed.is_ok(), "{} was believed", asking.caller);
    }
}
