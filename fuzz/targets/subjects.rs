//! Subjects, and the patterns of subjects in permissions: the first line is allowed, the others are
//! wanted.
#![no_main]

use kit::bus::Permissions;
use kit::message::{owner, stream_of};
use kit::text::is_name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (allowed, wanted) = text.split_once('\n').unwrap_or((text, ""));
    let of = |publish: Vec<String>| Permissions { publish, subscribe: vec![] };
    let have = of(vec![allowed.to_owned()]);
    assert!(have.missing(&have).is_empty(), "{allowed:?} does not allow itself");
    for subject in wanted.lines() {
        let literal = !subject.split('.').any(|token| matches!(token, "*" | ">"));
        let given = have.missing(&of(vec![subject.to_owned()])).is_empty();
        if literal && !subject.contains(' ') && !allowed.contains(' ') {
            assert_eq!(given, matches(allowed, subject), "{allowed:?} and {subject:?}");
        }
        assert!(subject.contains(owner(subject)));
        if is_name(owner(subject)) {
            let stream = stream_of(owner(subject));
            assert!(stream.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        }
        if let Some(word) = contracts::word(subject) {
            assert!(contracts::services().any(|name| name == word.owner()) || word.subject == subject);
        }
    }
});

/// As the broker's documentation has it: `*` is one token, `>` at the end is one or more.
fn matches(pattern: &str, subject: &str) -> bool {
    let (pattern, subject): (Vec<&str>, Vec<&str>) =
        (pattern.split('.').collect(), subject.split('.').collect());
    let tail = pattern.iter().position(|token| *token == ">");
    let length = tail.unwrap_or(pattern.len());
    let fits = match tail {
        Some(place) => subject.len() > place,
        None => subject.len() == length,
    };
    fits && pattern[..length].iter().zip(&subject).all(|(have, token)| *have == "*" || have == token)
}
