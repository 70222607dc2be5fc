//! Text from others, before a terminal or a log sees it.
#![no_main]

use kit::text::{check, is_name, is_unprintable, printable};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let line = printable(text);
    assert!(!line.chars().any(is_unprintable), "{line:?}");
    assert_eq!(printable(&line), line, "what is printable stays as it is");
    if check("a text", text, 100, false).is_ok() {
        assert_eq!(line, text);
        assert!(!text.trim().is_empty() && text.chars().count() <= 100);
    }
    if is_name(text) {
        assert!(check("a name", text, 32, false).is_ok() && text.is_ascii());
    }
});
