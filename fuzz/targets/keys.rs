//! Keys as NATS writes them: seeds from files, public keys from the roster.
#![no_main]

use kit::access::Identity;
use kit::access::roster::public_bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if public_bytes(text).is_some() {
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "it stands in a configuration");
    }
    match Identity::of_seed("order", text) {
        Ok(identity) => {
            assert!(public_bytes(identity.public_key()).is_some());
            assert!(!format!("{identity:?}").contains(identity.seed()));
        }
        // A seed that is nearly one is as secret as one. A part of the message itself is none.
        Err(error) => {
            let secret = text.trim();
            let seeming = secret.len() >= 20 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(!seeming || !error.to_string().contains(secret));
        }
    }
});
