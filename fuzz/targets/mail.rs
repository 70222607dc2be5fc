//! A mail to any address with any text: lines are the address and the subject, the rest is the text.
#![no_main]

use contracts::Email;
use contracts::auth::{Revealed, Secret};
use kit::Example;
use kit::id::Id;
use lettre::message::Mailbox;
use libfuzzer_sys::fuzz_target;
use notification::channel::Message;
use notification::code;
use notification::mail::compose;

const HEADERS: &[&str] = &[
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
];

fuzz_target!(|data: &str| {
    let mut parts = data.splitn(3, '\n');
    let [address, subject, text] = [(); 3].map(|()| parts.next().unwrap_or_default());
    said_of_a_code(subject, text);
    let Ok(address) = address.parse::<Email>() else { return };
    let message = Message {
        notification: Id::from_bits(1),
        generation: 1,
        recipient: address.to_string(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        asked_at: fuzz::now(),
    };
    let from: Mailbox = "Shop <shop@shop.example>".parse().expect("an address");
    let Ok(mail) = compose(&message, &from) else { return };
    let to = mail.envelope().to();
    assert!(to.len() == 1, "{to:?}");
    let mail = String::from_utf8(mail.formatted()).expect("text");
    let (head, body) = mail.split_once("\r\n\r\n").expect("headers and a body");
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let (name, _) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?} is no header"));
        assert!(HEADERS.contains(&name), "{line:?}");
    }
    assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head:?}");
    assert!(body.split("\r\n").all(|line| line.len() <= 998));
});

/// Whatever is said of a mail, its code is not in what is kept of it.
fn said_of_a_code(code: &str, said: &str) {
    let plain = |part: &str| part.len() >= 6 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if code.len() > 100 || !code.split('.').all(plain) {
        return;
    }
    let revealed = Revealed { code: Secret::new(code), ..Revealed::example() };
    let said = format!("{said} {}", code::filled("so: {code}!", &revealed));
    let kept = code::without(&said, &revealed.code).to_ascii_lowercase();
    for part in code.split('.') {
        assert!(!kept.contains(&part.to_ascii_lowercase()), "{kept:?}");
    }
}
