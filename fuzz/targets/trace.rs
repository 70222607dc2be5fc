//! `traceparent`, the header that says to which flow a request belongs.
#![no_main]

use kit::Trace;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(trace) = text.parse::<Trace>() else { return };
    assert!(trace.id != 0 && trace.span != 0);
    let written = trace.to_string();
    assert_eq!(written.parse::<Trace>(), Ok(trace));
    assert!(written.len() == 55 && written.starts_with("00-"));
});
