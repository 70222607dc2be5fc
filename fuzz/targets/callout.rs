//! Who may connect as a device: any text, a good question in which bytes were changed, whatever a server may sign,
//! and any name and password. Whoever is let in may speak for themselves and nobody else.
#![no_main]

use std::sync::LazyLock;

use device::admit::{Name, grant_to_device, grant_to_register};
use kit::Example;
use kit::access::Issuer;
use kit::callout::{Asked, Grant};
use libfuzzer_sys::fuzz_target;

static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::generate().expect("a key"));
static GOOD: LazyLock<String> =
    LazyLock::new(|| kit::testing::question("dev_1", "a word of old", 7, fuzz::now()));

fuzz_target!(|data: &[u8]| {
    let _ = read(data);
    let mut changed = GOOD.clone().into_bytes();
    for change in data.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len();
        changed[place] = change[2];
    }
    if read(&changed).is_some() {
        assert_eq!(changed, GOOD.as_bytes(), "a forged question was believed");
    }
    if let Some(asked) = read(kit::testing::signed(data).as_bytes()) {
        answers(&asked);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let (user, password) = text.split_once('\n').unwrap_or((text, ""));
        let question = kit::testing::question(user, password, 7, fuzz::now());
        if let Some(asked) = read(question.as_bytes()) {
            assert!(asked.user == user || asked.user.is_empty());
            answers(&asked);
        }
    }
});

/// What is refused repeats nothing of what somebody said.
fn read(body: &[u8]) -> Option<Asked> {
    match Asked::read(body, fuzz::now()) {
        Ok(asked) => Some(asked),
        Err(error) => {
            assert_eq!(error.reason, "invalid_question");
            assert!(error.message.is_ascii() && !error.message.contains("word of old"), "{}", error.message);
            None
        }
    }
}

fn answers(asked: &Asked) {
    asked.refuse(&ISSUER, "not_admitted", fuzz::now()).expect("an answer");
    let (grant, own) = match Name::read(&asked.user) {
        Err(_) => return,
        Ok(Name::Device(id)) => {
            let site = Example::example();
            (grant_to_device(id, &site, asked.is_mqtt(), fuzz::now()), vec![id.to_string()])
        }
        Ok(Name::Registering { profile, hardware }) => {
            let grant = grant_to_register(&profile, &hardware, asked.is_mqtt(), fuzz::now());
            (grant, vec![profile, hardware.to_string()])
        }
    };
    asked.let_in(&ISSUER, &grant, fuzz::now()).expect("an answer");
    let Grant { publish, subscribe, .. } = grant;
    for subject in &publish {
        assert!(is_own(subject, &own), "{subject} is nobody's own");
        assert!(!subject.contains(['*', '>']), "{subject} is more than one");
    }
    for subject in subscribe.iter().filter(|subject| *subject != "$MQTT.sub.>") {
        assert!(is_own(subject.trim_end_matches(".>"), &own), "{subject} is nobody's own");
    }
}

/// Whether a subject is well formed, and bears what is theirs, each as a token of its own.
fn is_own(subject: &str, own: &[String]) -> bool {
    let tokens: Vec<&str> = subject.split('.').collect();
    let whole = |token: &&str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    tokens.iter().all(whole) && own.iter().all(|name| tokens.contains(&name.as_str()))
}
