//! The body of every request and event: the first line is the subject, or chooses one, and the rest is
//! the JSON.
#![no_main]

use kit::access::words::KeyRotated;
use kit::message::Word;
use libfuzzer_sys::fuzz_target;

fn words() -> Vec<&'static Word> {
    contracts::words().chain(kit::admin::WORDS).collect()
}

fuzz_target!(|data: &[u8]| {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (subject, body) = data.split_at(end);
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) else { return };
    let words = words();
    let known = words.iter().find(|word| word.subject.as_bytes() == subject);
    let chosen = subject.iter().map(|byte| usize::from(*byte)).sum::<usize>() % words.len();
    let word = known.unwrap_or(&words[chosen]);
    // Only an object may be a body, and the kit looks before it reads.
    let _ = (word.understands)(&body);
    if let Ok(event) = serde_json::from_value::<KeyRotated>(body)
        && let Ok(bytes) = event.bytes()
    {
        let written: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(written, event.public_key.to_ascii_lowercase(), "a key is read as it is written");
    }
});
