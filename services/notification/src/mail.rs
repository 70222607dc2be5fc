//! A message as a mail.

use std::time::{Duration, SystemTime};

use kit::Trouble;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{Address, Message as Mail};

use crate::channel::Message;

/// Writes a message as a mail. The same message gives the same mail, byte for byte, so that a
/// repeat can be known by its `Message-ID`.
///
/// # Errors
/// If nobody can be written to at that address.
pub fn compose(message: &Message, from: &Mailbox) -> Result<Mail, Trouble> {
    let impossible =
        |what: &dyn std::fmt::Display| Trouble::Hopeless(format!("no mail can be made of it: {what}"));
    let to: Address = message.recipient.parse().map_err(|error| impossible(&error))?;
    let id = format!("<{}.{}@{}>", message.notification, message.generation, from.email.domain());
    // Out-of-office replies to a shop help nobody (RFC 3834).
    let automatic =
        HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let seconds = Duration::from_secs(message.asked_at.as_second().try_into().unwrap_or(0));
    Mail::builder()
        .date(SystemTime::UNIX_EPOCH + seconds)
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(message.subject.clone())
        .message_id(Some(id))
        .raw_header(automatic)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| impossible(&error))
}

#[cfg(test)]
mod tests {
    use kit::Timestamp;
    use kit::id::Id;

    use super::*;

    fn message() -> Message {
        Message {
            notification: Id::from_bits(1),
            generation: 2,
            recipient: "ann@example.org".into(),
            subject: "Your order is confirmed".into(),
            text: "Thank you.\n\n  2 x Mug, blue: 25.80 EUR\n".into(),
            asked_at: Timestamp::from_second(1_767_268_800).unwrap(),
        }
    }

    fn composed(message: &Message) -> String {
        let mail = compose(message, &"Shop <shop@shop.example>".parse().unwrap()).unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    #[test]
    fn a_mail_says_from_whom_to_whom_and_about_what() {
        let wanted = [
            "Date: Thu, 01 Jan 2026 12:00:00 +0000",
            "From: Shop <shop@shop.example>",
            "To: ann@example.org",
            "Subject: Your order is confirmed",
            "Message-ID: <ntf_00000000000000000000000001.2@shop.example>",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
            "",
            "Thank you.",
            "",
            "  2 x Mug, blue: 25.80 EUR",
            "",
        ];
        assert_eq!(composed(&message()), wanted.join("\r\n"));
        assert_eq!(composed(&message()), composed(&message()));
    }

    #[test]
    fn no_text_can_become_a_header() {
        let evil = "Hello\r\nBcc: eve@example.org\r\n\r\nBody";
        let mail = composed(&Message { subject: evil.into(), ..message() });
        let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        assert!(headers.contains("Subject: =?utf-8?b?"), "{headers}");
    }

    #[test]
    fn other_letters_travel_as_ascii() {
        let mail =
            composed(&Message {
                subject: "Grüße – 你好".into(), text: "Tschüß\n".into(), ..message()
            });
        assert!(mail.is_ascii(), "{mail}");
    }

    #[test]
    fn an_address_nobody_can_write_to_is_hopeless() {
        for recipient in
            ["", "ann", "ann@", "ann@example.org, eve@example.org", "ann@example.org\r\nBcc: eve@example.org"]
        {
            let made = compose(
                &Message { recipient: recipient.into(), ..message() },
                &"a@b.example".parse().unwrap(),
            );
            assert!(matches!(made, Err(Trouble::Hopeless(_))), "{recipient:?}");
        }
    }
}
