//! What an operator sets: how mail goes out, in whose name, and who looks after the shop.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lettre::message::Mailbox;

use crate::channel::Channel;
use crate::maildir::Maildir;
use crate::smtp::{InvalidSmtpUrl, Smtp};

/// The server that takes the mails; without it they are kept as files in `mail` of the data folder.
pub const SMTP_URL: &str = "SHOP_SMTP_URL";
/// A file whose first line is the password for the server.
pub const SMTP_PASSWORD_FILE: &str = "SHOP_SMTP_PASSWORD_FILE";
/// From whom mails come: an address, or `Name <address>`.
pub const MAIL_FROM: &str = "SHOP_MAIL_FROM";
/// Who is written to when an order needs attention or stock is low.
pub const OPERATOR_EMAIL: &str = "SHOP_OPERATOR_EMAIL";

const FROM: &str = "Shop <shop@shop.example>";
const OPERATOR: &str = "operator@shop.example";

/// How the service sends, and whom it tells of what goes wrong.
#[derive(Clone)]
pub struct Settings {
    /// Who is written to when an order needs attention or stock is low.
    pub operator: Mailbox,
    /// How mails go out.
    pub channel: Arc<dyn Channel>,
}

/// Why the service cannot start as it is set up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable holds no text.
    #[error("{variable} is not UTF-8")]
    NotText {
        /// Its name.
        variable: &'static str,
    },
    /// A variable that is needed is missing.
    #[error("{variable} is not set, and with {SMTP_URL} it must be: {why}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What it is needed for.
        why: &'static str,
    },
    /// An address that nobody can write to.
    #[error("{variable} must be an address such as ann@example.org or Ann <ann@example.org>: {why}")]
    InvalidAddress {
        /// The name of the variable.
        variable: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The address of the server cannot be used. It is not repeated here, it may hold a password.
    #[error("{SMTP_URL} cannot be used: {0}")]
    InvalidSmtpUrl(#[source] InvalidSmtpUrl),
    /// The password cannot be read.
    #[error("the password file {path}, which {SMTP_PASSWORD_FILE} names, cannot be read: {error}")]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl Settings {
    /// Mails as files in `mail` of the data folder, and example addresses.
    pub fn files_in(data_dir: &Path) -> Self {
        let example = |address: &str| address.parse().expect("the built-in addresses are valid");
        let maildir = Maildir::at(data_dir.join("mail"), example(FROM));
        Self { operator: example(OPERATOR), channel: Arc::new(maildir) }
    }

    /// What the environment says.
    ///
    /// # Errors
    /// [`SettingsError`]: the shop should not start rather than find out with the first mail.
    pub fn from_env(data_dir: &Path) -> Result<Self, SettingsError> {
        Self::from_variables(data_dir, |variable| match std::env::var(variable) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(SettingsError::NotText { variable }),
        })
    }

    /// The same, from wherever the variables come. An empty one counts as not set.
    ///
    /// # Errors
    /// As [`Self::from_env`].
    pub fn from_variables(
        data_dir: &Path,
        variable: impl Fn(&'static str) -> Result<Option<String>, SettingsError>,
    ) -> Result<Self, SettingsError> {
        let set = |name| Ok(variable(name)?.filter(|value| !value.trim().is_empty()));
        let from = set(MAIL_FROM)?;
        let operator = set(OPERATOR_EMAIL)?;
        let url = set(SMTP_URL)?;
        if url.is_some() {
            expect(MAIL_FROM, from.as_ref(), "servers refuse mails from nobody")?;
            expect(OPERATOR_EMAIL, operator.as_ref(), "someone must hear of an order that needs attention")?;
        }
        let from = mailbox(MAIL_FROM, from.as_deref().unwrap_or(FROM))?;
        let operator = mailbox(OPERATOR_EMAIL, operator.as_deref().unwrap_or(OPERATOR))?;
        let channel: Arc<dyn Channel> = match url {
            None => Arc::new(Maildir::at(data_dir.join("mail"), from)),
            Some(url) => {
                let password = set(SMTP_PASSWORD_FILE)?.map(|path| password(path.into())).transpose()?;
                let smtp =
                    Smtp::at(url.trim(), password.as_deref(), from).map_err(SettingsError::InvalidSmtpUrl)?;
                Arc::new(smtp)
            }
        };
        Ok(Self { operator, channel })
    }
}

fn expect(variable: &'static str, value: Option<&String>, why: &'static str) -> Result<(), SettingsError> {
    value.map(drop).ok_or(SettingsError::Missing { variable, why })
}

fn mailbox(variable: &'static str, text: &str) -> Result<Mailbox, SettingsError> {
    text.trim().parse().map_err(|error: lettre::address::AddressError| SettingsError::InvalidAddress {
        variable,
        why: error.to_string(),
    })
}

fn password(path: PathBuf) -> Result<String, SettingsError> {
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().next().unwrap_or_default().to_owned()),
        Err(error) => Err(SettingsError::PasswordFile { path, error }),
    }
}
