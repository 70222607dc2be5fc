//! Notification: one message for each happening, channel and person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{NotificationId, OrderId};

kit::subjects! {
    ask "notification.get" GetNotification -> NotificationView by [operator], "Shows one message, with its attempts.";
    ask "notification.list" ListNotifications -> NotificationPage by [operator], "Lists messages, the newest first, a page at a time.";
    change "notification.resend" ResendNotification -> NotificationView by [operator], "Sends a message once more.";
    event "events.notification.sent" NotificationSent of notification, "A message was handed over to its channel.";
    event "events.notification.failed" NotificationFailed of notification, "A message could not be sent, and nobody tries any more.";
}

/// Reasons the notification service gives.
pub mod reason {
    /// There is no such message.
    pub const UNKNOWN_NOTIFICATION: &str = "unknown_notification";
    /// The message is still being sent.
    pub const STILL_SENDING: &str = "still_sending";
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    /// To be sent.
    Pending,
    /// Handed over to its channel.
    Sent,
    /// It could not be sent.
    Failed,
}

impl NotificationState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Sent, Self::Failed];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

impl std::fmt::Display for NotificationState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// Not the word of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a message is pending, sent or failed")]
pub struct UnknownState;

impl std::str::FromStr for NotificationState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(UnknownState)
    }
}

/// Shows one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetNotification {
    /// Which.
    pub notification: NotificationId,
}

/// Lists messages, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListNotifications {
    /// Only about this order.
    #[serde(default)]
    pub order: Option<OrderId>,
    /// Only in this state.
    #[serde(default)]
    pub state: Option<NotificationState>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationPage {
    /// The messages.
    pub items: Vec<NotificationView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Sends a message once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResendNotification {
    /// Which.
    pub notification: NotificationId,
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationView {
    /// Its number.
    pub notification: NotificationId,
    /// What it is about: an order, a sku, or a ticket.
    pub about: String,
    /// What happened: `order_confirmed`, `order_cancelled`, `order_refunded:rfd_…`,
    /// `order_needs_attention:refund_failed`, `stock_low:3`, `confirm_address`, ...
    pub happening: String,
    /// How it is sent: `mail`.
    pub channel: String,
    /// To whom; most of the name is hidden.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The text. A code that was sent is not kept; `{code}` stands in its place.
    pub text: String,
    /// Where it stands.
    pub state: NotificationState,
    /// Every try, the first first.
    pub attempts: Vec<AttemptView>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A try to send a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// When.
    pub at: Timestamp,
    /// `sent`, or why not.
    pub outcome: String,
}

/// A message was handed over to its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationSent {
    /// Which.
    pub notification: NotificationId,
    /// What it is about.
    pub about: String,
    /// What happened.
    pub happening: String,
    /// How it was sent.
    pub channel: String,
}

/// A message could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationFailed {
    /// Which.
    pub notification: NotificationId,
    /// What it is about.
    pub about: String,
    /// What happened.
    pub happening: String,
    /// Why, for people.
    pub message: String,
}
