//! Mails through a server.

use std::net::IpAddr;
use std::time::Duration;

use kit::Trouble;
use kit::engine::port::Waiting;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::channel::{Channel, Message};
use crate::mail::compose;

/// How long the server may take for each answer. Below the time limit of a whole try, so that the
/// step that took too long can be named.
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// Answers that are about the shop's account with the server, not about the mail: encryption or
/// sign-in wanted, sign-in refused. An operator can mend these while the mail waits.
const ACCOUNT_CODES: [u16; 5] = [530, 534, 535, 538, 454];

/// A server that takes mails.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What is wrong with the address of a server. Says nothing of the password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtpUrl {
    /// Not of the form that is wanted.
    #[error("it must have the form smtps://user:password@host:port or smtp://host:port")]
    Form,
    /// A password beside the address, but no user in it.
    #[error("there is a password for it, but it names no user")]
    NoUser,
    /// Two passwords.
    #[error("it has a password of its own beside the one in the file")]
    TwoPasswords,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl Smtp {
    /// The server at an address such as `smtps://user:password@mail.example.org`. The password may
    /// come separately.
    ///
    /// `smtps` encrypts from the beginning. `smtp` does as its parameter `tls` says, `required` or
    /// `opportunistic`; without one it is plain, except that a password never travels unencrypted
    /// to another machine: then `required` is meant.
    ///
    /// # Errors
    /// [`InvalidSmtpUrl`]. Nothing is sent yet: whether the server answers, the first mail will tell.
    pub fn at(url: &str, password: Option<&str>, from: Mailbox) -> Result<Self, InvalidSmtpUrl> {
        let url = completed(url, password)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
            .map_err(|error| InvalidSmtpUrl::Other(error.to_string()))?
            .timeout(Some(ANSWER_TIME))
            .build();
        Ok(Self { transport, from })
    }
}

impl Channel for Smtp {
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let mail = compose(message, &self.from)?;
            self.transport.send(mail).await.map(drop).map_err(|error| trouble(&error))
        })
    }
}

/// Whether a mail may have been taken although there is an error, and whether trying again helps.
fn trouble(error: &SmtpError) -> Trouble {
    let message = format!("the mail server did not take it: {error}");
    match error.status().map(u16::from) {
        Some(code) if error.is_permanent() && !ACCOUNT_CODES.contains(&code) => Trouble::Hopeless(message),
        Some(_) => Trouble::Transient(message),
        // The server cannot carry such an address, or our own side would not say it.
        None if error.is_client() => Trouble::Hopeless(message),
        // A connection that was never made, or never became private, has carried nothing.
        None if error.is_tls() || error.to_string().starts_with("Connection error") => {
            Trouble::Transient(message)
        }
        None => Trouble::Unknown(format!("the mail server did not say whether it took it: {error}")),
    }
}

/// The address with everything in it: the password, and encryption where it must be.
fn completed(url: &str, password: Option<&str>) -> Result<String, InvalidSmtpUrl> {
    let (scheme, rest) = url.split_once("://").ok_or(InvalidSmtpUrl::Form)?;
    if !matches!(scheme, "smtp" | "smtps") || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(InvalidSmtpUrl::Form);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (account, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    if host(server).is_empty() {
        return Err(InvalidSmtpUrl::Form);
    }
    let account = match password {
        None => account.to_owned(),
        Some(_) if account.contains(':') => return Err(InvalidSmtpUrl::TwoPasswords),
        Some(_) if account.is_empty() => return Err(InvalidSmtpUrl::NoUser),
        Some(password) => format!("{account}:{}", percent_encoded(password)),
    };
    let has_password = account.contains(':');
    let account = if account.is_empty() { account } else { format!("{account}@") };
    let must_encrypt =
        scheme == "smtp" && has_password && !is_this_machine(host(server)) && !path.contains("tls=");
    let path = match must_encrypt {
        false => path.to_owned(),
        true if path.contains('?') => format!("{path}&tls=required"),
        true => format!("{path}?tls=required"),
    };
    Ok(format!("{scheme}://{account}{server}{path}"))
}

/// `mail.example.org` of `mail.example.org:587`, and `::1` of `[::1]:587`.
fn host(server: &str) -> &str {
    match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => server.split(':').next().unwrap_or(server),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_travels_unencrypted_to_another_machine() {
        let unchanged = [
            "smtps://ann:secret@mail.example.org",
            "smtp://mail.example.org:25",
            "smtp://ann:secret@localhost:1025",
            "smtp://ann:secret@127.0.0.1",
            "smtp://ann:secret@[::1]:1025",
            "smtp://ann:secret@mail.example.org?tls=opportunistic",
        ];
        for url in unchanged {
            assert_eq!(completed(url, None).unwrap(), url);
        }
        let encrypted = completed("smtp://ann:secret@mail.example.org:587", None);
        assert_eq!(encrypted.unwrap(), "smtp://ann:secret@mail.example.org:587?tls=required");
        let encrypted = completed("smtp://ann:secret@mail.example.org/shop?a=b", None);
        assert_eq!(encrypted.unwrap(), "smtp://ann:secret@mail.example.org/shop?a=b&tls=required");
    }

    #[test]
    fn a_password_from_a_file_may_hold_anything() {
        let url = completed("smtps://ann@mail.example.org", Some("p@ss:w/rd?é")).unwrap();
        assert_eq!(url, "smtps://ann:p%40ss%3Aw%2Frd%3F%C3%A9@mail.example.org");
        let url = completed("smtps://ann:secret@mail.example.org", Some("other"));
        assert_eq!(url, Err(InvalidSmtpUrl::TwoPasswords));
        assert_eq!(completed("smtps://mail.example.org", Some("secret")), Err(InvalidSmtpUrl::NoUser));
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_without_repeating_it() {
        let from: Mailbox = "shop@shop.example".parse().unwrap();
        let wrong = [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://ann:secret@",
            "smtp://ann:secret@:25",
            "smtp://ann:secret@mail.example.org:port",
            "smtp://ann:secret@mail.example.org:99999",
            "smtp://ann:secret@mail.example.org?tls=perhaps",
            "smtp://ann:secret@mail example.org",
            "smtp://ann:secret@mail.example.org\r\n",
        ];
        for url in wrong {
            let Err(error) = Smtp::at(url, None, from.clone()) else { panic!("{url:?} was taken") };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(Smtp::at("smtp://mail.example.org", None, from).is_ok());
    }
}
