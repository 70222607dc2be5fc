//! Every message to a person, for whoever audits the database itself.

use contracts::notification::AttemptView;
use kit::{Result, Sql};

use crate::notification::{Notification, SENT};
use crate::store::{self, Wanted};

/// As many rows as a statement can be asked for.
const ALL: usize = i64::MAX as usize;

/// A message, with the latest tries to send it, the first first.
#[derive(Debug, Clone)]
pub struct Message {
    /// The message, with the recipient in full.
    pub message: Notification,
    /// The tries, as far as they are kept.
    pub attempts: Vec<AttemptView>,
}

impl Message {
    /// How many tries ended with the channel saying that it has it.
    pub fn handed_over(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome == SENT).count()
    }

    /// How many ended in any other way: of some of them nobody knows whether the channel has it.
    pub fn failed(&self) -> usize {
        self.attempts.len() - self.handed_over()
    }
}

/// Every message, the newest first.
///
/// # Errors
/// If the tables cannot be read.
pub fn messages(sql: &Sql<'_>) -> Result<Vec<Message>> {
    let found = store::list_notifications(sql, &Wanted::default(), ALL)?;
    let message =
        |message: Notification| Ok(Message { attempts: store::list_attempts(sql, message.id)?, message });
    found.into_iter().map(message).collect()
}
