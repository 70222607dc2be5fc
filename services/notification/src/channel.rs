//! What any way of sending must do.

use std::fmt;

use contracts::NotificationId;
use kit::engine::port::Waiting;
use kit::{Timestamp, Trouble};

/// The channel that writes mails, whatever carries them.
pub const MAIL: &str = "mail";

/// A message on its way. It may carry a code, so `{:?}` shows none of its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub notification: NotificationId,
    /// How often it was to be sent, this time included. Number and generation together are what a
    /// channel knows a repeat by.
    pub generation: u32,
    /// To whom.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it was asked for: the same for every try.
    pub asked_at: Timestamp,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { notification, generation, asked_at, .. } = self;
        f.debug_struct("Message")
            .field("notification", notification)
            .field("generation", generation)
            .field("asked_at", asked_at)
            .finish_non_exhaustive()
    }
}

/// A way of sending.
pub trait Channel: Send + Sync + 'static {
    /// Hands a message over.
    ///
    /// # Errors
    /// [`Trouble`], which says whether it may have been handed over after all and whether trying
    /// again can help. A message of the same number and generation is handed over once, as far as
    /// the channel can know.
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>>;
}
