//! What devices say, in any form: nothing is found before an error, and what is found can be kept.
#![no_main]

use contracts::readings::VALUE_MAX;
use ingest::payload::read;
use libfuzzer_sys::fuzz_target;

const RECEIVED: i64 = 1_767_268_800_000;

fuzz_target!(|body: &[u8]| {
    let mut found = 0;
    let ended = read(body, RECEIVED, |item| {
        found += 1;
        if let Ok(item) = item {
            assert!(item.value.abs() <= VALUE_MAX);
        }
    });
    assert!(ended.is_ok() || found == 0);
});
