//! The rules of messages: which may be sent again, and how they are shown.

use contracts::NotificationId;
use contracts::notification::{AttemptView, NotificationState, NotificationView, reason};
use kit::text::printable;
use kit::{Error, Timestamp};

/// Tries of a message that are kept; older ones are forgotten.
pub const ATTEMPTS_KEPT: u32 = 100;

/// Length of what is kept of why a try failed, in characters.
pub const OUTCOME_CHARS_MAX: usize = 300;

/// The outcome of a try that succeeded.
pub const SENT: &str = "sent";

/// A message, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its number.
    pub id: NotificationId,
    /// What it is about.
    pub about: String,
    /// What happened.
    pub happening: String,
    /// How it is sent.
    pub channel: String,
    /// To whom.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub state: NotificationState,
    /// How often it was to be sent.
    pub generation: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why nothing was done about a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// There is none.
    #[error("there is no message {0}")]
    Unknown(NotificationId),
    /// It is on its way.
    #[error("message {0} is still being sent, so it was not sent again")]
    StillSending(NotificationId),
}

impl From<NotificationError> for Error {
    fn from(error: NotificationError) -> Self {
        let message = error.to_string();
        match error {
            NotificationError::Unknown(_) => Self::not_found(reason::UNKNOWN_NOTIFICATION, message),
            NotificationError::StillSending(_) => Self::conflict(reason::STILL_SENDING, message),
        }
    }
}

impl Notification {
    /// The generation in which it is sent again.
    ///
    /// One that was sent is sent anew. One that failed is continued: should an earlier try have
    /// arrived after all, whoever carries it can know the repeat.
    pub fn next_generation(&self) -> Result<u32, NotificationError> {
        match self.state {
            NotificationState::Pending => Err(NotificationError::StillSending(self.id)),
            NotificationState::Sent => Ok(self.generation + 1),
            NotificationState::Failed => Ok(self.generation),
        }
    }

    /// The message as others may see it.
    pub fn into_view(self, attempts: Vec<AttemptView>) -> NotificationView {
        NotificationView {
            notification: self.id,
            recipient: masked(&self.recipient),
            about: self.about,
            happening: self.happening,
            channel: self.channel,
            subject: self.subject,
            text: self.text,
            state: self.state,
            attempts,
            created_at: self.created_at,
        }
    }
}

/// Why a try failed, as it may be kept: on one line, not endless, and without anybody's address,
/// which mail servers like to repeat.
pub fn outcome(said: &str) -> String {
    let words = said.split_whitespace().map(|word| if word.contains('@') { "(address)" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    printable(&line).chars().take(OUTCOME_CHARS_MAX).collect()
}

/// An address with most of the name hidden: `a***@example.org`.
fn masked(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((name, domain)) => format!("{}***@{domain}", name.chars().next().unwrap_or('*')),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_an_address_is_hidden() {
        assert_eq!(masked("ann@example.org"), "a***@example.org");
        assert_eq!(masked("operator@localhost"), "o***@localhost");
        assert_eq!(masked("nobody"), "***");
    }

    #[test]
    fn why_a_try_failed_names_nobody() {
        let said = "permanent error (550): 5.1.1 <ann@example.org>:\r\n Recipient\u{1b}[2J rejected";
        assert_eq!(outcome(said), "permanent error (550): 5.1.1 (address) Recipient\\u{1b}[2J rejected");
        assert_eq!(outcome(&"é".repeat(1000)).chars().count(), OUTCOME_CHARS_MAX);
    }
}
