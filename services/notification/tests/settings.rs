//! What an operator sets is checked before the first mail.

use std::path::Path;

use notification::Settings;
use notification::settings::{MAIL_FROM, OPERATOR_EMAIL, SMTP_PASSWORD_FILE, SMTP_URL};

/// What stands in the way of starting with these variables; nothing if all is well.
fn refusal(set: &[(&str, &str)]) -> String {
    let variable =
        |name| Ok(set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()));
    match Settings::from_variables(Path::new("data"), variable) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

const SERVER: (&str, &str) = (SMTP_URL, "smtps://ann:secret@mail.example.org");
const FROM: (&str, &str) = (MAIL_FROM, "The shop <shop@example.org>");
const OPERATOR: (&str, &str) = (OPERATOR_EMAIL, "ops@localhost");

#[test]
fn nothing_has_to_be_set() {
    assert_eq!(refusal(&[]), "");
    assert_eq!(refusal(&[(SMTP_URL, ""), (MAIL_FROM, " "), (OPERATOR_EMAIL, "")]), "");
}

#[test]
fn a_server_needs_a_sender_and_somebody_to_tell() {
    assert_eq!(refusal(&[SERVER, FROM, OPERATOR]), "");
    assert_eq!(
        refusal(&[SERVER, OPERATOR]),
        "SHOP_MAIL_FROM is not set, and with SHOP_SMTP_URL it must be: servers refuse mails from nobody"
    );
    assert_eq!(
        refusal(&[SERVER, FROM]),
        "SHOP_OPERATOR_EMAIL is not set, and with SHOP_SMTP_URL it must be: \
         someone must hear of an order that needs attention"
    );
}

#[test]
fn an_address_must_be_one() {
    for wrong in
        ["ops", "ops@", "Ops <ops@example.org", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@c.d"]
    {
        assert!(
            refusal(&[(OPERATOR_EMAIL, wrong)]).starts_with("SHOP_OPERATOR_EMAIL must be an address"),
            "{wrong:?}"
        );
        assert!(refusal(&[(MAIL_FROM, wrong)]).starts_with("SHOP_MAIL_FROM must be an address"), "{wrong:?}");
    }
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let said = refusal(&[(SMTP_URL, "imap://ann:secret@mail.example.org"), FROM, OPERATOR]);
    assert!(said.starts_with("SHOP_SMTP_URL cannot be used: it must have the form"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn the_password_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let file = file.to_str().unwrap();
    let url = (SMTP_URL, "smtps://ann@mail.example.org");

    let said = refusal(&[url, FROM, OPERATOR, (SMTP_PASSWORD_FILE, file)]);
    assert!(said.contains("which SHOP_SMTP_PASSWORD_FILE names, cannot be read"), "{said}");

    std::fs::write(file, "s3cr3t\n").unwrap();
    assert_eq!(refusal(&[url, FROM, OPERATOR, (SMTP_PASSWORD_FILE, file)]), "");
    let said = refusal(&[SERVER, FROM, OPERATOR, (SMTP_PASSWORD_FILE, file)]);
    assert_eq!(said, "SHOP_SMTP_URL cannot be used: it has a password of its own beside the one in the file");
}
